"""The shape of the left column on SQLite: subscriptions, folders, and their order."""

# Statements are put together from constants of this package alone; values are always parameters.
# ruff: noqa: S608

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import replace

from reader.errors import NotFound
from reader.mappers.bitmaps import pack
from reader.mappers.sqlite.backlog import backlog
from reader.mappers.sqlite.connection import ids_json
from reader.mappers.sqlite.counters import next_shape_rev
from reader.mappers.sqlite.reading import SUBSCRIPTION, as_subscription
from reader.mappers.sqlite.sight import may_read, require_sight
from reader.models.subscription import Subscription

LAST = "SELECT coalesce(max(position) + 1, 0) FROM subscription WHERE user_id = ? AND folder_id IS ?"
AMONG = "user_id = ? AND feed_id IN (SELECT value FROM json_each(?))"


def get(con: sqlite3.Connection, user_id: int, feed_id: int) -> Subscription | None:
    """See SubscriptionMapper.get."""
    sql = f"SELECT {SUBSCRIPTION} FROM subscription WHERE user_id = ? AND feed_id = ?"
    row = con.execute(sql, (user_id, feed_id)).fetchone()
    return as_subscription(row) if row else None


def subscribers(con: sqlite3.Connection, feed_id: int) -> list[int]:
    """See SubscriptionMapper.subscribers."""
    sql = "SELECT user_id FROM subscription WHERE feed_id = ? ORDER BY user_id"
    return [user_id for (user_id,) in con.execute(sql, (feed_id,))]


def require_folder(con: sqlite3.Connection, user_id: int, folder_id: int | None) -> None:
    """None is the place outside all folders."""
    sql = "SELECT 1 FROM folder WHERE id = ? AND user_id = ?"
    if folder_id is not None and not con.execute(sql, (folder_id, user_id)).fetchone():
        raise NotFound("There is no such folder.")


def subscribe(
    con: sqlite3.Connection,
    user_id: int,
    feed_id: int,
    folder_id: int | None,
    title: str | None,
    unread: int,
    now: float,
) -> tuple[Subscription, bool]:
    """See SubscriptionMapper.subscribe."""
    require_sight(con, user_id, feed_id)
    known = get(con, user_id, feed_id)
    if known is not None:
        return known, False
    feed = con.execute("SELECT seq, kind FROM feed WHERE id = ?", (feed_id,)).fetchone()
    if feed is None:
        raise NotFound("There is no such feed.")
    require_folder(con, user_id, folder_id)
    seq, kind = feed
    rev = next_shape_rev(con, user_id)
    position = con.execute(LAST, (user_id, folder_id)).fetchone()[0]
    read = pack(backlog(con, user_id, feed_id, unread))
    made = Subscription(user_id, feed_id, folder_id, title, position, read, rev, rev, now)
    insert(con, made)
    if seq == 0 and kind == "site":  # a stream's shares come one by one
        sql = "INSERT OR REPLACE INTO first_unread (feed_id, user_id, unread) VALUES (?, ?, ?)"
        con.execute(sql, (feed_id, user_id, unread))
    return made, True


def insert(con: sqlite3.Connection, made: Subscription) -> None:
    """Stores a subscription as it is."""
    con.execute(
        f"INSERT INTO subscription ({SUBSCRIPTION}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            made.user_id, made.feed_id, made.folder_id, made.title, made.position, made.read, made.rev,
            made.created_rev, made.created_at, made.muted,
        ),
    )  # fmt: skip


def unsubscribe(con: sqlite3.Connection, user_id: int, feed_ids: Sequence[int]) -> list[Subscription]:
    """See SubscriptionMapper.unsubscribe."""
    sql = f"DELETE FROM subscription WHERE {AMONG} RETURNING {SUBSCRIPTION}"
    removed = [as_subscription(row) for row in con.execute(sql, (user_id, ids_json(feed_ids))).fetchall()]
    if removed:
        next_shape_rev(con, user_id)
    return sorted(removed, key=lambda each: (each.position, each.feed_id))


