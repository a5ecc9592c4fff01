"""Pulling a feed: lease, conditional GET, parse in the CPU pool, append, schedule, events.

Children first, the feed's state last, everything under the fence of the lease: a crash at any point leaves the feed due
and nothing visible twice, and whoever lost the lease can no longer write.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass

import structlog

from reader.clock import Clock
from reader.errors import Away, Upstream
from reader.events import FeedChanged, PubSub, feed_topic
from reader.gateways.arrivals import Arrivals
from reader.gateways.icons import icon_wanted
from reader.gateways.pull_rules import (
    DAY,
    FAR_FUTURE,
    believes_move,
    body_digest,
    compared,
    is_gone,
    moved_target,
    moves,
    pause_left,
    pause_of,
    state_after_error,
    validators,
)
from reader.gateways.websub import WebSubGateway
from reader.gateways.work import SUSPECT, Suspect, WorkGateway
from reader.ingest import ttl
from reader.ingest.fetch import Fetched, FetchFailed, Source, hint_seconds
from reader.ingest.generate import is_generated
from reader.ingest.reasons import Reason
from reader.ingest.websub import discover
from reader.ingest.work import Digest, digest_feed
from reader.jobs import Cpu, FetchIcon, JobQueue, ShareMatches
from reader.mappers import Mappers
from reader.mappers.entries import Appended
from reader.mappers.feeds import NO_META, Begun, Due, FeedMeta, PullResult
from reader.models.feed import Feed, FeedState, Identity, Pull, Schedule, host_of
from reader.process import holder_name
from reader.settings import Settings

log = structlog.get_logger(__name__)

LEASE_MARGIN = 30.0  # a lease outlives the longest fetch by so much: the wait for a place at the host, and parsing
ICON_LATER = 30.0
SET_BACK_AT_ONCE = 5000
LONGEST_PLAN = 8.0 * DAY  # nothing is put off for longer, except for good
OWN_FAULT = "Evantr itself failed on this feed. The operator finds the details in its log."


@dataclass(frozen=True, slots=True)
class PullOutcome:
    """How a pull ended. ``skipped``: somebody else pulls the feed, or it is not due (any more). ``same``: entries of
    the document that are stored as they are, None when nobody parsed it (304, or the same bytes as the last time).
    ``kind`` is that of the Upstream behind ``error``."""

    new: int = 0
    updated: int = 0
    error: str | None = None
    skipped: bool = False
    same: int | None = None
    kind: str | None = None


@dataclass(slots=True)
class _Trip:
    """One pull under way."""

    feed: Feed
    schedule: Schedule
    token: int
    start: float  # monotonic
    now: float
    readers: int
    imported: bool
    target: str | None = None  # where it has moved for good
    moved: int = 0
    moved_since: float | None = None
    hint: int | None = None
    identity: Identity | None = None  # to be stored; None: as it is
    meta: FeedMeta = NO_META
    pushed: bool = False  # a hub that is trusted tells what is new


class PullGateway:
    def __init__(
        self,
        mappers: Mappers,
        fetcher: Source,
        cpu: Cpu,
        bus: PubSub,
        queue: JobQueue,
        clock: Clock,
        settings: Settings,
        arrivals: Arrivals,
        websub: WebSubGateway | None,
    ) -> None:
        """``websub`` None: no hub is ever asked."""
        self._arrivals = arrivals
        self._websub = websub
        self._feeds = mappers.feeds
        self._entries = mappers.entries
        self._streams = mappers.streams
        self._fetcher = fetcher
        self._cpu = cpu
        self._bus = bus
        self._queue = queue
        self._clock = clock
        self._lease_seconds = settings.fetch_timeout + LEASE_MARGIN
        self._work = WorkGateway(mappers, bus, clock)
        self._held: dict[int, tuple[int, float]] = {}  # feeds being pulled → (token, monotonic time of the last beat)
        self._kept: dict[int, int] = {}  # feeds whose leases (tokens) could not be given back yet

    async def due(self, limit: int, after: tuple[float, int] = (0.0, 0)) -> list[Due]:
        """Feeds that are due, the longest due first, from behind ``after`` (due_at, id) on."""
        return await self._feeds.due(self._clock.now(), limit, after=after)

    async def clock_went_back(self) -> bool:
        """Whether plans were made by a clock that was ahead of the one we have now."""
        return await self._feeds.from_the_future(self._clock.now())

    async def set_back(self) -> None:
        """Bring such plans back to our clock, a part at a time so that others can write in between."""
        after: int | None = 0
        while after is not None:
            after = await self._feeds.set_back(self._clock.now(), LONGEST_PLAN, after=after, limit=SET_BACK_AT_ONCE)

    async def next_due_at(self) -> float | None:
        return await self._feeds.next_due_at()

    async def beat(self, older: float) -> int:
        """Extend the leases of pulls that have run for ``older`` seconds since they last did; how many there were.

        Leases that could not be given back, because the store was away, are given back.
        """
        await self._release_kept()
        now = self._clock.monotonic()
        slow = [(feed_id, token) for feed_id, (token, at) in self._held.items() if now - at >= older]
        if slow:
            await self._feeds.beat(slow, self._clock.now() + self._lease_seconds)
            self._held.update({feed_id: (token, now) for feed_id, token in slow if feed_id in self._held})
        return len(slow)

    async def pull(
        self, feed_id: int, *, user: bool = False, imported: bool = False, careful: bool = False
    ) -> PullOutcome:
        """Pull the feed if it is due and nobody else does. Failures of its server are an outcome, not an exception.

        The icon of an ``imported`` feed comes after the entries of all others. With ``careful``, Suspect is raised for
        a feed whose last pull ended with its process.
        """
        now = self._clock.now()
        begun = await self._feeds.begin(feed_id, now, now + self._lease_seconds, holder_name())
        if begun is None:
            return PullOutcome(skipped=True)
        token = begun.schedule.lease_token
        ended = False
        self._held[feed_id] = (token, self._clock.monotonic())
        try:
            trip = self._trip(begun, now, imported)
            if trip is None:
                return PullOutcome(skipped=True)
            if pause_left(trip.schedule, now):
                ended = await self._wait_for_host(trip)
                return PullOutcome(skipped=True)
            if careful and trip.schedule.lost >= SUSPECT:
                raise Suspect(trip.schedule.lost)
            try:
                outcome = await self._go(trip)
            except Away:  # the feed is not to blame: it stays due
                raise
            except Exception:
                # Without a record it would stay due and fail again at once, for ever.
                await self._failed(trip, Upstream("internal", OWN_FAULT))
                ended = True
                raise
            ended = True
        finally:
            self._held.pop(feed_id, None)
            if not ended:
                await asyncio.shield(self._release(feed_id, token))
        await self._bus.publish(feed_topic(feed_id), FeedChanged(feed_id))
        say = log.info if outcome.new or outcome.updated or outcome.error or user else log.debug
        say(
            "pulled", feed_id=feed_id, url=trip.feed.url, new=outcome.new, updated=outcome.updated,
            error=outcome.error, user=user, milliseconds=self._milliseconds(trip),
        )  # fmt: skip
        return outcome

    async def _release(self, feed_id: int, token: int) -> None:
        try:
            await self._feeds.release(feed_id, token)
        except Away:
            self._kept[feed_id] = token  # else the feed would wait for the end of the lease

    async def _release_kept(self) -> None:
        for feed_id, token in list(self._kept.items()):
            await self._feeds.release(feed_id, token)  # of a later lease it lets go nothing
            if self._kept.get(feed_id) == token:
                del self._kept[feed_id]

    def _trip(self, begun: Begun, now: float, imported: bool) -> _Trip | None:
        feed, schedule = begun.feed, begun.schedule
        if feed.kind != "site" or schedule.next_pull_at > now or feed.state == "gone":
            return None  # this job came late, or twice
        return _Trip(
            feed, schedule, schedule.lease_token, self._clock.monotonic(), now, begun.readers, imported,
            pushed=begun.pushed,
        )  # fmt: skip

    async def _go(self, trip: _Trip) -> PullOutcome:
        etag, last_modified = validators(trip.schedule, trip.feed.id, trip.now)
        try:
            fetched = await self._fetcher.get(trip.feed.url, etag=etag, last_modified=last_modified)
        except Upstream as error:
            return await self._failed(trip, error)
        trip.hint = hint_seconds(fetched.headers, trip.now)
        trip.target = moved_target(fetched, trip.feed.url, trip.schedule.move_refused)
        trip.moved = moves(trip.schedule, trip.target)
        if trip.moved:
            trip.moved_since = trip.schedule.moved_since if trip.moved > 1 else trip.now
        digest = trip.schedule.body_digest if fetched.status == 304 else body_digest(fetched.body)
        if fetched.status == 304 or digest == trip.schedule.body_digest:
            return await self._unchanged(trip, fetched, digest)
        return await self._changed(trip, fetched, digest)

    # ---- the ways it can end

    async def _unchanged(self, trip: _Trip, fetched: Fetched, digest: bytes | None) -> PullOutcome:
        """304, or the very bytes of the last time: one small write."""
        rhythm = self._rhythm(trip)
        return await self._end_well(trip, fetched, digest, rhythm, Appended(trip.feed.seq, (), ()))

    async def _changed(self, trip: _Trip, fetched: Fetched, digest: bytes | None) -> PullOutcome:
        known = await self._entries.known(trip.feed.id, compared(fetched.body)) if trip.feed.seq else {}
        before = trip.schedule
        identity = Identity(before.criterion, before.criterion_note, before.renewals)
        try:
            document = await self._cpu.run(
                digest_feed,
                fetched.body,
                trip.feed.url,
                fetched.final_url,
                fetched.content_type,
                known,
                trip.now,
                identity,
                trip.feed.format,
            )
        except Upstream as error:
            return await self._failed(trip, error, fetched)
        appended = await self._entries.append(
            trip.feed.id, trip.token, document.entries, renewed=document.renewed, now=self._clock.now()
        )
        if appended is None:
            return self._fenced(trip)
        self._take_meta(trip, document)
        self._take_identity(trip, identity, document)
        await self._mind_the_hub(trip, fetched, document, appended)
        rhythm = self._rhythm(trip, document, appended)
        same = document.total - len(appended.new) - len(appended.updated)
        outcome = await self._end_well(trip, fetched, digest, rhythm, appended, same)
        if appended.new:
            if await self._streams.feeding(trip.feed.id):
                await self._queue.put(ShareMatches(trip.feed.id))
            last = appended.new[-1].id
            await self._arrivals.came(trip.feed.id, len(appended.new), last)
        await self._want_icon(trip, document.icon)
        return outcome

    async def _end_well(
        self,
        trip: _Trip,
        fetched: Fetched,
        digest: bytes | None,
        rhythm: ttl.Rhythm,
        appended: Appended,
        same: int | None = None,
    ) -> PullOutcome:
        outcome = PullOutcome(len(appended.new), len(appended.updated), same=same)
        since = trip.now if trip.moved_since is None else trip.moved_since
        if trip.target is not None and believes_move(trip.schedule, trip.moved, since, trip.now):
            left = await self._move(trip, trip.target)
            if left != trip.feed.id:
                return outcome  # merged: the other feed has a schedule of its own
        now = self._clock.now()
        plan = ttl.next_pull(
            rhythm=rhythm, now=now, hint_seconds=trip.hint, readers=trip.readers, pushed=trip.pushed,
            jitter=random.random(),  # noqa: S311 -- spreads load
        )  # fmt: skip
        result = PullResult(
            pull=self._pull(trip, fetched.status, fetched.wire_bytes, outcome),
            state="active",
            next_pull_at=FAR_FUTURE if plan.at is None else plan.at,
            reason=plan.reason,
            errors=0,
            error=None,
            etag=fetched.headers.get("etag") or (trip.schedule.etag if fetched.status == 304 else None),
            last_modified=fetched.headers.get("last-modified")
            or (trip.schedule.last_modified if fetched.status == 304 else None),
            body_digest=digest,
            rhythm=rhythm.pack(),
            hint_seconds=trip.hint,
            moved_to=trip.target,
            moved_count=trip.moved,
            moved_since=trip.moved_since,
            identity=trip.identity,
            meta=trip.meta,
        )
        if not await self._feeds.record_pull(trip.feed.id, trip.token, result):
            return self._fenced(trip)
        return outcome

    async def _failed(self, trip: _Trip, error: Upstream, fetched: Fetched | None = None) -> PullOutcome:
        """Back off and say why. Validators, rhythm and what was learned of a move stay."""
        schedule = trip.schedule
        errors = schedule.errors + 1
        words = str(error)
        state: FeedState = state_after_error(trip.feed, error)
        plan = ttl.next_pull(
            rhythm=ttl.Rhythm.unpack(schedule.rhythm), now=self._clock.now(), errors=errors,
            retry_after=error.retry_after, readers=trip.readers, status_gone=is_gone(error),
            jitter=random.random(),  # noqa: S311 -- spreads load
        )  # fmt: skip
        outcome = PullOutcome(error=words, kind=error.kind)
        status = fetched.status if fetched else error.status
        result = PullResult(
            pull=self._pull(trip, status, fetched.wire_bytes if fetched else 0, outcome),
            state=state,
            next_pull_at=FAR_FUTURE if plan.at is None else plan.at,
            reason=plan.reason,
            errors=errors,
            error=words,
            etag=schedule.etag,
            last_modified=schedule.last_modified,
            body_digest=schedule.body_digest,
            rhythm=schedule.rhythm,
            hint_seconds=schedule.hint_seconds,
            moved_to=schedule.moved_to,
            moved_count=schedule.moved_count,
            moved_since=schedule.moved_since,
        )
        if not await self._feeds.record_pull(trip.feed.id, trip.token, result):
            return self._fenced(trip)
        await self._pause_host(trip, error)
        if isinstance(error, FetchFailed) and error.redirects:
            log.debug("the failure came after redirects", feed_id=trip.feed.id, at=error.url)
        return outcome

    def _fenced(self, trip: _Trip) -> PullOutcome:
        log.warning("the lease of a pull was lost; its result is dropped", feed_id=trip.feed.id, token=trip.token)
        return PullOutcome(skipped=True)

    # ---- parts

    async def _wait_for_host(self, trip: _Trip) -> bool:
        """The host asked to be left alone: due again after that. No error, and no pull in the log."""
        until = trip.schedule.paused_until or trip.now
        reason = trip.schedule.pause_reason or ""
        return await self._feeds.defer(trip.feed.id, trip.token, until, reason)

    async def _pause_host(self, trip: _Trip, error: Upstream) -> None:
        seconds = pause_of(error)
        if seconds is None:
            return
        host = host_of(error.url if isinstance(error, FetchFailed) else trip.feed.url)
        now = self._clock.now()
        await self._feeds.pause_host(host, now + seconds, Reason("paused", (seconds,)).pack(), now=now)
        log.info("a host asked for a pause", host=host, seconds=seconds, status=error.status)

    def _take_meta(self, trip: _Trip, document: Digest) -> None:
        trip.meta = FeedMeta(
            title=document.title or None,
            site_url=document.site_url,
            description=document.description,
            language=document.language,
            format=document.format,
        )
        wishes = (trip.hint, document.hint_seconds)
        trip.hint = max((min(wish, DAY) for wish in wishes if wish), default=None)

    async def _mind_the_hub(self, trip: _Trip, fetched: Fetched, document: Digest, appended: Appended) -> None:
        """A hub that is named is asked to tell what is new; one that kept news to itself is trusted no more."""
        if self._websub is None:
            return
        if trip.pushed and appended.new:
            times = [at.sort_at if document.times else None for at in appended.new]
            trip.pushed = not await self._websub.kept_back(trip.feed.id, times, trip.schedule.last_pull_at)
        ends = discover(fetched.headers, fetched.final_url, document.hub, document.self_url)
        if ends is not None and trip.readers and not is_generated(document.format):
            await self._websub.found(trip.feed, ends)

    def _take_identity(self, trip: _Trip, before: Identity, document: Digest) -> None:
        if document.renewed:
            log.info("entries came under other ids", feed_id=trip.feed.id, entries=len(document.renewed))
        if document.identity != before:
            trip.identity = document.identity
        if document.identity.criterion != before.criterion:
            log.info("entries are told apart by something else", feed_id=trip.feed.id, why=document.identity.note)

    def _rhythm(self, trip: _Trip, document: Digest | None = None, appended: Appended | None = None) -> ttl.Rhythm:
        """The rhythm with the current hour recomputed. A feed's first document tells of its past; later only what is
        new counts, undated entries included. A document of nothing but new entries may have lost some."""
        rhythm = ttl.Rhythm.unpack(trip.schedule.rhythm)
        if document is None or appended is None:
            return ttl.observe(rhythm, [], trip.now)
        if not rhythm.looked and document.times:
            return ttl.observe(rhythm, document.times, trip.now)
        new = [position.sort_at for position in appended.new]
        return ttl.observe(rhythm, new, trip.now, complete=len(new) < document.total)

    async def _move(self, trip: _Trip, target: str) -> int | None:
        left = await self._feeds.move(trip.feed.id, trip.token, target, now=trip.now)
        log.info("a feed moved for good", feed_id=trip.feed.id, to=target, merged_into=left)
        if left is not None and left != trip.feed.id:
            await self._bus.publish(feed_topic(left), FeedChanged(left))
        trip.target, trip.moved, trip.moved_since = None, 0, None
        return left

    async def _want_icon(self, trip: _Trip, named: str | None) -> None:
        """Weekly, and at once while there is none."""
        job = FetchIcon(trip.feed.id, named)
        if await icon_wanted(self._work, job, self._clock.now()):
            await self._work.submit(job, delay=ICON_LATER if trip.imported else 0)
            if not trip.imported:
                await self._queue.put(job)

    def _pull(self, trip: _Trip, status: int | None, size: int, outcome: PullOutcome) -> Pull:
        return Pull(
            feed_id=trip.feed.id,
            at=trip.now,
            status=status,
            bytes=size,
            milliseconds=self._milliseconds(trip),
            new=outcome.new,
            updated=outcome.updated,
            error=outcome.error,
        )

    def _milliseconds(self, trip: _Trip) -> int:
        return round((self._clock.monotonic() - trip.start) * 1000)
