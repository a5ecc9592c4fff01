"""Entries on SQLite; storing them is in append.py."""

# Statements are put together from constants of this package alone; values are always parameters.
# ruff: noqa: S608

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from itertools import groupby, repeat, starmap
from typing import Any

from reader.mappers.entries import Appended
from reader.mappers.sqlite.append import append
from reader.mappers.sqlite.connection import ids_json
from reader.mappers.sqlite.copies import touch
from reader.mappers.sqlite.counters import next_feed_rev
from reader.mappers.sqlite.engine import Engine
from reader.mappers.sqlite.search import unindex
from reader.mappers.sqlite.share_rows import withdraw
from reader.models.entry import Enclosure, Entry, Known, NewEntry, Position
from reader.models.share import unpack_chain

ENTRY = (
    "entry.id, feed_id, seq, uid, digest, url, title, author, published_at, updated_at, arrived_at, sort_at, summary,"
    " content, tags, enclosures, comments_url, guid, story, chain"
)
TAGS, ENCLOSURES, CHAIN = 14, 15, 19
MOST_FOR_RHYTHM = 5_000

KNOWN = """
SELECT entry.uid, entry.digest, coalesce(trace.keys, x''), entry.published_at, entry.updated_at,
    coalesce(trace.changes, 0)
FROM feed JOIN entry ON entry.feed_id = feed.id AND entry.seq > feed.floor AND entry.seq <= feed.seq
LEFT JOIN trace ON trace.entry_id = entry.id
WHERE feed.id = ? ORDER BY entry.seq DESC LIMIT ?
"""
POSITIONS = """
SELECT entry.feed_id, entry.seq, entry.sort_at, entry.id FROM json_each(?) AS wanted
CROSS JOIN feed ON feed.id = json_extract(wanted.value, '$[0]')
CROSS JOIN entry INDEXED BY entry_place ON entry.feed_id = feed.id
    AND entry.seq >= max(json_extract(wanted.value, '$[1]'), feed.floor + 1)
    AND entry.seq <= min(json_extract(wanted.value, '$[2]'), feed.seq)
"""
MANY = f"SELECT {ENTRY} FROM json_each(?) AS wanted CROSS JOIN entry ON entry.id = wanted.value"
# Both id and sort_at rise with seq, so the limit is found by halving, in one statement for all feeds.
LIMITS = """
WITH RECURSIVE search (feed_id, low, high) AS (
    SELECT feed.id, feed.floor, feed.seq FROM json_each(:feeds) AS wanted CROSS JOIN feed ON feed.id = wanted.value
    UNION
    SELECT search.feed_id,
        iif(entry.id <= :max_id AND entry.sort_at < :before, (low + high + 1) / 2, low),
        iif(entry.id <= :max_id AND entry.sort_at < :before, high, (low + high + 1) / 2 - 1)
    FROM search LEFT JOIN entry INDEXED BY entry_place
        ON entry.feed_id = search.feed_id AND entry.seq = (low + high + 1) / 2
    WHERE low < high
)
SELECT search.feed_id, iif(low > feed.floor, low, 0) FROM search JOIN feed ON feed.id = search.feed_id
WHERE low >= high
"""
PUBLISHED = """
SELECT coalesce(entry.published_at, entry.arrived_at) FROM feed
JOIN entry ON entry.feed_id = feed.id AND entry.seq > feed.floor AND entry.seq <= feed.seq
WHERE feed.id = ? AND entry.sort_at >= ? ORDER BY entry.seq DESC LIMIT ?
"""
LAST_ID = """
SELECT entry.id FROM entry JOIN feed ON feed.id = entry.feed_id AND entry.seq > feed.floor AND entry.seq <= feed.seq
ORDER BY entry.id DESC LIMIT 1
"""
UNFLAGGED = "feed_id = ? AND seq <= ? AND NOT EXISTS (SELECT 1 FROM flag WHERE entry_id = entry.id)"
# models.entry.twin, in SQL.
PURGED_TWINS = f"""
INSERT OR IGNORE INTO tombstone (feed_id, uid_hash)
SELECT feed_id, substr(keys, 9, 16) FROM entry JOIN trace ON trace.entry_id = entry.id
WHERE {UNFLAGGED} AND length(keys) >= 24
    AND substr(keys, 9, 8) <> zeroblob(8) AND substr(keys, 17, 8) <> zeroblob(8)
"""
HIGHEST_ID = 1 << 62


def _known(con: sqlite3.Connection, feed_id: int, limit: int) -> dict[str, Known]:
    return {uid: Known._make(rest) for uid, *rest in con.execute(KNOWN, (feed_id, limit))}


def _positions(con: sqlite3.Connection, ranges: Sequence[tuple[int, int, int]]) -> dict[int, list[Position]]:
    out: dict[int, list[Position]] = {feed_id: [] for feed_id, _, _ in ranges}
    rows = con.execute(POSITIONS, (json.dumps(ranges),)).fetchall()
    if not rows:
        return out
    feed_ids, *columns = zip(*rows, strict=True)
    # tuple.__new__ over whole columns: calling the class for each row costs twice as much.
    positions = list(map(tuple.__new__, repeat(Position), zip(*columns, strict=True)))
    start = 0
    for feed_id, group in groupby(feed_ids):
        end = start + len(list(group))
        out[feed_id] += positions[start:end]
        start = end
    if len(out) < len(ranges):  # a feed was asked for twice
        return {feed_id: sorted(set(found), key=lambda at: at.seq) for feed_id, found in out.items()}
    return out


