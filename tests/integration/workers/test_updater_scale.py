"""Fairness in a backlog, clocks that jump, and who leads when a process dies."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from reader.gateways.work import WorkGateway
from reader.jobs import PullFeed, key_of
from tests.helpers.site import Site
from tests.helpers.wait import until
from tests.integration.workers.conftest import Bench, settings_in
from workers import sweep
from workers.program import Program
from workers.sweep import Sweeper
from workers.updater import LEASE, LEASE_SECONDS, Updater

DAY = 86_400.0


def ids_of(bench: Bench, feeds: list[int]) -> list[int]:
    return [feed for feed in feeds if bench.queue.holds(key_of(PullFeed(feed)))]


async def test_a_backlog_of_one_site_starves_nobody(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """More feeds of one site are due, and for longer, than a page of the look-ahead holds, many times over."""
    monkeypatch.setattr(sweep, "LOOK_AHEAD", 20)
    big = [await bench.feed(f"https://big.example/{number}") for number in range(150)]
    small = [await bench.feed(f"https://small{number}.example/feed") for number in range(5)]
    sweeper = Sweeper(bench.container, bench.queue)
    rounds = 0
    while len(ids_of(bench, small)) < len(small):
        assert (await sweeper.feeds())[1]
        rounds += 1
        assert rounds <= 2
    budget = bench.container.settings.fetch_per_host * 2
    assert ids_of(bench, big) == big[:budget], "the longest due first, and no more than its budget"


async def test_a_slow_site_never_idles_and_drains_in_order(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "LOOK_AHEAD", 10)
    monkeypatch.setattr(sweep, "PARKED_MOST", 6)
    big = [await bench.feed(f"https://big.example/{number}") for number in range(60)]
    sweeper = Sweeper(bench.container, bench.queue)
    budget = bench.container.settings.fetch_per_host * 2
    pulled: list[int] = []
    for _ in range(200):
        await sweeper.feeds()
        assert len(ids_of(bench, big)) == min(budget, len(big) - len(pulled))
        item = await bench.queue.take("pull-sys")
        if item is None:
            break
        assert isinstance(item.payload, PullFeed)
        pulled.append(item.payload.feed_id)
        now = bench.hands.now()
        await bench.container.mappers.feeds.set_aside(item.payload.feed_id, now + DAY, "pulled")
        await bench.queue.ack(item)
    assert sorted(pulled) == big, "each once"


async def test_what_most_people_read_comes_first(bench: Bench) -> None:
    feeds = [await bench.feed(f"https://site{number}.example/feed") for number in range(4)]
    await bench.reader("ada", feeds[2], feeds[3])
    await bench.reader("bob", feeds[2])
    sweeper = Sweeper(bench.container, bench.queue)
    await sweeper.feeds()
    taken = [item for _ in feeds if (item := await bench.queue.take("pull-sys"))]
    assert [item.payload for item in taken] == [PullFeed(feeds[n]) for n in (2, 3, 0, 1)]


async def settle(bench: Bench, updater: Updater) -> None:
    """Rounds of the updater, and pulls of all that it brings."""
    for _ in range(3):
        await updater._round()
        while (item := await bench.queue.take("pull-sys")) is not None:
            assert isinstance(item.payload, PullFeed)
            await bench.container.gateways.pulls.pull(item.payload.feed_id)
            await bench.queue.ack(item)


@pytest.mark.parametrize("jump", [-DAY, 3650 * DAY])
async def test_a_jump_of_the_clock(bench: Bench, site: Site, jump: float) -> None:
    """Check 22: at most one extra fetch a feed, and none waits for longer than its interval afterwards."""
    served = [site.feed(f"/{number}.xml") for number in range(4)]
    for feed in served:
        feed.publish_many(2)
    feeds = [await bench.feed(feed.url) for feed in served]
    await bench.reader("ada", *feeds)
    updater = Updater(bench.container, bench.queue)
    await settle(bench, updater)
    assert all(len(site.seen(feed.path)) == 1 for feed in served)
    updater._ahead -= jump  # as it was before the jump: the test's clocks are turned as one
    bench.hands.ahead += jump
    await settle(bench, updater)
    assert all(len(site.seen(feed.path)) <= 2 for feed in served)
    for feed_id in feeds:
        assert (await bench.schedule(feed_id)).next_pull_at - bench.hands.now() <= 3601
    if jump > 0:  # and back: what was planned in ten years is planned within the hour again
        updater._ahead += jump
        bench.hands.ahead -= jump
        await settle(bench, updater)
        assert all(len(site.seen(feed.path)) <= 2 for feed in served)
        for feed_id in feeds:
            assert (await bench.schedule(feed_id)).next_pull_at - bench.hands.now() <= 3601
    await updater.stop()


async def test_a_clock_set_back_while_nothing_ran(bench: Bench, site: Site) -> None:
    served = site.feed()
    served.publish_many(2)
    feed_id = await bench.feed(served.url)
    await bench.reader("ada", feed_id)
    bench.hands.ahead = 2 * DAY
    await bench.pull(feed_id)
    bench.hands.ahead = 0
    updater = Updater(bench.container, bench.queue)
    await settle(bench, updater)
    assert (await bench.schedule(feed_id)).next_pull_at - bench.hands.now() <= 3601
    assert len(site.seen(served.path)) == 1
    await updater.stop()


async def test_a_lease_of_another_machine_ends_by_itself(bench: Bench) -> None:
    work = WorkGateway(bench.container.mappers, bench.container.bus, bench.container.clock)
    first = await work.lead(LEASE, "elsewhere/1/1", LEASE_SECONDS)
    assert first is not None
    updater = Updater(bench.container, bench.queue)
    assert not await updater._lead()
    bench.hands.ahead += LEASE_SECONDS + 0.1
    assert await updater._lead()
    now = bench.hands.now()
    back = await bench.container.mappers.leases.take(LEASE, "elsewhere/1/1", now, now + 15)
    assert back is None, "who was away too long leads no more"
    await updater.stop()


CHILD = """
import asyncio, sys
from pathlib import Path
from tests.integration.workers.conftest import settings_in
from workers.program import Program

