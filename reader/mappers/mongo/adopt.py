"""A feed without entries takes those of another that is merged into it: see merge.py."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from pymongo import ReturnDocument, UpdateOne
from pymongo.errors import BulkWriteError

from reader.mappers.mongo.changes import DUPLICATE
from reader.mappers.mongo.engine import ALL, Document, Engine
from reader.mappers.mongo.entry_documents import PARTS, kept_key, key
from reader.mappers.mongo.first import first_key, forget_first, mark_first
from reader.mappers.mongo.purge import write_tombstones
from reader.mappers.mongo.revisions import publish, waiting

AT_ONCE = 500  # documents copied in one round


async def adopt(engine: Engine, source: int, target: int) -> bool:
    """True once all of the source is in the target, under the same numbers; the source still has it, too.

    False when the target got entries of its own: it leaves everything as it was but for copies that nobody sees.
    ``adopted`` in the target tells a second try that it is done.
    """
    feed = await engine.db.feed.find_one({"_id": source}, {"seq": 1, "floor": 1, "lease_until": 1})
    if feed is None:
        return False
    # Whoever pulls the target at the moment is fenced: it could not see what is written here.
    held = await engine.db.feed.find_one_and_update(
        {"_id": target, "seq": 0},
        {"$inc": {"lease_token": 1}, "$max": {"lease_until": feed["lease_until"]}},
        return_document=ReturnDocument.AFTER,
    )
    if held is None:
        if await engine.db.feed.find_one({"_id": target, "adopted": source}, {"_id": 1}) is None:
            return False
        await publish(engine)
        await engine.db.first_unread.delete_many({"feed_id": target})
        return True
    token = held["lease_token"]
    if not await _copy(engine, source, target, token):
        return False
    await _copy_rest(engine, source, target)
    floor, seq = feed["floor"], feed["seq"]
    waited = await mark_first(engine, target, seq, 0.0, floor=floor, restarts=True) if seq > 0 else []
    bounds = {"seq": seq, "floor": floor, "size": seq - floor, "adopted": source, "lease_until": 0.0}
    shown = await engine.db.feed.update_one(
        {"_id": target, "lease_token": token, "seq": 0}, {"$set": {**bounds, **waiting()}}
    )
    if not shown.matched_count:
        return False
    await publish(engine)
    await forget_first(engine, target, waited)
    return True


async def _copy(engine: Engine, source: int, target: int, token: int) -> bool:
    """Copies entries with all their parts, each to its place; False when somebody with a later lease stands there."""

    def moved(stored: Document) -> tuple[str, Document]:
        place = key(target, stored["seq"]) if stored["seq"] > 0 else kept_key(target, stored["id"])
        return place, {**stored, "feed_id": target, "token": token}

    for collection in PARTS:
        batch: list[UpdateOne] = []
        async for stored in engine.db[collection].find({"feed_id": source}, batch_size=AT_ONCE):
            batch.append(_put(stored, target, token, moved))
            if len(batch) == AT_ONCE:
                if not await _write(engine, collection, batch):
                    return False
                batch = []
        if batch and not await _write(engine, collection, batch):
            return False
    return True


def _put(stored: Document, target: int, token: int, moved: Callable[[Document], tuple[str, Document]]) -> UpdateOne:
    place, fields = moved(stored)
    del fields["_id"]
    where = {"_id": place, "feed_id": target, "token": {"$lte": token}}
    return UpdateOne(where, {"$set": fields}, upsert=True)


async def _write(engine: Engine, collection: str, batch: list[UpdateOne]) -> bool:
    try:
        await engine.db[collection].bulk_write(batch, ordered=False)
    except BulkWriteError as error:
        if any(each["code"] != DUPLICATE for each in error.details["writeErrors"]):
            raise
        return False
    return True


async def _copy_rest(engine: Engine, source: int, target: int) -> None:
    """Tombstones, and the wishes of those who wait for first entries; the target's own count first."""
    tombs, rows = await asyncio.gather(
        engine.db.tombstone.find({"feed_id": source}, {"uid_hash": 1}, batch_size=ALL).to_list(),
        engine.db.first_unread.find({"feed_id": source}, batch_size=ALL).to_list(),
    )
    for at in range(0, len(tombs), AT_ONCE):
        await write_tombstones(engine, target, {tomb["uid_hash"] for tomb in tombs[at : at + AT_ONCE]})
    if rows:
        wishes = [
            UpdateOne(
                {"_id": first_key(target, row["user_id"]), "feed_id": target},
                {"$setOnInsert": {"user_id": row["user_id"], "unread": row["unread"]}},
                upsert=True,
            )
            for row in rows
        ]
        await engine.db.first_unread.bulk_write(wishes, ordered=False)
