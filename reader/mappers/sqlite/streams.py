"""Streams on SQLite; what they share by themselves is in stream_sources.py."""

# Statements are put together from constants of this package alone; values are always parameters.
# ruff: noqa: S608

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from reader.mappers.sqlite import stream_sources
from reader.mappers.sqlite.connection import ids_json
from reader.mappers.sqlite.copies import drop, place
from reader.mappers.sqlite.counters import next_feed_rev
from reader.mappers.sqlite.engine import Engine
from reader.mappers.sqlite.share_rows import LIVE, STREAM, stream_of, withdraw, withdrawn_of
from reader.mappers.streams import StreamFacts
from reader.models.share import Copy, Stream, stream_url
from reader.models.sources import Rule, StreamSource

NEAR_PEOPLE, NEAR_FEEDS = 2, 50  # looked up on the loop (decision 0004)
NEVER = 4e9  # next_pull_at of what is never pulled
GONE = "This stream was removed by the person who shared here."
MINE = f"SELECT {STREAM} FROM stream WHERE id = ? AND user_id = ?"


def _add(
    con: sqlite3.Connection, user_id: int, name: str, title: str, description: str, site_url: str, now: float
) -> tuple[Stream, bool]:
    known = _by_name(con, user_id, name)
    if known is not None:
        return known, False
    feed_id = _feed(con, stream_url(user_id, name), title, description, site_url, now)
    sql = "SELECT coalesce(max(position) + 1, 0) FROM stream WHERE user_id = ?"
    position = con.execute(sql, (user_id,)).fetchone()[0]
    sql = (
        "INSERT INTO stream (user_id, feed_id, name, title, description, position, created_at)"
        f" VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING {STREAM.replace('stream.', '')}"
    )
    values = (user_id, feed_id, name, title, description, position, now)
    return stream_of(con.execute(sql, values).fetchone()), True


def _feed(con: sqlite3.Connection, url: str, title: str, description: str, site_url: str, now: float) -> int:
    """The feed of a stream: new, or left by one of that name that was removed."""
    row = con.execute("SELECT id FROM feed WHERE url = ?", (url,)).fetchone()
    if row is not None:
        feed_id: int = row[0]
        _show(con, feed_id, title, description, "active", None)
        return feed_id
    sql = (
        "INSERT INTO feed (url, title, site_url, description, kind, state, rev, created_at, next_pull_at, reason)"
        " VALUES (?, ?, ?, ?, 'stream', 'active', ?, ?, ?, 'It is a stream of this instance.') RETURNING id"
    )
    made: int = con.execute(sql, (url, title, site_url, description, next_feed_rev(con), now, NEVER)).fetchone()[0]
    return made


def _show(con: sqlite3.Connection, feed_id: int, title: str, description: str, state: str, error: str | None) -> None:
    con.execute(
        "UPDATE feed SET title = ?, description = ?, state = ?, error = ?, rev = ? WHERE id = ?",
        (title, description, state, error, next_feed_rev(con), feed_id),
    )


def _get(con: sqlite3.Connection, stream_id: int) -> Stream | None:
    row = con.execute(f"SELECT {STREAM} FROM stream WHERE id = ?", (stream_id,)).fetchone()
    return stream_of(row) if row else None


def _by_name(con: sqlite3.Connection, user_id: int, name: str) -> Stream | None:
    row = con.execute(f"SELECT {STREAM} FROM stream WHERE user_id = ? AND name = ?", (user_id, name)).fetchone()
    return stream_of(row) if row else None


def _of_users(con: sqlite3.Connection, user_ids: str) -> list[Stream]:
    sql = (
        f"SELECT {STREAM} FROM stream WHERE user_id IN (SELECT value FROM json_each(?)) ORDER BY user_id, position, id"
    )
    return [stream_of(row) for row in con.execute(sql, (user_ids,))]


def _by_feeds(con: sqlite3.Connection, feed_ids: str) -> dict[int, Stream]:
    sql = f"SELECT {STREAM} FROM stream WHERE feed_id IN (SELECT value FROM json_each(?))"
    return {stream.feed_id: stream for stream in map(stream_of, con.execute(sql, (feed_ids,)))}


FACTS = f"""
SELECT rev, seq - floor, withdrawn, (SELECT count(*) FROM subscription WHERE feed_id = feed.id),
    (SELECT created_at FROM share WHERE share.feed_id = feed.id AND {LIVE} ORDER BY share.seq DESC LIMIT 1)
FROM feed WHERE id = ? AND kind = 'stream'
"""


def _facts(con: sqlite3.Connection, feed_id: int) -> StreamFacts:
    row = con.execute(FACTS, (feed_id,)).fetchone()
    if row is None:
        return StreamFacts(0, 0, 0, None)
    return StreamFacts(row[0], row[1] - len(withdrawn_of(row[2])), row[3], row[4])


def _edit(con: sqlite3.Connection, user_id: int, stream_id: int, title: str, description: str) -> Stream | None:
    sql = (
        "UPDATE stream SET title = ?, description = ? WHERE id = ? AND user_id = ?"
        f" RETURNING {STREAM.replace('stream.', '')}"
    )
    row = con.execute(sql, (title, description, stream_id, user_id)).fetchone()
    if row is None:
        return None
    stream = stream_of(row)
    _show(con, stream.feed_id, title, description, "active", None)
    return stream


def _move(con: sqlite3.Connection, user_id: int, stream_id: int, before: int | None) -> None:
    ids = [stream.id for stream in _of_users(con, ids_json([user_id])) if stream.id != stream_id]
    ids.insert(ids.index(before) if before in ids else len(ids), stream_id)
    _number(con, user_id, ids)


