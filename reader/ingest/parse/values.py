"""Values out of elements, held within limits: text, HTML, URLs, numbers, enclosures."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from lxml import etree

from reader.ingest.parse.model import MAX_AUTHOR, MAX_CONTENT, MAX_ENCLOSURES, MAX_TAGS, MAX_TITLE, MAX_UID, MAX_URL
from reader.ingest.parse.names import XML_BASE, XML_LANG
from reader.ingest.text import clean_text, squeeze, without_unseen
from reader.models.entry import Enclosure

if TYPE_CHECKING:
    from lxml.etree import _Element

CUT_MARK = "<p>[…]</p>"
_TOO_BIG = 2**53
_READY = re.compile(r"https?://[A-Za-z0-9][!#-;=?-Z_a-z~]{1,4000}")  # as it should be: most are
_BREAKS = re.compile(r"[\t\n\r]+\s*")
_LINKING = ("href", "src", "poster", "cite", "data", "longdesc")


def text_of(element: _Element) -> str:
    """All text inside, child elements flattened."""
    if len(element) == 0:
        return element.text or ""
    return "".join(element.itertext())  # type: ignore[arg-type]  # with_tail and bytes play no part here


def html_of(element: _Element, base: str = "") -> str:
    """HTML inside: escaped or CDATA as text; written out as elements, it is serialised without namespaces.

    Where elements inside have an xml:base of their own, their links become absolute, resolved against ``base`` first.
    """
    if len(element) == 0:
        return element.text or ""
    for child in element.iter():
        if isinstance(child.tag, str):
            if child is not element and child.get(XML_BASE) is not None:
                _absolute_within(child, rebase(base, child.get(XML_BASE)))
            if (spoken := child.get(XML_LANG)) is not None:
                child.set("lang", spoken)
            child.tag = child.tag.rpartition("}")[2].rpartition(":")[2]
    etree.cleanup_namespaces(element)
    whole = etree.tostring(element, encoding="unicode", method="html", with_tail=False)
    start, end = whole.find(">") + 1, whole.rfind("</")
    return whole[start:end] if end > start else ""


def _absolute_within(element: _Element, base: str) -> None:
    for inner in element.iter():
        for name in _LINKING:
            if (there := inner.get(name)) and not there.startswith("#") and (url := web_url(base, there)):
                inner.set(name, url)
    del element.attrib[XML_BASE]


def title(text: str | None) -> str:
    """A title as plain text of bounded length; HTML in it is flattened."""
    if text and len(text) < MAX_TITLE and _is_plain(text):
        return text.strip()
    return clean_text((text or "")[: MAX_TITLE * 20], limit=MAX_TITLE)


def _is_plain(text: str) -> bool:
    """Whether nothing needs to be done to a text but to strip it; so with most names and titles."""
    return "&" not in text and "<" not in text and "  " not in text and text.isprintable()


def plain_title(text: str | None) -> str:
    """A title that is no markup."""
    return squeeze((text or "")[: MAX_TITLE * 20], limit=MAX_TITLE)


def line(text: str | None, limit: int = 300) -> str | None:
    """A short text such as a name; None when nothing is left."""
    if text and len(text) < limit and _is_plain(text):
        return text.strip() or None
    return clean_text((text or "")[: limit * 20], limit=limit) or None


def people(names: Iterable[str | None]) -> str | None:
    """Names joined, none twice."""
    kept = dict.fromkeys(name for name in names if name)
    return line(", ".join(kept), MAX_AUTHOR) if len(kept) > 1 else next(iter(kept), None)


def content(html: str | None) -> str | None:
    """HTML within the limit, cut visibly; None when blank."""
    if html is None or not html.strip():
        return None
    if len(html) > MAX_CONTENT:
        return html[:MAX_CONTENT] + CUT_MARK
    return html


def uid(text: str | None) -> str | None:
    """An identity as written, without what a database cannot hold; None when blank or beyond all measure."""
    plain = without_unseen(text or "").strip()
    return plain if plain and len(plain) <= MAX_UID else None


def web_url(base: str, value: str | None) -> str | None:
    """An absolute http(s) URL, resolved against ``base``; None for anything else."""
    if not value:
        return None
    if _READY.fullmatch(value):
        return value
    plain = without_unseen(_BREAKS.sub("", value.strip())).strip().replace(" ", "%20")
    if not plain or len(plain) > MAX_URL:
        return None
    if plain[:5].lower() == "feed:":
        plain = plain[5:]
    if plain[:4].lower() == "www.":
        plain = "http://" + plain
    try:
        url = plain if plain[:8].lower().startswith(("http://", "https://")) else urljoin(base, plain)
    except ValueError:
        return None
    if "[" in url or "]" in url:
        try:
            urlsplit(url)
        except ValueError:  # what no part of the program can take apart is no address
            return None
    lower = url[:8].lower()
    if not lower.startswith(("http://", "https://")) or len(url) > MAX_URL or len(url) <= len(lower.split("/")[0]) + 2:
        return None
    return url


def rebase(base: str, value: str | None) -> str:
    """Apply an xml:base; one that makes no sense is passed over."""
    return (web_url(base, value) or base) if value else base


def whole_number(text: object, least: int = 0) -> int | None:
    """A number within reason, None otherwise."""
    try:
        number = int(float(str(text).strip()))
    except (ValueError, OverflowError):
        return None
    return number if least <= number < _TOO_BIG else None


def tags(names: Iterable[str | None]) -> tuple[str, ...]:
    """Tags in order, none twice (capitals apart), bounded."""
    kept: dict[str, str] = {}
    for name in names:
        tag = line(name, 100)
        if tag and len(kept) < MAX_TAGS:
            kept.setdefault(tag.casefold(), tag)
    return tuple(kept.values())


def enclosure(base: str, url: str | None, kind: str | None, length: object) -> Enclosure | None:
    """An enclosure, None when its URL is not http(s)."""
    absolute = web_url(base, url)
    return Enclosure(absolute, line(kind, 100), whole_number(length, 1)) if absolute else None


def enclosures(found: Iterable[Enclosure | None]) -> tuple[Enclosure, ...]:
    """Enclosures in order, none twice, bounded; of two with one URL the one with a type counts."""
    kept: dict[str, Enclosure] = {}
    for item in found:
        if item is not None and (item.url not in kept or (item.type and not kept[item.url].type)):
            kept[item.url] = item
    return tuple(kept.values())[:MAX_ENCLOSURES]
