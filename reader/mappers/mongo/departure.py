"""Removing accounts on MongoDB: the user's document tells that an account leaves, and goes last of all."""

from __future__ import annotations

from collections.abc import AsyncIterator

from reader.mappers.mongo import talk
from reader.mappers.mongo.accounts import ADMINISTRATOR
from reader.mappers.mongo.changes import settled
from reader.mappers.mongo.engine import Document, Engine, guarded
from reader.mappers.mongo.indexes import Index
from reader.models.people import REMOVED

INDEXES = (
    Index("first_unread", (("user_id", 1),)),
    Index("reader", (("user_id", 1),)),
    Index("audit", (("user_id", 1),)),
)
ENDED = ("session", "token", "undo", "webhook")
# Everything of which an account can hold much, by the field that names it.
HELD: tuple[tuple[str, str], ...] = (
    ("notification", "user_id"),
    ("notification", "actor_id"),
    ("liking", "user_id"),
    ("relation", "user_id"),
    ("relation", "other_id"),
    ("approval", "owner_id"),
    ("approval", "user_id"),
    ("flag", "user_id"),
    ("read_journal", "user_id"),
    ("first_unread", "user_id"),
    ("reader", "user_id"),
    ("subscription", "user_id"),
    ("user_change", "user_id"),
    ("job_owner", "user_id"),
    ("folder", "user_id"),
    *((collection, "user_id") for collection in ENDED),
)


async def _left(engine: Engine, user_id: int) -> AsyncIterator[tuple[str, Document]]:
    """Collections and filters for what an account holds, comments, streams and shares left aside."""
    for collection, field in HELD:
        yield collection, {field: user_id}
    async for job in engine.db["import"].find({"user_id": user_id}, {"_id": 1}):
        yield "import_item", {"import_id": job["_id"]}


@guarded
class MongoDeparture:
    """DepartureMapper."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._db = engine.db

    async def begin(self, user_id: int, digest: bytes, *, now: float) -> bool:
        """The name is reserved first, while its account still has it. With ``leaving_at`` nothing finds the account any
        more, so what is removed then may wait for clear()."""
        here = {"_id": user_id, "leaving_at": None}
        if await self._db.user.find_one(here, {"_id": 1}) is None:
            return False
        await self._db.reserved_name.update_one({"_id": digest}, {"$setOnInsert": {"at": now}}, upsert=True)
        fields = {"leaving_at": now, "password_hash": "", "admin": False, "about": ""}
        left = await self._db.user.update_one(here, {"$set": fields, "$inc": {"epoch": 1}})
        if left.matched_count == 0:
            return False
        for collection in ENDED:
            await self._db[collection].delete_many({"user_id": user_id})
        await self._db.claim.delete_one({"_id": ADMINISTRATOR, "user_id": user_id})
        return True

    async def leaving(self, limit: int) -> list[int]:
        found = self._db.user.find({"leaving_at": {"$gt": 0}}, {"_id": 1}, batch_size=limit + 1)
        return [each["_id"] async for each in found.sort("leaving_at", 1).limit(limit)]

    async def is_leaving(self, user_id: int) -> bool:
        which = {"_id": user_id, "leaving_at": {"$gt": 0}}
        return await self._db.user.find_one(which, {"_id": 1}) is not None

    async def release(self, digest: bytes) -> bool:
        return (await self._db.reserved_name.delete_one({"_id": digest})).deleted_count > 0

    async def roots(self, user_id: int, *, after: int, limit: int) -> list[int]:
        found = await self._db.share.aggregate(
            [
                {"$match": {"user_id": user_id, "root_id": {"$gt": after}}},
                {"$group": {"_id": "$root_id"}},
                {"$sort": {"_id": 1}},
                {"$limit": limit},
            ],
            batchSize=limit + 1,
        )
        return [each["_id"] async for each in found]

    async def clear(self, user_id: int, limit: int, *, now: float) -> int:
        """A change that is open is finished first: it would bring back what goes here."""
        if not await self.is_leaving(user_id):
            return 0
        await settled(self._engine, user_id)
        done = await self._clear_comments(user_id, limit, now)
        async for collection, which in _left(self._engine, user_id):
            if done >= limit:
                break
            found = self._db[collection].find(which, {"_id": 1}, batch_size=limit + 1).limit(limit - done)
            ids = [each["_id"] for each in await found.to_list()]
            if ids:
                done += (await self._db[collection].delete_many({"_id": {"$in": ids}})).deleted_count
        return done

    async def _clear_comments(self, user_id: int, limit: int, now: float) -> int:
        found = self._db.comment.find({"user_id": user_id}, {"share_id": 1}, batch_size=limit + 1).limit(limit)
        comments = await found.to_list()
        for each in comments:
            await talk.remove(self._engine, each["_id"], now)
            mine = {"_id": each["_id"], "share_id": each["share_id"]}
            await self._db.comment.update_one(mine, {"$set": {"user_id": None}})
        return len(comments)

    async def finish(self, user_id: int) -> bool:
        user = await self._db.user.find_one({"_id": user_id}, {"name_key": 1, "leaving_at": 1})
        if user is None or user.get("leaving_at") is None:
            return user is None
        if await self._holds_something(user_id):
            return False
        await self._db.audit.update_many({"user_id": user_id}, {"$set": {"user": REMOVED}})
        await self._db["import"].delete_many({"user_id": user_id})
        await self._db.invitation.delete_many({"created_by": user_id})
        await self._db.stream.delete_many({"user_id": user_id})  # what removed ones leave
        await self._db.claim.delete_one({"_id": ADMINISTRATOR, "user_id": user_id})
        await self._db.user_name.delete_one({"_id": user["name_key"], "user_id": user_id})
        await self._db.user.delete_one({"_id": user_id})
        return True

    async def _holds_something(self, user_id: int) -> bool:
        streams = {"user_id": user_id, "position": {"$gte": 0}}
        for collection, which in (
            ("stream", streams),
            ("share", {"user_id": user_id}),
            ("comment", {"user_id": user_id}),
        ):
            if await self._db[collection].find_one(which, {"_id": 1}):
                return True
        async for collection, which in _left(self._engine, user_id):
            if await self._db[collection].find_one(which, {"_id": 1}):
                return True
        return False
