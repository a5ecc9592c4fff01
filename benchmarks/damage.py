"""Nineteen ways in which real feeds are not well-formed. None takes an entry away from a reader who looks closely."""

from __future__ import annotations

from collections.abc import Callable

Damage = Callable[[bytes, str], bytes]


def _tag(kind: str) -> bytes:
    return b"entry" if kind == "atom" else b"item"


def _opening(kind: str) -> bytes:
    """The beginning of an entry, and the character after its name."""
    return {"rss": b"<item>", "atom": b"<entry>", "rdf": b"<item "}[kind]


def _in_title(text: bytes) -> Damage:
    """Puts ``text`` before the end of the third title (the first is the feed's)."""

    def damage(body: bytes, kind: str) -> bytes:
        at = 0
        for _ in range(3):
            at = body.index(b"</title>", at) + 1
        return body[: at - 1] + text + body[at - 1 :]

    return damage


def _before(text: bytes) -> Damage:
    return lambda body, kind: text + body


def _after(text: bytes) -> Damage:
    return lambda body, kind: body + text


def _missing_end_of_entry(body: bytes, kind: str) -> bytes:
    return body.replace(b"</" + _tag(kind) + b">", b"", 1)


def _cut_off_after_the_last_entry(body: bytes, kind: str) -> bytes:
    end = b"</" + _tag(kind) + b">"
    return body[: body.rindex(end) + len(end)]


def _unescaped_html(body: bytes, kind: str) -> bytes:
    end = b"</content>" if kind == "atom" else b"</description>"
    at = body.index(end, body.index(b"<" + _tag(kind)))
    return body[:at] + b"<p>Open<br>lines <img src=/a.png width=3 alt='x'> <a href=\"/?a=1&b=2\">and</p>" + body[at:]


def _stray_end_tag(body: bytes, kind: str) -> bytes:
    at = body.index(b"<" + _tag(kind), body.index(b"</" + _tag(kind)))
    return body[:at] + b"</div></p>\n" + body[at:]


def _attribute_without_quotes(body: bytes, kind: str) -> bytes:
    start = _opening(kind)
    return body.replace(start, start[:-1] + b" class=post data-n=1 hidden" + start[-1:], 1)


def _upper_case_end(body: bytes, kind: str) -> bytes:
    at = body.index(b"</title>", body.index(b"<" + _tag(kind)))
    return body[:at] + b"</TITLE>" + body[at + 8 :]


def _missing_end_of_title(body: bytes, kind: str) -> bytes:
    at = body.index(b"</title>", body.index(b"<" + _tag(kind)))
    return body[:at] + body[at + 8 :]


def _undeclared_prefix(body: bytes, kind: str) -> bytes:
    start = b"</" + _tag(kind) + b">"
    return body.replace(start, b"<fb:likes>3</fb:likes>" + start)


def _double_attribute(body: bytes, kind: str) -> bytes:
    start = _opening(kind)
    return body.replace(start, start[:-1] + b' n="1" n="2"' + start[-1:], 1)


WAYS: dict[str, Damage] = {
    "bare ampersand": _in_title(b" Q&A & more"),
    "undeclared entity": _in_title(b" caf&eacute;&nbsp;bar"),
    "control character": _in_title(b" a\x08b\x1fc"),
    "bad byte": _in_title(b" a\xff\xfeb"),
    "reference to no character": _in_title(b" &#x0;&#xD800;&#x1F;"),
    "lone less-than": _in_title(b" 1 < 2 <3"),
    "line before the declaration": _before(b"\n \n"),
    "warning before the declaration": _before(b"<br />\n<b>Warning</b>:  Undefined x in <b>/a/b.php</b><br />\n"),
    "script after the root": _after(b"<script>var a = 1 && 2;</script>\n<!-- 12 queries"),
    "second root": _after(b"<html><body><p>Hosted by</body></html>"),
    "missing end of entry": _missing_end_of_entry,
    "cut off": _cut_off_after_the_last_entry,
    "unescaped HTML": _unescaped_html,
    "stray end tag": _stray_end_tag,
    "attribute without quotes": _attribute_without_quotes,
    "end tag in capitals": _upper_case_end,
    "missing end of title": _missing_end_of_title,
    "undeclared prefix": _undeclared_prefix,
    "double attribute": _double_attribute,
}
