"""From bytes to text: what is declared, unless the bytes prove it wrong."""

from __future__ import annotations

import codecs
import re

_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_DECLARED = re.compile(rb"^\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]{1,40})[\"']", re.IGNORECASE)
_META = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE)
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_BARE = ((b"<\x00?\x00", "utf-16-le"), (b"\x00<\x00?", "utf-16-be"), (b"<\x00r\x00", "utf-16-le"))
# As browsers read these labels (WHATWG Encoding): publishers mean the superset.
_ALIASES = {
    "iso-8859-1": "cp1252", "iso8859-1": "cp1252", "latin-1": "cp1252", "latin1": "cp1252", "ascii": "cp1252",
    "us-ascii": "cp1252", "iso-8859-9": "cp1254", "gb2312": "gb18030", "gbk": "gb18030", "x-gbk": "gb18030",
    "shift_jis": "cp932", "shift-jis": "cp932", "sjis": "cp932", "x-sjis": "cp932", "ks_c_5601-1987": "cp949",
    "euc-kr": "cp949", "tis-620": "cp874", "iso-8859-11": "cp874", "unicode": "utf-16", "x-user-defined": "cp1252",
    "macintosh": "mac_roman", "x-mac-roman": "mac_roman", "win-1251": "cp1251", "x-cp1251": "cp1251",
}  # fmt: skip
_SINGLE = re.compile(r"cp(?:125\d|437|85\d|866|874)|iso8859-\d+|koi8-[rut]|mac|ascii|latin", re.IGNORECASE)
_MULTIBYTE = re.compile(rb"[\xc3-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_SAMPLE = 60_000


def decode(body: bytes, content_type: str | None, *, page: bool = False) -> tuple[str, str]:
    """Decode ``body`` and name the encoding: header, byte order mark, declaration in the document (``page``: also
    a <meta>), guess, in this order. The bytes overrule a declaration that does not decode them, and a single-byte
    one (which decodes anything) when they are valid UTF-8. Never raises."""
    candidates = _candidates(body, content_type, page)
    utf8 = _as_utf8(body)
    for name in candidates:
        single = bool(_SINGLE.match(codecs.lookup(name).name))
        if single and utf8 is not None:
            break  # plain ASCII, or multi-byte sequences that never come about by chance
        text = _try(body, name)
        if text is not None:
            return text, _public_name(name)
    if utf8 is not None:
        return utf8, "utf-8"
    return _guess(body, candidates)


def _candidates(body: bytes, content_type: str | None, page: bool) -> list[str]:
    names = []
    if content_type and (match := _CHARSET.search(content_type)):
        names.append(match[1])
    names += [name for bom, name in _BOMS if body.startswith(bom)][:1]
    names += [name for start, name in _BARE if body.startswith(start)][:1]
    head = body[:1024]
    if declared := _DECLARED.match(head.removeprefix(codecs.BOM_UTF8)):
        names.append(declared[1].decode("ascii"))
    if page and (meta := _META.search(body[:4096])):
        names.append(meta[1].decode("ascii"))
    return [known for name in names if (known := _known(name))]


def _known(label: str) -> str | None:
    """The codec for a label, None for one that is unknown or no text encoding (Python also has "hex" and such)."""
    name = _ALIASES.get(label.lower(), label)
    try:
        info = codecs.lookup(name)
    except (LookupError, ValueError):
        return None
    if not info._is_text_encoding or info.name in ("idna", "punycode", "undefined", "unicode_escape", "utf-7"):
        return None
    return "utf-8-sig" if info.name == "utf-8" else name


def _try(body: bytes, name: str) -> str | None:
    try:
        text = body.decode(name)
    except (UnicodeError, ValueError):
        return None
    if name.lower().startswith(("utf-16", "utf-32")) and "<" not in text and "{" not in text:
        return None  # declared so, but written in single bytes
    return text.removeprefix("\ufeff")


def _as_utf8(body: bytes) -> str | None:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None


def _guess(body: bytes, candidates: list[str]) -> tuple[str, str]:
    mostly = _mostly_utf8(body)
    if mostly:
        return body.decode("utf-8-sig", "replace"), "utf-8"
    single = next((name for name in candidates if _SINGLE.match(codecs.lookup(name).name)), None)
    if single:  # a byte or two that the code page leaves undefined
        return body.decode(single, "replace"), _public_name(single)
    from charset_normalizer import from_bytes

    best = from_bytes(body[:_SAMPLE], steps=5, chunk_size=512).best()
    name = _known(best.encoding) if best is not None else None
    return body.decode(name or "cp1252", "replace"), _public_name(name or "cp1252")


def _mostly_utf8(body: bytes) -> bool:
    """Whether UTF-8 sequences by far outnumber the bytes that spoil them (a title cut in the middle, say)."""
    good = len(_MULTIBYTE.findall(body))
    bad = body.decode("utf-8", "replace").count("\ufffd")
    return good >= 3 * bad


def _public_name(name: str) -> str:
    known = codecs.lookup(name).name
    return "utf-8" if known == "utf-8-sig" else re.sub(r"^cp125", "windows-125", known)
