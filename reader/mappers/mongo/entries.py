"""Entries on MongoDB; storing them is in append.py, where they stand in places.py, removing them in purge.py."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from reader.mappers.entries import Appended
from reader.mappers.mongo.append import append
from reader.mappers.mongo.engine import ALL, Document, Engine, guarded
from reader.mappers.mongo.entry_documents import WHOLE, entry_of, known_of
from reader.mappers.mongo.feed_documents import bounds
from reader.mappers.mongo.places import limits, positions
from reader.mappers.mongo.purge import purge
from reader.mappers.mongo.whereabouts import Whereabouts
from reader.models.entry import Entry, Known, NewEntry, Position

MOST_FOR_RHYTHM = 5_000
IDS_AT_ONCE = 10_000
LOOK_BACK = 200  # entries looked at in one round trip of last_id()
TRACE = {"_id": 0, "uid": 1, "digest": 1, "keys": 1, "published_at": 1, "updated_at": 1, "changes": 1}


@guarded
class MongoEntries:
    """EntryMapper."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._db = engine.db
        self._where = Whereabouts()

    async def known(self, feed_id: int, limit: int) -> dict[str, Known]:
        visible = await self._visible(feed_id)
        if visible is None or not limit:
            return {}
        found = self._db.trace.find(visible, TRACE, batch_size=ALL).sort("seq", -1).limit(limit)
        return {trace["uid"]: known_of(trace) for trace in await found.to_list()}

    async def _visible(self, feed_id: int) -> Document | None:
        """The query for what lists show of a feed; None where there is nothing."""
        floor, seq = (await bounds(self._engine, [feed_id])).get(feed_id, (0, 0))
        return {"feed_id": feed_id, "seq": {"$gt": floor, "$lte": seq}} if seq > floor else None

    async def append(
        self, feed_id: int, token: int, entries: Sequence[NewEntry], *, renewed: dict[str, str], now: float
    ) -> Appended | None:
        return await append(self._engine, feed_id, token, entries, renewed, now)

    async def positions(self, ranges: Sequence[tuple[int, int, int]]) -> dict[int, list[Position]]:
        found = await positions(self._engine, ranges)
        for feed_id, places in found.items():
            self._where.learn(feed_id, places)
        return found

    async def many(self, ids: Sequence[int]) -> list[Entry]:
        """One round trip: those whose feeds are known here are asked for on the shards of these feeds, others on all.
        One more for what is not where it was, because it is gone or went over to another feed."""
        known, unknown = self._where.sort_out(ids)
        parts = [unknown[at : at + IDS_AT_ONCE] for at in range(0, len(unknown), IDS_AT_ONCE)]
        asked = [self._many({"id": {"$in": part}}) for part in parts]
        if known:
            asked.append(self._many({"feed_id": {"$in": list(set(known.values()))}, "id": {"$in": list(known)}}))
        entries = {entry.id: entry for part in await asyncio.gather(*asked) for entry in part}
        if moved := [entry_id for entry_id in known if entry_id not in entries]:
            entries |= {entry.id: entry for entry in await self._many({"id": {"$in": moved}})}
        self._where.note({entry.id: entry.feed_id for entry in entries.values()})
        return [entries[entry_id] for entry_id in ids if entry_id in entries]

    async def _many(self, query: Document) -> list[Entry]:
        return [entry_of(stored) for stored in await self._db.entry.find(query, WHOLE, batch_size=ALL).to_list()]

    async def limits(self, feed_ids: Sequence[int], *, max_id: int | None, before: float | None) -> dict[int, int]:
        return await limits(self._engine, feed_ids, max_id, before)

    async def purge(self, feed_id: int, keep: int, *, now: float) -> int:
        return await purge(self._engine, feed_id, keep)

    async def over(self, keep: int, limit: int) -> list[int]:
        found = self._db.feed.find({"size": {"$gt": keep * 11 // 10}}, {"size": 1}, batch_size=ALL).sort(
            [("size", -1), ("_id", 1)]
        )
        return [feed["_id"] for feed in await found.limit(limit).to_list()] if limit else []

    async def published_since(self, feed_id: int, since: float) -> list[float]:
        visible = await self._visible(feed_id)
        if visible is None:
            return []
        fields = {"_id": 0, "published_at": 1, "arrived_at": 1}
        found = self._db.trace.find({**visible, "sort_at": {"$gte": since}}, fields, batch_size=ALL).sort("seq", -1)
        rows = await found.limit(MOST_FOR_RHYTHM).to_list()
        return [row["arrived_at"] if row["published_at"] is None else row["published_at"] for row in rows]

    async def last_id(self) -> int:
        """The newest are looked at until one is visible: what a puller that died left behind is not."""
        below: Document = {"$gt": 0}
        while True:
            found = self._db.entry.find(
                {"id": below}, {"_id": 0, "id": 1, "feed_id": 1, "seq": 1}, batch_size=ALL
            ).sort("id", -1)
            rows = await found.limit(LOOK_BACK).to_list()
            visible = await bounds(self._engine, list({row["feed_id"] for row in rows}))
            for row in rows:
                floor, seq = visible.get(row["feed_id"], (0, 0))
                if floor < row["seq"] <= seq:
                    newest: int = row["id"]
                    return newest
            if len(rows) < LOOK_BACK:
                return 0
            below = {"$gt": 0, "$lt": rows[-1]["id"]}
