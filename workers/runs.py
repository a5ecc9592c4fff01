"""Running one job, from its delivery to its end, whatever becomes of it."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

import orjson
import structlog
from structlog.contextvars import bind_contextvars

from reader.container import Container
from reader.errors import Away
from reader.events import FeedChanged, JobFinished, feed_topic, job_topic
from reader.gateways.pull_rules import FAR_FUTURE
from reader.gateways.pulls import PullOutcome
from reader.gateways.work import SUSPECT, Suspect, is_row
from reader.jobs import USER_QUEUES, Payload, PullFeed
from reader.models.job import Job
from reader.models.operations import DeadLetter, JobStory, QueueSettings
from workers import jobs
from workers.cpu import be_urgent
from workers.figures import Figures, in_words
from workers.retry import backoff
from workers.transport import Delivery, Transport
from workers.ward import Ward, WardDied

T = TypeVar("T")

log = structlog.get_logger(__name__)

LEASE_SECONDS = 30.0
FAULT_PAUSE = 1.0
LOST_MOST = 3
"""A job that ended its process so often is set aside."""
LOST_MOST_UNWATCHED = 10
"""The same for jobs that only steer others and touch nothing from outside: they are the last to blame."""
TOO_LONG = "It took longer than {:g} seconds."
POISON = "It ended the process that ran it {count} times."
ASIDE = (
    "Reading this feed ended the program's process {count} times, so it is set aside."
    " An administrator can let it run again."
)


@dataclass(slots=True)
class Run:
    """A job that runs."""

    item: Delivery
    settings: QueueSettings
    started: float  # UTC
    began: float  # monotonic
    deadline: float = math.inf  # monotonic: then the manager cancels it; rows and the ward have timers of their own
    late: bool = False
    row: Job | None = None
    state: str = "done"
    error: str | None = None
    lines: list[str] = field(default_factory=list)
    silent: bool = False  # nothing was done: no story
    beats: int = 0


class Runner:
    def __init__(
        self,
        container: Container,
        transport: Transport,
        figures: Figures,
        settings: Callable[[str], QueueSettings],
        ward: Ward,
        apart: Callable[[str], None] = lambda key: None,
    ) -> None:
        self._apart = apart

        self._container = container
        self._transport = transport
        self._figures = figures
        self._settings = settings
        self._ward = ward
        self._work = container.gateways.work
        self._operations = container.gateways.operations
        self.runs: dict[str, Run] = {}
        """What runs now, by key."""
        self.cancelled: set[str] = set()
        """Keys of running jobs that somebody cancelled, or whose lease was lost."""
        self._alone: set[str] = set()  # keys that were in the ward with others when it died

    async def serve(self, item: Delivery) -> None:
        """One job from its start to its end. Nothing that it raises gets past here, but cancellation."""
        run = Run(item, self._settings(item.queue), self._container.clock.now(), time.monotonic())
        self.runs[item.key] = run
        # The task is the job's own, and so is its context: nothing need be taken back.
        bind_contextvars(job_id=item.key[:12], job=item.payload.NAME)
        be_urgent(item.queue in USER_QUEUES)
        again: float | None = None
        try:
            again = await (self._row(run) if is_row(item.payload) else self._due(run))
        except asyncio.CancelledError:
            if run.late:
                self._failed_due(run, TOO_LONG.format(run.settings.time_limit))
            elif item.key in self.cancelled:
                run.state = "cancelled"
            else:
                again = 0.0  # handed back
                raise
        except Exception as error:
            run.state, run.error = "failed", f"{type(error).__name__}: {error}"
            log.exception("the job could not be kept account of")
            await asyncio.sleep(FAULT_PAUSE)  # the store may be failing: no storm of attempts
        finally:
            await self._left(run, again)

    async def _left(self, run: Run, again: float | None) -> None:
        item = run.item
        self.runs.pop(item.key, None)
        self.cancelled.discard(item.key)
        if again is None:
            await (self._transport.term(item) if run.state == "dead" else self._transport.ack(item))
        else:
            await self._transport.nak(item, again)
        if run.silent:
            return
        if run.state in ("done", "failed", "dead"):
            self._figures.ended(item.queue, well=run.state == "done")
        self._figures.tell(self._story(run))
        if again is None and not is_row(item.payload):
            await self._container.bus.publish(job_topic(item.key), JobFinished(item.key))

    def _story(self, run: Run) -> JobStory:
        item = run.item
        attempts = run.row.attempts if run.row is not None else item.number
        return JobStory(
            item.key, item.payload.NAME, in_words(item.payload), item.queue, run.state, attempts, run.started,  # type: ignore[arg-type]
            time.monotonic() - run.began, run.error, tuple(run.lines),
        )  # fmt: skip

    # ---- jobs that are due by another row: if they fail, they stay due

    async def _due(self, run: Run) -> float | None:
        run.deadline = run.began + run.settings.time_limit
        try:
            result = await jobs.run(self._container, run.item.payload)
        except Suspect as suspect:
            return await self._watched_pull(run, suspect.lost)
        except Away as error:
            self._failed_due(run, str(error))
            return FAULT_PAUSE
        except Exception as error:
            log.exception("the job failed")
            await asyncio.sleep(FAULT_PAUSE)
            self._failed_due(run, f"{type(error).__name__}: {error}")
        else:
            await self._pulled(run, result)
        return None

    def _failed_due(self, run: Run, error: str) -> None:
        run.state, run.error = "failed", error
        log.warning("the job failed", error=error)

    async def _pulled(self, run: Run, result: jobs.Result) -> None:
        if not isinstance(result, PullOutcome):
            return
        if result.skipped:
            run.silent = True
        elif result.kind == "crashed":
            await self._set_aside(run, result.error or "", LOST_MOST)
        elif result.error is not None:
            run.error = result.error
            run.lines.append("The server failed; its schedule says when it is asked again.")
        else:
            run.lines.append(
                f"{result.new} new, {result.updated} changed" if result.new or result.updated else "nothing new"
            )

    async def _watched_pull(self, run: Run, lost: int) -> float | None:
        """A feed whose pull may have ended its process runs where that does no harm and is seen."""
        payload = run.item.payload
        assert isinstance(payload, PullFeed)
        run.deadline = math.inf
        if lost >= LOST_MOST:
            await self._set_aside(run, POISON.format(count=lost), lost)
            return None
        try:
            result = await self._in_ward(run, lost)
        except WardDied as error:
            await self._work.free_ward(error.holder, counts=error.alone)
            return self._died(run, error)
        except TimeoutError:
            self._failed_due(run, TOO_LONG.format(run.settings.time_limit))
            return None
        await self._pulled(run, result)
        await self._operations.drop([run.item.key])
        await self._container.bus.publish(feed_topic(payload.feed_id), FeedChanged(payload.feed_id))
        return None

    async def _in_ward(self, run: Run, lost: int) -> jobs.Result:
        """Run it where its death does no harm and is seen. It takes no place of the queue meanwhile."""
        run.lines.append(f"{_count(lost)} of its runs ended with their process; it runs in a process apart.")
        key = run.item.key
        self._apart(key)
        result = await self._ward.run(run.item.payload, alone=key in self._alone, seconds=run.settings.time_limit)
        self._alone.discard(key)
        return result

    def _died(self, run: Run, error: WardDied) -> float:
        """The ward died: alone in it, it was this job; with others, it has to run there alone."""
        log.warning("a job's process apart died", alone=error.alone, args=in_words(run.item.payload))
        (self._alone.discard if error.alone else self._alone.add)(run.item.key)
        run.state, run.error = "failed", f"The job failed: {error}."
        return 0.0

    async def _set_aside(self, run: Run, error: str, count: int) -> None:
        """The letter first: a crash in between buries it once more, and never loses it."""
        payload = run.item.payload
        assert isinstance(payload, PullFeed)
        await self._bury(run, error, count)
        await self._container.mappers.feeds.set_aside(payload.feed_id, FAR_FUTURE, ASIDE.format(count=count))
        await self._container.bus.publish(feed_topic(payload.feed_id), FeedChanged(payload.feed_id))

    async def _bury(self, run: Run, error: str, attempts: int) -> None:
        run.state, run.error = "dead", error
        now = self._container.clock.now()
        errors = orjson.loads(run.row.story) if run.row is not None else []
        before = [f"Attempt {number}: {each}" for number, each in enumerate(errors, 1)]
        story = (*before, *run.lines, f"{_time(now)} Set aside: {error}")
        item = run.item
        args = orjson.dumps(asdict(item.payload)).decode()
        letter = DeadLetter(item.key, item.payload.NAME, args, item.queue, error, story, attempts, now)
        await self._operations.bury(letter)

    # ---- jobs that are rows

    async def _row(self, run: Run) -> float | None:
        payload = run.item.payload
        row = run.row = await self._work.take(payload, LEASE_SECONDS)
        if row is None:
            run.silent = True
            return None
        if row.lost >= (LOST_MOST if payload.WATCHED else LOST_MOST_UNWATCHED):
            await self._gave_up(run, row, POISON.format(count=row.lost))
            return None
        try:
            result = await self._perform(run, payload, row)
        except asyncio.CancelledError:
            if run.item.key not in self.cancelled:
                await self._work.give_back(row)
            raise
        except WardDied as error:
            back = self._work.lose if error.alone else self._work.give_back
            await _insist(lambda: back(row))
            return self._died(run, error)
        except TimeoutError:
            return await self._failed_row(run, row, TOO_LONG.format(run.settings.time_limit))
        except Away as error:  # it waits again, and has lost no attempt
            await _insist(lambda: self._work.give_back(row))
            self._failed_due(run, str(error))
            return FAULT_PAUSE
        except Exception as error:
            log.exception("the job failed", attempt=row.attempts)
            return await self._failed_row(run, row, f"{type(error).__name__}: {error}")
        kept = await _insist(lambda: self._work.finish(row, result if isinstance(result, str) else "null"))
        run.lines.append("done" if kept else "done, but its lease was lost: another's result counts")
        log.info("job done", milliseconds=round((time.monotonic() - run.began) * 1000), kept=kept)
        return None

    async def _perform(self, run: Run, payload: Payload, row: Job) -> jobs.Result:
        limit = run.settings.time_limit
        if row.lost >= SUSPECT and payload.WATCHED:
            return await self._in_ward(run, row.lost)
        async with asyncio.timeout(limit):
            return await jobs.run(self._container, payload)

    async def _failed_row(self, run: Run, row: Job, error: str) -> float | None:
        tries = row.attempts - row.lost
        if tries >= run.settings.attempts:
            await self._gave_up(run, row, error)
            return None
        pause = backoff(tries)
        run.state, run.error = "failed", error
        run.lines.append(f"Attempt {tries} of {run.settings.attempts} failed; the next one comes in {pause:.0f} s.")
        log.warning("a job's attempt failed", attempt=tries, retry_in=round(pause), error=error)
        await _insist(lambda: self._work.fail(row, error, pause))
        return pause

    async def _gave_up(self, run: Run, row: Job, error: str) -> None:
        await self._bury(run, error, row.attempts)
        await _insist(lambda: self._work.fail(row, error, None))


async def _insist(write: Callable[[], Awaitable[T]]) -> T:
    """Tell the store how a row ended; while it is away, again and again for as long as the row is ours."""
    end = time.monotonic() + LEASE_SECONDS
    while True:
        try:
            return await write()
        except Away:
            if time.monotonic() > end:
                raise
            await asyncio.sleep(FAULT_PAUSE)


def _count(number: int) -> str:
    return {1: "One", 2: "Two", 3: "Three"}.get(number, str(number))


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S")
