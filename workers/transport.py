"""The port between those who have work and the managers who do it: what a transport has to offer.

Its shape is that of a broker's pull consumer, so that a cluster's transport fits behind it (docs/decisions/0009):
deliveries are acknowledged, handed back with a delay, kept by beats, or ended; what is neither acknowledged nor beaten
for is delivered again. A transport may forget everything at any time: rows and due times bring it back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from reader.jobs import SYSTEM_QUEUES, USER_QUEUES, JobQueue, Payload

ALL_QUEUES = (*USER_QUEUES, *SYSTEM_QUEUES)
DEFAULT_ROOM = 10_000


@dataclass(frozen=True, slots=True)
class Delivery:
    """A job handed to a manager. ``token`` tells this delivery from earlier ones of the same job: those are refused."""

    key: str
    payload: Payload
    queue: str
    token: int
    number: int  # 1 for the first delivery of the job


@dataclass(frozen=True, slots=True)
class Depth:
    """Of one queue, as far as this process can see. ``oldest_age``: seconds; None while nothing waits."""

    waiting: int
    delayed: int
    running: int
    oldest_age: float | None
    shared: bool = False  # waiting and oldest_age are those of all processes together, not of this one


class Transport(JobQueue, Protocol):
    """What managers and the updater need beyond JobQueue. A key is unique while its job waits, is delayed or runs."""

    async def put_later(self, payload: Payload, delay: float) -> bool:
        """As put, but not delivered for ``delay`` seconds. A later put of the key brings it forward."""
        ...

    def want(self, queue: str, places: int) -> None:
        """A manager serves ``queue`` and could start so many jobs now: a transport may fetch as many ahead. Who never
        says so gets what is there at the moment it takes."""
        ...

    async def take(self, queue: str) -> Delivery | None:
        """The oldest waiting job of ``queue``, from now on running; None when there is none."""
        ...

    async def ack(self, delivery: Delivery) -> bool:
        """It is over, however it went: its key is free. False for a delivery that was lost meanwhile."""
        ...

    async def nak(self, delivery: Delivery, delay: float = 0.0) -> bool:
        """Hand it back: it is delivered again after ``delay`` seconds, before what came later. False as for ack."""
        ...

    async def beat(self, delivery: Delivery) -> bool:
        """It still runs: the time until it is delivered again starts anew. False as for ack."""
        ...

    async def term(self, delivery: Delivery) -> bool:
        """It is never to be delivered again; its key is free. False as for ack."""
        ...

    def on_cancel(self, tell: Callable[[str], bool]) -> Callable[[], None]:
        """``tell(key)`` is called when a running job is cancelled; it says whether it runs there. Call the result to
        end that."""
        ...

    def set_room(self, queue: str, room: int) -> None:
        """How many jobs may wait in ``queue``; more are refused."""
        ...

    # What follows is as this process knows it: hints to save work, never the truth.

    def holds(self, key: str) -> bool:
        """Whether a job of that key waits, is delayed or runs."""
        ...

    def waiting(self, queue: str) -> int: ...

    def room(self, queue: str) -> int:
        """How many more jobs ``queue`` takes."""
        ...

    def depth(self, queue: str) -> Depth: ...

    async def arrival(self) -> None:
        """Returns when a job may have become ready since the last call."""
        ...

    async def departure(self) -> None:
        """Returns when a job has ended since the last call."""
        ...


def in_order(queues: Iterable[str]) -> list[str]:
    """``queues`` with those that a person waits for first. Raises KeyError for one that there is not."""
    rank = {name: place for place, name in enumerate(ALL_QUEUES)}
    return sorted(queues, key=rank.__getitem__)