async def main():
    program = Program(settings_in(Path(sys.argv[1]), store=sys.argv[2]))
    await program.open()
    program.start()
    while not program.updater.leading:
        await asyncio.sleep(0.05)
    print("leads", flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


def start_child(folder: Path, store: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", CHILD, str(folder), store], stdout=subprocess.PIPE, text=True)


async def test_a_standby_takes_over_from_a_killed_program(tmp_path: Path, store: str, site: Site) -> None:
    """Two programs on one store; the leader is killed without a word."""
    child = await asyncio.to_thread(start_child, tmp_path, store)
    try:
        assert child.stdout is not None
        line = await asyncio.to_thread(child.stdout.readline)
        while line and line.strip() != "leads":
            line = await asyncio.to_thread(child.stdout.readline)
        standby = Program(settings_in(tmp_path, store=store))
        container = await standby.open()
        standby.start()
        await asyncio.sleep(2.5)
        assert standby.updater is not None
        assert not standby.updater.leading, "never two at once"
        before = await container.mappers.leases.get(LEASE)
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        killed = time.monotonic()
        await until(lambda: standby.updater is not None and standby.updater.leading, 30)
        assert time.monotonic() - killed < 30
        after = await container.mappers.leases.get(LEASE)
        assert before is not None
        assert after is not None
        assert after.token > before.token
        served = site.feed()
        served.publish_many(1)
        await container.mappers.feeds.create(served.url, title="", site_url=None, description=None, now=0.0)
        await until(lambda: len(site.seen(served.path)) == 1, 10)
        await standby.close()
    finally:
        child.kill()
        child.wait()
        if child.stdout is not None:
            child.stdout.close()
