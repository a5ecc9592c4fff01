"""Where shared stories stand, on MongoDB (decision 0013): collection copy, and feed.copies_rev, which only ever rises,
that tells of its changes.

Copies follow from entries and shares. Two that come at once, a share and an entry that tells its story, both look for
each other after they are there: so one of them finds the other. What a crash leaves out, the recount adds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from pymongo import UpdateOne

from reader.mappers.mongo.engine import ALL, Document, Engine
from reader.mappers.mongo.entry_documents import key
from reader.mappers.mongo.revisions import publish, waiting
from reader.mappers.mongo.share_documents import copy_key, copy_of
from reader.models.share import Copy

AT_ONCE = 500  # stories asked for in one command
MOST_FEEDS = 5000  # of one story
FEED = {"kind": 1, "floor": 1, "seq": 1}
PLACE = {"_id": 0, "id": 1, "feed_id": 1, "seq": 1}


async def touch(engine: Engine, feed_ids: Iterable[int]) -> None:
    """Says that the copies in these feeds changed. The caller publishes."""
    if some := sorted(set(feed_ids)):
        change = {"$inc": {"copies_rev": 1}, "$set": waiting()}
        await engine.db.feed.update_many({"_id": {"$in": some}}, change)


async def place(engine: Engine, copies: Sequence[Copy]) -> None:
    """Notes copies; those that are known stay. The caller touches their feeds."""
    if copies:
        await engine.db.copy.bulk_write(
            [
                UpdateOne(
                    {"_id": copy_key(each), "feed_id": each.feed_id}, {"$setOnInsert": _fields(each)}, upsert=True
                )
                for each in copies
            ],
            ordered=False,
        )


def _fields(copy: Copy) -> Document:
    return {name: value for name, value in copy._asdict().items() if name != "feed_id"}  # which is in the filter


async def carry(engine: Engine, source: int, target: int) -> None:
    """All copies of a feed go to another that has none, and has its entries. The caller touches it."""
    found = await engine.db.copy.find({"feed_id": source}, batch_size=ALL).to_list()
    await place(engine, [copy_of(each)._replace(feed_id=target) for each in found])
    await engine.db.copy.delete_many({"feed_id": source})


async def tellers(engine: Engine, story: bytes) -> list[Copy]:
    """Visible entries of sites' feeds that tell a story, only where they are the one of their feed."""
    found = engine.db.entry.find({"story": story}, PLACE, batch_size=MOST_FEEDS).limit(MOST_FEEDS)
    entries = await found.to_list()
    feeds = await bounds(engine, {each["feed_id"] for each in entries})
    told: dict[int, list[Copy]] = {}
    for each in entries:
        feed = feeds.get(each["feed_id"])
        if feed and feed["kind"] == "site" and feed["floor"] < each["seq"] <= feed["seq"]:
            told.setdefault(each["feed_id"], []).append(Copy(story, each["id"], each["feed_id"], each["seq"]))
    return [copies[0] for copies in told.values() if len(copies) == 1]


async def bounds(engine: Engine, feed_ids: Iterable[int]) -> dict[int, Document]:
    """Kind, floor and seq of feeds."""
    ids = [*set(feed_ids)]
    found = engine.db.feed.find({"_id": {"$in": ids}}, FEED, batch_size=len(ids) + 1)
    return {feed["_id"]: feed async for feed in found} if ids else {}


async def spread(engine: Engine, story: bytes, known: Sequence[Copy] = ()) -> set[int]:
    """A story is a shared one: notes the entries of sites' feeds that tell it, and ``known``, where the feed has no
    copy yet. Returns the feeds that got one, which are touched."""
    told, there = await asyncio.gather(tellers(engine, story), _feeds_of(engine, story))
    new = {each.feed_id: each for each in (*known, *told) if each.feed_id not in there}
    await place(engine, [*new.values()])
    await touch(engine, new)
    return set(new)


async def _feeds_of(engine: Engine, story: bytes) -> set[int]:
    found = engine.db.copy.find({"story": story}, {"_id": 0, "feed_id": 1}, batch_size=MOST_FEEDS)
    return {each["feed_id"] async for each in found}


async def join(engine: Engine, feed_id: int, new: Sequence[tuple[bytes, int, int]], passed: set[bytes]) -> bool:
    """Entries are about to appear in a feed, or just have, as (story, id, seq): those whose story is shared become
    copies.

    ``passed``: stories that came with a chain, shared on another instance. A feed has one copy of a story at most.
    True if there are any; the caller touches this feed, the others are touched here.
    """
    here = await _known(engine, feed_id, [story for story, _, _ in new])
    for story in sorted(passed - here.keys()):
        await spread(engine, story)
        here[story] = False
    rows = []
    for story, entry_id, seq in new:
        if here.get(story) is False:
            here[story] = True
            rows.append(Copy(story, entry_id, feed_id, seq))
    await place(engine, rows)
    return bool(rows)


