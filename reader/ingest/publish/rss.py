"""RSS 2.0 (rssboard.org/rss-specification, and its Best Practices Profile) with the elements of Atom that it lacks."""

from __future__ import annotations

from html import escape

from lxml import etree

from reader.ingest.parse.names import ATOM, PREFERRED
from reader.ingest.publish.atom import file_link, links, source_element
from reader.ingest.publish.model import Document, Item, media_type
from reader.ingest.publish.words import with_words
from reader.ingest.publish.xml import DC, SPACES, Element, add, chain, document, person, rfc822, rfc3339
from reader.ingest.text import clean_text

CONTENT, SLASH = PREFERRED["content"], PREFERRED["slash"]


def write_rss(stream: Document) -> bytes:
    """The whole document."""
    spaces = {"atom": ATOM, "dc": DC, "content": CONTENT, "slash": SLASH, **SPACES}
    root = etree.Element("rss", nsmap=spaces)
    root.set("version", "2.0")
    channel = add(root, "channel", space=None)
    add(channel, "title", _title(stream.title), None)
    add(channel, "link", stream.page, None)
    add(channel, "description", _title(stream.description or stream.title), None)
    add(channel, "lastBuildDate", rfc822(stream.updated_at), None)
    add(channel, "generator", "Evantr", None)
    add(channel, "creator", stream.owner, DC)
    add(channel, "id", stream.id)
    if stream.icon:
        add(channel, "icon", stream.icon)
    links(channel, stream, "application/rss+xml")
    for item in stream.items:
        _item(channel, item)
    return document(root)


def _title(text: str) -> str:
    """RSS does not say whether a title is text or HTML: escaped only where one who reads HTML would lose something."""
    return text if clean_text(text) == text else escape(text, quote=False)


def _item(channel: Element, item: Item) -> None:
    out = add(channel, "item", space=None)
    add(out, "title", _title(item.title), None)
    add(out, "link", item.link, None)
    add(out, "guid", item.step.id, None, isPermaLink="false")
    add(out, "pubDate", rfc822(item.shared_at), None)
    add(out, "updated", rfc3339(item.updated_at))
    if item.writer:
        add(out, "creator", item.writer, DC)
    person(out, "contributor", item.step.name, item.step.url)
    for tag in item.tags:
        add(out, "category", tag, None)
    _files(out, item)
    if item.summary:
        add(out, "description", escape(item.summary, quote=False), None)
    add(out, "encoded", with_words(item), CONTENT)
    _source(out, item)
    add(out, "comments", f"{item.page}#comments", None)
    add(out, "comments", str(item.comments), SLASH)
    chain(out, item)


def _files(out: Element, item: Item) -> None:
    """One enclosure, as the profile wants; the others are links."""
    for file in item.enclosures[:1]:
        kind = media_type(file) or "application/octet-stream"
        add(out, "enclosure", space=None, url=file.url, type=kind, length=str(file.length or 0))
    for file in item.enclosures[1:]:
        file_link(out, file)


def _source(out: Element, item: Item) -> None:
    """RSS's own, which has one address; Atom's beside it where there is more to tell."""
    source = item.source
    if source is None:
        return
    if source.url:
        add(out, "source", source.title, None, url=source.url)
    if source.site_url or not source.url:
        source_element(out, source, item.published_at or item.shared_at)
