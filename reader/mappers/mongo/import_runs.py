"""Driving an import: items start, their feeds become due, and what came of them is looked up. Feeds are made due before
items say that they run, so that none waits for a pull that nobody makes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from bson import ObjectId

from reader.mappers.imports import Watched
from reader.mappers.mongo.engine import Document, Engine
from reader.mappers.mongo.import_documents import item_key, item_of
from reader.mappers.mongo.revisions import publish, waiting
from reader.mappers.mongo.schedule import pull_key

WELL = {"state": 1, "seq": 1, "last_pull_at": 1, "kind": 1}
SEEN = {"last_pull_at": 1, "next_pull_at": 1, "error": 1, "reason": 1, "site_url": 1}


async def take(engine: Engine, import_id: int, numbers: Sequence[int], now: float, stale: float) -> list[int]:
    """See ImportMapper.take."""
    if not await engine.db["import"].find_one({"_id": import_id, "state": "running"}, {"_id": 1}):
        return []
    keys = [item_key(import_id, number) for number in numbers]
    startable = {"_id": {"$in": keys}, "state": "waiting", "planted": True}
    found = await engine.db.import_item.find(startable, {"feed_id": 1}, batch_size=len(keys) + 1).to_list()
    feeds = await _feeds(engine, [item["feed_id"] for item in found], WELL)
    streams = {n for n, feed in feeds.items() if feed["kind"] == "stream"}  # nothing pulls them
    well = {n for n, feed in feeds.items() if feed["state"] == "active" and feed["seq"] > 0} | streams
    fresh = {n for n in well if (at := feeds[n]["last_pull_at"]) is not None and at >= stale}
    await make_due(engine, [n for n in feeds if n not in fresh | streams], now)
    token = ObjectId()  # of several callers one gets each item
    start = {"since": now, "looking": None, "reason": None, "taken": token}
    done = [item["_id"] for item in found if item["feed_id"] in well]
    run = [item["_id"] for item in found if item["feed_id"] not in well]
    await asyncio.gather(
        engine.db.import_item.update_many(
            startable | {"_id": {"$in": done}}, {"$set": {**start, "state": "done", "settled": True}}
        ),
        engine.db.import_item.update_many(startable | {"_id": {"$in": run}}, {"$set": {**start, "state": "running"}}),
    )
    ours = {"_id": {"$in": run}, "taken": token}
    taken = engine.db.import_item.find(ours, {"feed_id": 1, "number": 1}, batch_size=len(run) + 1)
    items = sorted(await taken.to_list(), key=lambda item: item["number"])
    return [item["feed_id"] for item in items if item["feed_id"] in feeds]


async def again(engine: Engine, import_id: int, numbers: Sequence[int], now: float) -> None:
    """See ImportMapper.again."""
    which = {"_id": {"$in": [item_key(import_id, number) for number in numbers]}, "state": "running"}
    found = await engine.db.import_item.find(which, {"feed_id": 1}, batch_size=len(numbers) + 1).to_list()
    await make_due(engine, [item["feed_id"] for item in found], now)
    await engine.db.import_item.update_many(which, {"$set": {"since": now}})


async def make_due(engine: Engine, feed_ids: Sequence[int], now: float) -> None:
    """These feeds are due at ``now`` at the latest; gone ones try again."""
    if not feed_ids:
        return
    these = {"$in": [*feed_ids]}
    woken = {"state": "failing", "pullable": True, "next_pull_at": now, **waiting()}
    gone = await engine.db.feed.update_many({"_id": these, "state": "gone"}, {"$set": woken})
    await engine.db.feed.update_many({"_id": these, "next_pull_at": {"$gt": now}}, {"$set": {"next_pull_at": now}})
    if gone.matched_count:
        await publish(engine)


async def watch(engine: Engine, import_id: int) -> list[Watched]:
    """See ImportMapper.watch. Three round trips: the items, their feeds, the last pull of each."""
    running = {"import_id": import_id, "state": "running", "planted": True}
    items = await engine.db.import_item.find(running, batch_size=1000).sort("number", 1).to_list()
    feeds = await _feeds(engine, [item["feed_id"] for item in items], SEEN)
    pulled = {pull_key(n, feed["last_pull_at"]): n for n, feed in feeds.items() if feed["last_pull_at"] is not None}
    last = engine.db.pull.find({"_id": {"$in": [*pulled]}}, {"status": 1}, batch_size=len(pulled) + 1)
    status = {pulled[row["_id"]]: row["status"] async for row in last} if pulled else {}
    return [_watched(item, feeds.get(item["feed_id"]), status.get(item["feed_id"])) for item in items]


def _watched(item: Document, feed: Document | None, status: int | None) -> Watched:
    if feed is None:
        return Watched(item_of(item), False)
    new = feed["last_pull_at"] is None
    return Watched(
        item_of(item), True, new, feed["next_pull_at"], feed["error"], status, feed["reason"], feed["site_url"]
    )


async def _feeds(engine: Engine, feed_ids: Sequence[int], fields: Document) -> dict[int, Document]:
    found = engine.db.feed.find({"_id": {"$in": [*feed_ids]}}, fields, batch_size=len(feed_ids) + 1)
    return {feed["_id"]: feed async for feed in found}
