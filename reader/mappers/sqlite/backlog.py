"""What a new subscription begins with: all but the newest entries are read."""

from __future__ import annotations

import sqlite3

from pyroaring import BitMap

from reader.mappers.bitmaps import span, unpack

FEED = "SELECT floor, seq, withdrawn, copies_rev FROM feed WHERE id = ?"
# Stories that the reader has from elsewhere. They are read as soon as one copy is (decision 0013), so that what nobody
# has read must not be marked with the backlog.
SPARED = """
SELECT mine.seq FROM copy AS mine WHERE mine.feed_id = :feed AND EXISTS (
    SELECT 1 FROM copy AS other
    JOIN subscription ON subscription.user_id = :user AND subscription.feed_id = other.feed_id
    JOIN feed ON feed.id = other.feed_id AND other.seq > feed.floor
    WHERE other.story = mine.story AND other.feed_id <> mine.feed_id)
"""


def backlog(con: sqlite3.Connection, user_id: int, feed_id: int, unread: int) -> BitMap:
    """Seqs to be read from the start: visible ones but the newest ``unread``, less what the reader has elsewhere."""
    floor, seq, withdrawn, copies_rev = con.execute(FEED, (feed_id,)).fetchone()
    if withdrawn:
        visible = span(floor, seq) - unpack(withdrawn)
        read = visible[: max(0, len(visible) - unread)]
    else:
        read = span(floor, seq - unread)
    if read and copies_rev:
        values = {"feed": feed_id, "user": user_id}
        read -= BitMap([spared for (spared,) in con.execute(SPARED, values)])
    return read
