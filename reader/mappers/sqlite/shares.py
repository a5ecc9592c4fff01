"""Shares on SQLite: reading them. Writing is in sharing.py, copies in copies.py."""

# Statements are put together from constants of this package alone; values are always parameters.
# ruff: noqa: S608

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from pyroaring import BitMap

from reader.mappers.bitmaps import pack
from reader.mappers.shares import NewShare, Related
from reader.mappers.sqlite import copies, sharing
from reader.mappers.sqlite.connection import ids_json, snapshot
from reader.mappers.sqlite.counters import next_feed_rev
from reader.mappers.sqlite.engine import Engine
from reader.mappers.sqlite.entries import many as entries_of
from reader.mappers.sqlite.share_rows import LIVE, SHARE, share_of, withdrawn_of
from reader.models.entry import Entry
from reader.models.share import Copy, Share, own_story

DEEPEST = 100  # shares above one that cards and trees look at
ALSO_MOST = 2000
MANY = f"SELECT {SHARE} FROM json_each(?) AS wanted CROSS JOIN share ON share.id = wanted.value"
ABOVE = f"""
WITH RECURSIVE up (id, level) AS (
    SELECT value, 0 FROM json_each(?)
    UNION SELECT share.parent_id, level + 1 FROM up JOIN share ON share.id = up.id
    WHERE share.parent_id IS NOT NULL AND level < {DEEPEST}
)
SELECT DISTINCT {SHARE} FROM up JOIN share ON share.id = up.id
"""
PAGE = f"""
SELECT {SHARE} FROM share JOIN feed ON feed.id = share.feed_id AND share.seq > feed.floor AND share.seq <= feed.seq
WHERE share.feed_id = ? AND share.seq < ? AND {LIVE} ORDER BY share.seq DESC LIMIT ?
"""
# Of entries as [id, feed_id, seq].
STORIES = """
SELECT copy.entry_id, copy.story FROM json_each(?) AS wanted CROSS JOIN copy INDEXED BY copy_feed
    ON copy.feed_id = json_extract(wanted.value, '$[1]') AND copy.seq = json_extract(wanted.value, '$[2]')
    AND copy.entry_id = json_extract(wanted.value, '$[0]')
"""
RECENT = f"""
SELECT {SHARE} FROM share WHERE id IN (
    SELECT id FROM share WHERE created_at >= :since AND parent_id IS NOT NULL UNION
    SELECT id FROM share WHERE removed_at >= :since AND removed_at IS NOT NULL AND wiped = 0 AND parent_id IS NOT NULL)
AND id > :after ORDER BY id LIMIT :limit
"""
HIGHEST = 1 << 62


def _story(con: sqlite3.Connection, entry: Entry) -> bytes:
    with snapshot(con):  # somebody may share it right now
        return _story_now(con, entry)


def _story_now(con: sqlite3.Connection, entry: Entry) -> bytes:
    sql = "SELECT story FROM copy WHERE feed_id = ? AND seq = ? AND entry_id = ?"
    row = con.execute(sql, (entry.feed_id, entry.seq, entry.id)).fetchone()
    if row is not None:
        known: bytes = row[0]
        return known
    if entry.story is None:
        return own_story(entry.id)
    sql = (
        "SELECT 1 FROM copy WHERE story = :story AND feed_id = :feed UNION ALL"
        " SELECT 1 FROM entry INDEXED BY entry_story JOIN feed ON feed.id = feed_id AND entry.seq > floor"
        " WHERE story = :story AND feed_id = :feed AND entry.id <> :id LIMIT 1"
    )
    values = {"story": entry.story, "feed": entry.feed_id, "id": entry.id}
    return own_story(entry.id) if con.execute(sql, values).fetchone() else entry.story


def _many(con: sqlite3.Connection, share_ids: str) -> dict[int, Share]:
    return {share.id: share for share in map(share_of, con.execute(MANY, (share_ids,)))}


