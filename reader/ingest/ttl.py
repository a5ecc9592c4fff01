"""The rhythm of a feed, and when to pull it next. Pure: times come in as seconds since 1970 (UTC).

For each of the 24 hours of the last ten days a rhythm keeps the TTL: the mean distance in seconds between the
entries of that hour, from 2 minutes to 1 hour. The forecast is the mean per hour over those days.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from reader.ingest.headers import DAY, duration

DAYS = 10
HOURS = 24
LEAST = 120
MOST = 3600
UNREAD_MOST = 6 * 3600
PUSHED = 6 * 3600
BACKOFF = 120
HINT_MOST = 3600
HINT_CONTRADICTED = 900
JITTER = 0.1
_UNKNOWN = 0
_LAYOUT = struct.Struct(f"<BI{DAYS * HOURS}H")
_VERSION = 1


@dataclass(frozen=True, slots=True)
class Rhythm:
    """``cells[day % 10 * 24 + hour]`` is a TTL in seconds, 0 when nothing is known of that hour.

    ``hour`` is the hour of the last observation, counted from 1970; -1: never observed.
    """

    cells: tuple[int, ...] = (_UNKNOWN,) * (DAYS * HOURS)
    hour: int = -1

    def pack(self) -> bytes:
        """Bytes for the store; empty when nothing was ever observed."""
        return b"" if self.hour < 0 else _LAYOUT.pack(_VERSION, self.hour, *self.cells)

    @classmethod
    def unpack(cls, packed: bytes) -> Rhythm:
        """Read what pack() wrote; anything else (empty, another version) is a new rhythm."""
        if len(packed) != _LAYOUT.size or packed[0] != _VERSION:
            return cls()
        _, hour, *cells = _LAYOUT.unpack(packed)
        return cls(tuple(cells), hour)


@dataclass(frozen=True, slots=True)
class Plan:
    """``at``: time of the next pull, None for never again; ``reason``: one sentence for the feed's page."""

    at: float | None
    reason: str


