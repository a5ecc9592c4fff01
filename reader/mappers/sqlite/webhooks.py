"""Webhooks on SQLite."""

# Statements are put together from constants of this package alone; values are always parameters.
# ruff: noqa: S608

from __future__ import annotations

import sqlite3
from typing import Any

from reader.mappers.sqlite.engine import Engine
from reader.models.webhook import Webhook, WebhookKind

COLUMNS = (
    "id, user_id, url, secret, kind, scope, created_at, last_id, due_at, lease_token, lease_until, failures, stopped,"
    " status, error, delivered_at"
)
STOPPED = 12
ADD = """
INSERT INTO webhook (user_id, url, secret, kind, scope, created_at, last_id)
SELECT :user, :url, :secret, :kind, :scope, :now, :last
WHERE (SELECT count(*) FROM webhook WHERE user_id = :user) < :most RETURNING id
"""
# One that is being delivered gets another time, by which delivered() sees that there is more; one that waits for
# another attempt keeps its own.
WAKE = """
UPDATE webhook SET due_at = max(:now, coalesce(due_at + 0.001, 0))
WHERE NOT stopped AND (due_at IS NULL OR lease_until > :now)
"""
WAKE_READERS = f"""
{WAKE} AND kind = 'entries' AND user_id IN (SELECT user_id FROM subscription WHERE feed_id = :feed) RETURNING id
"""
WAKE_SHARER = f"{WAKE} AND kind = 'shares' AND user_id = :user RETURNING id"
WAKE_ALL = f"{WAKE} AND lease_until <= :now"
DUE = """
SELECT id FROM webhook WHERE due_at IS NOT NULL AND due_at <= ? AND lease_until <= ? ORDER BY due_at, id LIMIT ?
"""
LEASE = f"""
UPDATE webhook SET lease_token = lease_token + 1, lease_until = :until
WHERE id = :id AND due_at <= :now AND lease_until <= :now AND NOT stopped RETURNING {COLUMNS}
"""
DELIVERED = """
UPDATE webhook SET last_id = max(last_id, :last), lease_until = 0, failures = 0, error = NULL,
    status = coalesce(:status, status), delivered_at = iif(:status IS NULL, delivered_at, :now),
    due_at = iif(:more, :now, iif(due_at = :seen, NULL, due_at))
WHERE id = :id AND lease_token = :token
"""
FAILED = """
UPDATE webhook SET lease_until = 0, failures = failures + 1, status = :status, error = :error,
    stopped = :retry IS NULL, due_at = :retry
WHERE id = :id AND lease_token = :token
"""
RESTART = """
UPDATE webhook SET stopped = 0, failures = 0, error = NULL, due_at = NULL, last_id = max(last_id, ?)
WHERE user_id = ? AND id = ?
"""


def _webhook(row: tuple[Any, ...] | None) -> Webhook | None:
    if row is None:
        return None
    values = list(row)
    values[STOPPED] = bool(values[STOPPED])
    return Webhook(*values)


def _add(con: sqlite3.Connection, values: dict[str, object]) -> Webhook | None:
    row = con.execute(ADD, values).fetchone()
    return _webhook(con.execute(f"SELECT {COLUMNS} FROM webhook WHERE id = ?", row).fetchone()) if row else None


def _of_user(con: sqlite3.Connection, user_id: int) -> list[Webhook]:
    rows = con.execute(f"SELECT {COLUMNS} FROM webhook WHERE user_id = ? ORDER BY id", (user_id,))
    return [each for each in map(_webhook, rows) if each is not None]


def _get(con: sqlite3.Connection, user_id: int, webhook_id: int) -> Webhook | None:
    sql = f"SELECT {COLUMNS} FROM webhook WHERE id = ? AND user_id = ?"
    return _webhook(con.execute(sql, (webhook_id, user_id)).fetchone())


def _by_id(con: sqlite3.Connection, webhook_id: int) -> Webhook | None:
    return _webhook(con.execute(f"SELECT {COLUMNS} FROM webhook WHERE id = ?", (webhook_id,)).fetchone())


def _changed(con: sqlite3.Connection, sql: str, values: Any) -> int:
    return con.execute(sql, values).rowcount


def _ids(con: sqlite3.Connection, sql: str, values: Any) -> list[int]:
    return [webhook_id for (webhook_id,) in con.execute(sql, values).fetchall()]


def _lease(con: sqlite3.Connection, values: dict[str, object]) -> Webhook | None:
    return _webhook(con.execute(LEASE, values).fetchone())


class SqliteWebhooks:
    """WebhookMapper."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def add(
        self, user_id: int, *, url: str, secret: str, kind: WebhookKind, scope: str, last_id: int, most: int, now: float
    ) -> Webhook | None:
        values = {
            "user": user_id, "url": url, "secret": secret, "kind": kind, "scope": scope, "last": last_id, "most": most,
            "now": now,
        }  # fmt: skip
        return await self._engine.write(_add, values)

    async def of_user(self, user_id: int) -> list[Webhook]:
        return await self._engine.read(_of_user, user_id)

    async def get(self, user_id: int, webhook_id: int) -> Webhook | None:
        return await self._engine.read(_get, user_id, webhook_id)

    async def remove(self, user_id: int, webhook_id: int) -> bool:
        sql = "DELETE FROM webhook WHERE id = ? AND user_id = ?"
        return await self._engine.write(_changed, sql, (webhook_id, user_id)) > 0

    async def by_id(self, webhook_id: int) -> Webhook | None:
        return await self._engine.read(_by_id, webhook_id)

    async def restart(self, user_id: int, webhook_id: int, *, last_id: int) -> bool:
        return await self._engine.write(_changed, RESTART, (last_id, user_id, webhook_id)) > 0

    async def tried(self, webhook_id: int, *, status: int | None, error: str | None) -> None:
        sql = "UPDATE webhook SET status = ?, error = ? WHERE id = ?"
        await self._engine.write(_changed, sql, (status, error, webhook_id))

    async def any(self) -> bool:
        return bool(await self._engine.read(_ids, "SELECT id FROM webhook WHERE NOT stopped LIMIT 1", ()))

    async def wake_readers(self, feed_id: int, now: float) -> list[int]:
        return await self._engine.write(_ids, WAKE_READERS, {"now": now, "feed": feed_id})

    async def wake_sharer(self, user_id: int, now: float) -> list[int]:
        return await self._engine.write(_ids, WAKE_SHARER, {"now": now, "user": user_id})

    async def wake_all(self, now: float) -> int:
        return await self._engine.write(_changed, WAKE_ALL, {"now": now})

    async def due(self, now: float, limit: int) -> list[int]:
        return await self._engine.read(_ids, DUE, (now, now, limit))

    async def lease(self, webhook_id: int, now: float, until: float) -> Webhook | None:
        return await self._engine.write(_lease, {"id": webhook_id, "now": now, "until": until})

    async def delivered(self, leased: Webhook, *, last_id: int, status: int | None, more: bool, now: float) -> bool:
        values = {
            "id": leased.id, "token": leased.lease_token, "seen": leased.due_at, "last": last_id, "status": status,
            "more": more, "now": now,
        }  # fmt: skip
        return await self._engine.write(_changed, DELIVERED, values) > 0

    async def failed(self, leased: Webhook, *, status: int | None, error: str, retry_at: float | None) -> bool:
        values = {
            "id": leased.id, "token": leased.lease_token, "status": status, "error": error, "retry": retry_at
        }  # fmt: skip
        return await self._engine.write(_changed, FAILED, values) > 0
