"""RSS 0.9x, 2.0 and 1.0 (RDF), well-formed. rssboard.org/rss-specification, web.resource.org/rss/1.0/spec."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reader.ingest.parse import modules
from reader.ingest.parse.dates import parse_date
from reader.ingest.parse.model import MAX_ENTRIES, ParsedEntry, ParsedFeed
from reader.ingest.parse.names import RDF, XML_BASE, short
from reader.ingest.parse.values import (
    content,
    enclosure,
    enclosures,
    html_of,
    line,
    rebase,
    tags,
    text_of,
    title,
    uid,
    web_url,
    whole_number,
)

if TYPE_CHECKING:
    from lxml.etree import _Element

_RESOURCE = f"{{{RDF}}}resource"
_ABOUT = f"{{{RDF}}}about"
_DATES = ("pubdate", "dc:date", "dcterms:issued", "dcterms:created", "atom:published", "published")
_UPDATES = ("atom:updated", "dcterms:modified", "updated")
_AUTHORS = ("dc:creator", "author", "itunes:author", "atom:author", "managingeditor")


def is_rss(root: _Element) -> bool:
    """Whether the root element is one of RSS."""
    return short(root.tag) in ("rss", "rdf:RDF", "channel")


def parse_rss(root: _Element, url: str) -> ParsedFeed:
    """Extract a feed from its root element; ``url`` is where it came from, the base of relative links."""
    base = rebase(url, root.get(XML_BASE))
    channel = root if short(root.tag) == "channel" else next((c for c in root if short(c.tag) == "channel"), root)
    rdf = short(root.tag) == "rdf:RDF"
    version = (root.get("version") or "2.0").strip()[:8]
    feed = ParsedFeed("rdf" if rdf else f"rss {version}")
    base = rebase(base, channel.get(XML_BASE)) if channel is not root else base
    items = [child for child in channel if short(child.tag) == "item"]
    if channel is not root:  # RDF, and RSS written by those who read the wrong specification
        items += [child for child in root if short(child.tag) == "item"]
    _channel(feed, channel, root, base)
    feed.entries = [_item(item, base) for item in items[:MAX_ENTRIES]]
    return feed


def _channel(feed: ParsedFeed, channel: _Element, root: _Element, base: str) -> None:
    found: dict[str, _Element] = {}
    for child in channel:
        name = short(child.tag)
        if name == "item":
            continue
        if name in ("atom:link", "link") and child.get("href"):
            _channel_link(feed, child, base)
        elif name and (len(child) or child.text or child.attrib):
            found.setdefault(name, child)
    feed.title = title(_text(found, "title"))
    feed.site_url = web_url(base, _text(found, "link")) or feed.site_url
    feed.description = line(_text(found, "description", "itunes:summary", "itunes:subtitle"), 2000)
    feed.language = line(_text(found, "language", "dc:language"), 40)
    feed.icon = _icon(found, root, base)
    feed.ttl_seconds = _ttl(found)
    if "skiphours" in found:
        hours = (whole_number(text_of(hour)) for hour in found["skiphours"])
        feed.skip_hours = tuple(sorted({hour % 24 for hour in hours if hour is not None and hour <= 24}))


def _channel_link(feed: ParsedFeed, element: _Element, base: str) -> None:
    rel = (element.get("rel") or "alternate").lower()
    target = web_url(base, element.get("href"))
    if rel == "hub":
        feed.hub = feed.hub or target
    elif rel == "self":
        feed.self_url = feed.self_url or target
    elif rel == "alternate":
        feed.site_url = feed.site_url or target


def _icon(found: dict[str, _Element], root: _Element, base: str) -> str | None:
    image = found.get("image")
    if image is None or len(image) == 0:  # RSS 1.0 refers to a sibling of the channel
        image = next((child for child in root if short(child.tag) == "image" and len(child)), image)
    if image is not None:
        for child in image:
            if short(child.tag) == "url":
                return web_url(base, text_of(child))
    itunes = found.get("itunes:image")
    return web_url(base, itunes.get("href")) if itunes is not None else None


def _ttl(found: dict[str, _Element]) -> int | None:
    minutes = whole_number(_text(found, "ttl") or "", 1)
    return min(minutes, 525_600) * 60 if minutes else modules.update_seconds(found)


def _text(found: dict[str, _Element], *names: str) -> str | None:
    for name in names:
        element = found.get(name)
        if element is not None:
            value = text_of(element)
            if value.strip():
                return value
    return None


def _date(found: dict[str, _Element], names: tuple[str, ...]) -> float | None:
    for name in names:
        element = found.get(name)
        if element is not None and (value := parse_date(text_of(element))) is not None:
            return value
    return None


def _item(item: _Element, base: str) -> ParsedEntry:
    base = rebase(base, item.get(XML_BASE))
    found: dict[str, _Element] = {}
    links: list[_Element] = []
    attached: list[_Element] = []
    categories: list[str | None] = []
    media = False
    for child in item:
        name = short(child.tag)
        if not name:
            continue
        if name in ("link", "atom:link", "guid"):
            links.append(child)
        elif name == "enclosure":
            attached.append(child)
        elif name in ("category", "dc:subject"):
            categories.append(text_of(child) or child.get("term"))
        elif name.startswith("media:"):
            media = True
        if name not in found:
            found[name] = child
    entry = ParsedEntry(base=base)
    _identity(entry, found, links, item, base)
    _dates(entry, found, item)
    entry.title = title(_text(found, "title", "dc:title", "itunes:title", "media:title"))
    entry.author = _author(found)
    entry.comments_url = web_url(base, _text(found, "comments"))
    entry.tags = tags(categories) if categories else ()
    if entry.url and item.get(XML_BASE) is None:
        entry.base = entry.url  # RSS says nothing; a page's own address is what its author meant
    parts = list(modules.media_parts(item)) if media else []
    _body(entry, found, parts)
    if attached or parts or links:
        files = [enclosure(base, e.get("url") or e.get(_RESOURCE), e.get("type"), e.get("length")) for e in attached]
        files += [
            enclosure(base, e.get("href"), e.get("type"), e.get("length")) for e in links if e.get("rel") == "enclosure"
        ]
        entry.enclosures = enclosures([*files, *modules.media_enclosures(parts, base)])
    return entry


def _identity(entry: ParsedEntry, found: dict[str, _Element], links: list[_Element], item: _Element, base: str) -> None:
    guid = found.get("guid")
    entry.uid = uid(text_of(guid)) if guid is not None else uid(item.get(_ABOUT))
    for element in links:
        if short(element.tag) == "guid":
            continue
        if element.get("rel", "alternate") == "alternate" and (target := element.get("href") or text_of(element)):
            entry.url = entry.url or web_url(base, target)
    if entry.url is None and guid is not None and (guid.get("isPermaLink") or "true").strip().lower() != "false":
        written = text_of(guid).strip()
        entry.url = web_url(base, written) if written.lower().startswith(("http://", "https://")) else None
    if entry.url is None and guid is None:
        entry.url = web_url(base, item.get(_ABOUT))


def _dates(entry: ParsedEntry, found: dict[str, _Element], item: _Element) -> None:
    entry.published_at = _date(found, _DATES)
    entry.updated_at = _date(found, _UPDATES)
    if entry.dated_at is None:
        entry.published_at = modules.crawl_time(item)


def _author(found: dict[str, _Element]) -> str | None:
    for name in _AUTHORS:
        element = found.get(name)
        if element is None:
            continue
        named = next((child for child in element if short(child.tag).endswith("name")), element)
        written = line(text_of(named), 200)
        if written:
            return _name_in(written)
    return None


def _name_in(written: str) -> str:
    """ "someone@example.org (Some One)" is how RSS wants authors; the name is what a reader wants."""
    address, parenthesis, name = written.partition("(")
    return name.rstrip(") ") or address.strip() if parenthesis and "@" in address else written


def _body(entry: ParsedEntry, found: dict[str, _Element], parts: list[tuple[str, _Element]]) -> None:
    """content:encoded is the content and a description beside it the summary; alone, the description is the
    content (and so is whatever else there is)."""
    full = None
    for name in ("content:encoded", "xhtml:body", "xhtml:div", "atom:content", "content"):
        if name in found:
            full = content(html_of(found[name]))
            if full:
                break
    short_one = None
    for name in ("description", "dc:description", "atom:summary", "itunes:summary", "itunes:subtitle"):
        if name in found:
            short_one = content(html_of(found[name]))
            if short_one:
                break
    if full is None:
        full, short_one = short_one, None
    if full is None and parts:
        full = content(modules.media_text(parts))
        entry.media_html = content(modules.media_html(parts, entry.base, None))
    entry.content_html, entry.summary_html = full, short_one
