"""A process that dies, or is slow, between its writes: an engine over a database that counts them."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from typing import Any, cast

from reader.mappers.mongo import MongoMappers
from reader.mappers.mongo.engine import Engine

WRITES = frozenset(
    {
        "bulk_write", "delete_many", "delete_one", "find_one_and_delete", "find_one_and_replace", "find_one_and_update",
        "insert_many", "insert_one", "replace_one", "update_many", "update_one",
    }
)  # fmt: skip


class Died(Exception):
    """The process is no more."""


class _Collection:
    def __init__(self, real: Any, before: Callable[[], Any]) -> None:
        self._real = real
        self._before = before

    def __getattr__(self, name: str) -> Any:
        member = getattr(self._real, name)
        if name not in WRITES:
            return member

        async def write(*args: Any, **kwargs: Any) -> Any:
            share = await self._before()
            if share is not None:  # of a bulk, some may have got through
                if name == "bulk_write" and share:
                    operations: Sequence[Any] = args[0]
                    await member(operations[: max(1, int(len(operations) * share))], *args[1:], **kwargs)
                raise Died
            return await member(*args, **kwargs)

        return write


class _Database:
    def __init__(self, real: Any, before: Callable[[], Any]) -> None:
        self._real = real
        self._before = before

    def __getitem__(self, name: str) -> Any:
        return _Collection(self._real[name], self._before)

    def __getattr__(self, name: str) -> Any:
        return self[name]


def over(store: MongoMappers, before: Callable[[], Any]) -> MongoMappers:
    """Mappers of another process; ``before`` is awaited before each write: None, or what gets through at its death."""
    engine = Engine(store.engine.db.client, store.engine.db.name)
    engine.db = cast(Any, _Database(engine.db, before))
    return MongoMappers(engine)


class Mortal:
    """``mappers`` dies instead of its write number ``last`` (0 first), of which a ``share`` gets through if it is a
    bulk; ``died`` tells whether it came so far."""

    def __init__(self, store: MongoMappers, last: int, share: float = 0.0) -> None:
        self.died = False
        self._left = last
        self._share = share
        self.mappers = over(store, self._before)

    async def _before(self) -> float | None:
        if self.died:
            return 0.0
        if self._left == 0:
            self.died = True
            return self._share
        self._left -= 1
        return None


def slow(store: MongoMappers, seed: int, longest: float = 0.004) -> MongoMappers:
    """Mappers of another process that takes its time before each write."""
    chance = random.Random(seed)

    async def before() -> None:
        await asyncio.sleep(chance.uniform(0, longest))

    return over(store, before)
