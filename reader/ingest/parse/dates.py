"""Dates as publishers write them. Times without a zone are taken as UTC; what cannot be read is None."""

from __future__ import annotations

import re
from calendar import timegm
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan janv januar januari enero ene gennaio gen janeiro янв января",
            "feb febr febrero fevr févr fev fevereiro februar februari febbraio фев февраля",
            "mar mär mrz mars marzo mrt maa março maart märz мар марта",
            "apr avr avril abril abr aprile апр апреля",
            "may mai mayo mag maggio maio mei мая май",
            "jun juin junio giu giugno junho juni июн июня",
            "jul juil juillet julio lug luglio julho juli июл июля",
            "aug août aout agosto ago augustus авг августа",
            "sep sept septiembre set settembre setembro september сен сентября",
            "oct okt oktober octubre ott ottobre out outubro октября окт",
            "nov noviembre novembre novembro november ноя ноября",
            "dec déc dez dezember dic diciembre dicembre dezembro décembre дек декабря",
        ),
        1,
    )
    for name in names.split()
}
_ZONES = {
    "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7, "AKST": -9, "AKDT": -8,
    "HST": -10, "AST": -4, "ADT": -3, "NST": -3.5, "WET": 0, "WEST": 1, "BST": 1, "CET": 1, "CEST": 2, "MEZ": 1,
    "MESZ": 2, "MET": 1, "MEST": 2, "EET": 2, "EEST": 3, "MSK": 3, "MSD": 4, "IST": 5.5, "JST": 9, "KST": 9,
    "AEST": 10, "AEDT": 11, "ACST": 9.5, "ACDT": 10.5, "AWST": 8, "NZST": 12, "NZDT": 13, "SGT": 8, "HKT": 8,
}  # fmt: skip
_TIME = r"(?P<h>\d{1,2})[:.](?P<mi>\d{2})(?:[:.](?P<s>\d{2})(?:[.,](?P<f>\d{1,9})\d*)?)?\s*(?P<ap>[ap]\.?m\.?)?"
_ZONE = r"(?P<z>[+-]\d{1,2}:?\d{0,2}|(?:GMT|UTC?)?\s*[+-]\d{1,2}:?\d{0,2}|[A-Za-z]{1,5})?(?:\s*\(.*\))?"
_TAIL = rf"(?:[\s,T]*(?:at\s+|um\s+)?{_TIME}\s*{_ZONE})?"

_W3C = re.compile(
    r"(?P<y>\d{4})(?:-(?P<m>\d{1,2})(?:-(?P<d>\d{1,2})(?:[Tt\s_]+(?P<h>\d{1,2}):(?P<mi>\d{2})"
    r"(?::(?P<s>\d{2})(?:[.,](?P<f>\d{1,9})\d*)?)?\s*(?P<z>[+-]\d{1,2}:?\d{0,2}|[A-Za-z]{1,5})?(?:\s*[A-Z]{1,4})?)?)?)?"
)
_RFC822 = re.compile(rf"(?P<d>\d{{1,2}})[\s./-]*(?P<mon>[^\W\d_]{{3,12}})\.?,?[\s./-]*(?P<y>\d{{4}}|\d{{2}})\b{_TAIL}")
_AMERICAN = re.compile(rf"(?P<mon>[^\W\d_]{{3,12}})\.?\s+(?P<d>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<y>\d{{4}})\b{_TAIL}")
_ASCTIME = re.compile(
    rf"(?P<mon>[^\W\d_]{{3,12}})\s+(?P<d>\d{{1,2}})\s+{_TIME}\s+(?:(?P<z>[A-Za-z]{{1,5}})\s+)?(?P<y>\d{{4}})"
)
_COMPACT = re.compile(
    r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})(?:T?(?P<h>\d{2})(?P<mi>\d{2})(?P<s>\d{2})?(?P<z>[Zz]|[+-]\d{2}:?\d{2})?)?"
)
_SLASHED = re.compile(rf"(?P<y>\d{{4}})[/.](?P<m>\d{{1,2}})[/.](?P<d>\d{{1,2}}){_TAIL}")
_DOTTED = re.compile(rf"(?P<d>\d{{1,2}})\.(?P<m>\d{{1,2}})\.(?P<y>\d{{4}}){_TAIL}")
_US = re.compile(rf"(?P<m>\d{{1,2}})/(?P<d>\d{{1,2}})/(?P<y>\d{{4}}){_TAIL}")
_WEEKDAY = re.compile(r"^[^\W\d_]{2,12}\.?(?:,|\s)\s*(?=\S)")
_EPOCH = re.compile(r"(?!(?:19|20)\d{10}$)(?:(\d{9,10})(?:\.\d+)?|(\d{12,13}))")  # 12 digits may be a date
# The two forms that nearly all feeds use, for speed; what they do not match takes the long way.
_QUICK_822 = re.compile(
    r"(?:[A-Z][a-z]{2}, )?(\d{1,2}) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d) (?:GMT|([+-])(\d\d)(\d\d))"
)
_QUICK_3339 = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:Z|([+-])(\d\d):(\d\d))")
_PATTERNS = (_W3C, _RFC822, _AMERICAN, _ASCTIME, _COMPACT, _SLASHED, _DOTTED, _US)
_LONGEST = 100
_DAY_ZERO = date(1970, 1, 1).toordinal()


