"""What discovery finds: feeds that were fetched and parsed, the steps on the way, and twins put together."""

from __future__ import annotations

from dataclasses import dataclass, field

from reader.ingest.address import canonical
from reader.ingest.fetch import Fetched
from reader.ingest.icon_links import IconLink
from reader.ingest.work import Preview


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was tried: ``what`` in plain words, and what came back. ``ms``: milliseconds."""

    what: str
    url: str
    status: int | None
    ok: bool
    ms: int
    said: str = ""  # the outcome in words
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FoundFeed:
    """A feed that was fetched and parsed. ``url`` is canonical, after permanent redirects; ``also``: formats of its
    twins, the same content at other addresses; ``per_week``: entries per week; times are seconds since 1970."""

    url: str
    title: str
    description: str | None
    site_url: str | None
    format: str
    also: list[str]
    entries: int
    newest_at: float | None
    per_week: float | None
    titles: list[str]
    icon: str | None


@dataclass(frozen=True, slots=True)
class Discovery:
    """``feeds`` best first; when there are none, ``problem`` is a sentence that says why. ``site`` and ``icons``
    are those of the page that was read, if one was; ``page`` is its URL. ``more``: other pages of the site may name a
    feed, and are worth a crawl from ``page``."""

    feeds: list[FoundFeed]
    steps: list[Step]
    problem: str | None = None
    page: str | None = None
    site: str = ""
    icons: list[IconLink] = field(default_factory=list)
    more: bool = False


@dataclass(slots=True)
class Proven:
    """A feed that works; ``links`` are keys of its entries, ``rank`` is its place among the candidates."""

    feed: FoundFeed
    links: frozenset[str]
    rank: int


def fold(proven: list[Proven]) -> list[FoundFeed]:
    """Put twins together: the same URL, or mostly the same entries. Atom is kept before RSS before the rest."""
    kept: list[Proven] = []
    for one in sorted(proven, key=lambda one: (_preference(one.feed.format), one.rank)):
        twin = next((other for other in kept if _twins(one, other)), None)
        if twin is None:
            kept.append(one)
            continue
        also = twin.feed.also
        if one.feed.format != twin.feed.format and one.feed.format not in also:
            also.append(one.feed.format)
        twin.rank = min(twin.rank, one.rank)
    return [one.feed for one in sorted(kept, key=lambda one: one.rank)]


def _twins(one: Proven, other: Proven) -> bool:
    if one.feed.url == other.feed.url:
        return True
    if one.links and other.links:
        common = len(one.links & other.links)
        return common >= 0.8 * min(len(one.links), len(other.links))
    same_site = one.feed.site_url is not None and one.feed.site_url == other.feed.site_url
    return same_site and one.feed.title == other.feed.title and one.feed.titles == other.feed.titles


def _preference(format_: str) -> int:
    return next((rank for rank, name in enumerate(("atom", "rss", "rdf", "json")) if format_.startswith(name)), 9)


def found_feed(preview: Preview, answer: Fetched) -> FoundFeed:
    return FoundFeed(
        url=canonical(answer.moved_to or answer.url),
        title=preview.title,
        description=preview.description,
        site_url=preview.site_url,
        format=preview.format,
        also=[],
        entries=preview.entries,
        newest_at=preview.newest_at,
        per_week=preview.per_week,
        titles=preview.titles,
        icon=preview.icon,
    )


def link_keys(preview: Preview) -> frozenset[str]:
    return frozenset(link.partition("://")[2].removeprefix("www.").rstrip("/") for link in preview.links)
