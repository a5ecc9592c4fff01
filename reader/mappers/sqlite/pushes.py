"""Leases at other people's hubs, and what these bring, on SQLite."""

# Statements are put together from constants of this package alone; values are always parameters.
# ruff: noqa: S608

from __future__ import annotations

import sqlite3
from hashlib import blake2b

from reader.mappers.sqlite.engine import Engine
from reader.models.websub import HubLease, Push

LEASE = (
    "feed_id, hub, topic, token, secret, state, asked_at, until, renew_at, pushed_at, failures, error, verified_at,"
    " missed_at"
)
WANT = """
INSERT OR REPLACE INTO hub_lease (feed_id, hub, topic, token, secret, state, renew_at)
VALUES (?, ?, ?, ?, ?, 'asked', ?)
"""
CONFIRM = f"""
UPDATE hub_lease SET
    verified_at = iif(state = 'active' AND until > :now, verified_at, :now), state = 'active', until = :until,
    renew_at = :renew_at, asked_at = NULL, failures = 0, error = NULL
WHERE token = :token AND topic = :topic AND asked_at IS NOT NULL AND state <> 'leaving' RETURNING {LEASE}
"""
DENIED = f"""
UPDATE hub_lease SET state = 'denied', until = 0, asked_at = NULL, verified_at = NULL, renew_at = :retry_at,
    error = :reason
WHERE token = :token AND topic = :topic AND state <> 'leaving' RETURNING {LEASE}
"""
FAILED = """
UPDATE hub_lease SET failures = failures + 1, error = :error, asked_at = NULL, renew_at = :retry_at,
    state = iif(state = 'leaving' OR state = 'active' AND until > :now, state, 'failed')
WHERE feed_id = :feed
"""
UNREAD = "NOT EXISTS (SELECT 1 FROM subscription WHERE subscription.feed_id = hub_lease.feed_id)"
LEAVE = f"""
UPDATE hub_lease SET state = 'leaving', renew_at = :now, asked_at = NULL, failures = 0 WHERE feed_id IN (
    SELECT feed_id FROM hub_lease WHERE state = 'active' AND {UNREAD} LIMIT :limit)
RETURNING feed_id
"""
RECEIVE = """
INSERT OR IGNORE INTO push (feed_id, digest, body, type, arrived_at, due_at) VALUES (?, ?, ?, ?, ?, ?)
"""
STATS = """
SELECT count(*), coalesce(sum(state = 'active' AND until > :now), 0),
    coalesce(sum(failures > 0 OR missed_at IS NOT NULL), 0), (SELECT count(*) FROM push) FROM hub_lease
"""


def _lease(con: sqlite3.Connection, sql: str, values: object) -> HubLease | None:
    row = con.execute(sql, values).fetchone()  # type: ignore[arg-type]  # a tuple or a dict
    return HubLease(*row) if row else None


def _get(con: sqlite3.Connection, feed_id: int) -> HubLease | None:
    return _lease(con, f"SELECT {LEASE} FROM hub_lease WHERE feed_id = ?", (feed_id,))


def _by_token(con: sqlite3.Connection, token: str) -> HubLease | None:
    return _lease(con, f"SELECT {LEASE} FROM hub_lease WHERE token = ?", (token,))


def _want(
    con: sqlite3.Connection, feed_id: int, hub: str, topic: str, token: str, secret: str, now: float
) -> HubLease | None:
    known = _get(con, feed_id)
    if known is not None and (known.hub, known.topic) == (hub, topic) and known.state != "leaving":
        return known
    return _lease(con, f"{WANT} RETURNING {LEASE}", (feed_id, hub, topic, token, secret, now))


def _ids(con: sqlite3.Connection, sql: str, values: tuple[object, ...]) -> list[int]:
    return [found for (found,) in con.execute(sql, values)]


def _ask(con: sqlite3.Connection, feed_id: int, now: float, again_at: float) -> HubLease | None:
    sql = f"UPDATE hub_lease SET asked_at = ?, renew_at = ? WHERE feed_id = ? AND renew_at <= ? RETURNING {LEASE}"
    return _lease(con, sql, (now, again_at, feed_id, now))


def _left(con: sqlite3.Connection, token: str, topic: str) -> bool:
    sql = "DELETE FROM hub_lease WHERE token = ? AND topic = ? AND state = 'leaving' AND asked_at IS NOT NULL"
    return con.execute(sql, (token, topic)).rowcount > 0


def _change(con: sqlite3.Connection, sql: str, values: object) -> None:
    con.execute(sql, values)  # type: ignore[arg-type]


def _leave(con: sqlite3.Connection, now: float, limit: int) -> list[int]:
    con.execute(f"DELETE FROM hub_lease WHERE state IN ('asked', 'denied', 'failed') AND {UNREAD}")
    return sorted(found for (found,) in con.execute(LEAVE, {"now": now, "limit": limit}))


