"""How long to wait until the next look at a feed, given its rhythm. Pure; derived in docs/decisions/0012.

A look costs a request; not looking costs the wait of the entries that have come meanwhile. The next look is due when
the wait that is to be expected, summed over entries, reaches ``patience``. With a constant rate that is the square-root
rule, which no other spacing of as many requests beats; with a rhythm, requests gather where entries do.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, sqrt

from reader.ingest.rhythm import LEAST, MOST, Rates, Rhythm

REGULAR_MOST, REGULAR_LEAST = 20.0, 0.85
TAIL = 12.0
FIRST_STEP, STEP = 1 / 6, 1.3
HALVINGS = 5
WEIBULL_SD = 1.2825  # π/√6: standard deviation of the logarithm of an exponential gap
EULER = 0.5772


@dataclass(frozen=True, slots=True)
class Pace:
    """``patience``: seconds of waiting, summed over entries, that one request is worth. Chosen so that a feed with an
    entry every ``least`` seconds is looked at as often. ``least``, ``most``: bounds of a pause in seconds."""

    patience: float = LEAST / 2
    least: float = LEAST
    most: float = MOST


PACE = Pace()


def pause(rhythm: Rhythm, now: float, pace: Pace = PACE) -> float:
    """Seconds from ``now`` until the next look, within the bounds of ``pace``."""
    rates = Rates(rhythm, now)
    wait = _Wait(rhythm)
    patience = pace.patience / max(1.0, rhythm.batch)
    step = max(pace.least * FIRST_STEP, sqrt(pace.patience))
    at, end = now, now + pace.most
    while at < end:
        stop = min(end, at + step, (at // 3600 + 1) * 3600)
        seconds, rate = stop - at, rates.at(int(at // 3600)) / 3600
        after = wait.ahead(seconds, rate * seconds)
        if after.total >= patience:
            return max(pace.least, at - now + _within(wait, seconds, rate, patience))
        wait, at, step = after, stop, step * STEP
    return max(pace.least, pace.most)


def _within(wait: _Wait, seconds: float, rate: float, patience: float) -> float:
    """The moment within a step when patience runs out, by halving."""
    low, high = 0.0, seconds
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if wait.ahead(middle, rate * middle).total >= patience:
            high = middle
        else:
            low = middle
    return (low + high) / 2


class _Wait:
    """The wait to be expected so far: ``moments`` that came by now, and the ``total`` of seconds they wait.

    Gaps between moments, measured in expected moments, follow a Burr distribution: Weibull (1: chance alone; more:
    regular; less: in clusters) with an uncertain scale, so that the longer a feed stays silent against expectation,
    the less is expected of it.
    """

    __slots__ = ("_alone", "_base", "_power", "_scale", "age", "moments", "total")

    def __init__(self, rhythm: Rhythm) -> None:
        self._power = min(REGULAR_MOST, max(REGULAR_LEAST, WEIBULL_SD / sqrt(max(1e-4, rhythm.gap_variance))))
        self._scale = exp(rhythm.gap_mean + EULER / self._power)
        self.age = rhythm.age
        self._base = self._silence(self.age)
        self._alone = 1.0
        self.moments = self.total = 0.0

    def _silence(self, age: float) -> float:
        """Probability that nothing came up to ``age``."""
        return float((1 + (age / self._scale) ** self._power / TAIL) ** -TAIL)

    def ahead(self, seconds: float, expected: float) -> _Wait:
        """The state after so many seconds in which so many moments are expected on average."""
        new = _Wait.__new__(_Wait)
        new._power, new._scale, new._base = self._power, self._scale, self._base
        new.age = self.age + expected
        new._alone = new._silence(new.age) / self._base if self._base > 0 else self._alone
        came = self._alone - new._alone + (1 - (self._alone + new._alone) / 2) * expected
        new.moments = self.moments + came
        new.total = self.total + (self.moments + new.moments) / 2 * seconds
        return new
