"""What operators see and steer, on MongoDB. Live settings with their audit are in settings.py."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Sequence

from pymongo import DeleteMany, ReplaceOne

from reader.mappers.mongo import settings
from reader.mappers.mongo.engine import Document, Engine, guarded
from reader.mappers.mongo.indexes import Index
from reader.mappers.mongo.keyset import below
from reader.mappers.operations import Figures, Report
from reader.models.operations import AuditLine, DeadLetter, Owned

INDEXES = (
    Index("dead_letter", (("died_at", -1), ("_id", -1))),
    Index("job_owner", (("user_id", 1), ("submitted_at", -1), ("key", 1))),
    Index("job_owner", (("user_id", 1), ("key", 1))),
    Index("job_owner", (("submitted_at", 1),)),
    Index("manager", (("seen_at", 1),)),
    Index("history", (("at", 1), ("holder", 1))),
)


def _letter(stored: Document) -> DeadLetter:
    return DeadLetter(
        stored["_id"],
        stored["name"],
        stored["args"],
        stored["queue"],
        stored["error"],
        tuple(stored["story"]),
        stored["attempts"],
        stored["died_at"],
    )


def _owned(stored: Document) -> Owned:
    return Owned(
        stored["user_id"], stored["key"], stored["name"], stored["args"], stored["submitted_at"], stored["mark"]
    )


@guarded
class MongoOperations:
    """OperationsMapper."""

    def __init__(self, engine: Engine) -> None:
        self._db = engine.db
        self._engine = engine

    # ---- dead letters

    async def bury(self, letter: DeadLetter) -> None:
        stored = dataclasses.asdict(letter) | {"story": list(letter.story)}
        await self._db.dead_letter.replace_one({"_id": stored.pop("key")}, stored, upsert=True)

    async def dead(self, *, before: tuple[float, str] | None = None, limit: int) -> list[DeadLetter]:
        which = below("died_at", "_id", before) if before else {}
        found = self._db.dead_letter.find(which, batch_size=limit + 1).sort([("died_at", -1), ("_id", -1)])
        return [_letter(stored) async for stored in found.limit(limit)]

    async def dead_letter(self, key: str) -> DeadLetter | None:
        stored = await self._db.dead_letter.find_one({"_id": key})
        return _letter(stored) if stored else None

    async def dead_counts(self) -> dict[str, int]:
        counted = await self._db.dead_letter.aggregate([{"$group": {"_id": "$queue", "number": {"$sum": 1}}}])
        return {each["_id"]: each["number"] async for each in counted}

    async def unbury(self, keys: Sequence[str]) -> list[DeadLetter]:
        """One by one, but side by side: of several callers one gets each."""
        taken = await asyncio.gather(*(self._db.dead_letter.find_one_and_delete({"_id": key}) for key in keys))
        return [_letter(stored) for stored in taken if stored]

    # ---- owners

    async def own(self, owned: Owned) -> None:
        which = {"_id": f"{owned.user_id}:{owned.key}", "user_id": owned.user_id}
        await self._db.job_owner.replace_one(which, dataclasses.asdict(owned), upsert=True)

    async def owned(self, user_id: int, keys: Sequence[str]) -> list[Owned]:
        which = {"user_id": user_id, "key": {"$in": [*keys]}}
        return [_owned(stored) async for stored in self._db.job_owner.find(which, batch_size=len(keys) + 1)]

    async def owned_page(self, user_id: int, limit: int) -> list[Owned]:
        found = self._db.job_owner.find({"user_id": user_id}, batch_size=limit + 1)
        found = found.sort([("submitted_at", -1), ("key", 1)]).limit(limit)
        return [_owned(stored) async for stored in found]

    async def trim_owned(self, before: float) -> int:
        return (await self._db.job_owner.delete_many({"submitted_at": {"$lt": before}})).deleted_count

    # ---- reports of processes

    async def report(self, report: Report) -> int:
        fields = {"seen_at": report.seen_at, "status": report.status}
        _, rev = await asyncio.gather(
            self._db.manager.replace_one({"_id": report.holder}, fields, upsert=True), settings.rev(self._engine)
        )
        return rev

    async def reports(self, since: float) -> list[Report]:
        found = self._db.manager.find({"seen_at": {"$gte": since}}, batch_size=1000)
        reports = [Report(stored["_id"], stored["seen_at"], stored["status"]) async for stored in found]
        return sorted(reports, key=lambda report: report.holder)

    async def holders(self, since: float) -> list[str]:
        found = self._db.manager.find({"seen_at": {"$gte": since}}, {"_id": 1}, batch_size=1000)
        return sorted([stored["_id"] async for stored in found])

    async def forget(self, holder: str) -> None:
        await self._db.manager.delete_one({"_id": holder})

    # ---- settings and the audit

    async def settings(self) -> tuple[int, dict[tuple[str, str], float]]:
        return await settings.in_force(self._engine)

    async def setting_rev(self) -> int:
        return await settings.rev(self._engine)

    async def set_setting(self, queue: str, name: str, value: float | None, audit: AuditLine) -> None:
        await settings.change(self._engine, audit, {"queue": queue, "name": name, "value": value})

    async def note(self, audit: AuditLine) -> None:
        await settings.change(self._engine, audit, None)

    async def audit(self, *, before: int | None = None, limit: int) -> list[AuditLine]:
        return await settings.audit(self._engine, before, limit)

    async def trim_audit(self, keep: int) -> int:
        return await settings.trim(self._engine, keep)

    # ---- history

    async def record(self, figures: Figures, before: float) -> None:
        which = {"_id": f"{figures.at!r}/{figures.holder}"}
        await self._db.history.bulk_write(
            [ReplaceOne(which, dataclasses.asdict(figures), upsert=True), DeleteMany({"at": {"$lt": before}})]
        )

    async def history(self, since: float) -> list[Figures]:
        found = self._db.history.find({"at": {"$gte": since}}, batch_size=5000).sort([("at", 1), ("holder", 1)])
        return [Figures(stored["at"], stored["holder"], stored["figures"]) async for stored in found]
