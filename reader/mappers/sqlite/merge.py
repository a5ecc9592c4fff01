"""A feed moves to another URL; where another feed stands there already, the two become one."""

from __future__ import annotations

import sqlite3

from pyroaring import BitMap

from reader.mappers.bitmaps import pack, unpack
from reader.mappers.sqlite.copies import put_right, touch
from reader.mappers.sqlite.counters import next_feed_rev, next_shape_rev
from reader.mappers.sqlite.identity import find, set_words
from reader.mappers.sqlite.reading import mark_first
from reader.mappers.sqlite.schedule import holds
from reader.mappers.sqlite.search import unindex
from reader.models.feed import FeedMove, host_of

# Seqs of the merged feed beside those of the feed that stays, for entries of the same uid.
SAME_ENTRIES = """
SELECT old.seq, old.id, new.seq, new.id FROM entry AS old
JOIN entry AS new ON new.feed_id = :target AND new.uid_hash = old.uid_hash
WHERE old.feed_id = :source
"""

# The same by link and title (models.entry.twin), for entries whose uids differ; only what is alone on both sides.
TWINS = """
WITH
old AS MATERIALIZED (SELECT max(seq) AS seq, max(id) AS id, substr(keys, 9, 16) AS twin
    FROM entry JOIN trace ON trace.entry_id = entry.id WHERE feed_id = :source AND length(keys) >= 24
    AND substr(keys, 9, 8) <> zeroblob(8) AND substr(keys, 17, 8) <> zeroblob(8) GROUP BY twin HAVING count(*) = 1),
new AS MATERIALIZED (SELECT max(seq) AS seq, max(id) AS id, substr(keys, 9, 16) AS twin
    FROM entry JOIN trace ON trace.entry_id = entry.id WHERE feed_id = :target AND length(keys) >= 24
    AND substr(keys, 9, 8) <> zeroblob(8) AND substr(keys, 17, 8) <> zeroblob(8) GROUP BY twin HAVING count(*) = 1)
SELECT old.seq, old.id, new.seq, new.id FROM old JOIN new ON new.twin = old.twin
"""

# Where both are read, the place of the one that stays counts; what it lacks comes from the other.
MERGE_SUBSCRIPTION = """
UPDATE subscription SET read = :read, rev = :rev, title = coalesce(subscription.title, old.title),
    folder_id = coalesce(subscription.folder_id, old.folder_id)
FROM (SELECT title, folder_id FROM subscription WHERE user_id = :user AND feed_id = :source) AS old
WHERE user_id = :user AND feed_id = :target
"""


def move(con: sqlite3.Connection, feed_id: int, token: int, url: str, now: float) -> int | None:
    """See FeedMapper.move."""
    if not holds(con, feed_id, token):
        return None
    other = find(con, url)
    if other is not None and other != feed_id:
        _merge(con, feed_id, other)
        return other
    old_url = con.execute("SELECT url FROM feed WHERE id = ?", (feed_id,)).fetchone()[0]
    if old_url != url:
        _rename(con, feed_id, old_url, url)
        con.execute(
            "INSERT OR REPLACE INTO feed_move (feed_id, at, from_url, to_url) VALUES (?, ?, ?, ?)",
            (feed_id, now, old_url, url),
        )
    return feed_id


def _rename(con: sqlite3.Connection, feed_id: int, old_url: str, url: str) -> None:
    con.execute("DELETE FROM feed_alias WHERE url = ?", (url,))
    con.execute("INSERT OR REPLACE INTO feed_alias (url, feed_id) VALUES (?, ?)", (old_url, feed_id))
    con.execute(
        "UPDATE feed SET url = ?, host = ?, rev = ?, moved_to = NULL, moved_count = 0, moved_since = NULL WHERE id = ?",
        (url, host_of(url), next_feed_rev(con), feed_id),
    )
    set_words(con, feed_id)


def moves(con: sqlite3.Connection, feed_id: int, limit: int) -> list[FeedMove]:
    """See FeedMapper.moves."""
    sql = "SELECT feed_id, at, from_url, to_url, undone_at FROM feed_move WHERE feed_id = ? ORDER BY at DESC LIMIT ?"
    return [FeedMove(*row) for row in con.execute(sql, (feed_id, limit))]


def undo_move(con: sqlite3.Connection, feed_id: int, now: float) -> str | None:
    """See FeedMapper.undo_move."""
    sql = (
        "SELECT at, from_url, to_url, feed.url FROM feed_move JOIN feed ON feed.id = feed_id"
        " WHERE feed_id = ? AND undone_at IS NULL ORDER BY at DESC LIMIT 1"
    )
    row = con.execute(sql, (feed_id,)).fetchone()
    if row is None:
        return None
    at, old_url, new_url, url = row
    if find(con, old_url) not in (None, feed_id):
        return None
    _rename(con, feed_id, url, old_url)
    con.execute("UPDATE feed_move SET undone_at = ? WHERE feed_id = ? AND at = ?", (now, feed_id, at))
    sql = "UPDATE feed SET move_refused = ?, next_pull_at = min(next_pull_at, ?) WHERE id = ?"
    con.execute(sql, (new_url, now, feed_id))
    result: str = old_url
    return result


