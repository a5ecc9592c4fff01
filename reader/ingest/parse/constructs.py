"""Text and person constructs of Atom (RFC 4287, 3.1, 3.2 and 4.1.3), with type and mode of Atom 0.3."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from html import escape, unescape
from typing import TYPE_CHECKING

from reader.ingest.parse.names import XML_BASE, local
from reader.ingest.parse.values import html_of, line, plain_title, rebase, text_of, title

if TYPE_CHECKING:
    from lxml.etree import _Element

_PLAIN = ("", "text", "text/plain")
_XHTML = ("xhtml", "application/xhtml+xml")
_HTML = ("html", "text/html", "xhtml", "application/xhtml+xml", "application/xml", "text/xml")


def title_of(element: _Element) -> str:
    """The plain text of a title."""
    kind = _kind(element)
    if kind in _PLAIN and len(element) == 0 and not element.get("mode"):
        written = element.text or ""
        # Declared as text, yet escaped twice: so many publish it that entities are read as entities.
        return plain_title(unescape(written) if "&" in written else written)
    return title(html_of_construct(element, ""))


def html_of_construct(element: _Element, base: str) -> str:
    """The HTML of a text construct or of content."""
    kind = _kind(element)
    mode = (element.get("mode") or "").strip().lower()
    if kind.startswith("multipart/"):
        parts = sorted(
            (part for part in element if local(part.tag) == "content"), key=lambda part: "html" not in _kind(part)
        )
        return html_of_construct(parts[0], base) if parts else ""
    if mode == "base64" or (mode == "" and _is_binary(kind)):
        return _from_base64(element, kind)
    if len(element):
        inside = _inside(element)
        if len(inside) == 0:
            return escape(inside.text or "", quote=False)
        return html_of(inside, rebase(base, element.get(XML_BASE)))
    written = element.text or ""
    if not written.strip():
        return ""
    if kind in _XHTML and mode != "escaped" and not written.lstrip().startswith("<"):
        return escape(
            written, quote=False
        )  # no markup was written out, so there is none; escaped tags are meant as text
    if mode == "escaped" or kind in _HTML or kind.endswith(("+xml", "/xml")):
        return escape(written, quote=False) if mode == "xml" else written
    return "<p>" + escape(written.strip(), quote=False).replace("\n", "<br>\n") + "</p>"


def author_names(element: _Element) -> Iterator[str | None]:
    """The name of a person: of its element ``name`` in whatever namespace, else its address, else its text."""
    if len(element) == 0:
        yield _name_in(line(element.text, 200))
        return
    named = {local(child.tag): text_of(child) for child in reversed(element)}
    for key in ("name", "email", "uri", "url"):
        if (named.get(key) or "").strip():
            yield line(named[key], 200)
            return
    yield _name_in(line(text_of(element), 200))


def _name_in(written: str | None) -> str | None:
    """ "someone@example.org (Some One)" is how RSS wants authors; the name is what a reader wants."""
    if not written or "@" not in written:
        return written
    address, parenthesis, name = written.partition("(")
    if parenthesis and (plain := name.rstrip(") ").strip()):
        return plain if "@" not in plain else address.strip() or plain
    name, bracket, _ = written.partition("<")
    return name.strip(' "') or written if bracket else written


def _kind(element: _Element) -> str:
    return (element.get("type") or "").partition(";")[0].strip().lower()


def _is_binary(kind: str) -> bool:
    """Whether content of this type is base64 (RFC 4287, 4.1.3.3)."""
    return "/" in kind and not kind.startswith("text/") and kind not in _HTML and not kind.endswith(("+xml", "/xml"))


def _from_base64(element: _Element, kind: str) -> str:
    if kind.startswith(("image/", "audio/", "video/")):
        return ""  # a picture or the like inside the document: no HTML
    written = text_of(element)
    try:
        text = base64.b64decode("".join(written.split()), validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return escape(written, quote=False)  # text after all
    if not all(char.isprintable() or char.isspace() for char in text[:1000]):
        return ""
    return escape(text, quote=False) if kind in _PLAIN[1:] else text


def _inside(element: _Element) -> _Element:
    """The one <div> that holds XHTML content is no part of it (RFC 4287, 3.1.1.3)."""
    if len(element) != 1 or (element.text or "").strip() or (element[0].tail or "").strip():
        return element
    only = element[0]
    return only if local(only.tag) in ("div", "body") and not only.get(XML_BASE) else element
