"""Posting histories: when each feed of a simulated population publishes. Times are seconds; the simulation runs from 0.

Each history reaches back before 0, because a feed has a past when somebody subscribes to it. Everything is drawn from
one seed.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass

from workers.demo.content import FEEDS

DAY = 86_400.0
HOUR = 3600.0
WEEK = 7 * DAY
BEFORE = 30 * DAY
MONDAY = 1_767_571_200.0  # 2026-01-05 00:00 UTC: simulations start on a Monday, at 0 h


@dataclass(frozen=True, slots=True)
class History:
    """``times`` in order, from 30 days before MONDAY until ``days`` after it."""

    kind: str
    times: tuple[float, ...]


Shape = Callable[[float], float]


def thinned(rng: random.Random, per_day: float, shape: Shape, most: float, start: float, end: float) -> list[float]:
    """A Poisson process whose rate is ``per_day`` × shape(time); shape is at most ``most``."""
    times: list[float] = []
    at = start
    while True:
        at += rng.expovariate(per_day * most / DAY)
        if at >= end:
            return times
        if rng.random() * most < shape(at):
            times.append(at)


def office(rng: random.Random) -> Shape:
    """Working hours of some time zone, on every day; mean 1."""
    opens, hours = rng.uniform(0, 24), rng.uniform(7, 11)

    def shape(at: float) -> float:
        inside = (at / HOUR - opens) % 24 < hours
        return 24 / hours * 0.97 if inside else 24 / (24 - hours) * 0.03

    return shape


def wave(rng: random.Random) -> Shape:
    """Busy by day, quiet by night, without edges; mean about 1."""
    noon = rng.uniform(0, 24)

    def shape(at: float) -> float:
        return math.exp(1.6 * math.cos((at / HOUR - noon) * math.tau / 24)) / 1.75

    return shape


def even(at: float) -> float:
    return 1.0


def office_days(rng: random.Random, end: float) -> list[float]:
    return thinned(rng, rng.uniform(5, 14), office(rng), 4, -BEFORE, end)


def wave_days(rng: random.Random, end: float) -> list[float]:
    return thinned(rng, rng.uniform(8, 40), wave(rng), 3, -BEFORE, end)


def weekdays(rng: random.Random, end: float) -> list[float]:
    shape = office(rng)

    def weekly(at: float) -> float:
        return shape(at) * (0.1 if at % WEEK >= 5 * DAY else 1.36)

    return thinned(rng, rng.uniform(6, 16), weekly, 6, -BEFORE, end)


def news(rng: random.Random, end: float) -> list[float]:
    return thinned(rng, rng.uniform(120, 350), wave(rng), 3, -BEFORE, end)


def steady(rng: random.Random, end: float) -> list[float]:
    times: list[float] = []
    every, at = rng.uniform(0.5, 3) * HOUR, -BEFORE + rng.uniform(0, HOUR)
    while at < end:
        times.append(at)
        at += every * rng.uniform(0.95, 1.05)
    return times


def chance(rng: random.Random, end: float) -> list[float]:
    return thinned(rng, rng.uniform(2, 24), even, 1, -BEFORE, end)


def bursts(rng: random.Random, end: float) -> list[float]:
    """One to three times a day, at any time, five to fifteen entries within minutes."""
    times = []
    for start in thinned(rng, rng.uniform(1, 3), even, 1, -BEFORE, end):
        at = start
        for _ in range(rng.randint(5, 15)):
            times.append(at)
            at += rng.expovariate(1 / 90)
    return sorted(time for time in times if time < end)


def rare(rng: random.Random, end: float) -> list[float]:
    return thinned(rng, rng.uniform(0.1, 0.6), wave(rng), 3, -BEFORE, end)


def irregular(rng: random.Random, end: float) -> list[float]:
    """Heavy-tailed gaps: days of silence, then several entries in an hour."""
    times, at = [], -BEFORE
    while at < end:
        at += min(6 * DAY, 600 * rng.paretovariate(0.55))
        times.append(at)
    return times[:-1]


def dying(rng: random.Random, end: float) -> list[float]:
    last = rng.uniform(2, 7) * DAY
    return [time for time in thinned(rng, rng.uniform(8, 30), wave(rng), 3, -BEFORE, end) if time < last]


def reviving(rng: random.Random, end: float) -> list[float]:
    first, shape, per_day = rng.uniform(2, 6) * DAY, wave(rng), rng.uniform(8, 30)
    old = thinned(rng, per_day, shape, 3, -BEFORE, -BEFORE + 5 * DAY)
    return old + thinned(rng, per_day, shape, 3, first, end)


def daily(rng: random.Random, end: float) -> list[float]:
    """Once a day at about the same time, with a day off now and then."""
    clock, spread = rng.uniform(0, DAY), rng.uniform(60, 900)
    days = range(-30, int(end // DAY) + 1)
    times = (day * DAY + clock + rng.gauss(0, spread) for day in days if rng.random() < 0.9)
    return sorted(time for time in times if time < end)


def demo(rng: random.Random, end: float) -> list[float]:
    """The ages of the entries of a feed of the demo, at the pace they have there, over and over."""
    feed = rng.choice([feed for feed in FEEDS if len(feed.posts) > 1])
    ages = sorted({post.days for post in feed.posts})
    span = ages[-1] + max(0.5, ages[0])
    times, begin = [], -BEFORE - rng.uniform(0, span * DAY)
    while begin < end:
        times += [begin + (span - age) * DAY + rng.gauss(0, 1200) for age in ages]
        begin += span * DAY
    return sorted(time for time in times if -BEFORE <= time < end)


KINDS: dict[str, Callable[[random.Random, float], list[float]]] = {
    "office hours": office_days,
    "day and night": wave_days,
    "weekdays": weekdays,
    "news": news,
    "once a day": daily,
    "steady": steady,
    "chance": chance,
    "bursts": bursts,
    "irregular": irregular,
    "rare": rare,
    "dying": dying,
    "reviving": reviving,
    "demo": demo,
}
DAILY = ("office hours", "day and night", "weekdays", "once a day")  # feeds with a daily rhythm


def population(seed: int, each: int, days: int) -> list[History]:
    """``each`` feeds of every kind."""
    made = []
    for kind, make in KINDS.items():
        for number in range(each):
            rng = random.Random(f"{seed}/{kind}/{number}")
            made.append(History(kind, tuple(MONDAY + time for time in make(rng, days * DAY))))
    return made