def _receive(con: sqlite3.Connection, feed_id: int, body: bytes, type: str | None, now: float, most: int) -> bool:
    digest = blake2b(body, digest_size=16).digest()
    if con.execute("SELECT 1 FROM push WHERE feed_id = ? AND digest = ?", (feed_id, digest)).fetchone():
        return True
    if con.execute("SELECT count(*) FROM push WHERE feed_id = ?", (feed_id,)).fetchone()[0] >= most:
        return False
    con.execute(RECEIVE, (feed_id, digest, body, type, now, now))
    return True


def _first(con: sqlite3.Connection, feed_id: int) -> Push | None:
    sql = "SELECT id, feed_id, body, type, arrived_at FROM push WHERE feed_id = ? ORDER BY id LIMIT 1"
    row = con.execute(sql, (feed_id,)).fetchone()
    return Push(*row) if row else None


def _stats(con: sqlite3.Connection, now: float) -> dict[str, int]:
    names = ("leases", "active", "failing", "waiting")
    return dict(zip(names, con.execute(STATS, {"now": now}).fetchone(), strict=True))


class SqlitePushes:
    """PushMapper."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def get(self, feed_id: int) -> HubLease | None:
        return await self._engine.read(_get, feed_id)

    async def by_token(self, token: str) -> HubLease | None:
        return await self._engine.read(_by_token, token)

    async def want(self, feed_id: int, hub: str, topic: str, *, token: str, secret: str, now: float) -> HubLease:
        lease = await self._engine.write(_want, feed_id, hub, topic, token, secret, now)
        assert lease is not None
        return lease

    async def due(self, now: float, limit: int) -> list[int]:
        sql = "SELECT feed_id FROM hub_lease WHERE renew_at <= ? ORDER BY renew_at, feed_id LIMIT ?"
        return await self._engine.read(_ids, sql, (now, limit))

    async def ask(self, feed_id: int, *, now: float, again_at: float) -> HubLease | None:
        return await self._engine.write(_ask, feed_id, now, again_at)

    async def confirm(self, token: str, topic: str, *, until: float, renew_at: float, now: float) -> HubLease | None:
        values = {"token": token, "topic": topic, "until": until, "renew_at": renew_at, "now": now}
        return await self._engine.write(_lease, CONFIRM, values)

    async def left(self, token: str, topic: str) -> bool:
        return await self._engine.write(_left, token, topic)

    async def denied(self, token: str, topic: str, reason: str, *, retry_at: float) -> HubLease | None:
        values = {"token": token, "topic": topic, "reason": reason, "retry_at": retry_at}
        return await self._engine.write(_lease, DENIED, values)

    async def failed(self, feed_id: int, error: str, *, retry_at: float, now: float) -> None:
        await self._engine.write(_change, FAILED, {"feed": feed_id, "error": error, "retry_at": retry_at, "now": now})

    async def leave(self, now: float, limit: int) -> list[int]:
        return await self._engine.write(_leave, now, limit)

    async def drop(self, feed_id: int) -> None:
        await self._engine.write(_change, "DELETE FROM hub_lease WHERE feed_id = ?", (feed_id,))

    async def pushed(self, feed_id: int, *, now: float) -> None:
        sql = "UPDATE hub_lease SET pushed_at = ?, missed_at = NULL WHERE feed_id = ?"
        await self._engine.write(_change, sql, (now, feed_id))

    async def missed(self, feed_id: int, *, now: float) -> None:
        await self._engine.write(_change, "UPDATE hub_lease SET missed_at = ? WHERE feed_id = ?", (now, feed_id))

    async def receive(self, feed_id: int, body: bytes, type: str | None, *, now: float, most: int) -> bool:
        return await self._engine.write(_receive, feed_id, body, type, now, most)

    async def waiting(self, now: float, limit: int) -> list[int]:
        sql = "SELECT feed_id FROM push WHERE due_at <= ? GROUP BY feed_id ORDER BY min(due_at), feed_id LIMIT ?"
        return await self._engine.read(_ids, sql, (now, limit))

    async def first(self, feed_id: int) -> Push | None:
        return await self._engine.read(_first, feed_id)

    async def put_off(self, feed_id: int, until: float) -> None:
        sql = "UPDATE push SET due_at = max(due_at, ?) WHERE feed_id = ?"
        await self._engine.write(_change, sql, (until, feed_id))

    async def done(self, push_id: int) -> None:
        await self._engine.write(_change, "DELETE FROM push WHERE id = ?", (push_id,))

    async def stats(self, now: float) -> dict[str, int]:
        return await self._engine.read(_stats, now)