def _related(con: sqlite3.Connection, entries: Sequence[tuple[int, int, int]], feed_ids: str, user_id: int) -> Related:
    with snapshot(con):
        above = con.execute(ABOVE, (ids_json(entry_id for entry_id, _, _ in entries),))
        shares = {share.id: share for share in map(share_of, above)}
        stories = dict(con.execute(STORIES, (json.dumps(entries),)).fetchall())
        return Related(shares, stories, _also(con, sorted(set(stories.values())), feed_ids, user_id))


def _also(con: sqlite3.Connection, stories: Sequence[bytes], feed_ids: str, user_id: int) -> tuple[Share, ...]:
    if not stories:
        return ()
    among = f"story IN ({','.join('?' * len(stories))}) AND {LIVE}"
    sql = (
        f"SELECT {SHARE} FROM share INDEXED BY share_story"
        f" WHERE {among} AND feed_id IN (SELECT value FROM json_each(?))"
        f" UNION SELECT {SHARE} FROM share INDEXED BY share_user WHERE {among} AND user_id = ?"
        f" ORDER BY 1 LIMIT {ALSO_MOST}"
    )
    return tuple(map(share_of, con.execute(sql, (*stories, feed_ids, *stories, user_id))))


def _known_in(con: sqlite3.Connection, stream_id: int, stories: Sequence[bytes]) -> set[bytes]:
    sql = f"SELECT story FROM share WHERE stream_id = ? AND story IN ({','.join('?' * len(stories))})"
    return {story for (story,) in con.execute(sql, (stream_id, *stories))}


def _tree(con: sqlite3.Connection, root_id: int, limit: int) -> list[Share]:
    sql = f"SELECT {SHARE} FROM share WHERE root_id = ? ORDER BY id LIMIT ?"
    return [share_of(row) for row in con.execute(sql, (root_id, limit))]


def _page(con: sqlite3.Connection, feed_id: int, below: int | None, limit: int) -> list[tuple[Share, Entry]]:
    with snapshot(con):
        rows = con.execute(PAGE, (feed_id, HIGHEST if below is None else below, limit)).fetchall()
        return _with_entries(con, [share_of(row) for row in rows])


def _of_user(con: sqlite3.Connection, user_id: int, after: int, limit: int) -> list[tuple[Share, Entry]]:
    sql = f"SELECT {SHARE} FROM share WHERE user_id = ? AND id > ? AND removed_at IS NULL ORDER BY id LIMIT ?"
    with snapshot(con):
        return _with_entries(con, [share_of(row) for row in con.execute(sql, (user_id, after, limit))])


def _with_entries(con: sqlite3.Connection, shares: list[Share]) -> list[tuple[Share, Entry]]:
    entries = {entry.id: entry for entry in entries_of(con, [share.id for share in shares])}
    return [(share, entries[share.id]) for share in shares if share.id in entries]


def _recount_credit(con: sqlite3.Connection, root_id: int) -> int:
    sql = f"SELECT id, parent_id, {LIVE}, credit FROM share WHERE root_id = ? ORDER BY id DESC"
    credit: dict[int, int] = {}
    changed = []
    for share_id, parent_id, live, known in con.execute(sql, (root_id,)):
        own = credit.get(share_id, 0)  # children have higher ids: all of them were counted
        if parent_id is not None:
            credit[parent_id] = credit.get(parent_id, 0) + own + live
        if own != known:
            changed.append((own, share_id))
    con.executemany("UPDATE share SET credit = ? WHERE id = ?", changed)
    return len(changed)


def _roots(con: sqlite3.Connection, after: int, limit: int) -> list[int]:
    sql = "SELECT DISTINCT root_id FROM share WHERE root_id > ? ORDER BY root_id LIMIT ?"
    return [root_id for (root_id,) in con.execute(sql, (after, limit))]


