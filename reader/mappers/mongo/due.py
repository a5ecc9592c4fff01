"""Which feeds are due, and what a clock that was set back leaves behind."""

from __future__ import annotations

import asyncio

from pymongo import UpdateOne

from reader.mappers.feeds import Due
from reader.mappers.mongo.engine import ALL, Document, Engine, guarded
from reader.mappers.mongo.indexes import Index
from reader.mappers.mongo.readers import count_readers

INDEXES = (Index("host_pause", (("until", 1),)),)
CLOCKS_DIFFER = 60.0  # seconds that clocks of several machines may be apart
FOR_GOOD = 4_000_000_000.0  # a next pull in 2096 or later: none
FARTHEST = 200  # plans that are looked at for times to come
LEASED = 200  # leases that are looked at for the time when one ends
PLAN = {"next_pull_at": 1, "last_pull_at": 1, "last_ok_at": 1, "lease_until": 1, "pullable": 1}


@guarded
class DueMixin:
    """The part of FeedMapper that the updater uses."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._db = engine.db

    async def due(self, now: float, limit: int, *, after: tuple[float, int] = (0.0, 0)) -> list[Due]:
        """Two round trips: the feeds, and how many read each."""
        at, feed_id = after
        query = {
            "pullable": True,
            "next_pull_at": {"$gte": at, "$lte": now},
            "lease_until": {"$lte": now},
            "$or": [{"next_pull_at": {"$gt": at}}, {"_id": {"$gt": feed_id}}],
        }
        found = self._db.feed.find(query, {"url": 1, "next_pull_at": 1}, batch_size=ALL)
        feeds = await found.sort([("next_pull_at", 1), ("_id", 1)]).limit(limit).to_list() if limit else []
        readers = await count_readers(self._engine, [feed["_id"] for feed in feeds]) if feeds else {}
        return [Due(feed["_id"], feed["url"], feed["next_pull_at"], readers.get(feed["_id"], 0)) for feed in feeds]

    async def next_due_at(self) -> float | None:
        """The earliest of what is free, and of the LEASED leases that end first. One round trip, two queries."""
        free, leased = await asyncio.gather(
            self._db.feed.find({"pullable": True, "lease_until": 0.0}, {"next_pull_at": 1}, batch_size=ALL)
            .sort("next_pull_at", 1)
            .limit(1)
            .to_list(),
            self._db.feed.find(
                {"pullable": True, "lease_until": {"$gt": 0.0}}, {"next_pull_at": 1, "lease_until": 1}, batch_size=ALL
            )
            .sort("lease_until", 1)
            .limit(LEASED)
            .to_list(),
        )
        times = [feed["next_pull_at"] for feed in free]
        times += [max(feed["next_pull_at"], feed["lease_until"]) for feed in leased]
        if len(leased) == LEASED:  # those not looked at end after these
            times.append(leased[-1]["lease_until"])
        return min(times, default=None)

    async def due_stats(self, now: float, limit: int) -> tuple[int, float]:
        query = {"pullable": True, "next_pull_at": {"$lte": now}, "lease_until": {"$lte": now}}
        found = self._db.feed.find(query, {"_id": 0, "next_pull_at": 1}, batch_size=ALL).sort("next_pull_at", 1)
        times = [feed["next_pull_at"] for feed in await found.limit(limit).to_list()] if limit else []
        return len(times), max(0.0, now - times[0]) if times else 0.0

    async def from_the_future(self, now: float) -> bool:
        found = self._db.feed.find({"pullable": True}, {"last_pull_at": 1}, batch_size=ALL).sort("next_pull_at", -1)
        times = [feed["last_pull_at"] for feed in await found.limit(FARTHEST).to_list()]
        return any(when is not None and when > now + CLOCKS_DIFFER for when in times)

    async def set_back(self, now: float, longest: float, *, after: int, limit: int) -> int | None:
        """Each feed's plan is written only if it still is the one read: whoever plans meanwhile has the right clock."""
        await self._db.host_pause.delete_many({"until": {"$gt": now + longest}})
        found = (
            await self._db.feed.find({"_id": {"$gt": after}}, PLAN, batch_size=ALL)
            .sort("_id", 1)
            .limit(limit)
            .to_list()
        )
        if not found:
            return None
        writes = [write for feed in found if (write := _set_back(feed, now, now + longest)) is not None]
        if writes:
            await self._db.feed.bulk_write(writes, ordered=False)
        last: int = found[-1]["_id"]
        return last


def _set_back(feed: Document, now: float, far: float) -> UpdateOne | None:
    """What brings a plan back to ``now``; None for one that is right."""
    planned, pulled, leased = feed["next_pull_at"], feed["last_pull_at"], feed["lease_until"]
    ahead = pulled is not None and pulled > now
    if not feed["pullable"] or not (ahead or planned > far or leased > far):
        return None
    when = planned
    if ahead and planned - pulled <= far - now:
        when = max(now, planned - (pulled - now))
    elif far < planned < FOR_GOOD:
        when = now
    plan: Document = {"next_pull_at": when, "lease_until": 0.0 if leased > far else leased}
    for name in ("last_pull_at", "last_ok_at"):
        if feed[name] is not None:
            plan[name] = min(feed[name], now)
    same = {"_id": feed["_id"], "next_pull_at": planned, "last_pull_at": pulled, "lease_until": leased}
    return UpdateOne(same, {"$set": plan})
