"""The tags of an OPML file, whatever state it is in.

No XML parser here: libxml2's recovery drops the rest of an attribute after a bare "<" and what lies deeper than 256
levels, and its line numbers end at 65,535. An OPML file is nothing but start and end tags with attributes, so a scan
reads well-formed files as a parser does (a test holds both equal) and broken ones better. Time is linear in the input.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.entities import html5
from typing import NamedTuple

MAX_BROKEN_TAG = 20_000  # characters of a tag that is not well-formed
_MAX_ATTRIBUTES = 64

# Possessive quantifiers: a tag that does not fit costs one look, never a search.
_START = re.compile(
    r"""<((?:[\w.-]++:)?\w[\w.-]*+)((?:\s++[\w:.-]++\s*+=\s*+(?:"[^"]*+"|'[^']*+'))*+)\s*+(/?)>""", re.ASCII
)
_PAIR = re.compile(r"""([\w:.-]++)\s*+=\s*+(?:"([^"]*+)"|'([^']*+)')""", re.ASCII)
_END = re.compile(r"</\s*+((?:[\w.-]++:)?\w[\w.-]*+)[^<>]*+>?", re.ASCII)
_NAME = re.compile(r"<((?:[\w.-]++:)?\w[\w.-]*+)", re.ASCII)
_BOUNDARY = re.compile(r"<(?=/?\s*+(?:[\w.-]++:)?(?:outline|body|opml|head)\b|!--)", re.IGNORECASE | re.ASCII)
_OPENING = re.compile(r"<(?=[A-Za-z_/!?])")
_ANY = re.compile("<")
_ASSIGN = re.compile(r"([A-Za-z_][\w:.-]*+)\s*+=\s*+", re.ASCII)
_BARE = re.compile(r"[^\s\"'<>]*+")
# A quotation mark ends a value only where the next attribute or the end of the tag follows.
_FOLLOWS = r"(?=\s*+[A-Za-z_][\w:.-]*+\s*+=\s*+[\"']|\s++[A-Za-z_][\w:.-]*+\s*+=|(?:\s++[A-Za-z_]\w*+)?\s*+[/?]?\s*+\Z)"
_CLOSING = {mark: re.compile(mark + _FOLLOWS) for mark in "\"'"}
_DOCTYPE = re.compile(r"<!DOCTYPE(?:[^\[>\"']++|\"[^\"]*+\"|'[^']*+')*+", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#(\d{1,9});?|#[xX]([0-9a-fA-F]{1,8});?|([A-Za-z][A-Za-z0-9]{1,31});)")


class Tag(NamedTuple):
    """``name`` without prefix, in lower case; ``kind`` is start, end, empty (``<a/>``), or broken: one that could not
    be read. ``attributes``: lower-case names, decoded values. ``after``: index behind the tag."""

    kind: str
    name: str
    attributes: dict[str, str]
    line: int
    at: int
    after: int


def tags(text: str) -> Iterator[Tag]:
    """All tags of ``text`` in order; comments, CDATA sections, instructions and the document type are passed over."""
    at, line, counted = 0, 1, 0
    while (begin := _OPENING.search(text, at)) is not None:
        at = begin.start()
        line += text.count("\n", counted, at)
        counted = at
        skipped = _past_markup(text, at)
        if skipped is not None:
            at = skipped
            continue
        tag = _tag(text, at, line)
        if tag is None:
            at += 1
            continue
        yield tag
        at = max(tag.after, at + 1)


def decode(value: str) -> str:
    """Resolve references once: XML's five, HTML's names and numbers; what is none stays as written ("a&b", "&lang=").

    Numbers from 128 to 159 are read as windows-1252, as every browser does. Entities of a document type are not
    expanded.
    """
    return _ENTITY.sub(_resolve, value) if "&" in value else value


def _resolve(match: re.Match[str]) -> str:
    number, hexadecimal, name = match.groups()
    if name:
        return html5.get(name + ";", match[0])
    code = int(number) if number else int(hexadecimal, 16)
    if 128 <= code < 160:
        return bytes([code]).decode("cp1252", "replace")
    return chr(code) if code < 0xD800 or 0xE000 <= code <= 0x10FFFF else "\ufffd"


def _past_markup(text: str, at: int) -> int | None:
    """The index behind what is no element at ``at``; None if a tag may begin there."""
    if text.startswith("<!--", at):
        return _behind(text, "-->", at + 4)
    if text.startswith("<![CDATA[", at):
        return _behind(text, "]]>", at + 9)
    if text.startswith("<?", at):
        return _behind(text, "?>", at + 2)
    if text.startswith("<!", at):
        doctype = _DOCTYPE.match(text, at)
        if doctype is None:
            return _behind(text, ">", at + 2)
        end = doctype.end()
        if text.startswith("[", end):
            subset = re.compile(r"\]\s*>").search(text, end)
            return subset.end() if subset else len(text)
        return end + 1
    return None


def _behind(text: str, mark: str, at: int) -> int:
    """Behind the next ``mark``; one that never ends takes the rest, as XML says."""
    found = text.find(mark, at)
    return found + len(mark) if found >= 0 else len(text)


def _tag(text: str, at: int, line: int) -> Tag | None:
    if text.startswith("</", at):
        end = _END.match(text, at)
        return Tag("end", _local(end[1]), {}, line, at, end.end()) if end else None
    match = _START.match(text, at)
    if match is not None and "<outline" not in match[2]:
        kind = "empty" if match[3] else "start"
        return Tag(kind, _local(match[1]), _pairs(match[2]), line, at, match.end())
    name = _NAME.match(text, at)
    return None if name is None else _mended(text, at, line, _local(name[1]), name.end())


def _pairs(attributes: str) -> dict[str, str]:
    out: dict[str, str] = {}
    for name, double, single in _PAIR.findall(attributes):
        out.setdefault(name.lower(), decode(double or single))
    return out


def _mended(text: str, at: int, line: int, name: str, behind: int) -> Tag:
    """A tag that is not well-formed: it ends at the last ">" before the next tag that an OPML file knows."""
    boundary = (_BOUNDARY if name == "outline" else _ANY).search(text, behind)
    stop = boundary.start() if boundary else len(text)
    end = text.rfind(">", behind, stop)
    if end < 0 and (boundary is None or name != "outline"):
        return Tag("broken", name, {}, line, at, stop)  # the file ends inside it
    inner = text[behind : end if end >= 0 else stop]
    after = end + 1 if end >= 0 else stop
    if len(inner) > MAX_BROKEN_TAG:
        return Tag("broken", name, {}, line, at, after)
    empty = inner.endswith("/")
    return Tag("empty" if empty else "start", name, _loosely(inner), line, at, after)


def _loosely(inner: str) -> dict[str, str]:
    """Attributes with bare quotation marks inside, without any, or without space between them."""
    out: dict[str, str] = {}
    at = 0
    while len(out) < _MAX_ATTRIBUTES and (assign := _ASSIGN.search(inner, at)):
        at = assign.end()
        mark = inner[at : at + 1]
        if mark and mark in _CLOSING:
            closing = _CLOSING[mark].search(inner, at + 1)
            end = closing.start() if closing else len(inner)
            value, at = inner[at + 1 : end], end + 1
        else:
            bare = _BARE.match(inner, at)
            value, at = (bare[0], bare.end()) if bare else ("", at)
        out.setdefault(assign[1].lower(), decode(value))
    return out


def _local(name: str) -> str:
    return name.rpartition(":")[2].lower()
