"""Notifications on SQLite."""

from __future__ import annotations

import sqlite3

from reader.mappers.sqlite.engine import Engine
from reader.mappers.sqlite.ties import is_here
from reader.mappers.talk import UNSEEN_MOST
from reader.models.people import Notification, NotificationKind

NOTIFICATION = "id, user_id, key, kind, actor_id, share_id, comment_id, at, seen_at"
HIGHEST = 1 << 62
NOT_MUTED = """NOT EXISTS (
    SELECT 1 FROM relation WHERE user_id = :me AND other_id = notification.actor_id AND kind = 'mute'
) AND EXISTS (SELECT 1 FROM user WHERE id = notification.actor_id AND leaving_at IS NULL)"""
UNWANTED = """
SELECT 1 FROM relation WHERE (user_id = :me AND other_id = :actor AND kind IN ('block', 'mute'))
OR (user_id = :actor AND other_id = :me AND kind = 'block')
"""
PAGE = f"""
SELECT {NOTIFICATION} FROM notification WHERE user_id = :me AND id < :before AND {NOT_MUTED}
ORDER BY id DESC LIMIT :limit
"""  # noqa: S608
UNSEEN = f"""
SELECT count(*) FROM (
    SELECT 1 FROM notification WHERE user_id = :me AND seen_at IS NULL AND {NOT_MUTED} LIMIT {UNSEEN_MOST}
)
"""  # noqa: S608
TELL = """
INSERT OR IGNORE INTO notification (user_id, key, kind, actor_id, share_id, comment_id, at)
VALUES (:me, :key, :kind, :actor, :share, :comment, :now)
"""


def _tell(con: sqlite3.Connection, values: dict[str, object], user_id: int, actor_id: int) -> bool:
    if not is_here(con, user_id, actor_id) or con.execute(UNWANTED, {"me": user_id, "actor": actor_id}).fetchone():
        return False
    return con.execute(TELL, values).rowcount > 0


def _forget(con: sqlite3.Connection, user_id: int, key: str) -> bool:
    return con.execute("DELETE FROM notification WHERE user_id = ? AND key = ?", (user_id, key)).rowcount > 0


def _page(con: sqlite3.Connection, user_id: int, before: int, limit: int) -> list[Notification]:
    rows = con.execute(PAGE, {"me": user_id, "before": before, "limit": limit})
    return [Notification(*row) for row in rows]


def _unseen(con: sqlite3.Connection, user_id: int) -> int:
    number: int = con.execute(UNSEEN, {"me": user_id}).fetchone()[0]
    return number


def _seen(con: sqlite3.Connection, user_id: int, up_to: int, now: float) -> int:
    sql = "UPDATE notification SET seen_at = ? WHERE user_id = ? AND id <= ? AND seen_at IS NULL"
    return con.execute(sql, (now, user_id, up_to)).rowcount


def _trim(con: sqlite3.Connection, before: float) -> int:
    return con.execute("DELETE FROM notification WHERE at < ?", (before,)).rowcount


class SqliteNotifications:
    """NotificationMapper."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def tell(
        self, user_id: int, key: str, kind: NotificationKind, actor_id: int, *,
        share_id: int | None, comment_id: int | None, now: float,
    ) -> bool:  # fmt: skip
        values = {
            "me": user_id, "key": key, "kind": kind, "actor": actor_id, "share": share_id, "comment": comment_id,
            "now": now,
        }  # fmt: skip
        return await self._engine.write(_tell, values, user_id, actor_id)

    async def forget(self, user_id: int, key: str) -> bool:
        return await self._engine.write(_forget, user_id, key)

    async def page(self, user_id: int, *, before: int | None, limit: int) -> list[Notification]:
        return await self._engine.read(_page, user_id, HIGHEST if before is None else before, limit)

    async def unseen(self, user_id: int) -> int:
        return await self._engine.near(_unseen, user_id)

    async def seen(self, user_id: int, up_to: int, *, now: float) -> int:
        return await self._engine.write(_seen, user_id, up_to, now)

    async def trim(self, before: float) -> int:
        return await self._engine.write(_trim, before)
