"""The bundle of all mappers over one database file."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

from reader.mappers import Mappers
from reader.mappers.errors import StoreError
from reader.mappers.schema import check_newer
from reader.mappers.sqlite.backup import backup
from reader.mappers.sqlite.departure import SqliteDeparture
from reader.mappers.sqlite.engine import Engine
from reader.mappers.sqlite.entries import SqliteEntries
from reader.mappers.sqlite.feeds import SqliteFeeds
from reader.mappers.sqlite.flags import SqliteFlags
from reader.mappers.sqlite.gathering import PATIENCE
from reader.mappers.sqlite.hub import SqliteHub
from reader.mappers.sqlite.imports import SqliteImports
from reader.mappers.sqlite.migrations import MIGRATIONS, applied, migrate
from reader.mappers.sqlite.notifications import SqliteNotifications
from reader.mappers.sqlite.operations import SqliteOperations
from reader.mappers.sqlite.people import SqlitePeople
from reader.mappers.sqlite.pushes import SqlitePushes
from reader.mappers.sqlite.search import SqliteSearch
from reader.mappers.sqlite.shares import SqliteShares
from reader.mappers.sqlite.streams import SqliteStreams
from reader.mappers.sqlite.subscriptions import SqliteSubscriptions
from reader.mappers.sqlite.talk import SqliteTalk
from reader.mappers.sqlite.users import SqliteUsers
from reader.mappers.sqlite.webhooks import SqliteWebhooks
from reader.mappers.sqlite.work import SqliteJobs, SqliteLeases, SqliteUndo


def _check_schema(con: sqlite3.Connection) -> None:
    done = applied(con)
    check_newer(done, [name for name, _ in MIGRATIONS])
    missing = [name for name, _ in MIGRATIONS if name not in done]
    if missing:
        raise StoreError(f"The database lacks migrations: {', '.join(missing)}.")


class SqliteMappers:
    """Mappers."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.users = SqliteUsers(engine)
        self.feeds = SqliteFeeds(engine)
        self.entries = SqliteEntries(engine)
        self.subscriptions = SqliteSubscriptions(engine)
        self.flags = SqliteFlags(engine)
        self.search = SqliteSearch(engine)
        self.jobs = SqliteJobs(engine)
        self.leases = SqliteLeases(engine)
        self.undo = SqliteUndo(engine)
        self.operations = SqliteOperations(engine)
        self.imports = SqliteImports(engine)
        self.hub = SqliteHub(engine)
        self.pushes = SqlitePushes(engine)
        self.people = SqlitePeople(engine)
        self.talk = SqliteTalk(engine)
        self.notifications = SqliteNotifications(engine)
        self.departure = SqliteDeparture(engine)
        self.shares = SqliteShares(engine)
        self.streams = SqliteStreams(engine)
        self.webhooks = SqliteWebhooks(engine)

    async def migrate(self) -> list[str]:
        return await self.engine.write(migrate)

    async def backup(self, target: Path) -> None:
        await asyncio.to_thread(backup, self.engine.path, target)

    async def ready(self) -> None:
        await self.engine.read(_check_schema)

    async def close(self) -> None:
        await self.engine.close()


def _satisfies(mappers: SqliteMappers) -> Mappers:
    """mypy proves the contract here."""
    return mappers


async def open_store(path: Path, *, readers: int = 2, patience: float = PATIENCE) -> SqliteMappers:
    """Opens the database at ``path``, making folder and file where there are none. Does not migrate.

    ``patience``: how long writes that nobody waits for may gather, in seconds.
    """
    return SqliteMappers(await asyncio.to_thread(_open, path, readers, patience))


def _open(path: Path, readers: int, patience: float) -> Engine:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.touch(mode=0o600)  # password hashes are in it
    try:
        return Engine(path, readers, patience)
    except sqlite3.Error as error:
        raise StoreError(f"The database {path} cannot be opened: {error}.") from error
