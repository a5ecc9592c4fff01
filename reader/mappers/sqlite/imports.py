"""Imports on SQLite: rows and their states. What makes subscriptions is in planting.py."""

# Statements are put together from constants of this package alone; values are always parameters.
# ruff: noqa: S608

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import Any

from reader.errors import NotFound
from reader.mappers.imports import Outcome, Waiting, Watched
from reader.mappers.sqlite import planting
from reader.mappers.sqlite.connection import ids_json
from reader.mappers.sqlite.engine import Engine
from reader.models.imports import Import, ImportItem, ImportState, ItemState, Replacement, Tally

IMPORT = "id, user_id, name, state, created_at, started_at, finished_at, resumed_at, resumed_count, folders"
ITEM_FIELDS = (
    "number", "line", "kind", "chosen", "state", "url", "title", "html_url", "folders", "reason", "settled", "feed_id",
    "looking", "found", "since",
)  # fmt: skip
ITEM = ", ".join(f"import_item.{name}" for name in ITEM_FIELDS)
FINAL = ("done", "cancelled", "undone")


def _import(row: Sequence[Any]) -> Import:
    return Import(row[0], row[1], row[2], row[3], row[4], row[5], row[6], row[7], row[8], tuple(json.loads(row[9])))


def _item(row: Sequence[Any]) -> ImportItem:
    values = dict(zip(ITEM_FIELDS, row, strict=False))
    values |= {
        "chosen": bool(values["chosen"]),
        "settled": bool(values["settled"]),
        "folders": tuple(json.loads(values["folders"])),
        "found": tuple(Replacement(*each) for each in json.loads(values["found"])),
    }
    return ImportItem(**values)


def _create(con: sqlite3.Connection, user_id: int, name: str, now: float) -> Import:
    if not con.execute("SELECT 1 FROM user WHERE id = ?", (user_id,)).fetchone():
        raise NotFound("There is no such account.")
    sql = f"INSERT INTO import (user_id, name, state, created_at) VALUES (?, ?, 'filling', ?) RETURNING {IMPORT}"
    return _import(con.execute(sql, (user_id, name, now)).fetchone())


