"""Which feeds are due, and what a clock that was set back leaves behind."""

# Statements are put together from constants of this package alone; values are always parameters.
# ruff: noqa: S608

from __future__ import annotations

import sqlite3

from reader.mappers.feeds import Due
from reader.mappers.sqlite.engine import Engine

PULLABLE = "kind = 'site' AND state <> 'gone'"  # word for word as in the partial indexes
CLOCKS_DIFFER = 60.0  # seconds that clocks of several machines may be apart
FOR_GOOD = 4_000_000_000.0  # a next pull in 2096 or later: none
FARTHEST = 200  # plans that are looked at for times to come

DUE = f"""
SELECT id, url, next_pull_at, (SELECT count(*) FROM subscription WHERE feed_id = feed.id)
FROM feed INDEXED BY feed_due
WHERE {PULLABLE} AND next_pull_at <= :now AND lease_until <= :now
    AND next_pull_at >= :at AND (next_pull_at > :at OR id > :id)
ORDER BY next_pull_at, id LIMIT :limit
"""
DUE_STATS = f"""
SELECT count(*), min(next_pull_at) FROM (
    SELECT next_pull_at FROM feed INDEXED BY feed_due
    WHERE {PULLABLE} AND next_pull_at <= :now AND lease_until <= :now ORDER BY next_pull_at LIMIT :limit)
"""
LATEST = f"""
SELECT max(last_pull_at) FROM (
    SELECT last_pull_at FROM feed INDEXED BY feed_due WHERE {PULLABLE} ORDER BY next_pull_at DESC LIMIT {FARTHEST})
"""
LAST_OF = "SELECT max(id) FROM (SELECT id FROM feed WHERE id > ? ORDER BY id LIMIT ?)"
SET_BACK = f"""
UPDATE feed SET
    next_pull_at = CASE
        WHEN last_pull_at > :now AND next_pull_at - last_pull_at <= :far - :now
            THEN max(:now, next_pull_at - (last_pull_at - :now))
        WHEN next_pull_at > :far AND next_pull_at < {FOR_GOOD} THEN :now
        ELSE next_pull_at END,
    last_pull_at = min(last_pull_at, :now), last_ok_at = min(last_ok_at, :now),
    lease_until = CASE WHEN lease_until > :far THEN 0 ELSE lease_until END
WHERE id > :after AND id <= :last AND {PULLABLE}
    AND (last_pull_at > :now OR next_pull_at > :far OR lease_until > :far)
"""


def _due(con: sqlite3.Connection, now: float, limit: int, after: tuple[float, int]) -> list[Due]:
    rows = con.execute(DUE, {"now": now, "at": after[0], "id": after[1], "limit": limit})
    return [Due(*row) for row in rows]


def _next_due_at(con: sqlite3.Connection) -> float | None:
    row = con.execute(f"SELECT min(max(next_pull_at, lease_until)) FROM feed WHERE {PULLABLE}").fetchone()
    when: float | None = row[0]
    return when


def _due_stats(con: sqlite3.Connection, now: float, limit: int) -> tuple[int, float]:
    count, first = con.execute(DUE_STATS, {"now": now, "limit": limit}).fetchone()
    return count, max(0.0, now - first) if count else 0.0


def _from_the_future(con: sqlite3.Connection, now: float) -> bool:
    latest = con.execute(LATEST).fetchone()[0]
    return latest is not None and latest > now + CLOCKS_DIFFER


def _set_back(con: sqlite3.Connection, now: float, longest: float, after: int, limit: int) -> int | None:
    last: int | None = con.execute(LAST_OF, (after, limit)).fetchone()[0]
    con.execute("DELETE FROM host_pause WHERE until > ?", (now + longest,))
    if last is not None:
        con.execute(SET_BACK, {"now": now, "far": now + longest, "after": after, "last": last})
    return last


class DueMixin:
    """The part of FeedMapper that the updater uses."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def due(self, now: float, limit: int, *, after: tuple[float, int] = (0.0, 0)) -> list[Due]:
        return await self._engine.read(_due, now, limit, after)

    async def next_due_at(self) -> float | None:
        return await self._engine.read(_next_due_at)

    async def due_stats(self, now: float, limit: int) -> tuple[int, float]:
        return await self._engine.read(_due_stats, now, limit)

    async def from_the_future(self, now: float) -> bool:
        return await self._engine.read(_from_the_future, now)

    async def set_back(self, now: float, longest: float, *, after: int, limit: int) -> int | None:
        return await self._engine.write(_set_back, now, longest, after, limit)
