"""Feeds by health: how many are well, which are in trouble and why, and the health of any one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.responses import Response

from reader.errors import Limited
from reader.models.feed import Feed, FeedState, Schedule
from web.dates import Times
from web.kit import Visit
from web.pages import health
from web.pages.admin import frame
from web.routing import get, post

LIMIT = 50
STATES: tuple[tuple[FeedState, str], ...] = (
    ("failing", "In trouble"),
    ("gone", "Gone"),
    ("new", "New"),
    ("active", "Well"),
)


@dataclass(frozen=True, slots=True)
class State:
    name: str
    label: str
    count: int


def states(counts: Mapping[str, int]) -> list[State]:
    return [State(name, label, counts.get(name, 0)) for name, label in STATES]


@dataclass(frozen=True, slots=True)
class FeedLine:
    """A feed and what is wrong with it. ``worked``: when it last did; ``next``: when it is looked at again, and why."""

    id: int
    title: str
    url: str
    icon: str | None
    why: str
    times: int
    worked: str
    next: str


async def show(visit: Visit) -> Response:
    wanted = visit.query("state")
    state: FeedState = next((name for name, _ in STATES if name == wanted), "failing")
    overview = await visit.services.operations.overview(visit.actor)
    after = int(visit.query("after")) if visit.query("after").isdecimal() and len(visit.query("after")) < 16 else 0
    zone = visit.prefs.timezone
    found = await visit.services.feeds.in_state(visit.actor, state, after=after, limit=LIMIT + 1, zone=zone)
    times = visit.times
    return await frame.page(
        visit,
        "feeds.html",
        title="Feeds by health",
        section="feeds",
        overview=overview,
        states=states(overview.feeds),
        state=state,
        rows=[line(feed, schedule, sentence, times) for feed, schedule, sentence in found[:LIMIT]],
        after=found[LIMIT - 1][0].id if len(found) > LIMIT else 0,
    )


def line(feed: Feed, schedule: Schedule, sentence: str, times: Times) -> FeedLine:
    return FeedLine(
        feed.id,
        feed.title or feed.url,
        feed.url,
        feed.icon,
        schedule.error or "",
        schedule.errors,
        times.near(schedule.last_ok_at) if schedule.last_ok_at else "",
        sentence,
    )


async def one(visit: Visit) -> Response:
    found = await visit.services.feeds.inspect(visit.actor, visit.id(), zone=visit.prefs.timezone)
    overview = await visit.services.operations.overview(visit.actor)
    times = visit.times
    return await frame.page(
        visit,
        "feed.html",
        title=f"Health of {found.row.title}",
        section="feeds",
        overview=overview,
        **health.values(found, times),
    )


async def check(visit: Visit) -> Response:
    form = await frame.form_of(visit)
    try:
        await visit.services.feeds.check_any(visit.actor, visit.id())
        words = "Evantr is checking this feed"
    except Limited as error:
        words = str(error)
    return frame.back(visit, form, words, "/admin/feeds")


ROUTES = [get("/admin/feeds", show), get("/admin/feeds/{id}", one), post("/do/admin/feed/{id}/check", check)]
