from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from reader.errors import NotFound
from reader.mappers.errors import StoreAway
from reader.mappers.sqlite import SqliteMappers, StoreError
from reader.mappers.sqlite.connection import snapshot

INSERT = "INSERT INTO icon (digest, type, body) VALUES (?, 't', 'b')"
Task = Callable[[sqlite3.Connection], object]


def insert(digest: str) -> Task:
    return lambda con: con.execute(INSERT, (digest,)).rowcount


def failing(digest: str, error: BaseException) -> Task:
    def task(con: sqlite3.Connection) -> None:
        con.execute(INSERT, (digest,))
        raise error

    return task


async def digests(store: SqliteMappers) -> list[str]:
    return await store.engine.read(lambda con: [row[0] for row in con.execute("SELECT digest FROM icon ORDER BY 1")])


async def taken(store: SqliteMappers) -> None:
    """Returns once the writer has taken what was handed over."""
    await asyncio.sleep(0)
    while len(store.engine._writes):  # noqa: ASYNC110  # the queue belongs to a thread
        await asyncio.sleep(0)


async def in_one_batch(store: SqliteMappers, *tasks: Task) -> list[object]:
    """Keeps the writer busy until all tasks wait, so that it takes them together."""
    gate = threading.Event()
    first = asyncio.ensure_future(store.engine.write(lambda con: gate.wait(10)))
    await taken(store)
    rest = [asyncio.ensure_future(store.engine.write(task)) for task in tasks]
    await asyncio.sleep(0)
    gate.set()
    assert await first
    return await asyncio.gather(*rest, return_exceptions=True)


@pytest.mark.parametrize("error", [NotFound("x"), ValueError("x"), KeyboardInterrupt(), StopIteration()])
async def test_a_failing_task_undoes_itself_alone(store: SqliteMappers, error: BaseException) -> None:
    results = await in_one_batch(store, insert("a"), failing("b", error), insert("c"))
    assert (results[0], results[2]) == (1, 1)
    assert type(results[1]) is (type(error) if isinstance(error, NotFound | ValueError) else RuntimeError)
    assert await digests(store) == ["a", "c"]
    assert await store.engine.write(insert("d")) == 1


async def test_errors_of_sqlite_are_told_with_their_cause(store: SqliteMappers) -> None:
    await store.engine.write(insert("a"))
    with pytest.raises(StoreError, match="UNIQUE") as caught:
        await store.engine.write(insert("a"))
    assert type(caught.value.__cause__) is sqlite3.IntegrityError
    with pytest.raises(StoreError, match="no such table"):
        await store.engine.read(lambda con: con.execute("SELECT * FROM absent"))
    with pytest.raises(UnicodeEncodeError):
        await store.engine.write(insert("\ud800"))
    assert await store.engine.write(insert("b")) == 1


async def test_a_full_disk_fails_what_does_not_fit_and_nothing_else(store: SqliteMappers) -> None:
    def limit(con: sqlite3.Connection) -> None:
        pages = con.execute("PRAGMA page_count").fetchone()[0]
        con.execute(f"PRAGMA max_page_count = {pages + 10}")

    def huge(con: sqlite3.Connection) -> None:
        con.execute("INSERT INTO icon (digest, type, body) VALUES ('huge', 't', zeroblob(1000000))")

    await store.engine.write(limit)
    results = await in_one_batch(store, insert("a"), huge, insert("b"))
    assert (results[0], results[2]) == (1, 1)
    assert type(results[1]) is StoreError
    assert "full" in str(results[1])
    assert await digests(store) == ["a", "b"]


async def test_a_task_that_ends_the_transaction_hurts_nobody_else(store: SqliteMappers) -> None:
    """SQLite itself does so on I/O errors; the tasks before it in the batch run again."""

    def ends(con: sqlite3.Connection) -> None:
        con.rollback()
        raise sqlite3.OperationalError("disk I/O error")

    results = await in_one_batch(store, insert("a"), ends, insert("b"))
    assert (results[0], results[2]) == (1, 1)
    assert type(results[1]) is StoreError
    assert await digests(store) == ["a", "b"]


async def test_writes_that_wait_share_a_transaction(store: SqliteMappers) -> None:
    seen: list[str] = []
    store.engine.trace(seen.append)
    await in_one_batch(store, *(insert(str(n)) for n in range(50)))
    assert len(await digests(store)) == 50
    assert seen.count("COMMIT") == 2  # the one that held the door, and all others


async def test_a_cancelled_caller_does_not_stop_the_others(store: SqliteMappers) -> None:
    gate = threading.Event()
    first = asyncio.ensure_future(store.engine.write(lambda con: gate.wait(10)))
    cancelled = asyncio.ensure_future(store.engine.write(insert("a")))
    last = asyncio.ensure_future(store.engine.write(insert("b")))
    await asyncio.sleep(0)
    cancelled.cancel()
    first.cancel()
    await asyncio.sleep(0)
    gate.set()
    assert await last == 1
    assert await digests(store) == ["b"]
    assert cancelled.cancelled()
    assert first.cancelled()


async def test_readers_cannot_write_and_leave_no_transaction_open(store: SqliteMappers) -> None:
    def breaks(con: sqlite3.Connection) -> None:
        with snapshot(con):
            raise ValueError

    with pytest.raises(StoreError, match="readonly"):
        await store.engine.read(insert("a"))
    for _ in range(4):
        with pytest.raises(ValueError):
            await store.engine.read(breaks)
    assert await asyncio.gather(*(store.engine.read(lambda con: con.in_transaction) for _ in range(4))) == [False] * 4


async def test_reads_go_on_while_a_write_runs(store: SqliteMappers) -> None:
    gate = threading.Event()
    writing = asyncio.ensure_future(store.engine.write(lambda con: (insert("a")(con), gate.wait(10))))
    await taken(store)
    assert await digests(store) == []
    gate.set()
    await writing
    assert await digests(store) == ["a"]


async def test_closing_finishes_what_waits(store: SqliteMappers) -> None:
    waiting = [asyncio.ensure_future(store.engine.write(insert(str(n)))) for n in range(20)]
    await asyncio.sleep(0)
    await store.close()
    assert await asyncio.gather(*waiting) == [1] * 20
    with pytest.raises(StoreError, match="closed"):
        await store.engine.read(lambda con: None)


async def test_the_writer_closes_last_and_leaves_one_file(store: SqliteMappers, path: Path) -> None:
    """Two connections that close in the same moment would both leave the log to the other."""
    gate = threading.Event()
    reading = asyncio.ensure_future(store.engine.read(lambda con: gate.wait(10)))
    await store.engine.write(insert("a"))
    closing = asyncio.ensure_future(store.close())
    await asyncio.sleep(0.05)
    assert "sqlite-writer" in {thread.name for thread in threading.enumerate()}
    gate.set()
    await asyncio.gather(reading, closing)
    assert [file.name for file in path.parent.iterdir()] == [path.name]


async def test_a_lock_held_elsewhere_is_an_error_and_no_deadlock(
    store: SqliteMappers, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.engine.write(lambda con: con.execute("SELECT 1"))
    await store.engine.read(lambda con: None)
    other = sqlite3.connect(store.engine.path, isolation_level=None)
    quick = await store.engine.write(lambda con: con.execute("PRAGMA busy_timeout = 50").fetchone())
    assert quick
    other.execute("BEGIN IMMEDIATE")
    results = await asyncio.gather(*(store.engine.write(insert(str(n))) for n in range(5)), return_exceptions=True)
    assert {type(result) for result in results} == {StoreAway}
    other.execute("COMMIT")
    other.close()
    assert await store.engine.write(insert("a")) == 1
