"""What is looked for now and then between people, on MongoDB: requests to public people, what a crash left open, and
subscriptions that a block or a missing approval forbids. Everything is gone through in pages, by keys."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable

from reader.errors import NotFound
from reader.mappers.mongo.engine import ALL, Document, Engine
from reader.mappers.mongo.indexes import Index
from reader.mappers.mongo.person import approval_key
from reader.mappers.mongo.privacy import turn
from reader.mappers.mongo.readers import of_feeds
from reader.mappers.mongo.shelf_documents import key
from reader.mappers.mongo.ties import cut, grant

INDEXES = (Index("user", (("private", 1), ("_id", 1))),)
AT_ONCE = 500
Pair = tuple[int, int]  # who reads, whose streams


async def open_requests(engine: Engine, limit: int) -> list[Pair]:
    """See PeopleMapper.open_requests."""
    found: list[Pair] = []
    async for page in _pages(engine, "approval", {"state": "asked"}, ""):
        owners = {"_id": {"$in": [*{each["owner_id"] for each in page}]}}
        users = engine.db.user.find(owners, {"private": 1}, batch_size=ALL)
        public = {user["_id"] async for user in users if not user["private"]}
        found += [(each["owner_id"], each["user_id"]) for each in page if each["owner_id"] in public]
        if len(found) >= limit:
            break
    return found[:limit]


async def put_right(engine: Engine, limit: int) -> int:
    """See PeopleMapper.put_right. First what was begun goes on."""
    async for user in engine.db.user.find({"turning.at": {"$gt": 0}}, {"turning": 1}, batch_size=ALL):
        await turn(engine, user)
    async for approval in engine.db.approval.find({"grant.at": {"$gt": 0}}, batch_size=ALL):
        await _go_on(engine, approval)
    done = 0
    for forbidden in (_blocked(engine), _unapproved(engine)):
        left = limit
        async for pairs in forbidden:
            for reader_id, owner_id in pairs[:left]:
                await cut(engine, reader_id, owner_id)
            done += len(pairs[:left])
            left -= len(pairs[:left])
            if not left:
                break
    return done


async def _go_on(engine: Engine, approval: Document) -> None:
    """With a subscription that an approval makes; where it cannot be, the approval stands without."""
    try:
        await grant(engine, approval)
    except NotFound:
        await engine.db.approval.update_one({"_id": approval["_id"]}, {"$unset": {"grant": ""}})


async def _pages(engine: Engine, collection: str, which: Document, after: str | int) -> AsyncIterator[list[Document]]:
    while True:
        found = engine.db[collection].find({**which, "_id": {"$gt": after}}, batch_size=AT_ONCE + 1)
        page = await found.sort("_id", 1).limit(AT_ONCE).to_list()
        if not page:
            return
        yield page
        after = page[-1]["_id"]


async def _blocked(engine: Engine) -> AsyncIterator[list[Pair]]:
    """Who follows in spite of a block, in either direction."""
    async for page in _pages(engine, "relation", {"kind": "block"}, ""):
        both = [(each["user_id"], each["other_id"]) for each in page]
        yield await _who_follow(engine, [*both, *((other, user) for user, other in both)])


async def _who_follow(engine: Engine, pairs: Iterable[Pair]) -> list[Pair]:
    """Those pairs of which the first reads a stream of the second."""
    readers: dict[int, list[int]] = {}
    for reader_id, owner_id in pairs:
        readers.setdefault(owner_id, []).append(reader_id)
    which = {"user_id": {"$in": [*readers]}, "position": {"$gte": 0}}
    streams = await engine.db.stream.find(which, {"user_id": 1, "feed_id": 1}, batch_size=ALL).to_list()
    keys = {key(each, s["feed_id"]): (each, s["user_id"]) for s in streams for each in readers[s["user_id"]]}
    there = engine.db.subscription.find({"_id": {"$in": [*keys]}}, {"feed_id": 1}, batch_size=ALL)
    return sorted({keys[each["_id"]] for each in await there.to_list() if "feed_id" in each})


async def _unapproved(engine: Engine) -> AsyncIterator[list[Pair]]:
    """Who follows somebody private without being approved. Accounts that turn at the moment are left alone."""
    async for page in _pages(engine, "user", {"private": True}, 0):
        owners = [each["_id"] for each in page if not each.get("turning")]
        which = {"user_id": {"$in": owners}, "position": {"$gte": 0}}
        streams = await engine.db.stream.find(which, {"user_id": 1, "feed_id": 1}, batch_size=ALL).to_list()
        by_feed = {each["feed_id"]: each["user_id"] for each in streams}
        reading, approved = await asyncio.gather(
            engine.db.reader.find(of_feeds([*by_feed]), {"feed_id": 1, "user_id": 1}, batch_size=ALL).to_list(),
            engine.db.approval.find(
                {"owner_id": {"$in": owners}, "state": "approved"}, {"_id": 1}, batch_size=ALL
            ).to_list(),
        )
        pairs = {(each["user_id"], by_feed[each["feed_id"]]) for each in reading}
        known = {each["_id"] for each in approved}
        yield sorted((a, b) for a, b in pairs if a != b and approval_key(b, a) not in known)
