"""How long to wait until the next look at a feed, given its rhythm. Pure; derived in docs/decisions/0012.

A look costs a request; not looking costs the wait of the entries that have come meanwhile. The next look is due when
the wait that is to be expected, summed over entries, reaches ``patience``. With a constant rate that is the square-root
rule, which no other spacing of as many requests beats; with a rhythm, requests gather where entries do.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, gamma, sqrt

from reader.ingest.rhythm import LEAST, MOST, Rates, Rhythm

REGULAR_MOST, REGULAR_LEAST = 20.0, 0.85
TAIL = 12.0
TRUST = 0.85  # that the gap which runs is like those before
SLOW = 3.0  # power of the tail
FIRST_STEP, STEP = 1 / 6, 1.3
HALVINGS = 5
WEIBULL_SD = 1.2825  # π/√6: standard deviation of the logarithm of an exponential gap
EULER = 0.5772
CLUSTERED_MOST = 0.45
FORGOTTEN = 1e6  # keeps probabilities above zero
Law = tuple[float, float, float, float]  # power, scale, tail, probability that nothing came until now
State = tuple[float, float, float, float]


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
    law, age = _law(rhythm)
    patience = pace.patience / max(1.0, rhythm.batch)
    state = (age, 1.0, 0.0, 0.0)
    step = max(pace.least * FIRST_STEP, sqrt(pace.patience))
    at, end = now, now + pace.most
    while at < end:
        stop = min(end, at + step, (at // 3600 + 1) * 3600)
        seconds, rate = stop - at, rates.at(int(at // 3600)) / 3600
        after = _ahead(law, state, seconds, rate)
        if after[3] >= patience:
            return max(pace.least, at - now + _within(law, state, seconds, rate, patience))
        state, at, step = after, stop, step * STEP
    return max(pace.least, pace.most)


def _law(rhythm: Rhythm) -> tuple[Law, float]:
    """(law of the gaps, age of the gap that runs).

    Gaps between moments, measured in expected moments, follow a Burr distribution: Weibull (power 1: chance alone;
    more: regular; less: in clusters) with an uncertain scale, mixed with a long tail: a feed that lets its regular
    moment pass has changed its ways, and the longer it stays silent, the less is expected of it. Where moments come
    in clusters the tail is as long as the gaps between clusters.
    """
    wild = WEIBULL_SD / sqrt(max(1e-4, rhythm.gap_variance))
    power = min(REGULAR_MOST, max(REGULAR_LEAST, wild))
    scale = exp(rhythm.gap_mean + EULER / power)
    tail = SLOW
    if wild < 1:
        wild = max(CLUSTERED_MOST, wild)
        tail *= max(1.0, exp(rhythm.gap_mean + EULER / wild) * gamma(1 + 2 / wild) / gamma(1 + 1 / wild) / 2)
    age = min(rhythm.age, scale * FORGOTTEN ** (1 / power))
    return (power, scale, tail, _silence(power, scale, tail, age)), age


def _silence(power: float, scale: float, tail: float, age: float) -> float:
    """Probability that nothing comes for so many expected moments."""
    regular = (1 + (age / scale) ** power / TAIL) ** -TAIL
    return float(TRUST * regular + (1 - TRUST) / (1 + age / tail) ** SLOW)


def _ahead(law: Law, state: State, seconds: float, rate: float) -> State:
    """(age, probability that nothing came since the last look, moments that came, seconds that they wait in sum) after
    so many more seconds in which the day's rhythm has ``rate`` moments a second.

    What comes after the first moment is taken to come by that rate.
    """
    power, scale, tail, base = law
    age, alone, moments, total = state
    expected = rate * seconds
    age += expected
    still = _silence(power, scale, tail, age) / base
    more = moments + alone - still + (1 - (alone + still) / 2) * expected
    return age, still, more, total + (moments + more) / 2 * seconds


def _within(law: Law, state: State, seconds: float, rate: float, most: float) -> float:
    """The moment within a step when the wait reaches ``most``, by halving."""
    low, high = 0.0, seconds
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if _ahead(law, state, middle, rate)[3] >= most:
            high = middle
        else:
            low = middle
    return (low + high) / 2
