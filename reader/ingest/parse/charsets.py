"""Names of charsets: the labels of the WHATWG Encoding Standard, and what Python calls them."""

from __future__ import annotations

import codecs

# Label (lower case) → codec. Browsers read these labels so, because publishers mean the superset.
_LABELS = {
    "cp1252": "iso-8859-1 iso8859-1 iso88591 iso_8859-1 iso_8859-1:1987 iso-ir-100 latin-1 latin1 l1 cp819 ibm819 "
    "ascii us-ascii ansi_x3.4-1968 csisolatin1 windows-1252 x-cp1252 cp1252 ansi x-user-defined win-1252 windows1252",
    "cp1254": "iso-8859-9 iso8859-9 iso88599 latin5 l5 csisolatin5 iso-ir-148 windows-1254 x-cp1254",
    "cp1251": "windows-1251 x-cp1251 cp1251 win-1251 win1251 windows1251 cyrillic-windows",
    "cp1250": "windows-1250 x-cp1250 cp1250 win-1250 windows1250",
    "cp1253": "windows-1253 x-cp1253", "cp1255": "windows-1255 x-cp1255", "cp1256": "windows-1256 x-cp1256",
    "cp1257": "windows-1257 x-cp1257", "cp1258": "windows-1258 x-cp1258",
    "gb18030": "gb18030 gb2312 gb_2312 gb_2312-80 gbk x-gbk chinese csgb2312 cp936 ms936 gb2312-80 iso-ir-58 euc-cn",
    "cp932": "shift_jis shift-jis sjis x-sjis ms_kanji ms932 windows-31j csshiftjis cp932 shiftjis",
    "euc_jp": "euc-jp x-euc-jp cseucpkdfmtjapanese eucjp", "iso2022_jp_2": "iso-2022-jp csiso2022jp",
    "cp949": "euc-kr euckr ks_c_5601-1987 ks_c_5601-1989 ksc5601 ksc_5601 ks_c_5601 korean cseuckr iso-ir-149 "
    "windows-949 cp949 ms949",
    "big5hkscs": "big5 big5-hkscs cn-big5 csbig5 x-x-big5 big5hkscs cp950",
    "cp874": "tis-620 tis620 iso-8859-11 iso8859-11 dos-874 windows-874 cp874",
    "cp866": "ibm866 866 csibm866 cp866",
    "koi8_r": "koi8-r koi koi8 koi8_r cskoi8r", "koi8_u": "koi8-u koi8-ru koi8_u",
    "iso8859_2": "iso-8859-2 latin2 l2 iso88592 iso8859-2", "iso8859_5": "iso-8859-5 cyrillic iso8859-5",
    "iso8859_7": "iso-8859-7 greek greek8 iso8859-7",
    "iso8859_15": "iso-8859-15 latin9 latin-9 l9 iso8859-15 iso885915",
    "iso8859_8": "iso-8859-8 iso-8859-8-i hebrew logical visual", "iso8859_6": "iso-8859-6 arabic",
    "mac_roman": "macintosh mac x-mac-roman csmacintosh macroman",
    "mac_cyrillic": "x-mac-cyrillic x-mac-ukrainian",
    "utf-8": "utf-8 utf8 utf_8 unicode-1-1-utf-8 unicode11utf8 unicode20utf8 x-unicode20utf8 utf-8-sig utf-8n",
    "utf-16": "utf-16 utf16 unicode csunicode iso-10646-ucs-2 ucs-2 unicodefeff ucs2",
    "utf-16-le": "utf-16le utf-16-le utf16le", "utf-16-be": "utf-16be utf-16-be unicodefffe utf16be",
    "utf-32": "utf-32 ucs-4 iso-10646-ucs-4 utf32", "utf-32-le": "utf-32le utf-32-le",
    "utf-32-be": "utf-32be utf-32-be",
}  # fmt: skip
_BY_LABEL = {label: codec for codec, labels in _LABELS.items() for label in labels.split()}
_REFUSED = {"idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape", "utf-7", "mbcs", "oem"}
_MULTI = {
    "cp932",
    "euc_jp",
    "gb18030",
    "cp949",
    "big5hkscs",
    "gbk",
    "gb2312",
    "johab",
    "shift_jis_2004",
    "euc_jis_2004",
}
_PUBLIC = {
    "cp932": "shift_jis", "euc_jp": "euc-jp", "cp949": "euc-kr", "big5hkscs": "big5", "cp874": "tis-620",
    "cp866": "ibm866", "koi8_r": "koi8-r", "koi8_u": "koi8-u", "mac_roman": "macintosh", "iso2022_jp_2": "iso-2022-jp",
    "utf-16-le": "utf-16le", "utf-16-be": "utf-16be", "utf-32-le": "utf-32le", "utf-32-be": "utf-32be",
    "mac_cyrillic": "mac-cyrillic",
}  # fmt: skip


def codec_of(label: str) -> str | None:
    """The codec for a label, None for one that is unknown or no text encoding (Python also has "hex" and such)."""
    plain = label.strip().strip("\"'").lower()
    if plain in _BY_LABEL:
        return _BY_LABEL[plain]
    try:
        info = codecs.lookup(plain)
    except (LookupError, ValueError, UnicodeError):
        return None
    if not info._is_text_encoding or info.name in _REFUSED:
        return None
    return _BY_LABEL.get(info.name, info.name)


def is_wide(codec: str) -> bool:
    """Whether it is UTF-16 or UTF-32."""
    return codec.startswith(("utf-16", "utf-32"))


def is_single(codec: str) -> bool:
    """Whether each byte is a character, so that nearly everything decodes."""
    return not is_wide(codec) and codec not in _MULTI and codec != "utf-8" and not codec.startswith("iso2022")


def public_name(codec: str, body: bytes, declared: str | None) -> str:
    """The name to show: as the standard writes it. A declared ISO-8859-1 or GB2312 keeps its name where the bytes
    stay inside it and do not need the superset that decoded them."""
    plain = (declared or "").lower()
    if (
        codec == "cp1252"
        and plain in ("iso-8859-1", "latin1", "us-ascii", "iso8859-1", "latin-1")
        and not _has_c1(body)
    ):
        return "us-ascii" if plain == "us-ascii" and body.isascii() else "iso-8859-1"
    if codec == "gb18030":
        return "gb2312" if plain == "gb2312" else "gb18030" if plain == "gb18030" else "gbk"
    if codec in _PUBLIC:
        return _PUBLIC[codec]
    if codec.startswith("cp125"):
        return "windows-" + codec[2:]
    return codec.replace("iso8859_", "iso-8859-").replace("iso8859-", "iso-8859-").replace("_", "-")


def _has_c1(body: bytes) -> bool:
    return len(body.translate(None, bytes(range(0x80, 0xA0)))) != len(body)
