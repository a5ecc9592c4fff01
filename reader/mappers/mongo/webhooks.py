"""Webhooks on MongoDB. Leased ones are told that there is more by a time that moves: delivered() then sees that the one
it leased is not the one that stands there."""

from __future__ import annotations

from collections.abc import Sequence

from pymongo import ReturnDocument

from reader.mappers.mongo.engine import Document, Engine, guarded
from reader.mappers.mongo.indexes import Index
from reader.mappers.mongo.readers import readers
from reader.models.webhook import Webhook, WebhookKind

INDEXES = (
    Index("webhook", (("user_id", 1), ("kind", 1), ("stopped", 1))),
    Index("webhook", (("stopped", 1), ("due_at", 1), ("lease_until", 1))),
    Index("webhook", (("due_at", 1), ("_id", 1), ("lease_until", 1))),
)
FIELDS = (
    "user_id", "url", "secret", "kind", "scope", "created_at", "last_id", "due_at", "lease_token", "lease_until",
    "failures", "stopped", "status", "error", "delivered_at",
)  # fmt: skip
READERS_AT_ONCE = 2000
A_LITTLE = 0.001  # seconds


def _webhook(stored: Document) -> Webhook:
    return Webhook(stored["_id"], *[stored[name] for name in FIELDS])


@guarded
class MongoWebhooks:
    """WebhookMapper."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._db = engine.db

    async def add(
        self, user_id: int, *, url: str, secret: str, kind: WebhookKind, scope: str, last_id: int, most: int, now: float
    ) -> Webhook | None:
        """Of several that are added at once the ones with the lowest ids stay."""
        number = await self._engine.next_id("webhook")
        stored: Document = {
            "_id": number, "user_id": user_id, "url": url, "secret": secret, "kind": kind, "scope": scope,
            "created_at": now, "last_id": last_id, "due_at": None, "lease_token": 0, "lease_until": 0.0, "failures": 0,
            "stopped": False, "status": None, "error": None, "delivered_at": None,
        }  # fmt: skip
        await self._db.webhook.insert_one(stored)
        if sum(each.id <= number for each in await self.of_user(user_id)) > most:
            await self._db.webhook.delete_one({"_id": number})
            return None
        return _webhook(stored)

    async def of_user(self, user_id: int) -> list[Webhook]:
        found = self._db.webhook.find({"user_id": user_id}, batch_size=1000)
        return sorted([_webhook(stored) async for stored in found], key=lambda webhook: webhook.id)

    async def get(self, user_id: int, webhook_id: int) -> Webhook | None:
        stored = await self._db.webhook.find_one({"_id": webhook_id, "user_id": user_id})
        return _webhook(stored) if stored else None

    async def remove(self, user_id: int, webhook_id: int) -> bool:
        return (await self._db.webhook.delete_one({"_id": webhook_id, "user_id": user_id})).deleted_count > 0

    async def by_id(self, webhook_id: int) -> Webhook | None:
        stored = await self._db.webhook.find_one({"_id": webhook_id})
        return _webhook(stored) if stored else None

    async def restart(self, user_id: int, webhook_id: int, *, last_id: int) -> bool:
        anew = {"stopped": False, "failures": 0, "error": None, "due_at": None}
        change = {"$set": anew, "$max": {"last_id": last_id}}
        return (await self._db.webhook.update_one({"_id": webhook_id, "user_id": user_id}, change)).matched_count > 0

    async def tried(self, webhook_id: int, *, status: int | None, error: str | None) -> None:
        await self._db.webhook.update_one({"_id": webhook_id}, {"$set": {"status": status, "error": error}})

    async def any(self) -> bool:
        return await self._db.webhook.find_one({"stopped": False}, {"_id": 1}) is not None

    async def wake_readers(self, feed_id: int, now: float) -> list[int]:
        """Two round trips while nobody who reads the feed has a webhook."""
        woken: list[int] = []
        ids = await readers(self._engine, feed_id)
        for at in range(0, len(ids), READERS_AT_ONCE):
            some = {"$in": ids[at : at + READERS_AT_ONCE]}
            woken += await self._wake({"user_id": some, "kind": "entries", "stopped": False}, now)
        return woken

    async def wake_sharer(self, user_id: int, now: float) -> list[int]:
        return await self._wake({"user_id": user_id, "kind": "shares", "stopped": False}, now)

    async def _wake(self, which: Document, now: float) -> list[int]:
        found = self._db.webhook.find(which, {"due_at": 1, "lease_until": 1}, batch_size=1000)
        ids = [each["_id"] async for each in found if each["due_at"] is None or each["lease_until"] > now]
        if ids:
            # In this order: one whose delivery ends in between is idle when the second comes.
            leased = {"_id": {"$in": ids}, "stopped": False, "due_at": {"$gt": 0}, "lease_until": {"$gt": now}}
            await self._db.webhook.update_many(leased, {"$inc": {"due_at": A_LITTLE}})
            idle = {"_id": {"$in": ids}, "stopped": False, "due_at": None}
            await self._db.webhook.update_many(idle, {"$set": {"due_at": now}})
        return ids

    async def wake_all(self, now: float) -> int:
        idle = {"stopped": False, "due_at": None, "lease_until": {"$lte": now}}
        return (await self._db.webhook.update_many(idle, {"$set": {"due_at": now}})).matched_count

    async def due(self, now: float, limit: int) -> list[int]:
        which = {"due_at": {"$lte": now}, "lease_until": {"$lte": now}}
        found = self._db.webhook.find(which, {"_id": 1}, batch_size=limit + 1)
        return [each["_id"] async for each in found.sort([("due_at", 1), ("_id", 1)]).limit(limit)]

    async def lease(self, webhook_id: int, now: float, until: float) -> Webhook | None:
        free = {"_id": webhook_id, "stopped": False, "due_at": {"$lte": now}, "lease_until": {"$lte": now}}
        take = {"$inc": {"lease_token": 1}, "$set": {"lease_until": until}}
        stored = await self._db.webhook.find_one_and_update(free, take, return_document=ReturnDocument.AFTER)
        return _webhook(stored) if stored else None

    async def delivered(self, leased: Webhook, *, last_id: int, status: int | None, more: bool, now: float) -> bool:
        sets: Document = {"lease_until": 0.0, "failures": 0, "error": None}
        if status is not None:
            sets |= {"status": status, "delivered_at": now}
        held = {"_id": leased.id, "lease_token": leased.lease_token}
        tries: Sequence[tuple[Document, Document]] = [(held, sets | {"due_at": now})]
        if not more:  # one that was woken meanwhile stays due
            tries = [(held | {"due_at": leased.due_at}, sets | {"due_at": None}), (held, sets)]
        for which, fields in tries:
            done = await self._db.webhook.update_one(which, {"$set": fields, "$max": {"last_id": last_id}})
            if done.matched_count:
                return True
        return False

    async def failed(self, leased: Webhook, *, status: int | None, error: str, retry_at: float | None) -> bool:
        sets = {"lease_until": 0.0, "status": status, "error": error, "stopped": retry_at is None, "due_at": retry_at}
        held = {"_id": leased.id, "lease_token": leased.lease_token}
        change = {"$set": sets, "$inc": {"failures": 1}}
        return (await self._db.webhook.update_one(held, change)).matched_count > 0
