"""A stream as a document that other readers take: Atom 1.0, RSS 2.0, JSON Feed 1.1. Values in, bytes out."""

from __future__ import annotations

from reader.ingest.publish.atom import write_atom
from reader.ingest.publish.jsonfeed import write_json
from reader.ingest.publish.model import FORMATS, Document, Format, Item, Pages
from reader.ingest.publish.rss import write_rss

__all__ = ["FORMATS", "TYPES", "Document", "Format", "Item", "Pages", "write"]

TYPES: dict[Format, str] = {
    "atom": "application/atom+xml; charset=utf-8",
    "rss": "application/rss+xml; charset=utf-8",
    "json": "application/feed+json; charset=utf-8",
}
"""Content-Type of each format."""

_WRITERS = {"atom": write_atom, "rss": write_rss, "json": write_json}


def write(format: Format, document: Document) -> bytes:
    """The document in UTF-8. The same values give the same bytes."""
    return _WRITERS[format](document)
