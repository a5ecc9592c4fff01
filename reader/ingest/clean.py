"""HTML of an entry made safe and sound. This module is the only source of SafeHtml.

Two passes: the tags are rewritten (with selectolax's tree where single tags do not tell enough), then nh3 with a strict
allow-list has the last word. What it returns unchanged is finished: it read the same tags as we wrote. What it changed
goes round again, so whatever comes out stays the same when it is cleaned once more. Nothing may touch the HTML after
that but map_images, which replaces URLs by a caller's own. The libraries are loaded by the first cleaning.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache
from html import escape, unescape
from typing import TYPE_CHECKING, Any

from reader.ingest.cleaning import allowed
from reader.ingest.cleaning.srcset import map_srcset
from reader.ingest.text import INLINE, clean_text, squeeze, without_unseen
from reader.models.entry import SafeHtml

if TYPE_CHECKING:
    import nh3

__all__ = ["clean", "clean_text", "map_images", "summary_of"]

MAX_HTML = 1_000_000
CUT_MARK = "<p>[…]</p>"
ROUNDS = 6


def clean(html: str, *, base: str) -> SafeHtml:
    """Clean ``html``, whose relative links resolve against the absolute URL ``base``.

    What comes out holds no script, style, form or frame; links are http, https, mailto or point inside; ids begin
    with "e-"; headings start at h3; frames of known sites are ``<figure class="embed" data-src=…>``. Larger than
    1 MB it is cut, visibly. Cleaning twice gives the same as once.
    """
    html = _taken(html)
    if "<" not in html and "&" not in html:
        return SafeHtml(_text(html))
    return SafeHtml(_settled(html, base))


def clean_all(many: Sequence[tuple[str, str]]) -> list[SafeHtml]:
    """As clean(), for (html, base) of many entries: first all are rewritten, then all go through the sanitiser. Each of
    the two works better while the other is not in the processor's caches."""
    taken = [(_taken(html), base) for html, base in many]
    written = [_written(html, base) for html, base in taken]
    sealed = [None if html is None else _sealed(html) for html in written]
    return [
        SafeHtml(done) if done is not None and len(done) <= MAX_HTML else clean(html, base=base)
        for done, (html, base) in zip(sealed, taken, strict=True)
    ]


