"""While the database is away pages say so; what was under way when it went is done when it is back, and no feed is
blamed for it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
import structlog.testing

from reader.container import Container
from reader.errors import Away
from reader.jobs import CrawlSite, Payload, key_of
from reader.mappers import Mappers
from reader.mappers.mongo import engine
from tests.helpers.app import Person, World, open_world
from tests.helpers.mongo import MongoServer, own_mongo
from tests.helpers.site import Site
from tests.helpers.wait import until, until_async
from web.app import create_app
from workers import jobs
from workers.program import Program

SAID = "The database does not answer."


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Each traceback that goes nowhere takes longer to draw than the database is away."""
    with structlog.testing.capture_logs():
        yield


@pytest.fixture
def database(tmp_path: Path) -> Iterator[MongoServer]:
    server = own_mongo(tmp_path)
    yield server
    server.kill()


@pytest_asyncio.fixture
async def world(tmp_path: Path, database: MongoServer) -> AsyncIterator[World]:
    store = database.store("evantr", timeoutMS="2000")
    async with open_world(tmp_path / "data", create_app, store=store) as opened:
        yield opened


@pytest.fixture
def site() -> Iterator[Site]:
    with Site("127.0.0.9") as opened:
        yield opened


async def test_pages_and_programs_are_told(world: World, database: MongoServer) -> None:
    ada = await world.person("ada", admin=True)
    await world.feed(readers=[ada])
    assert (await ada.http.get("/starred")).status_code == 200
    database.kill()
    page = await ada.http.get("/starred?sort=old", headers={"Accept": "text/html"})
    assert page.status_code == 503 and page.headers["Retry-After"] == "5"
    assert SAID in page.text and 'href="/starred?sort=old"' in page.text and "Something broke" not in page.text
    answer = await ada.program.get("/api/v1/entries")
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:evantr:problem:store-away")
    assert "127.0.0.1" not in answer.text
    assert (await ada.program.get("/readyz")).status_code == 503
    assert (await ada.program.get("/healthz")).status_code == 200
    database.start()
    await until_async(lambda: _serves(ada), 20)


async def _serves(person: Person) -> bool:
    return (await person.http.get("/starred")).status_code == 200


async def test_who_is_away_for_long_is_not_waited_for(
    tmp_path: Path, database: MongoServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "BRIEF", 0.2)
    async with open_world(tmp_path / "data", store=database.store("evantr", timeoutMS="2000")) as world:
        mappers = world.container.mappers
        database.kill()
        with pytest.raises(Away):
            await mappers.feeds.get(1)
        monkeypatch.setattr(engine, "PATIENCE", 0.0)  # as if that had been a quarter of a minute ago
        start = asyncio.get_running_loop().time()
        with pytest.raises(Away):
            await mappers.feeds.get(1)
        assert asyncio.get_running_loop().time() - start < 1
        database.start()
        monkeypatch.undo()
        await until_async(lambda: _quietly(lambda: _ready(mappers)), 20)
        assert world.container.mappers.engine._absence.long is False  # type: ignore[attr-defined]


@asynccontextmanager
async def working(world: World) -> AsyncIterator[Container]:
    """The whole program on that store, in this process."""
    program = Program(world.container.settings)
    container = await program.open()
    program.start()
    try:
        yield container
    finally:
        await program.close()


async def test_a_feed_whose_pull_lost_the_database_is_pulled_again_and_not_blamed(
    world: World, database: MongoServer, site: Site
) -> None:
    feed = site.feed("/a.xml", delay=0.5)
    feed.publish_many(3)
    made, _ = await world.container.mappers.feeds.create(
        feed.url, title="", site_url=None, description=None, now=world.hands.now()
    )
    async with working(world):
        await until(lambda: site.seen("/a.xml"), 20)
        await asyncio.to_thread(_away_for_a_while, database)
        await until_async(lambda: _quietly(lambda: _pulled(world, made.id, 3)), 30)
    pulls = await world.container.mappers.feeds.pulls(made.id, 10)
    assert [(pull.new, pull.error) for pull in pulls] == [(3, None)]
    schedule = await world.container.mappers.feeds.schedule(made.id)
    assert schedule is not None and (schedule.errors, schedule.lost) == (0, 0)


def _away_for_a_while(database: MongoServer) -> None:
    database.kill()
    time.sleep(2)
    database.start()


async def _pulled(world: World, feed_id: int, entries: int) -> bool:
    feed = await world.container.mappers.feeds.get(feed_id)
    return feed is not None and feed.seq == entries


async def test_a_row_that_ended_while_the_database_was_away_has_its_result_once(
    world: World, database: MongoServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = []
    loop = asyncio.get_running_loop()

    async def run(container: Container, payload: Payload) -> str | None:
        if not isinstance(payload, CrawlSite):
            return None
        ran.append(payload)
        loop.run_in_executor(None, _away_for_a_while, database)
        await asyncio.sleep(0.3)
        return '"found"'

    monkeypatch.setattr(jobs, "run", run)
    async with working(world) as container:
        job = CrawlSite("https://one.example/")
        await container.gateways.work.submit(job)

        async def done() -> bool:
            row = await world.container.gateways.work.get(key_of(job))
            return row is not None and row.result == '"found"'

        await until(lambda: bool(ran), 20)
        await until_async(lambda: _quietly(done), 30)
    assert len(ran) == 1


async def _ready(mappers: Mappers) -> bool:
    await mappers.ready()
    return True


async def _quietly(ask: Callable[[], Awaitable[bool]]) -> bool:
    """False while the database is away."""
    try:
        return await ask()
    except Away:
        return False
