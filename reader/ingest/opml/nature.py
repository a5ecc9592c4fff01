"""What a file is that is no OPML, in words."""

from __future__ import annotations

import re

from reader.errors import Invalid
from reader.ingest.text import squeeze

_ROOT = re.compile(r"<([A-Za-z_][\w:.-]*)")
_FEEDS = ("rss", "feed", "rdf:rdf", "channel")
_PAGES = ("html", "head", "body", "div", "p", "a", "script", "style", "meta")


def not_opml(body: bytes, text: str) -> Invalid:
    """The error for a document without an outline."""
    return Invalid(f"This is not an OPML file: {_nature(body, text)}", {"file": "not an OPML file"})


def _nature(body: bytes, text: str) -> str:
    if not body.strip(b"\0 \t\r\n"):
        return "it is empty."
    if body.startswith(b"PK"):
        return "it begins with “PK”, so it may be a zip. Unpack it and try again."
    if body.startswith(b"\x1f\x8b"):
        return "it is compressed (gzip). Unpack it and try again."
    if body.startswith(b"%PDF"):
        return "it begins with “%PDF”, so it is a PDF."
    if body.startswith(b"SQLite format 3"):
        return "it is a database. Export an OPML file from the program it belongs to."
    head = text.lstrip("\ufeff \t\r\n\0")
    if head.startswith(("{", "[")):
        return f"it begins with “{head[0]}”, so it may be JSON. Export OPML instead."
    if re.match(r"(?:https?|feed)://", head):
        return "it is a list of addresses. Add them one by one, or put them into an OPML file."
    return _markup(head)


def _markup(head: str) -> str:
    root = _ROOT.search(re.sub(r"<!--.*?(?:-->|\Z)|<[?!][^>]*>", "", head[:20_000], flags=re.DOTALL))
    name = root[1].lower() if root else ""
    if name in _FEEDS:
        return "it is a feed itself. Add it by its address instead."
    if name in _PAGES or head[:200].lower().startswith("<!doctype html"):
        return "it is a web page (HTML). Save the file itself, not the page that shows it."
    begins = squeeze(head[:200], limit=40)
    return f"it begins with “{begins}”." if begins else "it holds no text."
