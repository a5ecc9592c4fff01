"""What every bus hands to its subscribers: a bounded buffer of events."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable

from reader.events import Event

DEFAULT_LIMIT = 256


class BufferedChannel:
    """Keeps the newest ``limit`` events until they are taken; ``lost`` is set when older ones had to go."""

    def __init__(self, limit: int = DEFAULT_LIMIT) -> None:
        self.lost = False
        self._events: deque[Event] = deque(maxlen=limit)
        self._wake: Callable[[], None] | None = None

    def offer(self, event: Event) -> None:
        """Puts an event in; never waits."""
        if len(self._events) == self._events.maxlen:
            self.lost = True
        self._events.append(event)
        if self._wake is not None:
            self._wake()

    def miss(self) -> None:
        """Events may have passed this channel by: who reads it has to read everything again."""
        self.lost = True
        if self._wake is not None:
            self._wake()

    def take(self) -> list[Event]:
        """What is there now, oldest first; empty if nothing is. Never waits."""
        out = list(self._events)
        self._events.clear()
        return out

    def on_ready(self, wake: Callable[[], None] | None) -> None:
        """``wake`` is called at each event that comes (and by miss()); None: nobody is. One at a time."""
        self._wake = wake

    async def __aiter__(self) -> AsyncIterator[Event]:
        ready = asyncio.Event()
        wake = ready.set
        self.on_ready(wake)
        try:
            while True:
                while self._events:
                    yield self._events.popleft()
                ready.clear()
                await ready.wait()
        finally:
            if self._wake is wake:  # else somebody iterates anew; this one was only left lying about
                self.on_ready(None)
