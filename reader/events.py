"""Typed events, and the port that carries them. An event is a hint: who gets it reads again.

A lost one costs nothing.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class EntriesArrived:
    """New visible entries in a feed. Topic feed:ID."""

    feed_id: int
    count: int
    last_id: int


@dataclass(frozen=True, slots=True)
class FeedChanged:
    """Title, icon, state, schedule or a pull's end. Topic feed:ID."""

    feed_id: int


@dataclass(frozen=True, slots=True)
class ReadingChanged:
    """Marks, folders or subscriptions of a user moved to ``rev``. Topic user:ID."""

    user_id: int
    rev: int


@dataclass(frozen=True, slots=True)
class FlagChanged:
    """Topic user:ID."""

    user_id: int
    entry_id: int
    kind: str
    on: bool


@dataclass(frozen=True, slots=True)
class ImportChanged:
    """An import went on. Topic user:ID."""

    import_id: int


@dataclass(frozen=True, slots=True)
class JobFinished:
    """It ended, however. Topic job:KEY; the row (of a pull: its feed) holds the result."""

    key: str


@dataclass(frozen=True, slots=True)
class SettingsChanged:
    """Settings of queues or CPU processes changed. Topic operations."""


@dataclass(frozen=True, slots=True)
class Missed:
    """On any topic: others may have passed by, since what carries them was away. Read everything again."""


@dataclass(frozen=True, slots=True)
class Notified:
    """Something was told, taken back or seen: the badge may differ. Topic user:ID."""

    user_id: int


@dataclass(frozen=True, slots=True)
class TalkChanged:
    """Comments or likes of a share in this stream's feed. Topic feed:ID."""

    feed_id: int
    share_id: int


Event = (
    EntriesArrived
    | FeedChanged
    | ReadingChanged
    | FlagChanged
    | ImportChanged
    | JobFinished
    | SettingsChanged
    | Notified
    | TalkChanged
    | Missed
)

OPERATIONS_TOPIC = "operations"


def feed_topic(feed_id: int) -> str:
    return f"feed:{feed_id}"


def user_topic(user_id: int) -> str:
    return f"user:{user_id}"


def job_topic(key: str) -> str:
    return f"job:{key}"


class Channel(Protocol):
    """One subscriber's stream. Bounded: a slow one loses the oldest, learns it by ``lost``, and reads all again."""

    lost: bool

    def __aiter__(self) -> AsyncIterator[Event]: ...
    def set_topics(self, topics: Iterable[str]) -> None: ...
    def take(self) -> list[Event]:
        """What is there now, oldest first; never waits."""
        ...

    def on_ready(self, wake: Callable[[], None] | None) -> None:
        """``wake`` is called at each event that comes, for who calls take() instead of iterating."""
        ...


class PubSub(Protocol):
    """``shared``: carries events between processes, as long as it is ``up``."""

    @property
    def shared(self) -> bool: ...
    @property
    def up(self) -> bool: ...
    async def publish(self, topic: str, event: Event) -> None:
        """Never blocks on a slow subscriber, never raises for one."""
        ...

    def subscribe(self, topics: Iterable[str]) -> AbstractAsyncContextManager[Channel]: ...
    async def start(self) -> None: ...
    async def close(self) -> None: ...
