"""Read sets on SQLite: what changed, marking, the journal, the recount."""

# Statements are put together from constants of this package alone; values are always parameters.
# ruff: noqa: S608

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from pyroaring import BitMap

from reader.mappers.bitmaps import pack, span, unpack
from reader.mappers.feeds import FeedMark
from reader.mappers.sqlite.backlog import backlog
from reader.mappers.sqlite.connection import snapshot
from reader.mappers.sqlite.counters import next_feed_rev, next_user_rev
from reader.mappers.sqlite.marks import marks_since
from reader.mappers.subscriptions import Marked, ReadingDelta
from reader.models.subscription import Folder, ReadChange, Subscription

SUBSCRIPTION = "user_id, feed_id, folder_id, title, position, read, rev, created_rev, created_at, muted"
FOLDER = "id, user_id, title, position, open, parent_id"


def as_subscription(row: tuple[Any, ...]) -> Subscription:
    """A row of the columns SUBSCRIPTION."""
    values: list[Any] = [*row[:-1], bool(row[-1])]
    return Subscription(*values)


def folders_of(con: sqlite3.Connection, user_id: int) -> list[Folder]:
    """In their order."""
    rows = con.execute(f"SELECT {FOLDER} FROM folder WHERE user_id = ? ORDER BY position, id", (user_id,))
    return [
        Folder(id_, user, title, position, bool(open_), parent) for id_, user, title, position, open_, parent in rows
    ]


def rev(con: sqlite3.Connection, user_id: int) -> int:
    """See SubscriptionMapper.rev."""
    row = con.execute("SELECT rev FROM user WHERE id = ?", (user_id,)).fetchone()
    return row[0] if row else 0


CURRENT = """
SELECT 1 FROM user WHERE id = ? AND rev = ? AND shape_rev = ?
    AND (SELECT value FROM counter WHERE name = 'feed_rev') = ?
"""


def is_current(con: sqlite3.Connection, user_id: int, rev: int, shape_rev: int, feed_rev: int) -> bool:
    """Whether nothing changed since these revisions, which is what almost every request finds."""
    return con.execute(CURRENT, (user_id, rev, shape_rev, feed_rev)).fetchone() is not None


def reading_delta(
    con: sqlite3.Connection, user_id: int, rev: int, shape_rev: int, feed_rev: int, feed_limit: int
) -> tuple[ReadingDelta, list[FeedMark]]:
    """See SubscriptionMapper.reading_delta."""
    with snapshot(con):
        return _delta(con, user_id, rev, shape_rev), marks_since(con, feed_rev, feed_limit)


def delta(con: sqlite3.Connection, user_id: int, rev: int, shape_rev: int) -> ReadingDelta:
    """See SubscriptionMapper.delta."""
    with snapshot(con):
        return _delta(con, user_id, rev, shape_rev)


def _delta(con: sqlite3.Connection, user_id: int, rev: int, shape_rev: int) -> ReadingDelta:
    row = con.execute("SELECT rev, shape_rev FROM user WHERE id = ?", (user_id,)).fetchone() or (0, 0)
    now, now_shape = row
    if now == rev and now_shape == shape_rev:
        return ReadingDelta(now, now_shape, False, (), ())
    # A caller ahead of the store remembers a database that a backup has replaced: it too starts anew.
    whole = now_shape != shape_rev or now < rev
    since = -1 if whole else rev
    rows = con.execute(
        f"SELECT {SUBSCRIPTION} FROM subscription WHERE user_id = ? AND rev > ? ORDER BY position, feed_id",
        (user_id, since),
    )
    subscriptions = tuple([as_subscription(each) for each in rows])
    folders = tuple(folders_of(con, user_id)) if whole else ()
    return ReadingDelta(now, now_shape, whole, folders, subscriptions)


def mark(con: sqlite3.Connection, user_id: int, changes: Sequence[ReadChange], now: float) -> Marked:
    """See SubscriptionMapper.mark."""
    applied: list[ReadChange] = []
    sets: dict[int, tuple[BitMap, BitMap] | None] = {}
    for change in changes:
        if change.feed_id not in sets:
            sets[change.feed_id] = _read_set(con, user_id, change.feed_id)
        known = sets[change.feed_id]
        done = _apply(change, *known) if known else None
        if done is not None:
            applied.append(done)
    if not applied:
        row = con.execute("SELECT rev FROM user WHERE id = ?", (user_id,)).fetchone()
        return Marked(row[0] if row else 0, ())
    rev = next_user_rev(con, user_id)
    for feed_id in {change.feed_id for change in applied}:
        known = sets[feed_id]
        if known:
            _store(con, user_id, feed_id, known[0], rev)
    write_journal(con, user_id, rev, applied, now)
    return Marked(rev, tuple(applied))


def _read_set(con: sqlite3.Connection, user_id: int, feed_id: int) -> tuple[BitMap, BitMap] | None:
    """(read set, visible seqs); None where there is no subscription."""
    row = con.execute(
        "SELECT read, floor, seq FROM subscription JOIN feed ON feed.id = feed_id WHERE user_id = ? AND feed_id = ?",
        (user_id, feed_id),
    ).fetchone()
    return (unpack(row[0]), span(row[1], row[2])) if row else None


