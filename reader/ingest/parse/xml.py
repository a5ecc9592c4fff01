"""XML feeds: strictly first, mended second, feedparser last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree

from reader.errors import Upstream
from reader.ingest.address import shorten
from reader.ingest.parse.atom import is_atom, parse_atom
from reader.ingest.parse.model import ParsedFeed
from reader.ingest.parse.repair import first_words, repair
from reader.ingest.parse.rss import is_rss, parse_rss

if TYPE_CHECKING:
    from lxml.etree import _Element

_MAX_LOOSE = 1_000_000  # feedparser takes seconds for more
_MAX_LOOSE_ENTRIES = 5000


def parse_xml(text: str, url: str) -> ParsedFeed:
    """Parse RSS, RDF or Atom in ``text`` that came from ``url``. Raises Upstream("not_a_feed")."""
    root = None if "<!DOCTYPE" in text[:4096] else _root(text, recover=False)
    if root is not None:
        feed = _extract(root, url)
        if feed is None:
            raise no_feed(text)
        return feed
    mended = repair(text)
    root = _root(mended, recover=False)
    feed = _extract(root, url) if root is not None else _loosely(mended, url)
    if feed is None:
        raise no_feed(text)
    feed.repaired = True
    return feed


def no_feed(text: str) -> Upstream:
    """The error for a document that is none of our formats, with its beginning."""
    head = text[:2000].lstrip("\ufeff \t\r\n").lower()
    if head.startswith(("<!doctype html", "<html")) or "<html" in head:
        return Upstream("not_a_feed", "That address holds a web page, not a feed.")
    begins = shorten(first_words(text), 40)
    return Upstream(
        "not_a_feed", f"That is not a feed: it begins with “{begins}”." if begins else "The answer is empty."
    )


def _root(text: str, *, recover: bool) -> _Element | None:
    # No entities, no network, no DTD; libxml2 itself stops at a depth of 256 and at text nodes over 10 MB.
    parser = etree.XMLParser(
        encoding="utf-8",
        recover=recover,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        collect_ids=False,
    )
    try:
        # A lone surrogate cannot be encoded; "replace" leaves a "?" and the document parses on.
        return etree.fromstring(text.encode("utf-8", "replace"), parser)
    except (etree.XMLSyntaxError, ValueError):
        return None


def _extract(root: _Element, url: str) -> ParsedFeed | None:
    if is_rss(root):
        return parse_rss(root, url)
    return parse_atom(root, url) if is_atom(root) else None


def _loosely(text: str, url: str) -> ParsedFeed | None:
    """feedparser, and libxml2's own recovery where that finds more entries (or the document is very large)."""
    root = _root(text, recover=True)
    recovered = _extract(root, url) if root is not None else None
    if recovered is None and not _smells(text):
        return None
    if len(text) > _MAX_LOOSE or text.count("<item") + text.count("<entry") > _MAX_LOOSE_ENTRIES:
        return recovered
    from reader.ingest.parse.loose import parse_loose

    feed = parse_loose(text, url)
    if feed is None or (recovered is not None and len(recovered.entries) > len(feed.entries)):
        return recovered
    return feed


def _smells(text: str) -> bool:
    head = text[:5000].lower()
    return any(mark in head for mark in ("<rss", "<feed", "<rdf:rdf", "<channel", "<item", "<entry"))
