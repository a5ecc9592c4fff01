"""Brings what is due to a transport: feeds, and rows that a queue has lost."""

from __future__ import annotations

import asyncio
import functools
from collections import Counter

from reader.container import Container
from reader.gateways.work import WorkGateway
from reader.ingest.address import site_key
from reader.jobs import PullFeed, ShareMatches, key_of
from reader.mappers.feeds import Due
from workers.transport import Transport

LOOK_AHEAD = 2000
PAGES_AT_ONCE = 5
PUT_AT_ONCE = 20
PARKED_MOST = 50  # of one site
ROWS_AT_ONCE = 200
LOOKED_AT_ONCE = 2000  # of those that have to be looked at one by one, whatever waits: a lap takes several rounds
START = (0.0, 0)


@functools.lru_cache(LOOK_AHEAD * 2)
def _site_of(url: str) -> str:
    return site_key(url)


class Sweeper:
    """Brings due feeds and due rows to a transport, with a budget per site.

    A backlog is walked in laps, the longest due first, a page at a time; in a page what most people read comes first.
    A site whose budget is used up keeps a few of its feeds parked, and the walk goes on behind them: so a hundred
    thousand due feeds of one slow site hold nobody else up, and the site never idles.
    """

    def __init__(self, container: Container, transport: Transport) -> None:
        self._container = container
        self._transport = transport
        self._work = WorkGateway(container.mappers, container.bus, container.clock)
        self._budget = container.settings.fetch_per_host * 2  # some run, some wait: the host never idles
        self._under_way: dict[str, str] = {}  # key of a pull → site
        self._busy: Counter[str] = Counter()
        self._parked: dict[str, dict[int, None]] = {}  # site → feeds, the longest due first
        self._behind = START

    async def feeds(self) -> tuple[int, bool]:
        """Enqueue due feeds; returns how many, and whether some were held back by a budget."""
        self._under_way = {key: site for key, site in self._under_way.items() if self._transport.holds(key)}
        self._busy = Counter(self._under_way.values())
        put = await self._unpark()
        for _ in range(PAGES_AT_ONCE):
            page = await self._container.gateways.pulls.due(LOOK_AHEAD, self._behind)
            brought, full = await self._page(page)
            put += brought
            if full:
                return put, True
            if len(page) < LOOK_AHEAD:
                self._behind = START
                return put, bool(self._parked)
            self._behind = (page[-1].due_at, page[-1].feed_id)
        return put, True

    async def _page(self, page: list[Due]) -> tuple[int, bool]:
        """(how many were enqueued, whether the queue is full). A broker takes several at once in the time of one."""
        put = 0
        some: list[tuple[str, PullFeed]] = []
        for feed in sorted(page, key=_readers, reverse=True):
            site, job = _site_of(feed.url), PullFeed(feed.feed_id)
            if self._busy[site] >= self._budget:  # first, because it is what most of a long backlog ends at
                self._park(site, feed.feed_id)
                continue
            if self._transport.holds(key_of(job)):
                continue
            if self._transport.room(job.queue) <= len(some):
                return put + await self._put(some), True
            self._busy[site] += 1
            some.append((site, job))
            if len(some) == PUT_AT_ONCE:
                put += await self._put(some)
                some = []
        return put + await self._put(some), False

    async def _put(self, some: list[tuple[str, PullFeed]]) -> int:
        """Enqueues jobs whose sites count them as under way; returns how many are new."""
        done = await asyncio.gather(*(self._transport.put(job) for _, job in some))
        for (site, job), new in zip(some, done, strict=True):
            key = key_of(job)
            if new or self._transport.holds(key):  # a broker may have had it, and told us only now
                self._under_way[key] = site
            else:
                self._busy[site] -= 1
        return sum(done)

    async def _unpark(self) -> int:
        put = 0
        for site in [site for site in self._parked if self._busy[site] < self._budget]:
            waiting = self._parked[site]
            while waiting and self._busy[site] < self._budget:
                feed_id = next(iter(waiting))
                brought = await self._bring(site, feed_id)
                if brought is None:
                    return put
                del waiting[feed_id]
                put += brought
            if not waiting:
                del self._parked[site]
        return put

    def _park(self, site: str, feed_id: int) -> None:
        if key_of(PullFeed(feed_id)) in self._under_way:
            return
        waiting = self._parked.setdefault(site, {})
        if len(waiting) < PARKED_MOST:
            waiting[feed_id] = None

    async def _bring(self, site: str, feed_id: int) -> bool | None:
        """Whether it was enqueued now; None when there is no room."""
        job = PullFeed(feed_id)
        if self._transport.holds(key_of(job)):
            return False
        if self._transport.room(job.queue) <= 0:
            return None
        self._busy[site] += 1
        return await self._put([(site, job)]) > 0

    async def rows(self) -> int:
        """Enqueue jobs whose rows wait or were left behind, feeds that streams share from, webhooks that are due, and
        what hubs wait for; returns how many."""
        put = 0
        for feed_id in await self._container.gateways.streams.behind(LOOKED_AT_ONCE):
            put += await self._transport.put(ShareMatches(feed_id))
        for payload in await self._work.due(ROWS_AT_ONCE):
            put += await self._transport.put(payload)
        for delivery in await self._container.gateways.webhooks.due(ROWS_AT_ONCE):
            put += await self._transport.put(delivery)
        for gateway in (self._container.gateways.hub, self._container.gateways.websub):
            for job in await gateway.due(ROWS_AT_ONCE):
                put += await self._transport.put(job)
        return put


def _readers(feed: Due) -> int:
    return feed.readers
