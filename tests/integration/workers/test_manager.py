"""Jobs from queue to end: order, limits, failures, draining, taking over from the dead."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from reader.gateways.work import WorkGateway
from reader.jobs import Discover, FetchIcon, Payload, PullFeed, key_of
from reader.models.operations import AuditLine
from tests.helpers.site import Site
from tests.helpers.wait import until, until_async
from tests.integration.workers.conftest import LOCAL_AND_NATS, Bench
from workers import jobs
from workers.manager import Manager

pytestmark = LOCAL_AND_NATS
Job = Callable[[Payload], Awaitable[str | None]]


@pytest.fixture
def run_as(monkeypatch: pytest.MonkeyPatch) -> Callable[[Job], None]:
    """Replaces what jobs do; the manager, its rows and the store are the real ones."""

    def use(job: Job) -> None:
        async def run(container: object, payload: Payload) -> str | None:
            return await job(payload)

        monkeypatch.setattr(jobs, "run", run)

    return use


async def setting(bench: Bench, queue: str, **values: float) -> None:
    """Live changes, as an administrator makes them."""
    for name, value in values.items():
        line = AuditLine(0, bench.hands.now(), 1, "ada", f"{queue}: {name}", "", f"{value:g}")
        await bench.container.gateways.operations.change(queue, name, value, line)


def work_of(bench: Bench) -> WorkGateway:
    return WorkGateway(bench.container.mappers, bench.container.bus, bench.container.clock)


async def test_never_more_at_once_than_allowed(bench: Bench, run_as: Callable[[Job], None]) -> None:
    running = most = 0

    async def job(payload: Payload) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.01)
        running -= 1

    run_as(job)
    await setting(bench, "pull-sys", max_running=3)
    manager = Manager(bench.container, bench.queue)
    for number in range(30):
        await bench.queue.put(PullFeed(number))
    task = asyncio.create_task(manager.run())
    await until(lambda: manager.counts.done["pull-sys"] == 30)
    assert most == 3
    await manager.stop()
    await task


async def test_a_person_does_not_wait_for_the_updater(bench: Bench, run_as: Callable[[Job], None]) -> None:
    """All places of the system's queue are taken by jobs that hang, hundreds wait; a user's pull runs at once."""
    done: list[Payload] = []
    gate = asyncio.Event()

    async def job(payload: Payload) -> None:
        if payload == PullFeed(1000, user=True):
            done.append(payload)
        else:
            await gate.wait()

    run_as(job)
    manager = Manager(bench.container, bench.queue)
    for number in range(300):
        await bench.queue.put(PullFeed(number))
    task = asyncio.create_task(manager.run())
    await until(lambda: manager.running["pull-sys"] == bench.container.settings.fetch_concurrency)
    await bench.queue.put(PullFeed(1000, user=True))
    await until(lambda: done)
    gate.set()
    await manager.stop()
    await task


async def test_an_exception_ends_one_job(bench: Bench, run_as: Callable[[Job], None]) -> None:
    async def job(payload: Payload) -> None:
        if payload == PullFeed(1):
            raise ZeroDivisionError

    run_as(job)
    manager = Manager(bench.container, bench.queue)
    task = asyncio.create_task(manager.run())
    for number in (1, 2):
        await bench.queue.put(PullFeed(number))
    await until(lambda: manager.counts.done["pull-sys"] == 1 and manager.counts.failed["pull-sys"] == 1)
    await manager.stop()
    await task


async def test_a_stuck_job_is_ended(bench: Bench, run_as: Callable[[Job], None]) -> None:
    async def job(payload: Payload) -> None:
        await asyncio.sleep(60)

    run_as(job)
    await setting(bench, "pull-sys", time_limit=1)
    manager = Manager(bench.container, bench.queue)
    task = asyncio.create_task(manager.run())
    await bench.queue.put(PullFeed(1))
    await until(lambda: manager.counts.failed["pull-sys"] == 1)
    await until(lambda: not bench.queue.holds(key_of(PullFeed(1))))
    await manager.stop()
    await task


async def test_a_row_job_is_tried_again_later_and_then_has_failed(bench: Bench, run_as: Callable[[Job], None]) -> None:
    async def job(payload: Payload) -> str:
        raise ValueError("the moon is full")

    run_as(job)
    work = work_of(bench)
    await setting(bench, "icon", attempts=2)
    manager = Manager(bench.container, bench.queue)
    task = asyncio.create_task(manager.run())
    row, made = await work.submit(FetchIcon(1))
    assert made and not (await work.submit(FetchIcon(1)))[1]
    await bench.queue.put(FetchIcon(1))
    await until_async(lambda: _state(work, row.key, "waiting", 1))
    assert await work.due(10) == []  # not before its pause is over
    bench.hands.ahead = 60
    assert await work.due(10) == [FetchIcon(1)]
    await bench.queue.put(FetchIcon(1))
    await until_async(lambda: _state(work, row.key, "failed", 2))
    stored = await work.get(row.key)
    assert stored is not None and stored.error == "ValueError: the moon is full" and stored.finished_at
    await manager.stop()
    await task


async def _state(work: WorkGateway, key: str, state: str, attempts: int) -> bool:
    row = await work.get(key)
    return row is not None and (row.state, row.attempts) == (state, attempts)


async def test_draining_hands_back_what_runs(bench: Bench, site: Site, run_as: Callable[[Job], None]) -> None:
    started = asyncio.Event()

    async def job(payload: Payload) -> str:
        started.set()
        await asyncio.sleep(60)
        return "never"

    run_as(job)
    work = work_of(bench)
    manager = Manager(bench.container, bench.queue)
    task = asyncio.create_task(manager.run())
    row, _ = await work.submit(Discover(site.url("/")))
    await bench.queue.put(Discover(site.url("/")))
    await asyncio.wait_for(started.wait(), 5)
    start = time.monotonic()
    await manager.stop(grace=0.2)
    assert time.monotonic() - start < 20
    stored = await work.get(row.key)
    assert stored is not None and (stored.state, stored.attempts) == ("waiting", 0)
    assert await work.due(10) == [Discover(site.url("/"))]
    await task


async def test_draining_lets_short_jobs_end_and_gives_leases_up(bench: Bench, site: Site) -> None:
    quick, slow = site.feed("/quick.xml", delay=0.3), site.feed("/slow.xml", delay=20)
    quick.publish()
    ids = [await bench.feed(feed.url) for feed in (quick, slow)]
    manager = Manager(bench.container, bench.queue)
    task = asyncio.create_task(manager.run())
    for feed_id in ids:
        await bench.queue.put(PullFeed(feed_id))
    await until(lambda: len(site.seen()) == 2)
    await manager.stop(grace=6.0)
    await task
    assert (await bench.stored(ids[0])).seq == 1
    assert (await bench.schedule(ids[1])).lease_until == 0
    assert [feed_id for feed_id, *_ in await bench.container.gateways.pulls.due(10)] == [ids[1]]


async def test_what_a_dead_process_ran_is_taken_over(bench: Bench) -> None:
    work = work_of(bench)
    await work.submit(FetchIcon(1))
    dead = await work.take(FetchIcon(1), 30)
    assert dead is not None
    assert await work.take(FetchIcon(1), 30) is None  # it may still live
    bench.hands.ahead = 31
    assert await work.due(10) == [FetchIcon(1)]
    heir = await work.take(FetchIcon(1), 30)
    assert heir is not None and heir.lease_token > dead.lease_token
    assert not await work.finish(dead, "from the grave")
    assert await work.finish(heir, '"kept"')
    stored = await work.get(heir.key)
    assert stored is not None
    ended = replace(heir, state="done", result='"kept"', lease_until=0.0, lease_holder="")
    assert stored == replace(ended, finished_at=stored.finished_at)
