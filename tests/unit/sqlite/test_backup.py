# Files of a test are small and nothing else runs in its loop.
# ruff: noqa: ASYNC110, ASYNC240

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from pathlib import Path

import pytest

from reader.errors import Conflict, Invalid
from reader.mappers.sqlite import SqliteMappers, open_store, restore
from reader.mappers.sqlite.connection import APPLICATION_ID
from reader.models.feed import Feed


async def add(store: SqliteMappers, name: str) -> Feed:
    feed, _ = await store.feeds.create(f"https://{name}.test/", title="T", site_url=None, description=None, now=1.0)
    return feed


async def feeds(path: Path) -> list[Feed]:
    store = await open_store(path)
    found = await store.feeds.page(after=0, limit=100_000)
    await store.close()
    return found


async def test_a_backup_under_load_is_a_state_that_was(store: SqliteMappers, tmp_path: Path) -> None:
    """Everything acknowledged before it began is in it, and no number is missing in between."""
    stop = asyncio.Event()
    made: list[Feed] = []

    async def write() -> None:
        while not stop.is_set():
            made.append(await add(store, str(len(made))))

    writing = asyncio.ensure_future(write())
    while len(made) < 200:
        await asyncio.sleep(0)
    before = len(made)
    await store.backup(tmp_path / "copy")
    stop.set()
    await writing
    copied = await feeds(tmp_path / "copy")
    assert before <= len(copied) <= len(made)
    assert copied == made[: len(copied)]
    restore(tmp_path / "copy", tmp_path / "new" / "evantr.sqlite")
    assert await feeds(tmp_path / "new" / "evantr.sqlite") == copied


async def test_a_backup_is_one_private_file_that_restores(store: SqliteMappers, tmp_path: Path) -> None:
    feed = await add(store, "a")
    folder = tmp_path / "backups"
    await store.backup(folder / "copy")
    assert [each.name for each in folder.iterdir()] == ["copy"]
    assert (folder / "copy").stat().st_mode & 0o077 == 0
    restore(folder / "copy", tmp_path / "new" / "evantr.sqlite")
    assert await feeds(tmp_path / "new" / "evantr.sqlite") == [feed]
    assert [each.name for each in folder.iterdir()] == ["copy"]


async def test_a_failed_backup_leaves_no_file(store: SqliteMappers, tmp_path: Path, path: Path) -> None:
    await store.close()
    path.write_bytes(b"SQLite format 3\0" + b"junk" * 2000)
    with pytest.raises(sqlite3.DatabaseError):
        await store.backup(tmp_path / "backups" / "copy")
    assert list((tmp_path / "backups").iterdir()) == []


async def test_restore_refuses_what_exists_unless_told(store: SqliteMappers, path: Path, tmp_path: Path) -> None:
    await add(store, "old")
    await store.backup(tmp_path / "copy")
    await add(store, "newer")
    with pytest.raises(Conflict, match="exists"):
        restore(tmp_path / "copy", path)
    with pytest.raises(Conflict, match="in use"):
        restore(tmp_path / "copy", path, replace=True)
    assert len(await store.feeds.page(after=0, limit=9)) == 2
    await store.close()
    restore(tmp_path / "copy", path, replace=True)
    assert [feed.url for feed in await feeds(path)] == ["https://old.test/"]


async def test_restore_replaces_a_ruin_and_its_log(store: SqliteMappers, path: Path, tmp_path: Path) -> None:
    feed = await add(store, "a")
    await store.backup(tmp_path / "copy")
    await store.close()
    path.write_bytes(b"ruin" * 1000)
    path.with_name(path.name + "-wal").write_bytes(b"log of the ruin")
    restore(tmp_path / "copy", path, replace=True)
    assert await feeds(path) == [feed]


def make_database(path: Path, application_id: int, migrations: list[str]) -> None:
    with contextlib.closing(sqlite3.connect(path)) as con:
        con.execute(f"PRAGMA application_id = {application_id}")
        con.execute("CREATE TABLE migration (name TEXT, at REAL)")
        con.executemany("INSERT INTO migration VALUES (?, 0)", [(name,) for name in migrations])
        con.commit()


async def test_restore_refuses_junk(store: SqliteMappers, tmp_path: Path) -> None:
    await add(store, "a")
    await store.backup(tmp_path / "good")
    whole = (tmp_path / "good").read_bytes()
    (tmp_path / "text").write_text("hello " * 1000)
    (tmp_path / "empty").touch()
    (tmp_path / "cut").write_bytes(whole[: len(whole) // 2])
    scribbled = bytearray(whole)
    for page in range(2, len(whole) // 4096):
        scribbled[page * 4096 : page * 4096 + 64] = b"x" * 64
    (tmp_path / "scribbled").write_bytes(scribbled)
    make_database(tmp_path / "foreign", 0, ["0001_start"])
    make_database(tmp_path / "newer", APPLICATION_ID, ["0001_start", "9999_future"])
    make_database(tmp_path / "unmigrated", APPLICATION_ID, [])
    for name in ("text", "empty", "cut", "scribbled", "foreign", "newer", "unmigrated", "absent"):
        with pytest.raises(Invalid) as caught:
            restore(tmp_path / name, tmp_path / "out" / "evantr.sqlite")
        assert name in str(caught.value)
        assert not (tmp_path / "out" / "evantr.sqlite").exists()
