"""A real store, a real CPU pool, a real web site on loopback; only the clock can be turned forward."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from reader.clock import Clock
from reader.container import Container, build
from reader.gateways.pulls import PullOutcome
from reader.models.entry import Entry
from reader.models.feed import Feed, Schedule
from reader.models.user import User
from reader.settings import Settings
from tests.helpers.servers import Server, nats_server
from tests.helpers.site import Site
from tests.helpers.stores import lay_out
from workers.cpu import CpuPool
from workers.local import LocalQueue
from workers.nats import NatsQueue


class Hands:
    """A clock that tests turn forward."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def now(self) -> float:
        return time.time() + self.ahead


@dataclass
class Bench:
    """One process's container with nothing running by itself."""

    container: Container
    queue: LocalQueue | NatsQueue
    hands: Hands

    async def feed(self, url: str) -> int:
        feed, _ = await self.container.mappers.feeds.create(
            url, title="", site_url=None, description=None, now=self.hands.now()
        )
        return feed.id

    async def pull(self, feed_id: int) -> PullOutcome:
        """Make the feed due and pull it."""
        await self.container.mappers.feeds.make_due(feed_id, self.hands.now())
        return await self.container.gateways.pulls.pull(feed_id)

    async def stored(self, feed_id: int) -> Feed:
        feed = await self.container.mappers.feeds.get(feed_id)
        assert feed is not None
        return feed

    async def schedule(self, feed_id: int) -> Schedule:
        schedule = await self.container.mappers.feeds.schedule(feed_id)
        assert schedule is not None
        return schedule

    async def entries(self, feed_id: int) -> list[Entry]:
        """Visible entries in order of seq."""
        feed = await self.stored(feed_id)
        spots = await self.container.mappers.entries.positions([(feed_id, 1, feed.seq)])
        return await self.container.mappers.entries.many([spot.id for spot in spots.get(feed_id, [])])

    async def reader(self, name: str, *feed_ids: int, unread: int = 20) -> User:
        user = await self.container.mappers.users.create(name, "x", now=self.hands.now(), admin_if_first=True)
        for feed_id in feed_ids:
            await self.container.mappers.subscriptions.subscribe(
                user.id, feed_id, folder_id=None, title=None, unread=unread, now=self.hands.now()
            )
        return user

    async def unread(self, user: User, feed_id: int) -> int:
        sidebar = await self.container.gateways.reading.sidebar(user.id)
        return next(row.unread for row in sidebar.feeds if row.feed_id == feed_id)


def settings_in(folder: Path, **values: object) -> Settings:
    return Settings(_env_file=None, **{"data": folder, "fetch_allow": "127.0.0.0/8", **values})  # type: ignore[arg-type]


@pytest.fixture
def site() -> Iterator[Site]:
    with Site("127.0.0.3") as opened:
        yield opened


@pytest_asyncio.fixture
async def cpu() -> AsyncIterator[CpuPool]:
    pool = CpuPool()
    yield pool
    await pool.close()


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = nats_server(tmp_path_factory.mktemp("nats"))
    yield server
    server.kill()


LOCAL_AND_NATS = pytest.mark.parametrize("bench", ["local", "nats"], indirect=True)
"""The tests of a module run once for each transport and bus: ``pytestmark = LOCAL_AND_NATS``."""


@pytest_asyncio.fixture
async def bench(request: pytest.FixtureRequest, tmp_path: Path, store: str, cpu: CpuPool) -> AsyncIterator[Bench]:
    hands = Hands()
    clock = Clock(now=hands.now)
    queue: LocalQueue | NatsQueue = LocalQueue()
    settings: dict[str, object] = {"store": store}
    if getattr(request, "param", "local") == "nats":
        url = f"nats://{request.getfixturevalue('broker').address}"
        settings |= {"bus": url, "queue": url, "cluster": f"t{abs(hash(request.node.nodeid))}"}
        queue = NatsQueue(url, str(settings["cluster"]))
        await queue.start()
    lay_out(tmp_path, store)
    container = await build(settings_in(tmp_path, **settings), queue=queue, cpu=cpu, clock=clock)
    await container.mappers.migrate()
    await container.fetcher.start()
    yield Bench(container, queue, hands)
    await container.close()
    if isinstance(queue, NatsQueue):
        await queue.close()
