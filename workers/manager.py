"""The manager: takes jobs from the transport and runs them, each within its limits, whatever becomes of one of them.

Queues that a person waits for come first and have places of their own, so that the updater's pulls never fill them.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import structlog
from structlog.contextvars import bound_contextvars

from reader.container import Container
from reader.gateways.work import WorkGateway, is_row
from reader.jobs import USER_QUEUES
from reader.models.job import Job
from reader.settings import Settings
from workers import jobs
from workers.cpu import urgent
from workers.transport import ALL_QUEUES, Delivery, Transport, in_order

log = structlog.get_logger(__name__)

GRACE_SECONDS = 3.0
FAULT_PAUSE = 1.0
LEASE_MARGIN = 10.0
BACKOFF_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one queue: ``most`` jobs at a time, ``seconds`` for one, ``attempts`` before a row job has failed."""

    most: int
    seconds: float
    attempts: int = 3


def limits_of(settings: Settings) -> dict[str, Limits]:
    """The limits of each queue in one process."""
    wide = settings.fetch_concurrency
    pull_seconds = settings.fetch_timeout * 2 + 60  # the wait for a place at the host included
    return {
        "pull": Limits(max(4, wide // 4), pull_seconds),
        "discovery": Limits(max(4, wide // 4), settings.fetch_timeout * 2 + 30, attempts=2),
        "pull-sys": Limits(wide, pull_seconds),
        "import": Limits(wide, pull_seconds),
        "icon": Limits(max(2, wide // 8), settings.fetch_timeout * 2),
        "upkeep": Limits(1, 1800),
    }


@dataclass(slots=True)
class Counts:
    """What a manager did since it started, per queue."""

    done: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)


class Manager:
    """Serves ``queues`` of ``transport`` until stop()."""

    def __init__(self, container: Container, transport: Transport, queues: Iterable[str] = ALL_QUEUES) -> None:
        self._container = container
        self._transport = transport
        self._queues = in_order(queues)
        self._limits = limits_of(container.settings)
        self._work = WorkGateway(container.mappers, container.bus, container.clock)
        self._tasks: dict[asyncio.Task[None], str] = {}
        self._busy: Counter[str] = Counter()
        self._wake = asyncio.Event()
        self._stopping = False
        self.counts = Counts()

    @property
    def running(self) -> dict[str, int]:
        """Jobs that run now, per queue."""
        return {queue: self._busy[queue] for queue in self._queues}

    async def run(self) -> None:
        """Serve until stop() or cancellation."""
        arrivals = asyncio.create_task(self._watch_arrivals())
        try:
            while not self._stopping:
                self._wake.clear()
                await self._start_what_fits()
                await self._wake.wait()
        finally:
            arrivals.cancel()

    async def stop(self, grace: float = GRACE_SECONDS) -> None:
        """Take nothing more, let running jobs end for ``grace`` seconds, then hand the rest back."""
        self._stopping = True
        self._wake.set()
        if not self._tasks:
            return
        _, rest = await asyncio.wait(self._tasks, timeout=grace)
        if rest:
            log.info("jobs are handed back", count=len(rest))
            for task in rest:
                task.cancel()
            await asyncio.wait(rest, timeout=grace)

    async def _watch_arrivals(self) -> None:
        while True:
            await self._transport.arrival()
            self._wake.set()

    async def _start_what_fits(self) -> None:
        for queue in self._queues:
            while not self._stopping and self._busy[queue] < self._limits[queue].most:
                item = await self._transport.take(queue)
                if item is None:
                    break
                self._busy[queue] += 1
                task = asyncio.create_task(self._serve(item, queue), name=f"{item.payload.NAME} {item.key}")
                self._tasks[task] = queue
                task.add_done_callback(self._left)

    def _left(self, task: asyncio.Task[None]) -> None:
        self._busy[self._tasks.pop(task)] -= 1
        self._wake.set()

    async def _serve(self, item: Delivery, queue: str) -> None:
        """One job from its start to its end. Nothing that it raises gets past here."""
        with bound_contextvars(job_id=item.key[:12], job=item.payload.NAME), urgent(queue in USER_QUEUES):
            try:
                if is_row(item.payload):
                    await self._run_row(item, queue)
                else:
                    await self._run_due(item, queue)
            except Exception:
                self.counts.failed[queue] += 1
                log.exception("the job could not be kept account of")
                await asyncio.sleep(FAULT_PAUSE)  # the store may be failing: no storm of attempts
            finally:
                await self._transport.ack(item)

    async def _run_due(self, item: Delivery, queue: str) -> None:
        """A job that is due by some other row; if it fails, it stays due."""
        start = time.monotonic()
        try:
            async with asyncio.timeout(self._limits[queue].seconds):
                await jobs.run(self._container, item.payload)
        except TimeoutError:
            self.counts.failed[queue] += 1
            log.warning("the job ran over its time limit", seconds=self._limits[queue].seconds)
        except Exception:
            self.counts.failed[queue] += 1
            log.exception("the job failed")
            await asyncio.sleep(FAULT_PAUSE)
        else:
            self.counts.done[queue] += 1
            log.debug("job done", milliseconds=round((time.monotonic() - start) * 1000))

    async def _run_row(self, item: Delivery, queue: str) -> None:
        limits = self._limits[queue]
        row = await self._work.take(item.payload, limits.seconds + LEASE_MARGIN)
        if row is None:
            return
        start = time.monotonic()
        try:
            async with asyncio.timeout(limits.seconds):
                result = await jobs.run(self._container, item.payload)
        except asyncio.CancelledError:
            await self._work.give_back(row)
            raise
        except TimeoutError:
            await self._failed(row, limits, queue, f"It took longer than {limits.seconds:g} seconds.")
        except Exception as error:
            log.exception("the job failed", attempt=row.attempts)
            await self._failed(row, limits, queue, f"{type(error).__name__}: {error}")
        else:
            self.counts.done[queue] += 1
            kept = await self._work.finish(row, result or "null")
            log.info("job done", milliseconds=round((time.monotonic() - start) * 1000), kept=kept)

    async def _failed(self, row: Job, limits: Limits, queue: str, error: str) -> None:
        self.counts.failed[queue] += 1
        again = row.attempts < limits.attempts
        pause = BACKOFF_SECONDS * 4 ** (row.attempts - 1) * random.uniform(0.8, 1.2) if again else None  # noqa: S311
        log.warning("a job's attempt failed", attempt=row.attempts, retry_in=pause and round(pause), error=error)
        await self._work.fail(row, error, pause)
