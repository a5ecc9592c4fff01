"""A judge of cleaned HTML that shares nothing with the cleaner: another parser (html5lib), lists of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import html5lib

HTML = "{http://www.w3.org/1999/xhtml}"
MATH = "{http://www.w3.org/1998/Math/MathML}"
GENERAL = {"title", "lang", "dir", "id", "align"}
PLAIN = """
    abbr address article aside b bdi bdo br caption cite dd dfn div dl dt em figcaption footer h3 h4 h5 h6
    header hr i kbd mark p picture rb rp rt rtc ruby s samp section small span strong sub summary sup table
    tbody tfoot thead tr u var wbr
"""
ELEMENTS: dict[str, set[str]] = {
    **{tag: set() for tag in PLAIN.split()},
    "a": {"href", "hreflang", "rel"},
    "audio": {"src", "controls", "preload", "loop"},
    "blockquote": {"cite"},
    "code": {"class"},
    "col": {"span"},
    "colgroup": {"span"},
    "data": {"value"},
    "del": {"cite", "datetime"},
    "details": {"open"},
    "figure": {"class", "data-src", "data-provider"},
    "img": {"src", "srcset", "sizes", "alt", "width", "height", "loading", "decoding"},
    "ins": {"cite", "datetime"},
    "li": {"value"},
    "ol": {"start", "reversed", "type"},
    "pre": {"class"},
    "q": {"cite"},
    "source": {"src", "srcset", "sizes", "type", "media", "width", "height"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope", "abbr"},
    "time": {"datetime"},
    "track": {"src", "kind", "srclang", "label", "default"},
    "ul": {"type"},
    "video": {"src", "poster", "width", "height", "controls", "preload", "loop", "muted"},
}
MATH_WORDS = """
    math mi mn mo ms mtext mrow mspace mfrac msqrt mroot mstyle merror mpadded mphantom menclose mfenced
    msub msup msubsup munder mover munderover mmultiscripts mprescripts none mtable mtr mlabeledtr mtd
"""
MATH_ELEMENTS = set(MATH_WORDS.split())
MATH_FORBIDDEN = re.compile(r"on|href|xlink|style|class|action|src|definition|encoding|background|color|id$|name$")
WEB = re.compile(r"https?://[^\s/?#\\]", re.I)
EMBED = re.compile(r"https://[a-z0-9.-]+\.[a-z]{2,}/", re.I)
HIDDEN = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def check(html: str) -> None:
    """Raise AssertionError if ``html`` holds anything that cleaned HTML may not hold."""
    assert not HIDDEN.search(html), "control or bidi characters"
    html.encode("utf-8")
    for container in ("div", "td"):
        for node in nodes(html, container):
            judge(node)


def nodes(html: str, container: str = "div") -> Iterator[Any]:
    """All nodes of the fragment as a browser sees them inside of ``container``."""
    parsed = html5lib.parseFragment(html, treebuilder="etree", container=container)
    for node in parsed.iter():
        if node is not parsed:
            yield node


def judge(node: Any) -> None:
    assert isinstance(node.tag, str), f"a comment or an instruction: {node}"
    attributes = {str(name): str(value) for name, value in node.attrib.items()}
    if node.tag.startswith(MATH):
        tag = node.tag.removeprefix(MATH)
        assert tag in MATH_ELEMENTS, node.tag
        for name in attributes:
            assert not MATH_FORBIDDEN.match(name), (tag, name)
        if tag in ("mi", "mn", "mo", "ms", "mtext"):
            assert not len(node), f"elements inside of <{tag}>"
        return
    assert node.tag.startswith(HTML), f"foreign: {node.tag}"
    tag = node.tag.removeprefix(HTML)
    assert tag in ELEMENTS, tag
    for name, value in attributes.items():
        assert name in ELEMENTS[tag] or name in GENERAL, (tag, name)
        judge_value(tag, name, value)
    if tag == "a":
        assert attributes.get("rel") == "noopener noreferrer"
    if "data-src" in attributes:
        assert attributes.get("class") == "embed"


def judge_value(tag: str, name: str, value: str) -> None:
    if name in ("src", "poster", "cite"):
        assert WEB.match(value), (tag, name, value)
    elif name == "href":
        assert WEB.match(value) or re.match(r"mailto:[^\s]+", value, re.I) or re.match(r"#e-\S", value), value
    elif name == "srcset":
        for part in value.split(", "):
            assert re.fullmatch(r"https?://[^\s,]+(?: [\d.]+[wx])?", part, re.I), value
    elif name == "data-src":
        assert EMBED.match(value), value
    elif name == "id":
        assert re.fullmatch(r"e-[^\s\"'<>&]+", value), value
    elif name == "class":
        assert re.fullmatch(r"embed|language-[a-z0-9+#_-]+", value), value
    elif name == "align":
        assert value in ("left", "right", "center", "justify"), value
    elif name in ("width", "height", "colspan", "rowspan", "span"):
        assert re.fullmatch(r"\d{1,6}", value), (name, value)
    elif name == "dir":
        assert value in ("ltr", "rtl", "auto"), value
