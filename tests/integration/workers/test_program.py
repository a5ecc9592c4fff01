"""Parts together: what one process does reaches the pages of another."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from reader.container import Container
from reader.events import EntriesArrived, FeedChanged, feed_topic
from tests.helpers.site import Site
from tests.helpers.wait import until
from tests.integration.workers.conftest import settings_in
from workers import program as module
from workers.program import Program


async def test_pages_of_a_process_without_workers_learn_what_arrives(
    tmp_path: Path, store: str, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "POLL_SECONDS", 0.05)
    feed = site.feed()
    feed.publish_many(2)
    settings = settings_in(tmp_path, store=store)
    web, worker = Program(settings, queues=(), updater=False), Program(settings)
    container = await web.open()
    await worker.open()
    row, _ = await container.mappers.feeds.create(feed.url, title="", site_url=None, description=None, now=0.0)
    web.start()
    await asyncio.sleep(0.2)
    events = []
    async with container.bus.subscribe([feed_topic(row.id)]) as channel:
        worker.start()
        async with asyncio.timeout(10):
            async for event in channel:
                events.append(event)
                if FeedChanged(row.id) in events and any(isinstance(e, EntriesArrived) for e in events):
                    break
    arrived = next(event for event in events if isinstance(event, EntriesArrived))
    assert (arrived.feed_id, arrived.count) == (row.id, 2)
    await web.close()
    await worker.close()


async def test_a_part_that_ends_is_reported_and_the_others_go_on(
    tmp_path: Path, store: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async def broken(container: Container) -> None:
        raise ZeroDivisionError("as expected")

    program = Program(settings_in(tmp_path, store=store), also=[broken])
    await program.open()
    program.start()
    await until(lambda: program.updater is not None and program.updater.leading)
    assert "as expected" in capsys.readouterr().out
    await program.close()
    await program.stop()  # a second time harms nothing
