"""Read sets: what changed, marking, the journal."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

from pymongo import UpdateOne
from pyroaring import BitMap

from reader.mappers.bitmaps import pack, span, unpack
from reader.mappers.feeds import FeedMark
from reader.mappers.mongo import revisions
from reader.mappers.mongo.changes import HEAD, Draft, change, settled, sweep
from reader.mappers.mongo.engine import ALL, Document, Engine
from reader.mappers.mongo.feed_documents import bounds
from reader.mappers.mongo.marks import marks_since
from reader.mappers.mongo.shelf_documents import (
    WHOLE,
    folders_of,
    key,
    subscription_of,
    subscriptions,
    write_journal,
)
from reader.mappers.subscriptions import Marked, ReadingDelta
from reader.models.subscription import ReadChange, Subscription

FLOORS_AT_ONCE = 1000
TRIM_SECONDS = 600.0


async def rev(engine: Engine, user_id: int) -> int:
    """See SubscriptionMapper.rev."""
    user = await engine.db.user.find_one({"_id": user_id}, {"rev": 1})
    return user["rev"] if user else 0


async def reading_delta(
    engine: Engine, user_id: int, rev: int, shape_rev: int, feed_rev: int, feed_limit: int
) -> tuple[ReadingDelta, list[FeedMark]]:
    """See SubscriptionMapper.reading_delta. One round trip of two look-ups by key while nothing changed, else two."""
    user, counter = await asyncio.gather(_head(engine, user_id), revisions.rev(engine))
    return await asyncio.gather(
        _delta(engine, user_id, user, rev, shape_rev), marks_since(engine, feed_rev, feed_limit, counter)
    )


async def delta(engine: Engine, user_id: int, rev: int, shape_rev: int) -> ReadingDelta:
    """See SubscriptionMapper.delta."""
    return await _delta(engine, user_id, await _head(engine, user_id), rev, shape_rev)


async def _head(engine: Engine, user_id: int) -> Document | None:
    """The user's revisions. A change that is under way is waited for, or finished: what it does is half to be seen."""
    user = await engine.db.user.find_one({"_id": user_id}, HEAD)
    return user if user is None or user.get("open") is None else await settled(engine, user_id)


async def _delta(engine: Engine, user_id: int, user: Document | None, rev: int, shape_rev: int) -> ReadingDelta:
    """Whatever bears a revision up to the user's is written, so nothing is missed. A later one may already be seen; it
    comes again with the next delta."""
    now, now_shape = (user["rev"], user["shape_rev"]) if user else (0, 0)
    if now == rev and now_shape == shape_rev:
        return ReadingDelta(now, now_shape, False, (), ())
    # A caller ahead of the store remembers a database that a backup has replaced: it too starts anew.
    whole = now_shape != shape_rev or now < rev
    if whole:
        found, folders = await asyncio.gather(_since(engine, user_id, -1), folders_of(engine, user_id))
        return ReadingDelta(now, now_shape, True, tuple(folders), found)
    return ReadingDelta(now, now_shape, False, (), await _since(engine, user_id, rev))


async def _since(engine: Engine, user_id: int, rev: int) -> tuple[Subscription, ...]:
    found = await engine.db.subscription.find(
        {"user_id": user_id, "rev": {"$gt": rev}}, WHOLE, batch_size=ALL
    ).to_list()
    return tuple(sorted(map(subscription_of, found), key=lambda each: (each.position, each.feed_id)))


async def mark(engine: Engine, user_id: int, changes: Sequence[ReadChange], now: float) -> Marked:
    """See SubscriptionMapper.mark."""
    if not changes:
        return Marked(await rev(engine, user_id), ())
    return await change(engine, user_id, partial(_mark, engine, changes, now))


async def _mark(engine: Engine, changes: Sequence[ReadChange], now: float, draft: Draft) -> Marked:
    feed_ids = list({each.feed_id for each in changes})
    stored, visible = await asyncio.gather(
        subscriptions(engine, draft.user_id, feed_ids, {"_id": 0, "feed_id": 1, "read": 1}), bounds(engine, feed_ids)
    )
    reads = {feed_id: unpack(each["read"]) for feed_id, each in stored.items() if feed_id in visible}
    applied: list[ReadChange] = []
    for each in changes:
        done = _apply(each, reads[each.feed_id], span(*visible[each.feed_id])) if each.feed_id in reads else None
        if done is not None:
            applied.append(done)
    if not applied:
        return Marked(draft.rev - 1, ())
    for feed_id in {each.feed_id for each in applied}:
        draft.set("subscription", key(draft.user_id, feed_id), {"read": pack(reads[feed_id]), "rev": draft.rev})
    write_journal(draft, applied, now)
    return Marked(draft.rev, tuple(applied))


def _apply(change: ReadChange, read: BitMap, visible: BitMap) -> ReadChange | None:
    """Changes ``read``; returns the part that made a difference. What is both added and removed is removed."""
    remove = change.remove & visible & read
    add = (change.add & visible) - read - change.remove
    if not add and not remove:
        return None
    read |= add
    read -= remove
    return ReadChange(change.feed_id, BitMap(add), BitMap(remove))


async def journal(engine: Engine, user_id: int, since_rev: int) -> list[ReadChange] | None:
    """See SubscriptionMapper.journal. Two round trips."""
    user = await engine.db.user.find_one({"_id": user_id}, HEAD)
    if user is None or since_rev < user["journal_floor"]:
        return None
    query = {"user_id": user_id, "rev": {"$gt": since_rev, "$lte": user["rev"]}}
    found = await engine.db.read_journal.find(query, batch_size=ALL).sort([("rev", -1), ("number", -1)]).to_list()
    return [ReadChange(row["feed_id"], unpack(row["added"]), unpack(row["removed"])) for row in found]


async def trim_journal(engine: Engine, before: float) -> int:
    """See SubscriptionMapper.trim_journal. What changes left behind that were made before that time goes too, and what
    nobody published is published. The rows of some minutes go at a time: those of a day would take a command longer
    than it may run."""
    await sweep(engine, before)
    await revisions.publish(engine)
    gone = 0
    while oldest := await engine.db.read_journal.find_one({"at": {"$lt": before}}, {"at": 1}, sort=[("at", 1)]):
        gone += await _trim(engine, min(before, oldest["at"] + TRIM_SECONDS))
    return gone


async def _trim(engine: Engine, before: float) -> int:
    """Floors rise first: who reads meanwhile is told that the journal ends there."""
    ends = await engine.db.read_journal.aggregate(
        [{"$match": {"at": {"$lt": before}}}, {"$group": {"_id": "$user_id", "rev": {"$max": "$rev"}}}], batchSize=ALL
    )
    floors = [UpdateOne({"_id": end["_id"]}, {"$max": {"journal_floor": end["rev"]}}) async for end in ends]
    for at in range(0, len(floors), FLOORS_AT_ONCE):
        await engine.db.user.bulk_write(floors[at : at + FLOORS_AT_ONCE], ordered=False)
    done = await engine.db.read_journal.delete_many({"at": {"$lt": before}})
    return done.deleted_count
