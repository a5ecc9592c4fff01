"""From an import's items to feeds, folders and subscriptions, and back. Each function is one short transaction."""

# Statements are put together from constants of this package alone; values are always parameters.
# ruff: noqa: S608

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from reader.mappers.bitmaps import pack
from reader.mappers.keys import title_key
from reader.mappers.sqlite.backlog import backlog
from reader.mappers.sqlite.connection import ids_json
from reader.mappers.sqlite.counters import next_feed_rev, next_shape_rev
from reader.mappers.sqlite.identity import find, set_words
from reader.mappers.sqlite.shape import LAST, get, insert
from reader.mappers.sqlite.sight import may_read
from reader.models.subscription import Subscription

FEED = "SELECT seq, title, last_pull_at IS NOT NULL FROM feed WHERE id = ?"
AMONG = "number IN (SELECT value FROM json_each(?))"


def known(con: sqlite3.Connection, user_id: int, urls: Sequence[str]) -> dict[str, bool]:
    """See ImportMapper.known."""
    sql = (
        "WITH wanted AS (SELECT value AS url FROM json_each(?)), at AS ("
        " SELECT wanted.url, feed.id FROM wanted JOIN feed ON feed.url = wanted.url"
        " UNION SELECT wanted.url, feed_alias.feed_id FROM wanted JOIN feed_alias ON feed_alias.url = wanted.url)"
        " SELECT at.url, max(subscription.feed_id IS NOT NULL) FROM at"
        " LEFT JOIN subscription ON subscription.user_id = ? AND subscription.feed_id = at.id GROUP BY at.url"
    )
    return {url: bool(mine) for url, mine in con.execute(sql, (json.dumps(list(urls)), user_id))}


def plant(con: sqlite3.Connection, import_id: int, limit: int, unread: int, now: float, due_at: float) -> int:
    """See ImportMapper.plant."""
    owner = con.execute(
        "SELECT user_id, folders FROM import WHERE id = ? AND state = 'running'", (import_id,)
    ).fetchone()
    if owner is None:
        return 0
    user_id, made = owner[0], json.loads(owner[1])
    sql = (
        "SELECT number, url, title, html_url, folders FROM import_item WHERE import_id = ? AND state = 'waiting'"
        " AND chosen AND feed_id IS NULL ORDER BY number LIMIT ?"
    )
    rows = con.execute(sql, (import_id, limit)).fetchall()
    if not rows:
        return 0
    garden = _Garden(con, user_id, next_shape_rev(con, user_id), made)
    for number, url, title, html_url, folders in rows:
        feed_id = _feed(con, url, title, html_url, now, due_at)
        rev = garden.subscribe(feed_id, json.loads(folders), title, unread, now)
        con.execute(
            "UPDATE import_item SET feed_id = ?, made_rev = coalesce(?, made_rev) WHERE import_id = ? AND number = ?",
            (feed_id, rev, import_id, number),
        )
    con.execute("UPDATE import SET folders = ? WHERE id = ?", (json.dumps(garden.made), import_id))
    return len(rows)


def _feed(con: sqlite3.Connection, url: str, title: str | None, site_url: str | None, now: float, due_at: float) -> int:
    """The id of the feed at this URL, made if there is none."""
    feed_id = find(con, url)
    if feed_id is not None:
        return feed_id
    sql = (
        "INSERT INTO feed (url, title, site_url, rev, created_at, next_pull_at, reason)"
        " VALUES (?, ?, ?, ?, ?, ?, 'It is new.') RETURNING id"
    )
    made: int = con.execute(sql, (url, title or "", site_url, next_feed_rev(con), now, due_at)).fetchone()[0]
    set_words(con, made)
    return made


