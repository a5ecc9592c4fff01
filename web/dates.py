"""Times as a person reads them, in their own time zone. In lists they stand still: never "5 minutes ago"."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
LONG_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
LONG_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
EARLIEST, LATEST = -62_135_500_000.0, 253_402_200_000.0  # what a date can hold, in every zone
WEEK = 7


@lru_cache(maxsize=64)
def zone_of(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a zone that this machine no longer knows
        return ZoneInfo("UTC")


class Times:
    """Formats times for one reader and one moment."""

    def __init__(self, now: float, zone: str) -> None:
        self.now = now
        self.zone = zone_of(zone)
        today = self.at(now)
        self._today = today.toordinal()
        self._year = today.year

    def at(self, seconds: float) -> datetime:
        return datetime.fromtimestamp(min(max(seconds, EARLIEST), LATEST), self.zone)

    def short(self, seconds: float) -> str:
        """ "11:42" today, "Fri" within a week, "14 Nov" this year, "2024"."""
        return self._short(self.at(seconds))

    def exact(self, seconds: float) -> str:
        """ "Saturday 21 November 2026, 11:42"."""
        return _exact(self.at(seconds))

    def near(self, seconds: float) -> str:
        """ "today, 11:42", "yesterday, 09:10", "Fri 14 Nov, 11:42", "14 Nov 2024"."""
        when = self.at(seconds)
        days = self._today - when.toordinal()
        clock = f"{when.hour:02}:{when.minute:02}"
        if days in (0, 1, -1):
            return f"{('today', 'yesterday', 'tomorrow')[days]}, {clock}"
        date = f"{when.day} {MONTHS[when.month - 1]}"
        return f"{DAYS[when.weekday()]} {date}, {clock}" if when.year == self._year else f"{date} {when.year}"

    def moment(self, seconds: float) -> str:
        """As near(), with the name of the day within a week: "Thursday, 21:14"."""
        when = self.at(seconds)
        if 1 < self._today - when.toordinal() < WEEK:
            return f"{LONG_DAYS[when.weekday()]}, {when.hour:02}:{when.minute:02}"
        return self.near(seconds)

    def moment_tag(self, seconds: float) -> str:
        when = self.at(seconds)
        return f'<time datetime="{_iso(when)}" title="{_exact(when)}">{self.moment(seconds)}</time>'

    def day(self, seconds: float) -> str:
        """ "today", "Thursday", "14 Nov", "14 Nov 2024": for sentences."""
        when = self.at(seconds)
        days = self._today - when.toordinal()
        if days in (0, 1):
            return ("today", "yesterday")[days]
        if 0 < days < WEEK:
            return LONG_DAYS[when.weekday()]
        date = f"{when.day} {MONTHS[when.month - 1]}"
        return date if when.year == self._year else f"{date} {when.year}"

    def clock(self, seconds: float) -> str:
        when = self.at(seconds)
        return f"{when.hour:02}:{when.minute:02}"

    def tag(self, seconds: float) -> str:
        """A <time> for a row of a list: short to see, exact to point at. Needs no escaping."""
        when = self.at(seconds)
        return f'<time datetime="{_iso(when)}" title="{_exact(when)}">{self._short(when)}</time>'

    def near_tag(self, seconds: float) -> str:
        when = self.at(seconds)
        return f'<time datetime="{_iso(when)}" title="{_exact(when)}">{self.near(seconds)}</time>'

    def hour_of(self, utc_hour: int) -> int:
        """The reader's hour that begins with this UTC hour of today (zones of half hours are rounded down)."""
        offset = self.at(self.now).utcoffset() or timedelta()
        return (utc_hour + int(offset.total_seconds() // 3600)) % 24

    def _short(self, when: datetime) -> str:
        days = self._today - when.toordinal()
        if days == 0:
            return f"{when.hour:02}:{when.minute:02}"
        if 0 < days < WEEK:
            return DAYS[when.weekday()]
        return f"{when.day} {MONTHS[when.month - 1]}" if when.year == self._year else str(when.year)


def later(seconds: float) -> str:
    """How long after something else: "at once", "20 min later", "5 h later"."""
    if seconds < 60:
        return "at once"
    return f"{seconds // 60:.0f} min later" if seconds < 3600 else f"{seconds // 3600:.0f} h later"


def _exact(when: datetime) -> str:
    day, month = LONG_DAYS[when.weekday()], LONG_MONTHS[when.month - 1]
    return f"{day} {when.day} {month} {when.year}, {when.hour:02}:{when.minute:02}"


def _iso(when: datetime) -> str:
    return when.isoformat(timespec="minutes")
