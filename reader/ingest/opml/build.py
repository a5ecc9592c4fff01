"""From tags to outlines: which stand for feeds, which for folders."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from reader.errors import EvantrError, Upstream
from reader.ingest.opml.links import feed_url, page_url
from reader.ingest.opml.model import Opml, Outline, Skipped
from reader.ingest.opml.scan import Tag, tags
from reader.ingest.text import clean_text
from reader.settings import Network

MAX_OUTLINES = 100_000
MAX_DEPTH = 32  # what lies deeper stands in the folder at this depth
_MAX_TAGS = 3 * MAX_OUTLINES
_MAX_PATHS = 50_000_000  # characters of all folder paths together
_MAX_SKIPPED = 10_000
_TITLE_LIMIT = 500
_FOLDER_LIMIT = 200

_FEED_ATTRIBUTES = ("xmlurl", "xml_url", "feedurl", "feed_url", "rssurl", "rss_url")
_PAGE_ATTRIBUTES = ("htmlurl", "html_url", "siteurl", "site_url")
_FEED_TYPES = ("rss", "atom", "rss1", "rss2", "rdf", "feed", "atom1.0", "podcast", "json", "jsonfeed", "pie", "xml")
_NOT_ROOTS = ("rss", "feed", "rdf", "html", "channel")


@dataclass(slots=True)
class _Open:
    """An outline whose end has not come. ``path``: folders for what stands in it."""

    tag: Tag
    path: tuple[str, ...]
    title: str | None
    is_feed: bool
    children: int = 0


@dataclass(slots=True)
class _Builder:
    allow: tuple[Network, ...]
    opml: Opml = field(default_factory=Opml)
    stack: list[_Open] = field(default_factory=list)
    paths: int = 0
    found: bool = False  # an <opml> or an <outline>
    deep: bool = False

    def start(self, tag: Tag, *, leaf: bool) -> None:
        self.found = True
        path = self.stack[-1].path if self.stack else ()
        if self.stack:
            self.stack[-1].children += 1
        title = _title(tag)
        is_feed = self._take(tag, title, path)
        if leaf:
            if not is_feed:
                self._childless(tag, title, path)
            return
        self.stack.append(_Open(tag, self._below(path, title, tag), title, is_feed))

    def end(self) -> None:
        if self.stack:
            done = self.stack.pop()
            if not done.is_feed and not done.children:
                self._childless(done.tag, done.title, self.stack[-1].path if self.stack else ())

    def skip(self, tag: Tag, reason: str, title: str | None = None, url: str | None = None) -> None:
        if len(self.opml.skipped) < _MAX_SKIPPED:
            path = self.stack[-1].path if self.stack else ()
            self.opml.skipped.append(Skipped(tag.line, reason, title, url[:_TITLE_LIMIT] if url else None, path))

    def _below(self, path: tuple[str, ...], title: str | None, tag: Tag) -> tuple[str, ...]:
        """The path of what stands in this outline; one without a name is no level of its own."""
        name = clean_text(title, limit=_FOLDER_LIMIT) if title else None
        if not name:
            return path
        if len(path) < MAX_DEPTH:
            return (*path, name)
        if not self.deep:
            self.deep = True
            self.skip(tag, f"Folders deeper than {MAX_DEPTH} levels are put into the one at that depth.", title)
        return path

    def _take(self, tag: Tag, title: str | None, path: tuple[str, ...]) -> bool:
        """Whether the outline stands for a feed (one that is refused counts)."""
        written = _feed_attribute(tag)
        if not written:
            return False
        if tag.attributes.get("iscomment", "").strip().lower() == "true" or self._in_comment():
            self.skip(tag, "It is marked as a comment.", title, written)
            return True
        try:
            url = feed_url(written, self.allow)
        except EvantrError as error:
            self.skip(tag, str(error), title, written)
            return True
        page = next((value for name in _PAGE_ATTRIBUTES if (value := tag.attributes.get(name))), "")
        for place in _places(tag, path):
            self._add(Outline(url, title, page_url(page), place, tag.line))
        return True

    def _in_comment(self) -> bool:
        return any(each.tag.attributes.get("iscomment", "").strip().lower() == "true" for each in self.stack[-64:])

    def _add(self, outline: Outline) -> None:
        self.paths += sum(map(len, outline.folders))
        if len(self.opml.outlines) >= MAX_OUTLINES or self.paths > _MAX_PATHS:
            raise Upstream("too_large", f"The file names more than {MAX_OUTLINES:,} feeds.")
        self.opml.outlines.append(outline)

    def _childless(self, tag: Tag, title: str | None, path: tuple[str, ...]) -> None:
        """No feed and nothing in it: an empty folder and a note are nothing to tell; a feed without address is."""
        values = tag.attributes
        kind, url = values.get("type", "").strip().lower(), values.get("url", "").strip()
        if kind == "include" or (kind == "link" and re.search(r"\.opml(?:[?#]|$)", url, re.IGNORECASE)):
            self.skip(tag, "It points to another list of feeds. Import that list by itself.", title, url)
        elif kind == "link" and url:
            self.skip(tag, "It is a link to a page, not a feed.", title, url)
        elif kind in _FEED_TYPES or any(name in values for name in (*_FEED_ATTRIBUTES, *_PAGE_ATTRIBUTES)):
            self.skip(tag, "It has no address of a feed.", title)


def build(text: str, allow: tuple[Network, ...]) -> Opml | None:
    """The outlines of ``text``; None if it is no OPML. Raises Upstream("too_large")."""
    found = _bounded(text)
    roots = [tag.name for tag in found if tag.kind != "end"][:1]
    names = {tag.name for tag in found}
    if "opml" not in names and ("outline" not in names or (roots and roots[0] in _NOT_ROOTS)):
        return None
    builder = _Builder(allow)
    outlines = [tag for tag in found if tag.name == "outline"]
    void = _leaves(outlines)
    for number, tag in enumerate(outlines):
        if tag.kind == "end":
            builder.end()
        elif tag.kind == "broken":
            builder.skip(tag, "It cannot be read: the tag has no end, or is far too long.")
        else:
            builder.start(tag, leaf=tag.kind == "empty" or number in void)
    while builder.stack:
        builder.end()
    builder.opml.title = _head_title(text, found)
    return builder.opml


def _bounded(text: str) -> list[Tag]:
    found: list[Tag] = []
    for tag in tags(text):
        found.append(tag)
        if len(found) > _MAX_TAGS:
            raise Upstream("too_large", f"The file holds more than {_MAX_TAGS:,} tags.")
    return found


def _leaves(outlines: Sequence[Tag]) -> set[int]:
    """Where ends are missing, an outline of a feed that is not ended at once holds nothing: the next one is its
    neighbour, not its child."""
    starts = sum(tag.kind == "start" for tag in outlines)
    if starts <= sum(tag.kind == "end" for tag in outlines):
        return set()
    return {
        number
        for number, tag in enumerate(outlines)
        if tag.kind == "start"
        and _feed_attribute(tag)
        and not (number + 1 < len(outlines) and outlines[number + 1].kind == "end")
    }


def _feed_attribute(tag: Tag) -> str:
    values = tag.attributes
    for name in _FEED_ATTRIBUTES:
        if (value := values.get(name, "").strip()) != "":
            return value
    kind = values.get("type", "").strip().lower()
    return values.get("url", "").strip() if kind not in ("link", "include") else ""


def _title(tag: Tag) -> str | None:
    """The attribute text, else title; OPML 2.0 lets both hold encoded HTML."""
    for name in ("text", "title"):
        if plain := clean_text(tag.attributes.get(name, ""), limit=_TITLE_LIMIT):
            return plain
    return None


def _places(tag: Tag, path: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Folders around the outline; where there are none, those of ``category`` (OPML 2.0: "/a/b,/c"; words without a
    slash are tags, not places)."""
    category = tag.attributes.get("category", "")
    if path or "/" not in category:
        return [path]
    places: dict[tuple[str, ...], None] = {}
    for each in category.split(",")[:16]:
        if each.strip().startswith("/"):
            names = (clean_text(name, limit=_FOLDER_LIMIT) for name in each.split("/"))
            places[tuple(name for name in names if name)[:MAX_DEPTH]] = None
    return [place for place in places if place] or [()]


def _head_title(text: str, found: Sequence[Tag]) -> str | None:
    for tag in found:
        if tag.name == "outline":
            return None
        if tag.name == "title" and tag.kind == "start":
            end = text.find("<", tag.after)
            return clean_text(text[tag.after : end if end >= 0 else tag.after][:5000], limit=200) or None
    return None
