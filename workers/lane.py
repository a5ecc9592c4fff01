"""One queue on the broker, as this process sees it: what was fetched ahead, what is asked for, how much waits."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import orjson
import structlog

from reader.jobs import Payload, kind_of
from reader.pubsub.connection import Connection, Message
from workers.jetstream import JetStream, Look, deliveries_of, status_of, unanswered

log = structlog.get_logger(__name__)

AHEAD = 8
"""Jobs that are fetched beyond what can start at once, so that no place waits for the network. Few: another process
may have room for them now."""
BATCH_MOST = 256
PULL_SECONDS = 2.0
"""So long a pull brings jobs: then it is renewed, if there is still room. Meanwhile room may have gone."""
TAKE_SECONDS = 2.0
UNKNOWN_SECONDS = 30.0  # a job of a kind that this version does not know waits for a newer process
NOT_BEFORE = "Evantr-Not-Before"


@dataclass(slots=True)
class Held:
    """A message that was given to us: its job, and where its acknowledgement goes."""

    key: str
    payload: Payload
    queue: str
    reply: str
    number: int
    came: float  # monotonic
    deadline: float  # then it is somebody else's
    token: int = 0


@dataclass(frozen=True, slots=True)
class Calls:
    """What a lane tells its queue."""

    came: Callable[[Held], None]
    put_off: Callable[[Held, float], None]
    gone: Callable[[], None]  # the stream is no more
    thirst: Callable[[], None]  # there may be something to ask for


class Lane:
    def __init__(
        self, queue: str, connection: Connection, js: JetStream, calls: Calls, now: Callable[[], float], keeps: float
    ) -> None:
        self.queue = queue
        self.buffer: deque[Held] = deque()
        self.wanted = False  # a manager serves it: jobs are fetched ahead
        self.interesting = False  # somebody here puts into it, serves it or shows it
        self.places = 0  # how many a manager can start now
        self.oldest: float | None = None  # UTC
        self._connection = connection
        self._js = js
        self._calls = calls
        self._now = now
        self._keeps = keeps  # seconds that a message is ours
        self._inbox = f"{connection.inbox}.{queue}"
        self._listens = False
        self._asked = 0  # messages that pulls under way may still bring
        self._asked_until = 0.0
        self._look = Look(0, 0, 1)
        self._since = 0  # jobs put by us, less those that came to us, since that look
        self._answered = asyncio.Event()
        self._fetching = asyncio.Lock()

    # ---- how much waits

    @property
    def waiting(self) -> int:
        return max(0, self._look.waiting + self._since) + len(self.buffer)

    def added(self) -> None:
        self._since += 1
        if self.oldest is None:
            self.oldest = time.time()

    def removed(self) -> None:
        self._since -= 1

    async def look(self) -> None:
        """Raises Missing or Unreachable."""
        look = await self._js.look(self.queue)
        self.oldest = await self._js.waiting_since(self.queue, look.next_seq) if look.waiting else None
        self._look, self._since = look, 0

    # ---- fetching

    def want(self, places: int) -> None:
        self.wanted = self.interesting = True
        if places > self.places or (places and not self.buffer):
            self._calls.thirst()
        self.places = places

    def forget(self) -> None:
        """The broker was away, and with it the pulls."""
        self._asked, self._asked_until = 0, 0.0

    async def pump(self) -> None:
        """Ask for what a manager can start."""
        batch = self._batch() if self.wanted else 0
        if not batch:
            return
        await self._listen()
        self._asked += batch
        self._asked_until = self._now() + PULL_SECONDS
        if not await self._js.pull(self.queue, self._inbox, batch, PULL_SECONDS):
            self.forget()

    def _batch(self) -> int:
        """How many messages to ask for now; 0: enough are on their way. Not one by one: each pull is a message."""
        if self._now() > self._asked_until:
            self._asked = 0
        if not self.places:
            return 0
        target = min(self.places + AHEAD, BATCH_MOST)
        have = len(self.buffer) + self._asked
        missing = target - have
        return missing if missing > 0 and (not have or missing >= target // 2) else 0

    async def _listen(self) -> None:
        if not self._listens:
            self._listens = True
            await self._connection.listen(self._inbox, self._on_message)

    async def fetch(self) -> None:
        """For who takes without a manager: look into the queue once."""
        async with self._fetching:
            await self._listen()
            self._asked = 0
            while not self.buffer and self._asked <= 0:  # after one that was not for now the next may be
                self._answered.clear()
                self._asked = 1
                if not await self._js.pull(self.queue, self._inbox, 1, None):
                    return
                try:
                    async with asyncio.timeout(TAKE_SECONDS):
                        await self._answered.wait()
                except TimeoutError:
                    return

    async def hand_back(self, older: float) -> None:
        """What was fetched and cannot start for so long: others may have room."""
        before = self._now() - older
        while self.buffer and self.buffer[0].came <= before:
            await nak(self._connection, self.buffer.popleft().reply, 0.0)

    # ---- what comes

    async def _on_message(self, message: Message) -> None:
        status = status_of(message)
        if status is None:
            self._asked -= 1
            await self._on_job(message)
        elif status == "408":
            self._asked = max(0, self._asked - max(1, unanswered(message)))
            self._calls.thirst()
        elif status == "409":
            self.forget()
            self._calls.gone()
        self._answered.set()

    async def _on_job(self, message: Message) -> None:
        number = deliveries_of(message)
        self._since -= number == 1
        held = self._read(message, number)
        if held is None:
            await nak(self._connection, message.reply, UNKNOWN_SECONDS)
            return
        delay = float((message.headers or {}).get(NOT_BEFORE, 0.0)) - time.time()
        if delay > 0 and number == 1:
            await nak(self._connection, message.reply, delay)
            self._calls.put_off(held, delay)
            return
        if self.wanted and len(self.buffer) >= self.places + AHEAD:  # what was asked for is too much by now
            await nak(self._connection, message.reply, 0.0)
            return
        self.buffer.append(held)
        self._calls.came(held)

    def _read(self, message: Message, number: int) -> Held | None:
        try:
            name, values = orjson.loads(message.data)
            kind = kind_of(name)
            payload = kind(**values) if kind is not None else None
        except (ValueError, TypeError):
            payload = None
        if payload is None:
            log.warning("a job cannot be read; a newer version may know it", data=message.data[:200])
            return None
        now = self._now()
        key = message.subject.rpartition(".")[2]
        return Held(key, payload, self.queue, message.reply, number, now, now + self._keeps)


async def nak(connection: Connection, reply: str, delay: float) -> None:
    """Hand a message back, to be delivered again after ``delay`` seconds."""
    await connection.publish(reply, b'-NAK {"delay": %d}' % int(delay * 1e9) if delay > 0 else b"-NAK")
