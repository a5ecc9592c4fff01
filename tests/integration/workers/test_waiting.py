"""The controller, and jobs that people and programs submit."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence

import pytest

from reader.container import build
from reader.errors import Invalid, Limited, NotFound
from reader.gateways import controller as module
from reader.gateways.submissions import SubmissionGateway
from reader.jobs import Discover, FetchIcon, key_of
from reader.models.operations import JobView, Owned
from reader.models.user import Actor
from reader.pubsub.memory import MemoryBus
from reader.pubsub.nats import SUBJECTS
from tests.helpers.counts import cost
from tests.helpers.site import Site
from tests.helpers.wait import until
from tests.integration.workers.conftest import LOCAL_AND_NATS, Bench
from workers.cpu import CpuPool
from workers.local import RowsOnly
from workers.manager import Manager

pytestmark = LOCAL_AND_NATS


@pytest.fixture
async def manager(bench: Bench) -> AsyncIterator[Manager]:
    made = Manager(bench.container, bench.queue)
    task = asyncio.create_task(made.run())
    yield made
    await made.stop(grace=0.1)
    await task


def wish(number: int) -> Owned:
    return Owned(1, key_of(FetchIcon(number)), "icon", f'{{"feed_id":{number}}}', 0.0)


async def finish(bench: Bench, number: int, error: str | None = None) -> None:
    work = bench.container.gateways.work
    row = await work.take(FetchIcon(number), 30)
    assert row is not None
    await (work.finish(row, str(number)) if error is None else work.fail(row, error, None))


async def test_a_thousand_jobs_each_told_once_as_it_ends(bench: Bench) -> None:
    wishes = [wish(number) for number in range(1000)]
    for number in range(1000):
        await bench.container.gateways.work.submit(FetchIcon(number))
    for number in range(300):  # over before anybody looks
        await finish(bench, number)
    seen: list[JobView] = []

    async def follow() -> None:
        async for view in bench.container.gateways.controller.follow(wishes):
            seen.append(view)

    following = asyncio.create_task(follow())
    await until(lambda: len(seen) == 300)
    await asyncio.gather(*(finish(bench, number, "no" if number % 7 == 0 else None) for number in range(300, 1000)))
    await asyncio.wait_for(following, 30)
    assert len(seen) == 1000
    assert {view.key for view in seen} == {each.key for each in wishes}
    assert sum(view.state == "failed" for view in seen) == 100
    assert all(view.result == int(str(view.args["feed_id"])) for view in seen if view.state == "done")


async def test_each_result_comes_as_it_comes(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK_EVERY", 600)  # by the event, not by the look
    for number in range(3):
        await bench.container.gateways.work.submit(FetchIcon(number))
    views = bench.container.gateways.controller.follow([wish(number) for number in range(3)])
    for number in (2, 0, 1):
        coming = asyncio.ensure_future(anext(views))
        await asyncio.sleep(0.02)
        assert not coming.done()
        await finish(bench, number)
        assert (await asyncio.wait_for(coming, 10)).result == number
    with pytest.raises(StopAsyncIteration):
        await anext(views)


def is_the_drivers(task: asyncio.Task[object]) -> bool:
    """MongoDB's clients look after their connections."""
    code = getattr(task.get_coro(), "cr_code", None)
    return code is not None and "pymongo" in code.co_filename