def _number(con: sqlite3.Connection, user_id: int, ids: Sequence[int]) -> None:
    sql = "UPDATE stream SET position = ? WHERE id = ? AND user_id = ?"
    con.executemany(sql, [(position, stream_id, user_id) for position, stream_id in enumerate(ids)])


def _remove(
    con: sqlite3.Connection, user_id: int, stream_id: int, now: float
) -> tuple[Stream, list[StreamSource]] | None:
    row = con.execute(MINE, (stream_id, user_id)).fetchone()
    if row is None:
        return None
    stream = stream_of(row)
    sources = stream_sources.sources(con, stream_id)
    sql = f"UPDATE share SET removed_at = ? WHERE stream_id = ? AND {LIVE} RETURNING seq"
    seqs = [seq for (seq,) in con.execute(sql.replace("share.", ""), (now, stream_id)).fetchall()]
    drop(con, stream.feed_id, seqs)
    con.execute("DELETE FROM stream WHERE id = ?", (stream_id,))
    _number(con, user_id, [each.id for each in _of_users(con, ids_json([user_id]))])
    withdraw(con, stream.feed_id, add=seqs)
    _show(con, stream.feed_id, stream.title, stream.description, "gone", GONE)
    return stream, sources


def _restore(con: sqlite3.Connection, stream: Stream, sources: Sequence[StreamSource], removed_at: float) -> bool:
    user = con.execute("SELECT 1 FROM user WHERE id = ?", (stream.user_id,)).fetchone()
    feed = con.execute("SELECT floor FROM feed WHERE id = ?", (stream.feed_id,)).fetchone()
    if not user or not feed or _by_name(con, stream.user_id, stream.name) is not None:
        return False
    others = [each.id for each in _of_users(con, ids_json([stream.user_id]))]
    con.execute(
        "INSERT INTO stream (id, user_id, feed_id, name, title, description, position, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            stream.id, stream.user_id, stream.feed_id, stream.name, stream.title, stream.description, stream.position,
            stream.created_at,
        ),
    )  # fmt: skip
    others.insert(stream.position, stream.id)
    _number(con, stream.user_id, others)
    sql = (
        "UPDATE share SET removed_at = NULL WHERE stream_id = ? AND removed_at = ? AND wiped = 0 AND seq > ?"
        " RETURNING story, id, feed_id, seq"
    )
    shares = con.execute(sql, (stream.id, removed_at, feed[0])).fetchall()
    for row in shares:
        place(con, Copy(*row))
    stream_sources.attach_again(con, sources)
    withdraw(con, stream.feed_id, remove=[seq for _, _, _, seq in shares])
    _show(con, stream.feed_id, stream.title, stream.description, "active", None)
    return True


class SqliteStreams:
    """StreamMapper."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def add(
        self, user_id: int, name: str, *, title: str, description: str, site_url: str, now: float
    ) -> tuple[Stream, bool]:
        return await self._engine.write(_add, user_id, name, title, description, site_url, now)

    async def get(self, stream_id: int) -> Stream | None:
        return await self._engine.near(_get, stream_id)

    async def of_users(self, user_ids: Sequence[int]) -> list[Stream]:
        run = self._engine.near if len(user_ids) <= NEAR_PEOPLE else self._engine.read
        return await run(_of_users, ids_json(user_ids))

    async def by_name(self, user_id: int, name: str) -> Stream | None:
        return await self._engine.near(_by_name, user_id, name)

    async def by_feeds(self, feed_ids: Sequence[int]) -> dict[int, Stream]:
        run = self._engine.near if len(feed_ids) <= NEAR_FEEDS else self._engine.read
        return await run(_by_feeds, ids_json(feed_ids))

    async def facts(self, feed_id: int) -> StreamFacts:
        return await self._engine.read(_facts, feed_id)

    async def edit(self, user_id: int, stream_id: int, *, title: str, description: str) -> Stream | None:
        return await self._engine.write(_edit, user_id, stream_id, title, description)

    async def move(self, user_id: int, stream_id: int, before: int | None) -> None:
        await self._engine.write(_move, user_id, stream_id, before)

    async def remove(self, user_id: int, stream_id: int, *, now: float) -> tuple[Stream, list[StreamSource]] | None:
        return await self._engine.write(_remove, user_id, stream_id, now)

    async def restore(self, stream: Stream, sources: Sequence[StreamSource], *, removed_at: float) -> bool:
        return await self._engine.write(_restore, stream, sources, removed_at)

    async def sources(self, stream_id: int) -> list[StreamSource]:
        return await self._engine.read(stream_sources.sources, stream_id)

    async def attach(self, stream_id: int, feed_ids: Sequence[int], rule: Rule, *, now: float) -> int:
        return await self._engine.write(stream_sources.attach, stream_id, feed_ids, rule, now)

    async def detach(self, stream_id: int, feed_ids: Sequence[int]) -> list[StreamSource]:
        return await self._engine.write(stream_sources.detach, stream_id, feed_ids)

    async def attach_again(self, sources: Sequence[StreamSource]) -> int:
        return await self._engine.write(stream_sources.attach_again, sources)

    async def feeding(self, feed_id: int) -> list[tuple[StreamSource, Stream]]:
        return await self._engine.near(stream_sources.feeding, feed_id)

    async def advance(self, stream_id: int, feed_id: int, seq: int) -> None:
        await self._engine.write(stream_sources.advance, stream_id, feed_id, seq)

    async def behind(self, limit: int, *, after: str = "") -> tuple[list[int], str]:
        return await self._engine.read(stream_sources.behind, limit, after)
