"""Figures whose counting takes the longer the more there is."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from reader.clock import Clock

T = TypeVar("T")
QUICK = 1.0  # seconds; what is counted sooner is counted each time
REST = 50  # times as long as the counting took


class Rested(Generic[T]):
    """Counted anew for each who asks while that is quick; else only after a rest, in which all get the last figure: so
    a large store never spends more than a fiftieth of its time on it."""

    def __init__(self, count: Callable[[], Awaitable[T]], clock: Clock) -> None:
        self._count = count
        self._clock = clock
        self._last: tuple[T, float] | None = None  # with the monotonic time until which it will do
        self._counting = asyncio.Lock()

    async def get(self) -> T:
        """What counting raises comes out."""
        known = self._known()
        if known is not None:
            return known[0]
        async with self._counting:
            known = self._known()  # somebody else may have counted meanwhile
            if known is not None:
                return known[0]
            start = self._clock.monotonic()
            found = await self._count()
            end = self._clock.monotonic()
            took = end - start
            self._last = found, end + (took * REST if took > QUICK else 0.0)
            return found

    def _known(self) -> tuple[T] | None:
        if self._last is None or self._clock.monotonic() >= self._last[1]:
            return None
        return (self._last[0],)