async def _known(engine: Engine, feed_id: int, stories: Sequence[bytes]) -> dict[bytes, bool]:
    """Those stories that are shared, and whether this feed has a copy."""
    known: dict[bytes, bool] = {}
    parts = [stories[at : at + AT_ONCE] for at in range(0, len(stories), AT_ONCE)]
    for grouped in await asyncio.gather(*(_grouped(engine, feed_id, part) for part in parts)):
        known |= grouped
    return known


async def _grouped(engine: Engine, feed_id: int, stories: Sequence[bytes]) -> dict[bytes, bool]:
    anywhere, here = await asyncio.gather(
        engine.db.copy.distinct("story", {"story": {"$in": [*stories]}}),
        engine.db.copy.distinct("story", {"story": {"$in": [*stories]}, "feed_id": feed_id}),
    )
    return {bytes(story): story in here for story in anywhere}


async def copies(engine: Engine, feed_ids: Sequence[int]) -> list[Copy]:
    """See ShareMapper.copies. What was taken back is in shares, which only streams have."""
    ids = [*feed_ids]
    among = {"feed_id": {"$in": ids}}
    found, gone, feeds = await asyncio.gather(
        engine.db.copy.find(among, batch_size=100_000).to_list(),
        engine.db.share.find(
            {**among, "removed_at": {"$gt": 0}}, {"story": 1, "feed_id": 1, "seq": 1}, batch_size=100_000
        ).to_list(),
        bounds(engine, ids),
    )
    out = {copy_of(each) for each in found}
    for each in gone:
        if each["feed_id"] in feeds and each["seq"] > feeds[each["feed_id"]]["floor"]:
            out.add(Copy(each["story"], each["_id"], each["feed_id"], each["seq"]))
    return sorted(out, key=lambda copy: (copy.feed_id, copy.seq))


# ---- the recount


async def recount(engine: Engine, after: bytes, limit: int) -> tuple[int, bytes | None]:
    """See ShareMapper.recount_copies."""
    of_copies, of_shares = await asyncio.gather(
        _stories(engine, "copy", {"story": {"$gt": after}}, limit),
        _stories(engine, "share", {"story": {"$gt": after}}, limit),
    )
    stories = sorted(of_copies | of_shares)[:limit]
    changed = 0
    for story in stories:
        changed += await put_right(engine, story)
    if changed:
        await publish(engine)
    return changed, stories[-1] if len(stories) == limit else None


async def _stories(engine: Engine, collection: str, above: Document, limit: int) -> set[bytes]:
    grouped = await engine.db[collection].aggregate(
        [
            {"$match": above},
            {"$sort": {"story": 1}},
            {"$group": {"_id": "$story"}},
            {"$sort": {"_id": 1}},
            {"$limit": limit},
        ],
        batchSize=limit + 1,
    )
    return {bytes(each["_id"]) async for each in grouped}


async def put_right(engine: Engine, story: bytes) -> int:
    """Removes what is no copy of the story, adds what is missing, touches the feeds. Returns how many rows changed."""
    stored, live = await asyncio.gather(
        engine.db.copy.find({"story": story}, batch_size=MOST_FEEDS).to_list(),
        engine.db.share.find({"story": story, "removed_at": None}, {"feed_id": 1, "seq": 1}, batch_size=ALL).to_list(),
    )
    known = [copy_of(each) for each in stored]
    feeds = await bounds(engine, {each.feed_id for each in known} | {each["feed_id"] for each in live})
    shared = {each["_id"]: each for each in live}
    there = await _places(engine, known)
    dead = [each for each in known if not _stands(each, feeds.get(each.feed_id), there, shared)]
    if dead:
        gone = {"_id": {"$in": [copy_key(each) for each in dead]}, "feed_id": {"$in": [each.feed_id for each in dead]}}
        await engine.db.copy.delete_many(gone)
    have = {each.feed_id for each in known} - {each.feed_id for each in dead}
    missing = [
        Copy(story, share_id, each["feed_id"], each["seq"])
        for share_id, each in shared.items()
        if (feed := feeds.get(each["feed_id"])) and each["seq"] > feed["floor"]
    ]
    if known or live:
        missing += await tellers(engine, story)
    new = {each.feed_id: each for each in missing if each.feed_id not in have}
    await place(engine, [*new.values()])
    await touch(engine, {each.feed_id for each in dead} | set(new))
    return len(dead) + len(new)


async def _places(engine: Engine, known: Sequence[Copy]) -> dict[str, int]:
    """Place → id of the entry there."""
    keys = [key(each.feed_id, each.seq) for each in known]
    found = engine.db.entry.find({"_id": {"$in": keys}}, {"id": 1}, batch_size=len(keys) + 1)
    return {each["_id"]: each["id"] async for each in found} if keys else {}


def _stands(copy: Copy, feed: Document | None, there: dict[str, int], shared: dict[int, Document]) -> bool:
    """Whether a list may show the entry that the copy points to."""
    if feed is None or there.get(key(copy.feed_id, copy.seq)) != copy.entry_id:
        return False
    if not feed["floor"] < copy.seq <= feed["seq"]:
        return False
    return feed["kind"] != "stream" or copy.entry_id in shared
