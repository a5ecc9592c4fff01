"""Plain text out of what publishers write. Light: needs no parser.

What a browser takes for a tag of HTML or MathML goes; what only looks like one ("a < b", "Vec<T>") stays.
"""

from __future__ import annotations

import html
import re

_BLOCKS = """
    address article aside blockquote body br button caption center col colgroup dd details dialog dir div dl dt fieldset
    figcaption figure footer form frame frameset h1 h2 h3 h4 h5 h6 head header hgroup hr html legend li link listing
    main menu meta nav noframes ol optgroup option p param plaintext pre search section select source summary table
    tbody td
    textarea tfoot th thead title tr track ul video xmp audio iframe object noscript
"""
_INLINE = """
    a abbr acronym applet area b base basefont bdi bdo bgsound big blink canvas cite code data datalist del dfn em embed
    font i image img input ins kbd label map mark marquee meter nobr output picture progress q rb rp rt rtc ruby s samp
    slot small span strike strong sub sup time tt u var wbr amp-img
    math menclose merror mfenced mfrac mi mlabeledtr mmultiscripts mn mo mover mpadded mphantom mprescripts mroot mrow
    ms mspace msqrt mstyle msub msubsup msup mtable mtd mtext mtr munder munderover none semantics
"""
INLINE = frozenset(_INLINE.split())
_MEANT = dict.fromkeys(_BLOCKS.split(), " ") | dict.fromkeys(INLINE, "")
# Holds no words for a reader. Where the end is missing, browsers take all that follows for content.
_DROPPED = re.compile(
    r"<(script|style|template|svg|annotation(?:-xml)?)(?=[\s/>])[^<>]*+>.*?(?:</\1\s*+>|\Z)"
    r"|<(title|noembed|noframes|iframe|head)(?=[\s/>])[^<>]*+>(?:(?!<\2).)*?</\2\s*+>",
    re.IGNORECASE | re.DOTALL,
)
_COMMENT = re.compile(r"<!--(?:-?>|.*?(?:--!?>|\Z))|<!\[CDATA\[|\]\]>|<![a-z\[][^<>]*+>", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(
    r"</?([a-zA-Z][a-zA-Z0-9:-]*+)(?=[\s/>])(?:(?:[^<>\"']|\"[^\"<]*+\"|'[^'<]*+')*+>|[^<>]*+>)|<\?[a-zA-Z][^<>]*+>"
)
_CUT_TAG = re.compile(
    r"<[a-zA-Z][a-zA-Z0-9]*+(?=\s[^<>]*+\Z)[^<>]*=\s*+[\"'][^<>]*+\Z"
)  # of an excerpt that was cut inside
# C0 and C1 controls, bidi marks, overrides and isolates, zero-width and line separators, BOM, tag characters,
# surrogates, non-characters: nothing that is seen, much that misleads. U+200C and U+200D shape scripts and emoji.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f]"
)
# In HTML, hyphenation and direction marks do what they are for; what reorders or hides text has elements (bdo).
_UNWANTED = re.compile(
    "[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)
_FLAG = re.compile("\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{1,8}\U000e007f")  # England, Texas …


def clean_text(html_or_text: str, *, limit: int | None = None) -> str:
    """Make one line of plain text: markup removed, entities decoded once, whitespace collapsed, control, bidi
    override and surrogate characters stripped. ``limit`` cuts at a word and adds "…" (the result never exceeds it).

    Tags are those of HTML and MathML by name; blocks and line breaks become a space. Whatever else stands between
    "<" and ">" is text. The result is plain text: every place that shows it must escape it.
    """
    text = html_or_text
    if "<" in text:
        if "<!" in text or "]]>" in text:
            text = _COMMENT.sub("", text)
        text = _TAG.sub(_meaning, _DROPPED.sub(" ", text))
        if "<" in text:
            text = _CUT_TAG.sub("", text)
    if "&" in text:
        text = html.unescape(text)
    return squeeze(text, limit=limit)


def _meaning(match: re.Match[str]) -> str:
    name = match[1]
    if name is None:
        return ""  # <?xml …?>
    meant = _MEANT.get(name.lower())
    if meant is not None:
        return meant
    return "" if ":" in name or "-" in name else match[0]  # components and office programs have names of their own


def squeeze(text: str, *, limit: int | None = None) -> str:
    """As clean_text, for text that is no markup: "<b>" and "&amp;" stay as they are."""
    text = " ".join(text.split())  # every kind of white space, and faster than a regular expression
    if not text.isprintable():
        text = " ".join(_without(_UNSEEN, text).split())
    return text if limit is None else _cut(text, limit)


def without_unseen(text: str) -> str:
    """Strip what HTML text may not hold: control characters, bidi overrides and isolates, surrogates. Whitespace, soft
    hyphens and direction marks stay; a form feed, which XML cannot hold, becomes a space."""
    if text.replace("\n", " ").isprintable():  # nearly all are, and this look is cheap
        return text
    return _without(_UNWANTED, text.replace("\x0c", " "))


def _without(unwanted: re.Pattern[str], text: str) -> str:
    if "\U0001f3f4" not in text:
        return unwanted.sub("", text)
    parts: list[str] = []
    end = 0
    for flag in _FLAG.finditer(text):
        parts += (unwanted.sub("", text[end : flag.start()]), flag[0])
        end = flag.end()
    return "".join(parts) + unwanted.sub("", text[end:])


def _cut(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    head = text[: limit - 1]
    space = head.rfind(" ", int(limit * 0.8))
    return (head[:space] if space > 0 else head).rstrip(" ,;:.-–—") + "…"
