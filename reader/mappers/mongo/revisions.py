"""The one counter of revisions over all feeds, without transactions (docs/decisions/0014-mongo-order.md).

Whoever changes what a FeedMark shows sets ``pending`` to a fresh number in the same write (``waiting()``), then calls
publish(). That numbers every waiting change, whoever made it: revisions go into the feeds first, then the counter moves
over them by compare-and-set, then ``pending`` goes. A reader reads the counter first and then marks up to it. So
nothing at or below a counter that was read can still be on its way, and what a dead process left waiting is published
by the next one that publishes anything.
"""

from __future__ import annotations

import asyncio
import random
from typing import Any
from weakref import WeakKeyDictionary

from pymongo import UpdateOne
from pymongo.errors import DuplicateKeyError

from reader.mappers.errors import StoreError
from reader.mappers.mongo.engine import Engine
from reader.mappers.mongo.indexes import Index
from reader.mappers.mongo.patience import ATTEMPTS, pause

INDEXES = (Index("feed", (("pending", 1),), sparse=True), Index("feed", (("rev", 1),)))
COUNTER = "feed_rev"
AT_ONCE = 500  # changes numbered in one round
_publishers: WeakKeyDictionary[Engine, _Publisher] = WeakKeyDictionary()


def waiting() -> dict[str, int]:
    """Fields for the $set of a write that changes what a FeedMark shows."""
    return {"pending": random.randint(1, 1 << 62)}  # noqa: S311 -- tells changes apart, no secret


async def rev(engine: Engine) -> int:
    """The counter: no change up to it is still on its way."""
    stored = await engine.db.counter.find_one({"_id": COUNTER})
    return stored["value"] if stored else 0


async def publish(engine: Engine) -> None:
    """Returns once every change that waited at the call has a revision that readers see.

    Calls that come while another publishes share the next round: however many pulls end at once, a process makes one
    round at a time, of four round trips.
    """
    publisher = _publishers.get(engine)
    if publisher is None:
        publisher = _publishers[engine] = _Publisher(engine)
    await publisher.publish()


class _Publisher:
    def __init__(self, engine: Engine) -> None:
        self._db = engine.db  # not the engine: it is the key under which this is kept, weakly
        self._running: asyncio.Task[None] | None = None
        self._next: asyncio.Task[None] | None = None

    async def publish(self) -> None:
        if self._next is None:
            self._next = asyncio.get_running_loop().create_task(self._after(self._running))
        await asyncio.shield(self._next)

    async def _after(self, before: asyncio.Task[None] | None) -> None:
        if before is not None:
            await asyncio.wait([before])
        self._running, self._next = self._next, None
        await self._round()

    async def _round(self) -> None:
        failures = 0
        while failures < ATTEMPTS:
            counter, changes = await asyncio.gather(self._counter(), self._changes())
            if not changes:
                return
            published = await self._number(counter, changes)
            if published == len(changes) < AT_ONCE:
                return
            if published < len(changes):
                await pause(failures)
                failures += 1
        raise StoreError("The revisions of feeds could not be published: others kept being quicker.")

    async def _counter(self) -> int:
        stored = await self._db.counter.find_one({"_id": COUNTER})
        if stored is None:
            try:
                await self._db.counter.insert_one({"_id": COUNTER, "value": 0})
            except DuplicateKeyError:  # somebody else did
                return await self._counter()
            return 0
        value: int = stored["value"]
        return value

    async def _changes(self) -> list[dict[str, Any]]:
        found = self._db.feed.find({"pending": {"$gt": 0}}, {"pending": 1, "rev": 1}, batch_size=AT_ONCE + 1).limit(
            AT_ONCE
        )
        return await found.to_list()

    async def _number(self, counter: int, changes: list[dict[str, Any]]) -> int:
        """How many were published: none when another publisher moved the counter first; what was written then counts
        for nothing.

        Revisions start above all that a publisher who came second may have left in these feeds, and a feed's never
        falls. A change is no longer waiting only if its feed still has the revision that the counter moved over.
        """
        first = max(counter, *(change["rev"] for change in changes)) + 1
        revs = [(change["_id"], change["pending"], first + n) for n, change in enumerate(changes)]
        # Readers go by the revision before until the counter has moved over the new one.
        before = {change["_id"]: {"$set": {"was": change["rev"]}} for change in changes if change["rev"] <= counter}
        await self._db.feed.bulk_write(
            [
                UpdateOne({"_id": feed, "pending": number}, {"$max": {"rev": rev}, **before.get(feed, {})})
                for feed, number, rev in revs
            ],
            ordered=False,
        )
        moved = await self._db.counter.update_one(
            {"_id": COUNTER, "value": counter}, {"$set": {"value": first + len(revs) - 1}}
        )
        if not moved.matched_count:
            return 0
        done = await self._db.feed.bulk_write(
            [
                UpdateOne({"_id": feed, "pending": number, "rev": rev}, {"$unset": {"pending": ""}})
                for feed, number, rev in revs
            ],
            ordered=False,
        )
        return done.modified_count
