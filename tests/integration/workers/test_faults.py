"""Threat checks 3 and 4, people before the updater, and what is left when a process is killed."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from reader.gateways.work import WorkGateway
from reader.jobs import CrawlSite, Discover, FetchIcon, Payload, PullFeed, Upkeep, key_of
from tests.helpers.site import Site
from tests.helpers.wait import until, until_async
from tests.integration.workers.conftest import Bench
from workers import jobs
from workers.local import LocalQueue
from workers.manager import Manager
from workers.sweep import Sweeper
from workers.updater import Updater

ROOT = Path(__file__).parents[3]


async def test_check_3_the_schedule_is_rebuilt_when_the_queue_forgot_everything(bench: Bench, site: Site) -> None:
    feeds = [site.feed(f"/{number}.xml") for number in range(5)]
    for feed in feeds:
        feed.publish()
    ids = [await bench.feed(feed.url) for feed in feeds]
    await bench.container.gateways.work.submit(Discover(site.url("/0.xml")))
    sweeper = Sweeper(bench.container, bench.queue)
    await sweeper.feeds()
    await sweeper.rows()
    assert all(bench.queue.holds(key_of(PullFeed(feed_id))) for feed_id in ids)
    fresh = LocalQueue()  # the old one is gone with all that it carried
    updater, manager = Updater(bench.container, fresh), Manager(bench.container, fresh)
    tasks = [asyncio.create_task(updater.run()), asyncio.create_task(manager.run())]
    start = time.monotonic()
    await until_async(lambda: _all_pulled(bench, ids), 30)
    await until_async(lambda: _ended(bench, key_of(Discover(site.url("/0.xml")))), 30)
    assert time.monotonic() - start < 60
    tasks[0].cancel()
    await updater.stop()
    await manager.stop()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _all_pulled(bench: Bench, ids: list[int]) -> bool:
    return all([(await bench.stored(feed_id)).seq == 1 for feed_id in ids])


async def _ended(bench: Bench, key: str) -> bool:
    row = await bench.container.gateways.work.get(key)
    return row is not None and row.finished_at is not None


async def _ten_times(bench: Bench, payload: Payload) -> None:
    """Ten managers, each with a queue of its own, get the same job at the same moment."""
    queues = [LocalQueue() for _ in range(10)]
    for queue in queues:
        await queue.put(payload)
    managers = [Manager(bench.container, queue) for queue in queues]
    tasks = [asyncio.create_task(manager.run()) for manager in managers]
    await until(lambda: not any(queue.holds(key_of(payload)) for queue in queues), 30)
    await asyncio.gather(*(manager.stop() for manager in managers))
    await asyncio.gather(*tasks)


@pytest.mark.parametrize("imported", [False, True])
async def test_check_4_a_pull_delivered_ten_times_fetches_once(bench: Bench, site: Site, imported: bool) -> None:
    feed = site.feed("/feed.xml", delay=0.3)
    feed.publish_many(20)
    feed_id = await bench.feed(feed.url)
    await _ten_times(bench, PullFeed(feed_id, imported=imported))
    assert len(site.seen("/feed.xml")) == 1
    assert [entry.seq for entry in await bench.entries(feed_id)] == list(range(1, 21))
    assert len(await bench.container.mappers.feeds.pulls(feed_id, 10)) == 1


async def test_check_4_a_discovery_delivered_ten_times_looks_once(bench: Bench, site: Site) -> None:
    site.feed("/feed.xml", delay=0.3).publish()
    job = Discover(site.url("/feed.xml"))
    await bench.container.gateways.work.submit(job)
    await _ten_times(bench, job)
    assert len(site.seen("/feed.xml")) == 1
    row = await bench.container.gateways.work.get(key_of(job))
    assert row is not None
    assert (row.state, row.attempts) == ("done", 1)


async def test_check_4_an_icon_delivered_ten_times_is_fetched_once(bench: Bench, site: Site) -> None:
    feed = site.feed("/feed.xml")
    feed.publish()
    feed_id = await bench.feed(feed.url)
    await bench.pull(feed_id)
    before = len(site.seen())
    await _ten_times(bench, FetchIcon(feed_id))
    row = await bench.container.gateways.work.get(key_of(FetchIcon(feed_id)))
    assert row is not None
    assert (row.state, row.attempts) == ("done", 1)
    paths = [seen.path for seen in site.seen()[before:]]
    assert len(paths) == len(set(paths))


async def test_check_4_a_crawl_delivered_ten_times_runs_once(bench: Bench, site: Site) -> None:
    site.page("/", "<p>Nothing to see</p>")
    job = CrawlSite(site.url("/"), site.url("/"))
    await bench.container.gateways.work.submit(job)
    await _ten_times(bench, job)
    row = await bench.container.gateways.work.get(key_of(job))
    assert row is not None
    assert (row.state, row.attempts) == ("done", 1)


async def test_check_4_upkeep_ten_times_at_once_changes_nothing_more(bench: Bench, site: Site) -> None:
    feed = site.feed("/feed.xml")
    feed.publish_many(20)
    feed_id = await bench.feed(feed.url)
    await bench.pull(feed_id)
    entries = await bench.entries(feed_id)
    await _ten_times(bench, Upkeep())
    assert await bench.entries(feed_id) == entries


async def test_a_persons_pull_starts_within_100_ms_before_10_000_of_the_updater(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: dict[int, float] = {}

    async def run(container: object, payload: Payload) -> None:
        assert isinstance(payload, PullFeed)
        started[payload.feed_id] = time.monotonic()
        await asyncio.sleep(0.05)

    monkeypatch.setattr(jobs, "run", run)
    for number in range(1, 10_001):
        assert await bench.queue.put(PullFeed(number))
    manager = Manager(bench.container, bench.queue)
    task = asyncio.create_task(manager.run())
    await until(lambda: len(started) > 200)
    waits = []
    for feed_id in (20_001, 9_999):  # a new one, and one that waits behind thousands
        asked = time.monotonic()
        await bench.queue.put(PullFeed(feed_id, user=True))
        await until(lambda feed_id=feed_id: feed_id in started)  # type: ignore[misc]
        waits.append(started[feed_id] - asked)
    assert max(waits) < 0.1
    assert bench.queue.waiting("pull-sys") > 5000
    await manager.stop(grace=0.1)
    await task


async def test_leases_of_a_killed_process_are_freed_at_once(bench: Bench) -> None:
    """No wait for their end: whoever starts next on this machine sees that the holder is dead."""
    feed_id = await bench.feed("https://one.example/feed")
    holder = _holder_of_a_dead_process()
    work = WorkGateway(bench.container.mappers, bench.container.bus, bench.container.clock)
    await work.submit(FetchIcon(feed_id))
    now = bench.hands.now()
    assert await bench.container.mappers.jobs.start(key_of(FetchIcon(feed_id)), now, now + 3600, holder)
    assert await bench.container.mappers.feeds.lease(feed_id, now, now + 3600, holder)
    other = await bench.feed("https://two.example/feed")
    assert await bench.container.mappers.feeds.lease(other, now, now + 3600, "elsewhere/1/1")
    assert await bench.container.gateways.pulls.due(10) == []
    manager = Manager(bench.container, bench.queue)
    task = asyncio.create_task(manager.run())
    await until_async(lambda: _due(bench, feed_id))
    assert await work.due(10) == [FetchIcon(feed_id)]
    assert [due.feed_id for due in await bench.container.gateways.pulls.due(10)] == [feed_id]
    await manager.stop()
    await task


def _holder_of_a_dead_process() -> str:
    code = "from reader.process import holder_name; print(holder_name())"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return run.stdout.strip()


async def _due(bench: Bench, feed_id: int) -> bool:
    return feed_id in [due.feed_id for due in await bench.container.gateways.pulls.due(10)]


async def test_a_long_job_keeps_its_lease(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.manager.BEAT_SECONDS", 0.2)
    monkeypatch.setattr("workers.runs.LEASE_SECONDS", 0.8)
    monkeypatch.setattr("workers.manager.LEASE_SECONDS", 0.8)
    runs = 0

    async def run(container: object, payload: Payload) -> str:
        nonlocal runs
        runs += 1
        await asyncio.sleep(2)
        return "null"

    monkeypatch.setattr(jobs, "run", run)
    work = WorkGateway(bench.container.mappers, bench.container.bus, bench.container.clock)
    row, _ = await work.submit(FetchIcon(1))
    manager, thief = Manager(bench.container, bench.queue), LocalQueue()
    other = Manager(bench.container, thief)
    tasks = [asyncio.create_task(each.run()) for each in (manager, other)]
    await bench.queue.put(FetchIcon(1))
    while not await _ended(bench, row.key):
        await thief.put(FetchIcon(1))
        await asyncio.sleep(0.05)
    assert runs == 1
    for each in (manager, other):
        await each.stop()
    await asyncio.gather(*tasks)


async def test_who_lost_the_lease_is_stopped_and_writes_nothing(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.manager.BEAT_SECONDS", 0.1)
    ends: list[str] = []

    async def run(container: object, payload: Payload) -> str:
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            ends.append("cancelled")
            raise
        return "null"

    monkeypatch.setattr(jobs, "run", run)
    work = WorkGateway(bench.container.mappers, bench.container.bus, bench.container.clock)
    row, _ = await work.submit(FetchIcon(1))
    manager = Manager(bench.container, bench.queue)
    task = asyncio.create_task(manager.run())
    await bench.queue.put(FetchIcon(1))
    await until(lambda: manager.running["icon"] == 1)
    await until_async(lambda: _runs(work, row.key))
    bench.hands.ahead = 60  # it hung for a minute; somebody else took the job meanwhile
    heir = await work.take(FetchIcon(1), 30)
    assert heir is not None
    await until(lambda: ends == ["cancelled"])
    assert await work.finish(heir, '"heir"')
    await manager.stop()
    await task
    stored = await work.get(row.key)
    assert stored is not None
    assert stored.result == '"heir"'


async def _runs(work: WorkGateway, key: str) -> bool:
    row = await work.get(key)
    return row is not None and row.state == "running"


def test_this_process_is_alive() -> None:
    from reader.process import host_and_pid, is_dead, memory_of

    assert not is_dead(_own())
    assert host_and_pid(_own())[1] == os.getpid()
    assert host_and_pid("nonsense") == ("?", 0)
    assert memory_of(os.getpid()) > 1_000_000
    assert memory_of(0) == 0


def _own() -> str:
    from reader.process import holder_name

    return holder_name()
