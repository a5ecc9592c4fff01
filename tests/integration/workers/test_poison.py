"""Threat check 5: a job that ends its process is set aside after three times, and costs nobody else anything."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from reader.container import build
from reader.gateways import pulls
from reader.gateways.pull_rules import FAR_FUTURE
from reader.gateways.work import WorkGateway
from reader.ingest.work import Digest, digest_feed
from reader.jobs import FetchIcon, PullFeed, key_of
from reader.models.user import SYSTEM
from tests.helpers import poison
from tests.helpers.site import Site
from tests.helpers.wait import until, until_async
from tests.integration.workers.conftest import Bench, settings_in
from workers.cpu import CpuPool
from workers.local import RowsOnly
from workers.manager import Manager
from workers.ward import Ward, WardDied

ROOT = Path(__file__).parents[3]
DEAD = "nobody"


def ends_its_process(body: bytes, *rest: object) -> Digest:
    """What a CPU process does in these tests: a parser with a fault that takes it down."""
    if b"Poison" in body:
        os._exit(66)
    return digest_feed(body, *rest)  # type: ignore[arg-type]


@pytest.fixture
async def ward(bench: Bench) -> AsyncIterator[Ward]:
    made = Ward(bench.container.settings, poison.COMMAND)
    yield made
    await made.close()


async def lost(bench: Bench, feed_id: int, times: int = 2) -> None:
    """As if so many processes had died while they pulled the feed."""
    for _ in range(times):
        now = bench.hands.now()
        assert await bench.container.mappers.feeds.lease(feed_id, now, now + 60, DEAD) is not None
        assert await bench.container.mappers.feeds.free(DEAD, now) == 1


async def set_aside(bench: Bench, feed_id: int) -> bool:
    return (await bench.schedule(feed_id)).next_pull_at == FAR_FUTURE


async def pulled(bench: Bench, feed_ids: list[int]) -> bool:
    state = [((await bench.stored(feed_id)).seq, (await bench.schedule(feed_id)).lost) for feed_id in feed_ids]
    return state == [(1, 0)] * len(feed_ids)


async def test_check_5_a_suspect_that_ends_its_process_again_is_set_aside(bench: Bench, site: Site, ward: Ward) -> None:
    """Twice it ended the manager's process, now the ward's; its neighbours are pulled all the while."""
    bad, innocent = site.feed("/poison.xml"), [site.feed(f"/{number}.xml") for number in range(5)]
    for feed in (bad, *innocent):
        feed.publish()
    bad_id, *ids = [await bench.feed(feed.url) for feed in (bad, *innocent)]
    for feed_id in (bad_id, *ids[:3]):  # three of the others ran in the same process when it died
        await lost(bench, feed_id)
    manager = Manager(bench.container, bench.queue, ward=ward)
    task = asyncio.create_task(manager.run())
    for feed_id in (bad_id, *ids):
        await bench.queue.put(PullFeed(feed_id))
    await until_async(lambda: set_aside(bench, bad_id), 60)
    await until_async(lambda: pulled(bench, ids), 60)  # those that ran beside it run alone, one by one
    (letter,) = await bench.container.services.operations.dead(SYSTEM)
    assert (letter.key, letter.name, json.loads(letter.args)["feed_id"]) == (key_of(PullFeed(bad_id)), "pull", bad_id)
    assert letter.attempts == 3
    assert "ended the process" in letter.error
    assert letter.story
    stored = await bench.stored(bad_id)
    assert stored.state == "failing"
    assert "set aside" in ((await bench.schedule(bad_id)).error or "")
    await manager.stop()
    await task


async def test_check_5_an_operator_brings_it_back(bench: Bench, site: Site, ward: Ward) -> None:
    feed = site.feed("/cured.xml")
    feed.publish()
    feed_id = await bench.feed(feed.url)
    await lost(bench, feed_id, 3)
    manager = Manager(bench.container, bench.queue, ward=ward)
    task = asyncio.create_task(manager.run())
    await bench.queue.put(PullFeed(feed_id))
    await until_async(lambda: set_aside(bench, feed_id))
    assert await bench.container.gateways.pulls.due(10) == []
    operations = bench.container.services.operations
    (letter,) = await operations.dead(SYSTEM)
    await operations.retry(SYSTEM, letter.key)
    assert await operations.dead(SYSTEM) == []
    await until_async(lambda: _cleared(bench, feed_id), 60)
    assert await _pulled(bench, feed_id)
    assert [line.what for line in await operations.audit(SYSTEM)] == ["dead letter: retry"]
    await manager.stop()
    await task


async def _cleared(bench: Bench, feed_id: int) -> bool:
    return (await bench.schedule(feed_id)).lost == 0


async def _pulled(bench: Bench, feed_id: int) -> bool:
    return (await bench.stored(feed_id)).seq == 1


async def test_check_5_a_document_that_ends_cpu_processes(
    bench: Bench, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulls, "digest_feed", ends_its_process)
    bad, good = site.feed("/bad.xml", title="Poison"), site.feed("/good.xml")
    for feed in (bad, good):
        feed.publish()
    ids = [await bench.feed(feed.url) for feed in (bad, good)]
    manager = Manager(bench.container, bench.queue)
    task = asyncio.create_task(manager.run())
    for feed_id in ids:
        await bench.queue.put(PullFeed(feed_id))
    await until_async(lambda: set_aside(bench, ids[0]), 60)
    await until_async(lambda: _pulled(bench, ids[1]))
    (letter,) = await bench.container.services.operations.dead(SYSTEM)
    assert "3 times" in letter.error
    await until(lambda: (manager.counts.done["pull-sys"], manager.counts.failed["pull-sys"]) == (1, 1))
    await manager.stop()
    await task


async def test_check_5_a_row_that_was_lost_three_times_is_set_aside(bench: Bench) -> None:
    work = WorkGateway(bench.container.mappers, bench.container.bus, bench.container.clock)
    row, _ = await work.submit(FetchIcon(1))
    for _ in range(3):
        now = bench.hands.now()
        assert await bench.container.mappers.jobs.start(row.key, now, now + 60, DEAD)
        await bench.container.mappers.jobs.free(DEAD)
    manager = Manager(bench.container, bench.queue)
    task = asyncio.create_task(manager.run())
    await bench.queue.put(FetchIcon(1))
    await until_async(lambda: _letters(bench, 1))
    stored = await work.get(row.key)
    assert stored is not None
    assert stored.state == "failed"
    await bench.container.services.operations.retry(SYSTEM, row.key)
    await until_async(lambda: _state(work, row.key, "done"))
    assert await _letters(bench, 0)
    await manager.stop()
    await task


async def _letters(bench: Bench, number: int) -> bool:
    return len(await bench.container.services.operations.dead(SYSTEM)) == number


async def _state(work: WorkGateway, key: str, state: str) -> bool:
    row = await work.get(key)
    return row is not None and row.state == state


async def test_the_ward_does_jobs_as_the_manager_would(bench: Bench, site: Site) -> None:
    feed = site.feed("/feed.xml")
    feed.publish_many(3)
    feed_id = await bench.feed(feed.url)
    await lost(bench, feed_id)
    ward = Ward(bench.container.settings)
    outcome = await ward.run(PullFeed(feed_id), alone=False, seconds=30)
    assert isinstance(outcome, pulls.PullOutcome)
    assert outcome.new == 3
    pid = ward.pid
    assert await ward.run(PullFeed(feed_id), alone=True, seconds=30) == pulls.PullOutcome(skipped=True)
    assert ward.pid == pid
    await ward.close()
    assert ward.pid is None


async def test_the_death_of_the_ward_is_told_to_all_in_it(bench: Bench, site: Site, ward: Ward) -> None:
    bad, slow = site.feed("/poison.xml", delay=0), site.feed("/slow.xml", delay=5)
    ids = [await bench.feed(feed.url) for feed in (slow, bad)]
    runs = [asyncio.create_task(ward.run(PullFeed(feed_id), alone=False, seconds=30)) for feed_id in ids]
    ends = await asyncio.gather(*runs, return_exceptions=True)
    assert [type(each) for each in ends] == [WardDied, WardDied]
    assert "exit code 66" in str(ends[1])


async def test_who_is_killed_with_its_ward_accuses_nobody(bench: Bench, site: Site, ward: Ward) -> None:
    """Kill -9 of the whole program, as often as one likes, sets nothing aside."""
    slow = site.feed("/slow.xml", delay=30)
    feed_id = await bench.feed(slow.url)
    await lost(bench, feed_id)
    for _ in range(4):
        doomed = Ward(bench.container.settings)
        running = asyncio.create_task(doomed.run(PullFeed(feed_id), alone=False, seconds=30))
        await until_async(lambda: _leased(bench, feed_id), 30)
        running.cancel()  # nobody is left to see how it ends
        await asyncio.gather(running, return_exceptions=True)
        await doomed.close()
        assert await bench.container.gateways.work.free_dead() == 1
    assert (await bench.schedule(feed_id)).lost == 2


async def _leased(bench: Bench, feed_id: int) -> bool:
    return (await bench.schedule(feed_id)).lease_until > 0


def test_check_5_a_manager_that_is_started_again_and_again_gets_over_it(tmp_path: Path, site: Site) -> None:
    """The real program as a supervisor sees it: it dies at most twice, and comes back to work."""
    bad, good = site.feed("/poison.xml"), [site.feed(f"/{number}.xml") for number in range(20)]
    for feed in (bad, *good):
        feed.publish()

    async def store() -> list[int]:
        cpu = CpuPool()
        container = await build(settings_in(tmp_path), queue=RowsOnly(), cpu=cpu)
        await container.mappers.migrate()
        made = [
            await container.mappers.feeds.create(feed.url, title="", site_url=None, description=None, now=0.0)
            for feed in (bad, *good)
        ]
        await container.close()
        await cpu.close()
        return [feed.id for feed, _ in made]

    async def state(ids: list[int]) -> tuple[bool, int, int]:
        cpu = CpuPool()
        container = await build(settings_in(tmp_path), queue=RowsOnly(), cpu=cpu)
        schedule = await container.mappers.feeds.schedule(ids[0])
        assert schedule is not None
        feeds = [await container.mappers.feeds.get(feed_id) for feed_id in ids[1:]]
        dead = await container.services.operations.dead(SYSTEM)
        await container.close()
        await cpu.close()
        return schedule.next_pull_at == FAR_FUTURE, sum(feed.seq for feed in feeds if feed), len(dead)

    ids = asyncio.run(store())
    environment = os.environ | {"EVANTR_DATA": str(tmp_path), "EVANTR_FETCH_ALLOW": "127.0.0.0/8"}
    deaths, deadline = 0, time.monotonic() + 90
    process: subprocess.Popen[bytes] | None = None
    try:
        while time.monotonic() < deadline:
            if process is None or process.poll() is not None:
                deaths += process is not None
                process = subprocess.Popen(
                    [sys.executable, "-m", "tests.helpers.poison", "worker"], cwd=ROOT, env=environment,
                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                )  # fmt: skip
            time.sleep(0.3)
            if asyncio.run(state(ids)) == (True, 20, 1):
                break
        assert asyncio.run(state(ids)) == (True, 20, 1)
        assert deaths <= 2
        assert process is not None
        assert process.poll() is None
    finally:
        if process is not None:
            process.terminate()
            process.wait(20)
