"""Which legacy charset bytes are in, when nobody says so or what is said is wrong.

Each candidate decodes a sample of the bytes outside ASCII; the text that looks most like writing wins: letters in
words of one script and one case, kana and syllables, the common halves of the Han tables. charset-normalizer is asked
where no candidate convinces.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise

SAMPLE = 60_000
_RUNS = re.compile(rb"[\x80-\xff][^<>\x00-\x1f]*+")
_BEFORE = 16  # bytes of ASCII before a run: the beginning of its word
_MULTI = ("cp932", "euc_jp", "gb18030", "big5hkscs", "cp949")
_SINGLE = ("cp1251", "koi8_u", "cp1252", "cp1250", "cp1253", "cp1254", "cp1255", "cp1256", "cp874", "cp866")
_ORDER = {name: rank for rank, name in enumerate((*_MULTI, *_SINGLE))}
_LATIN_WEST = "éèêëàâáãäåæçíìîïñóòôõöøœúùûüßýÿÉÈÊÀÁÂÃÄÅÆÇÍÎÑÓÔÕÖØÚÜ"
_LATIN_EAST = "ąćęłńóśźżčďěňřšťůžľĺŕáéíúýäöüőűăâîșțşţđŁŚŻŹČŘŠŽÁÉÍÓÚŐŰŢŞÂÎĂ"
_LATIN_TURK = "ışğçöüİŞĞÇÖÜâî"
_MARKS = "’‘“”„–—…«»\u00a0°·•€©®ºª¿¡§£"
_CYRILLIC_COMMON = "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъіїєґђјљњћџў"
_WORD = re.compile(r"[^\W\d_]+")
_INSIDE_LATIN = re.compile(
    "[A-Za-z][\u3040-\u9fff\uac00-\ud7a3\uff61-\uff9f]|[\u3040-\u9fff\uac00-\ud7a3\uff61-\uff9f][a-z]"
)
_RARE_CYRILLIC = "ъшщ"  # where Hebrew has common letters
_GREEK_ACCENTS = "άέήίόύώϊϋΐΰΆΈΉΊΌΎΏ"
_SIGMA_INSIDE = re.compile(r"ς\w")
_THAI_AFTER = "ะัาำิีึืฺุู็่้๊๋์"  # never begin a word
_DOUBTED = {
    **{name: name for name in _MULTI},
    "cp1251": "cp1251",
    "koi8_r": "koi8_u",
    "koi8_u": "koi8_u",
    "cp1252": "cp1252",
    "cp1253": "cp1253",
}
_GLANCE = 800  # bytes
_UKRAINIAN = frozenset(b"\xa4\xa6\xa7\xad\xb4\xb6\xb7\xbd")  # where KOI8-U has letters and KOI8-R lines
_CONVINCING = 0.55


def guess(body: bytes, named: Iterable[str] = ()) -> str:
    """The Python codec that ``body``, no UTF-8, is most probably in. ``named`` were declared, and win a draw."""
    sample = _sample(body, SAMPLE)
    preferred = list(named)
    best, most = "cp1252", 0.0
    for name in sorted({*_ORDER, *preferred}, key=lambda name: (name not in preferred, _ORDER.get(name, 99))):
        score = _score(sample, name)
        if score > most + 1e-6:
            best, most = name, score
    if best == "koi8_u" and not _UKRAINIAN.intersection(sample):
        best = "koi8_r"
    if most >= _CONVINCING:
        return best
    from charset_normalizer import from_bytes

    found = from_bytes(sample, steps=5, chunk_size=512).best()
    return found.encoding if found is not None and most < 0.2 else best


def doubtful(body: bytes, codec: str) -> str | None:
    """Another codec where the text that the declared one gives looks like no writing at all, and another's does."""
    if codec not in _DOUBTED:
        return None
    sample = _sample(body, _GLANCE)
    said = _score(sample, _DOUBTED[codec])
    if said > 0.7 or sum(byte > 0x7F for byte in sample) < _GLANCE // 40:
        return None
    other = guess(body[:60_000], [codec])
    return other if _score(sample, _DOUBTED.get(other, other)) > max(0.7, said + 0.25) else None


def _sample(body: bytes, size: int) -> bytes:
    """The first ``size`` bytes of what is not ASCII, with the beginnings of the words."""
    pieces: list[bytes] = []
    end = found = 0
    for match in _RUNS.finditer(body):
        pieces.append(body[max(end, match.start() - _BEFORE) : match.end()])
        end = match.end()
        found += len(pieces[-1])
        if found >= size:
            break
    return b" ".join(pieces)[:size]


