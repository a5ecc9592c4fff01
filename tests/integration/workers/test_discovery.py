"""Finding feeds: at once, from the cache, by a job; on one page or in two processes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from reader.gateways.discovery import DiscoveryGateway
from reader.jobs import Discover, key_of
from tests.helpers.site import Site
from tests.integration.workers.conftest import Bench, settings_in
from workers.manager import Manager
from workers.program import Program


@pytest_asyncio.fixture
async def served(bench: Bench) -> AsyncIterator[Bench]:
    """The bench with a manager that runs what is queued."""
    manager = Manager(bench.container, bench.queue)
    task = asyncio.create_task(manager.run())
    yield bench
    await manager.stop()
    task.cancel()


def gateway(bench: Bench) -> DiscoveryGateway:
    return bench.container.gateways.discovery


async def test_a_page_leads_to_its_feeds(served: Bench, site: Site) -> None:
    site.feed("/feed.xml", "Letters").publish_many(2)
    site.feed("/other.xml", "Pictures").publish_many(2)
    site.page("/", "/feed.xml", "/other.xml")
    finding = await gateway(served).find(site.url("/"), site.url("/"), 10)
    assert not finding.wait and finding.problem is None
    assert {(feed.title, feed.url) for feed in finding.feeds} == {
        ("Letters", site.url("/feed.xml")),
        ("Pictures", site.url("/other.xml")),
    }
    assert finding.tried and all(step.note for step in finding.tried)


async def test_the_second_time_it_comes_from_the_cache(served: Bench, site: Site) -> None:
    site.feed("/feed.xml").publish()
    site.page("/", "/feed.xml")
    first = await gateway(served).find(site.url("/"), "", 10)
    seen = len(site.seen())
    assert await gateway(served).find(site.url("/"), "", 0) == first
    # what was proven is found under its own address too, and can be subscribed to
    direct = await gateway(served).find(site.url("/feed.xml"), "", 0)
    assert direct.feeds == first.feeds
    assert await gateway(served).proven(site.url("/feed.xml")) == first.feeds[0]
    assert await gateway(served).proven(site.url("/elsewhere.xml")) is None
    assert len(site.seen()) == seen
    served.hands.ahead = 7300
    assert not (await gateway(served).find(site.url("/"), "", 10)).wait
    assert len(site.seen()) > seen


async def test_a_known_feed_needs_no_job(bench: Bench, site: Site) -> None:
    feed_id = await bench.feed(site.url("/feed.xml"))
    finding = await gateway(bench).find(site.url("/feed.xml"), "", 0)
    assert [feed.feed_id for feed in finding.feeds] == [feed_id]
    assert site.seen() == []
    https = site.url("/feed.xml").replace("http://", "https://")  # typed without a scheme
    assert (await gateway(bench).find(https, "", 0)).feeds == finding.feeds


async def test_a_slow_site_lets_nobody_wait_longer(served: Bench, site: Site) -> None:
    site.feed("/feed.xml", delay=1.0).publish()
    finding = await gateway(served).find(site.url("/feed.xml"), "", 0.2)
    assert finding.wait
    again = await gateway(served).find(site.url("/feed.xml"), "", 10)
    assert not again.wait and len(again.feeds) == 1
    assert len(site.seen("/feed.xml")) == 1  # one job, however often asked


async def test_failure_says_what_was_tried(served: Bench, site: Site) -> None:
    site.page("/")
    finding = await gateway(served).find(site.url("/"), "", 10)
    assert finding.feeds == () and not finding.wait
    assert finding.problem and finding.problem.endswith(".")
    assert len(finding.tried) > 3
    site.feed("/feed.xml").publish()
    served.hands.ahead = 301  # a failure is not kept for two hours
    assert (await gateway(served).find(site.url("/"), "", 10)).feeds


async def test_many_ask_at_once_and_one_job_runs(served: Bench, site: Site) -> None:
    site.feed("/feed.xml", delay=0.2).publish()
    found = await asyncio.gather(*(gateway(served).find(site.url("/feed.xml"), "", 10) for _ in range(20)))
    assert all(len(finding.feeds) == 1 for finding in found)
    assert len(site.seen("/feed.xml")) == 1


async def test_without_a_worker_the_row_waits_for_one(bench: Bench, site: Site) -> None:
    site.feed("/feed.xml").publish()
    finding = await gateway(bench).find(site.url("/feed.xml"), "", 0)
    row = await bench.container.mappers.jobs.get(key_of(Discover(site.url("/feed.xml"))))
    assert finding.wait and row is not None and row.state == "waiting"


async def test_a_worker_in_another_process_answers(tmp_path: Path, store: str, site: Site) -> None:
    """`evantr web` and `evantr worker` on one file: here as two programs that share nothing else."""
    site.feed("/feed.xml").publish()
    web = Program(settings_in(tmp_path, store=store), queues=(), updater=False)
    worker = Program(settings_in(tmp_path, store=store), updater=False, polls=True)
    await web.open()
    await worker.open()
    web.start()
    worker.start()
    try:
        finding = await web.container.gateways.discovery.find(site.url("/feed.xml"), "", 10)
        assert len(finding.feeds) == 1
    finally:
        await web.close()
        await worker.close()
