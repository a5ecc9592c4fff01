"""Named leases and the undo journal on MongoDB. Jobs are in jobs.py."""

from __future__ import annotations

import dataclasses

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from reader.mappers.mongo.engine import Document, Engine, guarded
from reader.mappers.mongo.indexes import Index
from reader.models.job import Lease
from reader.models.subscription import Undo

INDEXES = (
    Index("undo", (("user_id", 1), ("kind", 1), ("created_at", -1), ("_id", -1), ("expires_at", 1))),
    Index("undo", (("expires_at", 1),)),
)


def _lease(stored: Document) -> Lease:
    return Lease(stored["_id"], stored["token"], stored["holder"], stored["until"])


@guarded
class MongoLeases:
    """LeaseMapper."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._db = engine.db

    async def take(self, name: str, holder: str, now: float, until: float) -> Lease | None:
        # Nobody who takes it for as long can have it for so much longer, unless a clock was set back since.
        far = until + 4 * (until - now) + 60
        mine = {"_id": name, "holder": holder, "until": {"$gt": now}}
        stored = await self._db.lease.find_one_and_update(
            mine, {"$set": {"until": until}}, return_document=ReturnDocument.AFTER
        )
        if stored is not None:
            return _lease(stored)
        over = {"_id": name, "$or": [{"until": {"$lte": now}}, {"until": {"$gt": far}}]}
        change = {"$set": {"holder": holder, "until": until}, "$inc": {"token": 1}}
        try:
            stored = await self._db.lease.find_one_and_update(
                over, change, upsert=True, return_document=ReturnDocument.AFTER
            )
        except DuplicateKeyError:  # it is there, and another's
            return None
        return _lease(stored) if stored else None

    async def drop(self, name: str, token: int) -> None:
        """The document stays: its token must go on rising."""
        await self._db.lease.update_one({"_id": name, "token": token}, {"$set": {"holder": "", "until": 0.0}})

    async def get(self, name: str) -> Lease | None:
        stored = await self._db.lease.find_one({"_id": name, "until": {"$gt": 0}})
        return _lease(stored) if stored else None


def _undo(stored: Document) -> Undo:
    return Undo(
        stored["_id"],
        stored["user_id"],
        stored["kind"],
        stored["label"],
        stored["payload"],
        stored["created_at"],
        stored["expires_at"],
    )


@guarded
class MongoUndo:
    """UndoMapper."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._db = engine.db

    async def add(self, undo: Undo) -> None:
        stored = dataclasses.asdict(undo)
        await self._db.undo.replace_one({"_id": stored.pop("token")}, stored, upsert=True)

    async def take(self, user_id: int, token: str, now: float) -> Undo | None:
        which = {"_id": token, "user_id": user_id, "expires_at": {"$gt": now}}
        stored = await self._db.undo.find_one_and_delete(which)
        return _undo(stored) if stored else None

    async def latest(self, user_id: int, kind: str, now: float) -> Undo | None:
        which = {"user_id": user_id, "kind": kind, "expires_at": {"$gt": now}}
        stored = await self._db.undo.find_one(which, sort=[("created_at", -1), ("_id", -1)])
        return _undo(stored) if stored else None

    async def trim(self, before: float) -> int:
        return (await self._db.undo.delete_many({"expires_at": {"$lt": before}})).deleted_count
