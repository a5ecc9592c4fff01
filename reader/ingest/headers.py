"""What response headers tell about time, and how durations read in a sentence."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

DAY = 86_400
PAUSE_MOST = 8 * 3600


def retry_after(headers: Mapping[str, str], now: float) -> int | None:
    """Seconds that the server asks to wait (RFC 9110, 10.2.3: seconds or a date), at most 8 hours; None: no wish.

    ``headers`` has lower-case names, ``now`` is in seconds since 1970.
    """
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    if value.isdecimal() and value.isascii():
        return min(int(value[:9]), PAUSE_MOST)
    seconds = _until(value, now)
    return None if seconds is None else max(0, min(seconds, PAUSE_MOST))


def hint_seconds(headers: Mapping[str, str], now: float) -> int | None:
    """Seconds that the server calls its answer fresh (RFC 9111: max-age before Expires), at most a day.

    None without a wish, and for no-cache, no-store and private: those speak about caches, not about rhythm.
    """
    control = headers.get("cache-control", "").lower()
    if re.search(r"\b(?:no-cache|no-store|private)\b", control):
        return None
    match = re.search(r"\bmax-age\s*=\s*\"?(\d{1,9})", control)
    if match:
        seconds: int | None = int(match[1])
    elif headers.get("expires"):
        seconds = _until(headers["expires"], now)
    else:
        return None
    return min(seconds, DAY) if seconds is not None and seconds > 0 else None


def _until(date: str, now: float) -> int | None:
    try:
        when = parsedate_to_datetime(date)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return int((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp() - now)


def duration(seconds: float) -> str:
    """Say a duration in words: "40 seconds", "9 minutes", "2 hours", "1 day"."""
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= size * 0.95:
            return _count(round(seconds / size), unit)
    return _count(max(1, round(seconds)), "second")


def _count(number: int, unit: str) -> str:
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"
