"""A stream as a document that other readers take: Atom 1.0, RSS 2.0, JSON Feed 1.1. Values in, bytes out."""

from __future__ import annotations

from reader.ingest.publish.model import FORMATS, Document, Format, Item, Pages

__all__ = ["FORMATS", "TYPES", "Document", "Format", "Item", "Pages", "write"]

TYPES: dict[Format, str] = {
    "atom": "application/atom+xml; charset=utf-8",
    "rss": "application/rss+xml; charset=utf-8",
    "json": "application/feed+json; charset=utf-8",
}
"""Content-Type of each format."""


def write(format: Format, document: Document) -> bytes:
    """The document in UTF-8. The same values give the same bytes."""
    if format == "json":
        from reader.ingest.publish.jsonfeed import write_json

        return write_json(document)
    # lxml comes with the first document: workers that write none stay light.
    from reader.ingest.publish.atom import write_atom
    from reader.ingest.publish.rss import write_rss

    return write_atom(document) if format == "atom" else write_rss(document)
