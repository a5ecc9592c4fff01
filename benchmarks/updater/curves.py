"""From played histories to curves: delay against requests, for each policy and group of feeds."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import exp, log

from benchmarks.updater.simulate import Played

Results = dict[str, list[dict[str, list[Played]]]]  # policy → variants → kind → feeds


@dataclass(frozen=True, slots=True)
class Point:
    """``requests`` per feed and day; ``mean`` and ``p95``: delay of an entry in seconds; ``missed``: share."""

    requests: float
    mean: float
    p95: float
    missed: float


def point(played: Sequence[Played], days: int) -> Point:
    delays = sorted(delay for one in played for delay in one.delays)
    missed = sum(one.missed for one in played) / max(1, len(delays))
    requests = sum(one.pulls for one in played) / len(played) / days
    return Point(requests, sum(delays) / len(delays), delays[int(0.95 * (len(delays) - 1))], missed)


def curve(variants: Iterable[dict[str, list[Played]]], kinds: Sequence[str], days: int) -> list[Point]:
    """The best of all variants: in order of requests, each with less delay than those that ask less."""
    points = sorted(
        (point([one for kind in kinds for one in variant[kind]], days) for variant in variants),
        key=lambda each: each.requests,
    )
    best: list[Point] = []
    for each in points:
        if not best or each.mean < best[-1].mean:
            best.append(each)
    return best


def at(points: Sequence[Point], requests: float) -> Point | None:
    """Where a curve stands at a budget, interpolated between its neighbours in both logarithms; None outside."""
    place = bisect_left([each.requests for each in points], requests)
    if place < len(points) and points[place].requests == requests:
        return points[place]
    if place in (0, len(points)):
        return None
    low, high = points[place - 1], points[place]
    part = log(requests / low.requests) / log(high.requests / low.requests)

    def between(a: float, b: float) -> float:
        return exp(log(max(a, 1e-9)) * (1 - part) + log(max(b, 1e-9)) * part)

    return Point(requests, between(low.mean, high.mean), between(low.p95, high.p95), high.missed)
