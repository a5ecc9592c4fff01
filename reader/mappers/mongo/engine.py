"""The connection to MongoDB: how it is opened, how ids are given out, and how its errors look from outside."""

from __future__ import annotations

import functools
import inspect
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from typing import Any, Protocol, TypeVar

from pymongo import AsyncMongoClient, ReturnDocument, WriteConcern, monitoring, timeout
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import ConnectionFailure, DuplicateKeyError, PyMongoError, ServerSelectionTimeoutError
from pymongo.read_concern import ReadConcern
from pymongo.uri_parser import parse_uri

from reader.mappers.errors import StoreAway, StoreError

Document = dict[str, Any]
Class = TypeVar("Class", bound=type)

DATABASE = "evantr"
PATIENCE = 15
BRIEF = 1.0
"""Seconds for one operation while nobody has taken writes for longer than PATIENCE: nobody elects that long."""
DEFAULTS: dict[str, Any] = {  # an option in the address wins
    "timeoutMS": 1000 * PATIENCE,  # of one operation with its retries; a replica set elects within that
    "connectTimeoutMS": 5_000,
    "maxPoolSize": 50,
    "retryWrites": True,  # the driver itself leaves them where the server has no sessions
    "appname": "evantr",
}
ALL = 1_000_000  # batch_size of a find whose answer is to come in one piece, up to the 16 MB of a message
DURABLE = WriteConcern(w="majority", j=True)
# Nothing is read that a new primary could take back: a revision once seen stays.
SETTLED = ReadConcern("majority")


class Absence(monitoring.TopologyListener):
    """Since when no server of a client takes writes, as its driver sees it."""

    def __init__(self) -> None:
        self._since: float | None = None  # monotonic

    @property
    def long(self) -> bool:
        return self._since is not None and time.monotonic() - self._since > PATIENCE

    def opened(self, event: monitoring.TopologyOpenedEvent) -> None:
        """Nobody is known yet, and nobody missing."""

    def description_changed(self, event: monitoring.TopologyDescriptionChangedEvent) -> None:
        there = event.new_description.has_writable_server()
        self._since = None if there else self._since or time.monotonic()

    def closed(self, event: monitoring.TopologyClosedEvent) -> None:
        """Nobody asks any more."""


class Engine:
    """One client of one database. Answered writes are in the journals of a majority."""

    def __init__(self, client: AsyncMongoClient[Document], name: str, absence: Absence | None = None) -> None:
        self._client = client
        self._absence = absence
        self.db: AsyncDatabase[Document] = client.get_database(name, write_concern=DURABLE, read_concern=SETTLED)

    async def next_id(self, counter: str, count: int = 1) -> int:
        """Reserves ``count`` numbers in a row and returns the last. None is ever given out twice; some may be lost."""
        for last_try in (False, True):
            try:
                stored = await self.db.counter.find_one_and_update(
                    {"_id": counter},
                    {"$inc": {"value": count}},
                    upsert=True,
                    return_document=ReturnDocument.AFTER,
                )
                break
            except DuplicateKeyError:  # two made the counter at once: now it is there
                if last_try:
                    raise
        assert stored is not None  # it is made where there is none
        value: int = stored["value"]
        return value

    def patience(self) -> AbstractContextManager[object]:
        """Around operations: while the database has been away for long, they soon give up."""
        return timeout(BRIEF) if self._absence is not None and self._absence.long else nullcontext()

    @property
    def address(self) -> str:
        """Host and port of the servers, without secrets."""
        return ",".join(sorted(f"{host}:{port}" for host, port in self._client.nodes))

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[AsyncClientSession | None]:
        """A session whose reads all see the same moment; None where the server knows none (one that stands alone)."""
        if self._client.topology_description.topology_type_name not in ("ReplicaSetWithPrimary", "Sharded"):
            yield None
            return
        async with self._client.start_session(snapshot=True) as session:
            yield session

    async def close(self) -> None:
        await self._client.close()


async def connect(url: str) -> Engine:
    """Opens the database that a mongodb:// address names ("evantr" where it names none).

    Raises StoreError when the address cannot be used or nobody answers there.
    """
    try:
        parsed = parse_uri(url)
        said = {name.lower() for name in parsed["options"] or {}}
        options = {name: value for name, value in DEFAULTS.items() if name.lower() not in said}
        absence = Absence()
        client: AsyncMongoClient[Document] = AsyncMongoClient(url, **options, event_listeners=[absence])
    except PyMongoError as error:
        raise _told(error) from error
    try:
        await client.admin.command("ping")
    except ServerSelectionTimeoutError as error:
        await client.close()
        raise StoreError(_nobody_there(parsed["nodelist"], error)) from error
    except PyMongoError as error:
        await client.close()
        raise _told(error) from error
    return Engine(client, parsed["database"] or DATABASE, absence)


class Keeper(Protocol):
    """What is guarded: it works on one engine."""

    _engine: Engine


def _nobody_there(nodes: list[tuple[str, int]], error: PyMongoError) -> str:
    """A sentence without the driver's own picture of the servers, and without what is secret in the address."""
    asked = ", ".join(f"{host}:{port}" for host, port in nodes)
    reason, _, _ = str(error).partition(" (configured timeouts")
    return f"No MongoDB answers at {asked}: {reason}. Is it running, and is its address in EVANTR_STORE right?"


def guarded(mapper: Class) -> Class:
    """For a mapper's class: what the driver raises in a public method comes out as StoreError, with its cause."""
    for name, member in vars(mapper).items():
        if not name.startswith("_") and inspect.iscoroutinefunction(member):
            setattr(mapper, name, _guard(member))
    return mapper


def _guard(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    async def call(self: Keeper, *args: Any, **kwargs: Any) -> Any:
        try:
            with self._engine.patience():
                return await method(self, *args, **kwargs)
        except PyMongoError as error:
            away = error.timeout or isinstance(error, ConnectionFailure)
            raise StoreAway() if away else _told(error) from error

    return call


def _told(error: PyMongoError) -> StoreError:
    return StoreError(f"The database could not do this: {error}.")
