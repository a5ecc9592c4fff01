"""Feeds on SQLite: identity, marks, icons. Their schedule is in schedule.py, merging in merge.py."""

# Statements are put together from constants of this package alone; values are always parameters.
# ruff: noqa: S608

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from reader.errors import NotFound
from reader.mappers.feeds import FeedMark
from reader.mappers.sqlite.connection import ids_json
from reader.mappers.sqlite.counters import next_feed_rev
from reader.mappers.sqlite.identity import find, set_words
from reader.mappers.sqlite.marks import marks, marks_since
from reader.mappers.sqlite.merge import move, moves, undo_move
from reader.mappers.sqlite.schedule import FEED, SCHEDULE, ScheduleMixin
from reader.models.feed import Feed, FeedMove, FeedState, Icon, Schedule, host_of

MOST_WORDS = 20  # each is a term of the statement


def _get(con: sqlite3.Connection, feed_id: int) -> Feed | None:
    row = con.execute(f"SELECT {FEED} FROM feed WHERE id = ?", (feed_id,)).fetchone()
    return Feed(*row) if row else None


def _by_url(con: sqlite3.Connection, url: str) -> Feed | None:
    feed_id = find(con, url)
    return None if feed_id is None else _get(con, feed_id)


def _create(
    con: sqlite3.Connection,
    url: str,
    title: str,
    site_url: str | None,
    description: str | None,
    format: str | None,
    now: float,
) -> tuple[Feed, bool]:
    known = _by_url(con, url)
    if known is not None:
        return known, False
    sql = (
        "INSERT INTO feed (url, host, title, site_url, description, format, rev, created_at, next_pull_at, reason)"
        f" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING {FEED.replace('feed.', '')}"
    )
    values = (url, host_of(url), title, site_url, description, format, next_feed_rev(con), now, now, "It is new.")
    feed = Feed(*con.execute(sql, values).fetchone())
    set_words(con, feed.id)
    return feed, True


def _add_alias(con: sqlite3.Connection, feed_id: int, url: str) -> None:
    if _get(con, feed_id) is None:
        raise NotFound("There is no such feed.")
    if find(con, url) is None:
        con.execute("INSERT INTO feed_alias (url, feed_id) VALUES (?, ?)", (url, feed_id))


def _page(con: sqlite3.Connection, after: int, limit: int) -> list[Feed]:
    return [
        Feed(*row) for row in con.execute(f"SELECT {FEED} FROM feed WHERE id > ? ORDER BY id LIMIT ?", (after, limit))
    ]


def _in_state(con: sqlite3.Connection, state: str, after: int, limit: int) -> list[tuple[Feed, Schedule]]:
    sql = (
        f"SELECT {FEED}, {SCHEDULE} FROM feed LEFT JOIN host_pause ON host_pause.host = feed.host"
        " WHERE state = ? AND id > ? ORDER BY id LIMIT ?"
    )
    own = FEED.count(",") + 1
    return [(Feed(*row[:own]), Schedule(*row[own:])) for row in con.execute(sql, (state, after, limit))]


def _search(con: sqlite3.Connection, words: Sequence[str], limit: int) -> list[Feed]:
    if not words:
        return []
    having = " AND ".join("instr(words, ?)" for _ in words)
    sql = (
        f"SELECT {FEED} FROM feed_words JOIN feed ON feed.id = feed_words.feed_id WHERE {having}"
        " ORDER BY (SELECT count(*) FROM subscription WHERE subscription.feed_id = feed.id) DESC, feed.id LIMIT ?"
    )
    return [Feed(*row) for row in con.execute(sql, (*words, limit))]


def _rev(con: sqlite3.Connection) -> int:
    rev: int = con.execute("SELECT value FROM counter WHERE name = 'feed_rev'").fetchone()[0]
    return rev


def _readers(con: sqlite3.Connection, feed_id: int) -> int:
    count: int = con.execute("SELECT count(*) FROM subscription WHERE feed_id = ?", (feed_id,)).fetchone()[0]
    return count


