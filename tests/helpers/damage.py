"""Damage that real documents suffer, dealt out by a random source, with what must survive it."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

_END = re.compile(rb"</(?:atom:)?(?:item|entry)\s*>")
_TEXT = re.compile(rb">[^<>]{2,}<")
_TAGS = [b"</b>", b"<br>", b"</div>", b"<p>", b"<img src=x>", b"</item2>", b"<i", b"<>", b"</", b"<!--", b"<![CDATA["]
_ENTITIES = [
    b"&bogus;",
    b"&nbsp;",
    b"&",
    b"&&",
    b"&#xD800;",
    b"&#0;",
    b"&#x110000;",
    b"&#99999999999;",
    b"&#",
    b"&eacute;",
]
_BYTES = [b"\x00", b"\xff", b"\x0b", b"\xed\xa0\x80", b"\xc3", b"\xef\xbf\xbf", b"\x1b$B"]
_LABELS = [b"utf-8", b"windows-1251", b"iso-8859-1", b"utf-16", b"shift_jis", b"gb2312", b"no-such", b"us-ascii"]

Damage = Callable[[random.Random, bytes], bytes]


def truncated(rng: random.Random, body: bytes) -> bytes:
    return body[: rng.randrange(len(body))]


def mislabelled(rng: random.Random, body: bytes) -> bytes:
    declaration = b'<?xml version="1.0" encoding="' + rng.choice(_LABELS) + b'"?>'
    return declaration + re.sub(rb"^\s*<\?xml[^>]*\?>", b"", body)


def wrong_entity(rng: random.Random, body: bytes) -> bytes:
    return _inserted(rng, body, rng.choice(_ENTITIES))


def stray_tag(rng: random.Random, body: bytes) -> bytes:
    return _inserted(rng, body, rng.choice(_TAGS))


def bad_bytes(rng: random.Random, body: bytes) -> bytes:
    return _inserted(rng, body, rng.choice(_BYTES))


def double_encoded(rng: random.Random, body: bytes) -> bytes:
    return body.decode("utf-8", "replace").encode("utf-8").decode("latin-1").encode("utf-8")


def swapped(rng: random.Random, body: bytes) -> bytes:
    """A piece of the document stands elsewhere, or twice, or is gone."""
    a, b, c = sorted(rng.randrange(len(body)) for _ in range(3))
    return rng.choice([body[:a] + body[b:c] + body[a:b] + body[c:], body[:b] + body[a:], body[:a] + body[b:]])


WAYS: tuple[Damage, ...] = (truncated, mislabelled, wrong_entity, stray_tag, bad_bytes, double_encoded, swapped)


def whole_entries(body: bytes) -> int:
    """How many entries end in ``body``."""
    return len(_END.findall(body))


def _inserted(rng: random.Random, body: bytes, piece: bytes) -> bytes:
    places = [match.start() + 2 for match in _TEXT.finditer(body)] or [rng.randrange(len(body))]
    at = rng.choice(places)
    return body[:at] + piece + body[at:]
