"""The embedded transport: carries jobs to managers inside one process. It may forget; rows and due times do not."""

from __future__ import annotations

import asyncio
import heapq
import time
from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from reader.jobs import SYSTEM_QUEUES, USER_QUEUES, Payload, key_of
from workers.transport import ALL_QUEUES, DEFAULT_ROOM, Delivery, Depth

ACK_SECONDS = 60.0


@dataclass(slots=True)
class _Job:
    key: str
    payload: Payload
    since: float  # when it was put
    queue: str
    deliveries: int = 0
    token: int = 0  # of the delivery that runs; 0 while none does
    deadline: float = 0.0  # of a delivery: then it is lost; of a delayed job: then it is ready


class LocalQueue:
    """Transport. ``now`` is a monotonic clock; a delivery that nobody beats for is lost after ``ack_seconds``."""

    def __init__(
        self,
        room: int = DEFAULT_ROOM,
        *,
        ack_seconds: float = ACK_SECONDS,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rooms = dict.fromkeys(ALL_QUEUES, room)
        self._ack_seconds = ack_seconds
        self._now = now
        self._jobs: dict[str, _Job] = {}  # every job that waits, is delayed or runs
        self._ready: dict[str, OrderedDict[str, _Job]] = {name: OrderedDict() for name in ALL_QUEUES}
        self._delayed: list[tuple[float, int, str]] = []  # heap of (ready at, number, key); may hold what moved on
        self._running: OrderedDict[str, _Job] = OrderedDict()  # the one that is lost first comes first
        self._runs: Counter[str] = Counter()
        self._numbers = 0
        self._arrived = asyncio.Event()
        self._left = asyncio.Event()
        self._tells: list[Callable[[str], bool]] = []
        self.refused = 0
        """Jobs turned away because their queue was full. Their rows stay due, so a sweep brings them again."""

    # ---- putting

    async def put(self, payload: Payload) -> bool:
        """See JobQueue. False too when the queue is full: what is durable stays due."""
        key = key_of(payload)
        job = self._jobs.get(key)
        if job is None:
            return self._add(key, payload, 0.0)
        if not job.token:
            self._hurry(job, payload)
        return False

    async def put_later(self, payload: Payload, delay: float) -> bool:
        key = key_of(payload)
        return key not in self._jobs and self._add(key, payload, delay)

    def _add(self, key: str, payload: Payload, delay: float) -> bool:
        if self.room(payload.queue) <= 0:
            self.refused += 1
            return False
        job = _Job(key, payload, self._now(), payload.queue)
        self._jobs[key] = job
        self._wait(job, delay)
        return True

    def _hurry(self, job: _Job, payload: Payload) -> None:
        """Somebody asks for what waits already: what is delayed is ready now; a system job moves up for a person."""
        up = payload.queue in USER_QUEUES and job.queue in SYSTEM_QUEUES
        if not up and not job.deadline:
            return
        self._ready[job.queue].pop(job.key, None)
        if up:
            job.payload, job.queue = payload, payload.queue
        self._wait(job, 0.0)

    def _wait(self, job: _Job, delay: float, *, first: bool = False) -> None:
        job.token = 0
        if delay > 0:
            job.deadline = self._now() + delay
            self._numbers += 1
            heapq.heappush(self._delayed, (job.deadline, self._numbers, job.key))
        else:
            job.deadline = 0.0
            ready = self._ready[job.queue]
            ready[job.key] = job
            if first:
                ready.move_to_end(job.key, last=False)
        self._arrived.set()

    async def cancel(self, key: str) -> bool:
        job = self._jobs.get(key)
        if job is None:
            return False
        if job.token:
            return sum(tell(key) for tell in self._tells) > 0  # all of them are told
        self._ready[job.queue].pop(key, None)
        del self._jobs[key]
        self._left.set()
        return True

    # ---- delivering

    def want(self, queue: str, places: int) -> None:
        """Nothing need be fetched."""

    async def take(self, queue: str) -> Delivery | None:
        self._catch_up()
        ready = self._ready[queue]
        if not ready:
            return None
        key, job = ready.popitem(last=False)
        self._numbers += 1
        job.token, job.deliveries = self._numbers, job.deliveries + 1
        job.deadline = self._now() + self._ack_seconds
        self._running[key] = job
        self._runs[queue] += 1
        return Delivery(key, job.payload, queue, job.token, job.deliveries)

    async def ack(self, delivery: Delivery) -> bool:
        job = self._end(delivery)
        if job is None:
            return False
        del self._jobs[job.key]
        self._left.set()
        return True

    async def term(self, delivery: Delivery) -> bool:
        return await self.ack(delivery)

    async def nak(self, delivery: Delivery, delay: float = 0.0) -> bool:
        job = self._end(delivery)
        if job is None:
            return False
        self._wait(job, delay, first=True)
        return True

    async def beat(self, delivery: Delivery) -> bool:
        self._catch_up()
        job = self._running.get(delivery.key)
        if job is None or job.token != delivery.token:
            return False
        job.deadline = self._now() + self._ack_seconds
        self._running.move_to_end(job.key)
        return True

    def _end(self, delivery: Delivery) -> _Job | None:
        job = self._running.get(delivery.key)
        if job is None or job.token != delivery.token:
            return None
        del self._running[job.key]
        self._runs[job.queue] -= 1
        return job

    def _catch_up(self) -> bool:
        """What was delayed long enough becomes ready, and what was lost waits again; whether there was any."""
        now, found = self._now(), False
        while self._delayed and self._delayed[0][0] <= now:
            at, _, key = heapq.heappop(self._delayed)
            job = self._jobs.get(key)
            if job is not None and not job.token and job.deadline == at:
                self._wait(job, 0.0)
                found = True
        while self._running:
            job = next(iter(self._running.values()))
            if job.deadline > now:
                break
            del self._running[job.key]
            self._runs[job.queue] -= 1
            self._wait(job, 0.0, first=True)
            found = True
        return found

    def _next_change(self) -> float | None:
        """Seconds until something becomes ready by itself."""
        times = [self._delayed[0][0]] if self._delayed else []
        if self._running:
            times.append(next(iter(self._running.values())).deadline)
        return max(0.0, min(times) - self._now()) if times else None

    # ---- looking

    def holds(self, key: str) -> bool:
        return key in self._jobs

    def waiting(self, queue: str) -> int:
        return len(self._ready[queue])

    def room(self, queue: str) -> int:
        return self._rooms[queue] - len(self._ready[queue])

    def set_room(self, queue: str, room: int) -> None:
        self._rooms[queue] = room

    def depth(self, queue: str) -> Depth:
        ready = self._ready[queue]
        delayed = sum(1 for job in self._jobs.values() if job.queue == queue and not job.token and job.deadline)
        oldest = next(iter(ready.values()), None)
        age = max(0.0, self._now() - oldest.since) if oldest is not None else None
        return Depth(len(ready), delayed, self._runs[queue], age)

    def on_cancel(self, tell: Callable[[str], bool]) -> Callable[[], None]:
        self._tells.append(tell)
        return lambda: self._tells.remove(tell)

    async def arrival(self) -> None:
        while not self._arrived.is_set():
            try:
                async with asyncio.timeout(self._next_change()):
                    await self._arrived.wait()
            except TimeoutError:
                if self._catch_up():
                    break
        self._arrived.clear()

    async def departure(self) -> None:
        await self._left.wait()
        self._left.clear()


class RowsOnly:
    """The queue of a process that runs no jobs (``evantr web``): the row is written, a worker process finds it."""

    async def put(self, payload: Payload) -> bool:
        return True

    async def cancel(self, key: str) -> bool:
        return False