def _taken(html: str) -> str:
    if len(html) > MAX_HTML:
        html = _cut(html, MAX_HTML * 19 // 20)  # room to grow in, or it would be cut again and take another round
    if len(html) > _SMALL:
        html = _uncrowded(html)
    if "<![CDATA[" in html[:100] and (whole := _WRAPPED.fullmatch(html)):
        html = whole[1]  # wrapped twice
    return html


_SMALL = 20_000
_CROWD = 4000  # characters of a tag, its quoted values left out: about 1,000 attributes
_TAG = re.compile(r"(<[a-zA-Z][^\s/>]{0,60}+)((?:=\s*+(?:\"[^\"]*+\"|'[^']*+')|[^>])*+)")
_QUOTED = re.compile(r"=\s*+(?:\"[^\"]*+\"|'[^']*+')")


def _uncrowded(html: str) -> str:
    """Thousands of attributes of one tag left out: parsers take quadratic time for them."""
    if html.count("=") < 1000 and max(map(len, html.split(">"))) < _CROWD:
        return html
    return _TAG.sub(lambda tag: tag[1] if len(tag[2]) > _CROWD < len(_QUOTED.sub("", tag[2])) else tag[0], html)


_WRAPPED = re.compile(r"\s*<!\[CDATA\[(.*)\]\]>\s*", re.DOTALL)


def _settled(html: str, base: str) -> str:
    """Clean until nothing changes. The first round is the last for nearly everything."""
    for _ in range(ROUNDS):
        cleaned, sound = _once(html, base)
        if len(cleaned) > MAX_HTML:
            cleaned, sound = _cut(cleaned, MAX_HTML * 9 // 10), False
        if sound or cleaned == html:
            return cleaned
        html = cleaned
    return _text(clean_text(html))  # never seen; but then the words are kept and nothing else


def _once(html: str, base: str) -> tuple[str, bool]:
    """One round, and whether another would change nothing."""
    html = without_unseen(html)
    written = _written(html, base)
    if written is not None and (cleaned := _sealed(written)) is not None:
        return cleaned, True
    from reader.ingest.cleaning.tree import rewrite  # heavy, and most entries need no tree

    written = _headings(without_unseen(rewrite(html, base))).strip()
    return (_watching() if _WATCHED.search(written) else _open()).clean(written).strip(), False


def _written(html: str, base: str) -> str | None:
    """The tags rewritten one by one; None where single tags do not tell enough."""
    from reader.ingest.cleaning.tags import NotPlainError, rewrite_tags

    html = without_unseen(html)
    if _deep(html):
        return None
    try:
        return _headings(rewrite_tags(html, base)).strip()
    except NotPlainError:
        return None


def _sealed(written: str) -> str | None:
    """What the sanitiser makes of it, if it changes nothing and every attribute is sound; else None.

    The sanitiser itself checks schemes of href and src. The other attributes with a meaning are looked at here, since
    asking back for each attribute of a document would take longer than all the rest.
    """
    cleaned = _open().clean(written)
    return cleaned if cleaned == written and _sound(cleaned) else None


def _sound(html: str) -> bool:
    return all(
        _attribute("", name, unescape(value) if "&" in value else value) == (unescape(value) if "&" in value else value)
        for name, value in _WATCHED.findall(html)
    )


def _text(text: str) -> str:
    text = without_unseen(text).replace("\r\n", "\n").replace("\r", "\n")
    return escape(text, quote=False).replace("\xa0", "&nbsp;").strip()


def _cut(html: str, limit: int) -> str:
    """The beginning of ``html``, not inside of a tag, with a mark that it was cut."""
    head = html[: limit - len(CUT_MARK)]
    begun = head.rfind("<")
    if begun > len(head) - 10_000 and ">" not in head[begun:]:
        head = head[:begun]
    return head + CUT_MARK


def summary_of(html: str, limit: int = 300) -> str:
    """The beginning of an entry as one line of plain text of at most ``limit`` characters."""
    for share in (5, 40):  # mostly the first look finds enough
        head = html[: limit * share]
        if len(head) < len(html):
            begun = head.rfind("<")
            head = _CUT_REFERENCE.sub("", head[:begun] if begun > head.rfind(">") else head)
        text = clean_text(head, limit=limit)
        if len(head) == len(html) or len(text) > limit * 0.8:
            break
    return text


def beginning_of(html: SafeHtml, limit: int = 300) -> str:
    """summary_of() for what clean() made: there every "<" begins a tag, and every tag is whole."""
    for share in (5, 40):
        head = html[: limit * share]
        if len(head) < len(html):
            begun = head.rfind("<")
            head = _CUT_REFERENCE.sub("", head[:begun] if begun > head.rfind(">") else head)
        text = _without_tags(head)
        text = squeeze(unescape(text) if "&" in text else text, limit=limit)
        if len(head) == len(html) or len(text) > limit * 0.8:
            break
    return text


def _without_tags(html: str) -> str:
    first, *rest = html.split("<")
    words = [first]
    for piece in rest:
        tag, _, text = piece.partition(">")
        name = tag.partition(" ")[0].removeprefix("/")
        words.append(text if name in INLINE else f" {text}")
    return "".join(words)


_CUT_REFERENCE = re.compile(r"&[#\w]{0,10}\Z")


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
_ANY_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*+)")
_HEADING = re.compile(r"(</?h)([1-6])(?=[ >])")
_DEEP_AT = 60  # deeper than this, the tree decides what is left out


def _deep(html: str) -> bool:
    """Whether tags may nest so deep that somebody should count properly."""
    if html.count("<") - html.count("</") <= _DEEP_AT:
        return False
    depth = 0
    for closing, name in _ANY_TAG.findall(html):
        if closing:
            depth -= 1
        elif name not in allowed.VOID:
            depth += 1
            if depth > _DEEP_AT:
                return True
    return False


def _headings(html: str) -> str:
    """Shift headings so that the highest is h3: h1 and h2 belong to the page around the entry.

    A plain search finds tags and nothing else, because "<" in text and in attributes is written &lt; by now.
    """
    shift = 2 if "<h1" in html else 1 if "<h2" in html else 0
    if not shift:
        return html
    return _HEADING.sub(lambda match: f"{match[1]}{min(6, int(match[2]) + shift)}", html)


# In text the same words may stand; then they are looked at for nothing.
_WATCHED = re.compile(r' (srcset|poster|data-src|class)="([^"]*)"')
_WEB = re.compile(r"https?://[^\s/?#\\]", re.IGNORECASE)
_CLASS = re.compile(r"embed|language-[a-z0-9+#_-]{1,30}")


def _attribute(tag: str, name: str, value: str) -> str | None:
    """Last word on each attribute that the allow-list let through; None takes it out."""
    if name in ("href", "src", "poster", "cite"):
        if _WEB.match(value) or (tag == "a" and value.startswith(("#" + allowed.ID_PREFIX, "mailto:"))):
            return value
        return value if tag == "a" and value[:7].lower() == "mailto:" else None
    if name == "srcset":
        return map_srcset(value, lambda url: url if _WEB.match(url) else None) or None
    if name == "data-src":
        from reader.ingest.cleaning.embeds import known

        embed = known(value)
        return embed.src if embed else None
    if name == "class":
        return value if _CLASS.fullmatch(value) else None
    return value


@cache
def _open() -> nh3.Cleaner:
    import nh3

    attributes = {tag: set(names - {"rel"}) for tag, names in allowed.ATTRIBUTES.items()}
    return nh3.Cleaner(tags=_tags(), attributes=_with_common(attributes), **_SETTINGS)


@cache
def _watching() -> nh3.Cleaner:
    import nh3

    attributes = {tag: set(names - {"rel"}) for tag, names in allowed.ATTRIBUTES.items()}
    return nh3.Cleaner(tags=_tags(), attributes=_with_common(attributes), attribute_filter=_attribute, **_SETTINGS)


def _tags() -> set[str]:
    return set(allowed.TAGS | allowed.MATH_TAGS)


def _with_common(attributes: dict[str, set[str]]) -> dict[str, set[str]]:
    for tag in allowed.MATH_TAGS:
        attributes[tag] = set(allowed.MATH_ATTRIBUTES)
    return attributes | {"*": set(allowed.GENERIC)}


_SETTINGS: dict[str, Any] = {
    "clean_content_tags": {"script", "style", "template", "svg", "noembed", "noframes", "title", "select", "textarea"},
    "set_tag_attribute_values": allowed.ADDED,
    "tag_attribute_values": {tag: {"align": set(allowed.ALIGNMENTS)} for tag in allowed.ALIGNED},
    "link_rel": allowed.REL,
    "url_schemes": {"http", "https", "mailto"},
    "id_prefix": allowed.ID_PREFIX,
}
