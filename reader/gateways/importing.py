"""Driving imports: from rows that wait to feeds that were pulled, by looking at the rows again and again.

Nothing is kept in memory that matters: every step reads where the import is and does an atomic, idempotent piece of it,
so that a crash costs nothing and any number of processes may drive the same import.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Sequence

import structlog

from reader.clock import Clock
from reader.events import ImportChanged, PubSub, ReadingChanged, user_topic
from reader.gateways.discovery import DiscoveryGateway
from reader.gateways.import_rules import concluded, look_at
from reader.ingest.address import site_key
from reader.jobs import JobQueue, PullFeed
from reader.mappers import Mappers
from reader.mappers.imports import Outcome, Waiting, Watched
from reader.models.imports import Import
from reader.settings import Settings

log = structlog.get_logger(__name__)

PLANT_AT_ONCE = 100  # subscriptions per transaction: short enough for a page to come between
WINDOW = 128  # items under way in one import
LOOKS_AT_ONCE = 3  # discoveries under way in one import
LOOK_SECONDS = 120.0
DEFERRED_SECONDS = 60.0  # a site that wants a longer pause than this is not waited for
NUDGE_SECONDS = 3.0
LATER_SECONDS = 3600.0  # when feeds are due that nobody has started yet: should the import never go on
STALE_SECONDS = 900.0
TELL_SECONDS = 0.25


@functools.lru_cache(4096)
def _site_of(url: str) -> str:
    return site_key(url)


class Importing:
    def __init__(
        self,
        mappers: Mappers,
        discovery: DiscoveryGateway,
        queue: JobQueue,
        bus: PubSub,
        clock: Clock,
        settings: Settings,
    ) -> None:
        self._mappers = mappers
        self._imports = mappers.imports
        self._discovery = discovery
        self._queue = queue
        self._bus = bus
        self._clock = clock
        self._unread = settings.initial_unread
        self._per_site = settings.fetch_per_host * 2  # some run, some wait: the host never idles
        self._told: dict[int, float] = {}
        self._nudged: dict[int, float] = {}

    async def running(self) -> list[Import]:
        """Imports that have something to do, oldest first."""
        jobs = await self._imports.running()
        ids = {job.id for job in jobs}
        for known in (self._told, self._nudged):
            for gone in known.keys() - ids:
                del known[gone]
        return jobs

    async def step(self, job: Import) -> bool:
        """One short piece of an import; whether there is more to do at once."""
        now = self._clock.now()
        planted = await self._imports.plant(
            job.id, PLANT_AT_ONCE, unread=self._unread, now=now, due_at=now + LATER_SECONDS
        )
        watched = await self._imports.watch(job.id)
        outcomes = await self._judge(job, watched, now)
        if outcomes:
            await self._imports.settle(job.id, outcomes)
        over = sum(outcome.state != "running" for outcome in outcomes)
        started = await self._start(job, watched, len(watched) - over, now)
        if planted:
            await self._reading_changed(job)
        finished = not planted and not started and len(watched) == over and await self._imports.finish(job.id, now)
        if finished:
            log.info("an import is done", import_id=job.id)
            await self._reading_changed(job)
        await self._tell(job, whatever=finished)
        return bool(planted)

    async def _start(self, job: Import, watched: Sequence[Watched], under_way: int, now: float) -> int:
        room = WINDOW - under_way
        if room <= 0:
            return 0
        waiting = await self._imports.waiting(job.id, WINDOW * 4)
        busy = Counter(_site_of(each.item.url) for each in watched)
        numbers = _fitting(waiting, busy, self._per_site, room)
        if not numbers:
            return 0
        for feed_id in await self._imports.take(job.id, numbers, now=now, stale=now - STALE_SECONDS):
            await self._queue.put(PullFeed(feed_id, imported=True))
        return len(numbers)

    async def _judge(self, job: Import, watched: Sequence[Watched], now: float) -> list[Outcome]:
        outcomes: list[Outcome] = []
        anew: list[int] = []
        looks = sum(each.item.looking is not None for each in watched)
        steady = self._clock.monotonic()
        nudge = steady - self._nudged.get(job.id, steady - NUDGE_SECONDS) >= NUDGE_SECONDS
        if nudge:
            self._nudged[job.id] = steady
        for each in watched:
            number = each.item.number
            if each.item.since is not None and each.item.since > now + 1:
                anew.append(number)  # the clock went back
            elif not each.known:
                outcomes.append(await self._merged(each))
            elif each.item.looking is not None:
                outcome = await self._looked(each, now)
                if outcome is not None:
                    outcomes.append(outcome)
            elif each.new or each.next_pull_at <= now:
                outcome = self._unpulled(each, now)
                if outcome is not None:
                    outcomes.append(outcome)
                elif nudge and each.next_pull_at <= now and each.item.feed_id is not None:
                    await self._queue.put(PullFeed(each.item.feed_id, imported=True))  # a queue may have lost it
            elif each.error is None:
                outcomes.append(Outcome(number, "done"))
            else:
                place = look_at(each)
                if place is None:
                    outcomes.append(Outcome(number, "failed", each.error))
                elif looks < LOOKS_AT_ONCE:
                    looks += 1
                    outcomes.append(Outcome(number, "running", each.error, looking=place))
        if anew:
            await self._imports.again(job.id, anew, now)
        return outcomes

    @staticmethod
    def _unpulled(each: Watched, now: float) -> Outcome | None:
        """A site that asked for a long pause is not waited for: its feed is checked when the pause is over."""
        if each.next_pull_at - now > DEFERRED_SECONDS:
            return Outcome(each.item.number, "failed", each.error or each.reason or "The site asked for a pause.")
        return None

    async def _merged(self, each: Watched) -> Outcome:
        """The feed was found to be another one, which took its place."""
        feed = await self._mappers.feeds.by_url(each.item.url)
        if feed is not None:
            return Outcome(each.item.number, "done")
        return Outcome(each.item.number, "failed", "The feed went away while it was imported. Try again.")

    async def _looked(self, each: Watched, now: float) -> Outcome | None:
        item = each.item
        error = item.reason or each.error or ""
        finding = await self._discovery.look(item.looking or item.url)
        if finding is not None:
            return concluded(item, error, finding)
        return Outcome(item.number, "failed", error) if now - (item.since or now) > LOOK_SECONDS else None

    # ---- telling

    async def _reading_changed(self, job: Import) -> None:
        rev = await self._mappers.subscriptions.rev(job.user_id)
        await self._bus.publish(user_topic(job.user_id), ReadingChanged(job.user_id, rev))

    async def _tell(self, job: Import, *, whatever: bool) -> None:
        """At most four times a second."""
        now = self._clock.monotonic()
        if whatever or now - self._told.get(job.id, 0.0) >= TELL_SECONDS:
            self._told[job.id] = now
            await self._bus.publish(user_topic(job.user_id), ImportChanged(job.id))


def _fitting(waiting: Sequence[Waiting], busy: Counter[str], per_site: int, room: int) -> list[int]:
    """Items to start: in order, but no more of one site at a time than it is asked by."""
    numbers: list[int] = []
    for each in waiting:
        if len(numbers) >= room:
            break
        site = _site_of(each.url)
        if busy[site] < per_site:
            busy[site] += 1
            numbers.append(each.number)
    return numbers
