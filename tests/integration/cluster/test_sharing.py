"""Several managers on one broker: they share a queue evenly, and serve the queues they were given and no others."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio

from reader.container import Container, build
from reader.jobs import CrawlSite, Payload, PullFeed
from tests.helpers.servers import Server, nats_server
from tests.helpers.wait import until
from tests.integration.workers.conftest import settings_in
from workers import jobs
from workers.cpu import CpuPool
from workers.manager import Manager
from workers.nats import NatsQueue

JOBS = 600
PLACES = 20  # of each manager


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = nats_server(tmp_path_factory.mktemp("nats"))
    yield server
    server.kill()


class Crew:
    """Managers with containers and connections of their own, as in processes of their own."""

    def __init__(self, folder: Path, broker: Server, cluster: str, stack: AsyncExitStack, store: str) -> None:
        self._folder, self._url, self._cluster, self._stack = folder, f"nats://{broker.address}", cluster, stack
        self._store = store
        self.done: dict[int, Counter[str]] = {}
        self._places: dict[Container, int] = {}

    async def hire(self, *queues: str) -> int:
        """One more manager, for these queues; its number."""
        number = len(self.done)
        self.done[number] = Counter()
        queue = await self.queue()
        cpu = CpuPool(1)
        settings = settings_in(
            self._folder, fetch_concurrency=PLACES, bus=self._url, queue=self._url, cluster=self._cluster,
            store=self._store,
        )  # fmt: skip
        container = await build(settings, queue=queue, cpu=cpu)
        self._stack.push_async_callback(cpu.close)
        self._stack.push_async_callback(container.close)
        await container.mappers.migrate()
        manager = Manager(container, queue, queues)
        running = asyncio.create_task(manager.run())

        async def stop() -> None:
            await manager.stop()
            await running

        self._stack.push_async_callback(stop)
        self._places[container] = number  # containers are told apart by what they are, not by what they hold
        await until(lambda: bool(manager._settings))
        return number

    async def queue(self) -> NatsQueue:
        queue = NatsQueue(self._url, self._cluster)
        await queue.start()
        self._stack.push_async_callback(queue.close)
        await until(lambda: queue.up)
        return queue

    async def run(self, container: Container, payload: Payload) -> None:
        await asyncio.sleep(0.02)
        number = next(number for each, number in self._places.items() if each is container)
        self.done[number][payload.queue] += 1

    @property
    def total(self) -> int:
        return sum(count.total() for count in self.done.values())


@pytest_asyncio.fixture
async def crew(
    tmp_path: Path, broker: Server, mongo_store: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Crew]:
    async with AsyncExitStack() as stack:
        made = Crew(tmp_path, broker, tmp_path.name[:30].replace("_", "-"), stack, mongo_store)
        monkeypatch.setattr(jobs, "run", made.run)
        yield made


@pytest.mark.parametrize("when", ["before", "after"])
async def test_two_managers_share_a_queue_evenly(crew: Crew, when: str) -> None:
    """Whether the work waits when they come, or they wait for the work."""
    queue = await crew.queue()
    if when == "after":
        for _ in range(2):
            await crew.hire("pull-sys")
    for number in range(JOBS):
        assert await queue.put(PullFeed(number))
    if when == "before":
        await asyncio.gather(*(crew.hire("pull-sys") for _ in range(2)))
    await until(lambda: crew.total >= JOBS, 60)
    shares = [count.total() / crew.total for count in crew.done.values()]
    assert min(shares) >= 0.4, shares
    assert crew.total == JOBS


async def test_four_managers_on_two_queues_serve_only_theirs(crew: Crew) -> None:
    queue = await crew.queue()
    for queues in (["pull-sys"], ["pull-sys"], ["import"], ["import"]):
        await crew.hire(*queues)
    for number in range(JOBS):
        await queue.put(PullFeed(number))
        await queue.put(PullFeed(JOBS + number, imported=True))
    for number in range(10):
        await queue.put(CrawlSite(f"https://{number}.test/"))  # nobody serves these
    await until(lambda: crew.total >= 2 * JOBS, 60)
    for number, name in enumerate(["pull-sys", "pull-sys", "import", "import"]):
        assert set(crew.done[number]) == {name}
        assert crew.done[number][name] >= 0.4 * JOBS
    await queue.look()
    assert queue.depth("crawl").waiting == 10
