"""The bundle of all mappers over one MongoDB database."""

from __future__ import annotations

from pathlib import Path

from reader.mappers import Mappers
from reader.mappers.errors import StoreError
from reader.mappers.mongo.backup import backup
from reader.mappers.mongo.departure import MongoDeparture
from reader.mappers.mongo.engine import Engine, connect, guarded
from reader.mappers.mongo.entries import MongoEntries
from reader.mappers.mongo.feeds import MongoFeeds
from reader.mappers.mongo.flags import MongoFlags
from reader.mappers.mongo.hub import MongoHub
from reader.mappers.mongo.imports import MongoImports
from reader.mappers.mongo.jobs import MongoJobs
from reader.mappers.mongo.migrations import MIGRATIONS, applied, migrate
from reader.mappers.mongo.notifications import MongoNotifications
from reader.mappers.mongo.operations import MongoOperations
from reader.mappers.mongo.people import MongoPeople
from reader.mappers.mongo.pushes import MongoPushes
from reader.mappers.mongo.search import MongoSearch
from reader.mappers.mongo.shares import MongoShares
from reader.mappers.mongo.streams import MongoStreams
from reader.mappers.mongo.subscriptions import MongoSubscriptions
from reader.mappers.mongo.talk import MongoTalk
from reader.mappers.mongo.users import MongoUsers
from reader.mappers.mongo.webhooks import MongoWebhooks
from reader.mappers.mongo.work import MongoLeases, MongoUndo
from reader.mappers.schema import check_newer


@guarded
class MongoMappers:
    """Mappers."""

    def __init__(self, engine: Engine) -> None:
        self.engine = self._engine = engine
        self.users = MongoUsers(engine)
        self.search = MongoSearch(engine)
        self.feeds = MongoFeeds(engine)
        self.entries = MongoEntries(engine)
        self.subscriptions = MongoSubscriptions(engine)
        self.flags = MongoFlags(engine)
        self.jobs = MongoJobs(engine)
        self.leases = MongoLeases(engine)
        self.undo = MongoUndo(engine)
        self.operations = MongoOperations(engine)
        self.imports = MongoImports(engine)
        self.shares = MongoShares(engine)
        self.streams = MongoStreams(engine)
        self.people = MongoPeople(engine)
        self.talk = MongoTalk(engine)
        self.notifications = MongoNotifications(engine)
        self.departure = MongoDeparture(engine)
        self.webhooks = MongoWebhooks(engine)
        self.hub = MongoHub(engine)
        self.pushes = MongoPushes(engine)

    async def migrate(self) -> list[str]:
        return await migrate(self.engine)

    async def backup(self, target: Path) -> None:
        await backup(self.engine, target)

    async def ready(self) -> None:
        done = await applied(self.engine)
        check_newer(done, [name for name, _ in MIGRATIONS])
        missing = [name for name, _ in MIGRATIONS if name not in done]
        if missing:
            raise StoreError(f"The database lacks migrations: {', '.join(missing)}.")

    async def close(self) -> None:
        await self.engine.close()


def _satisfies(mappers: MongoMappers) -> Mappers:
    """mypy proves the contract here."""
    return mappers


async def open_store(url: str) -> MongoMappers:
    """Opens the database at a mongodb:// address. Does not migrate."""
    return MongoMappers(await connect(url))
