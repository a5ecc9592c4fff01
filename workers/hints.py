"""What processes on one broker tell each other about jobs: which keys are under way, which have left, which are
wanted sooner. Hints: a lost one costs a moment, and each ends by itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from reader.pubsub.connection import Connection, Message

KNOWN_SECONDS = 30.0
LEFT_SECONDS = 0.02  # keys of jobs that are over are told together
LATELY_SECONDS = 1.0
KEY_BYTES = 16


@dataclass(slots=True)
class Delayed:
    """A job that waits for its time."""

    queue: str
    until: float
    reply: str | None  # where it can be brought forward; None: nobody was given it yet


class Hints:
    """``hurry(key)`` is called when another process wishes for a job that was put off here."""

    def __init__(
        self,
        connection: Connection,
        prefix: str,
        now: Callable[[], float],
        keep: Callable[[Awaitable[None]], None],
        hurry: Callable[[str], Awaitable[None]],
    ) -> None:
        self._connection = connection
        self._prefix = prefix
        self._now = now
        self._keep = keep
        self._hurry = hurry
        self._known: dict[str, tuple[str, float]] = {}  # key → (queue, until)
        self._over: list[bytes] = []  # keys that left and were not told yet
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False
        self._lately: dict[str, float] = {}  # keys that left a moment ago → until when that counts
        self.delayed: dict[str, Delayed] = {}
        self.left = asyncio.Event()

    async def start(self) -> None:
        await self._connection.listen(f"{self._prefix}-left", self._on_left)
        await self._connection.listen(f"{self._prefix}-came", self._on_came)
        await self._connection.listen(f"{self._prefix}-hurry", self._on_hurry)

    def forget(self) -> None:
        self._known.clear()
        self.delayed.clear()

    # ---- keys

    def know(self, key: str, queue: str) -> None:
        """It waits, is put off or runs somewhere."""
        self._known[key] = queue, self._now() + KNOWN_SECONDS

    def queue_of(self, key: str) -> str | None:
        """The queue that has a job of this key, as far as we know."""
        known = self._known.get(key)
        if known is None:
            return None
        if known[1] <= self._now():
            del self._known[key]
            return None
        return known[0]

    def over(self, key: str) -> None:
        """It is done, here: soon all know."""
        self._went(key)
        self.delayed.pop(key, None)
        if not self._over and not self._closed:
            self._timer = asyncio.get_running_loop().call_later(LEFT_SECONDS, lambda: self._keep(self.tell()))
        self._over.append(bytes.fromhex(key))
        self.left.set()

    def _went(self, key: str) -> None:
        self._known.pop(key, None)
        self._lately[key] = self._now() + LATELY_SECONDS

    def left_lately(self, key: str) -> bool:
        """It was acknowledged a moment ago: the broker may not have taken that in yet."""
        return self._lately.get(key, 0.0) > self._now()

    def put_off(self, key: str, queue: str, seconds: float, reply: str | None) -> None:
        self.know(key, queue)
        self.delayed[key] = Delayed(queue, self._now() + seconds, reply)

    def count_delayed(self, queue: str, *, given: bool = True) -> int:
        """Of those that we put off; with ``given`` false, only those that nobody was given yet."""
        now = self._now()
        found = [each for each in self.delayed.values() if each.queue == queue and each.until > now]
        return sum(1 for each in found if given or each.reply is None)

    def tidy(self) -> None:
        """Away with what is too old."""
        now = self._now()
        for key in [key for key, (_, until) in self._known.items() if until <= now]:
            del self._known[key]
        for key in [key for key, until in self._lately.items() if until <= now]:
            del self._lately[key]
        for key in [key for key, delayed in self.delayed.items() if delayed.until <= now]:
            del self.delayed[key]

    # ---- telling and hearing

    async def close(self) -> None:
        """Tells what was not told yet, and nothing later: no task begins after the last ones have ended."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        await self.tell()

    async def tell(self) -> None:
        over, self._over = self._over, []
        if over:
            await self._connection.publish(f"{self._prefix}-left", b"".join(over))

    async def came(self, key: str, queue: str) -> None:
        """A person's job: nobody need put it for the system."""
        await self._connection.publish(f"{self._prefix}-came", f"{key} {queue}".encode())

    async def wish(self, key: str) -> None:
        """Somebody asks for a job that is there already: whoever put it off lets it come now."""
        await self._connection.publish(f"{self._prefix}-hurry", key.encode())

    async def _on_left(self, message: Message) -> None:
        data = message.data
        for start in range(0, len(data), KEY_BYTES):
            self._went(data[start : start + KEY_BYTES].hex())
        self.left.set()

    async def _on_came(self, message: Message) -> None:
        key, _, queue = message.data.decode().partition(" ")
        self.know(key, queue)

    async def _on_hurry(self, message: Message) -> None:
        await self._hurry(message.data.decode())
