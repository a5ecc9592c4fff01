"""Feed documents of any format and any state of repair into ParsedFeed. Light to import; libraries come with use."""

from __future__ import annotations

from reader.errors import Upstream
from reader.ingest.parse.model import ParsedEntry, ParsedFeed

__all__ = ["MAX_BODY", "ParsedEntry", "ParsedFeed", "parse"]

MAX_BODY = 20_000_000
DAY = 86_400


def parse(body: bytes, *, url: str, content_type: str | None = None, now: float | None = None) -> ParsedFeed:
    """Parse a feed document that came from ``url`` with that Content-Type.

    With ``now`` (seconds since 1970) no date of an entry more than a day after it is believed: it becomes None.

    Raises Upstream of kind "not_a_feed", "too_large" (over 20 MB) or "encoding"; nothing else, whatever the bytes.
    """
    from reader.ingest.parse.encoding import decode

    if len(body) > MAX_BODY:
        raise Upstream("too_large", f"The document is larger than {MAX_BODY // 1_000_000} MB.")
    if not body.strip():
        raise Upstream("not_a_feed", "The answer is empty.")
    text, encoding = decode(body, content_type)
    feed = _by_format(text, url)
    feed.encoding = encoding
    if now is not None:
        _doubt(feed.entries, now + DAY)
    return feed


def _doubt(entries: list[ParsedEntry], latest: float) -> None:
    for entry in entries:
        if entry.published_at is not None and entry.published_at > latest:
            entry.published_at = None
        if entry.updated_at is not None and entry.updated_at > latest:
            entry.updated_at = None


def _by_format(text: str, url: str) -> ParsedFeed:
    from reader.ingest.parse.xml import no_feed, parse_xml

    start = text.lstrip("\ufeff \t\r\n\x00")[:1]
    if start in ("{", "["):
        from reader.ingest.parse.jsonfeed import parse_json

        return parse_json(text.lstrip("\ufeff \t\r\n\x00"), url)
    if "<" not in text:
        raise no_feed(text)
    return parse_xml(text, url)
