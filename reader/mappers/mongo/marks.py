"""Marks of feeds: what lists and counters keep of them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from reader.mappers.feeds import FeedMark
from reader.mappers.mongo import revisions
from reader.mappers.mongo.engine import ALL, Engine
from reader.mappers.mongo.feed_documents import ONLY_MARK, mark_of

IDS_AT_ONCE = 10_000
FIELDS = {**ONLY_MARK, "was": 1}


async def marks_since(engine: Engine, rev: int, limit: int, counter: int | None = None) -> list[FeedMark]:
    """See FeedMapper.marks_since. ``counter``: as it was read before, else it is read first: two round trips, one more
    for a full page.

    A feed whose revision is above the counter is being published anew: it is told of by the revision that it had
    before (``was``). Where a page ends, all are taken that belong before its end: those being published, and two of one
    revision, as a publisher who came second may leave behind. So a page may be longer than ``limit`` by a few.
    """
    if counter is None:
        counter = await revisions.rev(engine)
    if counter <= rev or limit <= 0:
        return []
    found = (
        await engine.db.feed.find({"rev": {"$gt": rev}}, FIELDS, batch_size=ALL)
        .sort("rev", 1)
        .limit(limit + 1)
        .to_list()
    )
    end = counter
    if len(found) > limit and found[limit - 1]["rev"] < counter:
        end = found[limit - 1]["rev"]
        beyond = {"$or": [{"rev": end}, {"rev": {"$gt": counter}}]}
        found = found[:limit] + await engine.db.feed.find(beyond, FIELDS, batch_size=ALL).to_list()
    out: dict[int, FeedMark] = {}
    for feed in found:
        told = feed["rev"] if feed["rev"] <= counter else feed.get("was", 0)
        if rev < told <= end:
            out.setdefault(feed["_id"], mark_of({**feed, "rev": told}))
    return sorted(out.values(), key=lambda mark: mark.rev)


async def marks(engine: Engine, feed_ids: Sequence[int]) -> list[FeedMark]:
    """See FeedMapper.marks. One round trip, of several queries at once for very many feeds."""
    ids = list(feed_ids)
    parts = [ids[at : at + IDS_AT_ONCE] for at in range(0, len(ids), IDS_AT_ONCE)]
    found = await asyncio.gather(
        *(
            engine.db.feed.find({"_id": {"$in": part}}, ONLY_MARK, batch_size=ALL).sort("_id", 1).to_list()
            for part in parts
        )
    )
    return [mark_of(feed) for part in found for feed in part]
