"""How many jobs run at a time follows the load: additive increase, multiplicative decrease (docs/decisions/0009).

The event loop's lag says what a page or another job waits for its turn; the share of a core that the process uses says
whether there is anything left to give.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import dataclass, field

HIGH_LAG = 0.05  # seconds: the event loop is late by more, so fewer jobs help everybody
LOW_LAG = 0.02  # below, there is room for more
HIGH_CPU = 0.97  # of one core
LOW_CPU = 0.90
SHRINK = 0.7
STEPS = 16  # additive: the maximum is reached from nothing in so many steps
LEAST_SHARE = 8  # never below an eighth of the maximum: waiting on networks costs nothing
TICK_SECONDS = 0.5
PROBES = 5  # per tick
WINDOW = 10  # ticks that the figures shown look back


@dataclass(slots=True)
class Follow:
    """The actual limit of one queue. ``steady``: user queues never shrink, a person waits for them."""

    most: int
    steady: bool = False
    _allowed: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        self._allowed = float(self.most)

    @property
    def allowed(self) -> int:
        return max(1, int(self._allowed))

    @property
    def least(self) -> int:
        return max(1, self.most // LEAST_SHARE)

    def resize(self, most: int) -> None:
        """A new maximum; the limit starts afresh from it."""
        if most != self.most:
            self.most = most
            self._allowed = float(most)

    def restart(self) -> None:
        """After idleness: what was learned of the load is out of date."""
        self._allowed = float(self.most)

    def step(self, lag: float, cpu: float, full: bool) -> int:
        """Once a tick: ``lag`` in seconds, ``cpu`` 0 to 1, ``full``: as many ran as were allowed. The new limit."""
        if self.steady:
            return self.allowed
        if lag > HIGH_LAG or (cpu > HIGH_CPU and lag > LOW_LAG):
            self._allowed = max(float(self.least), self._allowed * SHRINK)
        elif full and lag < LOW_LAG and cpu < LOW_CPU:
            self._allowed = min(float(self.most), self._allowed + max(1.0, self.most / STEPS))
        return self.allowed


class LoadMeter:
    """Measures the event loop's lag and the process's CPU share, a tick at a time."""

    def __init__(self) -> None:
        self._lags: deque[float] = deque([0.0], maxlen=WINDOW)
        self._shares: deque[float] = deque([0.0], maxlen=WINDOW)

    @property
    def lag(self) -> float:
        """Worst of the last seconds, in seconds."""
        return max(self._lags)

    @property
    def cpu(self) -> float:
        """Share of one core over the last seconds, 0 to 1 and above (threads count)."""
        return sum(self._shares) / len(self._shares)

    async def tick(self, seconds: float = TICK_SECONDS) -> tuple[float, float]:
        """Wait for a tick and return (lag, cpu) in it. The lag is the second worst of its probes: one hiccup of the
        machine is no load."""
        wall, used = time.monotonic(), time.process_time()
        lates = []
        for _ in range(PROBES):
            before = time.monotonic()
            await asyncio.sleep(seconds / PROBES)
            lates.append(max(0.0, time.monotonic() - before - seconds / PROBES))
        share = (time.process_time() - used) / max(1e-6, time.monotonic() - wall)
        lag = sorted(lates)[-2]
        self._lags.append(lag)
        self._shares.append(share)
        return lag, share
