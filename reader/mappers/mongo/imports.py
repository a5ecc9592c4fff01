"""Imports on MongoDB: rows and their states. What makes subscriptions is in planting.py, what drives an import in
import_runs.py, what takes it back in import_undo.py."""

from __future__ import annotations

from collections.abc import Sequence

from pymongo import ReplaceOne, UpdateOne

from reader.errors import NotFound
from reader.mappers.imports import Outcome, Waiting, Watched
from reader.mappers.mongo import import_runs, import_undo, planting
from reader.mappers.mongo.engine import Document, Engine, guarded
from reader.mappers.mongo.feed_making import find_all
from reader.mappers.mongo.import_documents import FINAL, SHOWN, added, blank, import_of, item_key, item_of
from reader.mappers.mongo.shelf_documents import subscriptions
from reader.models.imports import Import, ImportItem, ImportState, ItemState, Tally

EITHER = {"$in": [True, False]}
CLOSED = ["paused", "cancelled"]  # where items may still run


@guarded
class MongoImports:
    """ImportMapper."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._jobs = engine.db["import"]
        self._items = engine.db.import_item

    async def create(self, user_id: int, name: str, now: float) -> Import:
        if not await self._engine.db.user.find_one({"_id": user_id}, {"_id": 1}):
            raise NotFound("There is no such account.")
        stored = {"_id": await self._engine.next_id("import"), **blank(user_id, name, now)}
        await self._jobs.insert_one(stored)
        return import_of(stored)

    async def add_items(self, import_id: int, items: Sequence[ImportItem]) -> None:
        if not items:
            return
        await self._items.bulk_write(
            [ReplaceOne({"_id": item_key(import_id, i.number)}, added(import_id, i), upsert=True) for i in items],
            ordered=False,
        )

    async def get(self, import_id: int) -> Import | None:
        stored = await self._jobs.find_one({"_id": import_id})
        return import_of(stored) if stored else None

    async def of_user(self, user_id: int, limit: int) -> list[Import]:
        found = self._jobs.find({"user_id": user_id, "state": {"$in": [*SHOWN]}}, batch_size=limit + 1)
        return [import_of(stored) async for stored in found.sort("_id", -1).limit(limit)]

    async def running(self) -> list[Import]:
        open_ = self._jobs.find({"state": {"$in": ["running", *CLOSED]}}, batch_size=1000).sort("_id", 1)
        jobs = [import_of(stored) async for stored in open_]
        closed = [job.id for job in jobs if job.state != "running"]
        which = {"import_id": {"$in": closed}, "state": "running", "planted": True}
        busy = set(await self._items.distinct("import_id", which)) if closed else set()
        return [job for job in jobs if job.state == "running" or job.id in busy]

    async def switch(self, import_id: int, before: Sequence[ImportState], after: ImportState, now: float) -> bool:
        while True:
            job = await self.get(import_id)
            if job is None or job.state not in before:
                return False
            fields: Document = {"state": after}
            if after == "running":
                settled = (await self.tally(import_id)).settled
                fields |= {"started_at": job.started_at or now, "resumed_at": now, "resumed_count": settled}
            if after in FINAL:
                fields["finished_at"] = now
            if (await self._jobs.update_one({"_id": import_id, "state": job.state}, {"$set": fields})).matched_count:
                return True

    async def tally(self, import_id: int) -> Tally:
        each_kind = {"kind": "$kind", "chosen": "$chosen", "state": "$state", "settled": "$settled"}
        grouped = await self._items.aggregate(
            [{"$match": {"import_id": import_id}}, {"$group": {"_id": each_kind, "number": {"$sum": 1}}}]
        )
        counts: dict[str, int] = {}
        async for row in grouped:
            group, number = row["_id"], row["number"]
            names = [group["kind"]]
            if group["chosen"]:
                names += [group["state"], "settled"] if group["settled"] else [group["state"]]
            for name in names:
                counts[name] = counts.get(name, 0) + number
        return Tally(**counts)

    async def items(
        self, import_id: int, *, states: Sequence[ItemState] = (), after: int = 0, limit: int = 1000
    ) -> list[ImportItem]:
        which: Document = {"import_id": import_id, "number": {"$gt": after}}
        if states:
            which |= {"state": {"$in": [*states]}, "planted": EITHER}
        found = self._items.find(which, batch_size=limit + 1).sort("number", 1).limit(limit)
        return [item_of(stored) async for stored in found]

    async def item(self, import_id: int, number: int) -> ImportItem | None:
        stored = await self._items.find_one({"_id": item_key(import_id, number)})
        return item_of(stored) if stored else None

    async def choose(self, import_id: int, numbers: Sequence[int]) -> int:
        """Two writes; who starts the import does so after both."""
        new: Document = {"import_id": import_id, "kind": "new"}
        skipped = {"$set": {"chosen": False, "state": "skipped"}}
        await self._items.update_many(new | {"number": {"$nin": [*numbers]}}, skipped)
        chosen = {"$set": {"chosen": True, "state": "waiting"}}
        return (await self._items.update_many(new | {"number": {"$in": [*numbers]}}, chosen)).matched_count

    async def known(self, user_id: int, urls: Sequence[str]) -> dict[str, bool]:
        """Three round trips: whose the URLs are, which feeds there are, which the user reads."""
        feeds = await find_all(self._engine, urls)
        asked = self._engine.db.feed.find({"_id": {"$in": [*feeds.values()]}}, {"_id": 1}, batch_size=len(feeds) + 1)
        there = {feed["_id"] async for feed in asked}
        mine = await subscriptions(self._engine, user_id, [*there], {"feed_id": 1})
        return {url: feed_id in mine for url, feed_id in feeds.items() if feed_id in there}

    async def plant(self, import_id: int, limit: int, *, unread: int, now: float, due_at: float) -> int:
        return await planting.plant(self._engine, import_id, limit, unread, now, due_at)

    async def waiting(self, import_id: int, limit: int) -> list[Waiting]:
        which = {"import_id": import_id, "state": "waiting", "planted": True}
        found = self._items.find(which, {"_id": 0, "number": 1, "feed_id": 1, "url": 1}, batch_size=limit + 1)
        return [Waiting(i["number"], i["feed_id"], i["url"]) async for i in found.sort("number", 1).limit(limit)]

    async def take(self, import_id: int, numbers: Sequence[int], *, now: float, stale: float) -> list[int]:
        return await import_runs.take(self._engine, import_id, numbers, now, stale)

    async def watch(self, import_id: int) -> list[Watched]:
        return await import_runs.watch(self._engine, import_id)

    async def again(self, import_id: int, numbers: Sequence[int], now: float) -> None:
        await import_runs.again(self._engine, import_id, numbers, now)

    async def settle(self, import_id: int, outcomes: Sequence[Outcome]) -> int:
        if not outcomes:
            return 0
        writes = [
            UpdateOne({"_id": item_key(import_id, each.number), "state": "running"}, {"$set": _settled(each)})
            for each in outcomes
        ]
        return (await self._items.bulk_write(writes, ordered=False)).matched_count

    async def put_back(self, import_id: int, number: int, url: str | None) -> bool:
        return await import_undo.put_back(self._engine, import_id, number, url)

    async def finish(self, import_id: int, now: float) -> bool:
        """Names first: a second try does them again. What a person puts back between the look and the switch sets the
        import going again."""
        if not await self._jobs.find_one({"_id": import_id, "state": "running"}, {"_id": 1}):
            return False
        if await self._open(import_id):
            return False
        await import_undo.drop_usual_titles(self._engine, import_id)
        if not await self.switch(import_id, ["running"], "done", now):
            return False
        if await self._open(import_id):
            await self.switch(import_id, ["done"], "running", now)
            return False
        return True

    async def _open(self, import_id: int) -> bool:
        which = {"import_id": import_id, "state": {"$in": ["waiting", "running"]}}
        return await self._items.find_one(which, {"_id": 1}) is not None

    async def take_back(self, import_id: int, *, waiting_only: bool = False) -> tuple[int, int]:
        return await import_undo.take_back(self._engine, import_id, waiting_only)

    async def trim(self, previews_before: float, done_before: float) -> int:
        """Their items go first."""
        removed = 0
        for states, before in ((["filling", "preview"], previews_before), ([*FINAL], done_before)):
            which = {"state": {"$in": states}, "created_at": {"$lt": before}}
            for job in await self._jobs.find(which, {"_id": 1}).to_list():
                await self._items.delete_many({"import_id": job["_id"]})
                removed += (await self._jobs.delete_one({"_id": job["_id"], **which})).deleted_count
        return removed


def _settled(outcome: Outcome) -> Document:
    found = [[each.url, each.title] for each in outcome.found]
    fields: Document = {
        "state": outcome.state, "reason": outcome.reason, "looking": outcome.looking, "found": found,
    }  # fmt: skip
    return fields if outcome.state == "running" else fields | {"settled": True}
