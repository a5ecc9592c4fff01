"""Storing what a pull brought.

In this order, each step harmless when it is the last one before a crash (docs/decisions/0014-mongo-order.md):

1. changes in place, each refused by an entry that a later lease has written: words and text first, the trace last, so
   that a change whose trace is not written yet is found again by the next pull;
2. new entries, at places above feed.seq where nobody sees them; what a puller before left there is overwritten, and
   who comes with an older lease than what stands there is fenced;
3. read sets of those who subscribed before the first entries came (first.py);
4. those whose story is shared become copies of it (copies.py);
5. feed.seq moves, if the lease still holds: now they are visible, all at once;
6. the feed's revision is published.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pymongo import UpdateOne
from pymongo.errors import BulkWriteError

from reader.mappers.entries import Appended
from reader.mappers.keys import uid_hash
from reader.mappers.mongo.changes import DUPLICATE
from reader.mappers.mongo.copies import join, touch
from reader.mappers.mongo.engine import ALL, Document, Engine
from reader.mappers.mongo.entry_documents import PARTS, key, placed, seen, tombstone_key, traced
from reader.mappers.mongo.first import forget_first, mark_first
from reader.mappers.mongo.patience import ATTEMPTS, pause
from reader.mappers.mongo.revisions import publish, waiting
from reader.mappers.mongo.search import document
from reader.models.entry import NewEntry, Position, sort_times, twin


@dataclass(slots=True)
class _Feed:
    id: int
    seq: int
    floor: int
    token: int


@dataclass(slots=True)
class _Stored:
    """What is there of the feed, as far as a document asks."""

    traces: dict[bytes, Document]  # uid hash → trace
    tombs: set[bytes]
    newest: float  # sort_at of the newest visible entry
    oldest: float  # of the oldest one
    leftovers: bool


async def append(
    engine: Engine, feed_id: int, token: int, entries: Sequence[NewEntry], renewed: dict[str, str], now: float
) -> Appended | None:
    """See EntryMapper.append. A fixed number of round trips, but for those who wait for the first entries of a feed."""
    stored = await engine.db.feed.find_one({"_id": feed_id, "lease_token": token}, {"seq": 1, "floor": 1})
    if stored is None:
        return None
    feed = _Feed(feed_id, stored["seq"], stored["floor"], token)
    unique = {entry.uid: entry for entry in entries}  # a document that has a uid twice: the later one counts
    there = await _look_up(engine, feed, list(unique.values()), renewed)
    if there.leftovers:
        above = {"feed_id": feed.id, "seq": {"$gt": feed.seq}, "token": {"$lte": token}}
        await asyncio.gather(*(engine.db[collection].delete_many(above) for collection in PARTS))
    fresh, changed = _sort_out(feed, unique.values(), renewed, there)
    updated = await _change(engine, feed, changed)
    if not fresh:
        return Appended(feed.seq, (), updated)
    new = await _insert(engine, feed, fresh, there.newest, now)
    if new is None:
        return None
    told = [(entry.story, at.id, at.seq) for at, entry in zip(new, fresh, strict=True) if entry.story is not None]
    passed = {entry.story for entry in fresh if entry.story is not None and entry.chain is not None}
    copied = await join(engine, feed.id, told, passed)
    if not await _show(engine, feed, new[-1].seq, now, copied):
        return None
    if told and await join(engine, feed.id, told, set()):  # shared in this moment, by somebody who did not see these
        await touch(engine, [feed.id])
        await publish(engine)
    return Appended(new[-1].seq, tuple(new), updated)


async def _look_up(engine: Engine, feed: _Feed, entries: list[NewEntry], renewed: dict[str, str]) -> _Stored:
    """Everything that must be known before anything is written, in one round trip of five queries."""
    uids = [entry.uid for entry in entries] + [renewed[entry.uid] for entry in entries if entry.uid in renewed]
    hashes = list({uid_hash(uid) for uid in uids})
    twins = {each for entry in entries if (each := twin(entry.keys)) is not None} if feed.floor else set()
    keys = [tombstone_key(feed.id, hashed) for hashed in {*hashes, *twins}]
    edges = [key(feed.id, feed.seq), key(feed.id, feed.floor + 1)]
    fields = {"uid_hash": 1, "seq": 1, "id": 1, "digest": 1}
    db = engine.db
    traces, tombs, ends, leftover = await asyncio.gather(
        db.trace.find({"feed_id": feed.id, "uid_hash": {"$in": hashes}}, fields, batch_size=ALL).to_list(),
        db.tombstone.find({"_id": {"$in": keys}, "feed_id": feed.id}, {"uid_hash": 1}, batch_size=ALL).to_list(),
        db.trace.find({"_id": {"$in": edges}, "feed_id": feed.id}, {"sort_at": 1, "seq": 1}, batch_size=ALL).to_list(),
        db.entry.find_one({"feed_id": feed.id, "seq": {"$gt": feed.seq}}, {"_id": 1}),
    )
    at = {end["seq"]: end["sort_at"] for end in ends}
    return _Stored(
        {trace["uid_hash"]: trace for trace in traces if trace["seq"] <= feed.seq},
        {tomb["uid_hash"] for tomb in tombs},
        at.get(feed.seq, 0.0),
        at.get(feed.floor + 1, float("inf")) if feed.seq > feed.floor else float("inf"),
        leftover is not None,
    )


def _sort_out(
    feed: _Feed, entries: Iterable[NewEntry], renewed: dict[str, str], there: _Stored
) -> tuple[list[NewEntry], list[tuple[Document, NewEntry]]]:
    """Entries that are new, and those that were changed in place, each with the trace of what is stored."""
    fresh: list[NewEntry] = []
    changed: list[tuple[Document, NewEntry]] = []
    stored, purged = dict(there.traces), there.tombs - there.traces.keys()
    for entry in entries:
        hashed = uid_hash(entry.uid)
        old = uid_hash(renewed[entry.uid]) if entry.uid in renewed else None
        renames = hashed not in stored and old is not None and old in stored
        known = stored.pop(old) if renames and old is not None else stored.get(hashed)
        if known is None:
            if hashed not in purged and old not in purged and not _came_back(feed, entry, there):
                fresh.append(entry)
            continue
        stored[hashed] = known
        if known["seq"] > feed.floor and (renames or known["digest"] != entry.digest):
            changed.append((known, entry))
    return fresh, changed


def _came_back(feed: _Feed, entry: NewEntry, there: _Stored) -> bool:
    """Whether it was purged under another uid. A later entry may well bear the link and title of an old one."""
    if not feed.floor or (entry.published_at or 0.0) > there.oldest:
        return False
    return twin(entry.keys) in there.tombs


async def _change(engine: Engine, feed: _Feed, changed: list[tuple[Document, NewEntry]]) -> tuple[int, ...]:
    """Writes changes in place; returns the ids of those whose text changed."""
    if changed:
        words = await asyncio.to_thread(_words, [entry for _, entry in changed])
        rows: dict[str, list[UpdateOne]] = {"entry_words": [], "entry": [], "trace": []}
        for (known, entry), found in zip(changed, words, strict=True):
            where = _writable(feed, known["_id"])
            there = {"id": known["id"], "feed_id": feed.id, "seq": known["seq"], "token": feed.token}
            rows["entry_words"].append(UpdateOne(where, {"$set": {**found, **there}}))
            rows["entry"].append(UpdateOne(where, {"$set": seen(entry, feed.token)}))
            rows["trace"].append(UpdateOne(where, {"$set": traced(entry, feed.token)}))
        for collection, writes in rows.items():
            await engine.db[collection].bulk_write(writes, ordered=False)
    return tuple(known["id"] for known, entry in changed if known["digest"] != entry.digest)


def _words(entries: Sequence[NewEntry]) -> list[Document]:
    """What search finds each by. In a thread: a hundred long texts are tens of milliseconds."""
    return [document(entry.title, entry.author, entry.tags, entry.content) for entry in entries]


def _writable(feed: _Feed, place: str) -> Document:
    """The document at a place, unless somebody with a later lease wrote it."""
    return {"_id": place, "feed_id": feed.id, "token": {"$lte": feed.token}}


async def _insert(
    engine: Engine, feed: _Feed, fresh: Sequence[NewEntry], newest: float, now: float
) -> list[Position] | None:
    """Puts new entries above what is visible. None when a later lease has written there."""
    times = sort_times([entry.published_at for entry in fresh], now, newest)
    # As late as can be: whoever draws a list in between may take a lower id that comes later for older.
    first = await engine.next_id("entry", len(fresh)) - len(fresh) + 1
    new = [Position(feed.seq + 1 + n, sort_at, first + n) for n, sort_at in enumerate(times)]
    words = await asyncio.to_thread(_words, fresh)
    rows: dict[str, list[UpdateOne]] = {"entry_words": [], "entry": [], "trace": []}
    for at, entry, found in zip(new, fresh, words, strict=True):
        where, place = _writable(feed, key(feed.id, at.seq)), placed(feed.id, at, now)
        there = {"id": at.id, "feed_id": feed.id, "seq": at.seq, "token": feed.token}
        rows["entry_words"].append(UpdateOne(where, {"$set": {**found, **there}}, upsert=True))
        rows["entry"].append(UpdateOne(where, {"$set": {**seen(entry, feed.token), **place}}, upsert=True))
        rows["trace"].append(UpdateOne(where, {"$set": {**traced(entry, feed.token), **place}}, upsert=True))
    for attempt in range(ATTEMPTS):
        try:
            await asyncio.gather(
                *(engine.db[collection].bulk_write(writes, ordered=False) for collection, writes in rows.items())
            )
            return new
        except BulkWriteError as error:
            # A place that a later lease holds; or two that upserted it in the same moment, and one has to try again.
            if any(each["code"] != DUPLICATE for each in error.details["writeErrors"]):
                raise
        if await engine.db.feed.find_one({"_id": feed.id, "lease_token": feed.token}, {"_id": 1}) is None:
            return None
        await pause(attempt)
    return None


async def _show(engine: Engine, feed: _Feed, seq: int, now: float, copied: bool) -> bool:
    """Makes the new entries visible. False when the lease was lost. ``copied``: some are copies of shared stories."""
    waited = await mark_first(engine, feed.id, seq, now) if feed.seq == 0 else []
    shown = await engine.db.feed.update_one(
        {"_id": feed.id, "lease_token": feed.token, "seq": feed.seq},
        {"$set": {"seq": seq, **waiting()}, "$inc": {"size": seq - feed.seq, "copies_rev": int(copied)}},
    )
    if not shown.matched_count:
        return False
    await publish(engine)
    if waited:
        await forget_first(engine, feed.id, waited)
    return True
