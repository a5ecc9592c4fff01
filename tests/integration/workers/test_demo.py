"""The demo's site keeps the promises that `evantr demo` prints."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from reader.models.reading import Finding
from reader.models.user import Actor
from tests.helpers.wait import until_async
from tests.integration.workers.conftest import settings_in
from workers.demo.content import FEEDS
from workers.demo.site import DemoSite
from workers.program import Program


@pytest.fixture
def demo() -> Iterator[DemoSite]:
    with DemoSite(port=0, every=1.0) as site:
        yield site


@pytest_asyncio.fixture
async def program(tmp_path: Path, store: str, demo: DemoSite) -> AsyncIterator[Program]:
    made = Program(settings_in(tmp_path, store=store, fetch_allow="127.0.0.2/32", discovery_wait=15), also=[demo.tell])
    await made.open()
    made.start()
    yield made
    await made.close()


async def find(program: Program, address: str) -> Finding:
    return await program.container.gateways.discovery.find(address, address, 15)


async def test_every_address_leads_where_it_says(program: Program, demo: DemoSite) -> None:
    front = await find(program, f"{demo.base}/")
    assert len(front.feeds) == sum(not feed.quirk for feed in FEEDS)
    kettle = (await find(program, f"{demo.base}/kettle")).feeds
    assert [(feed.format, feed.also) for feed in kettle] == [("atom 1.0", ("rss 2.0",))]
    attic = (await find(program, f"{demo.base}/attic")).feeds
    assert [feed.title for feed in attic] == ["Attic Notes"]
    closed = await find(program, f"{demo.base}/closed")
    assert not closed.feeds and closed.problem and "410" in closed.problem


async def test_the_feeds_are_readable_and_have_icons(program: Program, demo: DemoSite) -> None:
    container = program.container
    wanted = [feed for feed in FEEDS if feed.quirk not in ("gone", "slow")]
    ids = {}
    for feed in wanted:
        row, _ = await container.mappers.feeds.create(
            f"{demo.base}/{feed.name}/{feed.formats[0]}", title="", site_url=None, description=None, now=0.0
        )
        ids[feed.name] = row.id

    async def all_pulled() -> bool:
        rows = [await container.mappers.feeds.get(feed_id) for feed_id in ids.values()]
        return all(row is not None and row.seq > 0 for row in rows)

    async def icons() -> bool:
        row = await container.mappers.feeds.get(ids["workbench"])
        return row is not None and row.icon is not None

    await until_async(all_pulled)
    await until_async(icons)
    for feed in wanted:
        stored = await container.mappers.feeds.get(ids[feed.name])
        assert stored is not None and stored.seq >= len(feed.posts) and stored.title == feed.title


async def test_the_live_feed_brings_something_new(program: Program, demo: DemoSite) -> None:
    services = program.container.services
    user = await services.accounts.create_first(Actor(0), "ada", "correct horse battery")
    me = Actor(user.id, True)
    found = await services.feeds.find(me, f"{demo.base}/harbour")
    row = await services.feeds.subscribe(me, url=found.feeds[0].url)

    async def more_than_at_first() -> bool:
        sidebar = await services.reading.sidebar(me)
        return sidebar.feeds[0].total >= 10

    await until_async(more_than_at_first, 15)
    assert row.title == "Harbour Log"
