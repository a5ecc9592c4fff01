"""When a failed attempt is made again."""

from __future__ import annotations

import random
from collections.abc import Callable

FIRST_SECONDS = 10.0
FACTOR = 4.0
LONGEST_SECONDS = 3600.0
SPREAD = 0.25


def backoff(attempt: int, chance: Callable[[], float] = random.random) -> float:
    """Seconds to wait after ``attempt`` (1 for the first) failed: 10, 40, 160 … at most an hour, each spread by a
    quarter to both sides, so that what failed together does not come back together. ``chance`` gives 0 ≤ x < 1."""
    base = min(LONGEST_SECONDS, FIRST_SECONDS * FACTOR ** (min(attempt, 20) - 1))
    return base * (1 - SPREAD + 2 * SPREAD * chance())