def _merge(con: sqlite3.Connection, source: int, target: int) -> None:
    """Carries everything of ``source`` over to ``target`` and removes it."""
    if con.execute("SELECT seq FROM feed WHERE id = ?", (target,)).fetchone()[0] == 0:
        _adopt(con, source, target)
        _carry_flags(con, source, target)
        seqs = None
    else:
        seqs = _carry_flags(con, source, target)
    _carry_subscriptions(con, source, target, seqs)
    _carry_sources(con, source, target)
    stories = [story for (story,) in con.execute("SELECT story FROM copy WHERE feed_id = ?", (source,))]
    con.execute("UPDATE OR IGNORE feed_alias SET feed_id = ? WHERE feed_id = ?", (target, source))
    url = con.execute("SELECT url FROM feed WHERE id = ?", (source,)).fetchone()[0]
    unindex(con, "feed_id = ?", (source,))
    con.execute("DELETE FROM entry WHERE feed_id = ?", (source,))
    con.execute("DELETE FROM feed WHERE id = ?", (source,))
    for story in stories:
        put_right(con, story)
    con.execute("INSERT OR REPLACE INTO feed_alias (url, feed_id) VALUES (?, ?)", (url, target))


def _adopt(con: sqlite3.Connection, source: int, target: int) -> None:
    """The feed that stays has no entries yet: it takes those of the other, numbers and all."""
    unindex(con, "feed_id = ? AND seq > 0", (target,))
    con.execute("DELETE FROM entry WHERE feed_id = ? AND seq > 0", (target,))  # leftovers that never became visible
    con.execute("UPDATE OR IGNORE entry SET feed_id = ? WHERE feed_id = ?", (target, source))
    con.execute("UPDATE OR IGNORE tombstone SET feed_id = ? WHERE feed_id = ?", (target, source))
    con.execute("UPDATE OR IGNORE first_unread SET feed_id = ? WHERE feed_id = ?", (target, source))
    if con.execute("UPDATE copy SET feed_id = ? WHERE feed_id = ?", (target, source)).rowcount:
        touch(con, [target])
    row = con.execute("SELECT seq, floor FROM feed WHERE id = ?", (source,)).fetchone()
    values = (*row, next_feed_rev(con), target)
    con.execute("UPDATE feed SET seq = ?, floor = ?, rev = ? WHERE id = ?", values)
    if row[0] > 0:
        for user_id, rev, _ in mark_first(con, target):
            _restart_journal(con, user_id, rev)


def _carry_sources(con: sqlite3.Connection, source: int, target: int) -> None:
    """Streams that share from the one feed go on with the other, from now on."""
    con.execute(
        "INSERT OR IGNORE INTO stream_source (stream_id, feed_id, rule, seq, created_at)"
        " SELECT stream_id, feed.id, rule, feed.seq, stream_source.created_at FROM stream_source, feed"
        " WHERE stream_source.feed_id = ? AND feed.id = ?",
        (source, target),
    )


def _same_entries(con: sqlite3.Connection, source: int, target: int) -> list[tuple[int, int, int, int]]:
    """(seq, id) in ``source`` and (seq, id) in ``target`` of entries that both have."""
    values = {"source": source, "target": target}
    rows = con.execute(SAME_ENTRIES, values).fetchall()
    old, new = {row[1] for row in rows}, {row[3] for row in rows}
    return rows + [row for row in con.execute(TWINS, values) if row[1] not in old and row[3] not in new]


def _carry_flags(con: sqlite3.Connection, source: int, target: int) -> dict[int, int]:
    """Moves stars and read-later; returns seq in ``source`` → seq in ``target`` for entries of the same uid."""
    rows = _same_entries(con, source, target)
    con.executemany(
        "UPDATE OR IGNORE flag SET entry_id = ? WHERE entry_id = ?", [(new, old) for _, old, _, new in rows]
    )
    con.executemany("DELETE FROM flag WHERE entry_id = ?", [(old,) for _, old, _, _ in rows])
    # What somebody starred and the other feed does not have is kept outside all lists.
    con.execute(
        "UPDATE entry SET feed_id = ?, seq = 0"
        " WHERE feed_id = ? AND EXISTS (SELECT 1 FROM flag WHERE entry_id = entry.id)",
        (target, source),
    )
    return {seq: new_seq for seq, _, new_seq, _ in rows if seq > 0 and new_seq > 0}


def _carry_subscriptions(con: sqlite3.Connection, source: int, target: int, seqs: dict[int, int] | None) -> None:
    readers = con.execute("SELECT user_id, read FROM subscription WHERE feed_id = ?", (source,)).fetchall()
    for user_id, stored in readers:
        rev = next_shape_rev(con, user_id)
        read = unpack(stored)
        if seqs is not None:
            read = BitMap([seqs[seq] for seq in read if seq in seqs])
        _carry_subscription(con, user_id, (source, target), read, rev)
        _restart_journal(con, user_id, rev)


def _restart_journal(con: sqlite3.Connection, user_id: int, rev: int) -> None:
    """Earlier changes cannot be told in the numbers of the other feed."""
    con.execute("UPDATE user SET journal_floor = ? WHERE id = ?", (rev, user_id))
    con.execute("DELETE FROM read_journal WHERE user_id = ?", (user_id,))


def _carry_subscription(con: sqlite3.Connection, user_id: int, feeds: tuple[int, int], read: BitMap, rev: int) -> None:
    source, target = feeds
    there = con.execute("SELECT read FROM subscription WHERE user_id = ? AND feed_id = ?", (user_id, target)).fetchone()
    if there is None:
        con.execute(
            "UPDATE subscription SET feed_id = ?, read = ?, rev = ? WHERE user_id = ? AND feed_id = ?",
            (target, pack(read), rev, user_id, source),
        )
        return
    read |= unpack(there[0])
    con.execute(
        MERGE_SUBSCRIPTION, {"user": user_id, "source": source, "target": target, "read": pack(read), "rev": rev}
    )
    con.execute("DELETE FROM subscription WHERE user_id = ? AND feed_id = ?", (user_id, source))
