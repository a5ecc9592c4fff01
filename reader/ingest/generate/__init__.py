"""Feeds made from a page's own repeated structure, for pages that publish none (SPEC C3). Light to import.

A generated feed is marked by its format; it is a last resort, offered and never chosen by itself.
"""

from __future__ import annotations

from reader.errors import Upstream
from reader.ingest.parse.model import ParsedFeed

__all__ = ["FORMAT", "NO_STRUCTURE", "generate", "is_generated", "parse_or_generate"]

FORMAT = "generated"
NO_STRUCTURE = "The page no longer has the list that Evantr made a feed of."


def is_generated(format_: str | None) -> bool:
    """Whether a feed of that format is made by Evantr."""
    return (format_ or "").startswith(FORMAT)


def parse_or_generate(
    stored_format: str | None, body: bytes, *, url: str, content_type: str | None, now: float | None = None
) -> ParsedFeed:
    """What a pull reads: a feed document, or for a generated feed its page. Where a page has become a real feed, that
    is taken. Raises Upstream as parse() does."""
    from reader.ingest.parse import parse

    try:
        return parse(body, url=url, content_type=content_type, now=now)
    except Upstream as error:
        if not is_generated(stored_format) or error.kind != "not_a_feed":
            raise
    return generate(body, url=url, content_type=content_type, now=now)


def generate(body: bytes, *, url: str, content_type: str | None = None, now: float | None = None) -> ParsedFeed:
    """Make a feed of the page that came from ``url``. Its entries stand in the page's order; an entry's uid is the
    address it links to, so that it stays the same as long as that does. A date beyond ``now`` + 1 day (an event's) is
    not when it was published.

    Raises Upstream of kind "not_a_feed" for a page without a list of things to read, "too_large" over 3 MB.
    """
    from reader.ingest.generate.document import read_page
    from reader.ingest.generate.lists import best_list
    from reader.ingest.generate.sections import sections

    page = read_page(body, url, content_type)
    entries = max((sections(page), best_list(page)), key=lambda found: found.score)
    if not entries.items:
        raise Upstream("not_a_feed", NO_STRUCTURE)
    return ParsedFeed(
        format=FORMAT,
        encoding=page.encoding,
        title=page.title,
        site_url=url,
        description=page.description,
        language=page.language,
        entries=[item.entry(page.url, None if now is None else now + 86_400) for item in entries.items],
    )
