"""The pass over the tree before the sanitiser: what HTML of feeds means is made plain in standard attributes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from html import escape
from urllib.parse import urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from reader.ingest import embeds
from reader.ingest.srcset import map_srcset

_LAZY = (
    "data-src",
    "data-lazy-src",
    "data-original",
    "data-orig-file",
    "data-actualsrc",
    "data-original-src",
    "data-hi-res-src",
    "data-cfsrc",
    "data-url",
    "data-image",
)
_LAZY_SETS = ("data-srcset", "data-lazy-srcset")
_PLACEHOLDER = re.compile(
    r"^(?:data:|about:|#|$)|(?:blank|spacer|placeholder|loading|grey|transparent|1x1)\.(?:gif|png|svg)", re.I
)
_TRACKERS = re.compile(
    r"^https?://(?:[\w.-]*\.)?(?:pixel\.wp\.com|stats\.wordpress\.com|feeds\.wordpress\.com/1\.0/|doubleclick\.net|"
    r"google-analytics\.com|feedsportal\.com|pixel\.quantserve\.com|b\.scorecardresearch\.com|feedads\.|"
    r"feeds\.feedburner\.com/~r/|feeds\.feedburner\.com/~ff/|piwik\.|matomo\.|rss-tracker\.|"
    r"facebook\.com/tr\b|sb\.scorecardresearch\.com|counter\.theconversation\.com|medium\.com/_/stat)",
    re.I,
)
_TINY = re.compile(r"(?:^|;)\s*(?:width|height)\s*:\s*[01](?:px)?\s*(?:;|$)", re.I)
_ABSOLUTE = re.compile(r"https?://", re.I)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.I)
_NAMES = re.compile(r"<([a-zA-Z]+)")
_LOOSE_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)[^<>]*>")
_UNNESTED = {
    *("p", "li", "td", "th", "tr", "dt", "dd", "option", "br", "hr", "img", "input", "link", "meta", "area", "base"),
    *("col", "embed", "source", "track", "wbr", "param"),
}
MAX_PARSED_DEPTH = 1000
_WHITE = re.compile(r"[\t\n\r]")


def rewrite(html: str, base: str) -> str:
    """Parse ``html`` as a browser does, mend it, and serialise the inside of its body. Not safe yet."""
    tree = LexborHTMLParser(_bounded(html))
    body = tree.body
    if body is None:
        return ""
    present = {name.lower() for name in _NAMES.findall(html)}
    if "image" in present:
        present.add("img")  # what the parser makes of it
    for tags, step in _STEPS:
        wanted = present.intersection(tags)  # asking the tree for each tag would cost more than this look
        if wanted:
            for node in body.css(",".join(wanted)):
                step(node, base)
    return body.inner_html or ""


def _bounded(html: str) -> str:
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


def absolute(value: str | None, base: str) -> str | None:
    """An http(s) URL resolved against ``base``; None for other schemes and for nonsense."""
    url = _WHITE.sub("", value or "").strip()
    if not url or len(url) > 4096:
        return None
    if not _ABSOLUTE.match(url):
        if _SCHEME.match(url):
            return None
        try:
            url = urljoin(base, url)
        except ValueError:
            return None
    url = url.replace(" ", "%20").replace("\\", "/")
    return url if _ABSOLUTE.match(url) else None


def _noscript(node: LexborNode, _base: str) -> None:
    """Beside a lazily loaded picture it holds the same picture once more; elsewhere it is what a reader sees."""
    before = node.prev
    while before is not None and not before.is_element_node:
        before = before.prev
    if before is not None and (before.tag in ("img", "picture") or before.css_first("img") is not None):
        node.decompose()
    else:
        node.unwrap()


def _frame(node: LexborNode, base: str) -> None:
    attributes = node.attributes
    written = attributes.get("src") or ""
    if not written or _PLACEHOLDER.search(written):
        written = next((value for name in _LAZY if (value := attributes.get(name))), written)
    src = absolute(written, base)
    title = (attributes.get("title") or "").strip()[:200]
    _replace(node, _card(src, title) if src else None)


def _object(node: LexborNode, base: str) -> None:
    src = absolute(node.attributes.get("data") or node.attributes.get("src"), base)
    _replace(node, _card(src, "") if src and embeds.known(src) else None)


def _drop(node: LexborNode, _base: str) -> None:
    node.decompose()


def _card(src: str, title: str) -> str | None:
    embed = embeds.known(src)
    if embed is None:
        host = urlsplit(src).hostname or ""
        return f'<p><a href="{escape(src)}">{escape(title or f"Embedded page of {host}")}</a></p>' if host else None
    words = escape(title or f"{embed.kind} on {embed.provider}")
    return (
        f'<figure class="embed" data-src="{escape(embed.src)}" data-provider="{embed.provider}">'
        f'<figcaption><a href="{escape(embed.page)}">{words}</a></figcaption></figure>'
    )


def _replace(node: LexborNode, html: str | None) -> None:
    made = LexborHTMLParser(html).body if html else None
    child = made.first_child if made is not None else None
    if child is None:
        node.decompose()
    else:
        node.replace_with(child)


def _image(node: LexborNode, base: str) -> None:
    attributes = {name: value or "" for name, value in node.attributes.items()}
    src, srcset = attributes.get("src", ""), attributes.get("srcset", "")
    if not src or _PLACEHOLDER.search(src):
        src = next((value for name in _LAZY if (value := attributes.get(name, ""))), src)
    if not srcset or srcset.startswith("data:"):
        srcset = next((value for name in _LAZY_SETS if (value := attributes.get(name, ""))), "")
    url = absolute(src, base)
    candidates = map_srcset(srcset, _resolver(base)) if srcset else ""
    if url is None and candidates:
        url = candidates.split(",")[0].split()[0]
    if url is None or _is_pixel(attributes) or _TRACKERS.match(url):
        node.decompose()
        return
    node.attrs["src"] = url
    _set(node, "srcset", candidates)


def _is_pixel(attributes: dict[str, str]) -> bool:
    sizes = [attributes.get(name, "").strip().removesuffix("px") for name in ("width", "height")]
    tiny = [size in ("0", "1") for size in sizes if size]
    return bool(tiny and all(tiny)) or bool(_TINY.search(attributes.get("style", "")))


def _media(node: LexborNode, base: str) -> None:
    attributes = node.attributes
    for name in ("src", "poster"):
        written = attributes.get(name) or (attributes.get("data-src") if name == "src" else None)
        if written or name in attributes:
            _set(node, name, absolute(written, base) or "")
    srcset = attributes.get("srcset") or attributes.get("data-srcset")
    if srcset:
        _set(node, "srcset", map_srcset(srcset, _resolver(base)))
    if node.tag == "source" and not (node.attributes.get("src") or node.attributes.get("srcset")):
        node.decompose()


def _anchor(node: LexborNode, base: str) -> None:
    written = (node.attributes.get("href") or "").strip()
    if not written:
        return
    if written.startswith("#"):
        inside = written[1:].removeprefix("e-")
        _set(node, "href", f"#e-{inside}" if inside else "")
    elif not written.lower().startswith("mailto:"):
        _set(node, "href", absolute(written, base) or "")


def _resolver(base: str) -> Callable[[str], str | None]:
    return lambda url: absolute(url, base)


def _set(node: LexborNode, name: str, value: str) -> None:
    if value:
        node.attrs[name] = value
    elif name in node.attributes:
        del node.attrs[name]


# What holds no text for a reader, beyond what the sanitiser would drop with its content.
_GONE = {
    *("script", "style", "template", "svg", "math", "noembed", "noframes", "xmp", "plaintext", "title", "head"),
    *("link", "meta", "base", "applet", "param", "input", "button", "select", "textarea", "option", "dialog"),
    *("canvas", "map", "track", "frame", "frameset", "bgsound", "keygen", "portal", "fencedframe"),
}
_STEPS: tuple[tuple[frozenset[str], Callable[[LexborNode, str], None]], ...] = (
    (frozenset({"noscript"}), _noscript),
    (frozenset({"iframe"}), _frame),
    (frozenset({"object", "embed"}), _object),
    (frozenset(_GONE), _drop),
    (frozenset({"img"}), _image),
    (frozenset({"source", "video", "audio"}), _media),
    (frozenset({"a"}), _anchor),
)
