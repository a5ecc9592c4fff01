"""Revisions and ids. All rise inside the writing transaction, so their order is that of the commits."""

from __future__ import annotations

import sqlite3

from reader.errors import NotFound


def next_feed_rev(con: sqlite3.Connection) -> int:
    """The next value of the one counter over all feeds."""
    return _advance(con, "feed_rev", 1)


def reserve_entry_ids(con: sqlite3.Connection, count: int) -> int:
    """The first of ``count`` new entry ids in a row. None is ever given out twice, whatever is deleted."""
    return _advance(con, "entry", count) - count + 1


def _advance(con: sqlite3.Connection, name: str, by: int) -> int:
    row = con.execute("UPDATE counter SET value = value + ? WHERE name = ? RETURNING value", (by, name)).fetchone()
    value: int = row[0]
    return value


def next_user_rev(con: sqlite3.Connection, user_id: int) -> int:
    """The user's next revision, for a change of read sets."""
    return _user_rev(con.execute("UPDATE user SET rev = rev + 1 WHERE id = ? RETURNING rev", (user_id,)))


def next_shape_rev(con: sqlite3.Connection, user_id: int) -> int:
    """The user's next revision, for a change of folders or of the set of subscriptions."""
    sql = "UPDATE user SET rev = rev + 1, shape_rev = rev + 1 WHERE id = ? RETURNING rev"
    return _user_rev(con.execute(sql, (user_id,)))


def _user_rev(cursor: sqlite3.Cursor) -> int:
    row = cursor.fetchone()
    if row is None:
        raise NotFound("There is no such account.")
    rev: int = row[0]
    return rev
