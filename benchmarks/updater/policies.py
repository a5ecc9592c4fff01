"""Who decides when to look again: ours, fixed intervals, and the formulas of other readers.

The formulas are told as facts in docs/updater.md. A policy sees what a pull shows and nothing else: the times of the
newest entries in the document. Each is swept over its own parameters.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from math import ceil
from typing import Protocol

from reader.ingest.pause import Pace, pause
from reader.ingest.rhythm import Rhythm, observe
from reader.ingest.ttl import JITTER

MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0
WEEK = 7 * DAY
OURS, FIXED = "Evantr", "fixed interval"


class Policy(Protocol):
    """One feed's; ``document``: times of its entries in order, of which ``new`` are new."""

    def next(self, now: float, document: Sequence[float], new: Sequence[float]) -> float:
        """Seconds until the next pull."""
        ...


Make = Callable[[random.Random], Policy]


@dataclass(slots=True)
class Ours:
    pace: Pace
    rng: random.Random
    rhythm: Rhythm = field(default_factory=Rhythm)

    def next(self, now: float, document: Sequence[float], new: Sequence[float]) -> float:
        self.rhythm = observe(self.rhythm, new, now, complete=len(new) < len(document))
        return pause(self.rhythm, now, self.pace) * (1 + JITTER * (2 * self.rng.random() - 1))


@dataclass(slots=True)
class Fixed:
    """Every feed alike: Miniflux by default (60 min), Feedbin (15), tt-rss (30), FreshRSS (60), yarr, lemon24."""

    every: float

    def next(self, now: float, document: Sequence[float], new: Sequence[float]) -> float:
        return self.every


@dataclass(slots=True)
class Miniflux:
    """entry_frequency: a week / (entries of the last week × factor), from ``least`` to ``most``."""

    factor: float
    most: float
    least: float = 5 * MINUTE

    def next(self, now: float, document: Sequence[float], new: Sequence[float]) -> float:
        week = [time for time in document if time > now - WEEK]
        if len(week) < 2:
            count = len(week)
        else:
            gap = (week[-1] - week[0]) / (len(week) - 1)
            count = ceil(WEEK / gap) if gap > 0 else len(week)
        wish = WEEK / (count * self.factor) if count else self.most
        return min(self.most, max(self.least, wish))


@dataclass(slots=True)
class CommaFeed:
    """Half the mean gap, from ``interval`` to a quarter of ``most``; slower by steps once the last entry is old."""

    interval: float
    most: float

    def next(self, now: float, document: Sequence[float], new: Sequence[float]) -> float:
        return min(self.most, max(self.interval, self._wish(now, document)))

    def _wish(self, now: float, document: Sequence[float]) -> float:
        if not document or now - document[-1] >= 30 * DAY:
            return self.most
        for age, part in ((14 * DAY, 2), (7 * DAY, 4)):
            if now - document[-1] >= age:
                return self.most / part
        if len(document) < 2:
            return self.most
        gap = (document[-1] - document[0]) / (len(document) - 1)
        return min(self.most / 4, max(self.interval, gap / 2))


@dataclass(slots=True)
class NewsBlur:
    """By entries a day over the last month, for ``readers``; all times ``scale``; some chance on top."""

    readers: int
    scale: float
    rng: random.Random
    found: deque[float] = field(default_factory=deque)

    def next(self, now: float, document: Sequence[float], new: Sequence[float]) -> float:
        self.found.extend(new)
        while self.found and self.found[0] <= now - 30 * DAY:
            self.found.popleft()
        minutes = min(self._minutes(len(self.found) / 30, document, now), 240.0) * self.scale
        return (minutes + self.rng.uniform(0, minutes) / 4) * MINUTE

    def _minutes(self, per_day: float, document: Sequence[float], now: float) -> float:
        if per_day >= 1:
            return 6.0 if self.readers >= 10 else 15.0 if self.readers > 1 else 45.0
        if per_day > 0:
            return 60 - 60 * per_day if self.readers > 1 else 360 - 360 * per_day
        months = max(1.0, (now - document[-1]) / (30 * DAY)) if document else 1.0
        return (360.0 if self.readers > 1 else 720.0) * months


def ours(scale: float) -> Pace:
    """The pace that spends less (scale > 1) or more than the default. Bounds give way where a budget is out of reach
    inside them."""
    return Pace(patience=60 * scale, least=120.0 if scale >= 1 else 60.0, most=3600 * max(1.0, scale**0.5))


SCALES = (0.25, 0.5, 1, 2, 4, 8, 16, 32, 64, 128, 256)


def _ours(scale: float, rng: random.Random) -> Policy:
    return Ours(ours(scale), rng)


def _fixed(minutes: float, rng: random.Random) -> Policy:
    return Fixed(minutes * MINUTE)


def _miniflux(factor: float, hours: float, rng: random.Random) -> Policy:
    # Its least interval is a setting too: lower where the factor asks for more.
    return Miniflux(factor, hours * HOUR, MINUTE if factor > 4 else 5 * MINUTE)


def _commafeed(minutes: float, hours: float, rng: random.Random) -> Policy:
    return CommaFeed(minutes * MINUTE, hours * HOUR)


def _newsblur(readers: int, scale: float, rng: random.Random) -> Policy:
    return NewsBlur(readers, scale, rng)


def sweeps() -> dict[str, list[Make]]:
    """Name of a policy → its variants."""
    intervals = (2, 4, 5, 8, 10, 15, 20, 30, 45, 60, 90, 120, 240, 480)
    return {
        OURS: [partial(_ours, scale) for scale in SCALES],
        FIXED: [partial(_fixed, minutes) for minutes in intervals],
        "Miniflux": [partial(_miniflux, f, h) for h in (24, 4, 1, 0.5) for f in (0.25, 0.5, 1, 2, 4, 8, 16)],
        "CommaFeed": [partial(_commafeed, m, h) for h in (24, 8, 4, 2, 1) for m in (2, 5, 10, 20, 40)],
        "NewsBlur": [partial(_newsblur, r, s) for r in (1, 2, 10) for s in (0.25, 0.5, 1, 2, 4)],
    }
