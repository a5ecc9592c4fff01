"""Why a feed is quiet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from reader.errors import Invalid, Limited
from reader.models.feed import Pull
from reader.models.reading import Done, Scope
from reader.services.health import Health
from web import plots
from web.dates import Times
from web.draw import count
from web.forms import Form
from web.kit import Visit
from web.pages.entry import size, web_address
from web.routing import get, post

FORMATS = {"rss": "RSS", "atom": "Atom", "json": "JSON Feed", "rdf": "RSS (RDF)"}


@dataclass(frozen=True, slots=True)
class Look:
    """One check as a row of the table."""

    time: str
    what: str
    error: str | None
    new: int
    updated: int
    size: str
    took: str


async def show(visit: Visit) -> Response:
    health = await visit.services.feeds.health(visit.actor, visit.id(), zone=visit.prefs.timezone)
    times = visit.times
    return await visit.page(
        "health.html",
        title=f"Health of {health.row.title}",
        current=Scope("feed", health.row.feed_id),
        tab="folders",
        times=times,
        **values(health, times),
    )


def values(health: Health, times: Times) -> dict[str, Any]:
    """What health_words.html draws."""
    rhythm = plots.local(health.checks, health.grid, health.hour_now, times, health.week)
    return {
        "h": health,
        "feed_url": web_address(health.feed.url),
        "sentence": sentence(health, times),
        "rhythm": plots.draw(rhythm, health.row.title),
        "pulls": [look(pull, times) for pull in health.pulls],
        "facts": facts(health, times),
    }


def sentence(health: Health, times: Times) -> str:
    """What comes next and why, then what the last check brought."""
    words = health.sentence
    last = health.pulls[0] if health.pulls else None
    if last is not None and last.error is None:
        brought = f"brought {count(last.new, 'entry', 'entries')}" if last.new else "brought nothing new"
        words += f" The last check, {times.near(last.at)}, {brought}."
    return words


def look(pull: Pull, times: Times) -> Look:
    when = times.clock(pull.at) if times.short(pull.at).count(":") else times.near(pull.at)
    return Look(
        when, what_came(pull), pull.error, pull.new, pull.updated, size(pull.bytes), f"{pull.milliseconds:,} ms"
    )


def what_came(pull: Pull) -> str:
    if pull.error:
        return {410: "Gone for good", 429: "Asked to wait", 404: "Not there"}.get(pull.status or 0, "Failed")
    if pull.new:
        return "New entries"
    return "Entries changed" if pull.updated else "Nothing changed"


def facts(health: Health, times: Times) -> list[tuple[str, str]]:
    feed = health.feed
    name, _, version = (feed.format or "").partition(" ")
    out = [
        ("Entries here", f"{health.entries:,}"),
        ("Readers here", f"{health.readers:,}"),
        ("Newest entry", times.near(health.newest_at) if health.newest_at else "none yet"),
        ("Format", f"{FORMATS.get(name, name)} {version}".strip() or "not known yet"),
        ("Site", feed.site_url or "not named"),
        ("Followed since", times.day(feed.created_at)),
    ]
    if health.schedule.moved_to:
        out.append(("Moving to", health.schedule.moved_to))
    if health.schedule.criterion_note:
        out.append(("Entries", health.schedule.criterion_note))
    return out


async def undo_move(visit: Visit) -> Response:
    form = await Form.of(visit.request)
    feed_id = visit.id()
    back = form.text("back") or f"/feed/{feed_id}/health"
    try:
        return visit.back(back, await visit.services.feeds.undo_move(visit.actor, feed_id))
    except Invalid as error:
        return visit.back(back, Done(str(error), None))


async def check(visit: Visit) -> Response:
    form = await Form.of(visit.request)
    feed_id = visit.id()
    back = form.text("back") or f"/feed/{feed_id}/health"
    try:
        await visit.services.feeds.check(visit.actor, feed_id)
    except Limited as error:
        return visit.back(back, Done(str(error), None))
    return visit.back(back, Done("Evantr is checking this feed. What is new appears here.", None))


ROUTES = [
    get("/feed/{id}/health", show),
    post("/do/feed/{id}/check", check),
    post("/do/feed/{id}/undo-move", undo_move),
]
