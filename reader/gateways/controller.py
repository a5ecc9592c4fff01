"""Waiting for jobs: one, or a thousand, each told as it ends.

Subscribe, look, wait: a job that ends between the look and the wait has left its event in the channel. Events are
hints; what counts is read from the rows. Jobs that other processes end are found by one look for all waiters together,
so that a waiter costs the same however many there are. Who goes away is forgotten by leaving the ``async with``.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager

import orjson
import structlog

from reader.clock import Clock
from reader.events import Channel, JobFinished, PubSub, job_topic
from reader.gateways.pull_rules import FAR_FUTURE
from reader.jobs import PullFeed, RunImport
from reader.mappers import Mappers
from reader.mappers.feeds import PullState
from reader.models.imports import ImportState
from reader.models.job import Job
from reader.models.operations import JobState, JobView, Owned

log = structlog.get_logger(__name__)

LOOK_EVERY = 0.5  # for jobs that end in other processes, whose events do not reach our bus
LOOKED_AT_ONCE = 2000
IMPORT_COUNTS = ("total", "waiting", "running", "done", "need", "failed", "skipped")
IMPORT_STATES: dict[ImportState, JobState] = {
    "filling": "waiting",
    "preview": "waiting",
    "paused": "waiting",
    "running": "running",
    "done": "done",
    "cancelled": "cancelled",
    "undone": "cancelled",
}
LOOK_ANYWAY = 30.0


class Waiter:
    """Somebody who waits for jobs; made by Controller.waiting."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._events = aiter(channel)
        self._pending: asyncio.Task[str | None] | None = None

    async def next(self, seconds: float) -> str | None:
        """The key of a job that may have ended; "" when events were lost (look at all); None after ``seconds``."""
        if self._pending is None:
            self._pending = asyncio.create_task(self._key())
        done, _ = await asyncio.wait({self._pending}, timeout=max(0.0, seconds))
        if not done:
            return None
        task, self._pending = self._pending, None
        return task.result()

    async def _key(self) -> str:
        async for event in self._channel_events():
            if self._channel.lost:
                self._channel.lost = False
                return ""
            if isinstance(event, JobFinished):
                return event.key
        raise RuntimeError("the channel ended")

    async def _channel_events(self) -> AsyncIterator[object]:
        while True:
            yield await anext(self._events)

    async def close(self) -> None:
        if self._pending is not None:
            self._pending.cancel()
            await asyncio.gather(self._pending, return_exceptions=True)


