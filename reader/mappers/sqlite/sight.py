"""Who may read a stream, asked in the transaction that subscribes: a block or a refusal at the same moment wins."""

from __future__ import annotations

import sqlite3

from reader.errors import NotFound

HIDDEN = """
SELECT 1 FROM stream JOIN user ON user.id = stream.user_id
WHERE stream.feed_id = :feed AND user.id <> :me AND (
    user.leaving_at IS NOT NULL
    OR user.private AND NOT EXISTS (
        SELECT 1 FROM approval WHERE owner_id = user.id AND user_id = :me AND state = 'approved')
    OR EXISTS (SELECT 1 FROM relation WHERE user_id = :me AND other_id = user.id AND kind = 'block')
    OR EXISTS (SELECT 1 FROM relation WHERE user_id = user.id AND other_id = :me AND kind = 'block')
)
"""


def may_read(con: sqlite3.Connection, user_id: int, feed_id: int) -> bool:
    """True for the feeds of sites; for a stream's as models.people.Standing.visible."""
    return con.execute(HIDDEN, {"me": user_id, "feed": feed_id}).fetchone() is None


def require_sight(con: sqlite3.Connection, user_id: int, feed_id: int) -> None:
    """Raises NotFound where may_read says no."""
    if not may_read(con, user_id, feed_id):
        raise NotFound("There is no such feed.")
