"""A person and a stream of theirs: pages that need no account."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response

from reader.ingest.publish import Format
from reader.models.people_views import Profile, Way
from reader.models.reading import Sidebar
from reader.models.share import Stream
from reader.models.sharing_views import StreamPage
from web.kit import Visit, number_or_absent
from web.lists import feed_row
from web.paths import with_query
from web.routing import get
from web.sharing import pass_of

FORMATS: tuple[tuple[str, Format], ...] = (
    ("application/atom+xml", "atom"),
    ("application/rss+xml", "rss"),
    ("application/feed+json", "json"),
)


@dataclass(frozen=True, slots=True)
class StreamLine:
    """A stream in a profile. ``way`` "": there is nothing to press."""

    name: str
    title: str
    description: str
    way: Way | str
    outs: list[tuple[str, str]]


def base_of(visit: Visit) -> str:
    """What addresses of this instance begin with, for other programs."""
    return (visit.kit.container.settings.base_url or str(visit.request.base_url)).rstrip("/")


def outs(visit: Visit, owner: str, stream: str) -> list[tuple[str, str]]:
    base = base_of(visit)
    return [(type, f"{base}/u/{owner}/{stream}.{ending}") for type, ending in FORMATS]


async def person(visit: Visit) -> Response:
    name = visit.request.path_params["name"]
    profile = await visit.services.people.profile(visit.actor, name)
    owner = profile.person.name
    side = await visit.services.reading.sidebar(visit.actor) if visit.user else None
    latest = await _latest(visit, profile)
    streams = [_line(visit, profile, stream, side) for stream in profile.streams]
    return await visit.open_page(
        "profile.html",
        title=owner,
        tab="people",
        side=side,
        profile=profile,
        streams=streams,
        passes=[pass_of(item, visit.times) for item in latest.items] if latest else [],
        more=with_query(f"/u/{owner}/{latest.stream.name}", before=latest.next) if latest and latest.next else "",
        description=profile.person.about or f"What {owner} passes on.",
        address=f"{base_of(visit)}/u/{owner}",
    )


async def _latest(visit: Visit, profile: Profile) -> StreamPage | None:
    if not profile.open or not profile.streams:
        return None
    return await visit.services.sharing.stream_page(visit.actor, profile.person.name, profile.streams[0].name)


def _line(visit: Visit, profile: Profile, stream: Stream, side: Sidebar | None) -> StreamLine:
    pressable = side is not None and profile.way in ("following", "none") and len(profile.streams) > 1
    way = "" if not pressable else "following" if side and feed_row(side, stream.feed_id) else "none"
    owner = profile.person.name
    return StreamLine(stream.name, stream.title, stream.description, way, outs(visit, owner, stream.name))


async def stream(visit: Visit) -> Response:
    name, stream_name = visit.request.path_params["name"], visit.request.path_params["stream"]
    before = number_or_absent(visit.query("before")) if visit.query("before") else None
    page = await visit.services.sharing.stream_page(visit.actor, name, stream_name, below=before)
    owner = page.owner.name
    here = f"/u/{owner}/{page.stream.name}"
    profile = await visit.services.people.profile(visit.actor, owner) if visit.user else None
    feeds = await visit.services.publishing.addresses(visit.actor, owner, page.stream.name, base_of(visit))
    return await visit.open_page(
        "stream.html",
        title=f"{page.stream.title} by {owner}",
        tab="people",
        page=page,
        owner=page.owner,
        stream=page.stream,
        profile=profile,
        way="self" if page.mine else "following" if page.following else "none",
        passes=[pass_of(item, visit.times) for item in page.items],
        more=with_query(here, before=page.next) if page.next else "",
        first=before is None,
        outs=[(type, feeds[ending]) for type, ending in FORMATS],
        description=page.stream.description or f"What {owner} passes on.",
        address=base_of(visit) + here,
    )


ROUTES = [get("/u/{name}", person, open_to_all=True), get("/u/{name}/{stream}", stream, open_to_all=True)]
