"""Tags of a web page, read one after another as the HTML standard's tokenizer does (html.spec.whatwg.org, 13.2.5).

No tree is built: of a page only a few kinds of tags matter here, and time and memory stay linear in its length,
however it is nested. What stands in comments, scripts, styles, templates or attributes is no tag.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from html.entities import html5
from typing import NamedTuple

_NAMES = "a|area|link|base|title|meta|template|iframe|html|frame|input"
_UNREAD = "script|style|textarea|xmp|noembed|noframes"
_REST = r"(?:[^>=]++|=\s*(?:\"[^\"]*\"|'[^']*'|(?![\"'])))*+>"
_SKIP = re.compile(
    rf"(?:[^<]++|<(?![a-zA-Z/!?])|</(?![a-zA-Z])|</?(?!(?:{_NAMES}|{_UNREAD})[\s/>])[a-zA-Z]{_REST}"
    rf"|</(?!template[\s/>])[^>]*+>|<!--(?!-?>)(?:[^-]++|-(?!-!?>))*+--!?>|<[!?](?!--)[^>]*+>"
    rf"|<({_UNREAD})(?=[\s/>]){_REST}(?:[^<]++|<(?!/\1[\s/>]))*+)*+",
    re.I,
)
_OPEN = re.compile(rf"<(/?)({_NAMES})(?=[\s/>]){_REST}", re.I)
_RAW = {name: re.compile(rf"</{name}(?=[\s/>])", re.I) for name in ("title", "iframe")}
_COMMENT_END = re.compile(r"--!?>")
_ATTRIBUTE = re.compile(
    r"[\s/]*+([^\s/>=][^\s/>=]*+|=[^\s/>=]*+)(?:\s*+=\s*+(?:\"([^\"]*)\"|'([^']*)'|([^\s>]*+)))?", re.S
)
_REFERENCE = re.compile(
    r"&(?:#[0-9]{1,7};?|#[xX][0-9a-fA-F]{1,6};?|[a-zA-Z][a-zA-Z0-9]{1,31};|[a-zA-Z]{2,6}(?![a-zA-Z0-9=;]))"
)
_MOST_ATTRIBUTES = 60
_CLOSED = re.compile(r"<(script|title|style|textarea|iframe|template|a)\b([^<>]*)/>", re.I)


class Tag(NamedTuple):
    """A start tag: ``name`` in lower case, at ``start``…``end`` of ``text``; ``inner_end`` is where the text of an
    element without markup (title, script …) ends."""

    name: str
    text: str
    start: int
    end: int
    inner_end: int

    @property
    def inner(self) -> str:
        """What stands between this tag and its end tag, for elements without markup inside; "" for others."""
        return self.text[self.end : self.inner_end]

    def attributes(self) -> dict[str, str]:
        """Attributes by lower-case name, references decoded; of two with one name the first counts."""
        found: dict[str, str] = {}
        at, end = self.start + 1 + len(self.name), self.end - 1
        for _ in range(_MOST_ATTRIBUTES):
            match = _ATTRIBUTE.match(self.text, at, end)
            if match is None:
                break
            at = match.end()
            found.setdefault(match[1].lower(), decoded(match[2] or match[3] or match[4] or ""))
        return found


def tags(text: str) -> Iterator[Tag]:
    """The start tags that matter (links, anchors, titles, meta, scripts, frames), in the order of the document."""
    at, hidden = 0, 0
    while True:
        at = _SKIP.match(text, at).end()  # type: ignore[union-attr]  # it matches nothing, too
        if at >= len(text):
            return
        if text[at + 1] in "!?":
            at = _after_comment(text, at)
            continue
        match = _OPEN.match(text, at)
        if match is None:  # a tag that never ends
            return
        name, end = match[2].lower(), match.end()
        if name == "template":
            hidden = max(0, hidden + (-1 if match[1] else 1))
        inner_end = _raw_end(text, name, end) if name in _RAW else end
        if not hidden and not match[1]:
            yield Tag(name, text, at, end, inner_end)
        at = inner_end


def as_html(text: str) -> str:
    """XHTML as HTML: an element closed in itself would stay open in HTML and swallow what follows."""
    return _CLOSED.sub(r"<\1\2></\1>", text)


def decoded(value: str) -> str:
    """Character references of an attribute's value; ``&copy=`` in a query is none (13.2.5.73)."""
    return _REFERENCE.sub(_character, value) if "&" in value else value


def _character(match: re.Match[str]) -> str:
    reference = match[0]
    return html.unescape(reference) if reference[1] == "#" else html5.get(reference[1:], reference)


def _after_comment(text: str, at: int) -> int:
    """Where a comment, doctype or processing instruction ends; an unclosed one hides the rest."""
    if not text.startswith("<!--", at):
        end = text.find(">", at)
        return len(text) if end < 0 else end + 1
    for short in ("<!-->", "<!--->"):
        if text.startswith(short, at):
            return at + len(short)
    close = _COMMENT_END.search(text, at + 4)
    return close.end() if close else len(text)


def _raw_end(text: str, name: str, at: int) -> int:
    close = _RAW[name].search(text, at)
    return close.start() if close else len(text)
