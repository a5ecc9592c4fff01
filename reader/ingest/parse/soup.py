"""Tag soup into well-formed XML, by what feeds are made of.

For documents that mending references alone does not help: tags that do not match or are missing, unquoted attributes,
undeclared prefixes, several roots, a frame of HTML around it, an end too soon. Nothing that a reader would see is left
out. Elements fall in three kinds: containers (a channel, an entry, a person), leaves (a title, a description: HTML
written inside is taken as their text, escaped) and all others, which are kept as they stand.
"""

from __future__ import annotations

import re
from html import unescape
from xml.sax.saxutils import escape, quoteattr

from reader.ingest.parse.limits import MAX_DEPTH
from reader.ingest.parse.names import PREFERRED, short
from reader.ingest.parse.shapes import (
    BODIES,
    CONTAINERS,
    EMPTY,
    ENTRIES,
    HTML,
    LEAVES,
    MAYBE_EMPTY,
    PLAIN,
    ROOTS,
    SHARED,
    UNSHARED,
)

_TOKEN = re.compile(
    r"<!\[CDATA\[(?P<cdata>.*?)(?P<end>\]\]>|\Z)|<!--.*?(?:-->|\Z)|<[!?][^>]*+(?:>|\Z)|"
    r"<(?P<close>/?)(?P<name>[A-Za-z_][^\s<>/\"'=]*+)(?P<rest>(?>[^<>\"']|\"[^\"<]*\"|'[^'<]*')*+|[^<>]*+)>|"
    r"(?P<text>[^<]++)|<",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(r"([^\s=<>\"'/]+)(?:\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s\"'<>]+))?")
_NAME = re.compile(r"[A-Za-z_][\w.-]*(?::[A-Za-z_][\w.-]*)?")
_LOOK_AHEAD = 200
MAX_CUTS = 20  # each takes time in proportion to the rest of the document
_TYPE = re.compile(r" (?:type|mode)=\"[^\"]*\"")


def strained(text: str) -> str | None:
    """Well-formed XML with what ``text`` (mended before) says of a feed; None when it holds no element of one."""
    return _Soup(text).strain()


def _unprefixed(tag: str, name: str) -> str:
    """A tag of HTML as HTML has it."""
    return tag.replace(name, name.rpartition(":")[2], 1) if ":" in name else tag


def _as_html(start: str) -> str:
    """The start tag of a leaf whose markup becomes text: it is HTML now."""
    return _TYPE.sub("", start)[:-1] + ' type="html">'


class _Soup:
    def __init__(self, text: str) -> None:
        self.text = text
        self.out: list[str] = []
        self.stack: list[tuple[str, str]] = []  # (name as written, local name in lower case)
        self.leaf_depth = 0  # elements of the leaf's own name open inside it, HTML's <summary> say
        self.wrapped = False
        self.inline = False  # the leaf's markup is written out: its text stays escaped once more
        self.prefixes: set[str] = set()
        self.declared: dict[str, str] = {}
        self.root = ""
        self.attributes = ""
        self.channel = False
        self.cuts = 0
        self.last = text.rfind(">")
        self.ends: dict[str, int] = {}

    def strain(self) -> str | None:
        at, size = 0, len(self.text)
        while at < size:
            match = _TOKEN.match(self.text, at)
            assert match is not None  # every character begins a token
            end = self._token(match)
            if end < 0:
                break
            at = end
        if not self.root:
            return None
        while self.stack:
            self._pop()
        return f"{self._head()}{''.join(self.out)}</{self.root}>"

    def _token(self, match: re.Match[str]) -> int:
        """Take one token; the place where the next begins, or -1 at the end."""
        if (name := match["name"]) is not None:
            if match["close"]:
                self._close(name, match[0])
            else:
                self._open(name, match["rest"], match[0], match.end())
        elif match["text"] is not None:
            self._text(match["text"])
        elif match["cdata"] is not None:
            return self._cdata(match)
        elif match[0] == "<":
            if match.end() > self.last:
                return -1  # cut off inside a tag
            self._text("&lt;")
        return match.end()

    # --- text

    def _in_leaf(self) -> bool:
        return bool(self.stack) and self.stack[-1][1] in LEAVES

    def _text(self, text: str) -> None:
        if self.root and (self.stack or not text.isspace()):
            self.out.append(escape(text) if self.inline else text)

    def _cdata(self, match: re.Match[str]) -> int:
        text, end = match["cdata"], match.end()
        if (
            self._in_leaf() and not match["end"] and self.cuts < MAX_CUTS
        ):  # never closed: it ends where its element does
            self.cuts += 1
            cut = re.search(rf"</{re.escape(self.stack[-1][0])}\s*>", text, re.IGNORECASE)
            if cut:
                text, end = text[: cut.start()], match.start() + len("<![CDATA[") + cut.start()
        self._text(escape(text))
        return end

    # --- tags

    def _open(self, name: str, rest: str, whole: str, after: int) -> None:
        local = self._local(name)
        empty = rest.endswith("/") or (local == "link" and "href" in rest.lower())
        if not self.root:
            self._begin(name, local, rest, empty)
            return
        if self._in_leaf():
            if local == self.stack[-1][1] and local in ("title", "link") and not rest.strip():
                self._pop()  # an end tag without its slash
                return
            if not self._ends_leaf(local, rest):
                self._markup(name, whole, local, empty)
                return
            self._pop()
        self._make_room(local)
        if local in ROOTS and (local != "channel" or self.channel):
            return  # a second root: what is in it belongs to the first
        self.channel = self.channel or local == "channel"
        if not _NAME.fullmatch(name) or len(self.stack) > MAX_DEPTH - 20:
            return
        if not self._known(local) and not empty and not self._has_end(name, after):
            empty = True
        self._push(name, local, rest, empty)

    def _begin(self, name: str, local: str, rest: str, empty: bool) -> None:
        """The first element of a feed opens the document; what stands before it is none of ours."""
        if local in ("rss", "rdf", "feed"):
            self.root = name if _NAME.fullmatch(name) else local
            self.attributes = self._attributes(rest)
        elif local in ("channel", "item", "entry"):
            self.root = "feed" if local == "entry" else "rss"
            self.attributes = ' xmlns="http://www.w3.org/2005/Atom"' if local == "entry" else ""
            self.channel = local == "channel"
            self._push(name, local, rest, empty)

    def _ends_leaf(self, local: str, rest: str) -> bool:
        """Whether a start tag inside a leaf shows that the leaf's end tag is missing."""
        if local in ENTRIES:
            return True
        leaf = self.stack[-1][1]
        if leaf in PLAIN:
            return local in UNSHARED or (local in SHARED - {"body", "div"} and local != leaf)
        return local in UNSHARED or (local in ("title", "link") and not rest.strip() and not self.inline)

    def _markup(self, tag: str, whole: str, local: str, empty: bool) -> None:
        """A tag of HTML that was not escaped becomes text of its leaf."""
        name, leaf = self.stack[-1]
        if leaf in BODIES and local in ("div", "p", "body") and self.out[-1].startswith(f"<{name}"):
            self.out[-1] = _as_html(self.out[-1])
            self.inline = True
        if local == leaf and not empty:
            self.leaf_depth += 1
        if self.inline and local == "div" and self.out[-1].startswith(f"<{name}"):
            self.wrapped = True  # the one <div> that holds XHTML content is no part of it (RFC 4287, 3.1.1.3)
            return
        self.out.append(escape(_unprefixed(whole, tag)))

    def _close(self, name: str, whole: str) -> None:
        local = self._local(name)
        if local in ("rss", "rdf", "feed"):  # closed at the very end: more may follow
            while self.stack:
                self._pop()
        if not self.stack:
            return
        if self._in_leaf():
            if local == self.stack[-1][1] and self.leaf_depth:
                self.leaf_depth -= 1
                self.out.append(escape(_unprefixed(whole, name)))
                return
            if local != self.stack[-1][1] and not self._is_open(local):
                if local in HTML:
                    self.out.append(escape(_unprefixed(whole, name)))
                return
        if not self._is_open(local):
            return
        while self._pop() != local:
            pass

    def _is_open(self, local: str) -> bool:
        return any(item[1] == local for item in self.stack)

    def _make_room(self, local: str) -> None:
        """Close what cannot hold an element of this name."""
        if local in ENTRIES or local == "channel":
            inside = next((n for n, item in enumerate(self.stack) if item[1] in ENTRIES), None)
            if inside is not None:
                while len(self.stack) > inside:
                    self._pop()
            elif local in ENTRIES:
                while self.stack and self.stack[-1][1] not in ROOTS:
                    self._pop()
        while (
            self.stack
            and self.stack[-1][1] in MAYBE_EMPTY | {"author", "contributor"}
            and (
                local in UNSHARED - {"email", "uri", "url", "homepage"}
                or local in ("title", "link", "content", "summary")
            )
        ):
            self._pop()

    def _known(self, local: str) -> bool:
        return local in LEAVES or local in CONTAINERS

    def _has_end(self, name: str, after: int) -> bool:
        """Whether an end tag for an element follows. Looked up by name, each part of the text once."""
        known = self.ends.get(name)
        if known is None:
            if len(self.ends) > _LOOK_AHEAD:
                return False
            known = 0
        if 0 <= known < after:
            known = self.text.find(f"</{name}", after)
            self.ends[name] = known
        if known < 0:
            return False
        limit = min((at for tag in ("</item", "</entry") if (at := self.text.find(tag, after, known)) >= 0), default=-1)
        return limit < 0

    def _push(self, name: str, local: str, rest: str, empty: bool) -> None:
        attributes = self._attributes(rest)
        self._note(name)
        self.wrapped = False
        if empty or local in EMPTY:
            self.out.append(f"<{name}{attributes}/>")
            return
        self.out.append(f"<{name}{attributes}>")
        self.stack.append((name, local))
        self.leaf_depth = 0
        self.inline = local in LEAVES and "xhtml" in rest.lower()
        if self.inline:
            self.out[-1] = _as_html(self.out[-1])

    def _pop(self) -> str:
        name, local = self.stack.pop()
        if self.wrapped:
            while self.out[-1].isspace():
                self.out.pop()
            if self.out[-1] == "&lt;/div&gt;":
                self.out.pop()
            self.wrapped = False
        self.out.append(f"</{name}>")
        self.inline = False
        self.leaf_depth = 0
        return local

    # --- names

    def _local(self, name: str) -> str:
        """The local name in lower case; what only looks like an element of ours keeps its prefix."""
        lower = name.lower()
        _, colon, plain = lower.rpartition(":")
        if not colon:
            return lower
        if lower == "media:content":
            return "group"
        if lower in ("itunes:image", "itunes:category", "media:player"):
            return lower
        space = self.declared.get(name.partition(":")[0])
        if plain in ROOTS | ENTRIES and space and short(f"{{{space}}}{plain}").removeprefix("atom:") != plain:
            return lower if plain != "rdf" else plain
        return plain

    def _attributes(self, rest: str) -> str:
        kept: dict[str, str] = {}
        for match in _ATTRIBUTE.finditer(rest):
            name, value = match[1], match[2]
            if value is None or not _NAME.fullmatch(name) or name in kept:
                continue
            value = (
                value.strip("\"'") if value[0] in "\"'" else value.removesuffix("/") if rest.endswith("/") else value
            )
            prefix, colon, local = name.partition(":")
            if prefix == "xmlns":
                if colon and local not in ("xml", "xmlns") and value:
                    self.declared.setdefault(local, unescape(value))
                if colon:
                    continue
            elif colon:
                self.prefixes.add(prefix)
            kept[name] = quoteattr(unescape(value))
        return "".join(f" {name}={value}" for name, value in kept.items())

    def _note(self, name: str) -> None:
        prefix, colon, _ = name.partition(":")
        if colon:
            self.prefixes.add(prefix)

    def _head(self) -> str:
        self._note(self.root)
        names = {
            **{prefix: PREFERRED.get(prefix, f"urn:undeclared:{prefix}") for prefix in self.prefixes},
            **self.declared,
        }
        names.pop("xml", None)
        spaces = "".join(f" xmlns:{prefix}={quoteattr(uri)}" for prefix, uri in sorted(names.items()))
        return f"<{self.root}{self.attributes}{spaces}>"
