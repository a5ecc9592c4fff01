"""Removing accounts on SQLite."""

# Statements are put together from constants of this package alone; values are always parameters.
# ruff: noqa: S608

from __future__ import annotations

import sqlite3

from reader.mappers.sqlite.engine import Engine
from reader.mappers.sqlite.talk import remove as remove_comment
from reader.models.people import REMOVED

# Everything of which an account can hold much, with its key. The few rest goes with the account's row.
HELD: tuple[tuple[str, str, str], ...] = (
    ("notification", "id", "user_id = :user OR actor_id = :user"),
    ("liking", "share_id, user_id", "user_id = :user"),
    ("relation", "user_id, other_id, kind", "user_id = :user OR other_id = :user"),
    ("approval", "owner_id, user_id", "owner_id = :user OR user_id = :user"),
    ("flag", "user_id, kind, entry_id", "user_id = :user"),
    ("read_journal", "user_id, rev, number", "user_id = :user"),
    ("first_unread", "feed_id, user_id", "user_id = :user"),
    ("subscription", "user_id, feed_id", "user_id = :user"),
    ("import_item", "import_id, number", "import_id IN (SELECT id FROM import WHERE user_id = :user)"),
    ("job_owner", "user_id, key", "user_id = :user"),
    ("folder", "id", "user_id = :user"),
)
ENDED = ("session", "token", "undo", "webhook")


def _begin(con: sqlite3.Connection, user_id: int, digest: bytes, now: float) -> bool:
    sql = (
        "UPDATE user SET leaving_at = ?, password_hash = '', admin = 0, about = '' WHERE id = ? AND leaving_at IS NULL"
    )
    if con.execute(sql, (now, user_id)).rowcount == 0:
        return False
    for table in ENDED:
        con.execute(f"DELETE FROM {table} WHERE user_id = ?", (user_id,))
    con.execute("INSERT OR IGNORE INTO reserved_name (digest, at) VALUES (?, ?)", (digest, now))
    return True


def _leaving(con: sqlite3.Connection, limit: int) -> list[int]:
    sql = "SELECT id FROM user WHERE leaving_at IS NOT NULL ORDER BY leaving_at LIMIT ?"
    return [user_id for (user_id,) in con.execute(sql, (limit,))]


def _release(con: sqlite3.Connection, digest: bytes) -> bool:
    return con.execute("DELETE FROM reserved_name WHERE digest = ?", (digest,)).rowcount > 0


def _roots(con: sqlite3.Connection, user_id: int, after: int, limit: int) -> list[int]:
    sql = "SELECT DISTINCT root_id FROM share WHERE user_id = ? AND root_id > ? ORDER BY root_id LIMIT ?"
    return [root_id for (root_id,) in con.execute(sql, (user_id, after, limit))]


def _clear(con: sqlite3.Connection, user_id: int, limit: int, now: float) -> int:
    if not is_leaving(con, user_id):
        return 0
    done = _clear_comments(con, user_id, limit, now)
    for table, key, where in HELD:
        if done >= limit:
            break
        sql = f"DELETE FROM {table} WHERE ({key}) IN (SELECT {key} FROM {table} WHERE {where} LIMIT :limit)"
        done += con.execute(sql, {"user": user_id, "limit": limit - done}).rowcount
    return done


def _clear_comments(con: sqlite3.Connection, user_id: int, limit: int, now: float) -> int:
    ids = con.execute("SELECT id FROM comment WHERE user_id = ? LIMIT ?", (user_id, limit)).fetchall()
    for (comment_id,) in ids:
        remove_comment(con, comment_id, now)
        con.execute("UPDATE comment SET user_id = NULL WHERE id = ?", (comment_id,))
    return len(ids)


def is_leaving(con: sqlite3.Connection, user_id: int) -> bool:
    """See DepartureMapper.is_leaving."""
    sql = "SELECT 1 FROM user WHERE id = ? AND leaving_at IS NOT NULL"
    return con.execute(sql, (user_id,)).fetchone() is not None


def _finish(con: sqlite3.Connection, user_id: int) -> bool:
    if not is_leaving(con, user_id):
        return con.execute("SELECT 1 FROM user WHERE id = ?", (user_id,)).fetchone() is None
    held = [(table, where) for table, _, where in HELD]
    for table, where in [("stream", "user_id = :user"), ("share", "user_id = :user"), *held]:
        if con.execute(f"SELECT 1 FROM {table} WHERE {where} LIMIT 1", {"user": user_id}).fetchone():
            return False
    if con.execute("SELECT 1 FROM comment WHERE user_id = ? LIMIT 1", (user_id,)).fetchone():
        return False
    con.execute("UPDATE audit SET user_name = ? WHERE user_id = ?", (REMOVED, user_id))
    con.execute("DELETE FROM user WHERE id = ?", (user_id,))
    return True


class SqliteDeparture:
    """DepartureMapper."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def begin(self, user_id: int, digest: bytes, *, now: float) -> bool:
        return await self._engine.write(_begin, user_id, digest, now)

    async def leaving(self, limit: int) -> list[int]:
        return await self._engine.read(_leaving, limit)

    async def is_leaving(self, user_id: int) -> bool:
        return await self._engine.read(is_leaving, user_id)

    async def release(self, digest: bytes) -> bool:
        return await self._engine.write(_release, digest)

    async def roots(self, user_id: int, *, after: int, limit: int) -> list[int]:
        return await self._engine.read(_roots, user_id, after, limit)

    async def clear(self, user_id: int, limit: int, *, now: float) -> int:
        return await self._engine.write(_clear, user_id, limit, now)

    async def finish(self, user_id: int) -> bool:
        return await self._engine.write(_finish, user_id)
