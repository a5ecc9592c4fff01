"""XML feeds: strictly first, with mended references second, as tag soup third, feedparser last."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lxml import etree

from reader.errors import Upstream
from reader.ingest.address import shorten
from reader.ingest.parse.atom import parse_atom
from reader.ingest.parse.doctype import Entities, take_doctype
from reader.ingest.parse.limits import MAX_DEPTH, check_markup, too_large
from reader.ingest.parse.model import ParsedFeed
from reader.ingest.parse.names import ATOM, local, namespace, short
from reader.ingest.parse.repair import first_words, named, repair, without_declaration
from reader.ingest.parse.rss import parse_rss
from reader.ingest.parse.soup import strained

if TYPE_CHECKING:
    from lxml.etree import _Element

_MAX_LOOSE = 1_000_000  # feedparser takes seconds for more
# Characters 128 to 159 are windows-1252's, whatever XML says: &#146; is meant as an apostrophe.
_C1_DECIMAL = re.compile(r"&#1(?:2[89]|[345]\d);")
_C1_HEX = re.compile(r"&#x[89][0-9a-fA-F];")
_DOCTYPE = re.compile(r"(?>\s+|<\?[^>]*+>|<!--(?>[^-]|-(?!->))*+-->)*+<!doctype", re.IGNORECASE)
_FEEDS = re.compile(r"<(?:[\w.-]+:)?(?:rss|rdf|feed|channel|item|entry)[\s>]", re.IGNORECASE)
_FEED_ROOTS = re.compile(r"<(?:[\w.-]+:)?(?:rss|rdf|feed)[\s>]", re.IGNORECASE)
_HTML = re.compile(r"<!doctype\s+html|<html[\s>]", re.IGNORECASE)


def parse_xml(text: str, url: str, *, raw: bytes | None = None) -> ParsedFeed:
    """Parse RSS, RDF or Atom in ``text`` that came from ``url``. ``raw``: its bytes, if they are UTF-8 as they stand.

    Raises Upstream("not_a_feed") or, for a document over a limit, "too_large".
    """
    check_markup(text)
    for begins, references in (("&#1", _C1_DECIMAL), ("&#x", _C1_HEX)):
        if begins in text and references.search(text):
            text, raw = references.sub(_windows, text), None
    entities = Entities()
    if _DOCTYPE.match(text):
        text, entities = take_doctype(text)
        if entities.declared or entities.external:
            text = named(text, entities)
        raw = None
    root = _root(raw if raw is not None else without_declaration_at_start(text))
    if root is not None:
        feed = _extract(root, url)
        if feed is None and _FEED_ROOTS.search(text):
            feed = _soup(repair(text, entities), url)  # a feed in a frame of something else
        if feed is None:
            raise no_feed(text)
        return feed
    feed = _mended(text, entities, url)
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


def without_declaration_at_start(text: str) -> bytes:
    """The text as UTF-8, without the declaration of what its bytes were. Nothing else is taken away."""
    if text.startswith("<?xml"):
        text = without_declaration(text)
    # A lone surrogate cannot be encoded; "replace" leaves a "?" and the document parses on.
    return text.encode("utf-8", "replace")


def _parser(*, recover: bool) -> etree.XMLParser:
    # No entities, no network, no DTD; libxml2 itself stops at a depth of 256 and at text nodes over 10 MB.
    return etree.XMLParser(
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


_STRICT = _parser(recover=False)


def _root(document: bytes) -> _Element | None:
    """The root element; None when the document is not well-formed. Raises Upstream("too_large") for too deep a one."""
    try:
        return etree.fromstring(document, _STRICT)
    except etree.XMLSyntaxError as error:
        if "depth" in str(error).lower():
            raise too_large(f"Its elements nest deeper than {MAX_DEPTH}.") from None
    except ValueError:
        pass
    return None


def _extract(root: _Element, url: str) -> ParsedFeed | None:
    name = short(root.tag)
    kind = local(root.tag)
    if kind in ("rss", "rdf", "channel"):
        if kind != "rdf" and (not name or ":" in name):
            _rename(root, "")
        return parse_rss(root, url)
    if kind in ("feed", "entry"):
        if not name.startswith("atom:"):
            _rename(root, ATOM)
        return parse_atom(root, url)
    return None


def _rename(root: _Element, wanted: str) -> None:
    """Moves the elements of the root's own namespace, an unknown or wrong one, into the one that was meant."""
    wrong = namespace(str(root.tag))
    for element in root.iter():
        if isinstance(element.tag, str) and namespace(element.tag) == wrong:
            plain = element.tag.rpartition("}")[2].lower()
            element.tag = f"{{{wanted}}}{plain}" if wanted else plain


def _mended(text: str, entities: Entities, url: str) -> ParsedFeed | None:
    mended = repair(text, entities)
    root = _root(mended.encode("utf-8", "replace"))
    if root is not None and (feed := _extract(root, url)) is not None:
        return feed
    if not _FEEDS.search(mended) or (_HTML.search(mended[:5000]) and not _FEED_ROOTS.search(mended)):
        return None
    feed = _soup(mended, url)
    if feed is not None and (feed.entries or len(text) > _MAX_LOOSE):
        return feed
    from reader.ingest.parse.loose import parse_loose

    other = parse_loose(mended, url) if len(text) <= _MAX_LOOSE else None
    return other if other is not None and (feed is None or other.entries) else feed


def _soup(mended: str, url: str) -> ParsedFeed | None:
    clear = strained(mended)
    if clear is None:
        return None
    document = clear.encode("utf-8", "replace")
    root = _root(document)
    if root is None:
        root = etree.fromstring(document, _parser(recover=True))
    feed = _extract(root, url) if root is not None else None
    if feed is not None:
        feed.repaired = True
    return feed


def _windows(match: re.Match[str]) -> str:
    digits = match[0][2:-1]
    code = int(digits[1:], 16) if digits[0] in "xX" else int(digits)
    char = bytes([code]).decode("cp1252", "ignore")
    return char or match[0]
