"""Who updates, and what is due."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

from reader.gateways.work import WorkGateway
from reader.jobs import FetchIcon, PullFeed, key_of
from reader.process import holder_name, is_dead
from tests.helpers.site import Site
from tests.helpers.wait import until, until_async
from tests.integration.workers.conftest import Bench, settings_in
from workers.program import Program
from workers.sweep import Sweeper
from workers.updater import LEASE, Updater


def work_of(bench: Bench) -> WorkGateway:
    return WorkGateway(bench.container.mappers, bench.container.bus, bench.container.clock)


def dead_holder() -> str:
    """The name of a process of this machine that has just ended."""
    code = "from reader.process import holder_name; print(holder_name())"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return run.stdout.strip()


async def test_due_feeds_are_enqueued_once(bench: Bench) -> None:
    ids = [await bench.feed(f"https://site{number}.example/feed") for number in range(3)]
    sweeper = Sweeper(bench.container, bench.queue)
    assert await sweeper.feeds() == (3, False)
    assert await sweeper.feeds() == (0, False)
    taken = [item for _ in ids if (item := await bench.queue.take("pull-sys"))]
    assert [item.payload for item in taken] == [PullFeed(i) for i in ids]
    assert await sweeper.feeds() == (0, False)  # they run
    await bench.queue.ack(taken[0])
    assert await sweeper.feeds() == (1, False)  # it ended without a result


async def test_a_host_has_a_budget_and_others_go_on(bench: Bench) -> None:
    for number in range(20):
        await bench.feed(f"https://big.example/{number}")
    small = await bench.feed("https://small.example/feed")
    sweeper = Sweeper(bench.container, bench.queue)
    put, held = await sweeper.feeds()
    assert (put, held) == (bench.container.settings.fetch_per_host * 2 + 1, True)
    assert bench.queue.holds(key_of(PullFeed(small)))
    item = await bench.queue.take("pull-sys")
    assert item is not None
    await bench.queue.ack(item)
    assert (await sweeper.feeds())[0] == 1


async def test_rows_are_swept(bench: Bench) -> None:
    work = work_of(bench)
    await work.submit(FetchIcon(1))
    await work.submit(FetchIcon(2), delay=60)
    sweeper = Sweeper(bench.container, bench.queue)
    assert await sweeper.rows() == 1
    assert await sweeper.rows() == 0
    bench.hands.ahead = 61
    assert await sweeper.rows() == 1


async def test_one_leads_and_a_standby_takes_over(bench: Bench) -> None:
    first, second = Updater(bench.container, bench.queue), Updater(bench.container, bench.queue)
    second._holder = f"{holder_name()}-second"
    tasks = [asyncio.create_task(first.run())]
    await until(lambda: first.leading)
    tasks.append(asyncio.create_task(second.run()))
    await asyncio.sleep(0.3)
    assert not second.leading
    token = (await work_of(bench).leader(LEASE)).token  # type: ignore[union-attr]
    tasks[0].cancel()
    await first.stop()
    await until(lambda: second.leading)
    assert (await work_of(bench).leader(LEASE)).token > token  # type: ignore[union-attr]
    tasks[1].cancel()
    await second.stop()


async def test_the_lease_of_a_dead_process_is_taken_at_once(bench: Bench) -> None:
    holder = dead_holder()
    assert is_dead(holder)
    assert await work_of(bench).lead(LEASE, holder, 3600) is not None
    updater = Updater(bench.container, bench.queue)
    task = asyncio.create_task(updater.run())
    await until(lambda: updater.leading, 5)
    task.cancel()
    await updater.stop()


def test_who_counts_as_dead() -> None:
    assert not is_dead(holder_name())
    machine, pid, start = holder_name().split("/")
    assert int(pid) == os.getpid()
    assert is_dead(f"{machine}/{pid}/{int(start) + 1}")  # the number was given to a new process
    assert not is_dead(f"elsewhere/{pid}/1")
    assert not is_dead("nonsense")
    assert not is_dead(f"{machine}/{pid}/")


async def test_a_program_pulls_what_is_due_and_new_entries(tmp_path: Path, store: str, site: Site) -> None:
    """The whole background in one process, from start to end."""
    feeds = [site.feed(f"/{number}.xml") for number in range(12)]
    for feed in feeds:
        feed.publish_many(2)
    program = Program(settings_in(tmp_path, store=store))
    container = await program.open()
    for feed in feeds:
        await container.mappers.feeds.create(feed.url, title="", site_url=None, description=None, now=0.0)
    program.start()

    async def all_there() -> bool:
        return (await container.gateways.feeds.stats())["entries"] == 24

    await until_async(all_there)
    assert [len(site.seen(feed.path)) for feed in feeds] == [1] * 12
    await program.close()
