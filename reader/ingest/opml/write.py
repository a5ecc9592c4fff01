"""Writing OPML 2.0 that other readers take: nested folders, both text and title, type rss."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.utils import formatdate
from xml.sax.saxutils import escape, quoteattr

from reader.ingest.text import squeeze

INDENT = "  "


@dataclass(frozen=True, slots=True)
class Leaf:
    """A feed."""

    title: str
    xml_url: str
    html_url: str | None


@dataclass(frozen=True, slots=True)
class Branch:
    """A folder: the folders in it, then its feeds."""

    title: str
    folders: Sequence[Branch]
    feeds: Sequence[Leaf]


def write_opml(title: str, top: Branch, now: float) -> bytes:
    """The document, UTF-8. ``top`` is what stands outside all folders (its own title is not written); ``now`` in
    seconds since 1970."""
    date = formatdate(now, usegmt=True)
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<opml version="2.0">',
        f"<head><title>{escape(squeeze(title))}</title><dateCreated>{date}</dateCreated></head>",
        "<body>",
        *_inside(top, 1),
        "</body>",
        "</opml>",
        "",
    ]
    return "\n".join(lines).encode("utf-8", "replace")


def _inside(branch: Branch, depth: int) -> Iterator[str]:
    pad = INDENT * depth
    for folder in branch.folders:
        yield f"{pad}<outline {_attributes(text=folder.title, title=folder.title)}>"
        yield from _inside(folder, depth + 1)
        yield f"{pad}</outline>"
    for feed in branch.feeds:
        values = {"type": "rss", "text": feed.title, "title": feed.title, "xmlUrl": feed.xml_url}
        yield f"{pad}<outline {_attributes(**values, **({'htmlUrl': feed.html_url} if feed.html_url else {}))}/>"


def _attributes(**values: str) -> str:
    return " ".join(f"{name}={quoteattr(squeeze(value))}" for name, value in values.items())
