"""The pass over the tree: what single tags cannot tell is made plain before they are rewritten one by one.

Frames become cards, formulas are written anew, noscript and lazy pictures are told apart, what holds no text goes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

from selectolax.lexbor import LexborHTMLParser, LexborNode

from reader.ingest.cleaning import allowed, cards, mathml
from reader.ingest.cleaning.attributes import quoted
from reader.ingest.cleaning.images import LAZY, picture
from reader.ingest.cleaning.links import absolute
from reader.ingest.cleaning.tags import NotPlainError, escape_text, rewrite_tags

_NAMES = re.compile(r"<([a-zA-Z][a-zA-Z0-9-]*+)")
_LOOSE_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*+)[^<>]*+>")
_TAG = re.compile(r'<!--.*?-->|<(/?)([a-zA-Z][^\s/>]*+)(?:[^>"]|"[^"]*+")*+>', re.DOTALL)
_UNNESTED = allowed.VOID | allowed.words(
    """
    p li td th tr dt dd option
    """
)
_SOUND_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:.-]*")
MAX_PARSED_DEPTH = 1000
MAX_DEPTH = 100  # nh3 takes quadratic time in depth; articles stay below 30


def rewrite(html: str, base: str) -> str:
    """Parse ``html`` as a browser does, mend it, and write it with every tag rewritten. Not safe yet."""
    tree = LexborHTMLParser("<!doctype html><body>" + bounded(html))
    body = tree.body
    if body is None:
        return ""
    present = {name.lower() for name in _NAMES.findall(html)}
    if "image" in present:
        present.add("img")  # what the parser makes of it
    if "base" in present:
        base = _base(body, base)
    if "math" in present:
        _drawn_twice(body)
    for tags, step in _STEPS:
        wanted = present.intersection(tags)  # asking the tree for each tag would cost more than this look
        if wanted:
            for node in body.css(",".join(wanted)):
                step(node, base)
    written = shallow(body.inner_html or "")
    try:
        return rewrite_tags(written, base, parsed=True)
    except NotPlainError:
        _tame(body)
    try:
        return rewrite_tags(shallow(body.inner_html or ""), base, parsed=True)
    except NotPlainError:
        return escape_text(body.text() or "")


def _base(body: LexborNode, base: str) -> str:
    first = body.css_first("base[href]")
    return (absolute(first.attributes.get("href"), base) if first is not None else None) or base


def _tame(body: LexborNode) -> None:
    """Take out what tokenisers disagree about: names with quotes and such in them."""
    for node in list(body.traverse()):
        if not node.is_element_node:
            continue
        for name in list(node.attributes):
            if not _SOUND_NAME.fullmatch(name):
                del node.attrs[name]
        if not _SOUND_NAME.fullmatch(node.tag or ""):
            node.unwrap()


def bounded(html: str) -> str:
    """Leave out opening tags beyond a depth that no document reaches: the parser takes quadratic time in it.

    An estimate, for time only. It counts open tags by name, except those that a successor closes by itself.
    """
    if html.count("<") <= MAX_PARSED_DEPTH:
        return html
    unclosed: Counter[str] = Counter()
    depth = 0

    def keep(match: re.Match[str]) -> str:
        nonlocal depth
        name = match[2].lower()
        if name in _UNNESTED:
            return match[0]
        if not match[1]:
            if depth >= MAX_PARSED_DEPTH:
                return ""
            depth += 1
            unclosed[name] += 1
        elif unclosed[name]:
            depth -= 1
            unclosed[name] -= 1
        return match[0]

    return _LOOSE_TAG.sub(keep, html)


def shallow(html: str) -> str:
    """Drop the tags that nest deeper than MAX_DEPTH; their text stays. ``html`` is serialised, so balanced."""
    if html.count("</") <= MAX_DEPTH:
        return html
    depth = 0

    def keep(match: re.Match[str]) -> str:
        nonlocal depth
        if not match[2]:
            return ""
        if match[2].lower() in allowed.VOID:
            return match[0]
        if match[1]:
            depth -= 1
            return match[0] if depth < MAX_DEPTH else ""
        depth += 1
        return match[0] if depth <= MAX_DEPTH else ""

    return _TAG.sub(keep, html)


def _given(node: LexborNode) -> dict[str, str]:
    return {name: value or "" for name, value in node.attributes.items()}


def _noscript(node: LexborNode, base: str) -> None:
    """Beside a lazily loaded picture it holds the same picture once more; elsewhere it is what a reader sees."""
    before = node.prev
    while before is not None and not before.is_element_node:
        before = before.prev
    inside = node.css_first("img")
    shown = _picture_in(before)
    if shown is None or inside is None:
        node.unwrap()
    elif _has_address(shown, base):
        node.decompose()
    else:
        shown.decompose()
        node.unwrap()


def _picture_in(node: LexborNode | None) -> LexborNode | None:
    if node is None:
        return None
    if node.tag in ("img", "picture", "amp-img"):
        return node
    found = node.css("img")
    return found[0] if len(found) == 1 else None


def _has_address(node: LexborNode, base: str) -> bool:
    image = node if node.tag == "img" else node.css_first("img")
    return image is not None and picture(_given(image), base)[0] is not None


def _frame(node: LexborNode, base: str) -> None:
    _replace(node, cards.of_frame(_given(node), base, LAZY))


def _object(node: LexborNode, base: str) -> None:
    """A card for what is known; else what stands inside for readers without the plug-in."""
    given = _given(node)
    if node.tag == "object" and "data" not in given:
        movie = node.css_first("param[name=movie],param[name=src]")
        given["data"] = (movie.attributes.get("value") if movie is not None else "") or ""
    made = cards.of_object(given, base)
    if made is not None:
        _replace(node, made)
    elif node.tag == "object":
        node.unwrap()
    else:
        node.decompose()


def _component(node: LexborNode, base: str) -> None:
    _replace(node, cards.of_component(node.tag or "", _given(node), base))


def _amp_image(node: LexborNode, _base: str) -> None:
    given = _given(node).items()
    attributes = "".join(f' {name}="{quoted(value)}"' for name, value in given if _SOUND_NAME.fullmatch(name))
    _replace(node, f"<img{attributes}>")


def _preformatted(node: LexborNode, _base: str) -> None:
    inside = node.inner_html or "" if node.tag == "listing" else escape_text(node.text() or "")
    _replace(node, f"<pre>{inside}</pre>")


def _checkbox(node: LexborNode, _base: str) -> None:
    """The boxes of task lists are read, not pressed."""
    given = _given(node)
    if given.get("type", "").lower() == "checkbox":
        node.replace_with("\u2611 " if "checked" in given else "\u2610 ")
    else:
        node.decompose()


def _math(node: LexborNode, _base: str) -> None:
    parent = node.parent
    while parent is not None and parent.tag != "math":
        parent = parent.parent
    if parent is None:
        _replace(node, mathml.rebuild(node))


def _drawn_twice(body: LexborNode) -> None:
    """KaTeX, MathJax and MediaWiki write a formula as MathML and once more as boxes, as TeX or as a picture."""
    for twin in body.css(
        "span.katex-html,span.MathJax_Preview,span.MathJax_SVG,nobr[aria-hidden=true],"
        "img.mwe-math-fallback-image-inline,img.mwe-math-fallback-image-display"
    ):
        twin.decompose()


def _drop(node: LexborNode, _base: str) -> None:
    node.decompose()


def _replace(node: LexborNode, html: str | None) -> None:
    made = LexborHTMLParser(f"<!doctype html><body>{html}").body if html else None
    child = made.first_child if made is not None else None
    if child is None:
        node.decompose()
    else:
        node.replace_with(child)


_STEPS: tuple[tuple[frozenset[str], Callable[[LexborNode, str], None]], ...] = (
    (frozenset({"noscript"}), _noscript),
    (frozenset({"amp-img", "amp-anim"}), _amp_image),
    (frozenset({"iframe", "amp-iframe", "frame"}), _frame),
    (frozenset({"object", "embed"}), _object),
    (frozenset(cards.COMPONENTS), _component),
    (frozenset({"xmp", "listing", "plaintext"}), _preformatted),
    (frozenset({"input"}), _checkbox),
    (allowed.GONE - {"frame", "input"}, _drop),
    (frozenset({"math"}), _math),
)
