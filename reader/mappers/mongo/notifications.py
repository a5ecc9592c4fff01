"""Notifications on MongoDB: a small document each, found by whom it is for; one for each key.

A notification is written and then looked at again: whoever blocks somebody writes the block first and removes what was
told afterwards, so one of the two sees the other.
"""

from __future__ import annotations

import asyncio

from pymongo.errors import DuplicateKeyError

from reader.mappers.mongo.engine import ALL, Document, Engine, guarded
from reader.mappers.mongo.indexes import Index
from reader.mappers.mongo.person import relation_key
from reader.mappers.mongo.talk_counts import out_of_sight
from reader.mappers.mongo.ties import is_here
from reader.mappers.talk import UNSEEN_MOST
from reader.models.people import Notification, NotificationKind

INDEXES = (
    Index("notification", (("user_id", 1), ("key", 1)), unique=True),
    Index("notification", (("user_id", 1), ("_id", -1))),
    Index("notification", (("user_id", 1), ("seen_at", 1), ("_id", 1))),
    Index("notification", (("user_id", 1), ("actor_id", 1))),
    Index("notification", (("actor_id", 1),)),
    Index("notification", (("comment_id", 1),)),
    Index("notification", (("at", 1),)),
)
NOTIFICATION = ("user_id", "key", "kind", "actor_id", "share_id", "comment_id", "at", "seen_at")
HIGHEST = 1 << 62


def _notification_of(stored: Document) -> Notification:
    return Notification(stored["_id"], *[stored[name] for name in NOTIFICATION])


@guarded
class MongoNotifications:
    """NotificationMapper."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._db = engine.db

    async def tell(
        self, user_id: int, key: str, kind: NotificationKind, actor_id: int, *,
        share_id: int | None, comment_id: int | None, now: float,
    ) -> bool:  # fmt: skip
        if not await self._is_wanted(user_id, actor_id):
            return False
        which = {"user_id": user_id, "key": key}
        if await self._db.notification.find_one(which, {"_id": 1}):
            return False
        number = await self._engine.next_id("notification")
        told: Document = {
            "_id": number, **which, "kind": kind, "actor_id": actor_id, "share_id": share_id, "comment_id": comment_id,
            "at": now, "seen_at": None,
        }  # fmt: skip
        try:
            await self._db.notification.insert_one(told)
        except DuplicateKeyError:  # told by somebody else in this moment
            return False
        if await self._is_wanted(user_id, actor_id):
            return True
        await self._db.notification.delete_one({"_id": number, "user_id": user_id})
        return False

    async def _is_wanted(self, user_id: int, actor_id: int) -> bool:
        unwanted = [
            relation_key(user_id, actor_id, "block"),
            relation_key(user_id, actor_id, "mute"),
            relation_key(actor_id, user_id, "block"),
        ]
        here, relation = await asyncio.gather(
            is_here(self._engine, user_id, actor_id),
            self._db.relation.find_one({"_id": {"$in": unwanted}}, {"_id": 1}),
        )
        return here and relation is None

    async def forget(self, user_id: int, key: str) -> bool:
        return (await self._db.notification.delete_one({"user_id": user_id, "key": key})).deleted_count > 0

    async def page(self, user_id: int, *, before: int | None, limit: int) -> list[Notification]:
        below = {"$lt": HIGHEST if before is None else before}
        which = {"user_id": user_id, "_id": below, "actor_id": {"$nin": await self._unheard(user_id)}}
        found = self._db.notification.find(which, batch_size=limit + 1).sort("_id", -1).limit(limit)
        return [_notification_of(stored) async for stored in found]

    async def unseen(self, user_id: int) -> int:
        which = {"user_id": user_id, "seen_at": None, "actor_id": {"$nin": await self._unheard(user_id)}}
        return await self._db.notification.count_documents(which, limit=UNSEEN_MOST)

    async def _unheard(self, user_id: int) -> list[int | None]:
        """Whom the user muted or blocked, who blocked the user, and who is being removed: few. A block takes what it
        finds away; what somebody was just writing then, and died before looking again, stays and is not shown."""
        unseen, leaving = await asyncio.gather(
            out_of_sight(self._engine, user_id),
            self._db.user.find({"leaving_at": {"$gt": 0}}, {"_id": 1}, batch_size=ALL).to_list(),
        )
        return [None, *unseen, *(each["_id"] for each in leaving)]

    async def seen(self, user_id: int, up_to: int, *, now: float) -> int:
        which = {"user_id": user_id, "seen_at": None, "_id": {"$lte": up_to}}
        return (await self._db.notification.update_many(which, {"$set": {"seen_at": now}})).modified_count

    async def trim(self, before: float) -> int:
        return (await self._db.notification.delete_many({"at": {"$lt": before}})).deleted_count
