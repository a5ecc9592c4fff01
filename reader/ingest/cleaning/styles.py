"""The little sense of inline styles that is kept: alignment, weight, slant, lines, direction."""

from __future__ import annotations

import re

from reader.ingest.cleaning import allowed

_MEANINGS = ("font-weight", "font-style", "line-through", "underline", "vertical-align")
_ALIGN = re.compile(r"(?:^|;)\s*text-align\s*:\s*(?:-(?:webkit|moz)-)?(left|right|center|justify|end)\b", re.IGNORECASE)
_DIRECTION = re.compile(r"(?:^|;)\s*direction\s*:\s*(rtl|ltr)\b", re.IGNORECASE)
_CLASS_ALIGN = re.compile(
    r"(?:^|\s)(?:has-text-align-|text-|text-xs-|ql-align-|ta-|align-|align)(center|right|justify)(?:$|\s)",
    re.IGNORECASE,
)
_BOLD = re.compile(r"(?:^|;)\s*font-weight\s*:\s*(?:bold|bolder|[6-9]00)\b", re.IGNORECASE)
_NOT_BOLD = re.compile(r"(?:^|;)\s*font-weight\s*:\s*(?:normal|[1-5]00)\b", re.IGNORECASE)
_ITALIC = re.compile(r"(?:^|;)\s*font-style\s*:\s*(?:italic|oblique)\b", re.IGNORECASE)
_NOT_ITALIC = re.compile(r"(?:^|;)\s*font-style\s*:\s*normal\b", re.IGNORECASE)
_STRUCK = re.compile(r"(?:^|;)\s*text-decoration(?:-line)?\s*:[^;]*line-through", re.IGNORECASE)
_UNDERLINED = re.compile(r"(?:^|;)\s*text-decoration(?:-line)?\s*:[^;]*underline", re.IGNORECASE)
_SHIFTED = re.compile(r"(?:^|;)\s*vertical-align\s*:\s*(super|sub)\b", re.IGNORECASE)
_NORMAL = {"b": _NOT_BOLD, "strong": _NOT_BOLD, "i": _NOT_ITALIC, "em": _NOT_ITALIC}


def meanings(html: str) -> bool:
    """Whether a style in ``html`` may stand for an element."""
    lower = html.lower()
    return any(word in lower for word in _MEANINGS)


def tag_for_style(name: str, style: str) -> tuple[str, str] | None:
    """Opening and closing tags that say what ``style`` says on a ``span`` (or on a ``b`` that is made normal again,
    as office programs write it); None: nothing that an element says."""
    style = style[:2000]
    if name in _NORMAL:
        return ("", "") if _NORMAL[name].search(style) else None
    if name != "span":
        return None
    shifted = _SHIFTED.search(style)
    names = [
        *(["strong"] if _BOLD.search(style) else []),
        *(["em"] if _ITALIC.search(style) else []),
        *(["s"] if _STRUCK.search(style) else []),
        *(["u"] if _UNDERLINED.search(style) else []),
        *(["sup" if shifted[1].lower() == "super" else "sub"] if shifted else []),
    ]
    if not names:
        return None
    return "".join(f"<{one}>" for one in names), "".join(f"</{one}>" for one in reversed(names))


def alignment(given: dict[str, str]) -> str:
    """The text alignment that style, attribute or class ask for: left, right, center, justify or ""."""
    style = given.get("style")
    match = _ALIGN.search(style) if style else None
    if match:
        return "right" if match[1].lower() == "end" else match[1].lower()
    written = given.get("align", "").strip().lower()
    written = "center" if written in ("middle", "absmiddle") else written
    if written in allowed.ALIGNMENTS:
        return written
    classes = given.get("class")
    match = _CLASS_ALIGN.search(classes) if classes else None
    return match[1].lower() if match else ""


def direction(style: str) -> str:
    match = _DIRECTION.search(style)
    return match[1].lower() if match else ""
