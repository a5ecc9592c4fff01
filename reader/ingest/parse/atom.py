"""Atom 1.0 (RFC 4287) and 0.3."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from reader.ingest.parse import modules
from reader.ingest.parse.chain import read_chain
from reader.ingest.parse.channel import first_date, icon_of, link_of
from reader.ingest.parse.constructs import author_names, html_of_construct, title_of
from reader.ingest.parse.limits import check_entries
from reader.ingest.parse.model import MAX_DESCRIPTION, ParsedEntry, ParsedFeed
from reader.ingest.parse.names import XML_BASE, XML_LANG, is_old_atom, local, short
from reader.ingest.parse.values import (
    content,
    enclosure,
    enclosures,
    line,
    people,
    rebase,
    tags,
    text_of,
    uid,
    web_url,
)

if TYPE_CHECKING:
    from lxml.etree import _Element

_PUBLISHED = (
    "atom:published", "atom:issued", "atom:pubdate", "dc:date", "dcterms:issued", "atom:created", "dcterms:created",
)  # fmt: skip
_UPDATED = ("atom:updated", "atom:modified", "dcterms:modified")
_PEOPLE = ("atom:author", "dc:creator", "dcterms:creator")
_TAGS = {
    "atom:category", "category", "dc:subject", "itunes:category", "itunes:keywords", "media:category", "media:keywords",
}  # fmt: skip


def parse_atom(root: _Element, url: str) -> ParsedFeed:
    """Extract a feed from its root element; ``url`` is where it came from, the base of relative links."""
    tag = str(root.tag)
    old = is_old_atom(tag) or (root.get("version") or "").strip() in ("0.1", "0.2", "0.3")
    feed = ParsedFeed(f"atom {(root.get('version') or '0.3').strip()[:8]}" if old else "atom 1.0")
    base = rebase(url, root.get(XML_BASE))
    if local(tag) == "entry":  # RFC 4287, 4.1.2: an entry may stand alone
        feed.entries = [_entry(root, url, None)]
        return feed
    found: dict[str, _Element] = {}
    links: list[_Element] = []
    entries: list[_Element] = []
    authors: list[_Element] = []
    for child in root:
        name = short(child.tag)
        if name in ("atom:entry", "atom:item", "item"):
            entries.append(child)
        elif name == "atom:link":
            links.append(child)
        elif name in _PEOPLE:
            authors.append(child)
        elif name and name not in found:
            found[name] = child
    _feed(feed, root, found, links, base)
    check_entries(len(entries))
    author = _author(authors)
    feed.entries = [_entry(entry, base, author) for entry in entries]
    return feed


def _feed(feed: ParsedFeed, root: _Element, found: dict[str, _Element], links: list[_Element], base: str) -> None:
    if "atom:title" in found:
        feed.title = title_of(found["atom:title"])
    said = next((found[name] for name in ("atom:subtitle", "atom:tagline") if name in found), None)
    feed.description = (title_of(said)[:MAX_DESCRIPTION] or None) if said is not None else None
    spoken = found.get("dc:language", found.get("atom:language"))
    feed.language = line(root.get(XML_LANG) or (text_of(spoken) if spoken is not None else None), 40)
    feed.site_url = link_of(links, base, "alternate")
    feed.self_url = link_of(links, base, "self")
    feed.hub = link_of(links, base, "hub")
    feed.icon = icon_of(found, root, base)
    feed.ttl_seconds = modules.update_seconds(found)


def _entry(element: _Element, base: str, feed_author: str | None) -> ParsedEntry:
    if own := element.get(XML_BASE):
        base = rebase(base, own)
    found: dict[str, _Element] = {}
    links: list[_Element] = []
    labels: list[_Element] = []
    authors: list[_Element] = []
    media = False
    for child in element:
        name = short(child.tag)
        if name == "atom:link":
            links.append(child)
        elif name in _TAGS:
            labels.append(child)
        elif name in _PEOPLE:
            authors.append(child)
        elif name and name not in found:
            found[name] = child
        if name.startswith("media:"):
            media = True
    entry = ParsedEntry(base=base)
    parts = list(modules.media_parts(element)) if media else []
    if "atom:id" in found:
        entry.uid = uid(text_of(found["atom:id"]))
    entry.url = _page(found, links, base)
    entry.title = title_of(found["atom:title"]) if "atom:title" in found else ""
    if not entry.title and parts:
        entry.title = line(modules.media_title(parts), 1000) or ""
    entry.author = _author(authors) or _source_author(found.get("atom:source")) or feed_author
    entry.published_at = first_date(found, _PUBLISHED)
    entry.updated_at = first_date(found, _UPDATED)
    if entry.dated_at is None:
        entry.published_at = modules.crawl_time(element)
    if labels or parts:
        entry.tags = tags(modules.labels([*labels, *(part for _, part in parts)]))
    if len(links) > 1:
        entry.comments_url = link_of(links, base, "replies")
    if parts or len(links) > 1 or not entry.url:
        files = [
            enclosure(
                rebase(base, link.get(XML_BASE)), link.get("href") or link.text, link.get("type"), link.get("length")
            )
            for link in links
            if (link.get("rel") or "").lower() == "enclosure"
        ]
        entry.enclosures = enclosures([*files, *modules.media_enclosures(parts, base)])
    _body(entry, found, parts)
    if len(links) > 1 or "atom:source" in found or "evantr:share" in found:
        read_chain(entry, found, links, base)
    return entry


def _page(found: dict[str, _Element], links: list[_Element], base: str) -> str | None:
    """Where the entry is read: FeedBurner's original, the alternate, content that lies outside, what it is about."""
    original = found.get("feedburner:origlink")
    if original is not None and (url := web_url(base, text_of(original))):
        return url
    if url := link_of(links, base, "alternate"):
        return url
    body = found.get("atom:content")
    if body is not None and (url := web_url(rebase(base, body.get(XML_BASE)), body.get("src"))):
        return url
    if url := link_of(links, base, "related"):
        return url
    written = found.get("atom:id")
    own = text_of(written).strip() if written is not None else ""
    return web_url(base, own) if own.lower().startswith(("http://", "https://")) else None


def _author(elements: Iterable[_Element]) -> str | None:
    return people(name for element in elements for name in author_names(element))


def _source_author(source: _Element | None) -> str | None:
    return _author(child for child in source if short(child.tag) in _PEOPLE) if source is not None else None


def _body(entry: ParsedEntry, found: dict[str, _Element], parts: modules.Parts) -> None:
    full = summary = None
    body = found.get("atom:content", found.get("content:encoded"))
    if body is not None:
        entry.base = rebase(entry.base, body.get(XML_BASE))
        full = content(html_of_construct(body, entry.base) if short(body.tag)[0] == "a" else text_of(body))
    if "atom:summary" in found:
        summary = content(_summary(found["atom:summary"], entry.base))
    if parts and full is None and summary is None:
        video = found.get("yt:videoid")
        embed = f"https://www.youtube.com/embed/{text_of(video).strip()}" if video is not None else None
        full = content(modules.media_text(parts))
        entry.media_html = content(modules.media_html(parts, entry.base, embed))
    entry.content_html, entry.summary_html = full, summary


def _summary(element: _Element, base: str) -> str:
    return html_of_construct(element, base)
