"""A page as a tree, within limits, and small questions about its elements."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lxml import etree

from reader.errors import Upstream
from reader.ingest.links import absolute
from reader.ingest.text import clean_text, squeeze

if TYPE_CHECKING:
    from lxml.etree import _Element

MAX_PAGE = 3_000_000
_DROPPED = ("script", "style", "noscript", "template", "svg", "iframe", "form", "select", "button", "object", "canvas")
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.I)


@dataclass(frozen=True, slots=True)
class PageTree:
    """``url`` is where the page came from, ``base`` what its links are relative to; ``kind`` is og:type."""

    url: str
    base: str
    root: _Element
    encoding: str
    title: str
    description: str | None
    language: str | None
    kind: str


def read_page(body: bytes, url: str, content_type: str | None) -> PageTree:
    """The tree of a page, without what is no content. Raises Upstream("too_large", "not_a_feed")."""
    from reader.ingest.parse.encoding import decode

    if len(body) > MAX_PAGE:
        raise Upstream("too_large", f"The page is larger than {MAX_PAGE // 1_000_000} MB.")
    text, encoding = decode(body, content_type, page=True)
    # libxml2 stops by itself at a depth of 256 and at 10 MB of one text: time stays linear.
    parser = etree.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True, huge_tree=False)
    try:
        root = etree.fromstring(text.replace("\x00", "").encode("utf-8", "replace"), parser)
    except (etree.XMLSyntaxError, ValueError):
        root = None
    if root is None:
        raise Upstream("not_a_feed", "The page is empty.")
    head = _Head(root, url)
    for element in list(root.iter(*_DROPPED)):
        _drop(element)
    for element in list(root.iter()):
        if isinstance(element.tag, str) and _is_hidden(element):
            _drop(element)
    return PageTree(url, head.base, root, encoding, head.title, head.description, head.language, head.kind)


class _Head:
    """What the page says about itself."""

    def __init__(self, root: _Element, url: str) -> None:
        base = next((one.get("href") for one in root.iter("base") if one.get("href")), None)
        self.base = absolute(url, base) or url
        named = next((text_of(one) for one in root.iter("title")), "")
        meta = {
            (one.get("property") or one.get("name") or "").lower(): one.get("content") or ""
            for one in list(root.iter("meta"))[:300]
        }
        self.title = clean_text(named or meta.get("og:title", ""), limit=300)
        self.description = clean_text(meta.get("description") or meta.get("og:description", ""), limit=500) or None
        self.language = (root.get("lang") or "").strip()[:35] or None
        self.kind = meta.get("og:type", "").lower()


def text_of(element: _Element) -> str:
    """All text inside on one line; a space where one element ends and the next begins."""
    return squeeze(" ".join(part for part in element.itertext() if part.strip()))  # type: ignore[misc]


def words_of(element: _Element) -> str:
    """Class and id in lower case, for telling what an element is."""
    return f"{element.get('class') or ''} {element.get('id') or ''}".lower()


def up(element: _Element) -> Iterator[_Element]:
    """The ancestors, nearest first."""
    return element.iterancestors()


def _is_hidden(element: _Element) -> bool:
    return (
        element.get("hidden") is not None
        or (element.get("aria-hidden") == "true" and element.tag != "a")
        or bool(_HIDDEN.search(element.get("style") or ""))
    )


def _drop(element: _Element) -> None:
    """Take an element out; the text behind it stays."""
    parent = element.getparent()
    if parent is None:
        return
    if element.tail and element.tail.strip():
        before = element.getprevious()
        if before is not None:
            before.tail = f"{before.tail or ''} {element.tail}"
        else:
            parent.text = f"{parent.text or ''} {element.tail}"
    parent.remove(element)
