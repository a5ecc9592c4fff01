"""Putting read sets, and a feed's bounds, right against what is there."""

from __future__ import annotations

from functools import partial

from reader.mappers.bitmaps import pack, span, unpack
from reader.mappers.mongo.changes import Draft, change
from reader.mappers.mongo.engine import Engine
from reader.mappers.mongo.revisions import publish, waiting
from reader.mappers.mongo.shelf_documents import key, subscription


async def recount(engine: Engine, feed_id: int) -> int:
    """See SubscriptionMapper.recount. Upkeep: it walks the places and the readers of one feed."""
    feed = await engine.db.feed.find_one({"_id": feed_id}, {"floor": 1, "seq": 1})
    if feed is None:
        return 0
    was = (feed["floor"], feed["seq"])
    floor, seq = bounds = await _bounds(engine, feed_id, *was)
    changed = 0
    if bounds != was:
        moved = await engine.db.feed.update_one(
            {"_id": feed_id, "floor": was[0], "seq": was[1]},
            {"$set": {"floor": floor, "seq": seq, "size": seq - floor, **waiting()}},
        )
        if not moved.matched_count:
            return 0  # an append or a purge came in between; the next recount sees what it left
        await publish(engine)
        changed += 1
    waits = await engine.db.first_unread.find_one({"feed_id": feed_id}, {"_id": 1}) is not None
    if waits and seq == 0:
        return changed  # its first entries may be about to come, with read sets written ahead of them
    if waits:
        await engine.db.first_unread.delete_many({"feed_id": feed_id})
    readers = engine.db.subscription.find({"feed_id": feed_id}, {"_id": 0, "user_id": 1, "read": 1}).sort("user_id", 1)
    async for reader in readers:
        if not unpack(reader["read"]).issubset(span(floor, seq)):
            changed += await change(engine, reader["user_id"], partial(_drop, engine, feed_id, floor, seq))
    return changed


async def _drop(engine: Engine, feed_id: int, floor: int, seq: int, draft: Draft) -> int:
    """What was read meanwhile above ``seq`` stays: more may have come."""
    known = await subscription(engine, draft.user_id, feed_id)
    if known is None:
        return 0
    read = unpack(known.read)
    newer = await engine.db.feed.find_one({"_id": feed_id}, {"seq": 1})
    kept = read & span(floor, max(seq, newer["seq"] if newer else 0))
    if kept == read:
        return 0
    draft.set("subscription", key(draft.user_id, feed_id), {"read": pack(kept), "rev": draft.rev})
    return 1


async def _bounds(engine: Engine, feed_id: int, floor: int, seq: int) -> tuple[int, int]:
    """floor and seq such that every number above the one, up to the other, has its entry. The floor never falls."""
    query = {"feed_id": feed_id, "seq": {"$gt": 0, "$lte": seq}}
    found = engine.db.entry.find(query, {"_id": 0, "seq": 1}).sort("seq", -1)
    highest = below = hole = 0
    async for place in found:
        if not highest:
            highest = below = place["seq"]
        elif place["seq"] < below - 1:
            hole = below - 1  # the highest number whose entry is missing while the next one is there
            break
        below = place["seq"]
        if below <= floor + 1:
            break
    else:
        hole = max(0, below - 1)
    return max(floor, hole), max(floor, highest)
