"""One CPU process, seen from the event loop: a message goes in, one comes back, or the process is ended.

It is started by a fork server that has imported nothing of ours, so that it holds neither the web application nor the
database.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import multiprocessing.connection
import os
import pickle
import resource
import socket
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from reader.errors import Upstream

TOO_BIG = "This document takes too much memory to read."
BUFFER = 400_000  # bytes that the pipe is asked to take at once
END_SECONDS = 5.0


class ProcessDied(Exception):
    """It ended while it worked; ``code`` as in multiprocessing, negative for a signal."""

    def __init__(self, code: int | None) -> None:
        super().__init__(f"signal {-code}" if code is not None and code < 0 else f"exit code {code}")
        self.code = code


class CpuProcess:
    """Runs one call at a time. ``generation`` tells which settings it was made by."""

    def __init__(self, memory_bytes: int, generation: int) -> None:
        self.generation = generation
        self.jobs = 0
        self.born = time.monotonic()
        self.running: str | None = None
        self.since: float | None = None  # UTC, when it began
        self.idle_since = time.monotonic()
        self._memory_bytes = memory_bytes
        self._process: multiprocessing.process.BaseProcess
        self._pipe: Connection

    @property
    def pid(self) -> int:
        return self._process.pid or 0

    @property
    def lives(self) -> bool:
        return self._process.is_alive()

    async def start(self) -> None:
        await asyncio.to_thread(self._start)

    def _start(self) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([])
        self._pipe, theirs = context.Pipe()
        self._small = _widen(self._pipe)
        self._process = context.Process(target=_live, args=(theirs, self._memory_bytes), daemon=True)
        self._process.start()
        theirs.close()

    async def call(self, function: Callable[..., Any], args: tuple[object, ...], seconds: float, now: float) -> Any:
        """What the function returns or raises. Raises TimeoutError after ``seconds`` and ProcessDied; after these,
        and when cancelled, the process is ended."""
        self.running, self.since = function.__name__, now
        well = False
        try:
            async with asyncio.timeout(seconds):
                answer = await self._exchange(pickle.dumps((function, args), pickle.HIGHEST_PROTOCOL))
            well = True
        except TimeoutError:  # an OSError, too
            raise
        except (EOFError, OSError):
            code = await asyncio.to_thread(self._reap)
            raise ProcessDied(code) from None
        finally:
            self.running = self.since = None
            self.jobs += 1
            self.idle_since = time.monotonic()
            if not well:
                self.kill()
        fine, value = pickle.loads(answer)  # noqa: S301 -- our own process wrote it
        if fine:
            return value
        raise value

    async def _exchange(self, message: bytes) -> bytes:
        if len(message) <= self._small:
            self._pipe.send_bytes(message)
        else:
            await asyncio.to_thread(self._pipe.send_bytes, message)
        loop = asyncio.get_running_loop()
        ready = asyncio.Event()
        descriptor = self._pipe.fileno()
        loop.add_reader(descriptor, ready.set)
        try:
            await ready.wait()
        finally:
            loop.remove_reader(descriptor)
            os.set_blocking(descriptor, True)  # libuv makes what it watches non-blocking
        return self._pipe.recv_bytes()  # the child writes it in one go

    def kill(self) -> None:
        """End it now."""
        if self._process.is_alive():
            self._process.kill()

    def _reap(self) -> int | None:
        self._process.join(END_SECONDS)
        return self._process.exitcode

    async def end(self) -> None:
        """Kill it, and wait until it is gone."""
        self.kill()
        await asyncio.to_thread(self._reap)
        self._pipe.close()


def _widen(pipe: Connection) -> int:
    """Gives the pipe a larger buffer; returns how long a message may be so that sending it to an idle process waits for
    nothing. (The kernel counts its own records too, so half of what it grants is for bytes.)"""
    with socket.socket(fileno=os.dup(pipe.fileno())) as end:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)
        return end.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) // 4


# ---- in the process


def _live(pipe: Connection, memory_bytes: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    threading.Thread(target=_follow_parent, name="follow-parent", daemon=True).start()
    while True:
        try:
            message = pipe.recv_bytes()
        except (EOFError, OSError):
            return
        pipe.send_bytes(_perform(message))


def _follow_parent() -> None:
    """A kill -9 of the program must not leave a process behind that works on."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(1)


def _perform(message: bytes) -> bytes:
    """(True, result) or (False, exception), pickled; turns what pickle would spoil into something that it does not."""
    try:
        function, args = pickle.loads(message)  # noqa: S301 -- our own parent wrote it
        return pickle.dumps((True, function(*args)), pickle.HIGHEST_PROTOCOL)
    except (MemoryError, RecursionError):
        return pickle.dumps((False, Upstream("too_large", TOO_BIG)))
    except Exception as error:
        return _packed(error)


def _packed(error: Exception) -> bytes:
    try:
        packed = pickle.dumps((False, error))
        pickle.loads(packed)  # noqa: S301 -- our own object, in the same process
    except Exception:
        return pickle.dumps((False, RuntimeError(f"{type(error).__name__}: {error}")))
    return packed
