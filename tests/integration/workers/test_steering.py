"""What an operator sees and changes while managers run."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from reader.errors import Forbidden, Invalid, NotFound
from reader.gateways.operations import BUCKET_SECONDS
from reader.jobs import FetchIcon, Payload, PullFeed
from reader.models.operations import DeadLetter
from reader.models.user import ANONYMOUS, SYSTEM, Actor
from reader.tasks import end
from tests.helpers.wait import until, until_async
from tests.integration.workers.conftest import Bench, settings_in
from workers import jobs, load
from workers.manager import Manager
from workers.program import Program
from workers.reporter import Reporter
from workers.transport import ALL_QUEUES

ROOT = Path(__file__).parents[3]
Job = Callable[[Payload], Awaitable[str | None]]


@pytest.fixture
def run_as(monkeypatch: pytest.MonkeyPatch) -> Callable[[Job], None]:
    """Replaces what jobs do; the manager, its rows and the store are the real ones."""

    def use(job: Job) -> None:
        async def run(container: object, payload: Payload) -> str | None:
            return await job(payload)

        monkeypatch.setattr(jobs, "run", run)

    return use


@pytest.fixture
async def manager(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Manager]:
    monkeypatch.setattr(load, "HIGH_LAG", 60.0)  # however busy the machine is with other tests: limits are what is set
    monkeypatch.setattr(load, "HIGH_CPU", 60.0)
    made = Manager(bench.container, bench.queue)
    task = asyncio.create_task(made.run())
    await until(lambda: made.queue_statuses())
    yield made
    await made.stop(grace=0.1)
    await task


def reporter(bench: Bench, manager: Manager | None) -> Reporter:
    return Reporter(bench.container, "serve", manager, lambda: (), lambda: None)


async def test_a_setting_changes_what_runs_and_leaves_a_line(
    bench: Bench, manager: Manager, run_as: Callable[[Job], None]
) -> None:
    gate = asyncio.Event()

    async def job(payload: Payload) -> None:
        await gate.wait()

    run_as(job)
    ada = await bench.reader("ada")
    admin, operations = Actor(ada.id, admin=True), bench.container.services.operations
    for number in range(20):
        await bench.queue.put(PullFeed(number))
    await until(lambda: manager.running["pull-sys"] == 20)
    changed = await operations.set_setting(admin, "icon", "max_running", "3")
    assert (changed.value, changed.source) == (3, "store")
    for number in range(20):
        await bench.queue.put(FetchIcon(number))
        await bench.container.gateways.work.submit(FetchIcon(number))
    await until(lambda: manager.running["icon"] == 3)
    await operations.set_setting(admin, "icon", "max_running", 5)
    await until(lambda: manager.running["icon"] == 5)
    await operations.set_setting(admin, "icon", "buffer", 1)
    await until(lambda: bench.queue.room("icon") < 0)
    back = await operations.set_setting(admin, "icon", "max_running", None)
    assert (back.value, back.source) == (25, "default")
    lines = await operations.audit(admin)
    assert [(line.user, line.what, line.before, line.after) for line in reversed(lines)] == [
        ("ada", "icon: max_running", "25 jobs", "3 jobs"),
        ("ada", "icon: max_running", "3 jobs", "5 jobs"),
        ("ada", "icon: buffer", "10000 jobs", "1 jobs"),
        ("ada", "icon: max_running", "5 jobs", "as in file or environment"),
    ]
    gate.set()


@pytest.mark.parametrize(
    ("queue", "name", "value", "words"),
    [
        ("pul", "buffer", 5, "no queue"),
        ("pull", "buffre", 5, "no setting"),
        ("pull", "buffer", "many", "number"),
        ("pull", "buffer", True, "number"),
        ("pull", "buffer", float("nan"), "number"),
        ("pull", "max_running", 0, "from 1 to 1000 jobs"),
        ("pull", "max_running", 2.5, "whole number"),
        ("cpu", "memory_mb", 10, "from 300"),
        ("cpu", "workers", float("inf"), "from 1 to 64"),
    ],
)
async def test_a_wrong_setting_is_refused_in_words(
    bench: Bench, queue: str, name: str, value: object, words: str
) -> None:
    operations = bench.container.services.operations
    with pytest.raises(Invalid, match=words):
        await operations.set_setting(SYSTEM, queue, name, value)
    assert await operations.audit(SYSTEM) == []


async def test_file_then_store_win_over_defaults(bench: Bench, manager: Manager) -> None:
    operations = bench.container.services.operations
    file = bench.container.settings.data / "queues.toml"
    file.write_text("[icon]\nmax_running = 6\nattempts = 4\n[cpu]\nworkers = 2\n")
    await operations.set_setting(SYSTEM, "icon", "attempts", 9)
    found = {(each.queue, each.name): (each.value, each.source) for each in await operations.settings(SYSTEM)}
    keys = (("icon", "max_running"), ("icon", "attempts"), ("icon", "buffer"), ("cpu", "workers"))
    assert [found[key] for key in keys] == [(6, "file"), (9, "store"), (10_000, "default"), (2, "file")]
    assert len(found) == len(ALL_QUEUES) * 5 + 4
    await until(lambda: manager.allowed("icon") == 6)
    file.write_text("[icon]\nmax_running = 'six'\n")
    await bench.container.gateways.operations.reload()
    assert (await operations.settings_file(SYSTEM))[0] == str(file)
    await until_async(lambda: _problem(bench))
    assert manager.allowed("icon") == 6  # what was in force stays
    file.write_text("[icon]\nmax_running = 7\n")
    await bench.container.gateways.operations.reload()
    await until(lambda: manager.allowed("icon") == 7)
    assert not await _problem(bench)


async def _problem(bench: Bench) -> bool:
    _, problem = await bench.container.services.operations.settings_file(SYSTEM)
    return problem is not None and "max_running has to be a number" in problem


async def test_another_process_hears_of_a_change(tmp_path: Path, store: str) -> None:
    """By the revision that every report brings back."""
    settings = settings_in(tmp_path, store=store)
    one, other = Program(settings), Program(settings, updater=False)
    container = await one.open()
    await other.open()
    other.start()
    await until(lambda: other.manager is not None and other.manager.queue_statuses())
    assert other.manager is not None
    await container.services.operations.set_setting(SYSTEM, "icon", "max_running", 2)
    await until(lambda: other.manager is not None and other.manager.allowed("icon") == 2)
    await one.close()
    await other.close()


async def test_who_is_no_administrator_gets_nothing(bench: Bench) -> None:
    await bench.reader("root")
    bob = await bench.reader("bob")
    operations = bench.container.services.operations
    for actor in (ANONYMOUS, Actor(bob.id)):
        for call in (
            operations.overview(actor),
            operations.queues(actor),
            operations.managers(actor),
            operations.jobs(actor),
            operations.history(actor),
            operations.audit(actor),
            operations.settings(actor),
            operations.set_setting(actor, "icon", "buffer", 1),
            operations.dead(actor),
            operations.retry(actor, "k"),
            operations.retry_all(actor),
            operations.drop(actor, "k"),
            operations.drop_all(actor),
        ):
            with pytest.raises((Forbidden, NotFound)):
                await call


async def test_the_overview_tells_how_things_stand(
    bench: Bench, manager: Manager, run_as: Callable[[Job], None]
) -> None:
    gate = asyncio.Event()

    async def job(payload: Payload) -> str:
        if payload == FetchIcon(1):
            await gate.wait()
        if payload == FetchIcon(2):
            raise ValueError("no picture")
        return "null"

    run_as(job)
    say = reporter(bench, manager)
    running = asyncio.create_task(say.run())
    for number in (1, 2, 3):
        await bench.container.gateways.work.submit(FetchIcon(number))
        await bench.queue.put(FetchIcon(number))
    await until(lambda: manager.counts.done["icon"] == 1 and manager.counts.failed["icon"] == 1)
    await until(lambda: manager.running["icon"] == 1)
    overview = await bench.container.services.operations.overview(SYSTEM)
    icon = next(queue for queue in overview.queues if queue.name == "icon")
    assert (icon.priority, icon.running, icon.allowed, icon.done, icon.failed) == ("system", 1, 25, 1, 1)
    assert (icon.waiting, icon.delayed) == (0, 1)
    assert icon.done_per_minute > 0
    assert [queue.name for queue in overview.queues][:2] == ["pull", "discovery"]
    (process,) = overview.managers
    assert process.pid == os.getpid()
    assert process.memory > 10_000_000
    assert process.role == "serve"
    stories = await bench.container.services.operations.jobs(SYSTEM)
    assert {(story.args, story.state) for story in stories} == {("feed 2", "failed"), ("feed 3", "done")}
    failed = next(story for story in stories if story.state == "failed")
    assert failed.error == "ValueError: no picture"
    assert "Attempt 1 of 3 failed" in failed.lines[0]
    assert overview.updater.holder is None
    gate.set()
    await end([running])
    await say.stop()
    assert await bench.container.services.operations.managers(SYSTEM) == ()


async def test_history_gets_one_point_in_five_minutes(
    bench: Bench, manager: Manager, run_as: Callable[[Job], None]
) -> None:
    async def job(payload: Payload) -> None:
        return None

    run_as(job)
    say = reporter(bench, manager)
    for bucket in range(3):
        for number in range(bucket + 1):
            await bench.queue.put(PullFeed(number))
        await until(lambda bucket=bucket: manager.counts.done["pull-sys"] == sum(range(bucket + 2)))  # type: ignore[misc]
        bench.hands.ahead += BUCKET_SECONDS
        await say._record()
        await say._record()
    points = await bench.container.services.operations.history(SYSTEM)
    assert [point.queues["pull-sys"].done for point in points] == [1, 2, 3]
    assert all(next(iter(point.memory.values())) > 10_000_000 for point in points)
    bench.hands.ahead += 90_000
    await say._record(now=True)
    assert await bench.container.gateways.operations.history(0) == []  # a day is over


async def test_dead_letters_all_at_once(bench: Bench, manager: Manager, run_as: Callable[[Job], None]) -> None:
    broken = True

    async def job(payload: Payload) -> str:
        if broken:
            raise ValueError("no")
        return "null"

    run_as(job)
    operations = bench.container.services.operations
    await operations.set_setting(SYSTEM, "icon", "attempts", 1)
    await until(lambda: {each.settings.attempts for each in manager.queue_statuses() if each.name == "icon"} == {1})
    for number in range(30):
        await bench.container.gateways.work.submit(FetchIcon(number))
        await bench.queue.put(FetchIcon(number))
    await until(lambda: manager.counts.failed["icon"] == 30)
    page = await operations.dead(SYSTEM, limit=20)
    rest = await operations.dead(SYSTEM, before=(page[-1].died_at, page[-1].key), limit=20)
    assert len({letter.key for letter in (*page, *rest)}) == 30
    assert page[0].story[-1].endswith("Set aside: ValueError: no")
    broken = False
    assert await operations.retry_all(SYSTEM) == 30
    await until(lambda: manager.counts.done["icon"] == 30)
    assert await operations.dead(SYSTEM) == []
    await bench.container.gateways.operations.bury(DeadLetter("k", "gone", "{}", "icon", "x", (), 1, 1.0))
    with pytest.raises(Invalid, match="knows no jobs"):
        await operations.retry(SYSTEM, "k")
    assert await operations.drop_all(SYSTEM) == 1
    with pytest.raises(NotFound):
        await operations.drop(SYSTEM, "k")


def test_sighup_reads_the_file_and_sigterm_ends_within_ten_seconds(tmp_path: Path) -> None:
    log = tmp_path / "log"
    environment = os.environ | {"EVANTR_DATA": str(tmp_path / "data")}
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "evantr", "worker", "--queues", "icon,pull"],
            cwd=ROOT, env=environment, stdout=out, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        deadline = time.monotonic() + 30
        while "runs." not in log.read_text() and time.monotonic() < deadline:
            time.sleep(0.05)
        (tmp_path / "data" / "queues.toml").write_text("[icon\n")
        process.send_signal(signal.SIGHUP)
        while "cannot be used" not in log.read_text() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert "is no TOML" in log.read_text()
        start = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        assert time.monotonic() - start < 10
    finally:
        process.kill()
        process.wait()
