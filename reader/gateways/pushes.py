"""Taking in what hubs brought: the same way into a feed as a pull, under the feed's lease, without the fetch."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass

import structlog

from reader.clock import Clock
from reader.errors import Upstream
from reader.events import FeedChanged, PubSub, feed_topic
from reader.gateways.arrivals import Arrivals
from reader.gateways.pull_rules import FAR_FUTURE, compared
from reader.ingest import ttl
from reader.ingest.websub import same_place
from reader.ingest.work import Digest, digest_feed
from reader.jobs import Cpu, JobQueue, PullFeed
from reader.mappers import Mappers
from reader.mappers.entries import Appended
from reader.mappers.feeds import Begun, PullResult
from reader.models.feed import Identity, Pull
from reader.models.websub import Push
from reader.process import holder_name

log = structlog.get_logger(__name__)

LEASE_SECONDS = 60.0
BUSY_SECONDS = 1.0  # a pull has the feed; it will not be long
AT_ONCE = 20


@dataclass(frozen=True, slots=True)
class _Taken:
    """A push under way."""

    push: Push
    begun: Begun
    start: float  # monotonic

    @property
    def token(self) -> int:
        return self.begun.schedule.lease_token


class PushGateway:
    def __init__(
        self, mappers: Mappers, cpu: Cpu, bus: PubSub, queue: JobQueue, clock: Clock, arrivals: Arrivals
    ) -> None:
        self._pushes = mappers.pushes
        self._feeds = mappers.feeds
        self._entries = mappers.entries
        self._cpu = cpu
        self._bus = bus
        self._queue = queue
        self._clock = clock
        self._arrivals = arrivals

    async def read(self, feed_id: int) -> int:
        """Takes in what waits for the feed; how many documents. What cannot be done now stays, and is due again."""
        done = 0
        while done < AT_ONCE and (push := await self._pushes.first(feed_id)) is not None:
            now = self._clock.now()
            begun = await self._feeds.begin(feed_id, now, now + LEASE_SECONDS, holder_name())
            if begun is None:
                await self._pushes.put_off(feed_id, now + BUSY_SECONDS)
                break
            await self._one(_Taken(push, begun, self._clock.monotonic()))
            done += 1
        return done

    async def _one(self, taken: _Taken) -> None:
        """The document goes last: after a crash it is read again, and what it holds is stored once."""
        feed, push = taken.begun.feed, taken.push
        ended = False
        try:
            lease = await self._pushes.get(feed.id)
            # A hub that speaks of another address than the feed's may speak of another feed: it rings, no more.
            document = await self._parse(taken) if lease is not None and same_place(lease.topic, feed.url) else None
            ended = document is not None and await self._store(taken, document)
        finally:
            if not ended:
                await asyncio.shield(self._feeds.release(feed.id, taken.token))
        if document is None:
            await self._feeds.make_due(feed.id, self._clock.now())
            await self._queue.put(PullFeed(feed.id))
            await self._pushes.pushed(feed.id, now=self._clock.now())
        elif not ended:
            return  # the feed's lease was lost: the document is read again
        await self._pushes.done(push.id)

    async def _parse(self, taken: _Taken) -> Digest | None:
        """None for what cannot be read, or tells entries apart by other means than the feed did: a part of a feed is no
        sample of it."""
        feed, schedule, push = taken.begun.feed, taken.begun.schedule, taken.push
        known = await self._entries.known(feed.id, compared(push.body)) if feed.seq else {}
        identity = Identity(schedule.criterion, schedule.criterion_note, schedule.renewals)
        try:
            document = await self._cpu.run(
                digest_feed, push.body, feed.url, feed.url, push.type, known, push.arrived_at, identity, feed.format
            )
        except Upstream as error:
            log.info("websub.unreadable", feed_id=feed.id, error=str(error))
            return None
        return document if document.identity.criterion == schedule.criterion else None

    async def _store(self, taken: _Taken, document: Digest) -> bool:
        feed, now = taken.begun.feed, self._clock.now()
        appended = await self._entries.append(feed.id, taken.token, document.entries, renewed=document.renewed, now=now)
        if appended is None or not await self._feeds.record_pull(feed.id, taken.token, self._result(taken, appended)):
            log.warning("the lease of a push was lost", feed_id=feed.id)
            return False
        if appended.new or appended.updated:
            await self._pushes.pushed(feed.id, now=now)
        if appended.new:
            await self._arrivals.came(feed.id, len(appended.new), appended.new[-1].id)
        await self._bus.publish(feed_topic(feed.id), FeedChanged(feed.id))
        log.info("pushed", feed_id=feed.id, new=len(appended.new), updated=len(appended.updated))
        return True

    def _result(self, taken: _Taken, appended: Appended) -> PullResult:
        """The rhythm learns of the new entries, and the next pull is a day off; all else stays as the last pull left
        it: a hub that speaks says nothing of the site's health."""
        before, now = taken.begun.schedule, self._clock.now()
        rhythm = ttl.observe(ttl.Rhythm.unpack(before.rhythm), [at.sort_at for at in appended.new], now)
        plan = ttl.next_pull(
            rhythm=rhythm, now=now, readers=taken.begun.readers, pushed=True, jitter=random.random(),  # noqa: S311
        )  # fmt: skip
        later = FAR_FUTURE if plan.at is None else plan.at
        sooner = before.next_pull_at <= later  # a pull that is planned already is not put off by pushes, for ever
        return PullResult(
            pull=Pull(
                taken.begun.feed.id, now, 200, len(taken.push.body),
                round((self._clock.monotonic() - taken.start) * 1000),
                len(appended.new), len(appended.updated), before.error,
            ),
            state=taken.begun.feed.state,
            next_pull_at=before.next_pull_at if sooner else later,
            reason=before.reason if sooner else plan.reason,
            errors=before.errors,
            error=before.error,
            etag=before.etag,
            last_modified=before.last_modified,
            body_digest=before.body_digest,
            rhythm=rhythm.pack(),
            hint_seconds=before.hint_seconds,
            moved_to=before.moved_to,
            moved_count=before.moved_count,
            moved_since=before.moved_since,
        )  # fmt: skip
