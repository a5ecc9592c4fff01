"""Old entries leave the lists, and what nobody kept leaves the database.

In this order: tombstones, so that nothing comes back; the floor rises, and lists end above it; then the entries go, in
two steps, because somebody may put a star on one in this moment: they are ``doomed``, those with a flag are pardoned,
the rest is removed. Whoever flags a doomed entry pardons it after the flag is written (flags.py), so it is either kept
or told to be gone. What a crash leaves below the floor, the next purge removes.
"""

from __future__ import annotations

import asyncio

from pymongo import UpdateOne

from reader.mappers.mongo.copies import touch
from reader.mappers.mongo.engine import ALL, Document, Engine
from reader.mappers.mongo.entry_documents import tombstone_key
from reader.mappers.mongo.indexes import Index
from reader.mappers.mongo.patience import ATTEMPTS, pause
from reader.mappers.mongo.revisions import publish, waiting
from reader.mappers.mongo.share_documents import pack_withdrawn, withdrawn_of
from reader.models.entry import twin

INDEXES = (Index("entry", (("feed_id", 1), ("doomed", 1))),)
AT_ONCE = 1000  # entries in one round


async def purge(engine: Engine, feed_id: int, keep: int) -> int:
    """See EntryMapper.purge. Upkeep: it walks what it removes, AT_ONCE entries a round."""
    feed = await engine.db.feed.find_one({"_id": feed_id}, {"floor": 1, "seq": 1})
    if feed is None:
        return 0
    floor = max(feed["floor"], feed["seq"] - keep)
    await _bury(engine, feed_id, floor)
    raised = await _raise_floor(engine, feed_id, floor)
    await _forget_copies(engine, feed_id, floor)
    await _remove(engine, feed_id, floor)
    return raised


async def _forget_copies(engine: Engine, feed_id: int, floor: int) -> None:
    """What is purged is no copy any more, and need not be known as taken back."""
    gone = await engine.db.copy.delete_many({"feed_id": feed_id, "seq": {"$lte": floor}})
    if gone.deleted_count:
        await touch(engine, [feed_id])
    for attempt in range(ATTEMPTS):
        feed = await engine.db.feed.find_one({"_id": feed_id}, {"withdrawn": 1})
        before = feed["withdrawn"] if feed else b""
        after = pack_withdrawn(withdrawn_of(before), floor)
        if before == after:
            break
        same = {"_id": feed_id, "withdrawn": before}
        if (await engine.db.feed.update_one(same, {"$set": {"withdrawn": after, **waiting()}})).matched_count:
            break
        await pause(attempt)
    await publish(engine)


async def _bury(engine: Engine, feed_id: int, floor: int) -> None:
    """Remembers uids, and links with titles, of what nobody flagged."""
    below = {"feed_id": feed_id, "seq": {"$lte": floor}}
    traces = await engine.db.trace.find(below, {"id": 1, "uid_hash": 1, "keys": 1}, batch_size=ALL).to_list()
    for at in range(0, len(traces), AT_ONCE):
        some = traces[at : at + AT_ONCE]
        kept = await flagged(engine, [trace["id"] for trace in some])
        gone = [trace for trace in some if trace["id"] not in kept]
        twins = {each for trace in gone if (each := twin(trace["keys"])) is not None}
        hashes = {trace["uid_hash"] for trace in gone} | twins
        await write_tombstones(engine, feed_id, hashes)


async def write_tombstones(engine: Engine, feed_id: int, hashes: set[bytes]) -> None:
    """Those that are there stay as they are."""
    if hashes:
        rows = [
            UpdateOne(
                {"_id": tombstone_key(feed_id, each), "feed_id": feed_id}, {"$set": {"uid_hash": each}}, upsert=True
            )
            for each in hashes
        ]
        await engine.db.tombstone.bulk_write(rows, ordered=False)


async def flagged(engine: Engine, entry_ids: list[int]) -> set[int]:
    """Those that somebody starred or put to read later."""
    found = await engine.db.flag.find(
        {"entry_id": {"$in": entry_ids}}, {"_id": 0, "entry_id": 1}, batch_size=ALL
    ).to_list()
    return {flag["entry_id"] for flag in found}


async def pardon(engine: Engine, entry_id: int) -> bool:
    """Somebody has flagged this entry: it stays. False when it is gone."""
    while True:
        entry = await engine.db.entry.find_one({"id": entry_id}, {"feed_id": 1, "doomed": 1})
        if entry is None or "doomed" not in entry:
            return entry is not None
        doomed = {"_id": entry["_id"], "feed_id": entry["feed_id"], "doomed": True}
        await engine.db.entry.update_one(doomed, {"$unset": {"doomed": ""}})


async def _raise_floor(engine: Engine, feed_id: int, floor: int) -> int:
    """By how much it rose; another purge may have been quicker."""
    for attempt in range(ATTEMPTS):
        feed = await engine.db.feed.find_one({"_id": feed_id}, {"floor": 1})
        if feed is None or feed["floor"] >= floor:
            return 0
        by: int = floor - feed["floor"]
        done = await engine.db.feed.update_one(
            {"_id": feed_id, "floor": feed["floor"]}, {"$set": {"floor": floor, **waiting()}, "$inc": {"size": -by}}
        )
        if done.matched_count:
            await publish(engine)
            return by
        await pause(attempt)
    return 0


async def _remove(engine: Engine, feed_id: int, floor: int) -> None:
    entries = engine.db.entry
    await entries.update_many({"feed_id": feed_id, "seq": {"$lte": floor}}, {"$set": {"doomed": True}})
    doomed = await entries.find({"feed_id": feed_id, "doomed": True}, {"id": 1}, batch_size=ALL).to_list()
    for at in range(0, len(doomed), AT_ONCE):
        some = doomed[at : at + AT_ONCE]
        kept = await flagged(engine, [entry["id"] for entry in some])
        places = [entry["_id"] for entry in some if entry["id"] in kept]
        if places:
            await entries.update_many({"_id": {"$in": places}, "feed_id": feed_id}, {"$unset": {"doomed": ""}})
        gone = [entry["_id"] for entry in some if entry["id"] not in kept]
        await entries.delete_many({"_id": {"$in": gone}, "feed_id": feed_id, "doomed": True})
    # Traces and words go after their entries: what a purge that died left of them is found here, too.
    below: Document = {"feed_id": feed_id, "seq": {"$lte": floor}}
    left = [entry["_id"] async for entry in entries.find(below, {"_id": 1}, batch_size=ALL)]
    others = {**below, "_id": {"$nin": left}}
    await asyncio.gather(engine.db.trace.delete_many(others), engine.db.entry_words.delete_many(others))