def many(con: sqlite3.Connection, ids: Sequence[int]) -> list[Entry]:
    """See EntryMapper.many."""
    rows = con.execute(MANY, (ids_json(ids),)).fetchall()
    columns: list[Sequence[Any]] = list(zip(*rows, strict=True))
    if not rows:
        return []
    columns[TAGS] = [() if tags == "[]" else tuple(json.loads(tags)) for tags in columns[TAGS]]
    columns[ENCLOSURES] = [_enclosures(stored) for stored in columns[ENCLOSURES]]
    if any(columns[CHAIN]):
        columns[CHAIN] = [unpack_chain(stored) for stored in columns[CHAIN]]
    return list(map(tuple.__new__, repeat(Entry), zip(*columns, strict=True)))


def _enclosures(stored: str) -> tuple[Enclosure, ...]:
    return () if stored == "[]" else tuple(starmap(Enclosure, json.loads(stored)))


def _limits(con: sqlite3.Connection, ids: str, max_id: int | None, before: float | None) -> dict[int, int]:
    values = {
        "feeds": ids,
        "max_id": HIGHEST_ID if max_id is None else max_id,
        "before": float("inf") if before is None else before,
    }
    return dict(con.execute(LIMITS, values).fetchall())


def _purge(con: sqlite3.Connection, feed_id: int, keep: int) -> int:
    row = con.execute("SELECT floor, seq FROM feed WHERE id = ?", (feed_id,)).fetchone()
    if row is None:
        return 0
    old: int = row[0]
    seq: int = row[1]
    floor = max(old, seq - keep)
    con.execute(
        f"INSERT OR IGNORE INTO tombstone (feed_id, uid_hash) SELECT feed_id, uid_hash FROM entry WHERE {UNFLAGGED}",
        (feed_id, floor),
    )
    con.execute(PURGED_TWINS, (feed_id, floor))
    unindex(con, UNFLAGGED, (feed_id, floor))
    con.execute(f"DELETE FROM entry WHERE {UNFLAGGED}", (feed_id, floor))
    if floor > old:
        _raise_floor(con, feed_id, floor)
    return floor - old


def _raise_floor(con: sqlite3.Connection, feed_id: int, floor: int) -> None:
    """What is purged is no copy any more, and need not be known as taken back."""
    con.execute("UPDATE feed SET floor = ? WHERE id = ?", (floor, feed_id))
    if con.execute("DELETE FROM copy WHERE feed_id = ? AND seq <= ?", (feed_id, floor)).rowcount:
        touch(con, [feed_id])
    withdrawn = con.execute("SELECT withdrawn FROM feed WHERE id = ?", (feed_id,)).fetchone()[0]
    if withdrawn:
        withdraw(con, feed_id)
    con.execute("UPDATE feed SET rev = ? WHERE id = ?", (next_feed_rev(con), feed_id))


def _over(con: sqlite3.Connection, keep: int, limit: int) -> list[int]:
    sql = "SELECT id FROM feed WHERE (seq - floor) * 10 > ? * 11 ORDER BY seq - floor DESC, id LIMIT ?"
    return [feed_id for (feed_id,) in con.execute(sql, (keep, limit))]


def _published_since(con: sqlite3.Connection, feed_id: int, since: float) -> list[float]:
    return [when for (when,) in con.execute(PUBLISHED, (feed_id, since, MOST_FOR_RHYTHM))]


def _last_id(con: sqlite3.Connection) -> int:
    row = con.execute(LAST_ID).fetchone()
    return row[0] if row else 0


class SqliteEntries:
    """EntryMapper."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def known(self, feed_id: int, limit: int) -> dict[str, Known]:
        return await self._engine.read(_known, feed_id, limit)

    async def append(
        self, feed_id: int, token: int, entries: Sequence[NewEntry], *, renewed: dict[str, str], now: float
    ) -> Appended | None:
        return await self._engine.write_patiently(append, feed_id, token, entries, renewed, now)

    async def positions(self, ranges: Sequence[tuple[int, int, int]]) -> dict[int, list[Position]]:
        return await self._engine.read(_positions, ranges)

    async def many(self, ids: Sequence[int]) -> list[Entry]:
        return await (self._engine.near if len(ids) == 1 else self._engine.read)(many, ids)

    async def limits(self, feed_ids: Sequence[int], *, max_id: int | None, before: float | None) -> dict[int, int]:
        return await self._engine.read(_limits, ids_json(feed_ids), max_id, before)

    async def purge(self, feed_id: int, keep: int, *, now: float) -> int:
        return await self._engine.write(_purge, feed_id, keep)

    async def over(self, keep: int, limit: int) -> list[int]:
        return await self._engine.read(_over, keep, limit)

    async def published_since(self, feed_id: int, since: float) -> list[float]:
        return await self._engine.read(_published_since, feed_id, since)

    async def last_id(self) -> int:
        return await self._engine.read(_last_id)
