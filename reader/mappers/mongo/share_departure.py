"""What an account shared, when it is removed. Every step may be done again; streams go last, so that a second try finds
what a first one left."""

from __future__ import annotations

import asyncio
from functools import partial

from reader.mappers.mongo.changes import Draft, change
from reader.mappers.mongo.engine import Engine
from reader.mappers.mongo.entry_documents import PARTS
from reader.mappers.mongo.readers import readers
from reader.mappers.mongo.sharing import drop_flags
from reader.mappers.mongo.shelf_documents import key

AT_ONCE = 500
REST = (*PARTS, "copy", "stream_source", "first_unread", "pull", "hub_subscription", "hub_request", "reader")


async def forget(engine: Engine, user_id: int, now: float) -> list[int]:
    """See ShareMapper.forget."""
    feeds = await feeds_of(engine, user_id)
    await _forget_shares(engine, user_id, now)
    for feed_id in feeds:
        await _forget_feed(engine, feed_id)
    await engine.db.stream.delete_many({"user_id": user_id})
    return feeds


async def feeds_of(engine: Engine, user_id: int) -> list[int]:
    """Feeds of the user's streams, of removed ones too, known by their addresses (models: stream_url)."""
    addresses = {"_id": {"$gte": f"evantr:/u/{user_id}/", "$lt": f"evantr:/u/{user_id}0"}}  # "0" follows "/"
    return sorted(await engine.db.feed_alias.distinct("feed_id", addresses))


async def _forget_shares(engine: Engine, user_id: int, now: float) -> None:
    """What others built on stays as a knot. A share is the user's until all that hangs on it is gone."""
    while True:
        found = engine.db.share.find({"user_id": user_id}, {"_id": 1}, batch_size=AT_ONCE + 1)
        ids = [share["_id"] for share in await found.limit(AT_ONCE).to_list()]
        if not ids:
            return
        on_these = {"share_id": {"$in": ids}}
        await asyncio.gather(engine.db.liking.delete_many(on_these), engine.db.comment.delete_many(on_these))
        these = {"_id": {"$in": ids}, "user_id": user_id}
        await engine.db.share.update_many({**these, "removed_at": None}, {"$set": {"removed_at": now}})
        knot = {"note": "", "noted_at": None, "wiped": True, "stream_id": None}
        await engine.db.share.update_many(these, {"$set": knot})
        await _drop_leaves(engine, user_id, set(ids))
        await engine.db.share.update_many(these, {"$set": {"user_id": None}})


async def _drop_leaves(engine: Engine, user_id: int, ids: set[int]) -> None:
    """Those on which nobody built go, and may leave the ones above without any."""
    while ids:
        built_on = set(await engine.db.share.distinct("parent_id", {"parent_id": {"$in": [*ids]}}))
        leaves = {"_id": {"$in": [*(ids - built_on)]}, "user_id": {"$in": [user_id, None]}}
        above = await engine.db.share.distinct("parent_id", leaves)
        await engine.db.share.delete_many(leaves)
        ids = {parent_id for parent_id in above if parent_id is not None}


async def _forget_feed(engine: Engine, feed_id: int) -> None:
    for reader_id in await readers(engine, feed_id):
        await change(engine, reader_id, partial(_unsubscribe, feed_id))
    async for entry in engine.db.trace.find({"feed_id": feed_id}, {"id": 1}, batch_size=AT_ONCE):
        await drop_flags(engine, [entry["id"]])
    await asyncio.gather(*(engine.db[collection].delete_many({"feed_id": feed_id}) for collection in REST))
    await engine.db.feed.delete_one({"_id": feed_id})
    await engine.db.feed_alias.delete_many({"feed_id": feed_id})


async def _unsubscribe(feed_id: int, draft: Draft) -> None:
    draft.drop("subscription", key(draft.user_id, feed_id))
    draft.shape = True