class _Garden:
    """Folders and subscriptions of one user, within one transaction."""

    def __init__(self, con: sqlite3.Connection, user_id: int, rev: int, made: list[int]) -> None:
        self._con = con
        self._user_id = user_id
        self._rev = rev
        self.made = made
        self._ids: dict[tuple[str, ...], int] = {}
        self._last: dict[int | None, int] = {}

    def subscribe(self, feed_id: int, path: Sequence[str], title: str | None, unread: int, now: float) -> int | None:
        """The revision of a subscription made now; None if there is one already, which stays as it is, or the user may
        not read it."""
        if not may_read(self._con, self._user_id, feed_id):
            return None
        if get(self._con, self._user_id, feed_id) is not None:
            return None
        folder_id = self.folder(tuple(path))
        seq, usual, pulled = self._con.execute(FEED, (feed_id,)).fetchone()
        if folder_id not in self._last:
            self._last[folder_id] = self._con.execute(LAST, (self._user_id, folder_id)).fetchone()[0]
        position = self._last[folder_id]
        self._last[folder_id] += 1
        read = pack(backlog(self._con, self._user_id, feed_id, unread))
        name = title if title and not (pulled and title == usual) else None
        insert(
            self._con,
            Subscription(self._user_id, feed_id, folder_id, name, position, read, self._rev, self._rev, now),
        )
        if seq == 0:
            sql = "INSERT OR REPLACE INTO first_unread (feed_id, user_id, unread) VALUES (?, ?, ?)"
            self._con.execute(sql, (feed_id, self._user_id, unread))
        return self._rev

    def folder(self, path: tuple[str, ...]) -> int | None:
        """The folder at this path (without regard to case), made with those above it where there is none."""
        parent: int | None = None
        for depth in range(1, len(path) + 1):
            key = path[:depth]
            if key not in self._ids:
                self._ids[key] = self._child(parent, path[depth - 1])
            parent = self._ids[key]
        return parent

    def _child(self, parent: int | None, title: str) -> int:
        key = title_key(title, parent)
        sql = "SELECT id FROM folder WHERE user_id = ? AND title_key = ?"
        row = self._con.execute(sql, (self._user_id, key)).fetchone()
        if row is None:
            sql = (
                "INSERT INTO folder (user_id, title, title_key, parent_id, open, position) VALUES (?, ?, ?, ?, 0,"
                " (SELECT coalesce(max(position) + 1, 0) FROM folder WHERE user_id = ?)) RETURNING id"
            )
            row = self._con.execute(sql, (self._user_id, title, key, parent, self._user_id)).fetchone()
            self.made.append(row[0])
        folder_id: int = row[0]
        return folder_id


USUAL = """
UPDATE subscription SET title = NULL
WHERE user_id = (SELECT user_id FROM import WHERE id = :import) AND feed_id IN (
    SELECT feed_id FROM import_item WHERE import_id = :import AND state = 'done' AND made_rev IS NOT NULL)
    AND title = (SELECT feed.title FROM feed WHERE feed.id = subscription.feed_id)
"""


def drop_usual_titles(con: sqlite3.Connection, import_id: int) -> None:
    """A name in the file that turned out to be the publisher's is no name of one's own. At the end, in one write: it
    makes every open page read the whole left column anew."""
    if con.execute(USUAL, {"import": import_id}).rowcount:
        next_shape_rev(con, con.execute("SELECT user_id FROM import WHERE id = ?", (import_id,)).fetchone()[0])


def take(con: sqlite3.Connection, import_id: int, numbers: Sequence[int], now: float, stale: float) -> list[int]:
    """See ImportMapper.take."""
    if not con.execute("SELECT 1 FROM import WHERE id = ? AND state = 'running'", (import_id,)).fetchone():
        return []
    sql = (
        "UPDATE import_item SET state = 'running', since = ?, looking = NULL, reason = NULL WHERE import_id = ?"
        f" AND state = 'waiting' AND feed_id IS NOT NULL AND {AMONG} RETURNING number, feed_id"
    )
    taken = con.execute(sql, (now, import_id, ids_json(numbers))).fetchall()
    well, pull = [], []
    for number, feed_id in taken:
        row = con.execute("SELECT state, seq, last_pull_at, kind FROM feed WHERE id = ?", (feed_id,)).fetchone()
        if row is not None and row[3] == "stream":  # nothing pulls it: what is shared comes at once
            well.append(number)
        elif row is not None and row[0] == "active" and row[1] > 0:
            well.append(number)
            if row[2] is None or row[2] < stale:
                _make_due(con, feed_id, now)
        elif row is not None:
            _make_due(con, feed_id, now)
            pull.append(feed_id)
    con.execute(
        f"UPDATE import_item SET state = 'done', settled = 1 WHERE import_id = ? AND state = 'running' AND {AMONG}",
        (import_id, ids_json(well)),
    )
    return pull