def _add_items(con: sqlite3.Connection, import_id: int, items: Sequence[ImportItem]) -> None:
    sql = (
        "INSERT OR REPLACE INTO import_item (import_id, number, line, kind, chosen, state, url, title, html_url,"
        " folders, reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    )
    con.executemany(
        sql,
        [
            (
                import_id, i.number, i.line, i.kind, i.chosen, i.state, i.url, i.title, i.html_url,
                json.dumps(i.folders), i.reason,
            )
            for i in items
        ],
    )  # fmt: skip


def _get(con: sqlite3.Connection, import_id: int) -> Import | None:
    row = con.execute(f"SELECT {IMPORT} FROM import WHERE id = ?", (import_id,)).fetchone()
    return _import(row) if row else None


def _of_user(con: sqlite3.Connection, user_id: int, limit: int) -> list[Import]:
    sql = f"SELECT {IMPORT} FROM import WHERE user_id = ? AND state <> 'filling' ORDER BY id DESC LIMIT ?"
    return [_import(row) for row in con.execute(sql, (user_id, limit))]


OPEN = f"""
SELECT {IMPORT} FROM import WHERE state IN ('running', 'paused', 'cancelled') AND (state = 'running' OR EXISTS
    (SELECT 1 FROM import_item WHERE import_id = import.id AND import_item.state = 'running')) ORDER BY id
"""


def _running(con: sqlite3.Connection) -> list[Import]:
    return [_import(row) for row in con.execute(OPEN)]


def _switch(
    con: sqlite3.Connection, import_id: int, before: Sequence[ImportState], after: ImportState, now: float
) -> bool:
    row = con.execute("SELECT state FROM import WHERE id = ?", (import_id,)).fetchone()
    if row is None or row[0] not in before:
        return False
    con.execute("UPDATE import SET state = ? WHERE id = ?", (after, import_id))
    if after == "running":
        sql = "UPDATE import SET started_at = coalesce(started_at, ?), resumed_at = ?, resumed_count = ? WHERE id = ?"
        con.execute(sql, (now, now, _tally(con, import_id).settled, import_id))
    if after in FINAL:
        con.execute("UPDATE import SET finished_at = ? WHERE id = ?", (now, import_id))
    return True


def _tally(con: sqlite3.Connection, import_id: int) -> Tally:
    counts: dict[str, int] = {}
    sql = (
        "SELECT kind, chosen, state, settled, count(*) FROM import_item WHERE import_id = ?"
        " GROUP BY kind, chosen, state, settled"
    )
    for kind, chosen, state, settled, number in con.execute(sql, (import_id,)):
        counts[kind] = counts.get(kind, 0) + number
        if chosen:
            counts[state] = counts.get(state, 0) + number
            if settled:
                counts["settled"] = counts.get("settled", 0) + number
    return Tally(**counts)


def _items(
    con: sqlite3.Connection, import_id: int, states: Sequence[ItemState], after: int, limit: int
) -> list[ImportItem]:
    among = " AND state IN (SELECT value FROM json_each(?))" if states else ""
    values = (import_id, after, json.dumps(states), limit) if states else (import_id, after, limit)
    sql = f"SELECT {ITEM} FROM import_item WHERE import_id = ? AND number > ?{among} ORDER BY number LIMIT ?"
    return [_item(row) for row in con.execute(sql, values)]


def _one(con: sqlite3.Connection, import_id: int, number: int) -> ImportItem | None:
    sql = f"SELECT {ITEM} FROM import_item WHERE import_id = ? AND number = ?"
    row = con.execute(sql, (import_id, number)).fetchone()
    return _item(row) if row else None


def _choose(con: sqlite3.Connection, import_id: int, numbers: Sequence[int]) -> int:
    con.execute(
        "UPDATE import_item SET chosen = number IN (SELECT value FROM json_each(?)),"
        " state = CASE WHEN number IN (SELECT value FROM json_each(?)) THEN 'waiting' ELSE 'skipped' END"
        " WHERE import_id = ? AND kind = 'new'",
        (ids_json(numbers), ids_json(numbers), import_id),
    )
    count: int = con.execute(
        "SELECT count(*) FROM import_item WHERE import_id = ? AND chosen", (import_id,)
    ).fetchone()[0]
    return count


WATCH = f"""
SELECT {ITEM}, feed.id IS NOT NULL, feed.last_pull_at IS NULL, feed.next_pull_at, feed.error,
    (SELECT status FROM pull WHERE pull.feed_id = feed.id ORDER BY at DESC LIMIT 1), feed.reason, feed.site_url
FROM import_item LEFT JOIN feed ON feed.id = import_item.feed_id
WHERE import_item.import_id = ? AND import_item.state = 'running' ORDER BY import_item.number
"""


def _watch(con: sqlite3.Connection, import_id: int) -> list[Watched]:
    width = len(ITEM_FIELDS)
    out = []
    for row in con.execute(WATCH, (import_id,)):
        known, new, next_at, error, status, reason, site = row[width:]
        out.append(Watched(_item(row), bool(known), bool(new), next_at or 0.0, error, status, reason or "", site))
    return out


def _waiting(con: sqlite3.Connection, import_id: int, limit: int) -> list[Waiting]:
    sql = (
        "SELECT number, feed_id, url FROM import_item WHERE import_id = ? AND state = 'waiting' AND chosen"
        " AND feed_id IS NOT NULL ORDER BY number LIMIT ?"
    )
    return [Waiting(*row) for row in con.execute(sql, (import_id, limit))]


def _settle(con: sqlite3.Connection, import_id: int, outcomes: Sequence[Outcome]) -> int:
    sql = (
        "UPDATE import_item SET state = ?, reason = ?, looking = ?, found = ?,"
        " settled = settled OR ? WHERE import_id = ? AND number = ? AND state = 'running'"
    )
    changed = 0
    for each in outcomes:
        found = json.dumps([(one.url, one.title) for one in each.found])
        over = each.state != "running"
        values = (each.state, each.reason, each.looking, found, over, import_id, each.number)
        changed += con.execute(sql, values).rowcount
    return changed


def _finish(con: sqlite3.Connection, import_id: int, now: float) -> bool:
    sql = (
        "UPDATE import SET state = 'done', finished_at = ? WHERE id = ? AND state = 'running' AND NOT EXISTS"
        " (SELECT 1 FROM import_item WHERE import_id = import.id AND chosen AND state IN ('waiting', 'running'))"
    )
    if not con.execute(sql, (now, import_id)).rowcount:
        return False
    planting.drop_usual_titles(con, import_id)
    return True


def _trim(con: sqlite3.Connection, previews_before: float, done_before: float) -> int:
    sql = (
        "DELETE FROM import WHERE (created_at < ? AND state IN ('filling', 'preview'))"
        " OR (created_at < ? AND state IN ('done', 'cancelled', 'undone'))"
    )
    return con.execute(sql, (previews_before, done_before)).rowcount


class SqliteImports:
    """ImportMapper."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def create(self, user_id: int, name: str, now: float) -> Import:
        return await self._engine.write(_create, user_id, name, now)

    async def add_items(self, import_id: int, items: Sequence[ImportItem]) -> None:
        await self._engine.write(_add_items, import_id, items)

    async def get(self, import_id: int) -> Import | None:
        return await self._engine.read(_get, import_id)

    async def of_user(self, user_id: int, limit: int) -> list[Import]:
        return await self._engine.read(_of_user, user_id, limit)

    async def running(self) -> list[Import]:
        return await self._engine.read(_running)

    async def switch(self, import_id: int, before: Sequence[ImportState], after: ImportState, now: float) -> bool:
        return await self._engine.write(_switch, import_id, before, after, now)

    async def tally(self, import_id: int) -> Tally:
        return await self._engine.read(_tally, import_id)

    async def items(
        self, import_id: int, *, states: Sequence[ItemState] = (), after: int = 0, limit: int = 1000
    ) -> list[ImportItem]:
        return await self._engine.read(_items, import_id, states, after, limit)

    async def item(self, import_id: int, number: int) -> ImportItem | None:
        return await self._engine.read(_one, import_id, number)

    async def choose(self, import_id: int, numbers: Sequence[int]) -> int:
        return await self._engine.write(_choose, import_id, numbers)

    async def known(self, user_id: int, urls: Sequence[str]) -> dict[str, bool]:
        return await self._engine.read(planting.known, user_id, urls)

    async def plant(self, import_id: int, limit: int, *, unread: int, now: float, due_at: float) -> int:
        return await self._engine.write(planting.plant, import_id, limit, unread, now, due_at)

    async def waiting(self, import_id: int, limit: int) -> list[Waiting]:
        return await self._engine.read(_waiting, import_id, limit)

    async def take(self, import_id: int, numbers: Sequence[int], *, now: float, stale: float) -> list[int]:
        return await self._engine.write(planting.take, import_id, numbers, now, stale)

    async def watch(self, import_id: int) -> list[Watched]:
        return await self._engine.read(_watch, import_id)

    async def again(self, import_id: int, numbers: Sequence[int], now: float) -> None:
        await self._engine.write(planting.again, import_id, numbers, now)

    async def settle(self, import_id: int, outcomes: Sequence[Outcome]) -> int:
        return await self._engine.write(_settle, import_id, outcomes)

    async def put_back(self, import_id: int, number: int, url: str | None) -> bool:
        return await self._engine.write(planting.put_back, import_id, number, url)

    async def finish(self, import_id: int, now: float) -> bool:
        return await self._engine.write(_finish, import_id, now)

    async def take_back(self, import_id: int, *, waiting_only: bool = False) -> tuple[int, int]:
        return await self._engine.write(planting.take_back, import_id, waiting_only)

    async def trim(self, previews_before: float, done_before: float) -> int:
        return await self._engine.write(_trim, previews_before, done_before)
