"""Parsing and cleaning away from the event loop: a pool of processes that come when needed and go when idle.

A hostile document costs one task: its process has a time limit, a memory limit, and a life of a bounded number of
tasks. A task whose process dies is given to another one; one that has ended three is given up.
"""

from __future__ import annotations

import asyncio
import heapq
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, TypeVar

import structlog

from reader.errors import Upstream
from reader.models.operations import CpuSettings, CpuStatus
from reader.process import memory_of
from workers.cpu_process import CpuProcess, ProcessDied

T = TypeVar("T")
log = structlog.get_logger(__name__)

IDLE_SECONDS = 30.0
LIFE_SECONDS = 3600.0
LIFE_TASKS = 2000
MEMORY_BYTES = 1430 * 1_048_576
DEATHS_MOST = 3
TOO_SLOW = "This document takes too long to read. Evantr stopped after {seconds:g} seconds."
POISON = "Reading this document ended the process that read it {count} times ({how})."

_urgent: ContextVar[bool] = ContextVar("urgent", default=False)


def be_urgent(on: bool) -> None:
    """As urgent(), for the rest of this task."""
    _urgent.set(on)


@contextmanager
def urgent(on: bool) -> Iterator[None]:
    """Work asked for inside the block goes before other waiting work: a person waits for it."""
    token = _urgent.set(on)
    try:
        yield
    finally:
        _urgent.reset(token)


@dataclass(order=True)
class _Turn:
    rank: int
    number: int
    ready: asyncio.Future[None] = field(compare=False)


class CpuPool:
    """The Cpu port (reader/jobs.py). ``workers`` tasks run at a time, urgent ones first, then in order of arrival."""

    def __init__(
        self,
        workers: int = 1,
        *,
        idle_seconds: float = IDLE_SECONDS,
        life_seconds: float = LIFE_SECONDS,
        life_tasks: int = LIFE_TASKS,
        memory_bytes: int = MEMORY_BYTES,
    ) -> None:
        self._workers = workers
        self._idle_seconds = idle_seconds
        self._life_seconds = life_seconds
        self._life_tasks = life_tasks
        self._memory_bytes = memory_bytes
        self._generation = 0
        self._idle: list[CpuProcess] = []  # the one used last comes last
        self._busy: set[CpuProcess] = set()
        self._running = 0
        self._numbers = 0
        self._turns: list[_Turn] = []
        self._timer: asyncio.TimerHandle | None = None
        self._ending: set[asyncio.Task[None]] = set()
        self._closed = False

    @property
    def alive(self) -> bool:
        """Whether processes are kept at the moment."""
        return bool(self._idle or self._busy)

    def statuses(self) -> tuple[CpuStatus, ...]:
        """Each process as it is right now."""
        now = time.monotonic()
        return tuple(
            CpuStatus(
                each.pid, memory_of(each.pid), each.jobs, each.running, each.since,
                0.0 if each in self._busy else now - each.idle_since,
            )
            for each in sorted([*self._idle, *self._busy], key=lambda each: each.pid)
        )  # fmt: skip

    def configure(self, settings: CpuSettings) -> None:
        """Go by these settings from now on. What runs goes on as it began; its process is replaced afterwards."""
        memory = settings.memory_mb * 1_048_576
        if memory != self._memory_bytes:
            self._memory_bytes = memory
            self._generation += 1
        self._workers, self._life_tasks = settings.workers, settings.life_jobs
        self._idle_seconds = settings.idle_seconds
        keep = max(0, self._workers - self._running)
        worn = [each for each in self._idle if self._worn(each)]
        self._idle = [each for each in self._idle if each not in worn]
        while len(self._idle) > keep:
            worn.append(self._idle.pop(0))
        for each in worn:
            self._end(each)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._rest()
        if self._turns:
            self._pass_on()

    async def run(self, function: Callable[..., T], *args: object, seconds: float = 20.0) -> T:
        """See Cpu.run."""
        await self._turn()
        try:
            return await self._attempts(function, args, seconds)
        finally:
            self._running -= 1
            self._pass_on()

    async def close(self) -> None:
        """End the processes now; what still runs in them is lost."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        for each in [*self._idle, *self._busy]:
            self._end(each)
        self._idle.clear()
        await asyncio.gather(*self._ending, return_exceptions=True)

    # ---- whose turn it is

    async def _turn(self) -> None:
        if self._closed:
            raise RuntimeError("the CPU pool is closed")
        if self._running < self._workers and not self._turns:
            self._running += 1
            return
        self._numbers += 1
        turn = _Turn(0 if _urgent.get() else 1, self._numbers, asyncio.get_running_loop().create_future())
        heapq.heappush(self._turns, turn)
        try:
            await turn.ready
        except asyncio.CancelledError:
            if turn.ready.done() and not turn.ready.cancelled():  # our turn came as we were cancelled
                self._running -= 1
                self._pass_on()
            raise

    def _pass_on(self) -> None:
        while self._turns and self._running < self._workers:
            turn = heapq.heappop(self._turns)
            if not turn.ready.done():
                self._running += 1
                turn.ready.set_result(None)

    # ---- processes

    async def _attempts(self, function: Callable[..., T], args: tuple[object, ...], seconds: float) -> T:
        deaths = 0
        while True:
            process = await self._process()
            self._busy.add(process)
            well = False
            try:
                result: Any = await process.call(function, args, seconds, time.time())
                well = True
            except TimeoutError:
                raise Upstream("too_large", TOO_SLOW.format(seconds=seconds)) from None
            except ProcessDied as error:
                deaths += 1
                log.warning("a CPU process died", how=str(error), function=function.__name__, times=deaths)
                if self._closed:
                    raise RuntimeError("the CPU pool is closed") from None
                if deaths >= DEATHS_MOST:
                    raise Upstream("crashed", POISON.format(count=deaths, how=error)) from None
                continue
            except Exception:
                well = True  # the function raised it; the process is as good as before
                raise
            finally:
                self._busy.discard(process)
                self._give_back(process, well)
            return result  # type: ignore[no-any-return]

    async def _process(self) -> CpuProcess:
        while self._idle:
            process = self._idle.pop()
            if process.lives and not self._worn(process):
                return process
            self._end(process)  # it is old, or was killed while nobody looked
        process = CpuProcess(self._memory_bytes, self._generation)
        await process.start()
        if self._closed:
            self._end(process)
            raise RuntimeError("the CPU pool is closed")
        return process

    def _give_back(self, process: CpuProcess, well: bool) -> None:
        if not well or self._closed or self._worn(process) or self._running > self._workers:
            self._end(process)
            return
        self._idle.append(process)
        self._rest()

    def _worn(self, process: CpuProcess) -> bool:
        return (
            process.jobs >= self._life_tasks
            or process.generation != self._generation
            or time.monotonic() - process.born > self._life_seconds
        )

    def _end(self, process: CpuProcess) -> None:
        task = asyncio.get_running_loop().create_task(process.end())
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    def _rest(self) -> None:
        if self._timer is None and self._idle:
            self._timer = asyncio.get_running_loop().call_later(self._idle_seconds, self._end_idle)

    def _end_idle(self) -> None:
        self._timer = None
        now = time.monotonic()
        tired = [each for each in self._idle if now - each.idle_since >= self._idle_seconds]
        self._idle = [each for each in self._idle if each not in tired]
        for each in tired:
            self._end(each)
        if self._idle:
            oldest = min(each.idle_since for each in self._idle)
            wait = max(0.01, oldest + self._idle_seconds - now)
            self._timer = asyncio.get_running_loop().call_later(wait, self._end_idle)
