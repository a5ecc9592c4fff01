"""Why a feed is pulled when it is: stored as a kind with numbers, told in words and in the reader's own hours."""

from __future__ import annotations

from dataclasses import dataclass

from reader.ingest.headers import duration

KINDS = {
    "gone": 0, "failed": 2, "asked": 1, "new": 0, "rhythm": 3, "pushed": 1, "unread": 1, "hint": 1,
    "paused": 1,
}  # fmt: skip
SELDOM = 6 * 3600
ABOUT_AN_HOUR = 3300


@dataclass(frozen=True, slots=True)
class Reason:
    """``kind`` is one of KINDS, which tells how many ``numbers`` it has.

    failed: failures in a row, seconds until the next try. asked, pushed, unread, hint, paused: seconds. rhythm: hour of
    the day (UTC), seconds between entries in it, seconds between checks.
    """

    kind: str
    numbers: tuple[int, ...] = ()

    def pack(self) -> str:
        """For the store: "rhythm 11 540 254"."""
        return " ".join([self.kind, *map(str, self.numbers)])

    @classmethod
    def unpack(cls, packed: str) -> Reason | None:
        """None for what pack() did not write."""
        kind, *numbers = packed.split(" ")
        if kind not in KINDS or len(numbers) != KINDS[kind] or not all(n.isdecimal() and n.isascii() for n in numbers):
            return None
        return cls(kind, tuple(map(int, numbers)))


def in_words(packed: str, offset: int | None = None) -> str:
    """One sentence, or two. ``offset``: seconds that the reader's clock is ahead of UTC; None: hours are told in UTC.

    What is no packed reason comes back as it is: a sentence that an earlier version stored.
    """
    reason = Reason.unpack(packed)
    if reason is None:
        return packed
    numbers = reason.numbers
    if reason.kind == "gone":
        return "The site has taken the feed down for good (410). Evantr does not check it any more."
    if reason.kind == "failed":
        times = "The last check failed" if numbers[0] == 1 else f"The last {numbers[0]} checks failed"
        return f"{times}, so Evantr waits {duration(numbers[1])} before the next one."
    if reason.kind == "asked":
        return f"The server asked for a pause of {duration(numbers[0])}."
    if reason.kind == "paused":
        return f"Its server asked Evantr for a pause of {duration(numbers[0])}, for all that comes from there."
    if reason.kind == "new":
        return "Nothing is known about its rhythm yet."
    if reason.kind == "pushed":
        return "The site tells Evantr itself when there is something new."
    if reason.kind == "unread":
        return f"Nobody reads it at present, so it is checked about every {duration(numbers[0])}."
    if reason.kind == "hint":
        return f"The server says that nothing new comes for {duration(numbers[0])}."
    hour, distance, pause = numbers
    return _rhythm(hour, distance, pause, offset)


def _rhythm(hour: int, distance: int, pause: int, offset: int | None) -> str:
    between = f"Between {_clock(hour, offset)} and {_clock(hour + 1, offset)}"
    if offset is None:
        between += " (UTC)"
    checked = "once an hour" if pause >= ABOUT_AN_HOUR else f"about every {duration(pause)}"
    if distance > SELDOM:
        return f"{between} it hardly publishes, so it is checked {checked}."
    return f"{between} it publishes about every {duration(distance)}."


def _clock(hour: int, offset: int | None) -> str:
    """ "11", or "11:30" where the reader's clock stands half an hour from UTC's."""
    minutes = (hour * 60 + (offset or 0) // 60) % 1440
    return f"{minutes // 60}:{minutes % 60:02}" if minutes % 60 else f"{minutes // 60}"
