"""RSS 0.9x, 2.0 and 1.0 (RDF), and CDF. rssboard.org/rss-specification, web.resource.org/rss/1.0/spec."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from reader.ingest.parse import modules
from reader.ingest.parse.chain import read_chain
from reader.ingest.parse.channel import first_date, first_text, icon_of, link_of, read_channel
from reader.ingest.parse.constructs import author_names, html_of_construct
from reader.ingest.parse.dates import parse_date
from reader.ingest.parse.limits import check_entries
from reader.ingest.parse.model import ParsedEntry, ParsedFeed
from reader.ingest.parse.names import RDF, XML_BASE, local, namespace, short
from reader.ingest.parse.values import (
    content,
    enclosure,
    enclosures,
    html_of,
    people,
    rebase,
    tags,
    text_of,
    title,
    uid,
    web_url,
)

if TYPE_CHECKING:
    from lxml.etree import _Element

_RESOURCE = f"{{{RDF}}}resource"
_ABOUT = f"{{{RDF}}}about"
_DATES = (
    "pubdate", "dc:date", "dcterms:issued", "dcterms:created", "dcterms:date", "atom:published", "atom:issued",
    "published", "date",
)  # fmt: skip
_UPDATES = ("atom:updated", "dcterms:modified", "atom:modified", "updated", "modified")
_UPDATE_NAMES = frozenset(_UPDATES)
_AUTHORS = (
    "dc:creator", "dc:author", "author", "itunes:author", "atom:author", "googleplay:author", "managingeditor",
    "dcterms:creator",
)  # fmt: skip
_TITLES = ("title", "dc:title", "media:title", "itunes:title", "atom:title")
_FULL = (
    "content:encoded", "xhtml:body", "xhtml:div", "atom:content", "content", "encoded", "body", "fullitem",
)  # fmt: skip
_SHORT = (
    "description", "dc:description", "atom:summary", "googleplay:description", "itunes:summary", "itunes:subtitle",
    "summary", "abstract",
)  # fmt: skip
_ORIGINS = frozenset(("source", "atom:source", "evantr:share"))
_TAGS = {
    "category", "dc:subject", "atom:category", "itunes:category", "itunes:keywords", "media:category", "media:keywords",
}  # fmt: skip

_PARTS = {
    **dict.fromkeys(_TAGS, "tag"), **dict.fromkeys(_AUTHORS, "author"), "link": "link", "atom:link": "link",
    "enclosure": "file",
}  # fmt: skip


def parse_rss(root: _Element, url: str) -> ParsedFeed:
    """Extract a feed from its root element; ``url`` is where it came from, the base of relative links."""
    stated = root.get(XML_BASE)
    base = rebase(url, stated)
    alone = local(root.tag) == "channel"
    channel = root if alone else next((child for child in root if short(child.tag) == "channel"), root)
    if channel is not root:
        stated = channel.get(XML_BASE) or stated
        base = rebase(base, channel.get(XML_BASE))
    feed = ParsedFeed(_format(root, channel, alone))
    found, items = read_channel(feed, channel, root, base)
    feed.icon = icon_of(found, root, base)
    if channel is not root:  # RDF, and RSS written by those who read the wrong specification
        items += [child for child in root if short(child.tag) == "item"]
    check_entries(len(items))
    if base == url and feed.site_url and urlsplit(feed.site_url).netloc != urlsplit(url).netloc:
        base = feed.site_url  # the document lies elsewhere than the site whose links it holds
    feed.entries = [_item(item, base, bool(stated)) for item in items]
    return feed


def _format(root: _Element, channel: _Element, alone: bool) -> str:
    if local(root.tag) == "rdf":
        inner = namespace(str(channel.tag)) if channel is not root else ""
        return "rdf 0.90" if "rdf/simple/0.9" in inner else "rdf 1.1" if "rss1.1" in inner else "rdf 1.0"
    if alone and any(name.lower() == "href" for name in map(str, root.attrib)):
        return "cdf 1.0"
    version = (root.get("version") or root.get("VERSION") or root.get("Version") or "").strip()[:8]
    return f"rss {version}" if version else "rss"


def _item(item: _Element, base: str, stated: bool) -> ParsedEntry:
    """An entry; ``stated``: an xml:base around it says what ``base`` is."""
    if own := item.get(XML_BASE):
        base, stated = rebase(base, own), True
    found: dict[str, _Element] = {}
    links: list[_Element] = []
    attached: list[_Element] = []
    labels: list[_Element] = []
    authors: list[tuple[str, _Element]] = []
    media = False
    for child in item:
        name = short(child.tag)
        if name not in found or (name in _TITLES and not text_of(found[name]).strip()):
            found[name] = child
        part = _PARTS.get(name)
        if part is None:
            media = media or name[:6] == "media:"
        elif part == "link":
            links.append(child)
        elif part == "tag":
            labels.append(child)
            media = media or name[:6] == "media:"
        elif part == "file":
            attached.append(child)
        else:
            authors.append((name, child))
    entry = ParsedEntry(base=base)
    parts = list(modules.media_parts(item)) if media else []
    _identity(entry, found, links, item, base)
    entry.published_at = first_date(found, _DATES)
    if not _UPDATE_NAMES.isdisjoint(found):
        entry.updated_at = first_date(found, _UPDATES)
    if entry.updated_at is None and len(item.attrib):
        entry.updated_at = parse_date(item.get("lastmod") or item.get("LASTMOD"))  # CDF
    if entry.dated_at is None:
        entry.published_at = modules.crawl_time(item)
    entry.title = title(first_text(found, _TITLES) or (modules.media_title(parts) if parts else None))
    if authors:
        entry.author = _author(authors)
    comments = found.get("comments")
    entry.comments_url = web_url(base, text_of(comments)) if comments is not None else link_of(links, base, "replies")
    if labels or parts:
        entry.tags = tags(modules.labels([*labels, *(element for _, element in parts)]))
    if entry.url and not stated:
        entry.base = entry.url  # the document says nothing; a page's own address is what its author meant
    _body(entry, found, parts, base)
    if attached or parts or len(links) > 1:
        entry.enclosures = enclosures([*_files(attached, links, base), *modules.media_enclosures(parts, base)])
    if len(links) > 1 or not _ORIGINS.isdisjoint(found):
        read_chain(entry, found, links, base)
    return entry


def _files(attached: list[_Element], links: list[_Element], base: str):  # type: ignore[no-untyped-def]
    for element in attached:
        address = element.get("url") or element.get(_RESOURCE) or element.get("href") or text_of(element)
        yield enclosure(base, address, element.get("type"), element.get("length"))
    for element in links:
        if (element.get("rel") or "").lower() == "enclosure":
            yield enclosure(base, element.get("href"), element.get("type"), element.get("length"))


def _identity(entry: ParsedEntry, found: dict[str, _Element], links: list[_Element], item: _Element, base: str) -> None:
    guid = found.get("guid")
    entry.uid = uid(text_of(guid)) if guid is not None else None
    about = item.get(_ABOUT) if len(item.attrib) else None
    if entry.uid is None:
        own = found.get("atom:id", found.get("id"))
        entry.uid = uid(about) or (uid(text_of(own)) if own is not None else None)
    original = found.get("feedburner:origlink")
    if original is not None:
        entry.url = web_url(base, text_of(original))
    for element in links:
        if entry.url is not None:
            break
        if (element.get("rel") or "alternate").lower() == "alternate":
            there = rebase(base, element.get(XML_BASE))
            entry.url = web_url(there, text_of(element)) or web_url(
                there, element.get("href") or element.get(_RESOURCE)
            )
    if entry.url is None and guid is not None:
        entry.url = _permalink(guid, base)
    if entry.url is None and guid is None:
        entry.url = web_url(base, about) or web_url(base, item.get("href") or item.get("HREF"))


def _permalink(guid: _Element, base: str) -> str | None:
    """A guid is a permanent link unless it says no; one that is relative has to look like a link, or to say yes."""
    said = (
        next((value for name, value in guid.attrib.items() if str(name).lower() == "ispermalink"), "").strip().lower()
    )
    written = text_of(guid).strip()
    if said == "false" or not written:
        return None
    if written.lower().startswith(("http://", "https://", "//", "/", "./", "../", "www.")):
        return web_url(base, written)
    return web_url(base, written) if said == "true" and "/" in written and ":" not in written else None


def _author(found: list[tuple[str, _Element]]) -> str | None:
    for wanted in _AUTHORS:
        names = people(name for kind, element in found if kind == wanted for name in author_names(element))
        if names:
            return names
    return None


def _body(entry: ParsedEntry, found: dict[str, _Element], parts: list[tuple[str, _Element]], base: str) -> None:
    """content:encoded is the content and a description beside it the summary; alone, the description is the
    content (and so is whatever else there is)."""
    full = None
    for name in _FULL:
        if name in found and (full := content(_html(found[name], name, base))):
            if there := found[name].get(XML_BASE):
                entry.base = rebase(base, there)
            break
    short_one = None
    for name in _SHORT:
        if name in found and (short_one := content(_html(found[name], name, base))):
            if full is None and (there := found[name].get(XML_BASE)):
                entry.base = rebase(base, there)
            break
    if full is None:
        full, short_one = short_one, None
        if "description" in found and (beside := found.get("atom:summary", found.get("summary"))) is not None:
            short_one = content(html_of_construct(beside, base))
    if full is None and parts:
        full = content(modules.media_text(parts))
        entry.media_html = content(modules.media_html(parts, base, None))
    entry.content_html, entry.summary_html = full, short_one


def _html(element: _Element, name: str, base: str) -> str:
    return html_of_construct(element, base) if name.startswith("atom:") else html_of(element, base)
