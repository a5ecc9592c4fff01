"""The transport of a cluster's process: the broker while it is there, a queue of its own while it is away.

While the broker is away a worker finds due feeds and rows in the store itself (workers.program, poll) and carries them
within the process; leases keep workers off each other's work. What is left in there is done once the broker is back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Coroutine
from typing import Any

from reader.jobs import Payload
from workers.local import LocalQueue
from workers.nats import TOKENS, NatsQueue
from workers.transport import ALL_QUEUES, Delivery, Depth


class ClusterQueue:
    """Transport. ``serves``: the queues that this process takes jobs from."""

    def __init__(self, broker: NatsQueue, serves: Collection[str] = ALL_QUEUES) -> None:
        self.broker = broker
        self.local = LocalQueue()
        self._serves = frozenset(serves)
        for queue in set(ALL_QUEUES) - self._serves:
            self.local.set_room(queue, 0)  # nobody here would ever take them

    async def start(self) -> None:
        await self.broker.start()

    async def close(self) -> None:
        await self.broker.close()

    @property
    def up(self) -> bool:
        """Whether jobs reach other processes now."""
        return self.broker.up

    # ---- putting

    async def put(self, payload: Payload) -> bool:
        stored = await self.broker.offer(payload)
        return await self.local.put(payload) if stored is None else stored

    async def put_later(self, payload: Payload, delay: float) -> bool:
        stored = await self.broker.offer(payload, delay)
        return await self.local.put_later(payload, delay) if stored is None else stored

    async def cancel(self, key: str) -> bool:
        return await self.local.cancel(key) or await self.broker.cancel(key)

    # ---- delivering

    def want(self, queue: str, places: int) -> None:
        self.broker.want(queue, places)

    async def take(self, queue: str) -> Delivery | None:
        return await self.local.take(queue) or await self.broker.take(queue)

    def _of(self, delivery: Delivery) -> LocalQueue | NatsQueue:
        return self.broker if delivery.token >= TOKENS else self.local

    async def ack(self, delivery: Delivery) -> bool:
        return await self._of(delivery).ack(delivery)

    async def nak(self, delivery: Delivery, delay: float = 0.0) -> bool:
        return await self._of(delivery).nak(delivery, delay)

    async def beat(self, delivery: Delivery) -> bool:
        return await self._of(delivery).beat(delivery)

    async def term(self, delivery: Delivery) -> bool:
        return await self._of(delivery).term(delivery)

    def on_cancel(self, tell: Callable[[str], bool]) -> Callable[[], None]:
        parts = self.local.on_cancel(tell), self.broker.on_cancel(tell)

        def forget() -> None:
            for each in parts:
                each()

        return forget

    # ---- looking

    def set_room(self, queue: str, room: int) -> None:
        self.broker.set_room(queue, room)
        self.local.set_room(queue, room if queue in self._serves else 0)

    def holds(self, key: str) -> bool:
        return self.local.holds(key) or self.broker.holds(key)

    def waiting(self, queue: str) -> int:
        return self.local.waiting(queue) + self.broker.waiting(queue)

    def room(self, queue: str) -> int:
        return self.broker.room(queue) if self.up else self.local.room(queue)

    def depth(self, queue: str) -> Depth:
        one, other = self.broker.depth(queue), self.local.depth(queue)
        ages = [age for age in (one.oldest_age, other.oldest_age) if age is not None]
        return Depth(
            one.waiting + other.waiting, one.delayed + other.delayed, one.running + other.running,
            max(ages, default=None), shared=True,
        )  # fmt: skip

    async def arrival(self) -> None:
        await _either(self.local.arrival(), self.broker.arrival())

    async def departure(self) -> None:
        await _either(self.local.departure(), self.broker.departure())


async def _either(*waits: Coroutine[Any, Any, None]) -> None:
    """Returns when one of them does."""
    tasks = [asyncio.create_task(each) for each in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