def observe(rhythm: Rhythm, published_times: Sequence[float], now: float) -> Rhythm:
    """Recompute the TTL of the hour of ``now``, and of the hours since the last observation that it closes.

    ``published_times`` are those of the entries in the document just pulled, in any order. Hours that lie before
    the oldest of them are left as they are: the document cannot tell about them. A new rhythm is seeded with all
    of the last ten days that the document covers.
    """
    current = int(now // 3600)
    oldest_hour = current - DAYS * HOURS + 1
    times = sorted(time for time in published_times if time <= now)
    cells = _forget(rhythm, current)
    first = max(oldest_hour, rhythm.hour) if rhythm.hour >= 0 else oldest_hour
    covered = int(times[0] // 3600) if times else current
    counts = _moments(times, oldest_hour)
    for hour in range(max(first, min(covered, current)), current + 1):
        if hour == covered and hour != current and hour != rhythm.hour:
            continue  # the document may hold only the end of it
        cells[hour % (DAYS * HOURS)] = _UNKNOWN
        elapsed = min(3600.0, now - hour * 3600)
        cells[hour % (DAYS * HOURS)] = _actual(counts.get(hour, 0), elapsed, _prior(cells, hour % HOURS))
    return Rhythm(tuple(cells), max(current, rhythm.hour))


def forecast(rhythm: Rhythm) -> list[float]:
    """Mean TTL in seconds per hour of the day. Days that are not known yet are stood in for, with the weight of
    one day, by the mean over all hours that are: so a new feed finds its pace within a day, and ten known days
    give the plain mean."""
    known = [cell for cell in rhythm.cells if cell]
    overall = sum(known) / len(known) if known else float(MOST)
    means = []
    for hour in range(HOURS):
        cells = [cell for cell in rhythm.cells[hour::HOURS] if cell]
        weight = 1 if len(cells) < DAYS else 0
        means.append((sum(cells) + weight * overall) / (len(cells) + weight))
    return means


def next_pull(
    *,
    rhythm: Rhythm,
    now: float,
    errors: int = 0,
    hint_seconds: int | None = None,
    retry_after: int | None = None,
    readers: int = 1,
    jitter: float = 0.5,
    status_gone: bool = False,
    pushed: bool = False,
) -> Plan:
    """Plan the next pull.

    ``errors``: failures in a row; ``hint_seconds``: wish of Cache-Control or ttl; ``retry_after``: what a 429 or
    503 asked; ``readers``: how many read the feed; ``jitter``: a random number from 0 to 1, spread over ±10 %;
    ``status_gone``: the last answer was 410; ``pushed``: a hub tells about new entries.
    """
    if status_gone:
        return Plan(None, "The site has taken the feed down for good (410). Evantr does not check it any more.")
    delay, reason = _wish(rhythm, now, errors, hint_seconds, readers, pushed)
    delay *= 1 + JITTER * (2 * min(1.0, max(0.0, jitter)) - 1)
    if retry_after is not None and min(retry_after, DAY) >= delay:
        # Sooner than asked would be rude, so the jitter goes upwards only.
        delay = min(retry_after, DAY) * (1 + JITTER * jitter)
        reason = f"The server asked for a pause of {duration(min(retry_after, DAY))}."
    return Plan(now + delay, reason)


def _wish(rhythm: Rhythm, now: float, errors: int, hint: int | None, readers: int, pushed: bool) -> tuple[float, str]:
    if errors > 0:
        delay = float(min(DAY, BACKOFF * 2 ** min(errors - 1, 20)))
        times = "The last check failed" if errors == 1 else f"The last {errors} checks failed"
        return delay, f"{times}, so Evantr waits {duration(delay)} before the next one."
    delay = _distance(forecast(rhythm), now)
    reason = _rhythm_words(rhythm, now)
    if pushed and delay < PUSHED:
        delay, reason = float(PUSHED), "The site tells Evantr itself when there is something new."
    if readers <= 0:
        slow = min(float(UNREAD_MOST), max(delay * 6, float(MOST)))
        if slow > delay:
            delay, reason = slow, f"Nobody reads it at present, so it is checked every {duration(slow)}."
    wish = _bounded_hint(hint, delay, readers)
    if wish > delay:
        delay, reason = wish, f"The server says that nothing new comes for {duration(hint or wish)}."
    return delay, reason


def _bounded_hint(hint: int | None, delay: float, readers: int) -> float:
    """How far a server's wish counts: an hour at most, a day when nobody reads. A wish that its own entries
    contradict (they come more often) counts a quarter of an hour: many servers send a constant."""
    if hint is None or hint <= 0:
        return 0.0
    if readers <= 0:
        return float(min(hint, DAY))
    return float(min(hint, HINT_MOST if delay >= hint / 2 else HINT_CONTRADICTED))


def _distance(means: Sequence[float], now: float) -> float:
    """Seconds until one entry is to be expected, following the forecast over the turn of the hour: a pull at
    10:50 of a feed that sleeps until 11 and then publishes every two minutes comes soon after 11."""
    expected, at = 0.0, now
    while True:
        mean = means[int(at // 3600) % HOURS]
        rest = 3600 - at % 3600
        if expected + rest / mean >= 1 or at - now >= MOST:
            return min(float(MOST), max(float(LEAST), at - now + (1 - expected) * mean))
        expected += rest / mean
        at += rest


def _rhythm_words(rhythm: Rhythm, now: float) -> str:
    hour = int(now // 3600) % HOURS
    mean = forecast(rhythm)[hour]
    if not any(rhythm.cells):
        return "Nothing is known about its rhythm yet, so it is checked every hour."
    between = f"Between {hour} and {hour + 1} (UTC)"
    if mean > MOST * 0.9:
        return f"{between} it hardly publishes, so it is checked once an hour."
    return f"{between} it publishes about every {duration(mean)}."


def _forget(rhythm: Rhythm, current: int) -> list[int]:
    """The cells without those that a later day has overtaken since the last observation."""
    cells = list(rhythm.cells)
    if rhythm.hour >= 0:
        for hour in range(rhythm.hour + 1, min(current, rhythm.hour + DAYS * HOURS) + 1):
            cells[hour % (DAYS * HOURS)] = _UNKNOWN
    return cells


def _moments(times: Sequence[float], oldest_hour: int) -> dict[int, int]:
    """Count moments of publication per hour. Entries that follow within the least TTL belong to one moment:
    a burst of twenty in a minute is met by one pull as well as by twenty."""
    counts: dict[int, int] = {}
    last = float("-inf")
    for time in times:
        hour = int(time // 3600)
        if hour >= oldest_hour and time - last >= LEAST:
            counts[hour] = counts.get(hour, 0) + 1
            last = time
    return counts


def _actual(count: int, elapsed: float, prior: float) -> int:
    """TTL of one hour with ``count`` moments in ``elapsed`` seconds; the rest of a running hour is taken to go on
    at the ``prior`` pace, so that its first minutes do not look like silence."""
    expected = count + (3600 - elapsed) / prior
    if expected <= 0:
        return MOST
    return int(min(MOST, max(LEAST, round(3600 / expected))))


def _prior(cells: Sequence[int], hour: int) -> float:
    known = [cell for cell in cells[hour::HOURS] if cell] or [cell for cell in cells if cell]
    return sum(known) / len(known) if known else float(MOST)
