"""The index of words on SQLite: FTS5 without content, written in the transaction that writes the entry.

A contentless index forgets a row only when told the very text that it was given, so ``words`` must give the same for
the same entry always; a change of it needs SearchMapper.restart().
"""

# Statements are put together from constants of this package alone; values are always parameters.
# ruff: noqa: S608

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

from reader.mappers.sqlite.connection import ids_json
from reader.mappers.sqlite.engine import Engine
from reader.mappers.text import plain, spaced
from reader.models.search import Hits, Query, Term

SCAN = 2000  # matches looked at in one round trip
SOURCE = "id, title, author, tags, content"
INSERT = "INSERT INTO entry_words (rowid, title, body) VALUES (?, ?, ?)"
DELETE = "INSERT INTO entry_words (entry_words, rowid, title, body) VALUES ('delete', ?, ?, ?)"
FIND = """
WITH hit (id) AS (
    SELECT rowid FROM entry_words WHERE entry_words MATCH ? AND rowid < ? ORDER BY rowid DESC LIMIT ?
)
SELECT hit.id, entry.feed_id IN (SELECT value FROM json_each(?)) AND entry.seq > feed.floor AND entry.seq <= feed.seq
    AND (feed.kind = 'site' OR NOT EXISTS (
        SELECT 1 FROM share WHERE share.id = entry.id AND (removed_at IS NOT NULL OR user_id IS NULL)))
FROM hit LEFT JOIN entry ON entry.id = hit.id LEFT JOIN feed ON feed.id = entry.feed_id
ORDER BY hit.id DESC
"""
HIGHEST_ID = 1 << 62

Row = tuple[int, str, str | None, str, str]


def words(title: str, author: str | None, tags: str, content: str) -> tuple[str, str]:
    """(title, body) as the index gets them; ``tags`` is their JSON, ``content`` clean HTML."""
    text = plain(content)
    body = f"{text} {author or ''} {tags if tags != '[]' else ''}"
    return spaced(title), spaced(body)


def index(con: sqlite3.Connection, rows: Iterable[Row]) -> None:
    """Adds entries that are not in the index."""
    con.executemany(INSERT, [(row[0], *words(*row[1:])) for row in rows])


def unindex(con: sqlite3.Connection, where: str, values: Sequence[object]) -> None:
    """Takes the entries that match ``where`` out of the index, before they are changed or removed."""
    rows = con.execute(
        f"SELECT {SOURCE} FROM entry WHERE id > (SELECT left FROM search_fill) AND {where}", values
    ).fetchall()
    if rows:
        con.executemany(DELETE, [(row[0], *words(*row[1:])) for row in rows])


def reindex(con: sqlite3.Connection, entry_id: int) -> None:
    """Adds an entry that was taken out and changed, if its turn has come."""
    index(
        con,
        con.execute(
            f"SELECT {SOURCE} FROM entry WHERE id > (SELECT left FROM search_fill) AND id = ?", (entry_id,)
        ).fetchall(),
    )


def match(query: Query) -> str:
    """The FTS5 expression for a query (sqlite.org/fts5.html, 3)."""
    wanted = " AND ".join(_phrase(term) for term in query.terms if term.wanted)
    unwanted = " OR ".join(_phrase(term) for term in query.terms if not term.wanted)
    return f"({wanted}) NOT ({unwanted})" if unwanted else wanted


def _phrase(term: Term) -> str:
    text = spaced(term.text).replace('"', '""')
    return f'{"title : " if term.title else ""}"{text}"{" *" if term.prefix else ""}'


def _find(con: sqlite3.Connection, query: Query, feed_ids: str, before: int | None, limit: int) -> Hits:
    bound = HIGHEST_ID if before is None else before
    rows = con.execute(FIND, (match(query), bound, SCAN, feed_ids)).fetchall()
    ids: list[int] = []
    for entry_id, ours in rows:
        if not ours:
            continue
        if len(ids) == limit:
            return Hits(tuple(ids), ids[-1])
        ids.append(entry_id)
    return Hits(tuple(ids), rows[-1][0] if len(rows) == SCAN else None)


def _fill(con: sqlite3.Connection, limit: int) -> int:
    rows = con.execute(
        f"SELECT {SOURCE} FROM entry WHERE id <= (SELECT left FROM search_fill) ORDER BY id DESC LIMIT ?", (limit,)
    ).fetchall()
    index(con, rows)
    con.execute("UPDATE search_fill SET left = ?", (rows[-1][0] - 1 if len(rows) == limit else 0,))
    return len(rows)


def _restart(con: sqlite3.Connection) -> None:
    con.execute("INSERT INTO entry_words (entry_words) VALUES ('delete-all')")
    con.execute("UPDATE search_fill SET left = (SELECT coalesce(max(id), 0) FROM entry)")


class SqliteSearch:
    """SearchMapper."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def find(self, query: Query, feed_ids: Sequence[int], *, before: int | None, limit: int) -> Hits:
        return await self._engine.read(_find, query, ids_json(feed_ids), before, limit)

    async def fill(self, limit: int) -> int:
        return await self._engine.write(_fill, limit)

    async def restart(self) -> None:
        await self._engine.write(_restart)
