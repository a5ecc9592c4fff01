"""What a web page says about its feeds and icons. Light to import; parsing needs no tree."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field, replace
from itertools import islice

from reader.ingest import feed_links, icon_links
from reader.ingest.feed_links import Candidate, Tier
from reader.ingest.icon_links import IconLink
from reader.ingest.links import absolute
from reader.ingest.platforms import PageFacts, platform_feeds
from reader.ingest.tags import Tag, as_html, decoded, tags
from reader.ingest.text import clean_text
from reader.ingest.walls import Wall

__all__ = ["Candidate", "IconLink", "PageFindings", "Tier", "find", "look"]

MOST_CANDIDATES = 200
MOST_ICONS = 50
MOST_LINKS = 5000
MOST_ANCHORS = 5000  # from the start and as many from the end, where a footer stands
_PARSED = 12_000_000
_LOOKED = 2_000_000
_INNER = 2000
_ANCHOR_END = re.compile(r"</?a(?=[\s/>])", re.I)
_ALT = re.compile(r"\b(?:alt|title|aria-label)\s*=\s*(?:\"([^\"<>]{1,60})\"|'([^'<>]{1,60})')", re.I)
_LINK_VALUE = re.compile(r"<([^<>]{1,5000})>((?:\s*+;\s*+[\w*-]++\s*+(?:=\s*+(?:\"[^\"]*\"|[^\s,;\"]*))?)*+)")
_PARAMETER = re.compile(r";\s*([\w-]+)\*?\s*=\s*(?:\"([^\"]*)\"|([^\s,;\"]*))")


@dataclass(frozen=True, slots=True)
class PageFindings:
    """``feeds`` and ``icons`` best first; feeds include those that follow from a platform's rule.

    Only ``look`` fills the rest: ``refresh`` is where the page sends a browser on by itself, ``frames`` what it shows
    instead of itself, ``pages`` others of the site that may name a feed, the most likely first, ``wall`` what stands
    where the page should be.
    """

    title: str
    feeds: list[Candidate] = field(default_factory=list)
    icons: list[IconLink] = field(default_factory=list)
    generator: str = ""
    refresh: str | None = None
    frames: list[str] = field(default_factory=list)
    pages: list[str] = field(default_factory=list)
    wall: Wall | None = None


def find(body: bytes, *, url: str, content_type: str | None = None, link: str | None = None) -> PageFindings:
    """Look for feeds and icons in the page that came from ``url`` with that Content-Type and Link header.

    First the links that call themselves feeds, then what a platform's rule says, then generic XML types, then anchors
    that look like feeds. Never raises for what is in the page.
    """
    from reader.ingest.parse.encoding import decode

    text, _ = decode(body[:_PARSED], content_type, page=True)
    if "xhtml" in (content_type or "").lower():
        text = as_html(text)
    page = _Page(url)
    page.read(text, link or "")
    return page.findings(text)


def look(body: bytes, *, url: str, content_type: str | None = None, link: str | None = None) -> PageFindings:
    """As find(), and where to look on when the page names no feed."""
    from reader.ingest.parse.encoding import decode
    from reader.ingest.surroundings import frames, other_pages, refresh, wall

    found = find(body, url=url, content_type=content_type, link=link)
    text, _ = decode(body[:_LOOKED], content_type, page=True)
    page = _Page(url)
    page.read(text, "")
    anchors = ((tag.attributes().get("href", ""), _words(tag)) for tag in page.anchors)
    return replace(
        found,
        refresh=refresh(page.metas, page.base, url),
        frames=frames(page.frames, page.base, text),
        pages=other_pages(anchors, page.base, url),
        wall=wall(text, page.title, url),
    )


class _Page:
    """Gathers what matters of one page."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.base = url
        self.title = ""
        self.generator = ""
        self.links: list[dict[str, str]] = []
        self.anchors: list[Tag] = []
        self.metas: list[dict[str, str]] = []
        self.frames: list[str] = []

    def read(self, text: str, link_header: str) -> None:
        last: deque[Tag] = deque(maxlen=MOST_ANCHORS)
        based = False
        for tag in tags(text):
            if tag.name in ("a", "area"):
                if len(self.anchors) < MOST_ANCHORS:
                    self.anchors.append(tag)
                else:
                    last.append(tag)
            elif tag.name == "link" and len(self.links) < MOST_LINKS:
                self.links.append(tag.attributes())
            elif tag.name == "base" and not based:
                href = tag.attributes().get("href")
                based = href is not None
                self.base = absolute(self.url, href) or self.base
            elif tag.name == "title" and not self.title:
                self.title = clean_text(decoded(tag.inner[:3000]), limit=300)
            elif tag.name == "meta" and len(self.metas) < 500:
                self.metas.append(tag.attributes())
            elif tag.name in ("frame", "iframe") and len(self.frames) < 20:
                self.frames.append(tag.attributes().get("src", ""))
        self.anchors += last
        self.links += _header_links(link_header)

    def findings(self, text: str) -> PageFindings:
        generator = next((m.get("content", "") for m in self.metas if m.get("name", "").lower() == "generator"), "")
        generator = clean_text(generator, limit=100)
        feeds = [one for values in self.links if (one := feed_links.linked(values, self.base))]
        facts = PageFacts(text, generator, tuple(self.links), self.base, bool(feeds))
        ruled = platform_feeds(self.url, facts)
        feeds += [Candidate(one.url, one.title, one.format, 0, Tier.RULE) for one in ruled]
        feeds += self._anchored()
        icons = [icon for values in self.links if (icon := icon_links.icon_of(values, self.base))]
        icons += [tile for values in self.metas if (tile := icon_links.tile_of(values, self.base))]
        return PageFindings(
            title=self.title,
            feeds=feed_links.in_order(feeds, self.url)[:MOST_CANDIDATES],
            icons=icon_links.in_order(icons)[:MOST_ICONS],
            generator=generator,
        )

    def _anchored(self) -> list[Candidate]:
        found = []
        for tag in self.anchors:
            attributes = tag.attributes()
            if "href" not in attributes:
                continue
            one = feed_links.anchored(attributes, _words(tag), self.base, self.url)
            if one is not None:
                found.append(one)
        return found


def _words(tag: Tag) -> str:
    """The text of an anchor; that of its pictures when it has none."""
    close = _ANCHOR_END.search(tag.text, tag.end, tag.end + _INNER)
    inner = tag.text[tag.end : close.start() if close else tag.end + _INNER]
    if "<" not in inner and "&" not in inner:
        return inner.strip()[:200]
    words = clean_text(inner, limit=200)
    if words:
        return words
    match = _ALT.search(inner)
    return clean_text(match[1] or match[2], limit=100) if match else ""


def _header_links(header: str) -> list[dict[str, str]]:
    """Links of an HTTP Link header (RFC 8288, 3) as attributes of a <link>."""
    found = []
    for part in islice(_LINK_VALUE.finditer(header), 100):
        values = {"href": part[1]}
        for name, quoted, bare in _PARAMETER.findall(part[2]):
            values.setdefault(name.lower(), quoted or bare)
        found.append(values)
    return found