def _apply(change: ReadChange, read: BitMap, visible: BitMap) -> ReadChange | None:
    """Changes ``read``; returns the part that made a difference. What is both added and removed is removed."""
    remove = change.remove & visible & read
    add = (change.add & visible) - read - change.remove
    if not add and not remove:
        return None
    read |= add
    read -= remove
    return ReadChange(change.feed_id, BitMap(add), BitMap(remove))


def _store(con: sqlite3.Connection, user_id: int, feed_id: int, read: BitMap, rev: int) -> None:
    con.execute(
        "UPDATE subscription SET read = ?, rev = ? WHERE user_id = ? AND feed_id = ?",
        (pack(read), rev, user_id, feed_id),
    )


def write_journal(con: sqlite3.Connection, user_id: int, rev: int, changes: Sequence[ReadChange], now: float) -> None:
    """Notes what was applied at a revision, in order."""
    con.executemany(
        "INSERT INTO read_journal (user_id, rev, number, feed_id, at, added, removed) VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (user_id, rev, number, change.feed_id, now, pack(change.add), pack(change.remove))
            for number, change in enumerate(changes)
        ],
    )


def journal(con: sqlite3.Connection, user_id: int, since_rev: int) -> list[ReadChange] | None:
    """See SubscriptionMapper.journal."""
    with snapshot(con):
        row = con.execute("SELECT journal_floor FROM user WHERE id = ?", (user_id,)).fetchone()
        reaches = row is not None and since_rev >= row[0]
        sql = (
            "SELECT feed_id, added, removed FROM read_journal WHERE user_id = ? AND rev > ?"
            " ORDER BY rev DESC, number DESC"
        )
        rows = con.execute(sql, (user_id, since_rev)).fetchall() if reaches else []
    return (
        [ReadChange(feed_id, unpack(added), unpack(removed)) for feed_id, added, removed in rows] if reaches else None
    )


RAISE_FLOORS = """
UPDATE user SET journal_floor = max(journal_floor, gone.rev)
FROM (SELECT user_id, max(rev) AS rev FROM read_journal WHERE at < ? GROUP BY user_id) AS gone
WHERE user.id = gone.user_id
"""


def trim_journal(con: sqlite3.Connection, before: float) -> int:
    """See SubscriptionMapper.trim_journal."""
    con.execute(RAISE_FLOORS, (before,))
    return con.execute("DELETE FROM read_journal WHERE at < ?", (before,)).rowcount


def mark_first(con: sqlite3.Connection, feed_id: int) -> list[tuple[int, int, BitMap]]:
    """The first entries of a feed have come: marks all but the newest read for those who subscribed before.

    Returns (user id, revision, seqs that became read) for each reader whose set changed.
    """
    rows = con.execute("DELETE FROM first_unread WHERE feed_id = ? RETURNING user_id, unread", (feed_id,)).fetchall()
    out = []
    for user_id, unread in rows:
        known = _read_set(con, user_id, feed_id)
        if known is None:
            continue
        read, _ = known
        add = backlog(con, user_id, feed_id, unread) - read
        if add:
            rev = next_user_rev(con, user_id)
            _store(con, user_id, feed_id, read | add, rev)
            out.append((user_id, rev, add))
    return out


def recount(con: sqlite3.Connection, feed_id: int) -> int:
    """See SubscriptionMapper.recount."""
    row = con.execute("SELECT floor, seq FROM feed WHERE id = ?", (feed_id,)).fetchone()
    if row is None:
        return 0
    floor, seq = _bounds(con, feed_id, *row)
    changed = 0
    if (floor, seq) != tuple(row):
        values = (floor, seq, next_feed_rev(con), feed_id)
        con.execute("UPDATE feed SET floor = ?, seq = ?, rev = ? WHERE id = ?", values)
        changed += 1
    visible = span(floor, seq)
    readers = con.execute("SELECT user_id, read FROM subscription WHERE feed_id = ?", (feed_id,)).fetchall()
    for user_id, stored in readers:
        read = unpack(stored)
        if not read.issubset(visible):
            _store(con, user_id, feed_id, read & visible, next_user_rev(con, user_id))
            changed += 1
    return changed


HIGHEST = "SELECT coalesce(max(seq), 0) FROM entry WHERE feed_id = ? AND seq <= ?"
# The highest hole: a number whose entry is missing while the next one is there.
HOLE = """
SELECT coalesce(max(seq) - 1, 0) FROM entry AS above
WHERE feed_id = :feed AND seq > :floor AND seq <= :seq AND NOT EXISTS (
    SELECT 1 FROM entry AS below WHERE below.feed_id = :feed AND below.seq = above.seq - 1)
"""


def _bounds(con: sqlite3.Connection, feed_id: int, floor: int, seq: int) -> tuple[int, int]:
    """floor and seq such that every number above the one, up to the other, has its entry. The floor never falls."""
    seq = max(floor, con.execute(HIGHEST, (feed_id, seq)).fetchone()[0])
    hole: int = con.execute(HOLE, {"feed": feed_id, "floor": floor, "seq": seq}).fetchone()[0]
    return max(floor, hole), seq
