"""What a call costs the store, whichever it is: statements or commands, and round trips."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable

from reader.mappers import Mappers
from reader.mappers.mongo import MongoMappers
from reader.mappers.sqlite import SqliteMappers
from tests.helpers.mongo_chain import chain
from tests.helpers.mongo_watch import WATCH

Call = Callable[[], Awaitable[object]]
Cost = tuple[int, int]


async def cost(mappers: Mappers, call: Call) -> Cost:
    """(statements or commands, round trips) of a call, once everything is warm. The call is made twice."""
    await call()
    return await once(mappers, call)


async def once(mappers: Mappers, call: Call) -> Cost:
    """As cost(), of the first time."""
    if isinstance(mappers, MongoMappers):
        commands = WATCH.commands
        with chain() as links:
            await call()
        return WATCH.commands - commands, links.length
    assert isinstance(mappers, SqliteMappers)
    return await _on_sqlite(mappers, call)


async def _on_sqlite(mappers: SqliteMappers, call: Call) -> Cost:
    lock, statements = threading.Lock(), [0]

    def count(_sql: str) -> None:
        with lock:
            statements[0] += 1

    mappers.engine.trace(count)
    trips = mappers.engine.trips
    await call()
    mappers.engine.trace(None)
    return statements[0], mappers.engine.trips - trips
