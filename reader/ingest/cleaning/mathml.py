"""MathML of entries written anew: presentation elements whose leaves are text alone.

Nothing of HTML or SVG may stand inside, no link, no action, no annotation: what parsers disagree about is gone before
the sanitiser looks, so no later parser can find a tag in what was text.
"""

from __future__ import annotations

from selectolax.lexbor import LexborNode

from reader.ingest.cleaning import allowed
from reader.ingest.cleaning.attributes import attributes_of
from reader.ingest.cleaning.tags import escape_text

MAX_DEPTH = 40
_SKIPPED = allowed.words(
    """
    annotation annotation-xml script style svg mglyph malignmark template title noscript iframe textarea select
    xmp noembed noframes plaintext object embed -comment
    """
)
_FIRST_ONLY = frozenset({"semantics", "maction"})  # the other children say the same in other ways


def rebuild(math: LexborNode) -> str:
    """The formula as HTML; "" for one without content."""
    inside = _children(math, 0)
    if not inside:
        return ""
    return f"<math{_attributes('math', math)}>{inside}</math>"


def _children(node: LexborNode, depth: int) -> str:
    parts: list[str] = []
    child = node.child if depth < MAX_DEPTH else None
    while child is not None:
        parts.append(_one(child, depth + 1))
        if node.tag in _FIRST_ONLY and child.is_element_node:
            break
        child = child.next
    return "".join(parts)


def _one(node: LexborNode, depth: int) -> str:
    if node.is_text_node:
        words = (node.text_content or "").strip()
        return f"<mtext>{escape_text(words)}</mtext>" if words else ""
    tag = (node.tag or "").lower()
    if not node.is_element_node or tag in _SKIPPED:
        return ""
    if tag in allowed.MATH_TOKENS:
        return f"<{tag}{_attributes(tag, node)}>{escape_text(_text(node))}</{tag}>"
    inside = _children(node, depth)
    if tag not in allowed.MATH_TAGS or tag == "math":
        return inside
    return f"<{tag}{_attributes(tag, node)}>{inside}</{tag}>"


def _text(node: LexborNode) -> str:
    """All text inside, without what is no text for readers."""
    parts: list[str] = []
    for one in node.traverse(include_text=True):
        if one.is_text_node and not _inside_skipped(one, node):
            parts.append(one.text_content or "")
    return "".join(parts)


def _inside_skipped(node: LexborNode, top: LexborNode) -> bool:
    parent, steps = node.parent, 0
    while parent is not None and parent.mem_id != top.mem_id and steps < MAX_DEPTH:
        if (parent.tag or "").lower() in _SKIPPED:
            return True
        parent, steps = parent.parent, steps + 1
    return steps >= MAX_DEPTH


class _Nowhere:
    base = ""
    language: str | None = None
    anchors: frozenset[str] = frozenset()


def _attributes(tag: str, node: LexborNode) -> str:
    given = {name.lower(): value or "" for name, value in node.attributes.items()}
    return attributes_of(tag, given, _Nowhere()) if given else ""
