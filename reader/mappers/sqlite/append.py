"""Storing what a pull brought."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pyroaring import BitMap

from reader.mappers.entries import Appended
from reader.mappers.keys import uid_hash
from reader.mappers.sqlite.copies import join
from reader.mappers.sqlite.counters import next_feed_rev, reserve_entry_ids
from reader.mappers.sqlite.reading import mark_first, write_journal
from reader.mappers.sqlite.search import index, reindex, unindex
from reader.models.entry import NewEntry, Position, sort_times, twin
from reader.models.share import pack_chain
from reader.models.subscription import ReadChange

INSERT = (
    "INSERT INTO entry (id, feed_id, seq, sort_at, arrived_at, uid, uid_hash, digest, url, title, author,"
    " published_at, updated_at, summary, content, tags, enclosures, comments_url, guid, story, chain)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
UPDATE = (
    "UPDATE entry SET uid = ?, uid_hash = ?, digest = ?, url = ?, title = ?, author = ?, published_at = ?,"
    " updated_at = ?, summary = ?, content = ?, tags = ?, enclosures = ?, comments_url = ?, guid = ?, story = ?,"
    " chain = ?"
    " WHERE id = ?"
)
TRACE = "INSERT OR REPLACE INTO trace (entry_id, keys, changes) VALUES (?, ?, ?)"


@dataclass(slots=True)
class _Stored:
    id: int
    seq: int
    digest: bytes


@dataclass(slots=True)
class _Feed:
    id: int
    seq: int
    floor: int


def append(
    con: sqlite3.Connection,
    feed_id: int,
    token: int,
    entries: Sequence[NewEntry],
    renewed: dict[str, str],
    now: float,
) -> Appended | None:
    """See EntryMapper.append."""
    row = con.execute("SELECT seq, floor FROM feed WHERE id = ? AND lease_token = ?", (feed_id, token)).fetchone()
    if row is None:
        return None
    feed = _Feed(feed_id, *row)
    unindex(con, "feed_id = ? AND seq > ?", (feed.id, feed.seq))
    con.execute("DELETE FROM entry WHERE feed_id = ? AND seq > ?", (feed.id, feed.seq))
    unique = {entry.uid: entry for entry in entries}  # a document that has a uid twice: the later one counts
    fresh, updated = _sort_out(con, feed, unique.values(), renewed)
    new = _insert(con, feed, fresh, now)
    if new:
        _show(con, feed, new[-1].seq, now, copied=_join(con, feed, new, fresh))
    return Appended(feed.seq + len(new), tuple(new), tuple(updated))


def _sort_out(
    con: sqlite3.Connection, feed: _Feed, entries: Iterable[NewEntry], renewed: dict[str, str]
) -> tuple[list[NewEntry], list[int]]:
    """Entries that are new, and the ids of those that were changed in place."""
    entries = list(entries)
    uids = [entry.uid for entry in entries] + [renewed[entry.uid] for entry in entries if entry.uid in renewed]
    stored, purged = _lookup(con, feed.id, {uid_hash(uid) for uid in uids})
    fresh: list[NewEntry] = []
    updated: list[int] = []
    for entry in entries:
        key = uid_hash(entry.uid)
        old_key = uid_hash(renewed[entry.uid]) if entry.uid in renewed else None
        renames = key not in stored and old_key is not None and old_key in stored
        known = stored.pop(old_key) if renames and old_key is not None else stored.get(key)
        if known is None:
            if key not in purged and old_key not in purged:
                fresh.append(entry)
            continue
        stored[key] = known
        if known.seq > feed.floor and (renames or known.digest != entry.digest):
            unindex(con, "id = ?", (known.id,))
            con.execute(UPDATE, (*values_of(entry), known.id))
            con.execute(TRACE, (known.id, entry.keys, entry.changes))
            reindex(con, known.id)
            if known.digest != entry.digest:
                updated.append(known.id)
    return _without_purged(con, feed, fresh), updated


def _without_purged(con: sqlite3.Connection, feed: _Feed, fresh: list[NewEntry]) -> list[NewEntry]:
    """Leaves out what was purged under another uid. A later entry may well bear the link and title of an old one."""
    if not feed.floor or not fresh:
        return fresh
    row = con.execute("SELECT sort_at FROM entry WHERE feed_id = ? AND seq = ?", (feed.id, feed.floor + 1)).fetchone()
    oldest = row[0] if row else float("inf")
    return [each for each in fresh if (each.published_at or 0.0) > oldest or not _is_purged(con, feed, each)]


def _is_purged(con: sqlite3.Connection, feed: _Feed, entry: NewEntry) -> bool:
    sql = "SELECT 1 FROM tombstone WHERE feed_id = ? AND uid_hash = ?"
    key = twin(entry.keys)
    return key is not None and con.execute(sql, (feed.id, key)).fetchone() is not None


def _lookup(con: sqlite3.Connection, feed_id: int, keys: set[bytes]) -> tuple[dict[bytes, _Stored], set[bytes]]:
    """What is stored under these keys, and which of them belong to purged entries."""
    stored: dict[bytes, _Stored] = {}
    purged: set[bytes] = set()
    for key in keys:
        row = con.execute(
            "SELECT id, seq, digest FROM entry WHERE feed_id = ? AND uid_hash = ?", (feed_id, key)
        ).fetchone()
        if row is not None:
            stored[key] = _Stored(*row)
        elif con.execute("SELECT 1 FROM tombstone WHERE feed_id = ? AND uid_hash = ?", (feed_id, key)).fetchone():
            purged.add(key)
    return stored, purged


def _tags(entry: NewEntry) -> str:
    return json.dumps(entry.tags, ensure_ascii=False)


def values_of(entry: NewEntry) -> tuple[object, ...]:
    """What INSERT and UPDATE store of an entry."""
    enclosures = json.dumps([(each.url, each.type, each.length) for each in entry.enclosures], ensure_ascii=False)
    return (
        entry.uid, uid_hash(entry.uid), entry.digest, entry.url, entry.title, entry.author, entry.published_at,
        entry.updated_at, entry.summary, entry.content, _tags(entry), enclosures, entry.comments_url,
        entry.guid, entry.story, pack_chain(entry.chain),
    )  # fmt: skip


def _insert(con: sqlite3.Connection, feed: _Feed, fresh: Sequence[NewEntry], now: float) -> list[Position]:
    if not fresh:
        return []
    row = con.execute("SELECT sort_at FROM entry WHERE feed_id = ? AND seq = ?", (feed.id, feed.seq)).fetchone()
    times = sort_times([entry.published_at for entry in fresh], now, row[0] if row else 0.0)
    first = reserve_entry_ids(con, len(fresh))
    new = [Position(feed.seq + 1 + number, sort_at, first + number) for number, sort_at in enumerate(times)]
    rows = [(at.id, feed.id, at.seq, at.sort_at, now, *values_of(entry)) for at, entry in zip(new, fresh, strict=True)]
    con.executemany(INSERT, rows)
    con.executemany(TRACE, [(at.id, entry.keys, entry.changes) for at, entry in zip(new, fresh, strict=True)])
    index(
        con, [(at.id, each.title, each.author, _tags(each), each.content) for at, each in zip(new, fresh, strict=True)]
    )
    return new


def _join(con: sqlite3.Connection, feed: _Feed, new: Sequence[Position], fresh: Sequence[NewEntry]) -> bool:
    """Whether some of the new entries tell stories that were shared, here or (by their chain) elsewhere."""
    told = [(each.story, at.id, at.seq) for at, each in zip(new, fresh, strict=True) if each.story is not None]
    return join(con, feed.id, told, {each.story for each in fresh if each.story is not None and each.chain is not None})


def _show(con: sqlite3.Connection, feed: _Feed, seq: int, now: float, *, copied: bool) -> None:
    """Makes the new entries visible."""
    rev = next_feed_rev(con)
    sql = "UPDATE feed SET seq = ?, rev = ?, copies_rev = iif(?, ?, copies_rev) WHERE id = ?"
    con.execute(sql, (seq, rev, copied, rev, feed.id))
    if feed.seq == 0:
        for user_id, rev, add in mark_first(con, feed.id):
            write_journal(con, user_id, rev, [ReadChange(feed.id, add, BitMap())], now)
