"""Rules of imports: what the preview says of each outline, and what becomes of a feed that cannot be read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from reader.errors import Invalid
from reader.ingest.address import canonical, shorten
from reader.ingest.opml import Opml, Outline
from reader.mappers.imports import Outcome, Watched
from reader.models.imports import ImportItem, ItemKind, Progress, Replacement, Tally
from reader.models.reading import Finding
from reader.models.share import is_stream_url

FOLDERS_MOST = 1000
TITLE_MOST = 200
FOUND_MOST = 5
LEFT_FROM = 0.05  # of the whole, before which nothing is said about the time that is left
HOSTLESS = "There is no such host"


@dataclass(frozen=True, slots=True)
class _Place:
    line: int
    url: str
    title: str | None
    html_url: str | None
    folders: tuple[str, ...]
    refused: str | None


def addresses(opml: Opml) -> list[str]:
    """Canonical URLs of a file, each once."""
    return list(dict.fromkeys(place.url for place in _places(opml) if place.refused is None))


def with_own(opml: Opml, own: Mapping[str, str]) -> Opml:
    """The file with outlines of this instance's own streams under what their feeds are stored as: ``own`` says it for
    their addresses as written, even where nobody may fetch them."""
    outlines = [
        replace(each, xml_url=own[each.xml_url], html_url=each.xml_url) if each.xml_url in own else each
        for each in opml.outlines
    ]
    back = [each for each in opml.skipped if each.url in own]
    outlines += [Outline(own[each.url or ""], each.title, each.url, each.folders, each.line) for each in back]
    return Opml(opml.title, outlines, [each for each in opml.skipped if each not in back])


def preview(opml: Opml, known: Mapping[str, bool], room: int) -> list[ImportItem]:
    """Items of a file, in document order. ``known``: URLs the store has → subscribed to; ``room``: how many more
    subscriptions the person may have."""
    seen: set[str] = set()
    folders: set[tuple[str, ...]] = set()
    items = []
    for number, place in enumerate(_places(opml), 1):
        kind: ItemKind = "new"
        reason = place.refused
        if reason is not None:
            kind = "refused"
        elif place.url in seen:
            kind = "twice"
        elif known.get(place.url):
            kind = "yours"
        elif room <= 0:
            kind, reason = "refused", "You would have too many subscriptions. Unsubscribe from some first."
        else:
            room -= 1
        seen.add(place.url)
        new = kind == "new"
        path = _path(place.folders, folders) if new else place.folders
        title = place.title[:TITLE_MOST].strip() if place.title else None
        items.append(
            ImportItem(
                number, place.line, kind, new, "waiting" if new else "skipped", place.url, title or None,
                place.html_url, path, reason,
            )
        )  # fmt: skip
    return items


def _path(path: tuple[str, ...], folders: set[tuple[str, ...]]) -> tuple[str, ...]:
    """The path, cut where it would need a folder too many."""
    for depth in range(1, len(path) + 1):
        key = tuple(name.casefold() for name in path[:depth])
        if key not in folders:
            if len(folders) >= FOLDERS_MOST:
                return path[: depth - 1]
            folders.add(key)
    return path


def _places(opml: Opml) -> Iterable[_Place]:
    places = [_place(each.line, each.xml_url, each.title, each.html_url, each.folders) for each in opml.outlines]
    places += [_Place(each.line, each.url or "", each.title, None, each.folders, each.reason) for each in opml.skipped]
    return sorted(places, key=lambda place: place.line)  # stable


def _place(line: int, url: str, title: str | None, html_url: str | None, folders: tuple[str, ...]) -> _Place:
    if is_stream_url(url):
        return _Place(line, url, title, html_url, folders, None)
    try:
        return _Place(line, canonical(url), title, html_url, folders, None)
    except Invalid as error:
        return _Place(line, url, title, html_url, folders, str(error))


def look_at(watched: Watched) -> str | None:
    """The address where a replacement may be found for a feed that is gone, has moved or became a page; None where
    there is none to look at, or trying again later is what helps."""
    error, item = watched.error or "", watched.item
    if watched.status == 200:
        return item.url  # a page in the place of the feed names the feed that it is about
    hostless = error.startswith(HOSTLESS)
    if watched.status not in (404, 410) and not hostless:
        return None
    own = urlsplit(item.url)
    site = next((url for url in (item.html_url, watched.site_url) if url and _is_other(url, item.url)), None)
    if hostless:
        return _canonical(site) if site and urlsplit(site).hostname != own.hostname else None
    return _canonical(site or f"{own.scheme}://{own.netloc}/")


def _is_other(url: str, feed_url: str) -> bool:
    return url.rstrip("/") != feed_url.rstrip("/")


def _canonical(url: str) -> str | None:
    try:
        return canonical(url)
    except Invalid:
        return None


def concluded(item: ImportItem, error: str, finding: Finding) -> Outcome:
    """What a discovery for a feed that failed with ``error`` means."""
    found = tuple(
        Replacement(feed.url, feed.title[:TITLE_MOST]) for feed in finding.feeds if _is_other(feed.url, item.url)
    )[:FOUND_MOST]
    if not found:
        return Outcome(item.number, "failed", error)
    return Outcome(item.number, "need", f"{error} {_said(found)}", None, found)


def _said(found: tuple[Replacement, ...]) -> str:
    if len(found) == 1:
        address = shorten(found[0].url.partition("://")[2].removeprefix("www."), 60)
        return f"The site now publishes at {address}, and that works."
    return f"The site names {len(found)} feeds that work."


def progress(job_tally: Tally, resumed_at: float | None, resumed_count: int, now: float) -> float | None:
    """Seconds that are left, as far as the pace since the import last began to run tells; None before 5 %."""
    done = job_tally.settled - resumed_count
    open_ = job_tally.total - job_tally.settled
    if not job_tally.total or resumed_at is None or done <= 0 or not open_:
        return None
    if job_tally.settled < LEFT_FROM * job_tally.total or now <= resumed_at:
        return None
    return (now - resumed_at) / done * open_


__all__ = ["Progress", "addresses", "concluded", "look_at", "preview", "progress"]
