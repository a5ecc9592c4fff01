"""A backup of a MongoDB store: a SQLite file, which `evantr copy` takes back into any store."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from pymongo.asynchronous.client_session import AsyncClientSession

from reader.errors import Conflict
from reader.mappers.copying import copy
from reader.mappers.mongo.changes import OPEN
from reader.mappers.mongo.copying import MongoCopying
from reader.mappers.mongo.engine import Engine
from reader.mappers.sqlite.copying import SqliteCopying

MOMENTS = 50  # that are looked at


async def backup(engine: Engine, target: Path) -> None:
    """See Mappers.backup. Of a replica set all is read as of one moment; MongoDB keeps that for five minutes (its
    setting minSnapshotHistoryWindowInSeconds), so a large store is backed up with its own tools (docs/operations.md).
    """
    part = await asyncio.to_thread(_part, target)
    local = SqliteCopying(part)
    try:
        async with _quiet(engine) as session:
            await copy(MongoCopying(engine, session=session), local, lambda _: None)
        await local.finish()
        await local.close()
        await asyncio.to_thread(part.rename, target)
    finally:
        await local.close()
        await asyncio.to_thread(_remove, part)


@asynccontextmanager
async def _quiet(engine: Engine) -> AsyncIterator[AsyncClientSession | None]:
    """A snapshot in which no change of a user is half done: from a file nobody would finish it. Where so much is going
    on that none is found, the last one has to do; what it has too much or too little is of that moment."""
    await MongoCopying(engine).settle()
    for left in reversed(range(MOMENTS)):
        async with engine.snapshot() as session:
            if session is None or not left or not await engine.db.user.find_one(OPEN, {"_id": 1}, session=session):
                yield session
                return


def _part(target: Path) -> Path:
    """Where the backup is written, so that its name never stands for half of it."""
    if target.exists():
        raise Conflict(f"{target} exists already.")
    part = target.with_name(f"{target.name}.part")
    _remove(part)
    return part


def _remove(part: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        part.with_name(part.name + suffix).unlink(missing_ok=True)
