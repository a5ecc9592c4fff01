"""Who reads a feed: ``reader`` ("feed:user") lies with the feed, as subscription lies with the user.

Pulls, events and webhooks ask by feed; without this each would have to ask every shard. A document comes and goes in
the change of the user's that makes or removes the subscription (changes.py). One that is gone has no ``user_id``.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from reader.mappers.mongo.engine import ALL, Document, Engine
from reader.mappers.mongo.indexes import Index

INDEXES = (Index("reader", (("feed_id", 1), ("user_id", 1))),)


def reader_key(feed_id: int, user_id: int) -> str:
    return f"{feed_id}:{user_id}"


def of_feeds(feed_ids: Sequence[int]) -> Document:
    """The query for the readers of some feeds."""
    which = feed_ids[0] if len(feed_ids) == 1 else {"$in": list(feed_ids)}
    return {"feed_id": which, "user_id": {"$gt": 0}}


async def readers(engine: Engine, feed_id: int, limit: int = 0) -> list[int]:
    """Ids of those who read a feed, in order; ``limit`` 0: all. One round trip."""
    found = engine.db.reader.find(of_feeds([feed_id]), {"_id": 0, "user_id": 1}, batch_size=ALL)
    return [each["user_id"] for each in await found.sort("user_id", 1).limit(limit).to_list()]


async def is_read(engine: Engine, feed_id: int) -> bool:
    return await engine.db.reader.find_one(of_feeds([feed_id]), {"_id": 1}) is not None


async def count_readers(engine: Engine, feed_ids: Sequence[int]) -> dict[int, int]:
    """Feed → how many read it; those that nobody reads are left out. One round trip."""
    counted = await engine.db.reader.aggregate(
        [{"$match": of_feeds(feed_ids)}, {"$group": {"_id": "$feed_id", "count": {"$sum": 1}}}], batchSize=ALL
    )
    return {each["_id"]: each["count"] async for each in counted}


async def count_people(engine: Engine, feed_ids: Sequence[int], but: Collection[int]) -> int:
    """How many people, but these, read at least one of some feeds. One round trip."""
    which = of_feeds(feed_ids)
    which["user_id"]["$nin"] = sorted(but)
    counted = await engine.db.reader.aggregate([{"$match": which}, {"$group": {"_id": "$user_id"}}, {"$count": "n"}])
    return sum([each["n"] async for each in counted])  # none: no document
