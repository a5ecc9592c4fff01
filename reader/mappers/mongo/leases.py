"""Leases of feeds: who pulls, and the fence that keeps out whoever no longer may."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from pymongo import ReturnDocument, UpdateOne

from reader.mappers.feeds import Begun
from reader.mappers.mongo.due import DueMixin
from reader.mappers.mongo.engine import ALL, Document, Engine, guarded
from reader.mappers.mongo.feed_documents import WHOLE, feed_of, pauses, schedule_of
from reader.mappers.mongo.merge import finish
from reader.mappers.mongo.readers import is_read
from reader.mappers.mongo.revisions import publish
from reader.mappers.mongo.together import Together

BEGUN_MOST = 2000


@guarded
class LeaseMixin(DueMixin):
    """The part of FeedMapper that keeps leases."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._hosts = Together(engine, self._look_at_hosts)
        self._hubs = Together(engine, self._look_at_hubs)
        self._begun: dict[int, Document] = {}  # feed → as it was when we leased it, for who writes what came of it

    async def lease(self, feed_id: int, now: float, until: float, holder: str = "") -> int | None:
        feed = await self._lease(feed_id, now, until, holder)
        return feed["lease_token"] if feed else None

    async def _lease(self, feed_id: int, now: float, until: float, holder: str) -> Document | None:
        """The feed under a new lease. One round trip; a second one when the feed is not plainly free.

        A feed that is being merged into another has no next pull: whoever comes for it goes on with the merge.
        """
        feed = await self._taken(feed_id, now, until, holder)
        if feed is not None:
            if len(self._begun) >= BEGUN_MOST:  # those that were never recorded
                self._begun.clear()
            self._begun[feed_id] = feed
        return feed

    async def _taken(self, feed_id: int, now: float, until: float, holder: str) -> Document | None:
        taken = {"lease_until": until, "lease_holder": holder}
        free = {"_id": feed_id, "lease_until": 0.0, "merge": None}
        after = ReturnDocument.AFTER
        feed = await self._db.feed.find_one_and_update(
            free, {"$set": taken, "$inc": {"lease_token": 1}}, WHOLE, return_document=after
        )
        if feed is not None:
            return feed
        lost = {"_id": feed_id, "lease_until": {"$lte": now}}
        feed = await self._db.feed.find_one_and_update(
            lost, {"$set": taken, "$inc": {"lease_token": 1, "lost": 1}}, {**WHOLE, "merge": 1}, return_document=after
        )
        if feed is not None and feed.get("merge") is not None:
            await finish(self._engine, feed_id, feed["merge"])
            return None
        return feed

    async def begin(self, feed_id: int, now: float, until: float, holder: str = "") -> Begun | None:
        feed = await self._lease(feed_id, now, until, holder)
        if feed is None:
            return None
        pause, wanted, trusted = await asyncio.gather(
            self._hosts.ask(feed["host"]), is_read(self._engine, feed_id), self._hubs.ask(feed_id)
        )
        return Begun(feed_of(feed), schedule_of(feed, pause), int(wanted), trusted > now)

    async def _look_at_hosts(self, hosts: list[str]) -> list[Document | None]:
        """The pause of each."""
        found = await pauses(self._engine, set(hosts))
        return [found.get(host) for host in hosts]

    async def _look_at_hubs(self, feed_ids: list[int]) -> list[float]:
        """Until when the hub of each is trusted to tell what is new; 0: there is none."""
        query = {"_id": {"$in": feed_ids}, "state": "active", "missed_at": None}
        found = await self._db.hub_lease.find(query, {"until": 1}, batch_size=ALL).to_list()
        until = {hub["_id"]: hub["until"] for hub in found}
        return [until.get(feed_id, 0.0) for feed_id in feed_ids]

    async def beat(self, held: Sequence[tuple[int, int]], until: float) -> list[int]:
        """One round trip while all leases hold."""
        if not held:
            return []
        done = await self._db.feed.bulk_write(
            [
                UpdateOne(
                    {"_id": feed_id, "lease_token": token, "lease_until": {"$gt": 0.0}},
                    {"$max": {"lease_until": until}},
                )
                for feed_id, token in held
            ],
            ordered=False,
        )
        if done.matched_count == len(held):
            return []
        query = {"_id": {"$in": [feed_id for feed_id, _ in held]}, "lease_until": {"$gt": 0.0}}
        found = await self._db.feed.find(query, {"lease_token": 1}, batch_size=ALL).to_list()
        holding = {(feed["_id"], feed["lease_token"]) for feed in found}
        return [feed_id for feed_id, token in held if (feed_id, token) not in holding]

    async def holders(self, now: float) -> list[str]:
        """Only a due feed is ever leased, and few are leased at a time."""
        query = {"pullable": True, "lease_until": {"$gt": now}, "next_pull_at": {"$lte": now}}
        found = await self._db.feed.find(query, {"_id": 0, "lease_holder": 1}, batch_size=ALL).to_list()
        return sorted({feed["lease_holder"] for feed in found} - {""})

    async def free(self, holder: str, now: float, *, counts: bool = True) -> int:
        """What the dead had changed and not published is published, too."""
        query = {
            "pullable": True,
            "lease_until": {"$gt": 0.0},
            "next_pull_at": {"$lte": now},
            "lease_holder": holder,
        }
        done = await self._db.feed.update_many(
            query, {"$set": {"lease_until": 0.0, "lease_holder": ""}, "$inc": {"lost": int(counts)}}
        )
        await publish(self._engine)
        return done.modified_count

    async def release(self, feed_id: int, token: int) -> None:
        await self._db.feed.update_one({"_id": feed_id, "lease_token": token}, {"$set": {"lease_until": 0.0}})

    async def defer(self, feed_id: int, token: int, until: float, reason: str) -> bool:
        plan = {"next_pull_at": until, "reason": reason, "lease_until": 0.0}
        done = await self._db.feed.update_one({"_id": feed_id, "lease_token": token}, {"$set": plan})
        return done.matched_count > 0
