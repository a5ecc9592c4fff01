"""What streams share by themselves, on SQLite."""

# Statements are put together from constants of this package alone; values are always parameters.
# ruff: noqa: S608

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import astuple
from typing import Any

from reader.mappers.sqlite.connection import ids_json
from reader.mappers.sqlite.share_rows import STREAM, stream_of
from reader.models.share import Stream
from reader.models.sources import Rule, StreamSource

SOURCE = (
    "stream_source.stream_id, stream_source.feed_id, stream_source.rule, stream_source.seq, stream_source.created_at"
)
COLUMNS = SOURCE.count(",") + 1
ATTACH = """
INSERT INTO stream_source (stream_id, feed_id, rule, seq, created_at)
SELECT :stream, feed.id, :rule, feed.seq, :now FROM json_each(:feeds) AS wanted JOIN feed ON feed.id = wanted.value
WHERE true ON CONFLICT (stream_id, feed_id) DO UPDATE SET rule = excluded.rule WHERE rule <> excluded.rule
"""
AGAIN = """
INSERT OR IGNORE INTO stream_source (stream_id, feed_id, rule, seq, created_at)
SELECT ?, ?, ?, ?, ? WHERE EXISTS (SELECT 1 FROM stream WHERE id = ?) AND EXISTS (SELECT 1 FROM feed WHERE id = ?)
"""


def sources(con: sqlite3.Connection, stream_id: int) -> list[StreamSource]:
    """See StreamMapper.sources."""
    sql = f"SELECT {SOURCE} FROM stream_source WHERE stream_id = ? ORDER BY feed_id"
    return [_source_of(row) for row in con.execute(sql, (stream_id,))]


def attach(con: sqlite3.Connection, stream_id: int, feed_ids: Sequence[int], rule: Rule, now: float) -> int:
    """See StreamMapper.attach."""
    values = {"stream": stream_id, "feeds": ids_json(feed_ids), "rule": _rule_json(rule), "now": now}
    return con.execute(ATTACH, values).rowcount


def detach(con: sqlite3.Connection, stream_id: int, feed_ids: Sequence[int]) -> list[StreamSource]:
    """See StreamMapper.detach."""
    sql = (
        "DELETE FROM stream_source WHERE stream_id = ? AND feed_id IN (SELECT value FROM json_each(?))"
        f" RETURNING {SOURCE.replace('stream_source.', '')}"
    )
    rows = con.execute(sql, (stream_id, ids_json(feed_ids))).fetchall()
    return sorted((_source_of(row) for row in rows), key=lambda each: each.feed_id)


def attach_again(con: sqlite3.Connection, sources: Sequence[StreamSource]) -> int:
    """See StreamMapper.attach_again."""
    done = 0
    for each in sources:
        values = (each.stream_id, each.feed_id, _rule_json(each.rule), each.seq, each.created_at)
        done += con.execute(AGAIN, (*values, each.stream_id, each.feed_id)).rowcount
    return done


def feeding(con: sqlite3.Connection, feed_id: int) -> list[tuple[StreamSource, Stream]]:
    """See StreamMapper.feeding."""
    sql = (
        f"SELECT {SOURCE}, {STREAM} FROM stream_source JOIN stream ON stream.id = stream_source.stream_id"
        " JOIN feed ON feed.id = stream_source.feed_id AND feed.seq > stream_source.seq"
        " WHERE stream_source.feed_id = ? ORDER BY stream.id"
    )
    return [(_source_of(row[:COLUMNS]), stream_of(row[COLUMNS:])) for row in con.execute(sql, (feed_id,))]


def advance(con: sqlite3.Connection, stream_id: int, feed_id: int, seq: int) -> None:
    """See StreamMapper.advance."""
    sql = "UPDATE stream_source SET seq = max(seq, ?) WHERE stream_id = ? AND feed_id = ?"
    con.execute(sql, (seq, stream_id, feed_id))


def behind(con: sqlite3.Connection, limit: int, after: str) -> tuple[list[int], str]:
    """See StreamMapper.behind. In order of stream and feed."""
    stream_id, _, feed_id = after.partition(":")
    sql = (
        "SELECT stream_id, feed_id, (SELECT feed.seq FROM feed WHERE feed.id = feed_id) > seq FROM stream_source"
        " WHERE (stream_id, feed_id) > (?, ?) ORDER BY stream_id, feed_id LIMIT ?"
    )
    rows = con.execute(sql, (int(stream_id or 0), int(feed_id or 0), limit)).fetchall()
    found = sorted({feed for _, feed, is_behind in rows if is_behind})
    return found, "{}:{}".format(*rows[-1]) if len(rows) == limit else ""


def _rule_json(rule: Rule) -> str:
    return json.dumps(astuple(rule), ensure_ascii=False)


def _source_of(row: tuple[Any, ...]) -> StreamSource:
    stream_id, feed_id, stored, seq, created_at = row
    words, without, author, tag = json.loads(stored)
    return StreamSource(stream_id, feed_id, Rule(tuple(words), tuple(without), author, tag), seq, created_at)
