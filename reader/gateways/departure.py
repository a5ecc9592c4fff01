"""Leaving: an account is gone at once, and what it holds is removed by a job that may die anywhere.

The row of the account says that it leaves; every step looks at what is there and takes some of it away, so that
running it again goes on where it stood. What others built on stays, of nobody.
"""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from reader.cache import Cache
from reader.clock import Clock
from reader.events import FeedChanged, PubSub, ReadingChanged, feed_topic, user_topic
from reader.gateways.hub import HubGateway
from reader.gateways.sessions import SessionLookup
from reader.gateways.work import WorkGateway
from reader.jobs import JobQueue, RemoveAccount
from reader.mappers import Mappers
from reader.models.people import name_digest
from reader.models.user import User

log = structlog.get_logger(__name__)

ROWS_AT_ONCE = 1000
ROOTS_AT_ONCE = 200
LEAVING_AT_ONCE = 100
ROUNDS = 5


class DepartureGateway:
    def __init__(
        self,
        mappers: Mappers,
        work: WorkGateway,
        cache: Cache,
        queue: JobQueue,
        bus: PubSub,
        clock: Clock,
        hub: HubGateway,
    ) -> None:
        self._hub = hub
        self._departure = mappers.departure
        self._streams = mappers.streams
        self._shares = mappers.shares
        self._subscriptions = mappers.subscriptions
        self._sessions = SessionLookup(mappers.users, cache)
        self._work = work
        self._queue = queue
        self._bus = bus
        self._clock = clock

    async def begin(self, user: User) -> bool:
        """From now on the account is absent: nobody can sign in, and nobody sees it. False when it was so before."""
        begun = await self._departure.begin(user.id, name_digest(user.name), now=self._clock.now())
        await self._sessions.user_changed(user.id)
        if begun:
            log.info("an account is being removed", user_id=user.id)
            await self._carry(user.id)
        return begun

    async def _carry(self, user_id: int) -> None:
        job = RemoveAccount(user_id)
        await self._work.submit(job)
        await self._queue.put(job)

    async def again(self) -> int:
        """Puts jobs back for accounts whose removal did not come to its end; how many."""
        leaving = await self._departure.leaving(LEAVING_AT_ONCE)
        for user_id in leaving:
            await self._carry(user_id)
        return len(leaving)

    async def run(self, user_id: int) -> int:
        """Removes everything that an account which began to leave holds; returns how many rows. Other accounts are left
        alone."""
        removed = 0
        for _ in range(ROUNDS):  # a request that was under way when it began may add something
            if not await self._departure.is_leaving(user_id):
                return removed
            await self._take_back(user_id)
            while count := await self._departure.clear(user_id, ROWS_AT_ONCE, now=self._clock.now()):
                removed += count
            if await self._departure.finish(user_id):
                log.info("an account was removed", user_id=user_id, rows=removed)
                return removed
        raise RuntimeError(f"account {user_id} holds something that is not removed")

    async def _take_back(self, user_id: int) -> None:
        """Streams and shares. They are withdrawn first, while it is still known whose they were, so that the chains
        they stood in are counted anew whatever happens in between."""
        streams = await self._streams.of_users([user_id])
        readers = {stream.feed_id: await self._subscriptions.subscribers(stream.feed_id) for stream in streams}
        for stream in streams:
            await self._streams.remove(user_id, stream.id, now=self._clock.now())
            await self._hub.close(stream.feed_id)
        after = 0
        while roots := await self._departure.roots(user_id, after=after, limit=ROOTS_AT_ONCE):
            for root_id in roots:
                await self._shares.recount_credit(root_id)
            after = roots[-1]
        await self._shares.forget(user_id, now=self._clock.now())
        for feed_id, user_ids in readers.items():
            await self._tell(feed_id, user_ids)

    async def _tell(self, feed_id: int, user_ids: Sequence[int]) -> None:
        await self._bus.publish(feed_topic(feed_id), FeedChanged(feed_id))
        for user_id in user_ids:
            rev = await self._subscriptions.rev(user_id)
            await self._bus.publish(user_topic(user_id), ReadingChanged(user_id, rev))

    async def release(self, name: str) -> bool:
        """A name of a removed account may be taken again."""
        return await self._departure.release(name_digest(name))
