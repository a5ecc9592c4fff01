"""What a new subscription begins with: all but the newest entries are read."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from pyroaring import BitMap

from reader.mappers.bitmaps import span
from reader.mappers.mongo.engine import ALL, Document, Engine
from reader.mappers.mongo.share_documents import withdrawn_of
from reader.mappers.mongo.shelf_documents import subscriptions

FEED = {"floor": 1, "seq": 1, "withdrawn": 1, "copies_rev": 1, "kind": 1}
COPY = {"_id": 0, "story": 1, "feed_id": 1, "seq": 1}


async def backlogs(engine: Engine, user_id: int, feeds: Sequence[Document], unread: int) -> dict[int, BitMap]:
    """For each feed (with FEED): seqs to be read from the start: visible ones but the newest ``unread``, less what the
    reader has elsewhere."""
    read = {feed["_id"]: _read(feed, unread) for feed in feeds}
    if told := [feed["_id"] for feed in feeds if feed["copies_rev"] and read[feed["_id"]]]:
        for feed_id, spared in (await elsewhere(engine, user_id, told)).items():
            read[feed_id] -= spared
    return read


def _read(feed: Document, unread: int) -> BitMap:
    floor, seq = feed["floor"], feed["seq"]
    if not feed["withdrawn"]:
        return span(floor, max(floor, seq - unread))
    visible = span(floor, seq) - withdrawn_of(feed["withdrawn"])
    return visible[: max(0, len(visible) - unread)]


async def elsewhere(engine: Engine, user_id: int, feed_ids: list[int]) -> dict[int, BitMap]:
    """Stories that the reader has from elsewhere. They are read as soon as one copy is (decision 0013), so that what
    nobody has read must not be marked with the backlog."""
    mine = await engine.db.copy.find({"feed_id": {"$in": feed_ids}}, COPY, batch_size=ALL).to_list()
    if not mine:
        return {}
    stories = [*{bytes(each["story"]) for each in mine}]
    copies = await engine.db.copy.find({"story": {"$in": stories}}, COPY, batch_size=ALL).to_list()
    ids = [*{each["feed_id"] for each in copies}]
    read, feeds = await asyncio.gather(
        subscriptions(engine, user_id, ids, {"feed_id": 1}),
        engine.db.feed.find({"_id": {"$in": ids}}, {"floor": 1}, batch_size=ALL).to_list(),
    )
    floors = {feed["_id"]: feed["floor"] for feed in feeds if feed["_id"] in read}
    where: dict[bytes, set[int]] = {}
    for each in copies:
        if each["feed_id"] in floors and each["seq"] > floors[each["feed_id"]]:
            where.setdefault(bytes(each["story"]), set()).add(each["feed_id"])
    spared: dict[int, BitMap] = {}
    for each in mine:
        if where.get(bytes(each["story"]), set()) - {each["feed_id"]}:
            spared.setdefault(each["feed_id"], BitMap()).add(each["seq"])
    return spared