class Controller:
    def __init__(self, mappers: Mappers, bus: PubSub, clock: Clock) -> None:
        self._jobs = mappers.jobs
        self._feeds = mappers.feeds
        self._imports = mappers.imports
        self._bus = bus
        self._clock = clock
        self._wishes: dict[str, tuple[Owned, int]] = {}  # key → the wish, and how many wait for it
        self._looking: asyncio.Task[None] | None = None

    @property
    def waited_for(self) -> int:
        """How many jobs somebody of this process waits for."""
        return len(self._wishes)

    async def look(self, wishes: Sequence[Owned]) -> dict[str, JobView]:
        """Each job as it is now, by key; two round trips at most, however many, and two for each import."""
        pulls = {wish.key: _feed_of(wish) for wish in wishes if wish.name == PullFeed.NAME}
        imports = {wish.key: await self._import_view(wish) for wish in wishes if wish.name == RunImport.NAME}
        rows = [wish.key for wish in wishes if wish.key not in pulls and wish.key not in imports]
        found = {job.key: job for job in await self._jobs.many(rows)} if rows else {}
        states = {each.feed_id: each for each in await self._feeds.pull_states(list(pulls.values()))} if pulls else {}
        now = self._clock.now()
        return {
            wish.key: (
                _pull_view(wish, states.get(pulls[wish.key]), now)
                if wish.key in pulls
                else imports[wish.key]
                if wish.key in imports
                else _row_view(wish, found.get(wish.key))
            )
            for wish in wishes
        }

    async def _import_view(self, wish: Owned) -> JobView:
        """An import is many rows: it runs until each of its feeds is settled."""
        args = orjson.loads(wish.args)
        job = await self._imports.get(args["import_id"])
        if job is None:
            said = "The import is gone."
            return JobView(wish.key, wish.name, args, "failed", 0, wish.submitted_at, None, None, said)
        tally, how = await self._imports.tally(job.id), IMPORT_STATES[job.state]
        result = {
            name: getattr(tally, name) for name in ("total", "waiting", "running", "done", "need", "failed", "skipped")
        }
        return JobView(wish.key, wish.name, args, how, 1, wish.submitted_at, job.finished_at, result, None)

    @asynccontextmanager
    async def waiting(self, wishes: Iterable[Owned]) -> AsyncIterator[Waiter]:
        """Subscribe to the end of these jobs. Inside: look first, then Waiter.next()."""
        wishes = list(wishes)
        async with self._bus.subscribe([job_topic(wish.key) for wish in wishes]) as channel:
            waiter = Waiter(channel)
            self._join(wishes)
            try:
                yield waiter
            finally:
                self._leave(wishes)
                await waiter.close()

    async def follow(self, wishes: Iterable[Owned]) -> AsyncIterator[JobView]:
        """Each job once, as it ends; over when all have."""
        open_ = {wish.key: wish for wish in wishes}
        async with self.waiting(open_.values()) as waiter:
            ask: list[Owned] = list(open_.values())
            while open_:
                for key, view in (await self.look(ask)).items():
                    if view.ended:
                        del open_[key]
                        yield view
                if open_:
                    ask = await self._some(waiter, open_)

    async def _some(self, waiter: Waiter, open_: dict[str, Owned]) -> list[Owned]:
        """Which of the open ones to look at, once something has ended: many at a time where many do."""
        keys: set[str] = set()
        key = await waiter.next(LOOK_ANYWAY)
        if key is None:
            return list(open_.values())
        while key is not None and len(keys) < LOOKED_AT_ONCE:
            if key == "":
                return list(open_.values())
            keys.add(key)
            key = await waiter.next(0)
        return [open_[each] for each in keys if each in open_]

    # ---- jobs that other processes end

    def _join(self, wishes: Iterable[Owned]) -> None:
        for wish in wishes:
            _, count = self._wishes.get(wish.key, (wish, 0))
            self._wishes[wish.key] = (wish, count + 1)
        if self._wishes and (self._looking is None or self._looking.done()):
            self._looking = asyncio.create_task(self._look_for_all(), name="controller")

    def _leave(self, wishes: Iterable[Owned]) -> None:
        for wish in wishes:
            old, count = self._wishes.pop(wish.key, (wish, 1))
            if count > 1:
                self._wishes[wish.key] = (old, count - 1)
        if not self._wishes and self._looking is not None:
            self._looking.cancel()
            self._looking = None

    async def _look_for_all(self) -> None:
        told: dict[str, float | None] = {}  # key → the end that was told
        while self._wishes:
            await asyncio.sleep(LOOK_EVERY)
            told = {key: at for key, at in told.items() if key in self._wishes}
            open_ = [wish for wish, _ in self._wishes.values()]
            for start in range(0, len(open_), LOOKED_AT_ONCE):
                try:
                    views = await self.look(open_[start : start + LOOKED_AT_ONCE])
                except Exception:
                    log.exception("looking for the ends of jobs failed")
                    continue
                for key, view in views.items():
                    if view.ended and (key not in told or told[key] != view.finished_at):
                        told[key] = view.finished_at
                        await self._bus.publish(job_topic(key), JobFinished(key))


def _feed_of(wish: Owned) -> int:
    feed_id: int = orjson.loads(wish.args)["feed_id"]
    return feed_id


def _row_view(wish: Owned, job: Job | None) -> JobView:
    args = orjson.loads(wish.args)
    if job is None:
        said = "Its result is no longer kept."
        return JobView(wish.key, wish.name, args, "failed", 0, wish.submitted_at, None, None, said)
    result = orjson.loads(job.result) if job.result is not None else None
    return JobView(
        wish.key, wish.name, args, job.state, job.attempts, wish.submitted_at, job.finished_at, result, job.error
    )


def _pull_view(wish: Owned, state: PullState | None, now: float) -> JobView:
    """A pull is no row: its feed tells. Over when the feed was pulled after the wish, or will not be."""
    args = orjson.loads(wish.args)
    if state is None:
        return JobView(wish.key, wish.name, args, "failed", 0, wish.submitted_at, None, None, "The feed is gone.")
    pulled = state.last_pull_at is not None and state.last_pull_at > wish.mark
    rests = state.state == "gone" or state.next_pull_at >= FAR_FUTURE
    if pulled or rests:
        result = {"new": state.new, "updated": state.updated, "status": state.status, "error": state.error}
        how = "failed" if state.error is not None else "done"
        return JobView(wish.key, wish.name, args, how, 1, wish.submitted_at, state.last_pull_at, result, state.error)  # type: ignore[arg-type]
    runs = state.lease_until > now
    return JobView(
        wish.key, wish.name, args, "running" if runs else "waiting", int(runs), wish.submitted_at, None, None, None
    )
