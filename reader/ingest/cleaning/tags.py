"""The tags of an entry rewritten one by one, without a tree: names, attributes, addresses, character references.

What comes out is written exactly as the sanitiser writes it. So when the sanitiser returns it unchanged, it has read
the same tags as we did, in sound nesting, and nothing was lost; see clean.py.
"""

from __future__ import annotations

import re
from functools import lru_cache
from html import unescape

from reader.ingest.cleaning import allowed
from reader.ingest.cleaning.attributes import attributes_of, picture_tag, quoted
from reader.ingest.cleaning.cards import of_frame
from reader.ingest.cleaning.images import LAZY
from reader.ingest.cleaning.links import anchor_id, direct, root_of, without_tracking
from reader.ingest.cleaning.styles import meanings, tag_for_style
from reader.ingest.text import without_unseen

_MANY = 60  # references, above which the frequent ones are replaced beforehand
_SIMPLE = re.compile(r"</?([a-z][a-z0-9]*)>")
_NAME = r"[a-zA-Z][^\s\"'<>/=]*+"
_ATTRIBUTE = r"[^\s\"'<>/=]++(?:\s*+=\s*+(?:\"[^\"]*+\"|'[^']*+'|[^\s\"'<>=`]++))?+"
_TAG = rf"(?:(/?)({_NAME})((?:[\s/]++{_ATTRIBUTE})*+)[\s/]*+>)?+"
_REFERENCE = r"(?<=&)(?!(?:amp|lt|gt|nbsp);)(?:#[0-9a-zA-Z]*+|[a-zA-Z0-9]*+);?+"
_COMMENT = r"(?:!--(?!-?>)(?:[^-]|-(?!-))*+-->)"  # what every parser takes for one comment
_ANY_COMMENT = r"(?:!--.*?-->)"  # as parsers write them
_PASSED = r"(?!/?+[a-z][a-z0-9]*+>)"  # tags without attributes
# All begin with one set of characters, because for that the regex engine looks fast.
_ALL = re.compile(rf"[<&](?:(?<=<)(?:{_COMMENT}|{_TAG})|{_REFERENCE})")
_SOME = re.compile(rf"[<&](?:(?<=<){_PASSED}(?:{_COMMENT}|{_TAG})|{_REFERENCE})")
_PARSED = re.compile(rf"[<&](?:(?<=<)(?:{_ANY_COMMENT}|{_TAG})|{_REFERENCE})", re.DOTALL)
_ATTRIBUTES = re.compile(r"([^\s\"'<>/=]++)(?:\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([^\s\"'<>=`]++)))?+")
_PLAIN = allowed.TAGS | allowed.MATH_TAGS | {"h1", "h2"}
_KNOWN = _PLAIN - allowed.STRUCTURAL - allowed.MATH_TAGS  # a formula's parts stand for themselves only inside of it
_STYLED = frozenset({"span", "b", "strong", "i", "em"})
# A feed writes these with the same few attributes again and again, and nothing around them changes what they mean.
_ALIKE = _KNOWN - _STYLED - allowed.words("a img blockquote q ins del source video audio track math")
_SEEN: dict[tuple[str, str], str] = {}
_MOST_SEEN = 2000
_BEYOND = allowed.STRUCTURAL - {"iframe"}
_CARD_IN_P = re.compile(r'<p>\s*+(<figure class="embed"[^>]*+>(?:(?!</figure>).)*+</figure>)\s*+</p>')
_AS_TEXT = re.compile(r"<(?![a-zA-Z/!?])")
_PLAIN_LINK = re.compile(
    r' href="((?:https?://|/(?![^"]*/\.))[a-z0-9][^\s"\\#&<>]{1,1000}+(?:&amp;[^\s"\\#&<>]{1,300}+){0,9}+)"'
    r'(?: (?:target|rel|class)="[^"&<>]*+")*+'
)
_PRE = re.compile(r"(<pre(?: [^>]*+)?+>)\n++")
_EMPTY_LINK = re.compile(r'<a(?! id=)(?: (?!id=)[a-z]++="[^"]*+")*+>\s*+</a>')
_BLANK_LINK = re.compile(rf'{allowed.REL}">\s++</a>')
_EMPTY_P = re.compile(r"<p(?: align=\"\w++\")?+>(?:\s++|&nbsp;|<br>)*+</p>\s*+")
_COMMON = (
    ("&#8217;", "’"), ("&#8216;", "‘"), ("&#8220;", "“"), ("&#8221;", "”"), ("&#8211;", "–"), ("&#8212;", "—"),
    ("&#8230;", "…"), ("&#160;", "\xa0"), ("&#038;", "&amp;"), ("&#38;", "&amp;"), ("&#39;", "'"),
    ("&rsquo;", "’"), ("&lsquo;", "‘"), ("&rdquo;", "”"), ("&ldquo;", "“"), ("&mdash;", "—"), ("&ndash;", "–"),
)  # fmt: skip


