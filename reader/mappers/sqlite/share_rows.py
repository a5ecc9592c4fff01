"""How shares and streams are read from rows, and the bitmap of what was taken back."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import astuple
from functools import lru_cache
from typing import Any

from pyroaring import BitMap

from reader.mappers.bitmaps import pack, unpack
from reader.mappers.sqlite.counters import next_feed_rev
from reader.mappers.sqlite.flags import hide, show
from reader.models.share import Share, Source, Stream

SHARE = (
    "share.id, share.user_id, share.stream_id, share.feed_id, share.seq, share.story, share.source_id, share.source,"
    " share.parent_id, share.root_id, share.depth, share.note, share.created_at, share.noted_at, share.removed_at,"
    " share.credit"
)
LIVE = "share.removed_at IS NULL AND share.user_id IS NOT NULL"
STREAM = (
    "stream.id, stream.user_id, stream.feed_id, stream.name, stream.title, stream.description, stream.position,"
    " stream.created_at"
)
_SOURCE = 7


def share_of(row: tuple[Any, ...]) -> Share:
    values = list(row)
    values[_SOURCE] = source_of(row[_SOURCE])
    return Share(*values)


@lru_cache(4096)
def source_of(stored: str) -> Source:
    """Shares of one page mostly come from a few sources."""
    return Source(*json.loads(stored))


def stream_of(row: tuple[Any, ...]) -> Stream:
    return Stream(*row)


def source_json(source: Source) -> str:
    return json.dumps(astuple(source), ensure_ascii=False)


def withdrawn_of(stored: bytes) -> BitMap:
    return unpack(stored) if stored else BitMap()


def withdraw(con: sqlite3.Connection, feed_id: int, *, add: Sequence[int] = (), remove: Sequence[int] = ()) -> None:
    """Changes what of a feed is taken back, and with it which flags are in sight. Copies changed with it, so copies_rev
    moves too."""
    hide(con, feed_id, add)
    show(con, feed_id, remove)
    row = con.execute("SELECT withdrawn, floor FROM feed WHERE id = ?", (feed_id,)).fetchone()
    seqs = withdrawn_of(row[0])
    seqs |= BitMap(add)
    seqs -= BitMap(remove)
    seqs.remove_range(0, row[1] + 1)
    rev = next_feed_rev(con)
    values = (pack(seqs) if seqs else b"", rev, rev, feed_id)
    con.execute("UPDATE feed SET withdrawn = ?, rev = ?, copies_rev = ? WHERE id = ?", values)
