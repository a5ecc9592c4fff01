"""The embedded bus: within one process, bounded per subscriber."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from reader.events import Event
from reader.pubsub.channel import DEFAULT_LIMIT, BufferedChannel


class MemoryChannel(BufferedChannel):
    def __init__(self, bus: MemoryBus, limit: int) -> None:
        super().__init__(limit)
        self._bus = bus
        self._topics: frozenset[str] = frozenset()

    def set_topics(self, topics: Iterable[str]) -> None:
        wanted = frozenset(topics)
        for topic in self._topics - wanted:
            self._bus.leave(topic, self)
        for topic in wanted - self._topics:
            self._bus.join(topic, self)
        self._topics = wanted


class MemoryBus:
    """Publish costs the number of subscribers of that one topic."""

    shared = False

    def __init__(self, limit: int = DEFAULT_LIMIT) -> None:
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
