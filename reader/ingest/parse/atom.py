"""Atom 1.0 (RFC 4287) and 0.3, well-formed."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING

from reader.ingest.parse import modules
from reader.ingest.parse.dates import parse_date
from reader.ingest.parse.model import MAX_ENTRIES, ParsedEntry, ParsedFeed
from reader.ingest.parse.names import ATOM_03, XML_BASE, XML_LANG, short
from reader.ingest.parse.values import (
    content,
    enclosure,
    enclosures,
    html_of,
    line,
    plain_title,
    rebase,
    tags,
    text_of,
    title,
    uid,
    web_url,
)

if TYPE_CHECKING:
    from lxml.etree import _Element

_PUBLISHED = ("atom:published", "atom:issued", "dc:date", "dcterms:issued", "atom:created")
_UPDATED = ("atom:updated", "atom:modified", "dcterms:modified")


def is_atom(root: _Element) -> bool:
    """Whether the root element is a feed or a lone entry of Atom."""
    return short(root.tag) in ("atom:feed", "atom:entry", "feed")


def parse_atom(root: _Element, url: str) -> ParsedFeed:
    """Extract a feed from its root element; ``url`` is where it came from, the base of relative links."""
    old = (isinstance(root.tag, str) and root.tag.startswith("{" + ATOM_03)) or root.get("version") == "0.3"
    feed = ParsedFeed("atom 0.3" if old else "atom 1.0")
    base = rebase(url, root.get(XML_BASE))
    if short(root.tag) == "atom:entry":  # RFC 4287, 4.1.2: an entry may stand alone
        feed.entries = [_entry(root, base, None)]
        return feed
    found: dict[str, _Element] = {}
    links: list[_Element] = []
    entries: list[_Element] = []
    for child in root:
        name = _named(child)
        if name == "atom:entry":
            entries.append(child)
        elif name == "atom:link":
            links.append(child)
        elif name:
            found.setdefault(name, child)
    _feed(feed, root, found, links, base)
    author = _author(found)
    feed.entries = [_entry(entry, base, author) for entry in entries[:MAX_ENTRIES]]
    return feed


def _named(element: _Element) -> str:
    name = short(element.tag)
    return f"atom:{name}" if name and ":" not in name else name  # a feed that forgot its namespace


def _feed(feed: ParsedFeed, root: _Element, found: dict[str, _Element], links: list[_Element], base: str) -> None:
    if "atom:title" in found:
        feed.title = _title(found["atom:title"])
    subtitle = found.get("atom:subtitle", found.get("atom:tagline"))
    feed.description = line(_html(subtitle), 2000) if subtitle is not None else None
    feed.language = line(root.get(XML_LANG), 40)
    feed.site_url = _link(links, base, "alternate")
    feed.self_url = _link(links, base, "self")
    feed.hub = _link(links, base, "hub")
    for name in ("atom:icon", "atom:logo"):
        if name in found and feed.icon is None:
            feed.icon = web_url(rebase(base, found[name].get(XML_BASE)), text_of(found[name]).strip())
    feed.ttl_seconds = modules.update_seconds(found)


def _entry(element: _Element, base: str, feed_author: str | None) -> ParsedEntry:
    base = rebase(base, element.get(XML_BASE))
    found: dict[str, _Element] = {}
    links: list[_Element] = []
    categories: list[str | None] = []
    media = False
    for child in element:
        name = _named(child)
        if name == "atom:link":
            links.append(child)
        elif name == "atom:category":
            categories.append(child.get("label") or child.get("term"))
        elif name == "dc:subject":
            categories.append(text_of(child))
        elif name:
            media = media or name.startswith("media:")
            found.setdefault(name, child)
    entry = ParsedEntry(base=base)
    if "atom:id" in found:
        entry.uid = uid(text_of(found["atom:id"]))
    entry.url = _link(links, base, "alternate") or _link_in_content(found, base) or _link(links, base, "related")
    entry.title = _title(found["atom:title"]) if "atom:title" in found else ""
    entry.author = _author(found) or _author(found.get("atom:source", ())) or feed_author
    entry.published_at = _first_date(found, _PUBLISHED)
    entry.updated_at = _first_date(found, _UPDATED)
    if entry.dated_at is None:
        entry.published_at = modules.crawl_time(element)
    entry.tags = tags(categories) if categories else ()
    entry.comments_url = _link(links, base, "replies")
    parts = list(modules.media_parts(element)) if media else []
    files = [
        enclosure(rebase(base, link.get(XML_BASE)), link.get("href"), link.get("type"), link.get("length"))
        for link in links
        if link.get("rel") == "enclosure"
    ]
    if files or parts:
        entry.enclosures = enclosures([*files, *modules.media_enclosures(parts, base)])
    _body(entry, found, parts)
    return entry


def _link(links: list[_Element], base: str, rel: str) -> str | None:
    """The first link of a relation; among alternates one that is HTML goes before other types."""
    best = None
    for link in links:
        name = (link.get("rel") or "alternate").lower().removeprefix("http://www.iana.org/assignments/relation/")
        if name != rel:
            continue
        target = web_url(rebase(base, link.get(XML_BASE)), link.get("href"))
        if target and (link.get("type") or "text/html") in ("text/html", "application/xhtml+xml"):
            return target
        best = best or target
    return best


def _link_in_content(found: dict[str, _Element], base: str) -> str | None:
    body = found.get("atom:content")
    return web_url(base, body.get("src")) if body is not None else None


def _title(element: _Element) -> str:
    kind = (element.get("type") or "text").lower()
    if kind in ("text", "text/plain") and len(element) == 0:
        written = element.text or ""
        # Declared as text, yet escaped twice: so many publish it that entities are read as entities.
        return title(written) if "&" in written else plain_title(written)
    return title(_html(element))


def _html(element: _Element) -> str:
    """The HTML of a text construct or content (RFC 4287, 3.1.1 and 4.1.3.3; type and mode of 0.3)."""
    kind = (element.get("type") or "text").split(";")[0].strip().lower()
    mode = (element.get("mode") or "").lower()
    if mode == "base64" or (kind not in _TEXTUAL and not kind.endswith(("+xml", "/xml")) and element.get("type")):
        return _from_base64(element, kind)
    if len(element):
        return html_of(element)
    written = element.text or ""
    escaped_text = kind in ("text", "text/plain") and mode != "escaped"
    return (
        "<p>" + escape(written, quote=False).replace("\n", "<br>\n") + "</p>" if escaped_text and written else written
    )


_TEXTUAL = ("text", "html", "xhtml", "text/html", "text/plain", "application/xhtml+xml")


def _from_base64(element: _Element, kind: str) -> str:
    if kind.startswith("text/") or kind in _TEXTUAL:
        try:
            return base64.b64decode(text_of(element)).decode("utf-8", "replace")
        except (binascii.Error, ValueError):
            return text_of(element)
    return ""  # a picture or the like inside the document: no HTML


def _author(found: dict[str, _Element] | Iterable[_Element]) -> str | None:
    children = found.items() if isinstance(found, dict) else ((_named(child), child) for child in found)
    for key, element in children:
        if key in ("atom:author", "dc:creator"):
            named = {_named(child): child for child in element}
            name = line(
                text_of(named.get("atom:name", element if not named else named.get("atom:email", element))), 200
            )
            if name:
                return name
    return None


def _first_date(found: dict[str, _Element], names: tuple[str, ...]) -> float | None:
    for name in names:
        if name in found and (value := parse_date(text_of(found[name]))) is not None:
            return value
    return None


def _body(entry: ParsedEntry, found: dict[str, _Element], parts: list[tuple[str, _Element]]) -> None:
    full = summary = None
    if "atom:content" in found:
        body = found["atom:content"]
        entry.base = rebase(entry.base, body.get(XML_BASE))
        if len(body) == 1 and (inner := body[0].get(XML_BASE)):
            entry.base = rebase(entry.base, inner)
        full = content(_html(body))
    if "atom:summary" in found:
        summary = content(_html(found["atom:summary"]))
    if parts and full is None and summary is None:
        video = found.get("yt:videoId")
        embed = f"https://www.youtube.com/embed/{text_of(video).strip()}" if video is not None else None
        full = content(modules.media_text(parts))
        entry.media_html = content(modules.media_html(parts, entry.base, embed))
    entry.content_html, entry.summary_html = full, summary
