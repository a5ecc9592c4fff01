"""What is to be expected over a long span is the sum of its hours."""

from __future__ import annotations

import itertools
from random import Random

import pytest

from reader.ingest.rhythm import HOUR, Rates, Rhythm


@pytest.mark.parametrize("weekend", [1.0, 0.2])
def test_long_spans_are_the_sum_of_short_ones(weekend: float) -> None:
    rng = Random(3)
    now = 1_790_000_000.0
    rates = Rates(Rhythm(bytes(rng.randrange(6) for _ in range(240)), int(now), weekend=weekend), now)
    for _ in range(200):
        end = now - rng.random() * 86_400 * 12
        start = end - rng.random() * 86_400 * 9
        steps = [start + (end - start) * n / 40 for n in range(41)]
        parts = sum(rates.expected(one, other) for one, other in itertools.pairwise(steps))
        assert rates.expected(start, end) == pytest.approx(parts, rel=1e-6)
    assert rates.expected(now, now + HOUR) > 0
