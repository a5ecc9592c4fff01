"""Our hub's subscriptions on SQLite."""

# Statements are put together from constants of this package alone; values are always parameters.
# ruff: noqa: S608

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from reader.mappers.sqlite.connection import ids_json
from reader.mappers.sqlite.engine import Engine
from reader.models.websub import Delivery, HubRequest, HubSubscription, HubWish

REQUEST = "id, mode, feed_id, format, topic, callback, secret, lease, created_at"
SUBSCRIPTION = (
    "hub_subscription.id, feed_id, hub_subscription.format, topic, callback, secret, until,"
    " hub_subscription.created_at, sent_rev, sent_at, digest, due_at, failures, hub_subscription.error"
)
ASK = """
INSERT INTO hub_request (mode, feed_id, format, topic, callback, secret, lease, created_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""
SUBSCRIBE = """
INSERT INTO hub_subscription (feed_id, format, topic, callback, secret, until, created_at, sent_rev)
SELECT feed_id, format, topic, callback, secret, :until, :now, (SELECT rev FROM feed WHERE id = feed_id)
FROM hub_request WHERE id = :id
ON CONFLICT (topic, callback) DO UPDATE SET
    secret = excluded.secret, until = excluded.until, format = excluded.format, feed_id = excluded.feed_id
"""
WATCH = "INSERT OR IGNORE INTO hub_topic (feed_id, rev) SELECT id, rev FROM feed WHERE id = ?"
UNSUBSCRIBE = """
DELETE FROM hub_subscription WHERE (topic, callback) = (SELECT topic, callback FROM hub_request WHERE id = ?)
"""
BEHIND = """
SELECT hub_topic.feed_id, feed.rev > hub_topic.rev FROM hub_topic JOIN feed ON feed.id = hub_topic.feed_id
WHERE hub_topic.feed_id > ? ORDER BY hub_topic.feed_id LIMIT ?
"""
IS_BEHIND = """
SELECT 1 FROM hub_topic JOIN feed ON feed.id = hub_topic.feed_id
WHERE hub_topic.feed_id = ? AND feed.rev > hub_topic.rev
"""
ANNOUNCE = """
UPDATE hub_subscription SET due_at = :now
WHERE feed_id = :feed AND due_at IS NULL AND sent_rev < (SELECT rev FROM feed WHERE id = :feed) AND until > :now
"""
TAKE = """
UPDATE hub_subscription SET due_at = iif(sent_rev < (SELECT rev FROM feed WHERE id = feed_id), :lease, NULL)
WHERE id = :id AND due_at <= :now AND until > :now
"""
TAKEN = f"""
SELECT {SUBSCRIPTION}, feed.rev FROM hub_subscription JOIN feed ON feed.id = hub_subscription.feed_id
WHERE hub_subscription.id = ? AND due_at IS NOT NULL
"""
SENT = """
UPDATE hub_subscription SET sent_rev = :rev, digest = :digest, sent_at = :now, failures = 0, error = NULL,
    due_at = iif((SELECT rev FROM feed WHERE id = feed_id) > :rev, :now, NULL)
WHERE id = :id
"""
MISSED = """
UPDATE hub_subscription SET due_at = ? WHERE due_at IS NULL
    AND sent_rev < (SELECT min(feed.rev, hub_topic.rev) FROM feed JOIN hub_topic ON hub_topic.feed_id = feed.id
        WHERE feed.id = hub_subscription.feed_id)