def _make_due(con: sqlite3.Connection, feed_id: int, now: float) -> None:
    sql = (
        "UPDATE feed SET next_pull_at = ?, state = CASE state WHEN 'gone' THEN 'failing' ELSE state END"
        " WHERE id = ? AND (next_pull_at > ? OR state = 'gone')"
    )
    con.execute(sql, (now, feed_id, now))


def again(con: sqlite3.Connection, import_id: int, numbers: Sequence[int], now: float) -> None:
    """See ImportMapper.again."""
    sql = f"UPDATE import_item SET since = ? WHERE import_id = ? AND state = 'running' AND {AMONG} RETURNING feed_id"
    for (feed_id,) in con.execute(sql, (now, import_id, ids_json(numbers))).fetchall():
        _make_due(con, feed_id, now)


def put_back(con: sqlite3.Connection, import_id: int, number: int, url: str | None) -> bool:
    """See ImportMapper.put_back."""
    sql = "SELECT feed_id, made_rev FROM import_item WHERE import_id = ? AND number = ? AND state IN ('failed', 'need')"
    row = con.execute(sql, (import_id, number)).fetchone()
    if row is None:
        return False
    if url is not None:
        _unsubscribe(con, import_id, [(row[0], row[1])])
        sql = "UPDATE import_item SET url = ?, feed_id = NULL, made_rev = NULL WHERE import_id = ? AND number = ?"
        con.execute(sql, (url, import_id, number))
    sql = (
        "UPDATE import_item SET state = 'waiting', reason = NULL, looking = NULL, found = '[]'"
        " WHERE import_id = ? AND number = ?"
    )
    con.execute(sql, (import_id, number))
    return True


def take_back(con: sqlite3.Connection, import_id: int, waiting_only: bool) -> tuple[int, int]:
    """See ImportMapper.take_back."""
    row = con.execute("SELECT folders FROM import WHERE id = ?", (import_id,)).fetchone()
    if row is None:
        return 0, 0
    among = " AND state = 'waiting'" if waiting_only else ""
    sql = f"SELECT feed_id, made_rev FROM import_item WHERE import_id = ? AND made_rev IS NOT NULL{among}"
    removed = _unsubscribe(con, import_id, con.execute(sql, (import_id,)).fetchall())
    if waiting_only:
        con.execute(
            "UPDATE import_item SET state = 'skipped', settled = 1,"
            " reason = 'The import was cancelled before its turn.' WHERE import_id = ? AND state = 'waiting'",
            (import_id,),
        )
    folders = _remove_empty(con, json.loads(row[0]))
    if folders and not removed:
        user_id = con.execute("SELECT user_id FROM import WHERE id = ?", (import_id,)).fetchone()[0]
        next_shape_rev(con, user_id)
    return removed, folders


def _unsubscribe(con: sqlite3.Connection, import_id: int, made: Sequence[tuple[int | None, int | None]]) -> int:
    """Removes subscriptions that still are those of this revision."""
    user_id: int = con.execute("SELECT user_id FROM import WHERE id = ?", (import_id,)).fetchone()[0]
    sql = "DELETE FROM subscription WHERE user_id = ? AND feed_id = ? AND created_rev = ?"
    removed = sum(con.execute(sql, (user_id, feed_id, rev)).rowcount for feed_id, rev in made if rev is not None)
    if removed:
        next_shape_rev(con, user_id)
    return removed


def _remove_empty(con: sqlite3.Connection, folder_ids: Sequence[int]) -> int:
    """Innermost first: what was made last stands deepest."""
    sql = (
        "DELETE FROM folder WHERE id = ? AND NOT EXISTS (SELECT 1 FROM subscription WHERE folder_id = folder.id)"
        " AND NOT EXISTS (SELECT 1 FROM folder AS inner WHERE inner.parent_id = folder.id)"
    )
    return sum(con.execute(sql, (folder_id,)).rowcount for folder_id in sorted(folder_ids, reverse=True))