def _recount_withdrawn(con: sqlite3.Connection, feed_id: int) -> int:
    row = con.execute("SELECT withdrawn, floor FROM feed WHERE id = ? AND kind = 'stream'", (feed_id,)).fetchone()
    if row is None:
        return 0
    sql = f"SELECT seq FROM share WHERE feed_id = ? AND seq > ? AND NOT ({LIVE})"
    right = BitMap(seq for (seq,) in con.execute(sql, (feed_id, row[1])))
    if right == withdrawn_of(row[0]):
        return 0
    values = (pack(right) if right else b"", next_feed_rev(con), feed_id)
    con.execute("UPDATE feed SET withdrawn = ?, rev = ? WHERE id = ?", values)
    return 1


def _recent(con: sqlite3.Connection, since: float, after: int, limit: int) -> list[Share]:
    rows = con.execute(RECENT, {"since": since, "after": after, "limit": limit})
    return [share_of(row) for row in rows]


class SqliteShares:
    """ShareMapper."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def story(self, entry: Entry) -> bytes:
        return await self._engine.read(_story, entry)

    async def add(self, new: NewShare, *, now: float) -> tuple[Share, bool]:
        return await self._engine.write(sharing.add, new, now)

    async def remove(self, user_id: int, share_id: int, *, now: float) -> Share | None:
        return await self._engine.write(sharing.remove, user_id, share_id, now)

    async def restore(self, user_id: int, share_id: int, *, note: str, noted_at: float | None) -> bool:
        return await self._engine.write(sharing.restore, user_id, share_id, note, noted_at)

    async def note(self, user_id: int, share_id: int, text: str, *, now: float) -> Share | None:
        return await self._engine.write(sharing.note, user_id, share_id, text, now)

    async def get(self, share_id: int) -> Share | None:
        return (await self._engine.near(_many, ids_json([share_id]))).get(share_id)

    async def many(self, share_ids: Sequence[int]) -> dict[int, Share]:
        return await self._engine.read(_many, ids_json(share_ids))

    async def related(self, entries: Sequence[tuple[int, int, int]], feed_ids: Sequence[int], user_id: int) -> Related:
        return await self._engine.read(_related, entries, ids_json(feed_ids), user_id)

    async def known_in(self, stream_id: int, stories: Sequence[bytes]) -> set[bytes]:
        return await self._engine.read(_known_in, stream_id, stories)

    async def tree(self, root_id: int, limit: int) -> list[Share]:
        return await self._engine.read(_tree, root_id, limit)

    async def page(self, feed_id: int, *, below: int | None, limit: int) -> list[tuple[Share, Entry]]:
        return await self._engine.read(_page, feed_id, below, limit)

    async def of_user(self, user_id: int, *, after: int, limit: int) -> list[tuple[Share, Entry]]:
        return await self._engine.read(_of_user, user_id, after, limit)

    async def recount_credit(self, root_id: int) -> int:
        return await self._engine.write(_recount_credit, root_id)

    async def roots(self, *, after: int, limit: int) -> list[int]:
        return await self._engine.read(_roots, after, limit)

    async def recent(self, since: float, *, after: int, limit: int) -> list[Share]:
        return await self._engine.read(_recent, since, after, limit)

    async def wipe(self, before: float, limit: int) -> int:
        return await self._engine.write(sharing.wipe, before, limit)

    async def forget(self, user_id: int, *, now: float) -> list[int]:
        return await self._engine.write(sharing.forget, user_id, now)

    async def copies(self, feed_ids: Sequence[int]) -> list[Copy]:
        return await self._engine.read(copies.copies, ids_json(feed_ids))

    async def recount_copies(self, after: bytes, limit: int) -> tuple[int, bytes | None]:
        return await self._engine.write(copies.recount, after, limit)

    async def recount_withdrawn(self, feed_id: int) -> int:
        return await self._engine.write(_recount_withdrawn, feed_id)
