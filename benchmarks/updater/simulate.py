"""Plays a posting history against a policy: who asks when, and how long entries wait until they are found."""

from __future__ import annotations

import random
from bisect import bisect_right
from dataclasses import dataclass

from benchmarks.updater.histories import DAY, MONDAY, History
from benchmarks.updater.policies import Make

SHOWN = 20  # entries in a document
SHORTEST = 30.0


@dataclass(frozen=True, slots=True)
class Played:
    """``pulls`` without the first; ``delays`` in seconds of the entries published since; ``missed``: those that had
    left the document when the next pull came. Their delay counts until then."""

    pulls: int
    delays: list[float]
    missed: int


def play(history: History, make: Make, days: int, seed: int) -> Played:
    """Subscribe at a moment of the first hour, pull until ``days`` have passed."""
    rng = random.Random(f"{seed}/{history.kind}/{history.times[:1]}")
    policy = make(rng)
    times, end = history.times, MONDAY + days * DAY
    now = MONDAY + rng.uniform(0, 3600)
    seen = bisect_right(times, now)
    document = times[max(0, seen - SHOWN) : seen]
    wait = policy.next(now, document, document)
    pulls, missed = 0, 0
    delays: list[float] = []
    while (now := now + max(SHORTEST, wait)) < end:
        there = bisect_right(times, now, seen)
        delays += [now - time for time in times[seen:there]]
        missed += max(0, there - seen - SHOWN)
        new = times[max(seen, there - SHOWN) : there]
        wait = policy.next(now, times[max(0, there - SHOWN) : there], new)
        seen = there
        pulls += 1
    return Played(pulls, delays, missed)
