"""What streams share by themselves, on MongoDB: a document for each feed of a stream ("stream:feed")."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import astuple

from pymongo import UpdateOne
from pymongo.errors import BulkWriteError

from reader.mappers.mongo.changes import DUPLICATE
from reader.mappers.mongo.engine import ALL, Document, Engine
from reader.mappers.mongo.share_documents import stream_of
from reader.models.share import Stream
from reader.models.sources import Rule, StreamSource


def source_key(stream_id: int, feed_id: int) -> str:
    return f"{stream_id}:{feed_id}"


def _rule_json(rule: Rule) -> str:
    return json.dumps(astuple(rule), ensure_ascii=False)


def _source_of(stored: Document) -> StreamSource:
    words, without, author, tag = json.loads(stored["rule"])
    rule = Rule(tuple(words), tuple(without), author, tag)
    return StreamSource(stored["stream_id"], stored["feed_id"], rule, stored["seq"], stored["created_at"])


async def sources(engine: Engine, stream_id: int) -> list[StreamSource]:
    """See StreamMapper.sources."""
    found = engine.db.stream_source.find({"stream_id": stream_id}, batch_size=ALL).sort("feed_id", 1)
    return [_source_of(stored) async for stored in found]


async def attach(engine: Engine, stream_id: int, feed_ids: Sequence[int], rule: Rule, now: float) -> int:
    """See StreamMapper.attach. One that has the rule already is not matched, and cannot be inserted."""
    found = engine.db.feed.find({"_id": {"$in": [*feed_ids]}}, {"seq": 1}, batch_size=len(feed_ids) + 1)
    stored = _rule_json(rule)
    writes = [
        UpdateOne(
            {"_id": source_key(stream_id, feed["_id"]), "rule": {"$ne": stored}},
            {
                "$set": {"rule": stored},
                "$setOnInsert": {
                    "stream_id": stream_id, "feed_id": feed["_id"], "seq": feed["seq"], "created_at": now,
                },
            },
            upsert=True,
        )
        async for feed in found
    ]  # fmt: skip
    if not writes:
        return 0
    try:
        done = await engine.db.stream_source.bulk_write(writes, ordered=False)
    except BulkWriteError as error:
        if any(each["code"] != DUPLICATE for each in error.details["writeErrors"]):
            raise
        changed: int = error.details["nMatched"] + error.details["nUpserted"]
        return changed
    return done.matched_count + done.upserted_count


async def detach(engine: Engine, stream_id: int, feed_ids: Sequence[int]) -> list[StreamSource]:
    """See StreamMapper.detach. Side by side: of several callers one gets each."""
    keys = [source_key(stream_id, feed_id) for feed_id in feed_ids]
    gone = await asyncio.gather(*(engine.db.stream_source.find_one_and_delete({"_id": each}) for each in keys))
    return sorted((_source_of(stored) for stored in gone if stored), key=lambda each: each.feed_id)


async def attach_again(engine: Engine, given: Sequence[StreamSource]) -> int:
    """See StreamMapper.attach_again."""
    streams = [each.stream_id for each in given]
    feeds = [each.feed_id for each in given]
    of_streams, of_feeds = await asyncio.gather(
        engine.db.stream.find({"_id": {"$in": streams}}, {"name": 1}, batch_size=ALL).to_list(),
        engine.db.feed.find({"_id": {"$in": feeds}}, {"_id": 1}, batch_size=ALL).to_list(),
    )
    there = {each["_id"] for each in of_streams if "name" in each}, {each["_id"] for each in of_feeds}
    writes = [
        UpdateOne(
            {"_id": source_key(each.stream_id, each.feed_id)},
            {
                "$setOnInsert": {
                    "stream_id": each.stream_id, "feed_id": each.feed_id, "rule": _rule_json(each.rule),
                    "seq": each.seq, "created_at": each.created_at,
                }
            },
            upsert=True,
        )
        for each in given
        if each.stream_id in there[0] and each.feed_id in there[1]
    ]  # fmt: skip
    return (await engine.db.stream_source.bulk_write(writes, ordered=False)).upserted_count if writes else 0


async def feeding(engine: Engine, feed_id: int) -> list[tuple[StreamSource, Stream]]:
    """See StreamMapper.feeding."""
    feed, stored = await asyncio.gather(
        engine.db.feed.find_one({"_id": feed_id}, {"seq": 1}),
        engine.db.stream_source.find({"feed_id": feed_id}, batch_size=ALL).to_list(),
    )
    behind = {each["stream_id"]: _source_of(each) for each in stored if feed and each["seq"] < feed["seq"]}
    if not behind:
        return []
    found = engine.db.stream.find({"_id": {"$in": [*behind]}}, batch_size=ALL).sort("_id", 1)
    return [(behind[stream["_id"]], stream_of(stream)) async for stream in found if "name" in stream]


async def advance(engine: Engine, stream_id: int, feed_id: int, seq: int) -> None:
    """See StreamMapper.advance."""
    await engine.db.stream_source.update_one({"_id": source_key(stream_id, feed_id)}, {"$max": {"seq": seq}})


async def behind(engine: Engine, limit: int, after: str) -> tuple[list[int], str]:
    """See StreamMapper.behind. In order of their keys; two round trips. Sources of a stream that is gone do nothing:
    whoever removed it died before they went."""
    fields = {"feed_id": 1, "stream_id": 1, "seq": 1}
    page = engine.db.stream_source.find({"_id": {"$gt": after}}, fields, batch_size=limit + 1)
    stored = await page.sort("_id", 1).limit(limit).to_list()
    if not stored:
        return [], ""
    of_feeds, of_streams = {each["feed_id"] for each in stored}, {each["stream_id"] for each in stored}
    feeds, streams = await asyncio.gather(
        engine.db.feed.find({"_id": {"$in": [*of_feeds]}}, {"seq": 1}, batch_size=limit + 1).to_list(),
        engine.db.stream.find({"_id": {"$in": [*of_streams]}}, {"name": 1}, batch_size=limit + 1).to_list(),
    )
    seqs, live = {feed["_id"]: feed["seq"] for feed in feeds}, {each["_id"] for each in streams if "name" in each}
    lag = {
        each["feed_id"] for each in stored if seqs.get(each["feed_id"], 0) > each["seq"] and each["stream_id"] in live
    }
    return sorted(lag), stored[-1]["_id"] if len(stored) == limit else ""


async def carry_sources(engine: Engine, source: int, target: int) -> None:
    """Streams that share from the one feed go on with the other, from now on."""
    feed = await engine.db.feed.find_one({"_id": target}, {"seq": 1})
    if feed is None:
        return
    async for stored in engine.db.stream_source.find({"feed_id": source}, batch_size=ALL):
        fields = {name: stored[name] for name in ("stream_id", "rule", "created_at")}
        await engine.db.stream_source.update_one(
            {"_id": source_key(stored["stream_id"], target)},
            {"$setOnInsert": {**fields, "feed_id": target, "seq": feed["seq"]}},
            upsert=True,
        )
