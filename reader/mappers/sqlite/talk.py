"""Comments and likes on SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from reader.errors import Conflict
from reader.mappers.sqlite.connection import ids_json
from reader.mappers.sqlite.engine import Engine
from reader.models.people import Comment
from reader.models.people_views import TalkCounts

NEAR_MOST = 50
COMMENT = "id, share_id, user_id, parent_id, text, created_at, removed_at"
NEWEST = f"""
WITH newest AS (SELECT {COMMENT} FROM comment WHERE share_id = :share ORDER BY id DESC LIMIT :limit)
SELECT {COMMENT} FROM newest UNION
SELECT {COMMENT} FROM comment WHERE id IN (SELECT parent_id FROM newest) ORDER BY id
"""  # noqa: S608
# A comment or like counts for who may see the person that made it; the owner of the share sees private people too.
HIDDEN = """
EXISTS (SELECT 1 FROM relation WHERE user_id = :me AND other_id = {who}.user_id AND kind IN ('block', 'mute'))
OR EXISTS (SELECT 1 FROM relation WHERE user_id = {who}.user_id AND other_id = :me AND kind = 'block')
OR EXISTS (SELECT 1 FROM user WHERE id = {who}.user_id AND (leaving_at IS NOT NULL OR (
    private AND id <> :me AND :me IS NOT (SELECT user_id FROM share WHERE id = {who}.share_id)
    AND NOT EXISTS (SELECT 1 FROM approval WHERE owner_id = user.id AND user_id = :me AND state = 'approved'))))
