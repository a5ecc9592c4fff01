"""From bytes to text: what is declared, unless the bytes prove it wrong. WHATWG Encoding; RFC 7303 for XML."""

from __future__ import annotations

import codecs
import re

from reader.ingest.parse.charsets import codec_of, is_single, is_wide, public_name

_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_DECLARED = re.compile(rb"\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']\s*([\w.:-]{1,40})\s*[\"']", re.IGNORECASE)
_META = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE)
_BOMS = (  # the longer first: UTF-32's begins with UTF-16's
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_BARE = re.compile(
    rb"(?P<l4>[<{\[]\0\0\0)|(?P<b4>\0\0\0[<{\[])|(?P<l2>(?:[\t\n\r ]\0){0,20}[<{\[]\0[^\0])|"
    rb"(?P<b2>(?:\0[\t\n\r ]){0,20}\0[<{\[]\0)"
)
_WIDE = {"l4": "utf-32-le", "b4": "utf-32-be", "l2": "utf-16-le", "b2": "utf-16-be"}
_MULTIBYTE = re.compile(rb"[\xc3-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_ESCAPES = re.compile(rb"\x1b[$(][@BJ(DI]")
# In text they are what windows-1252 has in these places; in XML and HTML alike nobody means the control characters.
_C1 = {
    0x80 + n: char for n, char in enumerate(bytes(range(0x80, 0xA0)).decode("cp1252", "replace")) if char != "\ufffd"
}
_C1_BYTES = re.compile(rb"\xc2[\x80-\x84\x86-\x9f]")


def decode(body: bytes, content_type: str | None, *, page: bool = False) -> tuple[str, str]:
    """Decode ``body`` and name the encoding. Never raises."""
    return decode_document(body, content_type, page=page)[:2]


def decode_document(body: bytes, content_type: str | None, *, page: bool = False) -> tuple[str, str, bool]:
    """Decode ``body``, name the encoding, and say whether the text is just what ``body`` is as UTF-8. Never raises.

    A byte order mark decides, then the header, the declaration in the document (``page``: also a <meta>), a guess. The
    bytes overrule a declaration that does not decode them, and any of 8 bits when they are valid UTF-8.
    """
    marked = next((name for bom, name in _BOMS if body.startswith(bom)), None)
    if marked and (text := _try(body, marked)) is not None:
        return text, marked, False
    if marked == "utf-8" and _MULTIBYTE.search(body):  # some bytes are broken; the mark still says what the rest is
        return body.decode("utf-8-sig", "replace"), marked, False
    if bare := _BARE.match(body):
        name = _WIDE[bare.lastgroup or "l2"]
        if (text := _try(body, name)) is not None:
            return text, public_name(name, body, None), False
    labels = _labels(body, content_type, page)
    known = [(label, codec) for label in labels if (codec := codec_of(label))]
    text, name = _settle(body, known)
    plain = name == "utf-8" and body[:1] == b"<"
    if name == "utf-8" and b"\xc2" in body and _C1_BYTES.search(body):
        text, plain = text.translate(_C1), False
    return text.removeprefix("\ufeff"), name, plain


def _labels(body: bytes, content_type: str | None, page: bool) -> list[str]:
    labels = []
    if content_type and (match := _CHARSET.search(content_type)):
        labels.append(match[1])
    start = body.find(b"<?xml", 0, 1000)
    if start >= 0 and (declared := _DECLARED.match(body, start)):
        labels.append(declared[1].decode("ascii"))
    if page and (meta := _META.search(body[:4096])):
        labels.append(meta[1].decode("ascii"))
    return labels


def _settle(body: bytes, known: list[tuple[str, str]]) -> tuple[str, str]:
    utf8 = _try(body, "utf-8")
    if b"\x1b$B" in body and not any(codec.startswith("iso2022") for _, codec in known):
        known = [*known, ("iso-2022-jp", "iso2022_jp_2")]  # nothing else has this escape, and no XML may hold one
    for label, codec in known:
        if codec.startswith("iso2022") and _ESCAPES.search(body) and (text := _try(body, codec)) is not None:
            return text, public_name(codec, body, label)  # pure ASCII to the eye
        if is_wide(codec) and b"\0" in body and (text := _try(body, codec)) is not None:
            return text, public_name(codec, body, label)
    if utf8 is not None:
        label, codec = known[0] if known else ("utf-8", "utf-8")
        if body.isascii() and not is_wide(codec):
            return utf8, public_name(codec, body, label)  # all agree; the name is what was said
        return utf8, "utf-8"  # multi-byte sequences never come about by chance
    return _legacy(body, [(label, codec) for label, codec in known if not is_wide(codec)])


def _legacy(body: bytes, known: list[tuple[str, str]]) -> tuple[str, str]:
    said = {codec: label for label, codec in reversed(known)}
    right = [codec for _, codec in known if codec != "utf-8" and _try(body, codec) is not None]
    if (not known or ("utf-8" in said and not right)) and _mostly_utf8(body):
        return body.decode("utf-8", "replace"), "utf-8"
    if len(set(right)) > 1 or not right:
        from reader.ingest.parse.guess import guess

        codec = guess(body, right or [codec for codec in said if codec != "utf-8"])
    else:
        codec = right[0]
        if is_single(codec) and _begins_as_utf8(body) and _mostly_utf8(body, 20):
            return body.decode("utf-8", "replace"), "utf-8"
        from reader.ingest.parse.guess import doubtful

        codec = doubtful(body, codec) or codec
    return body.decode(codec, "replace"), public_name(codec, body, said.get(codec))


def _try(body: bytes, codec: str) -> str | None:
    try:
        text = body.decode(codec)
    except (UnicodeError, ValueError):
        return None
    if is_wide(codec) and "<" not in text and "{" not in text:
        return None  # declared so, but written in single bytes
    return text.removeprefix("\ufeff")


def _begins_as_utf8(body: bytes) -> bool:
    """Whether some sequences of UTF-8 stand before the first byte that is none: a look that costs nothing."""
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as error:
        return len(_MULTIBYTE.findall(body, 0, error.start)) >= 20
    return True


def _mostly_utf8(body: bytes, times: int = 3) -> bool:
    """Whether UTF-8 sequences by far outnumber the bytes that spoil them (a title cut in the middle, say)."""
    good = len(_MULTIBYTE.findall(body))
    bad = body.decode("utf-8", "replace").count("\ufffd")
    return good >= times * bad
