"""Shares on MongoDB: reading them. Writing is in sharing.py, copies in copies.py, what a removed account leaves in
share_departure.py."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from pymongo import UpdateOne
from pyroaring import BitMap

from reader.mappers.mongo import copies, share_departure, sharing
from reader.mappers.mongo.engine import ALL, Document, Engine, guarded
from reader.mappers.mongo.entry_documents import WHOLE, entry_of, key
from reader.mappers.mongo.revisions import publish, waiting
from reader.mappers.mongo.share_documents import pack_withdrawn, share_of, withdrawn_of
from reader.mappers.shares import NewShare, Related
from reader.models.entry import Entry
from reader.models.share import Copy, Share, own_story

ALSO_MOST = 2000
CREDIT = {"feed_id": 1, "parent_id": 1, "removed_at": 1, "credit": 1}


@guarded
class MongoShares:
    """ShareMapper."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._db = engine.db

    async def story(self, entry: Entry) -> bytes:
        place = {"feed_id": entry.feed_id, "seq": entry.seq, "entry_id": entry.id}
        known = await self._db.copy.find_one(place, {"story": 1})
        if known is not None:
            return bytes(known["story"])
        if entry.story is None:
            return own_story(entry.id)
        told = {"story": entry.story, "feed_id": entry.feed_id}
        copied, feed = await asyncio.gather(
            self._db.copy.find_one(told, {"_id": 1}), self._db.feed.find_one({"_id": entry.feed_id}, {"floor": 1})
        )
        floor = feed["floor"] if feed else 0
        visible = self._db.entry.find({**told, "seq": {"$gt": floor}}, {"_id": 0, "id": 1}, batch_size=3).limit(2)
        others = [each["id"] for each in await visible.to_list() if each["id"] != entry.id]
        return own_story(entry.id) if copied or others else entry.story

    async def add(self, new: NewShare, *, now: float) -> tuple[Share, bool]:
        return await sharing.add(self._engine, new, now)

    async def remove(self, user_id: int, share_id: int, *, now: float) -> Share | None:
        return await sharing.remove(self._engine, user_id, share_id, now)

    async def restore(self, user_id: int, share_id: int, *, note: str, noted_at: float | None) -> bool:
        return await sharing.restore(self._engine, user_id, share_id, note, noted_at)

    async def note(self, user_id: int, share_id: int, text: str, *, now: float) -> Share | None:
        return await sharing.note(self._engine, user_id, share_id, text, now)

    async def get(self, share_id: int) -> Share | None:
        stored = await self._db.share.find_one({"_id": share_id})
        return share_of(stored) if stored else None

    async def many(self, share_ids: Sequence[int]) -> dict[int, Share]:
        found = self._db.share.find({"_id": {"$in": [*share_ids]}}, batch_size=ALL)
        return {stored["_id"]: share_of(stored) async for stored in found}

    async def related(self, entries: Sequence[tuple[int, int, int]], feed_ids: Sequence[int], user_id: int) -> Related:
        """Two round trips: the shares and the stories, then what is above the ones and who shared the others."""
        these = {"_id": {"$in": [each[0] for each in entries]}, "feed_id": {"$in": [*{each[1] for each in entries}]}}
        stored, stories, mine = await asyncio.gather(
            self._db.share.find(these, batch_size=ALL).to_list(), self._stories(entries), self._streams(user_id)
        )
        above = {share_id for each in stored for share_id in each.get("path", [])} - {each["_id"] for each in stored}
        told = {"story": {"$in": sorted(set(stories.values()))}, "removed_at": None}
        higher, theirs, own = await asyncio.gather(
            self._shares([*above]),
            self._also({**told, "feed_id": {"$in": [*feed_ids]}}),
            self._also({**told, "feed_id": {"$in": mine}}),
        )
        also = {each["_id"]: each for each in (*theirs, *own)}
        return Related(
            {each["_id"]: share_of(each) for each in (*stored, *higher)},
            stories,
            tuple(share_of(also[share_id]) for share_id in sorted(also)[:ALSO_MOST]),
        )

    async def _streams(self, user_id: int) -> list[int]:
        """Feeds of the user's own streams: where their shares are."""
        found = self._db.stream.find({"user_id": user_id, "position": {"$gte": 0}}, {"feed_id": 1}, batch_size=ALL)
        return [each["feed_id"] async for each in found]

    async def _shares(self, share_ids: Sequence[int]) -> list[Document]:
        return await self._db.share.find({"_id": {"$in": [*share_ids]}}, batch_size=ALL).to_list()

    async def _stories(self, entries: Sequence[tuple[int, int, int]]) -> dict[int, bytes]:
        which = {
            "feed_id": {"$in": [*{each[1] for each in entries}]},
            "seq": {"$in": [*{each[2] for each in entries}]},
            "entry_id": {"$in": [each[0] for each in entries]},
        }
        wanted = set(entries)
        return {
            each["entry_id"]: bytes(each["story"])
            async for each in self._db.copy.find(which, batch_size=ALL)
            if (each["entry_id"], each["feed_id"], each["seq"]) in wanted
        }

    async def _also(self, which: Document) -> list[Document]:
        return await self._db.share.find(which, batch_size=ALL).limit(ALSO_MOST).to_list()

    async def known_in(self, stream_id: int, stories: Sequence[bytes]) -> set[bytes]:
        found = await self._db.share.distinct("story", {"stream_id": stream_id, "story": {"$in": [*stories]}})
        return {bytes(story) for story in found}

    async def tree(self, root_id: int, limit: int) -> list[Share]:
        found = self._db.share.find({"root_id": root_id}, batch_size=ALL).sort("_id", 1).limit(limit)
        return [share_of(stored) async for stored in found]

    async def page(self, feed_id: int, *, below: int | None, limit: int) -> list[tuple[Share, Entry]]:
        """Two round trips: the shares, then their entries."""
        feed = await self._db.feed.find_one({"_id": feed_id}, {"floor": 1, "seq": 1})
        if feed is None:
            return []
        seqs = {"$gt": feed["floor"], "$lte": feed["seq"]} | ({} if below is None else {"$lt": below})
        which = {"feed_id": feed_id, "removed_at": None, "seq": seqs}
        found = self._db.share.find(which, batch_size=limit + 1).sort("seq", -1).limit(limit)
        return await self._with_entries([share_of(stored) async for stored in found])

    async def of_user(self, user_id: int, *, after: int, limit: int) -> list[tuple[Share, Entry]]:
        which = {"user_id": user_id, "removed_at": None, "_id": {"$gt": after}}
        found = self._db.share.find(which, batch_size=limit + 1).sort("_id", 1).limit(limit)
        return await self._with_entries([share_of(stored) async for stored in found])

    async def _with_entries(self, shares: Sequence[Share]) -> list[tuple[Share, Entry]]:
        places = [key(share.feed_id, share.seq) for share in shares]
        found = self._db.entry.find({"_id": {"$in": places}}, WHOLE, batch_size=ALL)
        entries = {stored["id"]: entry_of(stored) async for stored in found}
        return [(share, entries[share.id]) for share in shares if share.id in entries]

    async def recount_credit(self, root_id: int) -> int:
        found = self._db.share.find({"root_id": root_id}, CREDIT, batch_size=ALL).sort("_id", -1)
        credit: dict[int, int] = {}
        changed: list[UpdateOne] = []
        async for each in found:
            own = credit.get(each["_id"], 0)  # children have higher ids: all of them were counted
            if (parent_id := each["parent_id"]) is not None:
                credit[parent_id] = credit.get(parent_id, 0) + own + (each["removed_at"] is None)
            if own != each["credit"]:
                changed.append(UpdateOne({"_id": each["_id"], "feed_id": each["feed_id"]}, {"$set": {"credit": own}}))
        if changed:
            await self._db.share.bulk_write(changed, ordered=False)
        return len(changed)

    async def roots(self, *, after: int, limit: int) -> list[int]:
        found = self._db.share.find({"parent_id": None, "_id": {"$gt": after}}, {"_id": 1}, batch_size=limit + 1)
        return [each["_id"] async for each in found.sort("_id", 1).limit(limit)]

    async def recent(self, since: float, *, after: int, limit: int) -> list[Share]:
        """Of the two kinds the ids come from indexes alone, then the shares of one page."""
        made = {"passed": True, "created_at": {"$gte": since}, "_id": {"$gt": after}}
        gone = {"passed": True, "wiped": False, "removed_at": {"$gte": since}, "_id": {"$gt": after}}
        found = await asyncio.gather(
            *(self._db.share.find(which, {"_id": 1}, batch_size=ALL).to_list() for which in (made, gone))
        )
        ids = sorted({each["_id"] for part in found for each in part})[:limit]
        return [share_of(stored) for stored in sorted(await self._shares(ids), key=lambda each: each["_id"])]

    async def wipe(self, before: float, limit: int) -> int:
        return await sharing.wipe(self._engine, before, limit)

    async def forget(self, user_id: int, *, now: float) -> list[int]:
        return await share_departure.forget(self._engine, user_id, now)

    async def copies(self, feed_ids: Sequence[int]) -> list[Copy]:
        return await copies.copies(self._engine, feed_ids)

    async def recount_copies(self, after: bytes, limit: int) -> tuple[int, bytes | None]:
        return await copies.recount(self._engine, after, limit)

    async def recount_withdrawn(self, feed_id: int) -> int:
        """Refused by a change in the same moment; then the next recount does it."""
        feed = await self._db.feed.find_one({"_id": feed_id, "kind": "stream"}, {"withdrawn": 1, "floor": 1})
        if feed is None:
            return 0
        gone: Any = {"feed_id": feed_id, "removed_at": {"$gt": 0}, "seq": {"$gt": feed["floor"]}}
        right = BitMap([each["seq"] async for each in self._db.share.find(gone, {"seq": 1}, batch_size=ALL)])
        if right == withdrawn_of(feed["withdrawn"]):
            return 0
        same = {"_id": feed_id, "withdrawn": feed["withdrawn"]}
        fields = {"withdrawn": pack_withdrawn(right, feed["floor"]), **waiting()}
        done = await self._db.feed.update_one(same, {"$set": fields})
        await publish(self._engine)
        return done.matched_count
