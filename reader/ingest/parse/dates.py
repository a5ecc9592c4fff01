"""Dates as publishers write them. Times without a zone are taken as UTC; what cannot be read is None."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from reader.ingest.parse.months import ZONES, fold, is_filler, is_weekday, month_of

# The two forms that nearly all feeds use, for speed; what they do not match takes the long way.
_QUICK_822 = re.compile(
    r"(?:[A-Z][a-z]{2}, )?(\d{1,2}) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d) (?:GMT|([+-])(\d\d)(\d\d))"
)
_QUICK_3339 = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:Z|([+-])(\d\d):(\d\d))")
_MONTHS = {name: n for n, name in enumerate("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), 1)}  # noqa: SIM905
_EPOCH = re.compile(r"(?!(?:19|20)\d{10}$)(?:(\d{9,10})(?:\.\d+)?|(\d{12,13})|(\d{16}))")  # 12 digits may be a date
_COMPACT = re.compile(r"((?:19|20)\d\d)(\d\d)(\d\d)(?:[Tt ]?(\d\d)(\d\d)(\d\d)?(?:[.,]\d+)?)?(?=[Zz+ -]|$)")
_SHORT = re.compile(r"(\d\d)(\d\d)(\d\d)")
_WEEK = re.compile(r"(\d{4})-?W(\d\d)(?:-?([1-7]))?(?=[Tt ]|$)")
_ORDINAL = re.compile(r"(\d{4})-?(\d{3})(?=[Tt ]|$)")
_MONTHLY = re.compile(r"(\d{4})(?:[-/.](\d{1,2}))?")
_CJK = re.compile(r"(\d{4}|\d{2})\s*[年년]\s*(\d{1,2})\s*[月월]\s*(?:(\d{1,2})\s*[日일号號]?)?")
_CJK_TIME = re.compile(r"(\d{1,2})\s*[时時点點시]\s*(?:(\d{1,2})\s*[分분])?\s*(?:(\d{1,2})\s*[秒초])?")
_CJK_HALF = re.compile(r"(上午|午前|오전|凌晨|早上)|(下午|午後|오후|晚上)")
_CJK_DAY = re.compile(r"星期.|周[一二三四五六日天]|[月火水木金土日]曜日?|[월화수목금토일]요일")
_MARKS = re.compile("[\u0300-\u036f]")  # accents that no letter took in
_COMMENT = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_BARE_TIME = re.compile(r"(?<=\d)[Tt](\d\d)(?:(\d\d)(\d\d)?)?(?=[Zz+-]|[.,]\d|\s|$)")
_JOINED = re.compile(r"(?<=[\d.])[Tt_](?=\d{1,2}:)")
_TIME = re.compile(
    r"(?<![\d:.])(\d{1,2})(?::|h(?=\d\d\b)|(?<= \d\d)\.(?=\d\d(?:$| ?[Uu]hr)))(\d{1,2})"
    r"(?::(\d{1,2})(?:[.,](\d{1,9})\d*|:\d{1,3}(?=$|[Zz+ -]))?)?(?![\d:]*\d)"
    r"\s*(?P<half>[ap]\.?\s?m\b\.?|[πμ]\.?μ\b\.?)?",
    re.IGNORECASE,
)
_HOUR_ONLY = re.compile(r"(?<![\d:.])(\d{1,2})\s*(?P<half>[ap]\.?m\b\.?)", re.IGNORECASE)
_OFFSET = re.compile(r"[+-]{1,2}\s?(\d{1,2}:\d{2}(?::\d\d)?|\d{4}|\d{3}|\d{1,2})(?![\d:])[Zz]?")
_CLUSTER = re.compile(r"(?<!\d)(\d{1,4})([-/.])\s?(\d{1,2})\2\s?(\d{4}|\d{1,2})\.?(?!\d)")
_PIECE = re.compile(r"(\d++)(?:st|nd|rd|th|er|re|º|°|ª|\.)?(?![^\W\d_])|([^\W\d_]+(?:[/_]+[^\W\d_]+)*)|(\d+)")
_LONG_ZONE = re.compile(
    r"(?:(?<=:\d\d)|(?<=[ap]m)) (?![ap]m )"
    r"(?:(eastern|central|mountain|pacific) (standard|daylight)|[a-z]+(?: [a-z]+){0,2}) time$",
    re.IGNORECASE,
)
_VIETNAMESE = re.compile(
    r"(?:th[uứ] [^\W\d]+,? )?(?:ng[aà]y )?(\d{1,2}) th[aá]ng (\d{1,2})(?: n[aă]m|,)? (\d{4})", re.IGNORECASE
)
_JUNK = re.compile(r"[\s,;@.\-/|'’·:–—]*")
_LONGEST = 100
_DAY_ZERO = date(1970, 1, 1).toordinal()
_LEAST = 1900
_END = 253_402_300_800.0  # the year 10000, which has no date in RFC 3339


@dataclass(slots=True)
class _Parts:
    """What has been found; the time is in seconds of its day, ``east`` in seconds."""

    year: int | None = None
    month: int | None = None
    day: int | None = None
    seconds: float = 0.0
    east: float = 0.0
    timed: bool = False


@lru_cache(maxsize=1024)
def parse_date(text: str | None) -> float | None:
    """Seconds since 1970 (UTC) for RFC 822, ISO 8601, asctime and whatever else has a year, a month and a day in it
    that can be told apart, with month names of many languages; None for anything else, for days that are not and for
    years before 1900. Never raises. Of 1/2/2003 the month is first, of 1.2.2003 the day."""
    plain = " ".join((text or "")[:_LONGEST].split())
    if not plain or not any("0" <= char <= "9" for char in unicodedata.normalize("NFKC", plain)):
        return None
    quick = _quick(plain)
    if quick is not None:
        return quick if quick < _END else None
    if epoch := _EPOCH.fullmatch(plain):
        return float(epoch[1] or 0) + float(epoch[2] or 0) / 1e3 + float(epoch[3] or 0) / 1e6
    parts = _Parts()
    try:
        return _total(parts) if _read(_spelled(plain), parts) else None
    except (ValueError, OverflowError):
        return None


def _quick(plain: str) -> float | None:
    if match := _QUICK_3339.fullmatch(plain):
        year, month, day, *clock = match.groups()
        number = int(month)
    elif match := _QUICK_822.fullmatch(plain):
        day, name, year, *clock = match.groups()
        number = _MONTHS.get(name, 0)
    else:
        return None
    hour, minute, second, sign = int(clock[0]), int(clock[1]), int(clock[2]), clock[3]
    if hour > 23 or minute > 59 or second > 59 or int(year) < _LEAST or int(clock[4] or 0) > 15:
        return None
    try:
        days = date(int(year), number, int(day)).toordinal() - _DAY_ZERO
    except ValueError:
        return None
    east = (int(clock[4]) * 3600 + int(clock[5]) * 60) * (-1 if sign == "-" else 1) if sign else 0
    return float(days * 86_400 + hour * 3600 + minute * 60 + second - east)


def _spelled(plain: str) -> str:
    """Widths, dashes and the characters of East Asian dates as the rest of the world writes them."""
    text = unicodedata.normalize("NFKC", plain).replace("\u2212", "-").replace("–", "-").replace("‐", "-")
    text = _COMMENT.sub(" ", _MARKS.sub("", text))
    if _CJK.search(text) or _CJK_HALF.search(text):
        half = _CJK_HALF.search(text)
        text = _CJK.sub(lambda m: f" {m[1]}-{m[2]}-{m[3] or 1} ", _CJK_DAY.sub(" ", text))
        text = _CJK_TIME.sub(lambda m: f" {m[1]}:{m[2] or '00'}:{m[3] or '00'}", text)
        if half:
            text = _TIME.sub(lambda m: f"{m[0]} {'pm' if half[2] else 'am'} ", _CJK_HALF.sub(" ", text), count=1)
    if text[-5:].lower() == " time":
        text = _LONG_ZONE.sub(lambda m: f" {m[1][0]}{m[2][0]}t" if m[1] else "", text)
    text = _VIETNAMESE.sub(r"\3-\2-\1", text)
    text = _BARE_TIME.sub(lambda m: f" {m[1]}:{m[2] or '00'}:{m[3] or '00'}", text)
    return _JOINED.sub(" ", text).strip()


def _read(text: str, parts: _Parts) -> bool:
    text = _take_number(text, parts)
    time = _TIME.search(text) or _HOUR_ONLY.search(text)
    after = ""
    if time:
        parts.seconds = _clock(time)
        parts.timed = True
        text, after = text[: time.start()], text[time.end() :]
    text, after = _take_zone(text, parts, before=True), _take_zone(after, parts, before=False)
    return _words(_take_cluster(f"{text} | {after}", parts), parts) and parts.year is not None


def _take_number(text: str, parts: _Parts) -> str:
    """Dates that are mostly digits, at the beginning: basic, week, ordinal, a year or a month alone (ISO 8601)."""
    if match := _WEEK.match(text):
        found = date.fromisocalendar(int(match[1]), int(match[2]), int(match[3] or 1))
    elif match := _COMPACT.match(text):
        found = date(int(match[1]), int(match[2]), int(match[3]))
        if match[4]:
            parts.seconds = int(match[4]) * 3600.0 + int(match[5]) * 60 + int(match[6] or 0)
            parts.timed = True
            if int(match[4]) > 24 or int(match[5]) > 59:
                raise ValueError(text)
    elif (match := _ORDINAL.match(text)) and 0 < int(match[2]) <= 366:
        found = date(int(match[1]), 1, 1) + timedelta(days=int(match[2]) - 1)
        if found.year != int(match[1]):
            raise ValueError(text)
    elif match := _MONTHLY.fullmatch(text):
        found = date(int(match[1]), int(match[2] or 1), 1)
    elif match := _SHORT.fullmatch(text):
        found = date(_full_year(match[1]), int(match[2]), int(match[3]))
    else:
        return text
    parts.year, parts.month, parts.day = found.year, found.month, found.day
    return text[match.end() :]


def _clock(time: re.Match[str]) -> float:
    groups = time.re.groups
    hour, minute = int(time[1]), int(time[2]) if groups > 2 else 0
    second = int(time[3] or 0) if groups > 2 else 0
    fraction = float(f"0.{time[4]}") if groups > 2 and time[4] else 0.0
    if hour > 24 or minute > 59 or second > 60 or (hour == 24 and minute + second > 0):
        raise ValueError(time[0])
    half = fold(time["half"] or "")[:1]
    if half and hour <= 12:
        hour = hour % 12 + (12 if half in "pμ" else 0)
    return hour * 3600.0 + minute * 60 + second + fraction


def _take_zone(text: str, parts: _Parts, *, before: bool) -> str:
    """Takes an offset from UTC out of what stands after the time (or at the end of a date without one)."""
    if before and (parts.timed or not re.search(r"\d\s+[+-]\d{4}\s*$", text)):
        return text
    for match in _OFFSET.finditer(text):
        lead = text[: match.start()]
        if before and re.search(r"\s[+-]\d{4}\s*$", text[: match.end()]) is None:
            continue
        if not before and _CLUSTER.search(text[max(0, match.start() - 7) :]) and re.search(r"\d$", lead):
            continue  # the middle of a date
        digits = match[1].replace(":", "")
        hours, minutes = int(digits[:-2] or 0), int(digits[-2:])
        if len(digits) <= 2:
            hours, minutes = int(digits), 0
        elif len(match[1]) > 6:
            hours, minutes = int(digits[:2]), int(digits[2:4])
        if hours <= 15 and minutes <= 59:
            parts.east = (hours * 3600.0 + minutes * 60) * (-1 if "-" in match[0] else 1)
        name = re.search(r"(?:gmt|utc?|etc/gmt|[a-z]{2,5})\s*:?\s*$", lead, re.IGNORECASE)
        return (
            lead[: name.start() if name and month_of(fold(name[0].strip())) is None else match.start()]
            + " "
            + (re.sub(r"^\s*[A-Za-z]{1,5}\b(?!\s*\d)", "", text[match.end() :]))
        )
    return text


def _take_cluster(text: str, parts: _Parts) -> str:
    match = _CLUSTER.search(text)
    if match is None or parts.year is not None:
        return text
    first, mark, second, third = match[1], match[2], int(match[3]), match[4]
    if len(first) == 4:
        year, month, day = int(first), second, int(third)
    elif len(first) == 3:
        raise ValueError(text)
    elif len(third) == 4 or mark in "/.":
        year, month, day = _full_year(third), second, int(first)
        if mark == "/":
            month, day = day, month
    elif len(first) == 2 and mark == "-":
        year, month, day = _full_year(first), second, int(third)  # 03-12-31
    else:
        raise ValueError(text)
    if month > 12 >= day and len(first) < 4:
        month, day = day, month  # 25/12/2003
    parts.year, parts.month, parts.day = year, month, day
    return text[: match.start()] + " " + text[match.end() :]


def _words(text: str, parts: _Parts) -> bool:
    """Day, month and year out of words and numbers; False when anything is left that has no place in a date."""
    words: list[str] = []
    numbers: list[str] = []
    at = 0
    late = False
    while at < len(text):
        junk = _JUNK.match(text, at)
        assert junk is not None  # it may be empty
        late, at = late or "|" in junk[0], junk.end()
        piece = _PIECE.match(text, at)
        if piece is None:
            return at >= len(text) and _assign(words, numbers, parts)
        at = piece.end()
        number = piece[1] or piece[3]
        if number:
            numbers.append(number)
        elif not _is_zone(word := fold(piece[2]), late and parts.timed, parts):
            words.append(word)
    return _assign(words, numbers, parts)


def _is_zone(word: str, late: bool, parts: _Parts) -> bool:
    if month_of(word) is not None:
        return False
    if not late:
        if len(word) == 3 and word in ZONES and not parts.timed and not is_weekday(word):
            parts.east = ZONES[word] * 3600.0
            return True
        return is_filler(word)
    if word in ZONES:
        parts.east = parts.east or ZONES[word] * 3600.0
        return True
    return is_weekday(word) or is_filler(word) or len(word) <= 5 or "/" in word  # one that is not known is UTC


def _assign(words: list[str], numbers: list[str], parts: _Parts) -> bool:
    months = [word for word in words if month_of(word) is not None]
    if len(months) > 1:  # "mar. 5 avr. 2011" is a Tuesday
        months = [word for word in months if not is_weekday(word)] or months[-1:]
    others = [word for word in words if word not in months and not is_weekday(word)]
    if len(others) > 1 or (others and (words[0] != others[0] or len(others[0]) > 15)):
        return False  # the first word may be a weekday of a language that we do not know
    if parts.year is not None:
        return not months and all(int(number) == 0 for number in numbers)
    if not months:
        return False
    parts.month = month_of(months[0])
    year = next((number for number in numbers if len(number) == 4), None)
    rest = [number for number in numbers if number is not year]
    if year is None and len(rest) > 1 and len(rest[1]) in (2, 3):
        year = rest.pop(1)
    if year is None or any(len(number) > 2 or int(number) > 31 for number in rest[:1]):
        return False
    parts.year = _full_year(year)
    parts.day = int(rest[0]) if rest else 1
    return all(int(number) == 0 for number in rest[1:])


def _full_year(digits: str) -> int:
    year = int(digits)
    if len(digits) <= 3:  # RFC 2822, 4.3
        year += 2000 if year < 50 else 1900
    return year


def _total(parts: _Parts) -> float | None:
    if parts.year is None or parts.month is None or parts.year < _LEAST:
        return None
    days = date(parts.year, parts.month, parts.day or 1).toordinal() - _DAY_ZERO  # refuses days that are not
    total = days * 86_400 + parts.seconds - parts.east
    return total if total < _END else None
