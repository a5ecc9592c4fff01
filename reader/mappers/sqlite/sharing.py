"""Writing shares on SQLite: sharing, taking back, emptying, and removing an account's."""

# Statements are put together from constants of this package alone; values are always parameters.
# ruff: noqa: S608

from __future__ import annotations

import sqlite3
from dataclasses import replace

from reader.errors import NotFound
from reader.mappers.shares import NewShare
from reader.mappers.sqlite import append
from reader.mappers.sqlite.connection import ids_json
from reader.mappers.sqlite.copies import place, spread, touch
from reader.mappers.sqlite.counters import next_feed_rev, next_shape_rev, next_user_rev, reserve_entry_ids
from reader.mappers.sqlite.search import reindex, unindex
from reader.mappers.sqlite.share_rows import LIVE, SHARE, share_of, source_json, withdraw
from reader.models.share import Copy, Share

IN_STREAM = f"SELECT {SHARE} FROM share WHERE stream_id = ? AND story = ? AND {LIVE}"
INSERT = (
    "INSERT INTO share (id, user_id, stream_id, feed_id, seq, story, source_id, source, parent_id, root_id, depth,"
    " note, created_at, noted_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
# The entry that was shared, if it stands in a site's feed: its copy. (Shares have theirs already.)
MET = """
SELECT entry.id, entry.feed_id, entry.seq FROM entry JOIN feed ON feed.id = entry.feed_id AND feed.kind = 'site'
WHERE entry.id = ? AND entry.seq > feed.floor AND entry.seq <= feed.seq
    AND NOT EXISTS (SELECT 1 FROM copy WHERE copy.story = ? AND copy.feed_id = feed.id)
"""
EMPTY = (
    "UPDATE entry SET digest = x'', url = NULL, title = '', author = NULL, published_at = NULL, updated_at = NULL,"
    " summary = '', content = '', tags = '[]', enclosures = '[]', comments_url = NULL, guid = NULL, story = NULL,"
    " chain = NULL WHERE id = ?"
)
UNWIPED = (
    "SELECT id FROM share WHERE removed_at IS NOT NULL AND wiped = 0 AND removed_at < ? ORDER BY removed_at LIMIT ?"
)


def add(con: sqlite3.Connection, new: NewShare, now: float) -> tuple[Share, bool]:
    """See ShareMapper.add."""
    sql = (
        "SELECT feed.id, feed.seq FROM stream JOIN feed ON feed.id = stream.feed_id"
        " WHERE stream.id = ? AND stream.user_id = ?"
    )
    row = con.execute(sql, (new.stream_id, new.user_id)).fetchone()
    if row is None:
        raise NotFound("There is no such stream.")
    known = con.execute(IN_STREAM, (new.stream_id, new.story)).fetchone()
    if known is not None:
        return share_of(known), False
    if con.execute(f"SELECT 1 FROM share WHERE id = ? AND NOT ({LIVE})", (new.met_id,)).fetchone():
        raise NotFound("There is no such entry.")
    feed_id, seq = row[0], row[1] + 1
    share_id = _insert_entry(con, new, feed_id, seq, now)
    root_id = share_id if new.root_id is None else new.root_id
    values = (
        share_id, new.user_id, new.stream_id, feed_id, seq, new.story, new.source_id, source_json(new.source),
        new.parent_id, root_id, new.depth, new.note, now, now if new.note else None,
    )  # fmt: skip
    con.execute(INSERT, values)
    _note_copies(con, new, Copy(new.story, share_id, feed_id, seq))
    rev = next_feed_rev(con)
    con.execute("UPDATE feed SET seq = ?, rev = ?, copies_rev = ? WHERE id = ?", (seq, rev, rev, feed_id))
    return share_of(con.execute(IN_STREAM, (new.stream_id, new.story)).fetchone()), True


def _insert_entry(con: sqlite3.Connection, new: NewShare, feed_id: int, seq: int, now: float) -> int:
    share_id = reserve_entry_ids(con, 1)
    before = con.execute("SELECT sort_at FROM entry WHERE feed_id = ? AND seq = ?", (feed_id, seq - 1)).fetchone()
    entry = replace(new.entry, uid=f"share/{share_id}", story=new.story)
    sort_at = max(now, before[0]) if before else now
    con.execute(append.INSERT, (share_id, feed_id, seq, sort_at, now, *append.values_of(entry)))
    reindex(con, share_id)
    return share_id


def _note_copies(con: sqlite3.Connection, new: NewShare, own: Copy) -> None:
    touched = spread(con, new.story)
    for row in con.execute(MET, (new.met_id, new.story)).fetchall():
        place(con, Copy(new.story, *row))
        touched.add(row[1])
    place(con, own)
    touch(con, touched)


def remove(con: sqlite3.Connection, user_id: int, share_id: int, now: float) -> Share | None:
    """See ShareMapper.remove."""
    share = _live(con, user_id, share_id)
    if share is None:
        return None
    con.execute("UPDATE share SET removed_at = ?, note = '', noted_at = NULL WHERE id = ?", (now, share_id))
    con.execute("DELETE FROM copy WHERE story = ? AND entry_id = ?", (share.story, share_id))
    withdraw(con, share.feed_id, add=[share.seq])
    return share


def _live(con: sqlite3.Connection, user_id: int, share_id: int) -> Share | None:
    row = con.execute(f"SELECT {SHARE} FROM share WHERE id = ? AND user_id = ? AND {LIVE}", (share_id, user_id))
    found = row.fetchone()
    return share_of(found) if found else None


def restore(con: sqlite3.Connection, user_id: int, share_id: int, note: str, noted_at: float | None) -> bool:
    """See ShareMapper.restore."""
    sql = (
        f"SELECT {SHARE} FROM share JOIN stream ON stream.id = share.stream_id AND stream.user_id = share.user_id"
        " JOIN feed ON feed.id = share.feed_id AND feed.floor < share.seq"
        " WHERE share.id = ? AND share.user_id = ? AND share.removed_at IS NOT NULL AND share.wiped = 0"
    )
    row = con.execute(sql, (share_id, user_id)).fetchone()
    if row is None:
        return False
    share = share_of(row)
    if con.execute(IN_STREAM, (share.stream_id, share.story)).fetchone():
        return False
    con.execute("UPDATE share SET removed_at = NULL, note = ?, noted_at = ? WHERE id = ?", (note, noted_at, share_id))
    place(con, Copy(share.story, share_id, share.feed_id, share.seq))
    withdraw(con, share.feed_id, remove=[share.seq])
    return True


def note(con: sqlite3.Connection, user_id: int, share_id: int, text: str, now: float) -> Share | None:
    """See ShareMapper.note."""
    share = _live(con, user_id, share_id)
    if share is None or share.note == text:
        return share
    noted_at = now if text else None
    con.execute("UPDATE share SET note = ?, noted_at = ? WHERE id = ?", (text, noted_at, share_id))
    con.execute("UPDATE feed SET rev = ? WHERE id = ?", (next_feed_rev(con), share.feed_id))
    return replace(share, note=text, noted_at=noted_at)


def wipe(con: sqlite3.Connection, before: float, limit: int) -> int:
    """See ShareMapper.wipe."""
    ids = [share_id for (share_id,) in con.execute(UNWIPED, (before, limit))]
    for share_id in ids:
        _empty(con, share_id)
        con.execute("UPDATE share SET wiped = 1, note = '', noted_at = NULL WHERE id = ?", (share_id,))
    return len(ids)


def _empty(con: sqlite3.Connection, entry_id: int) -> None:
    unindex(con, "id = ?", (entry_id,))
    con.execute(EMPTY, (entry_id,))
    reindex(con, entry_id)
    _drop_flags(con, [entry_id])


def _drop_flags(con: sqlite3.Connection, entry_ids: list[int]) -> None:
    sql = "DELETE FROM flag WHERE entry_id IN (SELECT value FROM json_each(?)) RETURNING user_id"
    for user_id in {user_id for (user_id,) in con.execute(sql, (ids_json(entry_ids),)).fetchall()}:
        next_user_rev(con, user_id)


def forget(con: sqlite3.Connection, user_id: int, now: float) -> list[int]:
    """See ShareMapper.forget."""
    feeds = [feed_id for (feed_id,) in con.execute("SELECT feed_id FROM stream WHERE user_id = ?", (user_id,))]
    # A stream removed before left its feed behind, known by its address alone.
    left = con.execute("SELECT id FROM feed WHERE url GLOB ? AND kind = 'stream'", (f"evantr:/u/{user_id}/*",))
    feeds = sorted({*feeds, *(feed_id for (feed_id,) in left)})
    _forget_shares(con, user_id, now)
    con.execute("DELETE FROM stream WHERE user_id = ?", (user_id,))
    for feed_id in feeds:
        _forget_feed(con, feed_id)
    return feeds


def _forget_shares(con: sqlite3.Connection, user_id: int, now: float) -> None:
    mine = "(SELECT id FROM share WHERE user_id = :user)"
    values = {"user": user_id, "now": now}
    con.execute(f"DELETE FROM liking WHERE share_id IN {mine}", values)
    con.execute(f"DELETE FROM comment WHERE share_id IN {mine}", values)
    gone = con.execute(
        "UPDATE share SET user_id = NULL, stream_id = NULL, note = '', noted_at = NULL, wiped = 1,"
        " removed_at = coalesce(removed_at, :now) WHERE user_id = :user RETURNING id, parent_id",
        values,
    ).fetchall()
    # From the newest: what nobody built on goes, and may leave its parent without children.
    leaf = (
        "DELETE FROM share WHERE id = :id AND user_id IS NULL"
        " AND NOT EXISTS (SELECT 1 FROM share AS child WHERE child.parent_id = :id)"
    )
    con.executemany(leaf, [{"id": share_id} for share_id, _ in sorted(gone, reverse=True)])


def _forget_feed(con: sqlite3.Connection, feed_id: int) -> None:
    readers = con.execute("DELETE FROM subscription WHERE feed_id = ? RETURNING user_id", (feed_id,)).fetchall()
    for (reader,) in readers:
        next_shape_rev(con, reader)
    entries = [entry_id for (entry_id,) in con.execute("SELECT id FROM entry WHERE feed_id = ?", (feed_id,))]
    _drop_flags(con, entries)
    unindex(con, "feed_id = ?", (feed_id,))
    con.execute("DELETE FROM entry WHERE feed_id = ?", (feed_id,))
    con.execute("DELETE FROM feed WHERE id = ?", (feed_id,))
