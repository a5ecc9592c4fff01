"""Threads and connections: one writer fed by a queue in batches, a few readers, results handed back to the loop."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Concatenate, ParamSpec, TypeVar

from reader.mappers.errors import StoreAway, StoreError
from reader.mappers.sqlite.connection import connect
from reader.mappers.sqlite.gathering import PATIENCE, Gathering

P = ParamSpec("P")
T = TypeVar("T")
Trace = Callable[[str], object]

AWAY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}  # another process has held it for longer than we wait

log = logging.getLogger(__name__)


class _BatchLost(Exception):
    """SQLite rolled back the whole transaction, not the failing task alone."""


class _Call:
    """A task with the future that waits for it. Runs in a thread of the engine, resolved in the loop's."""

    __slots__ = ("_future", "_loop", "_run", "error", "result")

    def __init__(self, run: Callable[[sqlite3.Connection], Any], loop: asyncio.AbstractEventLoop) -> None:
        self._run = run
        self._loop = loop
        self._future: asyncio.Future[Any] = loop.create_future()
        self.result: Any = None
        self.error: BaseException | None = None

    @property
    def future(self) -> asyncio.Future[Any]:
        return self._future

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        return self._loop

    def perform(self, con: sqlite3.Connection) -> None:
        """Runs the task; whatever it raises is kept for its caller, the thread goes on."""
        self.result = self.error = None
        try:
            self.result = self._run(con)
        except sqlite3.Error as error:
            self.fail(error)
        except Exception as error:
            self.error = error
        except BaseException as error:  # SystemExit and its like would go through the loop and end the process
            self._not_for_a_future(error)
        if isinstance(self.error, StopIteration):
            self._not_for_a_future(self.error)

    def _not_for_a_future(self, cause: BaseException) -> None:
        self.error = RuntimeError(f"a database task raised {type(cause).__name__}")
        self.error.__cause__ = cause

    def fail(self, cause: sqlite3.Error) -> None:
        """Keeps a StoreError that names the cause."""
        away = getattr(cause, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF in AWAY  # the rest says it more closely
        wrapped = StoreAway() if away else StoreError(f"The database could not do this: {cause}.")
        wrapped.__cause__ = cause
        self.error = wrapped

    def settle(self) -> None:
        """Wakes the waiting coroutine, if it still waits."""
        if self._future.done():
            return
        if self.error is None:
            self._future.set_result(self.result)
        else:
            self._future.set_exception(self.error)
        self.error = None  # an exception keeps its frames alive, and those would keep this object


def _settle_all(calls: list[_Call]) -> None:
    for call in calls:
        call.settle()


def _hand_back(calls: list[_Call]) -> None:
    """One wake-up for each event loop among the callers (there is one, except in tests)."""
    loops: dict[asyncio.AbstractEventLoop, list[_Call]] = {}
    for call in calls:
        loops.setdefault(call.loop, []).append(call)
    for loop, group in loops.items():
        try:
            loop.call_soon_threadsafe(_settle_all, group)
        except RuntimeError:
            log.warning("the event loop closed before %d database results arrived", len(group))


class Engine:
    """Hands tasks to threads that own the connections. A task is a function of a connection, and may be run again.

    Writes: the writer drains what waits, runs every task in a savepoint of its own inside one transaction, and
    answers only after COMMIT, so that an acknowledged write survives the death of the process.
    """

    def __init__(self, path: Path, readers: int, patience: float = PATIENCE) -> None:
        self.path = path
        self.trips = 0
        """Tasks handed over to threads so far: what a round trip is elsewhere. near() hands nothing over."""
        self._trace: Trace | None = None
        self._writes: Gathering[_Call] = Gathering(patience)
        self._reads: SimpleQueue[_Call | None] = SimpleQueue()
        self._closed = False
        self._near = connect(path, query_only=True, busy_seconds=0)
        self._near_trace: Trace | None = None
        writer = connect(path)
        self._threads = [threading.Thread(target=self._write_loop, args=(writer,), name="sqlite-writer", daemon=True)]
        for number in range(readers):
            reader = connect(path, query_only=True)
            name = f"sqlite-reader-{number}"
            self._threads.append(threading.Thread(target=self._read_loop, args=(reader,), name=name, daemon=True))
        for thread in self._threads:
            thread.start()

    async def read(self, task: Callable[Concatenate[sqlite3.Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs a reading task in a reader thread. Each statement sees a snapshot; see connection.snapshot for more."""
        call = self._call(task, args, kwargs)
        self._reads.put(call)
        result: T = await call.future
        return result

    async def near(self, task: Callable[Concatenate[sqlite3.Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs a point read right here, on the event loop: a few microseconds, where a reader thread costs sixty.

        Only for tasks that look up a fixed, small number of rows by their keys (docs/decisions/0004). It never waits
        for a lock: what SQLite refuses here goes to a reader thread.
        """
        if self._closed:
            raise StoreError("The database is closed.")
        if self._near_trace is not self._trace:
            self._near_trace = self._trace
            self._near.set_trace_callback(self._trace)
        try:
            return task(self._near, *args, **kwargs)
        except sqlite3.OperationalError:
            _leave(self._near)
        return await self.read(task, *args, **kwargs)

    async def write(
        self, task: Callable[Concatenate[sqlite3.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Runs a writing task atomically; returns once it is committed."""
        call = self._call(task, args, kwargs)
        self._writes.put(call, patient=False)
        result: T = await call.future
        return result

    async def write_patiently(
        self, task: Callable[Concatenate[sqlite3.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """write() for what nobody waits for: it may wait PATIENCE seconds for others to share a commit with."""
        call = self._call(task, args, kwargs)
        self._writes.put(call, patient=True)
        result: T = await call.future
        return result

    def _call(self, task: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> _Call:
        if self._closed:
            raise StoreError("The database is closed.")
        self.trips += 1
        return _Call(lambda con: task(con, *args, **kwargs), asyncio.get_running_loop())

    def trace(self, callback: Trace | None) -> None:
        """Every statement from the next task on goes to ``callback`` (in a thread of the engine); None ends it."""
        self._trace = callback

    async def close(self) -> None:
        """Finishes what waits, then closes the connections. Idempotent.

        The writer's is the last one: whichever closes last takes the log back into the file, but of two that close in
        the same moment neither does.
        """
        if self._closed:
            return
        self._closed = True
        self._near.close()
        writer, *readers = self._threads
        for _ in readers:
            self._reads.put(None)
        for thread in readers:
            await asyncio.to_thread(thread.join)
        self._writes.close()
        await asyncio.to_thread(writer.join)

    def _read_loop(self, con: sqlite3.Connection) -> None:
        trace: Trace | None = None
        while (call := self._reads.get()) is not None:
            if trace is not self._trace:
                trace = self._trace
                con.set_trace_callback(trace)
            if call.future.cancelled():
                continue
            call.perform(con)
            if con.in_transaction:  # a snapshot that an exception cut short
                con.rollback()
            _hand_back([call])
            del call
        con.close()

    def _write_loop(self, con: sqlite3.Connection) -> None:
        trace: Trace | None = None
        while (calls := self._writes.take()) is not None:
            if trace is not self._trace:
                trace = self._trace
                con.set_trace_callback(trace)
            calls = [call for call in calls if not call.future.cancelled()]
            if calls:
                _commit(con, calls)
                _hand_back(calls)
            del calls
        con.close()


def _commit(con: sqlite3.Connection, calls: list[_Call]) -> None:
    """Runs the tasks in one transaction; if SQLite throws that away as a whole, each in its own."""
    if len(calls) > 1:
        try:
            _commit_together(con, calls)
            return
        except _BatchLost as lost:
            log.warning("a batch of %d writes was rolled back, running them singly: %s", len(calls), lost.__cause__)
    for call in calls:
        _commit_alone(con, call)


def _commit_together(con: sqlite3.Connection, calls: list[_Call]) -> None:
    try:
        con.execute("BEGIN IMMEDIATE")
    except sqlite3.Error as error:  # another process holds the lock: singly, each would wait as long again
        for call in calls:
            call.fail(error)
        return
    try:
        for call in calls:
            con.execute("SAVEPOINT task")
            call.perform(con)
            if not con.in_transaction:  # disk full, I/O error, out of memory: the tasks before are undone too
                raise _BatchLost from call.error
            if call.error is not None:
                con.execute("ROLLBACK TO task")
            con.execute("RELEASE task")
        con.execute("COMMIT")
    except sqlite3.Error as error:
        raise _BatchLost from error
    finally:
        _leave(con)


def _commit_alone(con: sqlite3.Connection, call: _Call) -> None:
    try:
        con.execute("BEGIN IMMEDIATE")
        call.perform(con)
        if call.error is None:
            con.execute("COMMIT")
    except sqlite3.Error as error:
        call.fail(error)
    finally:
        _leave(con)


def _leave(con: sqlite3.Connection) -> None:
    """Rolls back what is still open. Where even that fails the next BEGIN reports it to its own caller."""
    if con.in_transaction:
        try:
            con.rollback()
        except sqlite3.Error:
            log.exception("rollback failed")
