"""Where shared stories stand, on SQLite (decision 0013): table copy, and feed.copies_rev that tells of its changes."""

# Statements are put together from constants of this package alone; values are always parameters.
# ruff: noqa: S608

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

from reader.mappers.sqlite.connection import ids_json
from reader.mappers.sqlite.counters import next_feed_rev
from reader.models.share import Copy

AT_ONCE = 500  # stories asked for in one statement
MOST_FEEDS = 5000  # of one story
INSERT = "INSERT OR IGNORE INTO copy (story, entry_id, feed_id, seq) VALUES (?, ?, ?, ?)"
# Visible entries of sites' feeds that tell a story, only where they are the one of their feed.
TELLERS = f"""
SELECT max(entry.id), entry.feed_id, max(entry.seq) FROM entry INDEXED BY entry_story
JOIN feed ON feed.id = entry.feed_id AND feed.kind = 'site'
WHERE entry.story = ? AND entry.seq > feed.floor AND entry.seq <= feed.seq
GROUP BY entry.feed_id HAVING count(*) = 1 LIMIT {MOST_FEEDS}
"""
LIVE = """
SELECT share.id, share.feed_id, share.seq FROM share JOIN feed ON feed.id = share.feed_id AND share.seq > feed.floor
WHERE share.story = ? AND share.removed_at IS NULL AND share.user_id IS NOT NULL
"""
# Of one story: what points to nothing that a list shows.
DEAD = """
SELECT copy.entry_id, copy.feed_id FROM copy JOIN feed ON feed.id = copy.feed_id
LEFT JOIN entry ON entry.id = copy.entry_id AND entry.feed_id = copy.feed_id AND entry.seq = copy.seq
LEFT JOIN share ON share.id = copy.entry_id
WHERE copy.story = ? AND (
    entry.id IS NULL OR copy.seq <= feed.floor OR copy.seq > feed.seq
    OR feed.kind = 'stream' AND (share.id IS NULL OR share.removed_at IS NOT NULL OR share.user_id IS NULL))
"""
COPIES = """
SELECT story, entry_id, feed_id, seq FROM copy WHERE feed_id IN (SELECT value FROM json_each(:feeds))
UNION ALL
SELECT share.story, share.id, share.feed_id, share.seq FROM share
JOIN feed ON feed.id = share.feed_id AND share.seq > feed.floor
WHERE share.feed_id IN (SELECT value FROM json_each(:feeds)) AND share.removed_at IS NOT NULL
ORDER BY 3, 4
"""
STORIES = """
SELECT story FROM copy WHERE story > :after UNION
SELECT story FROM share WHERE story > :after AND removed_at IS NULL AND user_id IS NOT NULL
ORDER BY story LIMIT :limit
"""


def touch(con: sqlite3.Connection, feed_ids: Iterable[int]) -> None:
    """Says that the copies in these feeds changed."""
    for feed_id in sorted(feed_ids):
        rev = next_feed_rev(con)
        con.execute("UPDATE feed SET rev = ?, copies_rev = ? WHERE id = ?", (rev, rev, feed_id))


def spread(con: sqlite3.Connection, story: bytes) -> set[int]:
    """A story becomes a shared one: notes the entries of sites' feeds that tell it. Returns the feeds that got one."""
    if con.execute("SELECT 1 FROM copy WHERE story = ?", (story,)).fetchone():
        return set()
    rows = con.execute(TELLERS, (story,)).fetchall()
    con.executemany(INSERT, [(story, *row) for row in rows])
    return {feed_id for _, feed_id, _ in rows}


def place(con: sqlite3.Connection, copy: Copy) -> bool:
    """Notes one copy; False if it is known. The caller touches its feed."""
    return con.execute(INSERT, copy).rowcount > 0


def drop(con: sqlite3.Connection, feed_id: int, seqs: Sequence[int]) -> None:
    """Forgets the copies at these places of a feed. The caller touches it."""
    sql = "DELETE FROM copy WHERE feed_id = ? AND seq IN (SELECT value FROM json_each(?))"
    con.execute(sql, (feed_id, ids_json(seqs)))


def join(con: sqlite3.Connection, feed_id: int, new: Sequence[tuple[bytes, int, int]], passed: set[bytes]) -> bool:
    """Entries are about to appear in a feed, as (story, id, seq): those whose story is shared become copies.

    ``passed``: stories that came with a chain, shared on another instance. A feed has one copy of a story at most.
    True if there are any; the caller moves copies_rev of this feed, the others' are moved here.
    """
    here = _known(con, feed_id, [story for story, _, _ in new])
    for story in sorted(passed - here.keys()):
        touch(con, spread(con, story) - {feed_id})
        here[story] = False
    rows = []
    for story, entry_id, seq in new:
        if here.get(story) is False:
            here[story] = True
            rows.append((story, entry_id, feed_id, seq))
    con.executemany(INSERT, rows)
    return bool(rows)


def _known(con: sqlite3.Connection, feed_id: int, stories: Sequence[bytes]) -> dict[bytes, bool]:
    """Those stories that are shared, and whether this feed has a copy."""
    found: dict[bytes, bool] = {}
    for start in range(0, len(stories), AT_ONCE):
        some = stories[start : start + AT_ONCE]
        sql = f"SELECT story, max(feed_id = ?) FROM copy WHERE story IN ({','.join('?' * len(some))}) GROUP BY story"
        found.update((story, bool(here)) for story, here in con.execute(sql, (feed_id, *some)))
    return found


def copies(con: sqlite3.Connection, feed_ids: str) -> list[Copy]:
    """See ShareMapper.copies; ``feed_ids`` as JSON."""
    return [Copy(*row) for row in con.execute(COPIES, {"feeds": feed_ids})]


def recount(con: sqlite3.Connection, after: bytes, limit: int) -> tuple[int, bytes | None]:
    """See ShareMapper.recount_copies."""
    stories = [story for (story,) in con.execute(STORIES, {"after": after, "limit": limit})]
    changed = 0
    for story in stories:
        changed += put_right(con, story)
    return changed, stories[-1] if len(stories) == limit else None


def put_right(con: sqlite3.Connection, story: bytes) -> int:
    """Removes what is no copy of the story, adds what is missing, touches the feeds. Returns how many rows changed."""
    dead = con.execute(DEAD, (story,)).fetchall()
    con.executemany("DELETE FROM copy WHERE story = ? AND entry_id = ?", [(story, entry_id) for entry_id, _ in dead])
    touched = [feed_id for _, feed_id in dead]
    have = {feed_id for (feed_id,) in con.execute("SELECT feed_id FROM copy WHERE story = ?", (story,))}
    for sql in (TELLERS, LIVE):
        for entry_id, feed_id, seq in con.execute(sql, (story,)).fetchall():
            if feed_id not in have:
                con.execute(INSERT, (story, entry_id, feed_id, seq))
                have.add(feed_id)
                touched.append(feed_id)
    touch(con, set(touched))
    return len(touched)
