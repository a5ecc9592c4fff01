"""The CPU pool with real processes."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from reader.errors import Invalid, Upstream
from reader.models.operations import CpuSettings
from tests.helpers.wait import until
from workers.cpu import CpuPool, urgent


def add(one: int, two: int) -> int:
    return one + two


def nap(seconds: float) -> int:
    time.sleep(seconds)
    return os.getpid()


def hoard(megabytes: int) -> int:
    return len(bytearray(megabytes * 1_000_000))


def fail_upstream() -> None:
    raise Upstream("status", "No.", status=503, retry_after=7)


def fail_invalid() -> None:
    raise Invalid("No.", {"url": "why"})


class Stubborn(Exception):
    def __init__(self, one: int, two: int) -> None:
        super().__init__(f"{one} {two}")


def fail_stubbornly() -> None:
    raise Stubborn(1, 2)


def vanish() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def loaded() -> list[str]:
    return [name for name in ("fastapi", "uvicorn", "web.app", "api.app", "sqlite3", "aiohttp") if name in sys.modules]


@pytest_asyncio.fixture
async def pool() -> AsyncIterator[CpuPool]:
    made = CpuPool(1, memory_bytes=700_000_000)
    yield made
    await made.close()


async def test_results_and_the_loop_stays_free(pool: CpuPool) -> None:
    assert not pool.alive
    napping = asyncio.create_task(pool.run(nap, 0.5))
    ticks = 0
    while not napping.done():
        await asyncio.sleep(0.01)
        ticks += 1
    assert ticks > 20
    assert await pool.run(add, 1, 2) == 3
    assert pool.alive


async def test_errors_come_through(pool: CpuPool) -> None:
    with pytest.raises(Upstream) as upstream:
        await pool.run(fail_upstream)
    assert (upstream.value.kind, upstream.value.status, upstream.value.retry_after) == ("status", 503, 7)
    with pytest.raises(Invalid) as invalid:
        await pool.run(fail_invalid)
    assert invalid.value.fields == {"url": "why"}
    with pytest.raises(RuntimeError, match="Stubborn: 1 2"):
        await pool.run(fail_stubbornly)
    assert await pool.run(add, 1, 2) == 3


async def test_a_task_over_its_time_is_killed_and_the_next_one_runs(pool: CpuPool) -> None:
    first = await pool.run(nap, 0)
    with pytest.raises(Upstream) as error:
        await pool.run(nap, 60, seconds=0.5)
    assert error.value.kind == "too_large"
    assert await pool.run(nap, 0) != first


async def test_a_task_over_its_memory_is_refused(pool: CpuPool) -> None:
    with pytest.raises(Upstream) as error:
        await pool.run(hoard, 2000)
    assert error.value.kind == "too_large"
    assert await pool.run(hoard, 10) == 10_000_000


async def test_a_process_that_dies_costs_one_task(pool: CpuPool) -> None:
    with pytest.raises(Upstream):
        await pool.run(vanish)
    assert await pool.run(add, 2, 2) == 4


async def test_nothing_of_the_application_is_loaded(pool: CpuPool) -> None:
    assert await pool.run(loaded) == []


async def test_idle_processes_end_and_come_back() -> None:
    pool = CpuPool(1, idle_seconds=0.2)
    first = await pool.run(nap, 0)
    await until(lambda: not pool.alive and not _lives(first))
    assert await pool.run(nap, 0) != first
    await pool.close()


async def test_old_processes_are_replaced() -> None:
    pool = CpuPool(1, life_seconds=0.2)
    first = await pool.run(nap, 0)
    await asyncio.sleep(0.3)
    assert await pool.run(nap, 0) != first
    await pool.close()


async def test_what_a_person_waits_for_goes_first(pool: CpuPool) -> None:
    order: list[str] = []

    async def ask(name: str, mine: bool) -> None:
        with urgent(mine):
            await pool.run(nap, 0.02)
        order.append(name)

    running = asyncio.create_task(pool.run(nap, 0.3))
    await asyncio.sleep(0.01)
    system = [asyncio.create_task(ask(f"system {number}", False)) for number in range(3)]
    await asyncio.sleep(0.01)
    await asyncio.gather(running, *system, ask("user", True))
    assert order == ["user", "system 0", "system 1", "system 2"]


async def test_a_closed_pool_takes_nothing() -> None:
    pool = CpuPool(1)
    await pool.run(add, 1, 1)
    await pool.close()
    with pytest.raises(RuntimeError, match="closed"):
        await pool.run(add, 1, 1)


async def test_waiting_in_line_can_be_cancelled(pool: CpuPool) -> None:
    running = asyncio.create_task(pool.run(nap, 0.3))
    await asyncio.sleep(0.05)
    waiting = asyncio.create_task(pool.run(nap, 5))
    await asyncio.sleep(0.05)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await running
    assert await pool.run(add, 1, 2) == 3


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def doubled(data: bytes) -> bytes:
    return data * 2


def test_large_documents_cross_on_the_loop_of_the_program() -> None:
    """uvloop makes descriptors that it watches non-blocking, which the standard loop does not."""
    import uvloop

    async def main() -> None:
        pool = CpuPool(2)
        try:
            sizes = [10, 70_000, 3_000_000] * 6
            results = await asyncio.gather(*(pool.run(doubled, b"x" * size) for size in sizes))
            assert [len(result) for result in results] == [2 * size for size in sizes]
        finally:
            await pool.close()

    uvloop.run(main())


def dies_until(marker: str, times: int) -> str:
    """Ends its process as often as that, and answers then."""
    path = Path(marker)
    deaths = len(path.read_text()) if path.exists() else 0
    if deaths < times:
        path.write_text("x" * (deaths + 1))
        os._exit(66)
    return "survived"


async def test_a_task_whose_process_dies_is_given_to_another(pool: CpuPool, tmp_path: Path) -> None:
    """Kill -9 of a CPU process costs nothing: somebody else may have pulled the plug."""
    assert await pool.run(dies_until, str(tmp_path / "twice"), 2) == "survived"
    with pytest.raises(Upstream) as error:
        await pool.run(dies_until, str(tmp_path / "ever"), 99)
    assert error.value.kind == "crashed"
    assert (tmp_path / "ever").read_text() == "xxx"  # check 5: three times, no more
    assert await pool.run(add, 1, 1) == 2


async def test_each_process_can_be_seen(pool: CpuPool) -> None:
    assert pool.statuses() == ()
    pid = await pool.run(nap, 0)
    napping = asyncio.create_task(pool.run(nap, 0.5))
    await until(lambda: pool.statuses()[0].running)
    (busy,) = pool.statuses()
    assert (busy.pid, busy.running, busy.jobs, busy.seconds_idle) == (pid, "nap", 1, 0.0)
    assert busy.memory > 5_000_000
    assert busy.since is not None
    assert abs(busy.since - time.time()) < 5
    await napping
    (idle,) = pool.statuses()
    assert (idle.running, idle.since, idle.jobs) == (None, None, 2)


async def test_settings_change_while_it_runs(pool: CpuPool) -> None:
    first = await pool.run(nap, 0)
    pool.configure(CpuSettings(workers=2, life_jobs=3, memory_mb=600, idle_seconds=30))
    pids = await asyncio.gather(pool.run(nap, 0.3), pool.run(nap, 0.3))
    assert len({*pids, first}) == 3  # two at a time, both under the new memory limit
    assert len(pool.statuses()) == 2
    pool.configure(CpuSettings(workers=1, life_jobs=3, memory_mb=600, idle_seconds=0.2))
    await until(lambda: len(pool.statuses()) == 1)
    used = [await pool.run(nap, 0) for _ in range(4)]
    assert len(set(used)) == 2  # its life of three jobs was over
    await until(lambda: not pool.alive)


async def test_a_cancelled_task_ends_its_process(pool: CpuPool) -> None:
    """Nobody waits for the result; what computes it need not either."""
    first = await pool.run(nap, 0)
    napping = asyncio.create_task(pool.run(nap, 60))
    await until(lambda: pool.statuses()[0].running)
    napping.cancel()
    await asyncio.gather(napping, return_exceptions=True)
    assert await pool.run(nap, 0) != first
    await until(lambda: not _lives(first))


async def test_large_documents_cross_whole(pool: CpuPool) -> None:
    body = os.urandom(9_000_000)
    assert await pool.run(bytes.__len__, body) == 9_000_000
    assert await pool.run(bytes.upper, body) == body.upper()
