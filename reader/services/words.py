"""Checks of what people type, and the words for what they did."""

from __future__ import annotations

import unicodedata

from reader.errors import Invalid

MAX_TITLE = 200


def count(number: int, one: str, many: str | None = None) -> str:
    """ "1 feed", "1,204 feeds"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def clean_title(text: str, field: str, what: str, *, limit: int = MAX_TITLE) -> str:
    """A title on one line: trimmed, spaces folded. Raises Invalid when nothing is left, it is too long, or it holds
    characters that cannot be shown (controls, lone surrogates)."""
    if any(unicodedata.category(c) in ("Cc", "Cs") and c not in "\t\r\n" for c in text):
        raise _invalid(field, f"{what} holds characters that cannot be shown. Type it without them.")
    folded = " ".join(text.split())
    if not folded:
        raise _invalid(field, f"{what} is empty. Type at least one character.")
    if len(folded) > limit:
        raise _invalid(field, f"{what} is longer than {limit} characters. Shorten it.")
    return folded


def clean_text(text: str, field: str, what: str, *, limit: int, least: int = 1) -> str:
    """Plain text of several lines: trimmed, at most one empty line in a row. Raises Invalid as clean_title, and when
    fewer than ``least`` characters are left."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ").split("\n")
    if any(unicodedata.category(c) in ("Cc", "Cs") for line in lines for c in line):
        raise _invalid(field, f"{what} holds characters that cannot be shown. Type it without them.")
    out: list[str] = []
    for line in (line.rstrip() for line in lines):
        if line or (out and out[-1]):
            out.append(line)
    clean = "\n".join(out).strip()
    if len(clean) < least:
        raise _invalid(field, f"{what} is empty. Type at least one character.")
    if len(clean) > limit:
        raise _invalid(field, f"{what} is longer than {limit:,} characters. Shorten it.")
    return clean


def _invalid(field: str, message: str) -> Invalid:
    return Invalid(message, {field: message})