def _set_icon(con: sqlite3.Connection, feed_id: int, icon: Icon | None, now: float) -> None:
    if icon is not None:
        values = (icon.digest, icon.type, icon.body)
        con.execute("INSERT OR IGNORE INTO icon (digest, type, body) VALUES (?, ?, ?)", values)
    digest = icon.digest if icon else None
    con.execute("UPDATE feed SET icon_at = ? WHERE id = ?", (now, feed_id))
    row = con.execute("SELECT 1 FROM feed WHERE id = ? AND icon IS NOT ?", (feed_id, digest)).fetchone()
    if row:
        con.execute("UPDATE feed SET icon = ?, rev = ? WHERE id = ?", (digest, next_feed_rev(con), feed_id))


def _icon(con: sqlite3.Connection, digest: str) -> Icon | None:
    row = con.execute("SELECT digest, type, body FROM icon WHERE digest = ?", (digest,)).fetchone()
    return Icon(*row) if row else None


STATS = """
SELECT
    (SELECT count(*) FROM feed),
    (SELECT count(*) FROM feed WHERE kind = 'site' AND state <> 'gone' AND max(next_pull_at, lease_until) <= :now),
    (SELECT count(*) FROM feed WHERE state = 'failing'),
    (SELECT count(*) FROM feed WHERE state = 'gone'),
    (SELECT coalesce(sum(seq - floor), 0) FROM feed),
    (SELECT count(*) FROM subscription),
    (SELECT count(*) FROM user)
"""


def _stats(con: sqlite3.Connection, now: float) -> dict[str, int]:
    names = ("feeds", "due", "failing", "gone", "entries", "subscriptions", "users")
    return dict(zip(names, con.execute(STATS, {"now": now}).fetchone(), strict=True))


class SqliteFeeds(ScheduleMixin):
    """FeedMapper."""

    async def create(
        self,
        url: str,
        *,
        title: str,
        site_url: str | None,
        description: str | None,
        now: float,
        format: str | None = None,
    ) -> tuple[Feed, bool]:
        return await self._engine.write(_create, url, title, site_url, description, format, now)

    async def get(self, feed_id: int) -> Feed | None:
        return await self._engine.read(_get, feed_id)

    async def by_url(self, url: str) -> Feed | None:
        return await self._engine.read(_by_url, url)

    async def add_alias(self, feed_id: int, url: str) -> None:
        await self._engine.write(_add_alias, feed_id, url)

    async def page(self, *, after: int, limit: int) -> list[Feed]:
        return await self._engine.read(_page, after, limit)

    async def in_state(self, state: FeedState, *, after: int, limit: int) -> list[tuple[Feed, Schedule]]:
        return await self._engine.read(_in_state, state, after, limit)

    async def search(self, words: str, limit: int) -> list[Feed]:
        return await self._engine.read(_search, words.casefold().split()[:MOST_WORDS], limit)

    async def rev(self) -> int:
        return await self._engine.read(_rev)

    async def marks(self, feed_ids: Sequence[int]) -> list[FeedMark]:
        return await self._engine.read(marks, ids_json(feed_ids))

    async def marks_since(self, rev: int, limit: int) -> list[FeedMark]:
        return await self._engine.read(marks_since, rev, limit)

    async def readers(self, feed_id: int) -> int:
        return await self._engine.read(_readers, feed_id)

    async def move(self, feed_id: int, token: int, url: str, *, now: float) -> int | None:
        return await self._engine.write(move, feed_id, token, url, now)

    async def moves(self, feed_id: int, limit: int) -> list[FeedMove]:
        return await self._engine.read(moves, feed_id, limit)

    async def undo_move(self, feed_id: int, now: float) -> str | None:
        return await self._engine.write(undo_move, feed_id, now)

    async def set_icon(self, feed_id: int, icon: Icon | None, now: float) -> None:
        await self._engine.write(_set_icon, feed_id, icon, now)

    async def icon(self, digest: str) -> Icon | None:
        return await self._engine.read(_icon, digest)

    async def stats(self, now: float) -> dict[str, int]:
        return await self._engine.read(_stats, now)