@lru_cache(maxsize=1024)
def parse_date(text: str | None) -> float | None:
    """Seconds since 1970 (UTC) for RFC 822, RFC 3339, W3CDTF, asctime, common broken forms and month names of
    some other languages; None for anything else and for years before 1900. Never raises."""
    plain = " ".join((text or "")[:_LONGEST].split())
    if not plain:
        return None
    quick = _quick(plain)
    if quick is not None:
        return quick
    epoch = _EPOCH.fullmatch(plain)
    if epoch:
        return float(epoch[1]) if epoch[1] else float(epoch[2]) / 1000
    match = _match(plain) or _match(_WEEKDAY.sub("", plain, count=1))
    if match is None:
        return None
    try:
        return _seconds(match.groupdict())
    except (ValueError, OverflowError):
        return None


def _quick(plain: str) -> float | None:
    if match := _QUICK_3339.fullmatch(plain):
        year, month, day, *clock = match.groups()
        number = int(month)
    elif match := _QUICK_822.fullmatch(plain):
        day, name, year, *clock = match.groups()
        number = _MONTHS.get(name.lower(), 0)
    else:
        return None
    hour, minute, second, sign = int(clock[0]), int(clock[1]), int(clock[2]), clock[3]
    if hour > 23 or minute > 59 or second > 59 or int(year) < 1900 or int(clock[4] or 0) > 15:
        return None
    try:
        days = date(int(year), number, int(day)).toordinal() - _DAY_ZERO
    except ValueError:
        return None
    east = (int(clock[4]) * 3600 + int(clock[5]) * 60) * (-1 if sign == "-" else 1) if sign else 0
    return float(days * 86_400 + hour * 3600 + minute * 60 + second - east)


def _match(plain: str) -> re.Match[str] | None:
    return next((match for pattern in _PATTERNS if (match := pattern.fullmatch(plain))), None)


def _seconds(part: dict[str, str | None]) -> float | None:
    year = _year(part["y"] or "")
    month, day = _month(part), int(part.get("d") or 1)
    if month > 12 and day <= 12 and not part.get("mon"):
        month, day = day, month  # 25/12/2003 and 2003-25-12
    hour, minute, second = int(part.get("h") or 0), int(part.get("mi") or 0), int(part.get("s") or 0)
    if year < 1900 or not (hour < 24 or (hour == 24 and minute == 0)) or minute > 59 or second > 61:
        return None
    half = (part.get("ap") or "").lower()[:1]
    if half and hour <= 12:
        hour = hour % 12 + (12 if half == "p" else 0)
    start = timegm(datetime(year, month, day, tzinfo=UTC).timetuple())  # refuses days that are not
    passed = timedelta(hours=hour, minutes=minute, seconds=min(second, 59)).total_seconds()
    fraction = float(f"0.{part['f']}") if part.get("f") else 0.0
    return start + passed + fraction - _offset((part.get("z") or "").strip())


def _year(digits: str) -> int:
    year = int(digits)
    if len(digits) == 2:  # RFC 2822, 4.3
        year += 2000 if year < 50 else 1900
    return year


def _month(part: dict[str, str | None]) -> int:
    name = part.get("mon")
    if not name:
        return int(part.get("m") or 1)
    name = name.lower().rstrip(".")
    number = _MONTHS.get(name) or _MONTHS.get(name[:4]) or _MONTHS.get(name[:3])
    if number is None:
        raise ValueError(name)
    return number


def _offset(zone: str) -> float:
    """Seconds east of UTC; names that are not known count as UTC."""
    match = re.fullmatch(r"(?:GMT|UTC?)?\s*([+-])(\d{1,2}):?(\d{2})?\d?", zone, re.IGNORECASE)
    if not match:
        return _ZONES.get(zone.upper(), 0) * 3600.0
    hours, minutes = int(match[2]), int(match[3] or 0)
    if hours > 15 or minutes > 59:
        return 0.0
    return (hours * 3600.0 + minutes * 60.0) * (-1 if match[1] == "-" else 1)
