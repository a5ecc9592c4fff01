"""While what carries events between processes is away, pages stay up and say so; no longer once it is back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from reader.models.operations import ManagerStatus
from tests.helpers.app import World, open_world
from tests.helpers.servers import Server, nats_server
from tests.helpers.wait import until
from web.app import create_app
from web.kit import LATE
from workers.cluster import ClusterQueue
from workers.nats import NatsQueue
from workers.reporter import Reporter


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Server]:
    server = nats_server(tmp_path)
    yield server
    server.kill()


@pytest_asyncio.fixture
async def world(tmp_path: Path, broker: Server, store: str) -> AsyncIterator[World]:
    async with open_world(tmp_path / "data", create_app, store=store, bus=f"nats://{broker.address}") as opened:
        await until(lambda: opened.container.bus.up)
        yield opened


async def test_pages_say_that_news_is_late(world: World, broker: Server) -> None:
    ada = await world.person("ada", admin=True)
    await world.feed(readers=[ada])
    bus = world.container.bus

    async def seen() -> tuple[bool, bool]:
        page = await ada.http.get("/")
        assert page.status_code == 200
        return LATE in page.text, (await ada.http.get("/api/v1/counters")).json()["live"]

    assert await seen() == (False, True)
    broker.kill()
    await until(lambda: not bus.up)
    assert await seen() == (True, False)
    broker.start()
    await until(lambda: bus.up, 30)
    assert await seen() == (False, True)


def test_the_script_says_it_in_the_same_words() -> None:
    script = Path(__file__).parents[3] / "web" / "static" / "js" / "counts.js"
    assert LATE in script.read_text()


async def test_operators_see_which_processes_have_lost_their_broker(world: World, broker: Server) -> None:
    ada = await world.person("ada", admin=True)
    queue = ClusterQueue(NatsQueue(f"nats://{broker.address}", "a"))
    await queue.start()
    await until(lambda: queue.up)
    reporter = Reporter(world.container, "web", None, tuple, lambda: None, lambda: queue.up)
    world.container.gateways.operations.attach(reporter.status)

    async def seen() -> tuple[bool, ManagerStatus]:
        page = await ada.http.get("/admin/queues")
        assert page.status_code == 200
        overview = await world.container.services.operations.overview(ada.actor)
        return "NATS is out of reach" in page.text, overview.managers[0]

    said, status = await seen()
    assert (said, status.queue_up, status.bus_up) == (False, True, True)
    broker.kill()
    await until(lambda: not queue.up and not world.container.bus.up)
    said, status = await seen()
    assert (said, status.queue_up, status.bus_up) == (True, False, False)
    figures = (await ada.http.get("/metrics")).text
    assert 'port="queue",process="' in figures and "evantr_broker_up" in figures
    (manager,) = (await ada.program.get("/api/v1/admin/managers")).json()["managers"]
    assert (manager["queue_up"], manager["bus_up"]) == (False, False)
    await queue.close()