async def test_ten_thousand_waiters_that_go_are_forgotten(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK_EVERY", 600)  # their jobs are not there: a look would end them
    controller, bus = bench.container.gateways.controller, bench.container.bus
    assert isinstance(bus, MemoryBus)
    before = len(bus._topics)

    async def wait(number: int) -> None:
        async with controller.waiting([wish(number)]) as waiter:
            await waiter.next(600)

    waiters = [asyncio.create_task(wait(number % 5000)) for number in range(10_000)]
    await until(lambda: controller.waited_for == 5000, 60)
    await asyncio.sleep(0)
    assert len(bus._topics) == before + 5000
    for waiter in waiters:
        waiter.cancel()
    await asyncio.gather(*waiters, return_exceptions=True)
    assert controller.waited_for == 0
    assert len(bus._topics) == before
    assert controller._looking is None
    left = [task for task in asyncio.all_tasks() - {asyncio.current_task()} if not is_the_drivers(task)]
    assert len(left) <= (SUBJECTS + 20 if bus.shared else 0)  # subscriptions linger, and their number is bounded


async def test_one_waiter_more_costs_no_look_more(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them are looked at together, in a number of round trips that does not grow."""
    monkeypatch.setattr(module, "LOOK_EVERY", 0.05)
    controller = bench.container.gateways.controller
    asked: list[int] = []
    many = bench.container.mappers.jobs.many

    async def count(keys: Sequence[str]) -> object:
        asked.append(len(keys))
        return await many(keys)

    monkeypatch.setattr(bench.container.mappers.jobs, "many", count)

    async def wait(number: int) -> None:
        async with controller.waiting([wish(number)]) as waiter:
            await waiter.next(600)

    for number in range(500):
        await bench.container.gateways.work.submit(FetchIcon(number))
    waiters = [asyncio.create_task(wait(number)) for number in range(500)]
    await until(lambda: len(asked) >= 3)
    assert asked[-1] == 500
    for waiter in waiters:
        waiter.cancel()
    await asyncio.gather(*waiters, return_exceptions=True)


async def test_a_job_that_another_process_ends_is_heard_of(bench: Bench) -> None:
    cpu = CpuPool()
    elsewhere = await build(bench.container.settings, queue=RowsOnly(), cpu=cpu)
    await bench.container.gateways.work.submit(FetchIcon(1))
    views = bench.container.gateways.controller.follow([wish(1)])
    coming = asyncio.ensure_future(anext(views))
    await asyncio.sleep(0.1)
    row = await elsewhere.gateways.work.take(FetchIcon(1), 30)
    assert row is not None
    await elsewhere.gateways.work.finish(row, '"from afar"')
    assert (await asyncio.wait_for(coming, 5)).result == "from afar"
    await elsewhere.close()
    await cpu.close()


# ---- submissions


async def test_a_pull_from_submission_to_result(bench: Bench, site: Site, manager: Manager) -> None:
    feed = site.feed("/feed.xml", delay=0.2)
    feed.publish_many(3)
    feed_id = await bench.feed(feed.url)
    ada = Actor((await bench.reader("ada", feed_id)).id)
    jobs = bench.container.services.jobs
    view = await jobs.submit(ada, "pull", {"feed_id": feed_id})
    assert (view.kind, view.args["feed_id"], view.state in ("waiting", "running")) == ("pull", feed_id, True)
    (ended,) = [each async for each in await jobs.follow(ada, [view.key])]
    assert ended.state == "done"
    assert ended.result == {"new": 3, "updated": 0, "status": 200, "error": None}
    assert await jobs.get(ada, view.key) == ended
    assert [each.key for each in await jobs.own(ada)] == [view.key]
    again = await jobs.submit(ada, "pull", {"feed_id": feed_id})
    assert not again.ended  # a new wish is not answered by the old result
    (ended,) = [each async for each in await jobs.follow(ada, [view.key])]
    assert ended.result == {"new": 0, "updated": 0, "status": 304, "error": None}


async def test_a_pull_that_fails_says_why(bench: Bench, site: Site, manager: Manager) -> None:
    site.fail("/gone.xml", 500)
    feed_id = await bench.feed(site.url("/gone.xml"))
    ada = Actor((await bench.reader("ada", feed_id)).id)
    view = await bench.container.services.jobs.submit(ada, "pull", {"feed_id": feed_id})
    (ended,) = [each async for each in await bench.container.services.jobs.follow(ada, [view.key])]
    assert ended.state == "failed"
    assert ended.error
    assert isinstance(ended.result, dict)
    assert ended.result["status"] == 500


async def test_a_discovery_and_its_answer_kept(bench: Bench, site: Site, manager: Manager) -> None:
    site.feed("/feed.xml", title="Letters").publish()
    ada = Actor((await bench.reader("ada")).id)
    jobs = bench.container.services.jobs
    view = await jobs.submit(ada, "discover", {"address": site.url("/feed.xml")})
    (ended,) = [each async for each in await jobs.follow(ada, [view.key])]
    assert isinstance(ended.result, dict)
    assert [feed["title"] for feed in ended.result["feeds"]] == ["Letters"]
    requests = len(site.seen())
    assert (await jobs.submit(ada, "discover", {"address": site.url("/feed.xml")})).state == "done"
    assert len(site.seen()) == requests
    bench.hands.ahead = 3600
    assert (await jobs.get(ada, view.key)).result == ended.result


async def test_each_sees_their_own_jobs_alone_and_one_job_may_have_two_owners(bench: Bench) -> None:
    feed_id = await bench.feed("https://one.example/feed")
    ada, bob = [Actor((await bench.reader(name, feed_id)).id) for name in ("ada", "bob")]
    jobs = bench.container.services.jobs
    mine = await jobs.submit(ada, "pull", {"feed_id": feed_id})
    for call in (jobs.get(bob, mine.key), jobs.wait(bob, [mine.key], 1), jobs.cancel(bob, mine.key)):
        with pytest.raises(NotFound):
            await call
    with pytest.raises(NotFound):
        await jobs.follow(bob, [mine.key])
    theirs = await jobs.submit(bob, "pull", {"feed_id": feed_id})
    assert theirs.key == mine.key
    assert bench.queue.waiting("pull") == 1
    assert (await jobs.get(bob, mine.key)).key == mine.key


@pytest.mark.parametrize(
    ("kind", "args"),
    [
        ("upkeep", {}),
        ("icon", {"feed_id": 1}),
        ("pull", {}),
        ("pull", {"feed_id": "1"}),
        ("pull", {"feed_id": True}),
        ("discover", {}),
        ("discover", {"address": "  "}),
        ("discover", {"address": 7}),
        ("discover", {"address": "http://" + "a" * 5000}),
        ("discover", {"address": "javascript:alert(1)"}),
    ],
)
async def test_what_cannot_be_submitted(bench: Bench, kind: str, args: dict[str, object]) -> None:
    ada = Actor((await bench.reader("ada")).id)
    with pytest.raises(Invalid):
        await bench.container.services.jobs.submit(ada, kind, args)


async def test_anothers_feed_cannot_be_pulled(bench: Bench) -> None:
    feed_id = await bench.feed("https://one.example/feed")
    ada = Actor((await bench.reader("ada")).id)
    with pytest.raises(NotFound):
        await bench.container.services.jobs.submit(ada, "pull", {"feed_id": feed_id})


async def test_long_polling_answers_at_once_or_in_time(bench: Bench) -> None:
    ada = Actor((await bench.reader("ada")).id)
    jobs = bench.container.services.jobs
    keys = [(await jobs.submit(ada, "discover", {"address": f"site{n}.example"})).key for n in range(3)]
    start = time.monotonic()
    views = await jobs.wait(ada, keys, 0.3)
    assert time.monotonic() - start >= 0.3
    assert [view.state for view in views] == ["waiting"] * 3
    waiting = asyncio.create_task(jobs.wait(ada, keys, 30))
    await asyncio.sleep(0.05)
    work = bench.container.gateways.work
    row = await work.take(Discover("https://site1.example/"), 30)
    assert row is not None
    await work.finish(row, "{}")
    views = await asyncio.wait_for(waiting, 5)
    assert [view.state for view in views] == ["waiting", "done", "waiting"]
    with pytest.raises(Limited):
        await jobs.wait(ada, [str(number) for number in range(1001)], 1)
    with pytest.raises(Invalid):
        await jobs.wait(ada, [], 1)


async def test_cancelling_a_waiting_and_a_running_job(bench: Bench, site: Site) -> None:
    ada = Actor((await bench.reader("ada")).id)
    jobs = bench.container.services.jobs
    waiting = await jobs.submit(ada, "discover", {"address": "site.example"})
    assert await jobs.cancel(ada, waiting.key)
    assert not await jobs.cancel(ada, waiting.key)
    assert (await jobs.get(ada, waiting.key)).state == "cancelled"
    assert bench.queue.waiting("discovery") == 0
    slow = site.feed("/slow.xml", delay=30)
    made = Manager(bench.container, bench.queue)
    task = asyncio.create_task(made.run())
    running = await jobs.submit(ada, "discover", {"address": slow.url})
    await until(lambda: made.running["discovery"] == 1 and site.seen())
    assert await jobs.cancel(ada, running.key)
    await until(lambda: made.running["discovery"] == 0)
    assert (await jobs.get(ada, running.key)).state == "cancelled"
    again = await jobs.submit(ada, "discover", {"address": slow.url})
    assert again.state in ("waiting", "running")
    await made.stop(grace=0.1)
    await task


async def test_submissions_cost_the_same_however_many_there_are(bench: Bench) -> None:
    """Round trips of a look at one and at a hundred are equal."""
    gateway: SubmissionGateway = bench.container.gateways.submissions
    ada = await bench.reader("ada")
    for number in range(100):
        await gateway.submit(ada.id, Discover(f"https://site{number}.example/"))
    keys = [key_of(Discover(f"https://site{number}.example/")) for number in range(100)]
    costs = []
    for some in (keys[:1], keys):

        async def look(some: list[str] = some) -> None:
            assert len(await gateway.look(await gateway.owned(ada.id, some))) == len(some)

        costs.append(await cost(bench.container.mappers, look))
    assert costs[0] == costs[1]
