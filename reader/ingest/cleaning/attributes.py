"""What each attribute of an entry's HTML may say. Values come in unescaped and leave as they are written in a tag."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Protocol

from reader.ingest.cleaning import allowed, embeds
from reader.ingest.cleaning.images import is_pixel, picture, pixels, resolved_set, words_instead
from reader.ingest.cleaning.links import absolute, anchor_id, anchor_of, link
from reader.ingest.cleaning.styles import alignment, direction

_NUMBER = re.compile(r"\d{1,5}")
_MAIL = re.compile(r"mailto:[^\s<>\"\\]{3,500}", re.IGNORECASE)
_WHOLE = re.compile(r"\s*(-?\d{1,9})\s*(?:px)?\s*", re.IGNORECASE)
_LANGUAGE = re.compile(
    r"(?:^|[\s;])(?:(?:language|lang|highlight-source|highlight-text|highlight)-|(?:brush|lang)\s?:\s?|sourceCode\s|"
    r"prettyprint\slang-)([a-z0-9+#_-]{1,30})",
    re.IGNORECASE,
)
_NO_LANGUAGE = {
    "highlight",
    "hljs",
    "code",
    "prettyprint",
    "linenums",
    "nohighlight",
    "plaintext",
    "none",
    "source",
    "block",
    "text",
}
_KNOWN_LANGUAGES = allowed.words(
    """
    bash sh shell zsh console c cpp csharp css clojure dart diff elixir elm erlang fsharp go golang graphql
    groovy haskell html http ini java javascript js json jsx julia kotlin latex less lisp lua makefile markdown
    matlab nginx nix objectivec ocaml perl php powershell prolog python py r ruby rb rust rs sass scala scheme
    scss sql swift terraform toml ts tsx typescript vim vue wasm xml yaml yml zig
    """
)
_LANG = re.compile(r"[A-Za-z]{1,8}(?:[-_][A-Za-z0-9]{1,8}){0,5}")
_MATH_VALUE = re.compile(r"[\w\s.,%#+|(){}\[\]/<>⟨⟩‖∣-]{0,80}")
_NAME = re.compile(r"\w[\w -]{1,19}")
_FREE = {"title": 1000, "alt": 2000, "datetime": 60, "type": 100, "media": 200, "sizes": 300, "hreflang": 40}
_FREE |= {"abbr": 200, "label": 200}
_KEPT_TRUE = {"open", "reversed", "default", "loop", "muted"}
_CHOICES = {
    "scope": frozenset({"row", "col", "rowgroup", "colgroup"}),
    "kind": frozenset({"subtitles", "captions", "descriptions", "chapters"}),
}


class Document(Protocol):
    """What the rules need to know about where an element stands."""

    base: str
    language: str | None

    @property
    def anchors(self) -> frozenset[str]: ...


def quoted(value: str) -> str:
    """As serialisers write attribute values (HTML Standard, 13.3); NBSP is left for the end."""
    if "&" in value:
        value = value.replace("&", "&amp;")
    if '"' in value:
        value = value.replace('"', "&quot;")
    if "<" in value:
        value = value.replace("<", "&lt;")
    return value.replace(">", "&gt;") if ">" in value else value


def attributes_of(tag: str, given: dict[str, str], document: Document) -> str:
    """The attributes of a ``tag`` (not img) as they are written after its name."""
    if tag in allowed.MATH_TAGS:
        return _math(tag, given)
    out: dict[str, str] = {}
    mine = allowed.ATTRIBUTES.get(tag)
    for name, value in given.items():
        if mine is not None and name in mine:
            said = _RULES[name](tag, value, document) if name in _RULES else _plain(name, value)
            if said is not None:
                out[name] = said
        elif name in allowed.GENERIC:
            said = _generic(name, value)
            if said:
                out[name] = said
    _more(tag, given, out, document)
    return "".join([f' {name}="{quoted(value)}"' for name, value in out.items()])


def _more(tag: str, given: dict[str, str], out: dict[str, str], document: Document) -> None:
    """What other attributes say in a roundabout way, and what every such element gets."""
    if tag == "a":
        if "name" in given and "id" not in out and (anchor := anchor_id(given["name"])):
            out["id"] = allowed.ID_PREFIX + anchor
        out.pop("rel", None)
        out["rel"] = allowed.REL
        return
    if tag in ("video", "audio", "source", "track"):
        _media(tag, given, out, document)
    if tag in ("pre", "code", "div", "figure"):
        _language(tag, given, out, document)
    if tag == "figure" and ("data-src" in out) != ("class" in out):
        for name in ("class", "data-src", "data-provider"):
            out.pop(name, None)
    if "style" in given and "dir" not in out and (way := direction(given["style"])):
        out["dir"] = way
    if tag in allowed.ALIGNED and ("style" in given or "align" in given or "class" in given):
        side = alignment(given)
        if side:
            out["align"] = side


def _generic(name: str, value: str) -> str | None:
    if name == "id":
        anchor = anchor_id(value)
        return allowed.ID_PREFIX + anchor if anchor else None
    if name == "dir":
        value = value.strip().lower()
        return value if value in allowed.DIRECTIONS else None
    if name == "lang":
        value = value.strip()
        return value if _LANG.fullmatch(value) else None
    return value[: _FREE[name]]


def _plain(name: str, value: str) -> str | None:
    if name in _FREE:
        return value[: _FREE[name]]
    if name in _KEPT_TRUE:
        return ""
    if name in _CHOICES:
        value = value.strip().lower()
        return value if value in _CHOICES[name] else None
    return None


def _number(_tag: str, value: str, _document: Document) -> str | None:
    match = _WHOLE.fullmatch(value)
    return str(int(match[1])) if match and (int(match[1]) >= 0 or _tag == "ol") and len(match[1]) <= 6 else None


def _href(_tag: str, value: str, document: Document) -> str | None:
    written = value.strip()
    if written.startswith("#"):
        return _inside(written[1:], document)
    if written[:7].lower() == "mailto:":
        written = written.replace(" ", "%20")
        return written if _MAIL.fullmatch(written) else None
    url = link(written, document.base) if written else None
    if url is not None and "#" in url:
        page, _, fragment = url.partition("#")
        if page == document.base.partition("#")[0] and anchor_of(fragment) in document.anchors:
            return _inside(fragment, document)
    return url


def _inside(fragment: str, document: Document) -> str | None:
    """A link inside the entry; to the page itself if the entry, maybe an excerpt, does not hold its end."""
    anchor = anchor_of(fragment)
    if not anchor:
        return None
    if anchor not in document.anchors and not fragment.startswith(allowed.ID_PREFIX):
        page = absolute(document.base, document.base)
        if page is not None and "://localhost/" not in page:
            return f"{page.partition('#')[0]}#{fragment}".replace(" ", "%20")
    return f"#{allowed.ID_PREFIX}{anchor}"


def _address(tag: str, value: str, document: Document) -> str | None:
    return absolute(value, document.base)


def _srcset(_tag: str, value: str, document: Document) -> str | None:
    return resolved_set(value, document.base) or None


def _embed_src(_tag: str, value: str, _document: Document) -> str | None:
    embed = embeds.known(value)
    return embed.src if embed else None


def _class(tag: str, value: str, _document: Document) -> str | None:
    if tag == "figure":
        return "embed" if value == "embed" else None
    return None  # see _language


def _provider(_tag: str, value: str, _document: Document) -> str | None:
    return value if _NAME.fullmatch(value) else None


def _srclang(_tag: str, value: str, _document: Document) -> str | None:
    return _generic("lang", value)


def _nothing(_tag: str, _value: str, _document: Document) -> str | None:
    return None


def _value(tag: str, value: str, document: Document) -> str | None:
    return value[:200] if tag == "data" else _number(tag, value, document)


def _type(tag: str, value: str, _document: Document) -> str | None:
    if tag == "ol":
        return value if value in ("1", "a", "A", "i", "I") else None
    if tag == "ul":
        value = value.lower()
        return value if value in ("disc", "circle", "square", "none") else None
    return value[:100]


_Rule = Callable[[str, str, Document], str | None]
_RULES: dict[str, _Rule] = {
    "href": _href,
    "src": _address,
    "poster": _address,
    "cite": _address,
    "srcset": _srcset,
    "data-src": _embed_src,
    "data-provider": _provider,
    "class": _class,
    "rel": _nothing,
    "controls": _nothing,
    "preload": _nothing,
    "srclang": _srclang,
    "value": _value,
    "type": _type,
    **dict.fromkeys(("width", "height", "span", "colspan", "rowspan", "start"), _number),
}


def _media(tag: str, given: dict[str, str], out: dict[str, str], document: Document) -> None:
    """Addresses that scripts would set later; players have controls and wait for the reader."""
    if "src" not in out:
        for name in ("data-src", "data-lazy-src", "data-video-src", "data-url"):
            if name in given and (url := absolute(given[name], document.base)):
                out["src"] = url
                break
    if tag == "source" and "srcset" not in out:
        for name in ("data-srcset", "data-lazy-srcset", "data-original-set"):
            if name in given and (found := resolved_set(given[name], document.base)):
                out["srcset"] = found
                break
    if tag == "video" and "poster" not in out and (url := absolute(given.get("data-poster"), document.base)):
        out["poster"] = url
    for name, value in allowed.ADDED.get(tag, {}).items():
        out.pop(name, None)
        out[name] = value


def _language(tag: str, given: dict[str, str], out: dict[str, str], document: Document) -> None:
    """The language of code: from its class or a data attribute, else from the box around it."""
    written = f"{given.get('class', '')} "
    match = _LANGUAGE.search(written)
    found = match[1].lower() if match else given.get("data-lang", given.get("data-language", "")).lower()
    if not found and tag in ("pre", "code"):
        found = next((word for word in written.lower().split() if word in _KNOWN_LANGUAGES), "")
    if found in _NO_LANGUAGE or not re.fullmatch(r"[a-z0-9+#_-]{1,30}", found):
        found = ""
    if tag in ("pre", "code"):
        found = found or (document.language or "" if tag == "pre" else "")
        document.language = None
        if found:
            out["class"] = f"language-{found}"
    elif match and found:
        document.language = found


def _math(tag: str, given: dict[str, str]) -> str:
    kept = [
        f' {name}="{quoted(value)}"'
        for name, value in given.items()
        if name in allowed.MATH_ATTRIBUTES
        and (_MATH_VALUE.fullmatch(value) or (name == "alttext" and len(value) < 2000))
    ]
    return "".join(kept)


def picture_tag(given: dict[str, str], base: str) -> str:
    """The ``img`` tag; what stands for it when there is no picture to show; "" for one that only counts readers."""
    url, srcset = picture(given, base)
    said = words_instead(given)
    if said or url is None or is_pixel(given, url):
        words = said or ("" if url else given.get("alt", "").strip())
        return quoted(words).replace("&quot;", '"')
    out = {"src": url}
    if srcset:
        out["srcset"] = srcset
        if given.get("sizes", "").strip() and not given["sizes"].startswith("auto"):
            out["sizes"] = given["sizes"][: _FREE["sizes"]]
    if "alt" in given:
        out["alt"] = given["alt"][: _FREE["alt"]]
    for name in ("width", "height"):
        size = pixels(given.get(name))
        if size:
            out[name] = str(size)
    for name in ("title", "lang", "dir", "id"):
        if name in given and (value := _generic(name, given[name])):
            out[name] = value
    attributes = "".join([f' {name}="{quoted(value)}"' for name, value in out.items()])
    return f'<img{attributes} loading="lazy" decoding="async">'
