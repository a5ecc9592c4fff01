"""The cluster's bus: events between processes over NATS core.

Subscribers of this process get an event at once, those of others by the broker. Topics are spread over a fixed number
of subjects per kind, so that thousands of open pages make no more subscriptions than that; each message names its
topic. While the broker is away events of other processes are lost: subscribers get Missed every few seconds and once
when it is back, so that they read again; nobody gets an error.
"""

from __future__ import annotations

import asyncio
import zlib
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import structlog

from reader.events import Event, Missed
from reader.pubsub.connection import Connection, Message
from reader.pubsub.memory import MemoryBus, MemoryChannel
from reader.pubsub.wire import decode, encode
from reader.tasks import end

log = structlog.get_logger(__name__)

SUBJECTS = 1024  # per kind of topic
LINGER_SECONDS = 30.0  # a subject is left so long after its last subscriber: a page that reloads comes back
AWAY_SECONDS = 5.0  # while the broker is away, subscribers are told to read again as often


class NatsBus(MemoryBus):
    """PubSub. ``servers``: nats://host:port, several with commas; ``cluster`` keeps installations apart."""

    shared = True

    def __init__(self, servers: str, cluster: str, limit: int = 256, *, linger: float = LINGER_SECONDS) -> None:
        super().__init__(limit)
        self._prefix = f"{cluster}.bus"
        self._connection = Connection(servers, f"{cluster} bus", echo=False)
        self._connection.on_change(self._changed)
        self._linger = linger
        self._wanted: Counter[str] = Counter()  # subject → topics that somebody here subscribes to
        self._heard: set[str] = set()  # subjects that we listen to
        self._new: set[str] = set()  # those that we are to listen to
        self._idle: dict[str, float] = {}  # subject that nobody wants → since when
        self._dirty = asyncio.Event()
        self._settling = asyncio.Lock()
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def up(self) -> bool:
        return self._connection.up

    async def start(self) -> None:
        """Connects in the background; a broker that is away holds nobody up for longer than a moment."""
        self._connection.start()
        self._tasks = [asyncio.create_task(self._follow()), asyncio.create_task(self._remind())]
        await self._connection.ready(1.0)

    async def close(self) -> None:
        await end(self._tasks)
        await self._connection.close()

    # ---- events

    async def publish(self, topic: str, event: Event) -> None:
        await super().publish(topic, event)
        await self._connection.publish(self._subject(topic), encode(topic, event))

    def _subject(self, topic: str) -> str:
        kind = topic.partition(":")[0]
        return f"{self._prefix}.{kind}.{zlib.crc32(topic.encode()) % SUBJECTS}"

    async def _on_message(self, message: Message) -> None:
        found = decode(message.data)
        if found is None:
            log.warning("what came over the bus is no event", subject=message.subject)
            return
        await super().publish(*found)

    # ---- subscribers

    @asynccontextmanager
    async def subscribe(self, topics: Iterable[str]) -> AsyncIterator[MemoryChannel]:
        async with super().subscribe(topics) as channel:
            await self._listen()  # what others publish from now on reaches us
            yield channel

    def join(self, topic: str, channel: MemoryChannel) -> None:
        if topic not in self._topics:
            subject = self._subject(topic)
            self._wanted[subject] += 1
            self._idle.pop(subject, None)
            if subject not in self._heard:
                self._new.add(subject)
                self._dirty.set()
        super().join(topic, channel)

    def leave(self, topic: str, channel: MemoryChannel) -> None:
        before = topic in self._topics
        super().leave(topic, channel)
        if before and topic not in self._topics:
            subject = self._subject(topic)
            self._wanted[subject] -= 1
            if self._wanted[subject] <= 0:
                del self._wanted[subject]
                self._idle[subject] = asyncio.get_running_loop().time()

    async def _listen(self) -> None:
        """Subscribe to what is wanted and not heard yet."""
        if not self._new and not self._settling.locked():
            return
        async with self._settling:
            new, self._new = self._new, set()
            self._heard |= new
            for subject in new:
                await self._connection.listen(subject, self._on_message)
            if new:
                await self._connection.settle()

    async def _follow(self) -> None:
        """For channels whose topics changed; and subjects that nobody has wanted for a while are left."""
        while True:
            try:
                async with asyncio.timeout(self._linger):
                    await self._dirty.wait()
            except TimeoutError:
                await self._leave_idle()
            else:
                self._dirty.clear()
                await self._listen()

    async def _leave_idle(self) -> None:
        before = asyncio.get_running_loop().time() - self._linger
        async with self._settling:
            for subject in [subject for subject, since in self._idle.items() if since <= before]:
                del self._idle[subject]
                self._heard.discard(subject)
                await self._connection.leave(subject)

    # ---- while the broker is away

    def _changed(self, up: bool) -> None:
        self.miss()

    def miss(self) -> None:
        """Every subscriber of this process has to read again."""
        channels = {channel for members in self._topics.values() for channel in members}
        for channel in channels:
            channel.lost = True
            channel.offer(Missed())

    async def _remind(self) -> None:
        while True:
            await asyncio.sleep(AWAY_SECONDS)
            if not self.up:
                self.miss()
