"""The embedded transport: carries jobs to managers inside one process. It may forget; rows and due times do not."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from reader.jobs import SYSTEM_QUEUES, USER_QUEUES, JobQueue, Payload, key_of

DEFAULT_ROOM = 10_000


@dataclass(frozen=True, slots=True)
class Item:
    """A job on its way; ``key`` is its identity."""

    key: str
    payload: Payload


class Transport(JobQueue, Protocol):
    """What a manager and the updater need beyond JobQueue."""

    def take(self, queue: str) -> Item | None:
        """The oldest waiting job of ``queue``, from now on running; None when there is none."""
        ...

    def done(self, key: str) -> None:
        """The job left its worker, however it ended: its key is free again."""
        ...

    def holds(self, key: str) -> bool:
        """Whether a job of that key waits or runs."""
        ...

    def waiting(self, queue: str) -> int: ...

    def room(self, queue: str) -> int:
        """How many more jobs ``queue`` takes."""
        ...

    async def arrival(self) -> None:
        """Returns when a job has been put since the last call."""
        ...

    async def departure(self) -> None:
        """Returns when a job has ended since the last call."""
        ...


class LocalQueue:
    """Queues with unique keys and bounded room, served in the order of ``USER_QUEUES`` before ``SYSTEM_QUEUES``."""

    def __init__(self, room: int = DEFAULT_ROOM) -> None:
        self._room = room
        self._queues: dict[str, OrderedDict[str, Payload]] = {
            name: OrderedDict() for name in (*USER_QUEUES, *SYSTEM_QUEUES)
        }
        self._place: dict[str, str] = {}  # key → the queue where it waits
        self._running: set[str] = set()
        self._arrived = asyncio.Event()
        self._left = asyncio.Event()
        self.refused = 0
        """Jobs turned away because their queue was full. Their rows stay due, so a sweep brings them again."""

    async def put(self, payload: Payload) -> bool:
        """See JobQueue. False too when the queue is full: what is durable stays due."""
        key = key_of(payload)
        if key in self._running:
            return False
        place = self._place.get(key)
        if place is not None:
            if payload.queue in USER_QUEUES and place in SYSTEM_QUEUES:
                del self._queues[place][key]
                self._add(key, payload)
            return False
        if self.room(payload.queue) <= 0:
            self.refused += 1
            return False
        self._add(key, payload)
        return True

    def _add(self, key: str, payload: Payload) -> None:
        self._queues[payload.queue][key] = payload
        self._place[key] = payload.queue
        self._arrived.set()

    def take(self, queue: str) -> Item | None:
        jobs = self._queues[queue]
        if not jobs:
            return None
        key, payload = jobs.popitem(last=False)
        del self._place[key]
        self._running.add(key)
        return Item(key, payload)

    def done(self, key: str) -> None:
        self._running.discard(key)
        self._left.set()

    def holds(self, key: str) -> bool:
        return key in self._place or key in self._running

    def waiting(self, queue: str) -> int:
        return len(self._queues[queue])

    def room(self, queue: str) -> int:
        return self._room - len(self._queues[queue])

    async def arrival(self) -> None:
        await self._arrived.wait()
        self._arrived.clear()

    async def departure(self) -> None:
        await self._left.wait()
        self._left.clear()


class RowsOnly:
    """The queue of a process that runs no jobs (``evantr web``): the row is written, a worker process finds it."""

    async def put(self, payload: Payload) -> bool:
        return True


def in_order(queues: Iterable[str]) -> list[str]:
    """``queues`` with those that a person waits for first."""
    rank = {name: place for place, name in enumerate((*USER_QUEUES, *SYSTEM_QUEUES))}
    return sorted(queues, key=rank.__getitem__)