def restore(con: sqlite3.Connection, subscriptions: Sequence[Subscription]) -> int:
    """See SubscriptionMapper.restore."""
    revs: dict[int, int] = {}
    restored = 0
    for each in subscriptions:
        if not may_read(con, each.user_id, each.feed_id):
            continue
        feed = con.execute("SELECT 1 FROM feed WHERE id = ?", (each.feed_id,)).fetchone()
        user = con.execute("SELECT 1 FROM user WHERE id = ?", (each.user_id,)).fetchone()
        if not feed or not user or get(con, each.user_id, each.feed_id) is not None:
            continue
        if each.user_id not in revs:
            revs[each.user_id] = next_shape_rev(con, each.user_id)
        folder = con.execute("SELECT id FROM folder WHERE id IS ? AND user_id = ?", (each.folder_id, each.user_id))
        folder_id = each.folder_id if folder.fetchone() else None
        insert(
            con,
            replace(each, folder_id=folder_id, rev=revs[each.user_id]),
        )
        restored += 1
    return restored


def rename(con: sqlite3.Connection, user_id: int, feed_id: int, title: str | None) -> None:
    """See SubscriptionMapper.rename."""
    known = get(con, user_id, feed_id)
    if known is None:
        raise NotFound("There is no such subscription.")
    if known.title != title:
        values = (title, user_id, feed_id)
        con.execute("UPDATE subscription SET title = ? WHERE user_id = ? AND feed_id = ?", values)
        next_shape_rev(con, user_id)


def mute(con: sqlite3.Connection, user_id: int, feed_id: int, on: bool) -> bool:
    """See SubscriptionMapper.mute."""
    known = get(con, user_id, feed_id)
    if known is None:
        raise NotFound("There is no such subscription.")
    if known.muted == on:
        return False
    con.execute("UPDATE subscription SET muted = ? WHERE user_id = ? AND feed_id = ?", (on, user_id, feed_id))
    next_shape_rev(con, user_id)
    return True


def move(
    con: sqlite3.Connection, user_id: int, feed_ids: Sequence[int], folder_id: int | None, before: int | None
) -> None:
    """See SubscriptionMapper.move."""
    require_folder(con, user_id, folder_id)
    mine = {
        feed_id
        for (feed_id,) in con.execute(f"SELECT feed_id FROM subscription WHERE {AMONG}", (user_id, ids_json(feed_ids)))
    }
    moving = [feed_id for feed_id in dict.fromkeys(feed_ids) if feed_id in mine]
    if not moving:
        return
    there = [feed_id for feed_id in _in_folder(con, user_id, folder_id) if feed_id not in mine]
    at = there.index(before) if before in there else len(there)
    _place(con, user_id, folder_id, there[:at] + moving + there[at:])
    next_shape_rev(con, user_id)


def _in_folder(con: sqlite3.Connection, user_id: int, folder_id: int | None) -> list[int]:
    sql = "SELECT feed_id FROM subscription WHERE user_id = ? AND folder_id IS ? ORDER BY position, feed_id"
    return [feed_id for (feed_id,) in con.execute(sql, (user_id, folder_id))]


PLACE = """
UPDATE subscription SET folder_id = :folder, position = :at
WHERE user_id = :user AND feed_id = :feed AND (folder_id IS NOT :folder OR position <> :at)
"""


def _place(con: sqlite3.Connection, user_id: int, folder_id: int | None, feed_ids: Sequence[int]) -> None:
    """Puts the feeds into the folder in this order; rows that stand right are not written."""
    con.executemany(
        PLACE,
        [{"user": user_id, "feed": feed, "folder": folder_id, "at": at} for at, feed in enumerate(feed_ids)],
    )


def empty_folder(con: sqlite3.Connection, user_id: int, folder_id: int) -> list[int]:
    """Moves the feeds of a folder out of it, after those that are in none; returns their ids."""
    feed_ids = _in_folder(con, user_id, folder_id)
    _place(con, user_id, None, _in_folder(con, user_id, None) + feed_ids)
    return feed_ids


def fill_folder(con: sqlite3.Connection, user_id: int, folder_id: int, feed_ids: Sequence[int]) -> None:
    """Puts those of the feeds that are subscribed to at the end of a folder."""
    rows = con.execute(f"SELECT feed_id FROM subscription WHERE {AMONG}", (user_id, ids_json(feed_ids)))
    mine = {feed_id for (feed_id,) in rows}
    there = [feed_id for feed_id in _in_folder(con, user_id, folder_id) if feed_id not in mine]
    _place(con, user_id, folder_id, there + [feed_id for feed_id in dict.fromkeys(feed_ids) if feed_id in mine])
