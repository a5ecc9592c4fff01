"""Mending what keeps a document from being well-formed, without changing what it says."""

from __future__ import annotations

import re
from html.entities import html5

from reader.ingest.parse.doctype import Entities
from reader.ingest.text import squeeze

# What XML 1.0 allows no document to hold, spelled out or as a character reference.
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_DECLARATION = re.compile(r"\s*<\?xml\s[^>]*\?>", re.IGNORECASE)
_LATE_DECLARATION = re.compile(r"<\?xml\s[^>]*\?>", re.IGNORECASE)
_PIECES = re.compile(
    r"<!\[CDATA\[.*?(?:\]\]>|\Z)|<!--.*?(?:-->|\Z)|\]\]>|<(?![A-Za-z_/!?])|"
    r"&(?:#(?P<dec>\d+);?|#[xX](?P<hex>[0-9a-fA-F]+);?|(?P<name>[A-Za-z][\w.:-]*);)?",
    re.DOTALL,
)
_OPEN_CDATA = re.compile(
    r"<([\w:.-]+)([^<>]*)>\s*<!\[CDATA\[(.*?)(?=</\1\s*>|</item\b|</entry\b|\Z)", re.DOTALL | re.IGNORECASE
)
_XML_NAMES = {"amp", "lt", "gt", "quot", "apos"}
_NOTHING = Entities()


def without_declaration(text: str) -> str:
    """``text`` from its first tag, the XML declaration left out: it says what the bytes were, and they are text now."""
    start = text.find("<")
    match = _DECLARATION.match(text, max(start, 0))
    return text[match.end() :] if match else text[max(start, 0) :]


def named(text: str, entities: Entities) -> str:
    """``text`` with the references to ``entities`` replaced, and with HTML's names where a DTD elsewhere may declare
    them; all else as it is. Such a document is well-formed."""

    def one(match: re.Match[str]) -> str:
        name = match["name"]
        if not name or name in _XML_NAMES:
            return match[0]
        expanded = entities.expand(name)
        if expanded is None and entities.external:
            expanded = _html_name(name)
        return match[0] if expanded is None else expanded

    return _PIECES.sub(one, text)


def repair(text: str, entities: Entities = _NOTHING) -> str:
    """Strip what stands before the first tag and illegal characters; turn ``entities`` and HTML's names into what
    they stand for, and a lone & or < into a reference. CDATA and comments stay as they are."""

    def mend(match: re.Match[str]) -> str:
        return _mend(match, entities)

    mended = _PIECES.sub(mend, _closed(_ILLEGAL.sub("", without_declaration(text))))
    return _LATE_DECLARATION.sub("", mended).strip()


def _closed(text: str) -> str:
    """Ends what was begun after the last end of its kind: a comment there is none, CDATA ends with its element."""
    last = text.rfind("-->") + 1
    if text.find("<!--", last) >= 0:
        text = text[:last] + text[last:].replace("<!--", "")
    last = text.rfind("]]>") + 1
    if text.find("<![CDATA[", last) >= 0:
        text = text[:last] + _OPEN_CDATA.sub(r"<\1\2><![CDATA[\3]]>", text[last:])
    return text


def _mend(match: re.Match[str], entities: Entities) -> str:
    whole = match[0]
    if whole == "<":
        return "&lt;"
    if not whole.startswith("&"):
        return "]]&gt;" if whole == "]]>" else _comment(whole)
    name = match["name"]
    if name:
        if name in _XML_NAMES:
            return whole
        expanded = entities.expand(name)
        if expanded is None:
            expanded = _html_name(name)
        return "&amp;" + whole[1:] if expanded is None else expanded
    digits, base = (match["dec"], 10) if match["dec"] else (match["hex"], 16)
    if not digits:
        return "&amp;"
    code = int(digits, base) if len(digits) < 10 else -1
    if 0x80 <= code < 0xA0:
        return bytes([code]).decode("cp1252", "ignore")  # windows-1252's, whatever XML says
    if code in (9, 10, 13) or 32 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or 0x10000 <= code <= 0x10FFFF:
        return f"&#{code};"
    return ""


def _comment(whole: str) -> str:
    """CDATA as it is; a comment is nobody's text and may be ill-formed itself."""
    return whole if whole.startswith("<![") else ""


def _html_name(name: str) -> str | None:
    chars = html5.get(name + ";")
    return chars and "".join({"&": "&amp;", "<": "&lt;", ">": "&gt;"}.get(char, char) for char in chars)


def first_words(text: str) -> str:
    """The beginning of a document that is no feed, for an error message."""
    return squeeze(text[:200], limit=40)
