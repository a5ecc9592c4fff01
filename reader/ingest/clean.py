"""HTML of an entry made safe and sound. This module is the only source of SafeHtml.

Two passes: selectolax mends meaning (lazy images, links, frames, pixels), then nh3 with a strict allow-list has the
last word. Nothing may touch the HTML after that but map_images, which replaces URLs by a caller's own. The libraries
are loaded by the first cleaning.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from html import escape, unescape
from typing import TYPE_CHECKING

from reader.ingest import embeds
from reader.ingest.srcset import map_srcset
from reader.ingest.text import clean_text, without_unseen
from reader.models.entry import SafeHtml

if TYPE_CHECKING:
    import nh3

__all__ = ["clean", "clean_text", "map_images", "summary_of"]

MAX_HTML = 1_000_000
MAX_DEPTH = 100  # nh3 takes quadratic time in depth; articles stay below 30
ID_PREFIX = "e-"
CUT_MARK = "<p>[…]</p>"

_TAGS = {
    *("a", "abbr", "address", "article", "aside", "audio", "b", "bdi", "bdo", "blockquote", "br", "caption", "cite"),
    *("code", "col", "colgroup", "dd", "del", "details", "dfn", "div", "dl", "dt", "em", "figcaption", "figure"),
    *("footer", "h3", "h4", "h5", "h6", "header", "hr", "i", "img", "ins", "kbd", "li", "mark", "ol", "p", "picture"),
    *("pre", "q", "rp", "rt", "ruby", "s", "samp", "section", "small", "source", "span", "strong", "sub", "summary"),
    *("sup", "table", "tbody", "td", "tfoot", "th", "thead", "time", "tr", "u", "ul", "var", "video", "wbr"),
}
_ATTRIBUTES: dict[str, set[str]] = {
    "*": {"title", "lang", "dir", "id"},
    "a": {"href", "hreflang"},
    "audio": {"src"},
    "code": {"class"},
    "col": {"span"},
    "colgroup": {"span"},
    "details": {"open"},
    "figure": {"class", "data-src", "data-provider"},
    "img": {"src", "srcset", "sizes", "alt", "width", "height"},
    "li": {"value"},
    "ol": {"start", "reversed", "type"},
    "pre": {"class"},
    "source": {"src", "srcset", "sizes", "type", "media"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "time": {"datetime"},
    "video": {"src", "poster", "width", "height"},
}
_ADDED = {
    "img": {"loading": "lazy", "decoding": "async"},
    "audio": {"controls": "", "preload": "none"},
    "video": {"controls": "", "preload": "none"},
}
_OURS = {"rel", "loading", "decoding", "controls", "preload"}  # set by nh3 itself; from outside they do not pass
_DROPPED_WHOLE = {"script", "style", "template", "svg", "math", "noembed", "noframes", "title", "select", "textarea"}
_WEB = re.compile(r"https?://[^\s/?#\\]", re.IGNORECASE)
_MAIL = re.compile(r"mailto:[^\s<>\"]{3,500}", re.IGNORECASE)
_NUMBER = re.compile(r"\d{1,5}")
_LANGUAGE = re.compile(r"(?:lang(?:uage)?|highlight|brush:)-?\s?([a-z0-9+#_-]{1,30})", re.IGNORECASE)
_NUMERIC = {"width", "height", "span", "colspan", "rowspan", "start", "value"}
_FREE = {
    "title": 1000,
    "alt": 2000,
    "lang": 40,
    "datetime": 60,
    "type": 100,
    "media": 200,
    "sizes": 300,
    "hreflang": 40,
}


def clean(html: str, *, base: str) -> SafeHtml:
    """Clean ``html``, whose relative links resolve against the absolute URL ``base``.

    What comes out holds no script, style, form or frame; links are http, https, mailto or point inside; ids begin
    with "e-"; headings start at h3; frames of known sites are ``<figure class="embed" data-src=…>``. Larger than
    1 MB it is cut, visibly. Cleaning twice gives the same as once.
    """
    if len(html) > MAX_HTML:
        html = html[: MAX_HTML - len(CUT_MARK)].rpartition("<")[0] + CUT_MARK
    if "<" not in html and "&" not in html:
        return SafeHtml(escape(without_unseen(html), quote=False).strip())
    from reader.ingest.dom import rewrite  # heavy, and the pages that only map images need not pay for it

    rewritten = _headings(_shallow(without_unseen(rewrite(html, base))))
    return SafeHtml(_cleaner().clean(rewritten).strip())


def summary_of(html: str, limit: int = 300) -> str:
    """The beginning of an entry as one line of plain text of at most ``limit`` characters."""
    return clean_text(html[: limit * 40], limit=limit)


def map_images(html: SafeHtml, change: Callable[[str], str]) -> SafeHtml:
    """Replace the URL of each image by ``change(url)``: src and srcset of img, srcset of source, poster of video.

    ``change`` gets and gives an unescaped URL.
    """
    if "<img" not in html and "<video" not in html and "<source" not in html:
        return html

    def attribute(match: re.Match[str]) -> str:
        name, value = match[1], unescape(match[2])
        changed = map_srcset(value, change) if name == "srcset" else change(value)
        return f' {name}="{escape(changed)}"'

    def tag(match: re.Match[str]) -> str:
        return _IMAGE_ATTRIBUTES[match[1]].sub(attribute, match[0])

    return SafeHtml(_IMAGE_TAG.sub(tag, html))


_IMAGE_TAG = re.compile(r'<(img|source|video)\b(?:[^>"]|"[^"]*")*>')
_IMAGE_ATTRIBUTES = {
    "img": re.compile(r' (src|srcset)="([^"]*)"'),
    "source": re.compile(r' (srcset)="([^"]*)"'),
    "video": re.compile(r' (poster)="([^"]*)"'),
}
_TAG = re.compile(r'<!--.*?-->|<(/?)([a-zA-Z][^\s/>]*)(?:[^>"]|"[^"]*")*>', re.DOTALL)
_HEADING = re.compile(r"<(/?)h([1-6])(?=[\s>])")
_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


def _shallow(html: str) -> str:
    """Drop the tags that nest deeper than MAX_DEPTH; their text stays. ``html`` is serialised, so balanced."""
    if html.count("</") <= MAX_DEPTH:
        return html
    depth = 0

    def keep(match: re.Match[str]) -> str:
        nonlocal depth
        if not match[2]:
            return ""
        if match[2].lower() in _VOID:
            return match[0]
        if match[1]:
            depth -= 1
            return match[0] if depth < MAX_DEPTH else ""
        depth += 1
        return match[0] if depth <= MAX_DEPTH else ""

    return _TAG.sub(keep, html)


def _headings(html: str) -> str:
    """Shift headings so that the highest is h3: h1 and h2 belong to the page around the entry."""
    levels = [int(match[2]) for match in _HEADING.finditer(html)]
    shift = 3 - min(levels, default=3)
    if shift <= 0:
        return html
    return _HEADING.sub(lambda match: f"<{match[1]}h{min(6, int(match[2]) + shift)}", html)


def _attribute(tag: str, name: str, value: str) -> str | None:
    """Last word on each attribute that the allow-list let through; None takes it out."""
    if name in ("href", "src", "poster"):
        return _link(tag, value)
    if name == "srcset":
        return map_srcset(value, lambda url: url if _WEB.match(url) else None) or None
    if name in _OURS:
        return value
    if name in _FREE:
        return value[: _FREE[name]]
    if name in _NUMERIC:
        return value if _NUMBER.fullmatch(value) else None
    return _special(tag, name, value)


def _link(tag: str, value: str) -> str | None:
    if _WEB.match(value):
        return value if len(value) <= 4096 else None
    if tag == "a" and (value.startswith("#" + ID_PREFIX) or _MAIL.fullmatch(value)):
        return value[:600]
    return None


def _special(tag: str, name: str, value: str) -> str | None:
    if name == "id":
        return value if re.fullmatch(r"[^\s\"'<>&]{1,200}", value) else None
    if name == "dir":
        return value if value in ("ltr", "rtl", "auto") else None
    if name == "scope":
        return value if value in ("row", "col", "rowgroup", "colgroup") else None
    if name in ("open", "reversed"):
        return ""
    if name == "class":
        return _class(tag, value)
    embed = embeds.known(value) if name == "data-src" else None
    if name == "data-src":
        return embed.src if embed else None
    return value if name == "data-provider" and re.fullmatch(r"\w{2,20}", value) else None


def _class(tag: str, value: str) -> str | None:
    if tag == "figure":
        return "embed" if value == "embed" else None
    match = _LANGUAGE.match(value) or _LANGUAGE.search(value)
    return f"language-{match[1].lower()}" if match else None


@cache
def _cleaner() -> nh3.Cleaner:
    import nh3

    return nh3.Cleaner(
        tags=_TAGS,
        clean_content_tags=_DROPPED_WHOLE,
        attributes=_ATTRIBUTES,
        attribute_filter=_attribute,
        set_tag_attribute_values=_ADDED,
        link_rel="noopener noreferrer",
        url_schemes={"http", "https", "mailto"},
        id_prefix=ID_PREFIX,
    )
