"""All live channels of one app: their pulse, their waking, their end.

One timer for all of them, and one queue of those that have something to send: thousands of open pages cost a set.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Protocol

TICK = 5.0  # seconds between two looks at all channels
AT_ONCE = 50  # channels woken in one turn of the event loop, so that requests get theirs in between


class Pulsing(Protocol):
    def wake(self) -> None:
        """There is something to do: never waits."""
        ...

    def tick(self, now: float) -> None:
        """Called every few seconds with the loop's time."""
        ...


class Streams:
    """``close()`` ends all of them, so that a shutdown need not wait for their clients."""

    def __init__(self) -> None:
        self._closing = asyncio.Event()
        self._open: set[Pulsing] = set()
        self._ready: deque[Pulsing] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._open)

    @property
    def closing(self) -> asyncio.Event:
        return self._closing

    def close(self) -> None:
        self._closing.set()
        for stream in self._open:
            stream.wake()

    def add(self, stream: Pulsing) -> None:
        self._open.add(stream)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(TICK, self._tick)

    def remove(self, stream: Pulsing) -> None:
        self._open.discard(stream)

    def ready(self, stream: Pulsing) -> None:
        """Wakes it soon, after those that were ready before."""
        self._ready.append(stream)
        if len(self._ready) == 1:
            asyncio.get_running_loop().call_soon(self._turn)

    def _turn(self) -> None:
        for _ in range(min(AT_ONCE, len(self._ready))):
            self._ready.popleft().wake()
        if self._ready:
            asyncio.get_running_loop().call_soon(self._turn)

    def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        for stream in list(self._open):
            stream.tick(now)
        self._timer = loop.call_later(TICK, self._tick) if self._open else None
