"""Marks of feeds: what lists and counters keep of them."""

# Statements are put together from constants of this package alone; values are always parameters.
# ruff: noqa: S608

from __future__ import annotations

import sqlite3

from reader.mappers.feeds import FeedMark

MARK = (
    "feed.id, feed.rev, feed.seq, feed.floor, feed.title, feed.url, feed.site_url, feed.icon, feed.state, feed.error,"
    " feed.format, feed.kind, feed.withdrawn, feed.copies_rev"
)
MARKS_SINCE = f"SELECT {MARK} FROM feed WHERE rev > ? ORDER BY rev LIMIT ?"


def marks_since(con: sqlite3.Connection, rev: int, limit: int) -> list[FeedMark]:
    """See FeedMapper.marks_since."""
    return [FeedMark(*row) for row in con.execute(MARKS_SINCE, (rev, limit))]


def marks(con: sqlite3.Connection, ids: str) -> list[FeedMark]:
    """See FeedMapper.marks; ``ids`` as JSON."""
    sql = f"SELECT {MARK} FROM feed WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id"
    return [FeedMark(*row) for row in con.execute(sql, (ids,))]
