"""What runs in the CPU pool. Functions and results are picklable; libraries are loaded on the first call."""

from __future__ import annotations

from dataclasses import dataclass, field

from reader.ingest.page import PageFindings
from reader.ingest.parse.model import ParsedFeed
from reader.models.entry import Known, NewEntry
from reader.models.feed import Identity

SAMPLE_TITLES = 3


@dataclass(frozen=True, slots=True)
class Digest:
    """What a pull needs of a feed document.

    ``entries``: new or changed, oldest first; ``same``: uids of those that are stored as they are (or change too often
    to follow); ``renewed``: uids → those under which the same entries are stored; ``identity``: how the feed's entries
    are told apart from now on; ``times``: all publication times in the document, for the rhythm; ``hint_seconds``: the
    publisher's wish (ttl, skipHours).
    """

    format: str
    encoding: str
    repaired: bool
    title: str
    site_url: str | None
    description: str | None
    language: str | None
    icon: str | None
    hub: str | None
    self_url: str | None
    hint_seconds: int | None
    entries: list[NewEntry] = field(default_factory=list)
    same: list[str] = field(default_factory=list)
    renewed: dict[str, str] = field(default_factory=dict)
    identity: Identity = field(default_factory=Identity)
    times: list[float] = field(default_factory=list)
    total: int = 0  # entries in the document, each counted once


@dataclass(frozen=True, slots=True)
class Preview:
    """What discovery shows of a feed. ``links``: URLs of its entries, to recognise twins; ``newest_at`` in seconds
    since 1970; ``per_week``: entries per week, None when dates do not tell."""

    format: str
    title: str
    description: str | None
    site_url: str | None
    self_url: str | None
    icon: str | None
    entries: int
    newest_at: float | None
    per_week: float | None
    titles: list[str]
    links: list[str]


def digest_feed(
    body: bytes,
    url: str,
    final_url: str,
    content_type: str | None,
    known: dict[str, Known],
    now: float,
    identity: Identity | None = None,
    stored_format: str | None = None,
) -> Digest:
    """Parse, identify and clean a feed document fetched as ``url`` from ``final_url``.

    ``known`` are the stored entries by uid, ``identity`` what is known of the feed; ``stored_format``
    tells whether it is generated from a page. Raises Upstream("not_a_feed", "too_large" or "encoding").
    """
    from reader.ingest.generate import parse_or_generate
    from reader.ingest.identify import finish, identify

    parsed = parse_or_generate(stored_format, body, url=final_url, content_type=content_type, now=now)
    found = identify(parsed, feed_url=url, now=now, known=known, identity=identity)
    return Digest(
        format=parsed.format,
        encoding=parsed.encoding,
        repaired=parsed.repaired,
        title=parsed.title,
        site_url=parsed.site_url,
        description=parsed.description,
        language=parsed.language,
        icon=parsed.icon,
        hub=parsed.hub,
        self_url=parsed.self_url,
        hint_seconds=_hint(parsed.ttl_seconds, parsed.skip_hours, now),
        entries=finish(found.changed, final_url),
        same=[one.uid for one in found.entries if one.uid in found.same],
        renewed=found.renewed,
        identity=found.identity,
        times=[when for one in found.entries if (when := one.entry.dated_at) is not None],
        total=len(found.entries),
    )


def preview_feed(body: bytes, url: str, content_type: str | None, now: float) -> Preview:
    """Parse a feed document for discovery. Raises Upstream as digest_feed does."""
    from reader.ingest.parse import parse

    return _preview(parse(body, url=url, content_type=content_type, now=now), now)


def preview_page(body: bytes, url: str, content_type: str | None, now: float) -> Preview:
    """The feed that can be generated from a page, for discovery. Raises Upstream("not_a_feed") if none can."""
    from reader.ingest.generate import generate

    return _preview(generate(body, url=url, content_type=content_type, now=now), now)


def _preview(parsed: ParsedFeed, now: float) -> Preview:
    dates = sorted(when for entry in parsed.entries if (when := entry.dated_at) is not None)
    past = [date for date in dates if date <= now]
    return Preview(
        format=parsed.format,
        title=parsed.title,
        description=parsed.description,
        site_url=parsed.site_url,
        self_url=parsed.self_url,
        icon=parsed.icon,
        entries=len(parsed.entries),
        newest_at=past[-1] if past else None,
        per_week=_per_week(past, now),
        titles=[entry.title for entry in parsed.entries if entry.title][:SAMPLE_TITLES],
        links=[entry.url for entry in parsed.entries[:50] if entry.url],
    )


def discover_page(body: bytes, url: str, content_type: str | None, link: str | None = None) -> PageFindings:
    """Read what a web page tells about feeds and icons, and where to look on; see page.look."""
    from reader.ingest.page import look

    return look(body, url=url, content_type=content_type, link=link)


def _hint(ttl: int | None, skip_hours: tuple[int, ...], now: float) -> int | None:
    """ttl, or the time until the hours (UTC) end in which the publisher wants no visit, whichever is longer."""
    hour, rest = int(now // 3600) % 24, 3600 - int(now % 3600)
    silent = 0
    if len(skip_hours) < 24:  # all day long cannot be meant
        while hour in skip_hours:
            silent = silent + 3600 if silent else rest
            hour = (hour + 1) % 24
    return max(ttl or 0, silent) or None


def _per_week(past: list[float], now: float) -> float | None:
    if len(past) < 2:
        return None
    days = max(1.0, (now - past[0]) / 86_400)
    return round(len(past) / days * 7, 2)