def _score(sample: bytes, name: str) -> float:
    """From 0 (no text) to 1, per character outside ASCII."""
    try:
        text = sample.decode(name, "replace")
    except (LookupError, ValueError):
        return 0.0
    wrong = text.count("\ufffd")
    foreign = [char for char in text if char > "\x7f"]
    if not foreign or wrong * 50 > len(foreign):
        return 0.0
    if name in _MULTI:
        points = _han(text, foreign, name) - 2.0 * len(_INSIDE_LATIN.findall(text))
    elif name == "cp874":
        points = sum(0.85 if "\u0e01" <= char <= "\u0e5b" else -1.5 for char in foreign if char not in _MARKS)
        points -= sum(1.0 for word in text.split() if word[:1] in _THAI_AFTER)
    else:
        points = sum(_word(word, name) for word in _WORD.findall(text))
        if name == "cp1251" and sum(char in _RARE_CYRILLIC for char in foreign) * 12 > len(foreign):
            points *= 0.7
        elif name == "cp866":
            points *= 0.85
        elif name == "cp1253":
            accents = sum(char in _GREEK_ACCENTS for char in foreign)
            points = points * (0.5 if accents * 15 < len(foreign) else 1.0) - 2 * len(_SIGMA_INSIDE.findall(text))
        points += sum(0.7 for char in foreign if char in _MARKS)
        points -= sum(1.5 for char in foreign if not char.isalpha() and char not in _MARKS)
    return min(points / len(foreign), 1.0) - 2 * wrong / len(foreign)


def _han(text: str, foreign: list[str], name: str) -> float:
    """Kana, syllables and Han characters of the first, common plane of each table count; the others hardly."""
    kana = sum("\u3040" <= char <= "\u30ff" for char in foreign)
    hangul = sum("\uac00" <= char <= "\ud7a3" for char in foreign)
    han = sum("\u4e00" <= char <= "\u9fff" for char in foreign)
    other = len(foreign) - kana - hangul - han
    marks = sum("\u3000" <= char <= "\u303f" or "\uff00" <= char <= "\uff5e" for char in foreign)
    halfwidth = sum("\uff61" <= char <= "\uff9f" for char in foreign)
    points = 0.8 * marks - 1.0 * (other - marks) - halfwidth
    if name in ("cp932", "euc_jp"):
        return points + kana + (0.9 if kana * 5 >= han else 0.3) * han - hangul
    if name == "cp949":
        return points + 0.98 * _common(text, "euc_kr", 0xB0, 0xC8) + 0.2 * han - kana
    first = (0xB0, 0xD7) if name == "gb18030" else (0xA4, 0xC6)
    common = _common(text, "gb2312" if name == "gb18030" else "big5", *first)
    return points + 0.95 * common + 0.2 * (han - common) + 0.3 * kana - hangul


def _common(text: str, table: str, first: int, last: int) -> int:
    encoded = (char.encode(table, "ignore") for char in text if char > "\x7f")
    return sum(len(code) == 2 and first <= code[0] <= last and code.isascii() is False for code in encoded)


def _word(word: str, name: str) -> float:
    foreign = [char for char in word if char > "\x7f"]
    if not foreign:
        return 0.0
    if name in ("cp1251", "koi8_u", "cp866"):
        return _cased(word, foreign, "\u0400", "\u045f", _CYRILLIC_COMMON)
    if name == "cp1253":
        return _cased(word, foreign, "\u0370", "\u03ff", "")
    if name in ("cp1255", "cp1256"):
        low, high = ("\u0590", "\u05ff") if name == "cp1255" else ("\u0600", "\u06ff")
        inside = sum(low <= char <= high for char in foreign)
        return (0.97 if len(word) == inside else -0.5) * inside - 1.0 * (len(foreign) - inside)
    letters = {"cp1250": _LATIN_EAST, "cp1254": _LATIN_TURK}.get(name, _LATIN_WEST)
    weight = {"cp1250": 0.9, "cp1254": 0.85}.get(name, 0.92)
    if len(foreign) * 2 > len(word) + 1:
        return -0.5 * len(foreign)  # hardly a Latin letter without accent: another script
    mixed = sum(a.islower() and b.isupper() for a, b in pairwise(word))
    return sum(weight if char in letters else -0.4 for char in foreign) - mixed


def _cased(word: str, foreign: list[str], low: str, high: str, common: str) -> float:
    inside = sum(low <= char <= high for char in foreign)
    if inside < len(foreign) or (inside < len(word) and inside * 2 <= len(word) + 1):
        return -1.0 * len(foreign)
    mixed = sum(a.islower() and b.isupper() for a, b in pairwise(word))
    odd = sum(char.lower() not in common for char in foreign) if common else 0
    upper = 0.4 * inside if word.isupper() and len(word) > 3 else 0.0
    return inside - 1.5 * mixed - 0.6 * odd - upper