class NotPlainError(Exception):
    """The HTML needs a real parser."""


def escape_text(text: str) -> str:
    """As serialisers write text (HTML Standard, 13.3); NBSP is left for the end."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def rewrite_tags(html: str, base: str, *, parsed: bool = False) -> str:
    """Rewrite every tag of ``html``; links resolve against ``base``.

    ``parsed`` says that a parser wrote ``html``: then elements that need the tree were dealt with. Raises
    NotPlainError for what a look at single tags does not settle.
    """
    html = _common(html)
    names = set(_SIMPLE.findall(html))
    odd = names - _KNOWN
    framed = "iframe" in odd and not parsed
    if framed:
        odd.discard("iframe")
    if odd and not parsed and not odd.isdisjoint(_BEYOND):
        raise NotPlainError
    scan = _Scan(html, base, parsed)
    every = odd or "span" in names or ("style" in html and meanings(html)) or ("pre" in names and "light-" in html)
    out = (_PARSED if parsed else _ALL if every else _SOME).sub(scan.token, html)
    if framed:
        out = out.replace("</iframe>", "")
    if "\xa0" in out:
        out = out.replace("\xa0", "&nbsp;")
    return _finish(out)


def _common(html: str) -> str:
    """The frequent little things, each in one sweep."""
    if "\r" in html:
        html = html.replace("\r\n", "\n").replace("\r", "\n")
    if "/>" in html:
        html = html.replace("<br />", "<br>").replace("<br/>", "<br>").replace("<hr />", "<hr>")
    if html.count("&") > _MANY:
        for written, meant in _COMMON:
            html = html.replace(written, meant)
    return html


def _finish(html: str) -> str:
    """Leave out what has become empty, and the line end that every parser eats."""
    links = f'{allowed.REL}"></a>' in html or _BLANK_LINK.search(html) is not None
    paragraphs = "</p>" in html
    again = links or paragraphs
    while again:  # what is left out may leave another element empty; nesting is bounded by now
        before = len(html)
        if links:
            html = _EMPTY_LINK.sub("", html)
        if paragraphs:
            html = _EMPTY_P.sub("", html)
        again = len(html) != before
    if "<p><figure" in html or "<p>\n<figure" in html:
        html = _CARD_IN_P.sub(r"\1", html)
    return _PRE.sub(r"\1", html) if "<pre" in html else html


class _Scan:
    """One pass over a document: ``token`` gets each tag and character reference that is not plain already."""

    def __init__(self, html: str, base: str, parsed: bool) -> None:
        self.html = html
        self.base = base
        self.parsed = parsed
        self.closers: dict[str, list[str]] = {}  # element as written → what closes the ones that are open
        self.language: str | None = None  # named by a box around a pre
        self.root = quoted(root_of(base))
        self._anchors: frozenset[str] | None = None

    def token(self, match: re.Match[str]) -> str:
        closing, name, attributes = match.groups()
        if name is None:
            return self._bare(match)
        if name == "a" and not closing and self.root and (plain := _PLAIN_LINK.fullmatch(attributes)):
            url = plain[1]  # escaped as it stays; most links are like that
            if url[0] == "/":
                url = self.root + url
            if "?" in url:
                url = url.replace("&amp;", "&")
                url = quoted(without_tracking(direct(url) if "http" in url[8:] else url))
            return f'<a href="{url}" rel="{allowed.REL}">'
        if attributes and (seen := _SEEN.get((name, attributes))) is not None and self.language is None:
            return seen
        return self._tag(match, closing, name.lower(), attributes)

    def _tag(self, match: re.Match[str], closing: str, name: str, attributes: str) -> str:
        if not self.parsed and name in allowed.STRUCTURAL:
            if name == "iframe":
                return self._frame(match)
            raise NotPlainError
        if closing:
            return self._end(name)
        if not attributes:
            return self._start(name, {})
        alike = name in _ALIKE and len(attributes) < 200 and self.language is None
        written = self._start(name, _given(attributes))
        if alike and self.language is None:
            if len(_SEEN) >= _MOST_SEEN:
                _SEEN.clear()
            _SEEN[name, attributes] = written
        return written

    def _frame(self, match: re.Match[str]) -> str:
        """An empty iframe is told by its tag; one with content needs the tree, for that is text to a browser."""
        if match[1]:
            return ""
        if not self.html.startswith("</iframe>", match.end()):
            raise NotPlainError
        card = of_frame(_given(match[3] or ""), self.base, LAZY)
        return _Scan(card, self.base, True).rewritten() if card else ""

    def rewritten(self) -> str:
        return _PARSED.sub(self.token, self.html)

    def _bare(self, match: re.Match[str]) -> str:
        written = match[0]
        if written[0] == "&":
            return _text_of(written)
        if len(written) > 1:
            return ""  # a comment
        if not _AS_TEXT.match(self.html, match.start()):
            raise NotPlainError
        return "&lt;"

    def _end(self, name: str) -> str:
        if name in allowed.RENAMED:
            name = allowed.RENAMED[name][0]
        open_ones = self.closers.get(name)
        if open_ones:
            return open_ones.pop()
        return f"</{name}>" if name in _PLAIN and name not in allowed.VOID else self._stray(name)

    def _stray(self, name: str) -> str:
        if name in ("p", "br"):  # a closing tag of these makes an element
            raise NotPlainError
        return ""

    def _start(self, name: str, given: dict[str, str]) -> str:
        added = ""
        if name in allowed.RENAMED:
            name, added = allowed.RENAMED[name]
        if name == "img":
            return picture_tag(given, self.base)
        if name not in _PLAIN:
            return ""
        if name in _STYLED:
            opening, closing = self._styled(name, given)
            self.closers.setdefault(name, []).append(closing)
            return opening
        if not given and (name != "pre" or self.language is None):
            return f"<{name}{added}>"
        attributes = attributes_of(name, given, self)
        return f"<{name}{attributes}{added if ' align=' not in attributes else ''}>"

    def _styled(self, name: str, given: dict[str, str]) -> tuple[str, str]:
        """Opening and closing tags of an element whose style may say more than its name. A span that says nothing
        is left out."""
        if "style" in given and (found := tag_for_style(name, given["style"])):
            return found
        attributes = attributes_of(name, given, self) if given else ""
        if name == "span" and not attributes:
            return "", ""
        return f"<{name}{attributes}>", f"</{name}>"

    @property
    def anchors(self) -> frozenset[str]:
        """Ids (and old-style names) in the document, without prefix."""
        if self._anchors is None:
            found = _ANCHOR.findall(self.html)
            self._anchors = frozenset(anchor_id(unescape(a or b or c)) for a, b, c in found)
        return self._anchors


_ANCHOR = re.compile(
    r"\s(?:id|name)\s*+=\s*+(?:\"([^\"]{1,300})\"|'([^']{1,300})'|([^\s\"'<>=`]{1,300}))", re.IGNORECASE
)


def _given(written: str) -> dict[str, str]:
    """Attributes by lower-case name, references resolved; of several with one name the first counts."""
    given: dict[str, str] = {}
    for name, double, single, bare in _ATTRIBUTES.findall(written):
        value = double or single or bare
        given.setdefault(name.lower(), _value(value) if "&" in value else value)
    return given


_IN_VALUE = re.compile(r"&(?:#[0-9]++;?|#[xX][0-9a-fA-F]++;?|[a-zA-Z][a-zA-Z0-9]*+(?:;|(?![=a-zA-Z0-9])))")


def _value(value: str) -> str:
    """References as in attributes: "&copy=" stays as it is (HTML Standard, 13.2.5.73)."""
    return _IN_VALUE.sub(lambda match: _meant(match[0]), value)


@lru_cache(maxsize=1000)
def _text_of(reference: str) -> str:
    return escape_text(_meant(reference))


def _meant(reference: str) -> str:
    return without_unseen(unescape(reference)).replace("\r", "\n")
