"""Our hub's subscriptions on MongoDB. What is to be sent follows from revisions; ``due_at`` only says when to look, and
is written before the mark that says that everybody was told."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from pymongo import ReturnDocument, UpdateMany
from pymongo.errors import DuplicateKeyError

from reader.mappers.mongo.engine import Document, Engine, guarded
from reader.mappers.mongo.indexes import Index
from reader.models.websub import Delivery, HubRequest, HubSubscription, HubWish

INDEXES = (
    Index("hub_request", (("topic", 1), ("callback", 1)), unique=True),
    Index("hub_request", (("callback", 1),)),
    Index("hub_request", (("feed_id", 1),)),
    Index("hub_request", (("created_at", 1),)),
    Index("hub_subscription", (("topic", 1), ("callback", 1)), unique=True),
    Index("hub_subscription", (("callback", 1),)),
    Index("hub_subscription", (("feed_id", 1), ("_id", 1))),
    Index("hub_subscription", (("feed_id", 1), ("due_at", 1), ("sent_rev", 1), ("until", 1))),
    Index("hub_subscription", (("due_at", 1), ("_id", 1))),
    Index("hub_subscription", (("until", 1),)),
)
REQUEST = ("mode", "feed_id", "format", "topic", "callback", "secret", "lease", "created_at")
SUBSCRIPTION = (
    "feed_id", "format", "topic", "callback", "secret", "until", "created_at", "sent_rev", "sent_at", "digest",
    "due_at", "failures", "error",
)  # fmt: skip
TOPICS_AT_ONCE = 500


def _request(stored: Document) -> HubRequest:
    return HubRequest(stored["_id"], *[stored[name] for name in REQUEST])


def _subscription(stored: Document) -> HubSubscription:
    return HubSubscription(stored["_id"], *[stored[name] for name in SUBSCRIPTION])


@guarded
class MongoHub:
    """HubMapper."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._db = engine.db

    async def ask(self, wish: HubWish, *, now: float) -> int:
        stored: Document = {
            "mode": wish.mode, "feed_id": wish.feed_id, "format": wish.format, "topic": wish.topic,
            "callback": wish.callback, "secret": wish.secret, "lease": wish.lease, "created_at": now,
        }  # fmt: skip
        while True:
            await self._db.hub_request.delete_many({"topic": wish.topic, "callback": wish.callback})
            number = await self._engine.next_id("hub_request")
            try:
                await self._db.hub_request.insert_one({"_id": number, **stored})
            except DuplicateKeyError:  # asked twice at once: the newest counts
                continue
            return number

    async def request(self, request_id: int) -> HubRequest | None:
        stored = await self._db.hub_request.find_one({"_id": request_id})
        return _request(stored) if stored else None

    async def drop(self, request_id: int) -> None:
        await self._db.hub_request.delete_one({"_id": request_id})

    async def confirm(self, request_id: int, *, until: float, now: float) -> bool:
        wish = await self.request(request_id)
        if wish is None:
            return False
        which = {"topic": wish.topic, "callback": wish.callback}
        if wish.mode == "subscribe":
            await self._subscribe(wish, until, now)
        else:
            await self._db.hub_subscription.delete_one(which)
        await self.drop(request_id)
        return True

    async def _subscribe(self, wish: HubRequest, until: float, now: float) -> None:
        rev = await self._rev(wish.feed_id) or 0
        number = await self._engine.next_id("hub_subscription")
        fields = {"secret": wish.secret, "until": until, "format": wish.format, "feed_id": wish.feed_id}
        blank = {
            "_id": number, "created_at": now, "sent_rev": rev, "sent_at": 0.0, "digest": b"", "due_at": None,
            "failures": 0, "error": None,
        }  # fmt: skip
        await self._db.hub_subscription.update_one(
            {"topic": wish.topic, "callback": wish.callback}, {"$set": fields, "$setOnInsert": blank}, upsert=True
        )
        await self._watch(wish.feed_id, rev)

    async def _watch(self, feed_id: int, rev: int) -> None:
        await self._db.hub_topic.update_one({"_id": feed_id}, {"$setOnInsert": {"rev": rev}}, upsert=True)

    async def _rev(self, feed_id: int) -> int | None:
        feed = await self._db.feed.find_one({"_id": feed_id}, {"rev": 1})
        return feed["rev"] if feed else None

    async def count(self, feed_id: int, callback_prefix: str) -> tuple[int, int]:
        last = callback_prefix[:-1] + chr(ord(callback_prefix[-1]) + 1)  # the first text behind all that begin so
        theirs = {"callback": {"$gte": callback_prefix, "$lt": last}}
        of_feed, subscriptions, requests = await asyncio.gather(
            self._db.hub_subscription.count_documents({"feed_id": feed_id}),
            self._db.hub_subscription.count_documents(theirs),
            self._db.hub_request.count_documents(theirs),
        )
        return of_feed, subscriptions + requests

    async def of_feed(self, feed_id: int, *, after: int, limit: int) -> list[HubSubscription]:
        which = {"feed_id": feed_id, "_id": {"$gt": after}}
        found = self._db.hub_subscription.find(which, batch_size=limit + 1).sort("_id", 1).limit(limit)
        return [_subscription(stored) async for stored in found]

    # ---- sending

    async def is_behind(self, feed_id: int) -> bool:
        topic, rev = await asyncio.gather(self._db.hub_topic.find_one({"_id": feed_id}), self._rev(feed_id))
        return topic is not None and rev is not None and rev > topic["rev"]

    async def behind(self, limit: int, *, after: int = 0) -> tuple[list[int], int]:
        """Topics are the streams that somebody has subscribed to."""
        topics = await self._topics(after, limit)
        behind = [feed_id for feed_id, (told, rev) in topics.items() if rev is not None and rev > told]
        return behind, max(topics) if len(topics) == limit else 0

    async def _topics(self, after: int, limit: int = TOPICS_AT_ONCE) -> dict[int, tuple[int, int | None]]:
        """The next ones: (what was told, the feed's revision), by feed."""
        found = self._db.hub_topic.find({"_id": {"$gt": after}}, batch_size=limit + 1).sort("_id", 1)
        told = {each["_id"]: each["rev"] async for each in found.limit(limit)}
        feeds = self._db.feed.find({"_id": {"$in": [*told]}}, {"rev": 1}, batch_size=limit + 1)
        revs = {feed["_id"]: feed["rev"] async for feed in feeds} if told else {}
        return {feed_id: (rev, revs.get(feed_id)) for feed_id, rev in told.items()}

    async def announce(self, feed_id: int, *, now: float) -> int:
        rev = await self._rev(feed_id)
        if rev is None:
            return 0
        idle = {"feed_id": feed_id, "due_at": None, "sent_rev": {"$lt": rev}, "until": {"$gt": now}}
        woken = await self._db.hub_subscription.update_many(idle, {"$set": {"due_at": now}})
        await self._db.hub_topic.update_one({"_id": feed_id}, {"$max": {"rev": rev}})
        return woken.matched_count

    async def due(self, now: float, limit: int) -> list[int]:
        found = self._db.hub_subscription.find({"due_at": {"$lte": now}}, {"_id": 1}, batch_size=limit + 1)
        return [each["_id"] async for each in found.sort([("due_at", 1), ("_id", 1)]).limit(limit)]

    async def take(self, subscription_id: int, *, now: float, until: float) -> Delivery | None:
        which = {"_id": subscription_id, "due_at": {"$lte": now}, "until": {"$gt": now}}
        seen = await self._db.hub_subscription.find_one(which)
        if seen is None:
            return None
        rev = await self._rev(seen["feed_id"])
        some = rev is not None and seen["sent_rev"] < rev
        stored = await self._db.hub_subscription.find_one_and_update(
            which | {"due_at": seen["due_at"], "sent_rev": seen["sent_rev"]},
            {"$set": {"due_at": until if some else None}},
            return_document=ReturnDocument.AFTER,
        )
        return Delivery(_subscription(stored), rev) if stored and some and rev is not None else None

    async def sent(self, subscription_id: int, rev: int, digest: bytes, *, now: float) -> None:
        """Not due any more, and only then another look at the feed: who changes it meanwhile finds it so."""
        fields = {
            "sent_rev": rev, "digest": digest, "sent_at": now, "failures": 0, "error": None, "due_at": None
        }  # fmt: skip
        stored = await self._db.hub_subscription.find_one_and_update({"_id": subscription_id}, {"$set": fields})
        if stored is not None and (await self._rev(stored["feed_id"]) or 0) > rev:
            idle = {"_id": subscription_id, "due_at": None}
            await self._db.hub_subscription.update_one(idle, {"$set": {"due_at": now}})

    async def failed(self, subscription_id: int, error: str, *, retry_at: float) -> None:
        change = {"$set": {"error": error, "due_at": retry_at}, "$inc": {"failures": 1}}
        await self._db.hub_subscription.update_one({"_id": subscription_id}, change)

    async def end(self, subscription_ids: Sequence[int]) -> int:
        which = {"_id": {"$in": [*subscription_ids]}}
        return (await self._db.hub_subscription.delete_many(which)).deleted_count

    async def trim(self, now: float, requests_before: float) -> int:
        gone = (await self._db.hub_subscription.delete_many({"until": {"$lte": now}})).deleted_count
        gone += (await self._db.hub_request.delete_many({"created_at": {"$lt": requests_before}})).deleted_count
        after = 0
        while topics := await self._topics(after):
            await self._drop_unwanted([*topics])
            await self._wake_missed(topics, now)
            after = max(topics)
        return gone

    async def _drop_unwanted(self, feed_ids: list[int]) -> None:
        """Topics without subscriptions. One that somebody subscribes to in this moment is put back."""
        unwanted = [*{*feed_ids} - await self._wanted(feed_ids)]
        if unwanted:
            await self._db.hub_topic.delete_many({"_id": {"$in": unwanted}})
            for feed_id in await self._wanted(unwanted):
                await self._watch(feed_id, 0)

    async def _wanted(self, feed_ids: list[int]) -> set[int]:
        return set(await self._db.hub_subscription.distinct("feed_id", {"feed_id": {"$in": feed_ids}}))

    async def _wake_missed(self, topics: dict[int, tuple[int, int | None]], now: float) -> None:
        writes = [
            UpdateMany(
                {"feed_id": feed_id, "due_at": None, "sent_rev": {"$lt": min(told, rev)}}, {"$set": {"due_at": now}}
            )
            for feed_id, (told, rev) in topics.items()
            if rev is not None
        ]
        if writes:
            await self._db.hub_subscription.bulk_write(writes, ordered=False)

    async def stats(self, now: float) -> dict[str, int]:
        due = {"$and": [{"$ne": ["$due_at", None]}, {"$lte": ["$due_at", now]}]}
        group: dict[str, Any] = {
            "_id": None,
            "subscriptions": {"$sum": 1},
            "due": {"$sum": {"$cond": [due, 1, 0]}},
            "failing": {"$sum": {"$cond": [{"$gt": ["$failures", 0]}, 1, 0]}},
        }
        counted = await (await self._db.hub_subscription.aggregate([{"$group": group}])).to_list()
        found = counted[0] if counted else {}
        return {name: found.get(name, 0) for name in ("subscriptions", "due", "failing")}
