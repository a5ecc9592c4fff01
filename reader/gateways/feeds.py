"""Rules of feeds as people see them. (Pulling them is gateways/pulls.)"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from reader.clock import Clock
from reader.events import FeedChanged, PubSub, feed_topic
from reader.gateways.pull_rules import pause_left
from reader.gateways.rested import Rested
from reader.ingest import ttl
from reader.ingest.ttl import Rhythm
from reader.jobs import JobQueue, PullFeed
from reader.mappers import Mappers
from reader.models.feed import Feed, FeedMove, FeedState, Icon, Pull, Schedule

PULLS_SHOWN = 20
MOVES_SHOWN = 5


@dataclass(frozen=True, slots=True)
class FeedFacts:
    """What the health page tells. ``hours``: forecast TTL in seconds for each UTC hour; ``checks``: seconds between
    checks that follow from it; ``grid``: TTLs of each hour of the last ten days, oldest day first, None where nothing
    was measured; ``week``: times the mean rate that (working days, weekends) have, (1, 1) without a weekly rhythm.
    ``now`` is when it was read."""

    feed: Feed
    schedule: Schedule
    pulls: list[Pull]
    readers: int
    newest_at: float | None
    hours: list[float]
    checks: list[float]
    week: tuple[float, float]
    grid: list[list[float | None]]
    now: float
    moves: list[FeedMove] = field(default_factory=list)


class FeedGateway:
    def __init__(self, mappers: Mappers, queue: JobQueue, bus: PubSub, clock: Clock) -> None:
        self._feeds = mappers.feeds
        self._hub = mappers.hub
        self._pushes = mappers.pushes
        self._entries = mappers.entries
        self._queue = queue
        self._bus = bus
        self._clock = clock
        self._stats = Rested(self._count, clock)

    async def get(self, feed_id: int) -> Feed | None:
        return await self._feeds.get(feed_id)

    async def at(self, url: str) -> Feed | None:
        """By canonical URL or alias."""
        return await self._feeds.by_url(url)

    async def search(self, words: str, limit: int) -> list[Feed]:
        return await self._feeds.search(words, limit)

    async def page(self, after: int, limit: int) -> list[Feed]:
        return await self._feeds.page(after=after, limit=limit)

    async def in_state(self, state: FeedState, after: int, limit: int) -> tuple[list[tuple[Feed, Schedule]], float]:
        """(feeds of a state with their schedules, when that was)."""
        return await self._feeds.in_state(state, after=after, limit=limit), self._clock.now()

    async def icon(self, digest: str) -> Icon | None:
        return await self._feeds.icon(digest)

    async def ask(self, feed_id: int) -> None:
        """A person wants it pulled now: the row says so first, the queue only hurries."""
        await self._feeds.make_due(feed_id, self._clock.now())
        await self._queue.put(PullFeed(feed_id, user=True))
        await self._bus.publish(feed_topic(feed_id), FeedChanged(feed_id))

    async def paused_for(self, feed_id: int) -> tuple[str, float] | None:
        """(host, seconds) while the feed's host asked to be left alone."""
        schedule = await self._feeds.schedule(feed_id)
        left = pause_left(schedule, self._clock.now()) if schedule else 0.0
        return (schedule.host, left) if schedule and left else None

    async def undo_move(self, feed_id: int) -> str | None:
        """Give the feed the address back that it had before it moved; None when there is nothing to undo."""
        url = await self._feeds.undo_move(feed_id, self._clock.now())
        if url is not None:
            await self._bus.publish(feed_topic(feed_id), FeedChanged(feed_id))
        return url

    async def facts(self, feed_id: int) -> FeedFacts | None:
        feed, schedule, pulls, readers, moves, lease = await asyncio.gather(
            self._feeds.get(feed_id),
            self._feeds.schedule(feed_id),
            self._feeds.pulls(feed_id, PULLS_SHOWN),
            self._feeds.readers(feed_id),
            self._feeds.moves(feed_id, MOVES_SHOWN),
            self._pushes.get(feed_id),
        )
        if feed is None or schedule is None:
            return None
        top = (await self._entries.positions([(feed_id, feed.seq, feed.seq)])).get(feed_id, [])
        rhythm, now = Rhythm.unpack(schedule.rhythm), self._clock.now()
        newest_at = top[0].sort_at if top else None
        pushed = lease is not None and lease.holds(now)
        return FeedFacts(
            feed, schedule, pulls, readers, newest_at, ttl.forecast(rhythm, now),
            ttl.checks(rhythm, now, readers=readers, pushed=pushed), (rhythm.workday, rhythm.weekend), ttl.grid(rhythm,
            now), now, moves,
        )  # fmt: skip

    async def stats(self) -> dict[str, int]:
        """What the store holds, and what goes through hubs: ours ("hub_…"), and those of feeds ("pushed_…"). Those of a
        while ago where counting takes long."""
        return await self._stats.get()

    async def _count(self) -> dict[str, int]:
        now = self._clock.now()
        stats, hub, pushes = await asyncio.gather(self._feeds.stats(now), self._hub.stats(now), self._pushes.stats(now))
        return (
            stats
            | {f"hub_{name}": number for name, number in hub.items()}
            | {f"pushed_{name}": number for name, number in pushes.items()}
        )
