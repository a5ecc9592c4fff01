"""Reading OPML (1.0, 1.1, 2.0 and what programs make of it): bytes in, values out. No entities, no network, no disk."""

from __future__ import annotations

from reader.errors import Upstream
from reader.ingest.opml.build import MAX_DEPTH, MAX_OUTLINES, build
from reader.ingest.opml.model import Opml, Outline, Skipped
from reader.ingest.opml.nature import not_opml
from reader.ingest.parse.encoding import decode
from reader.settings import Network

__all__ = ["MAX_BYTES", "MAX_DEPTH", "MAX_OUTLINES", "Opml", "Outline", "Skipped", "parse_opml"]

MAX_BYTES = 20_000_000


def parse_opml(body: bytes, content_type: str | None = None, allow: tuple[Network, ...] = ()) -> Opml:
    """Feeds of a file, one Outline per place where one stands, in document order.

    ``allow``: networks whose literal addresses are not refused. Raises Invalid, in words, for what is no OPML and
    Upstream("too_large") over 20 MB or 100,000 feeds.
    """
    if len(body) > MAX_BYTES:
        raise Upstream("too_large", f"The file is larger than {MAX_BYTES // 1_000_000} MB.")
    if body.startswith((b"PK\x03\x04", b"\x1f\x8b", b"%PDF", b"SQLite format 3")) or not body.strip(b"\0 \t\r\n"):
        raise not_opml(body, "")
    text, _encoding = decode(body, content_type)
    if "\n" not in text:
        text = text.replace("\r", "\n")  # files of old Macs
    opml = build(text, allow)
    if opml is None:
        raise not_opml(body, text)
    return opml
