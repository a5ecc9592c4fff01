"""What a person looks for, as values."""

from __future__ import annotations

import re
from dataclasses import dataclass

from reader.errors import Invalid

MOST_TERMS = 20
MOST_CHARACTERS = 300
_TERM = re.compile(r'(-)?(title:)?(?:"([^"]*)"?|([^\s"]+))', re.IGNORECASE)
_WORD = re.compile(r"[^\W_]")


@dataclass(frozen=True, slots=True)
class Term:
    """A word or phrase. ``prefix``: the last word may go on; ``title``: in titles only; ``wanted``: not for -word."""

    text: str
    prefix: bool = False
    title: bool = False
    wanted: bool = True


@dataclass(frozen=True, slots=True)
class Query:
    """All wanted terms stand in an entry, none of the others does."""

    terms: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Hits:
    """``ids`` of entries, the newest arrival first. ``scanned_to``: go on below this id; None: that was all."""

    ids: tuple[int, ...]
    scanned_to: int | None


def parse_query(text: str) -> Query:
    """Read what a person typed: words, "phrases", -without, begin*, title:word. Raises Invalid, in words."""
    if len(text) > MOST_CHARACTERS:
        raise _unusable(f"Search for at most {MOST_CHARACTERS} characters.")
    terms = [term for match in _TERM.finditer(text.replace("\x00", " ")) if (term := _term(match)) is not None]
    if len(terms) > MOST_TERMS:
        raise _unusable(f"Search for at most {MOST_TERMS} words.")
    if not any(term.wanted for term in terms):
        raise _unusable("Say at least one word to look for.")
    return Query(tuple(terms))


def _term(match: re.Match[str]) -> Term | None:
    phrase = match[3] is not None
    written = match[3] if phrase else match[4]
    if not _WORD.search(written):
        return None
    prefix = not phrase and written.endswith("*")
    return Term(written.rstrip("*") if prefix else written, prefix, bool(match[2]), not match[1])


def _unusable(message: str) -> Invalid:
    return Invalid(message, {"q": message})
