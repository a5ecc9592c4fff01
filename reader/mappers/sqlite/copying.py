"""A SQLite store as source or target of a copy (mappers: copying). It has a connection of its own: nobody else uses the
store, and rows may come before what they belong to."""

# Statements are put together from constants of this package alone; values are always parameters.
# ruff: noqa: S608

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from reader.errors import Conflict
from reader.mappers.copying import KINDS, Kind, Place, Record, State, pack_place, unpack_place
from reader.mappers.keys import title_key, uid_hash
from reader.mappers.sqlite.connection import connect
from reader.mappers.sqlite.identity import set_words
from reader.mappers.sqlite.migrations import migrate

STATES = (
    "CREATE TABLE IF NOT EXISTS copying (kind TEXT PRIMARY KEY, place TEXT, rows INTEGER, done INTEGER, source TEXT)"
)
FROM = {
    # What a pull that died left above feed.seq is nobody's.
    "entry": "entry LEFT JOIN trace ON trace.entry_id = entry.id JOIN feed ON feed.id = entry.feed_id"
    " AND entry.seq <= feed.seq",
    # Numbers that SQLite itself gives out, beside ours. The audit's is that of its newest line.
    "counter": "(SELECT name, value FROM counter UNION ALL"
    " SELECT name, seq FROM sqlite_sequence WHERE name <> 'audit') AS counter",
}
COLUMN = {
    ("entry", "keys"): "coalesce(trace.keys, x'')",
    ("entry", "changes"): "coalesce(trace.changes, 0)",
}
WHERE = {"counter": "value > 0"}
OURS = ("entry", "feed_rev")  # counters that are not SQLite's


