"""Feed documents of any format and any state of repair into ParsedFeed. Light to import; libraries come with use."""

from __future__ import annotations

from reader.errors import Upstream
from reader.ingest.parse.limits import MAX_BODY, check_size
from reader.ingest.parse.model import ParsedEntry, ParsedFeed

__all__ = ["MAX_BODY", "ParsedEntry", "ParsedFeed", "parse"]

_DAY = 86_400
_BLANK = "\ufeff \t\r\n\x00"


def parse(body: bytes, *, url: str, content_type: str | None = None, now: float | None = None) -> ParsedFeed:
    """Parse a feed document that came from ``url`` with that Content-Type.

    With ``now`` (seconds since 1970) no date of an entry more than a day after it is believed: it becomes None.

    Raises Upstream of kind "not_a_feed" or "too_large" (limits.py says over what); nothing else, whatever the bytes.
    """
    check_size(body)
    if not body.strip():
        raise Upstream("not_a_feed", "The answer is empty.")
    feed = _by_format(body, url, content_type)
    if now is not None:
        _doubt(feed.entries, now + _DAY)
    return feed


def _by_format(body: bytes, url: str, content_type: str | None) -> ParsedFeed:
    from reader.ingest.parse.encoding import decode_document
    from reader.ingest.parse.xml import no_feed, parse_xml

    text, encoding, plain = decode_document(body, content_type)
    start = text.lstrip(_BLANK)
    if start[:1] in ("{", "["):
        from reader.ingest.parse.jsonfeed import parse_json

        feed = parse_json(start, url)
    elif "<" not in text:
        raise no_feed(text)
    else:
        feed = parse_xml(text, url, raw=body if plain else None)
    feed.encoding = encoding
    _own_source(feed, url)
    return feed


def _own_source(feed: ParsedFeed, url: str) -> None:
    """Some feeds name themselves as the source of each entry: that is no way that an entry came."""
    own = (url, feed.self_url)
    for entry in feed.entries:
        chain = entry.chain
        if chain is not None and not chain.links and chain.source is not None and chain.source.url in own:
            entry.chain = None


def _doubt(entries: list[ParsedEntry], latest: float) -> None:
    for entry in entries:
        if entry.published_at is not None and entry.published_at > latest:
            entry.published_at = None
        if entry.updated_at is not None and entry.updated_at > latest:
            entry.updated_at = None