"""
STATS = "SELECT count(*), coalesce(sum(due_at <= ?), 0), coalesce(sum(failures > 0), 0) FROM hub_subscription"


def _ask(con: sqlite3.Connection, new: HubWish, now: float) -> int:
    con.execute("DELETE FROM hub_request WHERE topic = ? AND callback = ?", (new.topic, new.callback))
    values = (new.mode, new.feed_id, new.format, new.topic, new.callback, new.secret, new.lease, now)
    request_id: int = con.execute(f"{ASK} RETURNING id", values).fetchone()[0]
    return request_id


def _request(con: sqlite3.Connection, request_id: int) -> HubRequest | None:
    row = con.execute(f"SELECT {REQUEST} FROM hub_request WHERE id = ?", (request_id,)).fetchone()
    return HubRequest(*row) if row else None


def _drop(con: sqlite3.Connection, request_id: int) -> None:
    con.execute("DELETE FROM hub_request WHERE id = ?", (request_id,))


def _confirm(con: sqlite3.Connection, request_id: int, until: float, now: float) -> bool:
    row = con.execute("SELECT mode, feed_id FROM hub_request WHERE id = ?", (request_id,)).fetchone()
    if row is None:
        return False
    if row[0] == "subscribe":
        con.execute(SUBSCRIBE, {"id": request_id, "until": until, "now": now})
        con.execute(WATCH, (row[1],))
    else:
        con.execute(UNSUBSCRIBE, (request_id,))
    _drop(con, request_id)
    return True


def _count(con: sqlite3.Connection, feed_id: int, prefix: str) -> tuple[int, int]:
    last = prefix[:-1] + chr(ord(prefix[-1]) + 1)  # the first text behind all that begin so
    sql = (
        "SELECT (SELECT count(*) FROM hub_subscription WHERE feed_id = :feed),"
        " (SELECT count(*) FROM hub_subscription WHERE callback >= :prefix AND callback < :last)"
        " + (SELECT count(*) FROM hub_request WHERE callback >= :prefix AND callback < :last)"
    )
    row = con.execute(sql, {"feed": feed_id, "prefix": prefix, "last": last}).fetchone()
    return row[0], row[1]


def _of_feed(con: sqlite3.Connection, feed_id: int, after: int, limit: int) -> list[HubSubscription]:
    sql = f"SELECT {SUBSCRIPTION} FROM hub_subscription WHERE feed_id = ? AND id > ? ORDER BY id LIMIT ?"
    return [HubSubscription(*row) for row in con.execute(sql, (feed_id, after, limit))]


def _ids(con: sqlite3.Connection, sql: str, values: tuple[object, ...]) -> list[int]:
    return [found for (found,) in con.execute(sql, values)]


def _behind(con: sqlite3.Connection, limit: int, after: int) -> tuple[list[int], int]:
    rows = con.execute(BEHIND, (after, limit)).fetchall()
    return [feed_id for feed_id, behind in rows if behind], rows[-1][0] if len(rows) == limit else 0


def _announce(con: sqlite3.Connection, feed_id: int, now: float) -> int:
    count = con.execute(ANNOUNCE, {"feed": feed_id, "now": now}).rowcount
    con.execute("UPDATE hub_topic SET rev = (SELECT rev FROM feed WHERE id = :id) WHERE feed_id = :id", {"id": feed_id})
    return count


def _take(con: sqlite3.Connection, subscription_id: int, now: float, until: float) -> Delivery | None:
    if not con.execute(TAKE, {"id": subscription_id, "now": now, "lease": until}).rowcount:
        return None
    row = con.execute(TAKEN, (subscription_id,)).fetchone()
    return Delivery(HubSubscription(*row[:-1]), row[-1]) if row else None


def _sent(con: sqlite3.Connection, subscription_id: int, rev: int, digest: bytes, now: float) -> None:
    con.execute(SENT, {"id": subscription_id, "rev": rev, "digest": digest, "now": now})


def _failed(con: sqlite3.Connection, subscription_id: int, error: str, retry_at: float) -> None:
    sql = "UPDATE hub_subscription SET failures = failures + 1, error = ?, due_at = ? WHERE id = ?"
    con.execute(sql, (error, retry_at, subscription_id))


def _end(con: sqlite3.Connection, ids: str) -> int:
    return con.execute("DELETE FROM hub_subscription WHERE id IN (SELECT value FROM json_each(?))", (ids,)).rowcount


def _trim(con: sqlite3.Connection, now: float, requests_before: float) -> int:
    gone = con.execute("DELETE FROM hub_subscription WHERE until <= ?", (now,)).rowcount
    gone += con.execute("DELETE FROM hub_request WHERE created_at < ?", (requests_before,)).rowcount
    con.execute("DELETE FROM hub_topic WHERE feed_id NOT IN (SELECT feed_id FROM hub_subscription)")
    con.execute(MISSED, (now,))
    return gone


def _stats(con: sqlite3.Connection, now: float) -> dict[str, int]:
    return dict(zip(("subscriptions", "due", "failing"), con.execute(STATS, (now,)).fetchone(), strict=True))


class SqliteHub:
    """HubMapper."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def ask(self, wish: HubWish, *, now: float) -> int:
        return await self._engine.write(_ask, wish, now)

    async def request(self, request_id: int) -> HubRequest | None:
        return await self._engine.read(_request, request_id)

    async def drop(self, request_id: int) -> None:
        await self._engine.write(_drop, request_id)

    async def confirm(self, request_id: int, *, until: float, now: float) -> bool:
        return await self._engine.write(_confirm, request_id, until, now)

    async def count(self, feed_id: int, callback_prefix: str) -> tuple[int, int]:
        return await self._engine.read(_count, feed_id, callback_prefix)

    async def of_feed(self, feed_id: int, *, after: int, limit: int) -> list[HubSubscription]:
        return await self._engine.read(_of_feed, feed_id, after, limit)

    async def is_behind(self, feed_id: int) -> bool:
        return bool(await self._engine.read(_ids, IS_BEHIND, (feed_id,)))

    async def behind(self, limit: int, *, after: int = 0) -> tuple[list[int], int]:
        return await self._engine.read(_behind, limit, after)

    async def announce(self, feed_id: int, *, now: float) -> int:
        return await self._engine.write(_announce, feed_id, now)

    async def due(self, now: float, limit: int) -> list[int]:
        sql = "SELECT id FROM hub_subscription WHERE due_at <= ? ORDER BY due_at, id LIMIT ?"
        return await self._engine.read(_ids, sql, (now, limit))

    async def take(self, subscription_id: int, *, now: float, until: float) -> Delivery | None:
        return await self._engine.write(_take, subscription_id, now, until)

    async def sent(self, subscription_id: int, rev: int, digest: bytes, *, now: float) -> None:
        await self._engine.write(_sent, subscription_id, rev, digest, now)

    async def failed(self, subscription_id: int, error: str, *, retry_at: float) -> None:
        await self._engine.write(_failed, subscription_id, error, retry_at)

    async def end(self, subscription_ids: Sequence[int]) -> int:
        return await self._engine.write(_end, ids_json(subscription_ids))

    async def trim(self, now: float, requests_before: float) -> int:
        return await self._engine.write(_trim, now, requests_before)

    async def stats(self, now: float) -> dict[str, int]:
        return await self._engine.read(_stats, now)
