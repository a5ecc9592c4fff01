# Files of a test are small and nothing else runs in its loop.
# ruff: noqa: ASYNC240

from __future__ import annotations

import asyncio
import re
import sqlite3
from pathlib import Path

import pytest

from reader.mappers import schema
from reader.mappers.sqlite import SqliteMappers, StoreError, migrations, open_store


async def test_an_old_schema_is_not_ready(path: Path) -> None:
    store = await open_store(path)
    with pytest.raises(StoreError):
        await store.ready()
    assert await store.migrate() == [name for name, _ in migrations.MIGRATIONS]
    await store.ready()
    assert await store.migrate() == []
    await store.close()


async def test_stores_that_migrate_at_once_migrate_once(path: Path) -> None:
    stores = await asyncio.gather(*(open_store(path) for _ in range(4)))
    ran = await asyncio.gather(*(store.migrate() for store in stores))
    assert sorted(ran, key=len) == [[], [], [], [name for name, _ in migrations.MIGRATIONS]]
    await asyncio.gather(*(store.close() for store in stores))


async def test_a_failing_migration_leaves_nothing_behind(store: SqliteMappers, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = ("9999_broken", "CREATE TABLE half (x);\nINSERT INTO absent VALUES (1);\n")
    monkeypatch.setattr(migrations, "MIGRATIONS", (*migrations.MIGRATIONS, broken))
    with pytest.raises(StoreError, match="absent"):
        await store.migrate()
    tables = await store.engine.read(
        lambda con: con.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'half'").fetchone()[0]
    )
    assert tables == 0
    monkeypatch.undo()
    assert await store.migrate() == []


def test_statements_are_split_where_they_end(path: Path) -> None:
    con = sqlite3.connect(":memory:")
    for statement in migrations._statements("-- one; two\nCREATE TABLE a (x);\nINSERT INTO a VALUES (';\n');\n"):
        con.execute(statement)
    assert con.execute("SELECT x FROM a").fetchall() == [(";\n",)]
    con.close()
    with pytest.raises(ValueError, match="unfinished"):
        migrations._statements("CREATE TABLE a (")


async def test_the_pragmas_hold_on_every_connection(store: SqliteMappers) -> None:
    def pragmas(con: sqlite3.Connection) -> list[object]:
        names = ("journal_mode", "synchronous", "foreign_keys", "temp_store", "busy_timeout")
        return [con.execute(f"PRAGMA {name}").fetchone()[0] for name in names]

    expected = ["wal", 1, 1, 2, 10_000]
    assert await store.engine.write(pragmas) == expected
    assert await asyncio.gather(*(store.engine.read(pragmas) for _ in range(4))) == [expected] * 4


async def test_the_file_is_private(store: SqliteMappers, path: Path) -> None:
    assert path.stat().st_mode & 0o077 == 0


async def test_a_newer_store_is_worked_with_unless_it_lost_what_this_version_uses(
    store: SqliteMappers, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def went_through(name: str) -> None:
        await store.engine.write(lambda con: con.execute("INSERT INTO migration (name, at) VALUES (?, 0)", (name,)))

    await went_through("9998_more")
    assert await store.migrate() == [] and "9998_more" in caplog.text
    await store.ready()
    await went_through("9999_less_contract")
    for look in (store.migrate, store.ready):
        with pytest.raises(StoreError, match=r"by a newer Evantr \(9999_less_contract\).*Start the newer"):
            await look()
    monkeypatch.setattr(schema, "TO_COME", ("9999_less_contract",))  # it has stopped using that
    assert await store.migrate() == []


def test_only_a_contracting_migration_takes_something_away() -> None:
    """What is older than the rule was made while Evantr stood still."""
    taking = re.compile(r"\b(DROP\s+(TABLE|COLUMN)|RENAME)\b", re.IGNORECASE)
    for name, script in migrations.MIGRATIONS[12:]:
        assert name.endswith(schema.CONTRACT) or not taking.search(script), name
    assert taking.search("ALTER TABLE a DROP COLUMN b") and taking.search("alter table a rename to b")