class SqliteCopying:
    """Copyable."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._con: sqlite3.Connection | None = None

    @property
    def label(self) -> str:
        return f"sqlite:{self._path.resolve()}"

    async def busy(self, since: float) -> bool:
        return await asyncio.to_thread(self._busy, since)

    async def count(self, kind: Kind) -> int:
        return await asyncio.to_thread(self._count, kind)

    async def read(self, kind: Kind, after: Place | None) -> tuple[list[Record], Place | None]:
        return await asyncio.to_thread(self._read, kind, after)

    async def begin(self, source: str) -> dict[str, State]:
        return await asyncio.to_thread(self._begin, source)

    async def write(self, kind: Kind, records: Sequence[Record], state: State) -> None:
        await asyncio.to_thread(self._write, kind, records, state)

    async def finish(self) -> int:
        return await asyncio.to_thread(self._finish)

    async def close(self) -> None:
        if self._con is not None:
            await asyncio.to_thread(self._con.close)

    # ---- in a thread

    @property
    def _open(self) -> sqlite3.Connection:
        if self._con is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            if not self._path.exists():
                self._path.touch(mode=0o600)
            self._con = connect(self._path)
            self._con.execute("PRAGMA foreign_keys = OFF")
            self._con.execute("BEGIN IMMEDIATE")
            migrate(self._con)
            self._con.execute("COMMIT")
        return self._con

    def _busy(self, since: float) -> bool:
        return self._open.execute("SELECT 1 FROM manager WHERE seen_at >= ?", (since,)).fetchone() is not None

    def _count(self, kind: Kind) -> int:
        table = FROM["counter"] if kind.name == "counter" else f'"{kind.name}"'
        number: int = self._open.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        return number

    def _read(self, kind: Kind, after: Place | None) -> tuple[list[Record], Place | None]:
        columns = [COLUMN.get((kind.name, field), f'"{kind.name}"."{field}"') for field in kind.fields]
        keys = ", ".join(f'"{kind.name}"."{field}"' for field in kind.key)
        conditions = [WHERE[kind.name]] if kind.name in WHERE else []
        if after is not None:
            conditions.append(f"({keys}) > ({', '.join('?' * len(after))})")
        where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
        table = FROM.get(kind.name, f'"{kind.name}"')
        sql = f"SELECT {', '.join(columns)}, {keys} FROM {table} {where} ORDER BY {keys} LIMIT ?"
        rows = self._open.execute(sql, (*(after or ()), kind.batch)).fetchall()
        width = len(kind.fields)
        records = [_read(kind, row[:width]) for row in rows]
        return records, list(rows[-1][width:]) if len(rows) == kind.batch else None

    def _begin(self, source: str) -> dict[str, State]:
        con = self._open
        con.execute("BEGIN IMMEDIATE")
        con.execute(STATES)
        rows = con.execute("SELECT kind, place, rows, done, source FROM copying").fetchall()
        if any(row[4] != source for row in rows):
            con.execute("ROLLBACK")
            raise Conflict(f"A copy of another store into {self.label} was begun and not finished.")
        if not rows and any(con.execute(f'SELECT 1 FROM "{kind.name}"').fetchone() for kind in KINDS[:-1]):
            con.execute("ROLLBACK")
            raise Conflict(f"{self.label} is not empty.")
        if not rows:
            con.execute("INSERT INTO copying (kind, rows, done, source) VALUES ('', 0, 0, ?)", (source,))
        con.execute("COMMIT")
        return {kind: State(unpack_place(place), number, bool(done)) for kind, place, number, done, _ in rows if kind}

    def _write(self, kind: Kind, records: Sequence[Record], state: State) -> None:
        con = self._open
        con.execute("BEGIN IMMEDIATE")
        try:
            if kind.name == "counter":
                _write_counters(con, records)
            else:
                for table, fields, rows in _rows(kind, records):
                    marks = ", ".join("?" * len(fields))
                    names = ", ".join(f'"{field}"' for field in fields)
                    con.executemany(f'INSERT OR REPLACE INTO "{table}" ({names}) VALUES ({marks})', rows)
            if kind.name == "feed":
                for record in records:
                    set_words(con, record[0])
            con.execute(
                "INSERT OR REPLACE INTO copying (kind, place, rows, done, source)"
                " VALUES (?, ?, ?, ?, (SELECT source FROM copying WHERE kind = ''))",
                (kind.name, pack_place(state.place), state.rows, state.done),
            )
            con.execute("COMMIT")
        except BaseException:
            con.execute("ROLLBACK")
            raise

    def _finish(self) -> int:
        """What belongs to nothing would be in the way of every later write."""
        con = self._open
        con.execute("BEGIN IMMEDIATE")
        dropped = 0
        while orphans := {(table, key) for table, _, _, key in con.execute("PRAGMA foreign_key_check")}:
            dropped += sum(_let_go(con, table, key) for table, key in orphans)
        con.execute("DROP TABLE copying")
        con.execute("COMMIT")
        return dropped


def _read(kind: Kind, row: Sequence[Any]) -> Record:
    return tuple(
        json.loads(value) if field in kind.texts else bool(value) if field in kind.flags else value
        for field, value in zip(kind.fields, row, strict=True)
    )


def _stored(kind: Kind, values: dict[str, Any]) -> dict[str, Any]:
    return {
        field: json.dumps(value, ensure_ascii=False) if field in kind.texts else value
        for field, value in values.items()
    }


def _rows(kind: Kind, records: Sequence[Record]) -> list[tuple[str, tuple[str, ...], list[tuple[Any, ...]]]]:
    """(table, columns, rows), what follows from the fields added."""
    stored = [_stored(kind, kind.named(record)) for record in records]
    if not stored:
        return []
    if kind.name == "user":
        stored = [each | {"name_key": each["name"].casefold()} for each in stored]
    elif kind.name == "folder":
        stored = [each | {"title_key": title_key(each["title"], each["parent_id"])} for each in stored]
    elif kind.name == "entry":
        traces = [(each["id"], each.pop("keys"), each.pop("changes")) for each in stored]
        stored = [each | {"uid_hash": uid_hash(each["uid"])} for each in stored]
        trace = ("trace", ("entry_id", "keys", "changes"), traces)
        return [(kind.name, tuple(stored[0]), [tuple(each.values()) for each in stored]), trace]
    return [(kind.name, tuple(stored[0]), [tuple(each.values()) for each in stored])]


def _write_counters(con: sqlite3.Connection, records: Sequence[Record]) -> None:
    tables = {name for (name,) in con.execute("SELECT name FROM sqlite_master WHERE sql LIKE '%AUTOINCREMENT%'")}
    for name, value in records:
        if name in OURS:
            con.execute("INSERT OR REPLACE INTO counter (name, value) VALUES (?, ?)", (name, value))
        elif name in tables:
            con.execute("DELETE FROM sqlite_sequence WHERE name = ?", (name,))
            con.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (name, value))


def _let_go(con: sqlite3.Connection, table: str, number: int) -> int:
    """Rows whose foreign key of this number points to nothing; returns how many were removed. Where the schema says so
    they stay, and point to nothing."""
    keys = con.execute(f'PRAGMA foreign_key_list("{table}")').fetchall()
    _, _, parent, own, theirs, _, on_delete, _ = next(key for key in keys if key[0] == number)
    lost = f'"{own}" IS NOT NULL AND "{own}" NOT IN (SELECT "{theirs or "id"}" FROM "{parent}")'
    if on_delete == "SET NULL":
        con.execute(f'UPDATE "{table}" SET "{own}" = NULL WHERE {lost}')
        return 0
    return con.execute(f'DELETE FROM "{table}" WHERE {lost}').rowcount
