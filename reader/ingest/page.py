"""What a web page says about its feeds and icons. Light to import; the HTML parser comes with find()."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

MOST_CANDIDATES = 30
MOST_ICONS = 20
_PARSED = 3_000_000
_FORMATS = {
    "application/atom+xml": "atom",
    "application/rss+xml": "rss",
    "application/rdf+xml": "rdf",
    "application/feed+json": "json",
    "application/xml": "",
    "text/xml": "",
    "application/x.atom+xml": "atom",
    "application/x-atom+xml": "atom",
    "application/json": "json",
}
_FEED_PATH = re.compile(
    r"^feed:|(?:/|^)(?:feeds?|rss2?|atom|rdf|syndication|blog-feed)(?:[/.?]|$)|\.(?:rss|atom|rdf)(?:$|\?)|"
    r"(?:feed|rss|atom|index)[\w-]*\.(?:xml|json|php)|[?&](?:feed|format|type)=(?:rss2?|atom|feed|rdf)",
    re.I,
)
_FEED_HOST = re.compile(r"^(?:feeds?|rss)\.", re.I)
_FEED_WORDS = re.compile(r"\b(?:rss|atom|feed|rdf)\b", re.I)
_SECONDARY = re.compile(r"comment|kommentar|réponses|/replies|trackback", re.I)
_CHANNEL_ID = re.compile(
    r'(?:"(?:externalId|channelId|browseId)":"|<meta itemprop="(?:identifier|channelId)" content="|/channel/)'
    r"(UC[\w-]{22})"
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A URL that may be a feed; ``format`` is what the page claims ("" unknown), the lowest ``rank`` is the best."""

    url: str
    title: str
    format: str
    rank: int


@dataclass(frozen=True, slots=True)
class IconLink:
    """An icon that a page names: ``sizes`` and ``type`` as written; type "manifest" is a web app manifest."""

    url: str
    sizes: str
    type: str


@dataclass(frozen=True, slots=True)
class PageFindings:
    """``feeds`` best first. ``channel`` is the id of a YouTube channel the page shows."""

    title: str
    feeds: list[Candidate] = field(default_factory=list)
    icons: list[IconLink] = field(default_factory=list)
    channel: str | None = None
    generator: str = ""


def find(body: bytes, *, url: str, content_type: str | None = None) -> PageFindings:
    """Look for feeds and icons in the page that came from ``url``: <link rel=alternate> first, then anchors that
    look like feeds; feeds of comments come last. Never raises for what is in the page."""
    from selectolax.lexbor import LexborHTMLParser

    from reader.ingest.parse.encoding import decode
    from reader.ingest.text import clean_text

    text, _ = decode(body[:_PARSED], content_type, page=True)
    tree = LexborHTMLParser(text)
    base_node = tree.css_first("base[href]")
    base = _absolute(url, base_node.attributes.get("href") if base_node is not None else None) or url
    title = tree.css_first("title")
    generator = tree.css_first('meta[name="generator"]')
    channel = _CHANNEL_ID.search(text) if "youtube.com" in (urlsplit(url).hostname or "") else None
    return PageFindings(
        title=clean_text(title.text() if title is not None else "", limit=300),
        feeds=_feeds(tree, base, url),
        icons=_icons(tree, base),
        channel=channel[1] if channel else None,
        generator=clean_text((generator.attributes.get("content") or "") if generator is not None else "", limit=100),
    )


def _feeds(tree: LexborHTMLParser, base: str, page: str) -> list[Candidate]:
    found: dict[str, Candidate] = {}
    for node in tree.css("link[rel][href]"):
        candidate = _linked(node, base)
        if candidate is not None:
            found.setdefault(candidate.url, candidate)
    for node in tree.css("a[href]")[:5000]:
        candidate = _anchored(node, base, page)
        if candidate is not None:
            found.setdefault(candidate.url, candidate)
    found.pop(page, None)
    return sorted(found.values(), key=lambda one: one.rank)[:MOST_CANDIDATES]


def _linked(node: LexborNode, base: str) -> Candidate | None:
    from reader.ingest.text import clean_text

    attributes = node.attributes
    rel = (attributes.get("rel") or "").lower().split()
    kind = (attributes.get("type") or "").split(";")[0].strip().lower()
    url = _absolute(base, attributes.get("href"))
    if url is None or not ({"alternate", "feed"} & set(rel)) or "stylesheet" in rel:
        return None
    if "feed" not in rel and (kind not in _FORMATS or (kind == "application/json" and "/wp-json/" in url)):
        return None
    title = clean_text(attributes.get("title") or "", limit=300)
    format_ = _FORMATS.get(kind, "")
    rank = {"atom": 0, "rss": 1, "rdf": 2, "json": 3}.get(format_, 4)
    if "oembed" in url or _SECONDARY.search(url) or _SECONDARY.search(title):
        rank += 50
    return Candidate(url, title, format_, rank)


def _anchored(node: LexborNode, base: str, page: str) -> Candidate | None:
    from reader.ingest.text import clean_text

    href = node.attributes.get("href") or ""
    if len(href) > 4096:
        return None
    words = f"{node.attributes.get('title') or ''} {node.attributes.get('class') or ''}"
    looks = bool(_FEED_PATH.search(href)) or bool(_FEED_HOST.match(urlsplit_host(href)))
    kind = (node.attributes.get("type") or "").lower()
    if not looks and kind not in ("application/rss+xml", "application/atom+xml"):
        label = node.text(strip=True)
        if len(label) > 40 or not _FEED_WORDS.search(label):
            return None
        words += " " + label
    url = _absolute(base, href)
    if url is None:
        return None
    same_site = urlsplit_host(url) == urlsplit_host(page)
    rank = 10 + (0 if looks else 5) + (0 if same_site else 10) + (50 if _SECONDARY.search(url + words) else 0)
    return Candidate(url, clean_text(node.text() or "", limit=100), "", rank)


def _icons(tree: LexborHTMLParser, base: str) -> list[IconLink]:
    found: list[IconLink] = []
    for node in tree.css("link[rel][href]"):
        rel = set((node.attributes.get("rel") or "").lower().split())
        url = _absolute(base, node.attributes.get("href"))
        if url is None or "mask-icon" in rel:
            continue
        kind = (node.attributes.get("type") or "").lower()[:60]
        sizes = (node.attributes.get("sizes") or "").lower()[:60]
        if "manifest" in rel:
            found.append(IconLink(url, "", "manifest"))
        elif "icon" in rel:
            found.append(IconLink(url, sizes, kind))
        elif rel & {"apple-touch-icon", "apple-touch-icon-precomposed"}:
            found.append(IconLink(url, sizes or "180x180", kind))
    return found[:MOST_ICONS]


def _absolute(base: str, href: str | None) -> str | None:
    try:
        url = urljoin(base, (href or "").strip().replace("feed://", "http://").removeprefix("feed:"))
    except ValueError:
        return None
    if not href or not url.lower().startswith(("http://", "https://")) or len(url) > 4096:
        return None
    return url.partition("#")[0].replace(" ", "%20")


def urlsplit_host(url: str) -> str:
    """The host of ``url`` without "www.", "" when there is none."""
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""
