"""Jobs on MongoDB. Each change is one write to one job, refused by its state or its token."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import orjson
from pymongo import ReturnDocument, UpdateOne
from pymongo.errors import DuplicateKeyError

from reader.mappers.errors import StoreError
from reader.mappers.mongo.engine import Document, Engine, guarded
from reader.mappers.mongo.indexes import Index
from reader.models.job import Job

INDEXES = (
    # What is due, the oldest first; both states' times stand in the index, so that only what is due is read.
    Index("job", (("state", 1), ("created_at", 1), ("_id", 1), ("run_at", 1), ("lease_until", 1))),
    Index("job", (("state", 1), ("lease_holder", 1))),
    Index("job", (("finished_at", 1),), sparse=True),
    Index("job", (("name", 1), ("finished_at", 1))),
)
OPEN = ["waiting", "running"]
OVER = ["done", "failed", "cancelled"]
OLDEST = [("created_at", 1), ("_id", 1)]
MOST_STORY = 50  # errors that a job remembers
FREE = {"lease_until": 0.0, "lease_holder": ""}


def _job(stored: Document) -> Job:
    return Job(
        stored["_id"], stored["name"], stored["args"], stored["queue"], stored["state"], stored["attempts"],
        stored["run_at"], stored["lease_token"], stored["lease_until"], stored["result"], stored["error"],
        stored["created_at"], stored.get("finished_at"), stored["lost"], orjson.dumps(stored["story"]).decode(),
        stored["lease_holder"],
    )  # fmt: skip


def _held(key: str, token: int) -> Document:
    return {"_id": key, "lease_token": token, "state": "running"}


@guarded
class MongoJobs:
    """JobMapper."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._db = engine.db

    async def put(self, key: str, name: str, args: str, queue: str, *, now: float, run_at: float) -> tuple[Job, bool]:
        anew = {
            "name": name, "args": args, "queue": queue, "state": "waiting", "attempts": 0, "run_at": run_at,
            "created_at": now, "lost": 0, "story": [], "result": None, "error": None, **FREE,
        }  # fmt: skip
        for _attempt in range(3):
            try:
                stored = await self._db.job.find_one_and_update(
                    {"_id": key, "state": {"$in": OVER}},
                    {"$set": anew, "$unset": {"finished_at": ""}, "$setOnInsert": {"lease_token": 0}},
                    upsert=True,
                    return_document=ReturnDocument.AFTER,
                )
            except DuplicateKeyError:  # it is there, and not over
                stored = None
            if stored is not None:
                return _job(stored), True
            if (job := await self.get(key)) is not None:
                return job, False
        raise StoreError("The job came and went.")

    async def get(self, key: str) -> Job | None:
        stored = await self._db.job.find_one({"_id": key})
        return _job(stored) if stored else None

    async def many(self, keys: Sequence[str]) -> list[Job]:
        found = self._db.job.find({"_id": {"$in": [*keys]}}, batch_size=max(len(keys), 2))
        return [_job(stored) async for stored in found]

    async def due(self, now: float, limit: int) -> list[Job]:
        waiting, lost = await asyncio.gather(
            self._oldest({"state": "waiting", "run_at": {"$lte": now}}, limit),
            self._oldest({"state": "running", "lease_until": {"$lte": now}}, limit),
        )
        return sorted((*waiting, *lost), key=lambda job: (job.created_at, job.key))[:limit]

    async def _oldest(self, which: Document, limit: int) -> list[Job]:
        found = self._db.job.find(which, batch_size=limit + 1).sort(OLDEST).limit(limit)
        return [_job(stored) async for stored in found]

    async def start(self, key: str, now: float, until: float, holder: str = "") -> Job | None:
        sets = {"state": "running", "lease_until": until, "lease_holder": holder}
        counts = {"attempts": 1, "lease_token": 1}
        waiting = {"_id": key, "state": "waiting", "run_at": {"$lte": now}}
        lost = {"_id": key, "state": "running", "lease_until": {"$lte": now}}
        return await self._take(waiting, sets, counts) or await self._take(lost, sets, counts | {"lost": 1})

    async def _take(self, which: Document, sets: Document, counts: dict[str, int]) -> Job | None:
        change = {"$set": sets, "$inc": counts}
        stored = await self._db.job.find_one_and_update(which, change, return_document=ReturnDocument.AFTER)
        return _job(stored) if stored else None

    async def beat(self, held: Sequence[tuple[str, int]], until: float) -> list[str]:
        if not held:
            return []
        extend = {"$max": {"lease_until": until}}
        result = await self._db.job.bulk_write([UpdateOne(_held(*each), extend) for each in held], ordered=False)
        if result.matched_count == len(held):
            return []
        asked = self._db.job.find(
            {"_id": {"$in": [key for key, _ in held]}, "state": "running"},
            {"lease_token": 1},
            batch_size=len(held) + 1,
        )
        ours = {(stored["_id"], stored["lease_token"]) async for stored in asked}
        return [key for key, token in held if (key, token) not in ours]

    async def holders(self) -> list[str]:
        holders: list[Any] = await self._db.job.distinct("lease_holder", {"state": "running"})
        return [holder for holder in holders if holder]

    async def hold(self, key: str, token: int, holder: str) -> bool:
        return await self._change(_held(key, token), {"$set": {"lease_holder": holder}})

    async def free(self, holder: str, *, counts: bool = True) -> int:
        change = {"$set": {"state": "waiting", **FREE}, "$inc": {"lost": int(counts), "attempts": int(counts) - 1}}
        return (await self._db.job.update_many({"state": "running", "lease_holder": holder}, change)).matched_count

    async def cancel(self, key: str, now: float) -> bool:
        over = {"$set": {"state": "cancelled", "finished_at": now, **FREE}, "$inc": {"lease_token": 1}}
        return await self._change({"_id": key, "state": {"$in": OPEN}}, over)

    async def open_counts(self, now: float) -> dict[str, tuple[int, int, float]]:
        ready = {"$and": [{"$eq": ["$state", "waiting"]}, {"$lte": ["$run_at", now]}]}
        grouped = await self._db.job.aggregate(
            [
                {"$match": {"state": {"$in": OPEN}}},
                {
                    "$group": {
                        "_id": "$queue",
                        "waiting": {"$sum": {"$cond": [ready, 1, 0]}},
                        "running": {"$sum": {"$cond": [{"$eq": ["$state", "running"]}, 1, 0]}},
                        "oldest": {"$min": {"$cond": [ready, "$created_at", None]}},
                    }
                },
            ]
        )
        return {each["_id"]: (each["waiting"], each["running"], each["oldest"] or 0.0) async for each in grouped}

    async def finish(self, key: str, token: int, result: str, now: float) -> bool:
        """The dead letter goes first: it is of an earlier run, and should this one end here, the next will do so."""
        if not await self._db.job.find_one(_held(key, token), {"_id": 1}):
            return False
        await self._db.dead_letter.delete_one({"_id": key})
        sets = {"state": "done", "result": result, "error": None, "finished_at": now, **FREE}
        return await self._change(_held(key, token), {"$set": sets})

    async def fail(self, key: str, token: int, error: str, now: float, retry_at: float | None) -> bool:
        after = (
            {"state": "failed", "finished_at": now} if retry_at is None else {"state": "waiting", "run_at": retry_at}
        )
        story = {"story": {"$each": [error], "$slice": -MOST_STORY}}
        return await self._change(_held(key, token), {"$set": {"error": error, **after, **FREE}, "$push": story})

    async def trust(self, key: str, token: int) -> bool:
        while True:
            job = await self._db.job.find_one(_held(key, token), {"attempts": 1, "lost": 1})
            if job is None:
                return False
            seen = {"attempts": job["attempts"], "lost": job["lost"]}
            trusted = {"$set": {"attempts": job["attempts"] - job["lost"], "lost": 0}}
            if await self._change(_held(key, token) | seen, trusted):
                return True

    async def give_back(self, key: str, token: int, *, lost: bool = False) -> bool:
        counts = {"lost": 1} if lost else {"attempts": -1}
        return await self._change(_held(key, token), {"$set": {"state": "waiting", **FREE}, "$inc": counts})

    async def remove_finished(self, before: float, names: Sequence[str] | None = None) -> int:
        which: Document = {"finished_at": {"$lt": before}}
        if names is not None:
            which["name"] = {"$in": [*names]}
        return (await self._db.job.delete_many(which)).deleted_count

    async def _change(self, which: Document, change: Document) -> bool:
        return (await self._db.job.update_one(which, change)).matched_count > 0
