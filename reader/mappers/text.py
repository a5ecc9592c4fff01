"""What of an entry can be found by its words, and what a word is: the same for every index of words."""

from __future__ import annotations

import re
import unicodedata
from html import unescape

MOST_TEXT = 200_000  # characters of one entry that can be found
_TAG = re.compile(r"<[^>]*>")
_WORD = re.compile(r"[^\W_]+")
_ACCENT = re.compile(r"[\u0300-\u036f]")
# Scripts that write no spaces between words: each character is a word of its own, and a word a phrase.
_UNSPACED = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+"
)


def plain(content: str) -> str:
    """The text of clean HTML."""
    text = _TAG.sub(" ", content[:MOST_TEXT])
    return unescape(text) if "&" in text else text


def spaced(text: str) -> str:
    return text if text.isascii() else _UNSPACED.sub(_apart, text)


def _apart(run: re.Match[str]) -> str:
    return f" {' '.join(run[0])} "


def words(text: str) -> list[str]:
    """The words of a text in order, without case and accents, as FTS5's unicode61 tokenizer tells them apart
    (sqlite.org/fts5.html, 4.3.1)."""
    if not text.isascii():
        decomposed = unicodedata.normalize("NFD", spaced(text))
        text = unicodedata.normalize("NFC", _ACCENT.sub("", decomposed))
    return _WORD.findall(text.lower())
