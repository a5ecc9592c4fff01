"""Leases at other people's hubs, and what these bring, on MongoDB. A lease has the id of its feed."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from reader.mappers.errors import StoreError
from reader.mappers.mongo.engine import Document, Engine, guarded
from reader.mappers.mongo.indexes import Index
from reader.mappers.mongo.readers import count_readers
from reader.models.websub import HubLease, Push

INDEXES = (
    Index("hub_lease", (("token", 1),)),
    Index("hub_lease", (("renew_at", 1), ("_id", 1))),
    Index("hub_lease", (("state", 1), ("_id", 1))),
    Index("push", (("feed_id", 1), ("digest", 1)), unique=True),
    Index("push", (("feed_id", 1), ("_id", 1))),
    Index("push", (("due_at", 1),)),
)
LEASE = (
    "hub", "topic", "token", "secret", "state", "asked_at", "until", "renew_at", "pushed_at", "failures", "error",
    "verified_at", "missed_at",
)  # fmt: skip
UNCONFIRMED = ["asked", "denied", "failed"]
LEASES_AT_ONCE = 500


def _lease(stored: Document | None) -> HubLease | None:
    return HubLease(stored["_id"], *[stored[name] for name in LEASE]) if stored else None


@guarded
class MongoPushes:
    """PushMapper."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._db = engine.db

    async def get(self, feed_id: int) -> HubLease | None:
        return _lease(await self._db.hub_lease.find_one({"_id": feed_id}))

    async def by_token(self, token: str) -> HubLease | None:
        return _lease(await self._db.hub_lease.find_one({"token": token}))

    async def want(self, feed_id: int, hub: str, topic: str, *, token: str, secret: str, now: float) -> HubLease:
        """Written over unless it is as wanted: then the insert finds it there."""
        other = {"_id": feed_id, "$or": [{"hub": {"$ne": hub}}, {"topic": {"$ne": topic}}, {"state": "leaving"}]}
        blank = {
            "hub": hub, "topic": topic, "token": token, "secret": secret, "state": "asked", "asked_at": None,
            "until": 0.0, "renew_at": now, "pushed_at": None, "failures": 0, "error": None, "verified_at": None,
            "missed_at": None,
        }  # fmt: skip
        for _attempt in range(3):
            try:
                stored = await self._db.hub_lease.find_one_and_replace(
                    other, blank, upsert=True, return_document=ReturnDocument.AFTER
                )
            except DuplicateKeyError:
                stored = await self._db.hub_lease.find_one({"_id": feed_id})
            lease = _lease(stored)
            if lease is not None:
                return lease
        raise StoreError("The lease came and went.")

    async def due(self, now: float, limit: int) -> list[int]:
        found = self._db.hub_lease.find({"renew_at": {"$lte": now}}, {"_id": 1}, batch_size=limit + 1)
        return [each["_id"] async for each in found.sort([("renew_at", 1), ("_id", 1)]).limit(limit)]

    async def ask(self, feed_id: int, *, now: float, again_at: float) -> HubLease | None:
        due = {"_id": feed_id, "renew_at": {"$lte": now}}
        return await self._change(due, {"asked_at": now, "renew_at": again_at})

    async def confirm(self, token: str, topic: str, *, until: float, renew_at: float, now: float) -> HubLease | None:
        known = await self.by_token(token)
        if known is None:
            return None
        asked = {"_id": known.feed_id, "token": token, "topic": topic, "asked_at": {"$ne": None}}
        fields: Document = {
            "state": "active", "until": until, "renew_at": renew_at, "asked_at": None, "failures": 0, "error": None,
        }  # fmt: skip
        unbroken = asked | {"state": "active", "until": {"$gt": now}}
        return await self._change(unbroken, fields) or await self._change(
            asked | {"state": {"$ne": "leaving"}}, fields | {"verified_at": now}
        )

    async def left(self, token: str, topic: str) -> bool:
        known = await self.by_token(token)
        if known is None:
            return False
        which = {"_id": known.feed_id, "token": token, "topic": topic, "state": "leaving", "asked_at": {"$ne": None}}
        return (await self._db.hub_lease.delete_one(which)).deleted_count > 0

    async def denied(self, token: str, topic: str, reason: str, *, retry_at: float) -> HubLease | None:
        known = await self.by_token(token)
        if known is None:
            return None
        which = {"_id": known.feed_id, "token": token, "topic": topic, "state": {"$ne": "leaving"}}
        fields = {
            "state": "denied", "until": 0.0, "asked_at": None, "verified_at": None, "renew_at": retry_at,
            "error": reason,
        }  # fmt: skip
        return await self._change(which, fields)

    async def failed(self, feed_id: int, error: str, *, retry_at: float, now: float) -> None:
        fields = {"error": error, "asked_at": None, "renew_at": retry_at}
        counts = {"$inc": {"failures": 1}}
        holds: Document = {"$or": [{"state": "leaving"}, {"state": "active", "until": {"$gt": now}}]}
        kept = await self._db.hub_lease.update_one({"_id": feed_id, **holds}, {"$set": fields, **counts})
        if not kept.matched_count:
            await self._db.hub_lease.update_one({"_id": feed_id}, {"$set": {**fields, "state": "failed"}, **counts})

    async def leave(self, now: float, limit: int) -> list[int]:
        """Goes through all leases. One whose feed finds a reader in this moment is wanted anew by its next pull."""
        left: list[int] = []
        for states in (UNCONFIRMED, ["active"]):
            after = 0
            while len(left) < limit and (ids := await self._of_state(states, after)):
                read = await count_readers(self._engine, ids)
                unread = [feed_id for feed_id in ids if feed_id not in read]
                left += await self._leave(states, unread[: limit - len(left)] if states == ["active"] else unread, now)
                after = ids[-1]
        return sorted(left)

    async def _of_state(self, states: list[str], after: int) -> list[int]:
        which = {"state": {"$in": states}, "_id": {"$gt": after}}
        found = self._db.hub_lease.find(which, {"_id": 1}, batch_size=LEASES_AT_ONCE + 1)
        return [each["_id"] async for each in found.sort("_id", 1).limit(LEASES_AT_ONCE)]

    async def _leave(self, states: list[str], feed_ids: Sequence[int], now: float) -> list[int]:
        """Which of them have to be told to their hubs."""
        which = {"_id": {"$in": [*feed_ids]}, "state": {"$in": states}}
        if states == UNCONFIRMED:
            await self._db.hub_lease.delete_many(which)
            return []
        fields = {"state": "leaving", "renew_at": now, "asked_at": None, "failures": 0}
        await self._db.hub_lease.update_many(which, {"$set": fields})
        return [*feed_ids]

    async def drop(self, feed_id: int) -> None:
        await self._db.hub_lease.delete_one({"_id": feed_id})

    async def pushed(self, feed_id: int, *, now: float) -> None:
        await self._change({"_id": feed_id}, {"pushed_at": now, "missed_at": None})

    async def missed(self, feed_id: int, *, now: float) -> None:
        await self._change({"_id": feed_id}, {"missed_at": now})

    async def _change(self, which: Document, fields: Document) -> HubLease | None:
        return _lease(
            await self._db.hub_lease.find_one_and_update(which, {"$set": fields}, return_document=ReturnDocument.AFTER)
        )

    # ---- what they bring

    async def receive(self, feed_id: int, body: bytes, type: str | None, *, now: float, most: int) -> bool:
        digest = blake2b(body, digest_size=16).digest()
        if await self._db.push.find_one({"feed_id": feed_id, "digest": digest}, {"_id": 1}):
            return True
        if await self._db.push.count_documents({"feed_id": feed_id}) >= most:
            return False
        stored = {
            "_id": await self._engine.next_id("push"), "feed_id": feed_id, "digest": digest, "body": body,
            "type": type, "arrived_at": now, "due_at": now,
        }  # fmt: skip
        try:
            await self._db.push.insert_one(stored)
        except DuplicateKeyError:
            return True  # it came twice at once
        return True

    async def waiting(self, now: float, limit: int) -> list[int]:
        grouped = await self._db.push.aggregate(
            [
                {"$match": {"due_at": {"$lte": now}}},
                {"$group": {"_id": "$feed_id", "due_at": {"$min": "$due_at"}}},
                {"$sort": {"due_at": 1, "_id": 1}},
                {"$limit": limit},
            ],
            batchSize=limit + 1,
        )
        return [each["_id"] async for each in grouped]

    async def first(self, feed_id: int) -> Push | None:
        stored = await self._db.push.find_one({"feed_id": feed_id}, sort=[("_id", 1)])
        if stored is None:
            return None
        return Push(stored["_id"], feed_id, stored["body"], stored["type"], stored["arrived_at"])

    async def put_off(self, feed_id: int, until: float) -> None:
        await self._db.push.update_many({"feed_id": feed_id}, {"$max": {"due_at": until}})

    async def done(self, push_id: int) -> None:
        await self._db.push.delete_one({"_id": push_id})

    async def stats(self, now: float) -> dict[str, int]:
        active = {"$and": [{"$eq": ["$state", "active"]}, {"$gt": ["$until", now]}]}
        failing = {"$or": [{"$gt": ["$failures", 0]}, {"$ne": ["$missed_at", None]}]}
        group: dict[str, Any] = {
            "_id": None,
            "leases": {"$sum": 1},
            "active": {"$sum": {"$cond": [active, 1, 0]}},
            "failing": {"$sum": {"$cond": [failing, 1, 0]}},
        }
        counted = await (await self._db.hub_lease.aggregate([{"$group": group}])).to_list()
        found = counted[0] if counted else {}
        waiting = await self._db.push.estimated_document_count()
        return {name: found.get(name, 0) for name in ("leases", "active", "failing")} | {"waiting": waiting}
