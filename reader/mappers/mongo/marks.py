"""Marks of feeds: what lists and counters keep of them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from reader.mappers.feeds import FeedMark
from reader.mappers.mongo import revisions
from reader.mappers.mongo.engine import Engine
from reader.mappers.mongo.feed_documents import ONLY_MARK, mark_of

IDS_AT_ONCE = 10_000


async def marks_since(engine: Engine, rev: int, limit: int, counter: int | None = None) -> list[FeedMark]:
    """See FeedMapper.marks_since. ``counter``: as it was read before, else it is read first: two round trips.

    What is above the counter is still on its way: to tell of it now would pass over what comes in below it.
    """
    if counter is None:
        counter = await revisions.rev(engine)
    if counter <= rev or limit <= 0:
        return []
    query = {"rev": {"$gt": rev, "$lte": counter}}
    found = await engine.db.feed.find(query, ONLY_MARK).sort("rev", 1).limit(limit).to_list()
    return [mark_of(feed) for feed in found]


async def marks(engine: Engine, feed_ids: Sequence[int]) -> list[FeedMark]:
    """See FeedMapper.marks. One round trip, of several queries at once for very many feeds."""
    ids = list(feed_ids)
    parts = [ids[at : at + IDS_AT_ONCE] for at in range(0, len(ids), IDS_AT_ONCE)]
    found = await asyncio.gather(
        *(engine.db.feed.find({"_id": {"$in": part}}, ONLY_MARK).sort("_id", 1).to_list() for part in parts)
    )
    return [mark_of(feed) for part in found for feed in part]
