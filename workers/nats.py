"""The cluster's transport: jobs over NATS JetStream, between any number of processes.

The server keeps a job until it is acknowledged and refuses a second one of its key (workers.jetstream). What a process
knows beside that (which keys are under way, how many wait) are hints that end by themselves: after half a minute, when
others say that a job has left, and whenever the broker was away. The broker may lose everything: rows and due times
bring it back.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import asdict

import orjson
import structlog

from reader.jobs import SYSTEM_QUEUES, USER_QUEUES, Discover, Payload, PullFeed, key_of
from reader.pubsub.connection import Connection, Message, Unreachable
from reader.tasks import end
from workers.hints import Hints
from workers.jetstream import CLASSES, Broken, JetStream, Missing, class_of
from workers.lane import NOT_BEFORE, Calls, Held, Lane, nak
from workers.transport import ALL_QUEUES, DEFAULT_ROOM, Delivery, Depth

log = structlog.get_logger(__name__)

ACK_SECONDS = 15.0
"""A delivery that nobody beats for is lost after so long: managers beat every 5 s."""
MARGIN = 0.03  # of that: we give a delivery up before the server does
LOOK_SECONDS = 1.0
HELD_SECONDS = 2.0  # a job that was fetched and not started for so long is handed back
MEND_SECONDS, BROKEN_MOST = 0.5, 3
AGAIN, AGAIN_SECONDS = 6, 0.01
ASK_SECONDS = 0.3  # for who runs a job
TOKENS = 1 << 40  # tokens begin here, so that they differ from those of a LocalQueue
SPREAD = (PullFeed, Discover)  # kinds of which one job may come to several queues


class NatsQueue:
    """Transport. ``start`` connects in the background; ``close`` hands back what was fetched."""

    def __init__(
        self,
        servers: str,
        cluster: str,
        *,
        ack_seconds: float = ACK_SECONDS,
        room: int = DEFAULT_ROOM,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._connection = Connection(servers, f"{cluster} jobs")
        self._connection.on_change(self._changed)
        self._js = JetStream(self._connection, cluster, ack_seconds)
        self._prefix = f"{cluster}.jobs"
        self._keeps = ack_seconds * (1 - MARGIN)
        self._now = now
        self._rooms = dict.fromkeys(ALL_QUEUES, room)
        self._arrived, self._thirst = asyncio.Event(), asyncio.Event()
        calls = Calls(self._came, self._put_off, self._lost_stream, self._thirst.set)
        self._lanes = {queue: Lane(queue, self._connection, self._js, calls, now, self._keeps) for queue in ALL_QUEUES}
        self._hints = Hints(self._connection, self._prefix, now, self._keep, self._hurry)
        self._running: dict[str, Held] = {}
        self._runs: Counter[str] = Counter()
        self._tokens = itertools.count(TOKENS)
        self._unsent: list[tuple[str, bytes, float]] = []  # acknowledgements that the broker could not take
        self._ensured = False
        self._mend_at = 0.0  # not before
        self._broken = 0  # times that a stream took no consumer
        self._mending = asyncio.Lock()
        self._tells: list[Callable[[str], bool]] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self.refused = 0
        """Jobs that no broker took, or whose queue was full. What is durable stays due."""

    # ---- its life

    async def start(self) -> None:
        self._connection.start()
        self._keep(self._pump())
        self._keep(self._look_after())
        await self._hints.start()
        await self._connection.listen(f"{self._prefix}-cancel", self._on_cancel_asked)
        if await self._connection.ready(1.0):
            await self._mend()

    async def close(self) -> None:
        for lane in self._lanes.values():
            await lane.hand_back(0.0)
        await self._hints.close()
        await self._connection.settle()
        await end(self._tasks)
        await self._connection.close()

    @property
    def up(self) -> bool:
        """The broker answers, and its streams are there."""
        return self._connection.up and self._ensured

    def _keep(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _changed(self, up: bool) -> None:
        """It was away: what we know of it is old, and it may have forgotten everything."""
        self._ensured = False
        self._hints.forget()
        for lane in self._lanes.values():
            lane.forget()
        if up:
            self._keep(self._come_back())

    async def _come_back(self) -> None:
        await self._mend()
        now = self._now()
        unsent, self._unsent = self._unsent, []
        for reply, word, deadline in unsent:
            if now < deadline:
                await self._connection.publish(reply, word)

    async def _mend(self) -> bool:
        """Streams and consumers are there afterwards; whether they are."""
        async with self._mending:
            if self._ensured or not self._connection.up or self._now() < self._mend_at:
                return self.up
            try:
                await self._js.ensure(ALL_QUEUES)
            except Broken as error:
                await self._repair(error)
            except (Unreachable, Missing) as error:
                log.warning("the streams of jobs cannot be made", error=str(error))
                self._mend_at = self._now() + MEND_SECONDS
            else:
                self._ensured, self._broken = True, 0
                self._thirst.set()
                self._arrived.set()
            return self.up

    async def _repair(self, error: Broken) -> None:
        """What stays broken is dropped with all that is in it: rows bring the jobs back."""
        self._broken += 1
        self._mend_at = self._now() + MEND_SECONDS
        log.warning("a stream of jobs takes no consumer", error=str(error), times=self._broken)
        if self._broken >= BROKEN_MOST:
            self._broken = 0
            with contextlib.suppress(Unreachable):
                await self._js.drop(error.stream)

    def _lost_stream(self) -> None:
        """Somebody emptied the broker under our feet."""
        if self._ensured:
            log.warning("the streams of jobs are gone; they are made anew, and rows bring the jobs back")
            self._mend_at = self._now() + MEND_SECONDS  # its server may still be deleting
            self._changed(up=True)

    # ---- putting

    async def put(self, payload: Payload) -> bool:
        return bool(await self.offer(payload))

    async def put_later(self, payload: Payload, delay: float) -> bool:
        return bool(await self.offer(payload, delay))

    async def offer(self, payload: Payload, delay: float = 0.0) -> bool | None:
        """As put; None where the broker could not take it: nobody has the job now."""
        key, queue = key_of(payload), payload.queue
        self._lanes[queue].interesting = True
        if key in self._running:
            return False
        if self._hints.queue_of(key) is not None and (delay or queue in SYSTEM_QUEUES):
            if not delay:
                await self._hurry(key)
            return False
        if self.room(queue) <= 0:
            self.refused += 1
            return False
        headers = {NOT_BEFORE: repr(time.time() + delay)} if delay else None
        stored = await self._publish(queue, key, orjson.dumps([payload.NAME, asdict(payload)]), headers)
        if stored is None:
            self.refused += 1
        elif stored:
            return await self._stored(key, payload, delay)
        else:
            await self._there_already(key, queue, delay)
        return stored

    async def _publish(self, queue: str, key: str, data: bytes, headers: dict[str, str] | None) -> bool | None:
        for _ in range(AGAIN):
            if not self.up and not await self._mend():
                return None
            try:
                if await self._js.publish(queue, key, data, headers):
                    return True
                if not self._hints.left_lately(key):
                    return False
                await asyncio.sleep(AGAIN_SECONDS)  # the broker has yet to take in that it is over
            except Missing:
                self._lost_stream()
            except Unreachable as error:
                log.warning("a job could not be enqueued; its row brings it later", queue=queue, error=str(error))
                return None
        return False

    async def _there_already(self, key: str, queue: str, delay: float) -> None:
        self._hints.know(key, queue)
        if not delay:
            await self._hurry(key)
            await self._hints.wish(key)

    async def _stored(self, key: str, payload: Payload, delay: float) -> bool:
        queue = payload.queue
        self._lanes[queue].added()
        if delay:
            self._hints.put_off(key, queue, delay, None)
            return True
        self._hints.know(key, queue)
        if queue not in USER_QUEUES or not isinstance(payload, SPREAD):
            return True
        await self._hints.came(key, queue)
        return not await self._take_twin(key)

    async def _take_twin(self, key: str) -> bool:
        """A person asks for what waits for the system: that one goes; whether there was one. If it runs, the person's
        finds the work under way."""
        try:
            twin = await self._js.find("system", key)
            if twin is None or not await self._js.delete(twin):
                return False
        except (Unreachable, Missing):
            return False
        self._hints.delayed.pop(key, None)
        self._lanes[twin.queue].removed()
        return True

    async def _hurry(self, key: str) -> None:
        """Somebody asks for what waits for its time by our hand."""
        delayed = self._hints.delayed.pop(key, None)
        if delayed is None:
            return
        if delayed.reply is not None:
            await nak(self._connection, delayed.reply, 0.0)
            return
        try:
            found = await self._js.find(class_of(delayed.queue), key)
            if found is not None and await self._js.delete(found):
                await self._js.publish(found.queue, key, found.data)
        except (Unreachable, Missing) as error:
            log.warning("a job could not be brought forward; it comes in its time", job=key, error=str(error))

    # ---- taking

    def want(self, queue: str, places: int) -> None:
        self._lanes[queue].want(places)

    async def take(self, queue: str) -> Delivery | None:
        lane = self._lanes[queue]
        if not lane.wanted and not lane.buffer and self.up:
            await lane.fetch()
        while lane.buffer:
            held = lane.buffer.popleft()
            if held.deadline <= self._now():
                continue  # it is delivered again
            held.token = next(self._tokens)
            self._running[held.key] = held
            self._runs[queue] += 1
            return Delivery(held.key, held.payload, queue, held.token, held.number)
        return None

    async def _pump(self) -> None:
        """Keeps enough pulls under way for who serves."""
        while True:
            await self._thirst.wait()
            self._thirst.clear()
            if self.up:
                for lane in self._lanes.values():
                    await lane.pump()

    def _came(self, held: Held) -> None:
        self._hints.delayed.pop(held.key, None)
        mine = self._running.get(held.key)
        if mine is not None:  # ours from before: we were too slow
            self._drop(mine)
        self._hints.know(held.key, held.queue)
        self._arrived.set()

    def _put_off(self, held: Held, delay: float) -> None:
        self._hints.put_off(held.key, held.queue, delay, held.reply)

    # ---- ending

    async def ack(self, delivery: Delivery) -> bool:
        return await self._finish(delivery, b"+ACK")

    async def term(self, delivery: Delivery) -> bool:
        return await self._finish(delivery, b"+TERM")

    async def _finish(self, delivery: Delivery, word: bytes) -> bool:
        held = self._mine(delivery)
        if held is None:
            return False
        self._drop(held)
        if not await self._connection.publish(held.reply, word):
            self._unsent.append((held.reply, word, held.deadline))
        self._hints.over(held.key)
        return True

    async def nak(self, delivery: Delivery, delay: float = 0.0) -> bool:
        held = self._mine(delivery)
        if held is None:
            return False
        self._drop(held)
        if delay > 0:
            self._hints.put_off(held.key, held.queue, delay, held.reply)
        await nak(self._connection, held.reply, delay)
        return True

    async def beat(self, delivery: Delivery) -> bool:
        held = self._mine(delivery)
        if held is None:
            return False
        deadline = self._now() + self._keeps
        if await self._connection.publish(held.reply, b"+WPI"):
            held.deadline = deadline
        self._hints.know(held.key, held.queue)
        return True

    def _mine(self, delivery: Delivery) -> Held | None:
        """The delivery, unless it was lost meanwhile."""
        held = self._running.get(delivery.key)
        if held is None or held.token != delivery.token:
            return None
        if held.deadline <= self._now() and self._connection.up:
            self._drop(held)
            return None
        return held

    def _drop(self, held: Held) -> None:
        del self._running[held.key]
        self._runs[held.queue] -= 1

    # ---- cancelling

    async def cancel(self, key: str) -> bool:
        """Wherever it waits or runs."""
        if key in self._running:
            return self._tell_cancel(key)
        try:
            found = [each for name in CLASSES if (each := await self._js.find(name, key)) is not None]
            if found and await self._connection.ask_all(f"{self._prefix}-cancel", key.encode(), ASK_SECONDS):
                return True
            gone = [each for each in found if await self._js.delete(each)]
        except (Unreachable, Missing):
            return False
        for each in gone:
            self._lanes[each.queue].removed()
            self._hints.over(key)
        return bool(gone)

    def _tell_cancel(self, key: str) -> bool:
        return sum(tell(key) for tell in self._tells) > 0  # all of them are told

    async def _on_cancel_asked(self, message: Message) -> None:
        key = message.data.decode()
        for lane in self._lanes.values():
            for held in [held for held in lane.buffer if held.key == key]:
                lane.buffer.remove(held)  # its message is deleted by who asks
        if key in self._running and self._tell_cancel(key):
            await self._connection.publish(message.reply, b"1")

    def on_cancel(self, tell: Callable[[str], bool]) -> Callable[[], None]:
        self._tells.append(tell)
        return lambda: self._tells.remove(tell)

    # ---- looking

    def holds(self, key: str) -> bool:
        return key in self._running or self._hints.queue_of(key) is not None

    def waiting(self, queue: str) -> int:
        return max(0, self._lanes[queue].waiting - self._hints.count_delayed(queue, given=False))

    def room(self, queue: str) -> int:
        return self._rooms[queue] - self._lanes[queue].waiting

    def set_room(self, queue: str, room: int) -> None:
        self._rooms[queue] = room

    def depth(self, queue: str) -> Depth:
        waiting, oldest = self.waiting(queue), self._lanes[queue].oldest
        age = max(0.0, time.time() - oldest) if oldest is not None and waiting else None
        return Depth(waiting, self._hints.count_delayed(queue), self._runs[queue], age, shared=True)

    async def arrival(self) -> None:
        await self._arrived.wait()
        self._arrived.clear()

    async def departure(self) -> None:
        await self._hints.left.wait()
        self._hints.left.clear()

    async def _look_after(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self.look()
            except Exception:
                log.exception("looking after the queues failed")

    async def look(self) -> None:
        """Once a second: how much waits; away with what was fetched and not started, and with old hints."""
        if not await self._mend():
            return
        for lane in self._lanes.values():
            await lane.hand_back(HELD_SECONDS)
            if lane.interesting:
                try:
                    await lane.look()
                except Missing:
                    self._lost_stream()
                    return
                except Unreachable:
                    return
        self._hints.tidy()
        self._thirst.set()
