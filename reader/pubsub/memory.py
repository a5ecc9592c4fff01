"""The embedded bus: within one process, bounded per subscriber."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from reader.events import Event


class MemoryChannel:
    def __init__(self, bus: MemoryBus, limit: int) -> None:
        self.lost = False
        self._bus = bus
        self._events: deque[Event] = deque(maxlen=limit)
        self._ready = asyncio.Event()
        self._topics: frozenset[str] = frozenset()

    def set_topics(self, topics: Iterable[str]) -> None:
        wanted = frozenset(topics)
        for topic in self._topics - wanted:
            self._bus.leave(topic, self)
        for topic in wanted - self._topics:
            self._bus.join(topic, self)
        self._topics = wanted

    def offer(self, event: Event) -> None:
        if len(self._events) == self._events.maxlen:
            self.lost = True
        self._events.append(event)
        self._ready.set()

    async def __aiter__(self) -> AsyncIterator[Event]:
        while True:
            while self._events:
                yield self._events.popleft()
            self._ready.clear()
            await self._ready.wait()


class MemoryBus:
    """Publish costs the number of subscribers of that one topic."""

    shared = False

    def __init__(self, limit: int = 256) -> None:
        self._limit = limit
        self._topics: dict[str, set[MemoryChannel]] = {}

    def join(self, topic: str, channel: MemoryChannel) -> None:
        self._topics.setdefault(topic, set()).add(channel)

    def leave(self, topic: str, channel: MemoryChannel) -> None:
        members = self._topics.get(topic)
        if members is not None:
            members.discard(channel)
            if not members:
                del self._topics[topic]

    @property
    def up(self) -> bool:
        return True

    async def start(self) -> None:
        """There is nothing to start."""

    async def close(self) -> None:
        """There is nothing to close."""

    async def publish(self, topic: str, event: Event) -> None:
        for channel in self._topics.get(topic, ()):
            channel.offer(event)

    @asynccontextmanager
    async def subscribe(self, topics: Iterable[str]) -> AsyncIterator[MemoryChannel]:
        channel = MemoryChannel(self, self._limit)
        channel.set_topics(topics)
        try:
            yield channel
        finally:
            channel.set_topics(())
