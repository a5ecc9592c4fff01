"""Feed documents of any format and any state of repair into ParsedFeed. Light to import; libraries come with use."""

from __future__ import annotations

from reader.errors import Upstream
from reader.ingest.parse.model import ParsedEntry, ParsedFeed

__all__ = ["MAX_BODY", "ParsedEntry", "ParsedFeed", "parse"]

MAX_BODY = 20_000_000


def parse(body: bytes, *, url: str, content_type: str | None = None) -> ParsedFeed:
    """Parse a feed document that came from ``url`` with that Content-Type.

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
    return feed


def _by_format(text: str, url: str) -> ParsedFeed:
    from reader.ingest.parse.xml import no_feed, parse_xml

    start = text.lstrip("\ufeff \t\r\n\x00")[:1]
    if start in ("{", "["):
        from reader.ingest.parse.jsonfeed import parse_json

        return parse_json(text.lstrip("\ufeff \t\r\n\x00"), url)
    if "<" not in text:
        raise no_feed(text)
    return parse_xml(text, url)
