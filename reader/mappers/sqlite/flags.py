"""Stars and read-later on SQLite."""

# Statements are put together from constants of this package alone; values are always parameters.
# ruff: noqa: S608

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from reader.errors import NotFound
from reader.mappers.sqlite.connection import ids_json
from reader.mappers.sqlite.counters import next_user_rev
from reader.mappers.sqlite.engine import Engine
from reader.models.entry import FlagKind, Flags

NEAR_MOST = 200  # a page; a look-up by key each, a tenth of what a thread costs
MANY = """
SELECT entry_id, max(iif(kind = 'starred', at, NULL)), max(iif(kind = 'later', at, NULL)) FROM flag
WHERE user_id = ? AND kind IN ('starred', 'later') AND entry_id IN (SELECT value FROM json_each(?)) GROUP BY entry_id
"""

# Flags of what was taken back wait under other names; what restores it gives them theirs again.
HIDE = """
UPDATE flag SET kind = 'withdrawn ' || kind WHERE kind IN ('starred', 'later') AND entry_id IN (
    SELECT id FROM entry WHERE feed_id = ? AND seq IN (SELECT value FROM json_each(?)))
RETURNING user_id
"""
SHOW = """
UPDATE flag SET kind = substr(kind, length('withdrawn ') + 1) WHERE kind GLOB 'withdrawn *' AND entry_id IN (
    SELECT id FROM entry WHERE feed_id = ? AND seq IN (SELECT value FROM json_each(?)))
RETURNING user_id
"""


def hide(con: sqlite3.Connection, feed_id: int, seqs: Sequence[int]) -> None:
    """Puts the flags of entries that are taken back out of sight."""
    _rename(con, HIDE, feed_id, seqs)


def show(con: sqlite3.Connection, feed_id: int, seqs: Sequence[int]) -> None:
    """The reverse of hide()."""
    _rename(con, SHOW, feed_id, seqs)


def _rename(con: sqlite3.Connection, sql: str, feed_id: int, seqs: Sequence[int]) -> None:
    if seqs:
        for user_id in {user_id for (user_id,) in con.execute(sql, (feed_id, ids_json(seqs))).fetchall()}:
            next_user_rev(con, user_id)


def _set(con: sqlite3.Connection, user_id: int, entry_id: int, kind: FlagKind, on: bool, now: float) -> bool:
    if on:
        sql = "SELECT 1 FROM entry, user WHERE entry.id = ? AND user.id = ?"
        if not con.execute(sql, (entry_id, user_id)).fetchone():
            raise NotFound("There is no such entry.")
        values = (user_id, kind, entry_id, now)
        cursor = con.execute("INSERT OR IGNORE INTO flag (user_id, kind, entry_id, at) VALUES (?, ?, ?, ?)", values)
    else:
        sql = "DELETE FROM flag WHERE user_id = ? AND kind = ? AND entry_id = ?"
        cursor = con.execute(sql, (user_id, kind, entry_id))
    if cursor.rowcount > 0:
        next_user_rev(con, user_id)
        return True
    return False


def _many(con: sqlite3.Connection, user_id: int, ids: str) -> dict[int, Flags]:
    return {row[0]: Flags(*row) for row in con.execute(MANY, (user_id, ids))}


def _page(
    con: sqlite3.Connection, user_id: int, kind: FlagKind, before: tuple[float, int] | None, limit: int
) -> list[tuple[float, int]]:
    below, values = ("AND (at, entry_id) < (?, ?)", before) if before else ("", ())
    sql = (
        f"SELECT at, entry_id FROM flag WHERE user_id = ? AND kind = ? {below} ORDER BY at DESC, entry_id DESC LIMIT ?"
    )
    return con.execute(sql, (user_id, kind, *values, limit)).fetchall()


def _count(con: sqlite3.Connection, user_id: int, kind: FlagKind) -> int:
    row = con.execute("SELECT count(*) FROM flag WHERE user_id = ? AND kind = ?", (user_id, kind)).fetchone()
    count: int = row[0]
    return count


class SqliteFlags:
    """FlagMapper."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def set(self, user_id: int, entry_id: int, kind: FlagKind, on: bool, *, now: float) -> bool:
        return await self._engine.write(_set, user_id, entry_id, kind, on, now)

    async def many(self, user_id: int, entry_ids: Sequence[int]) -> dict[int, Flags]:
        near = len(entry_ids) <= NEAR_MOST
        return await (self._engine.near if near else self._engine.read)(_many, user_id, ids_json(entry_ids))

    async def page(
        self, user_id: int, kind: FlagKind, *, before: tuple[float, int] | None, limit: int
    ) -> list[tuple[float, int]]:
        return await self._engine.read(_page, user_id, kind, before, limit)

    async def count(self, user_id: int, kind: FlagKind) -> int:
        return await self._engine.read(_count, user_id, kind)
