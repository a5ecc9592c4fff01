"""Mending what keeps a document from being well-formed, without changing what it says."""

from __future__ import annotations

import re
from html.entities import html5

from reader.ingest.text import squeeze

# What XML 1.0 allows no document to hold, spelled out or as a character reference.
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_DOCTYPE = re.compile(r"<!DOCTYPE[^\[>]*(?:\[.*?\]\s*)?>", re.DOTALL | re.IGNORECASE)
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>", re.IGNORECASE)
_PIECES = re.compile(
    r"<!\[CDATA\[.*?(?:\]\]>|\Z)|<!--.*?(?:-->|\Z)|&(?:#(?P<dec>\d+);?|#[xX](?P<hex>[0-9a-fA-F]+);?|(?P<name>[A-Za-z][A-Za-z0-9]*);)?",
    re.DOTALL,
)
_XML_NAMES = {"amp", "lt", "gt", "quot", "apos"}


def repair(text: str) -> str:
    """Strip what stands before the first tag, the document type (and its entities) and illegal characters; turn
    HTML's entity names into characters and a lone & into a reference. CDATA and comments stay as they are."""
    start = text.find("<")
    text = _DECLARATION.sub("", text[max(start, 0) :], count=1)
    at = text[:5000].lower().find("<!doctype")
    doctype = _DOCTYPE.match(text, at) if at >= 0 else None
    if doctype:
        text = text[:at] + text[doctype.end() :]
    return _PIECES.sub(_mend, _ILLEGAL.sub("", text)).strip()


def _mend(match: re.Match[str]) -> str:
    whole = match[0]
    if not whole.startswith("&"):
        return whole
    name = match["name"]
    if name:
        if name in _XML_NAMES:
            return whole
        char = html5.get(name + ";")
        return _escaped(char) if char else "&amp;" + whole[1:]
    digits, base = (match["dec"], 10) if match["dec"] else (match["hex"], 16)
    if not digits:
        return "&amp;"
    code = int(digits, base) if len(digits) < 10 else -1
    if code in (9, 10, 13) or 32 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or 0x10000 <= code <= 0x10FFFF:
        return f"&#{code};"
    return ""


def _escaped(chars: str) -> str:
    return "".join({"&": "&amp;", "<": "&lt;", ">": "&gt;"}.get(char, char) for char in chars)


def first_words(text: str) -> str:
    """The beginning of a document that is no feed, for an error message."""
    return squeeze(text[:200], limit=40)
