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
from reader.ingest.parse.names import PREFERRED

_TOKEN = re.compile(
    r"<!\[CDATA\[(?P<cdata>.*?)(?P<end>\]\]>|\Z)|<!--.*?(?:-->|\Z)|<[!?][^>]*+(?:>|\Z)|"
    r"<(?P<close>/?)(?P<name>[A-Za-z_][^\s<>/\"'=]*+)(?P<rest>(?>[^<>\"']|\"[^\"<]*\"|'[^'<]*')*+|[^<>]*+)>|"
    r"(?P<text>[^<]++)|<",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(r"([^\s=<>\"'/]+)(?:\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s\"'<>]+))?")
_NAME = re.compile(r"[A-Za-z_][\w.-]*(?::[A-Za-z_][\w.-]*)?")
_ROOTS = {"rss", "rdf", "feed", "channel"}
_ENTRIES = {"item", "entry"}
_CONTAINERS = _ROOTS | _ENTRIES | {
    "image", "textinput", "author", "contributor", "source", "group", "items", "seq", "skiphours", "skipdays", "owner",
    "category",
}  # fmt: skip
_MAYBE_EMPTY = {"category"}
_BODIES = {"description", "encoded", "content", "summary", "subtitle", "tagline", "body", "div", "abstract", "info"}
_PLAIN = {
    "title", "link", "guid", "pubdate", "name", "email", "uri", "url", "id", "updated", "published", "issued",
    "modified",
    "created",
    "date", "creator", "subject", "comments", "language", "docs", "generator", "copyright", "rights", "ttl",
    "lastbuilddate", "managingeditor", "webmaster", "keywords", "duration", "explicit", "origlink", "commentrss",
    "thumbnail", "icon", "logo", "enclosure", "author", "hour", "day", "updateperiod", "updatefrequency", "homepage",
}  # fmt: skip
_LEAVES = _BODIES | _PLAIN - {"author"}
# Names that HTML has too: inside a body they begin an element of the feed only where they cannot be HTML.
_SHARED = {
    "title",
    "link",
    "summary",
    "source",
    "image",
    "name",
    "content",
    "body",
    "div",
    "day",
    "date",
    "icon",
    "logo",
}
_UNSHARED = (_LEAVES | _ENTRIES | _ROOTS | {"category", "author", "contributor"}) - _SHARED
_HTML = {
    "a", "abbr", "address", "article", "aside", "audio", "b", "big", "blockquote", "body", "center", "cite", "code", "dd",
    "del", "details", "div", "dl", "dt", "em", "figcaption", "figure", "font", "footer", "h1", "h2", "h3", "h4", "h5",
    "h6", "header", "i", "iframe", "ins", "kbd", "li", "main", "mark", "nav", "object", "ol", "p", "picture", "pre", "q",
    "s", "samp", "script", "section", "small", "span", "strike", "strong", "style", "sub", "sup", "table", "tbody", "td",
    "tfoot", "th", "thead", "tr", "tt", "u", "ul", "var", "video",
}  # fmt: skip
_EMPTY = {"enclosure", "thumbnail"}
_LOOK_AHEAD = 200


def strained(text: str) -> str | None:
    """Well-formed XML with what ``text`` (mended before) says of a feed; None when it holds no element of one."""
    return _Soup(text).strain()


def _local(name: str) -> str:
    """The local name in lower case; what only looks like an element of ours keeps its prefix."""
    lower = name.lower()
    if lower == "media:content":
        return "group"
    return lower if lower in ("itunes:image", "itunes:category", "media:player") else lower.rpartition(":")[2]


class _Soup:
    def __init__(self, text: str) -> None:
        self.text = text
        self.out: list[str] = []
        self.stack: list[tuple[str, str]] = []  # (name as written, local name in lower case)
        self.leaf_depth = 0  # elements of the leaf's own name open inside it, HTML's <summary> say
        self.inline = False  # the leaf's markup is written out: its text stays escaped once more
        self.prefixes: set[str] = set()
        self.declared: dict[str, str] = {}
        self.root = ""
        self.attributes = ""
        self.channel = False
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
            if self.text.find(">", match.end()) < 0:
                return -1  # cut off inside a tag
            self._text("&lt;")
        return match.end()

    # --- text

    def _in_leaf(self) -> bool:
        return bool(self.stack) and self.stack[-1][1] in _LEAVES

    def _text(self, text: str) -> None:
        if self.root and (self.stack or not text.isspace()):
            self.out.append(escape(text) if self.inline else text)

    def _cdata(self, match: re.Match[str]) -> int:
        text, end = match["cdata"], match.end()
        if self._in_leaf() and not match["end"]:  # never closed: it ends where its element does
            cut = re.search(rf"</{re.escape(self.stack[-1][0])}\s*>", text, re.IGNORECASE)
            if cut:
                text, end = text[: cut.start()], match.start() + len("<![CDATA[") + cut.start()
        self._text(escape(text))
        return end

    # --- tags

    def _open(self, name: str, rest: str, whole: str, after: int) -> None:
        local = _local(name)
        empty = rest.endswith("/") or (local == "link" and "href" in rest.lower())
        if not self.root:
            self._begin(name, local, rest, empty)
            return
        if self._in_leaf():
            if local == self.stack[-1][1] and local in ("title", "link") and not rest.strip():
                self._pop()  # an end tag without its slash
                return
            if not self._ends_leaf(local, rest):
                self._markup(whole, local, empty)
                return
            self._pop()
        self._make_room(local)
        if local in _ROOTS and (local != "channel" or self.channel):
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
        if local in _ENTRIES:
            return True
        leaf = self.stack[-1][1]
        if leaf in _PLAIN:
            return local in _UNSHARED or (local in _SHARED - {"body", "div"} and local != leaf)
        return local in _UNSHARED or (local in ("title", "link") and not rest.strip() and not self.inline)

    def _markup(self, whole: str, local: str, empty: bool) -> None:
        """A tag of HTML that was not escaped becomes text of its leaf."""
        name, leaf = self.stack[-1]
        if leaf in _BODIES and local in ("div", "p", "body") and self.out[-1].startswith(f"<{name}"):
            self.inline = True
        if local == leaf and not empty:
            self.leaf_depth += 1
        self.out.append(escape(whole))

    def _close(self, name: str, whole: str) -> None:
        local = _local(name)
        if local in ("rss", "rdf", "feed"):  # closed at the very end: more may follow
            while self.stack:
                self._pop()
        if not self.stack:
            return
        if self._in_leaf():
            if local == self.stack[-1][1] and self.leaf_depth:
                self.leaf_depth -= 1
                self.out.append(escape(whole))
                return
            if local != self.stack[-1][1] and not self._is_open(local):
                if local in _HTML:
                    self.out.append(escape(whole))
                return
        if not self._is_open(local):
            return
        while self._pop() != local:
            pass

    def _is_open(self, local: str) -> bool:
        return any(item[1] == local for item in self.stack)

    def _make_room(self, local: str) -> None:
        """Close what cannot hold an element of this name."""
        if local in _ENTRIES or local == "channel":
            inside = next((n for n, item in enumerate(self.stack) if item[1] in _ENTRIES), None)
            if inside is not None:
                while len(self.stack) > inside:
                    self._pop()
            elif local in _ENTRIES:
                while self.stack and self.stack[-1][1] not in _ROOTS:
                    self._pop()
        while (
            self.stack
            and self.stack[-1][1] in _MAYBE_EMPTY | {"author", "contributor"}
            and (
                local in _UNSHARED - {"email", "uri", "url", "homepage"}
                or local in ("title", "link", "content", "summary")
            )
        ):
            self._pop()

    def _known(self, local: str) -> bool:
        return local in _LEAVES or local in _CONTAINERS

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
        if empty or local in _EMPTY:
            self.out.append(f"<{name}{attributes}/>")
            return
        self.out.append(f"<{name}{attributes}>")
        self.stack.append((name, local))
        self.leaf_depth = 0
        self.inline = local in _BODIES and "xhtml" in rest.lower()

    def _pop(self) -> str:
        name, local = self.stack.pop()
        self.out.append(f"</{name}>")
        self.inline = False
        self.leaf_depth = 0
        return local

    # --- names

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