"""
LIKES = f"""
SELECT share_id, count(*), max(user_id = :me) FROM liking
WHERE share_id IN (SELECT value FROM json_each(:ids)) AND NOT ({HIDDEN.format(who="liking")}) GROUP BY share_id
"""  # noqa: S608
COMMENTS = f"""
SELECT share_id, count(*) FROM comment WHERE share_id IN (SELECT value FROM json_each(:ids))
AND removed_at IS NULL AND user_id IS NOT NULL AND NOT ({HIDDEN.format(who="comment")})
AND NOT EXISTS (SELECT 1 FROM comment AS above WHERE above.id = comment.parent_id AND ({HIDDEN.format(who="above")}))
GROUP BY share_id
"""  # noqa: S608


def _comments(con: sqlite3.Connection, share_id: int, limit: int) -> list[Comment]:
    return [Comment(*row) for row in con.execute(NEWEST, {"share": share_id, "limit": limit})]


def _comment(con: sqlite3.Connection, comment_id: int) -> Comment | None:
    row = con.execute(f"SELECT {COMMENT} FROM comment WHERE id = ?", (comment_id,)).fetchone()  # noqa: S608
    return Comment(*row) if row else None


def _many(con: sqlite3.Connection, ids: str) -> dict[int, Comment]:
    sql = f"SELECT {COMMENT} FROM comment WHERE id IN (SELECT value FROM json_each(?))"  # noqa: S608
    return {row[0]: Comment(*row) for row in con.execute(sql, (ids,))}


def _add(con: sqlite3.Connection, share_id: int, user_id: int, parent_id: int | None, text: str, now: float) -> Comment:
    if parent_id is not None:
        parent = _comment(con, parent_id)
        if parent is None or parent.removed_at is not None or parent.user_id is None or parent.share_id != share_id:
            raise Conflict("The comment that you answer is gone.")
        if parent.parent_id is not None:
            raise Conflict("An answer cannot be answered.")
    sql = "INSERT INTO comment (share_id, user_id, parent_id, text, created_at) VALUES (?, ?, ?, ?, ?) RETURNING id"
    row = con.execute(sql, (share_id, user_id, parent_id, text, now)).fetchone()
    return Comment(row[0], share_id, user_id, parent_id, text, now)


def remove(con: sqlite3.Connection, comment_id: int, now: float) -> bool:
    """See TalkMapper.remove."""
    known = _comment(con, comment_id)
    if known is None or known.removed_at is not None:
        return False
    con.execute("DELETE FROM notification WHERE comment_id = ?", (comment_id,))
    if con.execute(
        "SELECT 1 FROM comment WHERE share_id = ? AND parent_id = ?", (known.share_id, comment_id)
    ).fetchone():
        con.execute("UPDATE comment SET text = '', removed_at = ? WHERE id = ?", (now, comment_id))
        return True
    con.execute("DELETE FROM comment WHERE id = ?", (comment_id,))
    if known.parent_id is not None:
        con.execute(
            "DELETE FROM comment WHERE id = :id AND (removed_at IS NOT NULL OR user_id IS NULL)"
            " AND NOT EXISTS (SELECT 1 FROM comment WHERE share_id = :share AND parent_id = :id)",
            {"id": known.parent_id, "share": known.share_id},
        )
    return True


def _like(con: sqlite3.Connection, share_id: int, user_id: int, on: bool, now: float) -> bool:
    if on:
        sql = "INSERT OR IGNORE INTO liking (share_id, user_id, at) VALUES (?, ?, ?)"
        return con.execute(sql, (share_id, user_id, now)).rowcount > 0
    return con.execute("DELETE FROM liking WHERE share_id = ? AND user_id = ?", (share_id, user_id)).rowcount > 0


def _likers(con: sqlite3.Connection, share_id: int, limit: int) -> list[int]:
    sql = "SELECT user_id FROM liking WHERE share_id = ? ORDER BY at DESC, user_id LIMIT ?"
    return [user_id for (user_id,) in con.execute(sql, (share_id, limit))]


def _counts(con: sqlite3.Connection, viewer_id: int, ids: str) -> dict[int, TalkCounts]:
    values = {"me": viewer_id, "ids": ids}
    out = {row[0]: TalkCounts(row[1], 0, bool(row[2])) for row in con.execute(LIKES, values)}
    for share_id, number in con.execute(COMMENTS, values):
        out[share_id] = out.get(share_id, TalkCounts(0, 0, False))._replace(comments=number)
    return out


def _of_user(con: sqlite3.Connection, user_id: int, after: int, limit: int) -> list[Comment]:
    sql = f"SELECT {COMMENT} FROM comment WHERE user_id = ? AND id > ? ORDER BY id LIMIT ?"  # noqa: S608
    return [Comment(*row) for row in con.execute(sql, (user_id, after, limit))]


def _liked_by(con: sqlite3.Connection, user_id: int, after: int, limit: int) -> list[tuple[int, float]]:
    sql = "SELECT share_id, at FROM liking WHERE user_id = ? AND share_id > ? ORDER BY share_id LIMIT ?"
    return con.execute(sql, (user_id, after, limit)).fetchall()


class SqliteTalk:
    """TalkMapper."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def comments(self, share_id: int, limit: int) -> list[Comment]:
        return await self._engine.read(_comments, share_id, limit)

    async def many(self, comment_ids: Sequence[int]) -> dict[int, Comment]:
        run = self._engine.near if len(comment_ids) <= NEAR_MOST else self._engine.read
        return await run(_many, ids_json(comment_ids))

    async def add(self, share_id: int, user_id: int, parent_id: int | None, text: str, *, now: float) -> Comment:
        return await self._engine.write(_add, share_id, user_id, parent_id, text, now)

    async def remove(self, comment_id: int, *, now: float) -> bool:
        return await self._engine.write(remove, comment_id, now)

    async def like(self, share_id: int, user_id: int, on: bool, *, now: float) -> bool:
        return await self._engine.write(_like, share_id, user_id, on, now)

    async def likers(self, share_id: int, limit: int) -> list[int]:
        return await self._engine.read(_likers, share_id, limit)

    async def counts(self, viewer_id: int, share_ids: Sequence[int]) -> dict[int, TalkCounts]:
        return await self._engine.read(_counts, viewer_id, ids_json(share_ids))

    async def of_user(self, user_id: int, after: int, limit: int) -> list[Comment]:
        return await self._engine.read(_of_user, user_id, after, limit)

    async def liked_by(self, user_id: int, after: int, limit: int) -> list[tuple[int, float]]:
        return await self._engine.read(_liked_by, user_id, after, limit)
