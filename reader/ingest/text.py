"""Plain text out of what publishers write. Light: needs no parser."""

from __future__ import annotations

import html
import re

_BLOCKS = "p|div|br|li|ul|ol|tr|td|th|h[1-6]|blockquote|pre|hr|section|article|figure|figcaption|table|dd|dt"
_DROPPED = re.compile(r"<(script|style|noscript|template|svg|math)\b[^<>]*>.*?(?:</\1\s*>|\Z)", re.I | re.S)
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)|<!\[CDATA\[|\]\]>", re.S)
_BLOCK = re.compile(rf"</?(?:{_BLOCKS})\b[^<>]*>", re.I)
_TAG = re.compile(r"</?[a-zA-Z!?][^<>]*>")
# C0 and C1 controls, bidi marks, overrides and isolates, zero-width and line separators, BOM, tag characters,
# surrogates, non-characters: nothing that is seen, much that misleads. U+200C and U+200D shape scripts and emoji.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f]"
)
_SPACE = re.compile(r"\s+")


def clean_text(html_or_text: str, *, limit: int | None = None) -> str:
    """Make one line of plain text: markup removed, entities decoded once, whitespace collapsed, control, bidi
    override and surrogate characters stripped. ``limit`` cuts at a word and adds "…" (the result never exceeds it).
    """
    text = html_or_text
    if "<" in text:
        if "<!" in text:
            text = _COMMENT.sub("", text)
        text = _TAG.sub("", _BLOCK.sub(" ", _DROPPED.sub(" ", text)))
    if "&" in text:
        text = html.unescape(text)
    return squeeze(text, limit=limit)


def squeeze(text: str, *, limit: int | None = None) -> str:
    """As clean_text, for text that is no markup: "<b>" and "&amp;" stay as they are."""
    text = text.strip()
    if not text.isprintable() or "  " in text:  # most titles need no more than this look
        text = _SPACE.sub(" ", _UNSEEN.sub("", text)).strip()
    return text if limit is None else _cut(text, limit)


def without_unseen(text: str) -> str:
    """Strip control, bidi override and surrogate characters, keep whitespace as it is."""
    if text.replace("\n", " ").isprintable():  # nearly all are, and this look is cheap
        return text
    return _UNSEEN.sub("", text)


def _cut(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    head = text[: limit - 1]
    space = head.rfind(" ", int(limit * 0.8))
    return (head[:space] if space > 0 else head).rstrip(" ,;:.-–—") + "…"
