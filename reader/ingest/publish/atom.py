"""Atom 1.0 (RFC 4287) with threading (RFC 4685), archives (RFC 5005) and the chain (docs/sharing.md)."""

from __future__ import annotations

from html import escape
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from lxml import etree

from reader.ingest.parse.names import ATOM
from reader.ingest.publish.model import Document, Item, media_type
from reader.ingest.publish.words import with_words
from reader.ingest.publish.xml import FH, SPACES, Element, add, chain, document, link, person, rfc3339
from reader.ingest.text import clean_text
from reader.models.entry import Enclosure
from reader.models.share import Source


def write_atom(stream: Document) -> bytes:
    """The whole document."""
    spaces: Any = {None: ATOM, **SPACES}  # None is the default namespace, which the stubs do not know
    root = etree.Element(f"{{{ATOM}}}feed", nsmap=spaces)
    add(root, "id", stream.id)
    _text(root, "title", stream.title)
    if stream.description:
        _text(root, "subtitle", stream.description)
    add(root, "updated", rfc3339(stream.updated_at))
    person(root, "author", stream.owner, stream.owner_url)
    links(root, stream, "application/atom+xml")
    link(root, "alternate", stream.page, type="text/html")
    if stream.icon:
        add(root, "icon", stream.icon)
    add(root, "generator", "Evantr")
    for item in stream.items:
        _entry(root, item)
    return document(root)


def links(parent: Element, stream: Document, kind: str) -> None:
    """self, hub, and the other parts of the stream: archives (RFC 5005, 4) that can be walked as pages too (3)."""
    pages = stream.pages
    link(parent, "self", stream.url, type=kind)
    if stream.hub:
        link(parent, "hub", stream.hub)
    if pages.archive:
        add(parent, "archive", space=FH)
        link(parent, "current", pages.current, type=kind)
    if pages.older:
        link(parent, "prev-archive", pages.older, type=kind)
        link(parent, "next", pages.older, type=kind)
    if pages.newer:
        link(parent, "next-archive", pages.newer, type=kind)
        link(parent, "previous", pages.newer, type=kind)
    elif pages.archive:
        link(parent, "previous", pages.current, type=kind)


def _text(parent: Element, name: str, text: str) -> None:
    """As text; as HTML only where somebody who takes text for HTML would lose something of it."""
    if clean_text(text) == text:
        add(parent, name, text, type="text")
    else:
        add(parent, name, escape(text, quote=False), type="html")


def _entry(root: Element, item: Item) -> None:
    entry = add(root, "entry")
    add(entry, "id", item.step.id)
    _text(entry, "title", item.title)
    link(entry, "alternate", item.link, type="text/html")
    if item.url:
        link(entry, "related", item.page, type="text/html", title=f"Shared by {item.step.name}")
    add(entry, "published", rfc3339(item.shared_at))
    add(entry, "updated", rfc3339(item.updated_at))
    if item.writer:
        person(entry, "author", item.writer)
    person(entry, "contributor", item.step.name, item.step.url)
    for tag in item.tags:
        add(entry, "category", term=tag)
    for file in item.enclosures:
        file_link(entry, file)
    if item.summary:
        add(entry, "summary", item.summary, type="text")
    add(entry, "content", with_words(item), type="html")
    if item.source is not None:
        source_element(entry, item.source, item.published_at or item.shared_at)
    chain(entry, item)


def file_link(parent: Element, file: Enclosure) -> None:
    kind = media_type(file)
    known = {"type": kind, "length": str(file.length) if file.length else None}
    link(parent, "enclosure", file.url, **{name: value for name, value in known.items() if value})


def source_element(parent: Element, source: Source, at: float) -> None:
    """atom:source: of the feed where it was first, what RFC 4287, 4.2.11 wants kept of it."""
    element = add(parent, "source")
    add(element, "id", source.url or source.site_url or uuid5(NAMESPACE_URL, source.title).urn)
    _text(element, "title", source.title)
    add(element, "updated", rfc3339(at))
    if source.url:
        link(element, "self", source.url)
    if source.site_url:
        link(element, "alternate", source.site_url, type="text/html")
