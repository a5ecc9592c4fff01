"""The schema, as numbered migrations in order. Each may run again: two processes may start at once, or one may die."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

from pymongo import timeout

from reader.mappers.mongo.engine import ALL, Engine
from reader.mappers.mongo.indexes import make
from reader.mappers.mongo.schema import INDEXES
from reader.mappers.schema import check_newer

Step = Callable[[Engine], Awaitable[None]]


async def _nothing(_engine: Engine) -> None:
    """A migration that only makes the indexes declared for it."""


MIGRATIONS: tuple[tuple[str, Step], ...] = (("0001_start", _nothing),)


async def migrate(engine: Engine) -> list[str]:
    """Runs what is missing; returns the names of what ran. Raises StoreError for a store that is too new for us."""
    done = await applied(engine)
    check_newer(done, [name for name, _ in MIGRATIONS])
    ran = []
    with timeout(None):  # an index over everything may take long
        for name, step in MIGRATIONS:
            if name in done:
                continue
            await step(engine)
            await make(engine, [index for index in INDEXES if index.since == name])
            # The one place that reads a clock: it is a note for operators, nothing reads it.
            note = {"$setOnInsert": {"at": time.time()}}
            await engine.db.migration.update_one({"_id": name}, note, upsert=True)
            ran.append(name)
    return ran


async def applied(engine: Engine) -> set[str]:
    """Names of the migrations that a database has seen."""
    return {row["_id"] async for row in engine.db.migration.find({}, {"_id": 1}, batch_size=ALL)}
