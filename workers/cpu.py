"""Parsing and cleaning away from the event loop: a pool of processes that come when needed and go when idle.

A hostile document costs one task: its process has a time limit (pebble kills it), a memory limit, and a life of a
bounded number of tasks. The children are started by a fork server that has imported nothing of ours, so that they
hold neither the web application nor the database.
"""

from __future__ import annotations

import asyncio
import heapq
import multiprocessing
import multiprocessing.connection
import os
import pickle
import resource
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, TypeVar

import structlog
from pebble import ProcessExpired, ProcessPool

from reader.errors import Upstream

T = TypeVar("T")
log = structlog.get_logger(__name__)

IDLE_SECONDS = 30.0
LIFE_SECONDS = 3600.0
LIFE_TASKS = 2000
MEMORY_BYTES = 1_500_000_000
TOO_SLOW = "This document takes too long to read. Evantr stopped after {seconds:g} seconds."
TOO_BIG = "This document takes too much memory to read."

_urgent: ContextVar[bool] = ContextVar("urgent", default=False)


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
        memory_bytes: int = MEMORY_BYTES,
    ) -> None:
        self._workers = workers
        self._idle_seconds = idle_seconds
        self._life_seconds = life_seconds
        self._memory_bytes = memory_bytes
        self._pool: ProcessPool | None = None
        self._born = 0.0
        self._running = 0
        self._numbers = 0
        self._turns: list[_Turn] = []
        self._idle: asyncio.TimerHandle | None = None
        self._switching = asyncio.Lock()
        self._closed = False

    @property
    def alive(self) -> bool:
        """Whether processes are kept at the moment."""
        return self._pool is not None

    async def run(self, function: Callable[..., T], *args: object, seconds: float = 20.0) -> T:
        """See Cpu.run."""
        await self._turn()
        try:
            return await self._attempt(function, args, seconds)
        finally:
            self._running -= 1
            self._pass_on()

    async def close(self) -> None:
        """End the processes now; what still runs in them is lost."""
        self._closed = True
        await self._stop(kill=True)

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
        if not self._running:
            self._rest()

    def _rest(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
        self._idle = asyncio.get_running_loop().call_later(self._idle_seconds, self._end_if_idle)

    def _end_if_idle(self) -> None:
        self._idle = None
        if not self._running and self._pool is not None:
            self._ending = asyncio.get_running_loop().create_task(self._stop())

    async def _attempt(self, function: Callable[..., T], args: tuple[object, ...], seconds: float) -> T:
        for attempt in (1, 2):
            pool = await self._ready_pool()
            try:
                future = await asyncio.to_thread(pool.schedule, _perform, (function, args), timeout=seconds)
                result: Any = await asyncio.wrap_future(future)
            except TimeoutError:
                raise Upstream("too_large", TOO_SLOW.format(seconds=seconds)) from None
            except ProcessExpired as error:
                log.warning("a CPU process died", code=error.exitcode, function=function.__name__)
                raise Upstream("too_large", TOO_BIG) from None
            except (BrokenProcessPool, RuntimeError) as error:
                if isinstance(error, BrokenProcessPool) or (pool is self._pool and not pool.active):
                    log.warning("the CPU pool broke and is built anew", error=repr(error), attempt=attempt)
                    await self._stop(kill=True)
                    if attempt == 1:
                        continue
                raise
            if isinstance(result, Upstream):
                raise result
            return result  # type: ignore[no-any-return]
        raise AssertionError("unreachable")

    async def _ready_pool(self) -> ProcessPool:
        async with self._switching:
            if self._closed:
                raise RuntimeError("the CPU pool is closed")
            old = self._pool is not None and time.monotonic() - self._born > self._life_seconds
            if old and self._running == 1:
                await self._end_pool(kill=False)
            if self._pool is None:
                context = multiprocessing.get_context("forkserver")
                context.set_forkserver_preload([])
                self._pool = ProcessPool(
                    self._workers,
                    max_tasks=LIFE_TASKS,
                    initializer=_prepare,
                    initargs=(self._memory_bytes,),
                    context=context,
                )
                self._born = time.monotonic()
            return self._pool

    async def _stop(self, *, kill: bool = False) -> None:
        async with self._switching:
            if kill or not self._running:
                await self._end_pool(kill=kill)

    async def _end_pool(self, *, kill: bool) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            await asyncio.to_thread(_end, pool, kill)


def _end(pool: ProcessPool, kill: bool) -> None:
    if kill:
        pool.stop()  # type: ignore[no-untyped-call]
    else:
        pool.close()  # type: ignore[no-untyped-call]
    pool.join()


def _prepare(memory_bytes: int) -> None:
    """First thing in a new process: its memory limit, and an end when the program dies."""
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    threading.Thread(target=_follow_parent, name="follow-parent", daemon=True).start()


def _follow_parent() -> None:
    """A kill -9 of the program must not leave a process behind that works on."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(1)


def _perform(function: Callable[..., object], args: tuple[object, ...]) -> object:
    """Runs in the child; turns what pickle would spoil into something that it does not."""
    try:
        return function(*args)
    except Upstream as error:
        return error
    except (MemoryError, RecursionError):
        return Upstream("too_large", TOO_BIG)
    except Exception as error:
        if _survives(error):
            raise
        raise RuntimeError(f"{type(error).__name__}: {error}") from None


def _survives(error: Exception) -> bool:
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 -- our own object, in the same process
    except Exception:
        return False
    return True
