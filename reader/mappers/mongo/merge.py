"""Two feeds become one: what hangs on the ``source`` is carried over to the feed that stands at a URL.

The source bears the mark ``merge`` from beginning to end, set under its lease token: from then on it will happen. Each
step may be done again; the source goes last. It stays due and its lease runs out, so that whoever comes to pull it goes
on where the merge stopped (leases.py). What each reader has changes in one change of theirs. The steps:

1. a feed that is being merged itself takes no other in: then nothing happens;
2. the target has no entries yet: it *adopts* all of the source, numbers and all, under a lease of its own that keeps
   its pullers out, and becomes visible with them at once. Else flags go over to the same entries of the target, and
   what only a flag keeps stays findable without a place;
3. subscriptions go over, reader by reader;
4. streams that share from the source go on with the target, copies of shared stories go over, addresses lead to it;
5. what is left of the source goes, the feed itself last.
"""

from __future__ import annotations

import asyncio

from reader.mappers.mongo.adopt import adopt
from reader.mappers.mongo.carry import carry_flags, carry_subscriptions
from reader.mappers.mongo.copies import carry, put_right, touch
from reader.mappers.mongo.engine import Document, Engine
from reader.mappers.mongo.entry_documents import PARTS
from reader.mappers.mongo.feed_documents import find
from reader.mappers.mongo.revisions import publish
from reader.mappers.mongo.stream_sources import carry_sources

LEFT = (*PARTS, "tombstone", "first_unread", "pull", "feed_move", "reader", "stream_source")  # what bears a feed's id


async def merge(engine: Engine, source: int, token: int, url: str) -> int | None:
    """Merges the source into the feed at ``url``; the id of the feed that is left. None when the token is fenced."""
    started = await engine.db.feed.update_one(
        {"_id": source, "lease_token": token, "merge": None}, {"$set": {"merge": {"url": url}}}
    )
    if not started.matched_count:
        return None
    return await finish(engine, source, {"url": url})


async def finish(engine: Engine, source: int, mark: Document) -> int:
    """Goes on with a merge, from wherever it stopped; the id of the feed that is left."""
    target = await find(engine, mark["url"])
    there = await engine.db.feed.find_one({"_id": target}, {"merge": 1, "seq": 1})
    if target is None or there is None or target == source or ("adopts" not in mark and there.get("merge")):
        await engine.db.feed.update_one({"_id": source}, {"$unset": {"merge": ""}})
        return source
    if "adopts" not in mark:
        mark = {**mark, "adopts": there["seq"] == 0}
        await engine.db.feed.update_one({"_id": source}, {"$set": {"merge": mark}})
    if mark["adopts"] and not await adopt(engine, source, target):
        mark = {**mark, "adopts": False}  # its entries came in this moment
        await engine.db.feed.update_one({"_id": source}, {"$set": {"merge": mark}})
    seqs = None if mark["adopts"] else await carry_flags(engine, source, target)
    await carry_subscriptions(engine, source, target, seqs)
    await carry_sources(engine, source, target)
    if mark["adopts"]:
        await carry(engine, source, target)
        await touch(engine, [target])
        await publish(engine)
    await engine.db.feed_alias.update_many({"feed_id": source}, {"$set": {"feed_id": target}})
    await asyncio.gather(
        *(engine.db[collection].delete_many({"feed_id": source}) for collection in LEFT),
        engine.db.feed_words.delete_one({"_id": source}),
    )
    for story in await engine.db.copy.distinct("story", {"feed_id": source}):
        await put_right(engine, bytes(story))
    await engine.db.feed.delete_one({"_id": source})
    return target
