"""What is known of when a feed publishes: learned from each pull, small enough to live in the feed's row. Pure.

Times are seconds since 1970 (UTC), rates are moments an hour. A *moment* is one entry, or several that follow within
two minutes of each other: one pull meets them all. How the figures come about is told in docs/updater.md and
docs/decisions/0012.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from math import log

from reader.ingest.season import BLANK, CELLS, DAYS, HOURS, SHAPE_PRIOR, UNKNOWN, is_weekend, spread, week

LEAST = 120
MOST = 3600
HOUR, DAY = 3600.0, 86_400
WEEK = 168  # hours; 1970 began in one, so that any multiple does
SUMMED = 12 * HOUR  # longer spans are worth sums over a week
FULL = 254
LATEST = 4_294_000_000.0  # what fits four bytes

# What is assumed of a feed before it has shown anything, and how much evidence that assumption is worth.
PRIOR_MOMENTS, PRIOR_HOURS = 0.5, 12.0  # a moment a day
GAP_MEAN, GAP_VARIANCE = -0.577, 1.645  # of the logarithm of a gap when nothing but chance is at work
GAP_PRIOR, GAP_MEMORY = 4, 30  # in gaps
BATCH_PRIOR, BATCH_MEMORY = 5, 50  # in moments
LONGEST_AGE = 60.0  # in expected moments: longer silence says no more

_HEAD = struct.Struct("<BIIffffffffB")
_VERSION = 2
_OLD = struct.Struct(f"<BI{CELLS}H")  # version 1: TTLs in seconds, 0 for unknown


@dataclass(frozen=True, slots=True)
class Rhythm:
    """``counts[hour since 1970 % 240]``: moments in that hour, UNKNOWN where nothing was seen of it.

    ``looked``: time of the last observation, 0: never. ``last``: of the newest moment, 0: none yet. ``age``: moments
    that were expected since then. ``gap_mean``, ``gap_variance``: of the logarithm of the ages at which moments came,
    learned from ``gaps`` of them: how regular the feed is. ``batch``: entries that come in one moment. ``shape``: how
    alike the hours of the day are (moments that the prior of an hour is worth). ``clumps``: by how much more the same
    hour differs from day to day than chance alone would have it; 1: not at all. ``workday``, ``weekend``: how many
    times the mean rate each has; both 1 while no weekly rhythm has shown.
    """

    counts: bytes = BLANK
    looked: int = 0
    last: int = 0
    age: float = 0.0
    gap_mean: float = GAP_MEAN
    gap_variance: float = GAP_VARIANCE
    batch: float = 1.0
    shape: float = SHAPE_PRIOR
    clumps: float = 1.0
    workday: float = 1.0
    weekend: float = 1.0
    gaps: int = 0

    def pack(self) -> bytes:
        """Bytes for the store; empty when nothing was ever observed."""
        if not self.looked:
            return b""
        head = _HEAD.pack(
            _VERSION, self.looked, self.last, self.age, self.gap_mean, self.gap_variance, self.batch, self.shape,
            self.clumps, self.workday, self.weekend, self.gaps,
        )  # fmt: skip
        return head + self.counts

    @classmethod
    def unpack(cls, packed: bytes) -> Rhythm:
        """Read what pack() wrote, in this version or the one before; anything else is a new rhythm."""
        if len(packed) == _HEAD.size + CELLS and packed[0] == _VERSION:
            return cls(packed[_HEAD.size :], *_HEAD.unpack_from(packed)[1:])
        if len(packed) == _OLD.size and packed[0] == 1:
            _, hour, *ttls = _OLD.unpack(packed)
            return cls(bytes(_count_of(ttl) for ttl in ttls), (hour + 1) * 3600)
        return cls()

    @property
    def hour(self) -> int:
        """The hour of the last observation, counted from 1970; -1: never observed."""
        return self.looked // 3600 if self.looked else -1


def _count_of(ttl: int) -> int:
    return UNKNOWN if ttl <= 0 else 0 if ttl >= MOST else min(FULL, round(MOST / ttl))


def ttl_of(count: float) -> float:
    """The TTL of an hour with so many moments: their mean distance in seconds, from 2 minutes to 1 hour (SPEC B1)."""
    return min(float(MOST), max(float(LEAST), MOST / count)) if count > 0 else float(MOST)


def observe(rhythm: Rhythm, new: Sequence[float], now: float, *, complete: bool = True) -> Rhythm:
    """What is known after a pull at ``now`` that brought entries published at the times ``new``, in any order.

    A feed's first pull: all that its document tells; hours before its oldest entry stay unknown. Later pulls: only
    entries that were not there before. They count from when they can have appeared: not before the last look, not
    after ``now``; so dates without a time, or from another clock, do no harm. ``complete=False``: entries may have
    been missed because the document holds nothing but new ones; the hours before the oldest stay unknown.
    """
    now = min(max(now, 1.0), LATEST)
    if not rhythm.looked:
        return _first(sorted(time for time in new if 0 < time <= now), now)
    if now < rhythm.looked:
        rhythm = _turned_back(rhythm, now)
    looked = float(rhythm.looked)
    times = sorted(min(max(time, looked), now) for time in new)
    since = times[0] if times and not complete else looked
    return _walk(rhythm, _roll(rhythm.counts, looked, since, now), times, now)


def _first(times: Sequence[float], now: float) -> Rhythm:
    oldest = max(now - CELLS * HOUR, times[0]) if times else now
    cells = bytearray(BLANK)
    current = int(now // HOUR)
    # Of the hour of the oldest entry the document may hold only the end.
    for hour in range(max(current - CELLS, int(oldest // HOUR)) + 1, current + 1):
        cells[hour % CELLS] = 0
    if times and int(oldest // HOUR) >= current:
        cells[current % CELLS] = 0
    start = times[0] if times else now
    known = bytearray(cells)
    last = 0.0
    for time in times:
        if time - last >= LEAST and time > now - CELLS * HOUR:
            _add(known, time)
        last = time
    # The shape of the day is needed to judge the gaps, so the counts come first, and are kept.
    rhythm = Rhythm(bytes(known), max(1, int(start)))
    return _walk(rhythm, known, times, now, count=False)


def _turned_back(rhythm: Rhythm, now: float) -> Rhythm:
    """The clock was set back: what was noted for hours that are yet to come is unknown again."""
    cells = bytearray(rhythm.counts)
    current = int(now // HOUR)
    for hour in range(current + 1, min(rhythm.hour, current + CELLS) + 1):
        cells[hour % CELLS] = UNKNOWN
    return replace(rhythm, counts=bytes(cells), looked=max(1, int(now)), last=min(rhythm.last, int(now)))


def _roll(counts: bytes, looked: float, since: float, now: float) -> bytearray:
    """The ring moved on to the hour of ``now``: hours after ``since`` were seen and so far silent."""
    cells = bytearray(counts)
    current, before = int(now // HOUR), int(looked // HOUR)
    for hour in range(max(before + 1, current - CELLS + 1), current + 1):
        cells[hour % CELLS] = 0 if hour > since // HOUR or since == looked else UNKNOWN
    if cells[current % CELLS] == UNKNOWN:
        cells[current % CELLS] = 0
    return cells


def _add(cells: bytearray, time: float) -> None:
    place = int(time // HOUR) % CELLS
    if cells[place] != UNKNOWN:
        cells[place] = min(FULL, cells[place] + 1)


def _walk(rhythm: Rhythm, cells: bytearray, times: Sequence[float], now: float, *, count: bool = True) -> Rhythm:
    """Follow ``times`` from the last look to ``now``, learning gaps and batches on the way."""
    rates = Rates(rhythm, now, cells)
    at, last, age = float(rhythm.looked), float(rhythm.last), rhythm.age
    mean, variance, batch, gaps = rhythm.gap_mean, rhythm.gap_variance, rhythm.batch, rhythm.gaps
    moments = entries = 0
    for time in times:
        age += rates.expected(at, time)
        at = max(at, time)
        entries += 1
        if time - last < LEAST:
            continue
        moments += 1
        if last:
            mean, variance, gaps = _learn(mean, variance, gaps, age)
        if count:
            _add(cells, time)
        last, age = time, 0.0
    age = min(LONGEST_AGE, age + rates.expected(at, now))
    if entries:
        weight = max(moments, 1) / (max(moments, 1) + min(BATCH_PRIOR + gaps, BATCH_MEMORY))
        batch += weight * (entries / max(moments, 1) - batch)
    moved = Rhythm(
        bytes(cells), max(1, int(now)), int(last), age, mean, variance, batch,
        rhythm.shape, rhythm.clumps, rhythm.workday, rhythm.weekend, gaps,
    )  # fmt: skip
    return _judge(moved) if entries or int(now) // DAY != rhythm.looked // DAY else moved


def _judge(rhythm: Rhythm) -> Rhythm:
    """The slow figures anew: once a day, and when something came."""
    current = rhythm.hour
    shape, clumps = spread(rhythm.counts)
    workday, weekend = week(rhythm.counts, current)
    return replace(rhythm, shape=shape, clumps=clumps, workday=workday, weekend=weekend)


def _learn(mean: float, variance: float, gaps: int, age: float) -> tuple[float, float, int]:
    gap = log(min(LONGEST_AGE, max(0.001, age)))
    weight = 1 / (min(gaps, GAP_MEMORY) + GAP_PRIOR + 1)
    off = gap - mean
    return mean + weight * off, (1 - weight) * (variance + weight * off * off), min(255, gaps + 1)


class Rates:
    """Moments an hour that are to be expected in each hour of the day, as of ``now``."""

    def __init__(self, rhythm: Rhythm, now: float, cells: bytearray | None = None) -> None:
        self._counts = bytes(cells) if cells is not None else rhythm.counts
        self._shape = rhythm.shape * rhythm.clumps
        self._workday, self._weekend = rhythm.workday, rhythm.weekend
        self._rates: dict[int, float] = {}
        self._sums: list[float] = []  # moments from the beginning of a week to each of its hours
        self._current = int(now // HOUR)
        self._part = max(0.05, now % HOUR / HOUR)
        counts = self._counts
        known = CELLS - counts.count(UNKNOWN)
        total = sum(counts) - UNKNOWN * (CELLS - known)
        self.overall = (PRIOR_MOMENTS + total) / (PRIOR_HOURS + known)

    def at(self, hour: int) -> float:
        """Of one hour, counted from 1970."""
        rate = self.of(hour % HOURS)
        if self._workday == self._weekend:
            return rate
        return rate * (self._weekend if is_weekend(hour) else self._workday)

    def of(self, hour: int) -> float:
        """Of one hour of the day (UTC), over all days of the week."""
        rate = self._rates.get(hour)
        if rate is None:
            rate = self._rates[hour] = self._posterior(hour)
        return rate

    def _posterior(self, hour: int) -> float:
        """Empirical Bayes: gamma priors, from the whole day to an hour with its neighbours to the hour itself."""
        before, days_before = self._seen((hour - 1) % HOURS)
        after, days_after = self._seen((hour + 1) % HOURS)
        shape = self._shape
        here, days = self._seen(hour)
        watched = days_before + 2 * days + days_after
        around = (before + 2 * here + after + shape) / (watched + shape / self.overall)
        return (here + shape) / (days + shape / around)

    def _seen(self, hour: int) -> tuple[int, float]:
        """Moments, and days that were watched."""
        cells = self._counts[hour::HOURS]
        unknown = cells.count(UNKNOWN)
        days = float(DAYS - unknown)
        if hour == self._current % HOURS and self._counts[self._current % CELLS] != UNKNOWN:
            days += self._part - 1
        return sum(cells) - UNKNOWN * unknown, days

    def expected(self, start: float, end: float) -> float:
        """Moments to be expected between two times."""
        start = max(start, end - CELLS * HOUR)
        if end - start > SUMMED:
            return self._up_to(end) - self._up_to(start)
        moments, at = 0.0, start
        while at < end:
            stop = min(end, (at // HOUR + 1) * HOUR)
            moments += self.at(int(at // HOUR)) * (stop - at) / HOUR
            at = stop
        return moments

    def _up_to(self, time: float) -> float:
        """Moments to be expected from the beginning of some week before all that matters up to ``time``."""
        if not self._sums:
            self._sums = [0.0, *accumulate(self.at(hour) for hour in range(WEEK))]
        hour, rest = divmod(time / HOUR - (self._current // WEEK - 3) * WEEK, 1)
        weeks, hour = divmod(int(hour), WEEK)
        return weeks * self._sums[WEEK] + self._sums[hour] + rest * (self._sums[hour + 1] - self._sums[hour])
