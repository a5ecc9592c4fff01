"""Dates in the running text of pages and in addresses."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lxml.etree import _Element

_MONTH = r"[^\W\d_]{3,12}\.?"
_TEXT_DATE = re.compile(
    r"\b\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2})?(?:\.\d+)?(?:Z|[+-]\d{2}:?\d{2})?)?"
    r"|\b\d{4}[./]\d{1,2}[./]\d{1,2}\b|\b\d{1,2}[./-]\d{1,2}[./-](?:\d{4}|\d{2})\b|\b\d{4}年\d{1,2}月\d{1,2}日"
    rf"|\b\d{{1,2}}(?:st|nd|rd|th|\.|º)?(?: de)? {_MONTH},?(?: de)? \d{{4}}\b"
    rf"|\b{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?,? \d{{4}}\b",
    re.I,
)
_AGO = re.compile(
    r"\b(?:\d+|an?|one)\s*(?:seconds?|minutes?|mins?|hours?|hrs?|days?|weeks?|months?|years?)\s+ago\b"
    r"|\bvor \d+ \w+|\bil y a \d+ \w+|\bhace \d+ \w+|\byesterday\b|\bgestern\b|\bhier\b|\d+\s*(?:分|時間|小时|天|日)前",
    re.I,
)
_URL_DATE = re.compile(r"/((?:19|20)\d{2})[/-](0?[1-9]|1[0-2])(?:[/-](0?[1-9]|[12]\d|3[01]))?(?=[/-]|$)")
_URL_STAMP = re.compile(r"/((?:19|20)\d{2})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?=\D|$)")
_WORDS = re.compile(r"date|time|publish|posted|when|meta|byline|stamp|info|day|age\b", re.I)


def is_relative(text: str) -> bool:
    """ "3 days ago": it tells that things here have a time, but not which one for good."""
    return bool(_AGO.search(text))


def is_date(text: str) -> bool:
    """Whether a short text is little more than a date or a time."""
    for pattern in (_TEXT_DATE, _AGO):
        match = pattern.search(text)
        if match is not None and len(text) - len(match[0]) < 14:
            return True
    return False


def date_in_text(text: str) -> float | None:
    """The first date in running text, seconds since 1970."""
    from reader.ingest.parse.dates import parse_date

    text, at = text[:2000], 0
    while match := _TEXT_DATE.search(text, at):
        found = parse_date(match[0])
        if found is not None:
            return found
        at = match.start() + 1  # "pia 12 2026-09-17": what looked like a month hides a date
    return None


def date_in_url(url: str) -> float | None:
    """The day in an address such as /2026/09/21/title; None without a day."""
    from reader.ingest.parse.dates import parse_date

    match = _URL_DATE.search(url) or _URL_STAMP.search(url)
    if match is None or not match[3]:
        return None
    return parse_date(f"{match[1]}-{int(match[2]):02}-{int(match[3]):02}")


def date_of(block: _Element, text: str) -> float | None:
    """The date of a block: of its <time>, of an element that is called a date, of its text."""
    from reader.ingest.parse.dates import parse_date

    for element in block.iter("time", "relative-time", "abbr"):
        stamp = element.get("datetime") or (element.get("title") if element.tag == "abbr" else None)
        at = parse_date(stamp) if stamp else None
        if at is None:
            at = date_in_text(" ".join(element.itertext()))  # type: ignore[arg-type]
        if at is not None:
            return at
    for element in block.iter():
        if isinstance(element.tag, str) and _WORDS.search(element.get("class") or ""):
            at = date_in_text(" ".join([element.get("title") or "", *element.itertext()]))  # type: ignore[list-item]
            if at is not None:
                return at
    return date_in_text(text)
