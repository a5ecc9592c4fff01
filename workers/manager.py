"""The manager: takes jobs from the transport and runs them, each within its limits, whatever becomes of one of them.

Queues that a person waits for come first and have places of their own, so that the updater's pulls never fill them. How
many jobs of the others run at a time follows the load (workers.load). Settings change while it runs.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterable

import structlog

from reader.container import Container
from reader.errors import Away
from reader.events import OPERATIONS_TOPIC
from reader.gateways.queue_settings import InForce
from reader.jobs import USER_QUEUES
from reader.models.operations import QueueSettings, QueueStatus
from reader.tasks import end
from workers.cpu import CpuPool
from workers.figures import Counts, Figures
from workers.load import Follow, LoadMeter
from workers.runs import LEASE_SECONDS, Run, Runner
from workers.transport import ALL_QUEUES, Delivery, Transport, in_order
from workers.ward import Ward

log = structlog.get_logger(__name__)

GRACE_SECONDS = 3.0
BEAT_SECONDS = 5.0
FAULT_PAUSE = 1.0
AWAY_SECONDS = 1.0
AGAIN_SECONDS = 30.0  # longer than a job that was cancelled needs to say so to a store that is away for a while


class Manager:
    """Serves ``queues`` of ``transport`` until stop()."""

    def __init__(
        self,
        container: Container,
        transport: Transport,
        queues: Iterable[str] = ALL_QUEUES,
        ward: Ward | None = None,
    ) -> None:
        self._container = container
        self._transport = transport
        self._queues = in_order(queues)
        self._ward = ward or Ward(container.settings)
        self._settings: dict[str, QueueSettings] = {}
        self._follows: dict[str, Follow] = {}
        self._used: dict[str, float] = {}  # queue → monotonic time when a job of it was started last
        self._tasks: dict[asyncio.Task[None], Delivery] = {}
        self._busy: Counter[str] = Counter()
        self._apart: set[str] = set()  # keys of jobs in the ward: they take no place
        self._wake = asyncio.Event()
        self._stopping = False
        self.meter = LoadMeter()
        self.figures = Figures()
        self._runner = Runner(
            container, transport, self.figures, self._settings.__getitem__, self._ward, self._set_apart
        )

    @property
    def counts(self) -> Counts:
        return self.figures.counts

    @property
    def draining(self) -> bool:
        return self._stopping

    @property
    def running(self) -> dict[str, int]:
        """Jobs that run now, per queue."""
        return {queue: self._busy[queue] for queue in self._queues}

    def allowed(self, queue: str) -> int:
        """How many jobs of ``queue`` may run at the moment."""
        return self._follows[queue].allowed

    def queue_statuses(self) -> tuple[QueueStatus, ...]:
        """Each queue that is served, as it is right now; user queues first."""
        return tuple(self._status(queue) for queue in self._queues if queue in self._settings)

    def _status(self, queue: str) -> QueueStatus:
        depth = self._transport.depth(queue)
        done, failed = self.figures.per_minute(queue)
        done_now, failed_now = self.figures.current(queue)
        took_counts, took_seconds = self.figures.took(queue)
        return QueueStatus(
            name=queue,
            priority="user" if queue in USER_QUEUES else "system",
            waiting=depth.waiting,
            delayed=depth.delayed,
            running=self._busy[queue],
            allowed=self.allowed(queue),
            done_per_minute=done,
            failed_per_minute=failed,
            oldest_age=depth.oldest_age,
            done=self.counts.done[queue],
            failed=self.counts.failed[queue],
            dead=0,
            settings=self._settings[queue],
            done_now=done_now,
            failed_now=failed_now,
            took_counts=took_counts,
            took_seconds=took_seconds,
            shared=depth.shared,
        )

    # ---- settings

    def use(self, in_force: InForce) -> None:
        """Go by these settings from now on. What runs goes on as it began."""
        for queue in self._queues:
            settings = in_force.queue(queue)
            self._settings[queue] = settings
            follow = self._follows.setdefault(queue, Follow(settings.max_running, steady=queue in USER_QUEUES))
            follow.resize(settings.max_running)
            self._transport.set_room(queue, settings.buffer)
        if isinstance(self._container.cpu, CpuPool):
            self._container.cpu.configure(in_force.cpu())
        self._wake.set()

    async def _watch_settings(self) -> None:
        async with self._container.bus.subscribe([OPERATIONS_TOPIC]) as channel:
            async for _ in channel:
                try:
                    self.use(await self._container.gateways.operations.in_force())
                except Exception:
                    log.exception("the settings of queues could not be read; what was in force stays")

    # ---- serving

    async def run(self) -> None:
        """Serve until stop() or cancellation. Jobs of processes of this machine that died are freed first."""
        await self._begin()
        forget = self._transport.on_cancel(self._cancel)
        helpers = [
            asyncio.create_task(part, name=name)
            for name, part in (
                ("arrivals", self._watch_arrivals()),
                ("settings", self._watch_settings()),
                ("load", self._follow_load()),
                ("beats", self._beat()),
            )
        ]
        try:
            while not self._stopping:
                self._wake.clear()
                await self._start_what_fits()
                await self._wake.wait()
        finally:
            forget()
            await end(helpers)

    async def _begin(self) -> None:
        """As soon as the store answers."""
        while True:
            try:
                self.use(await self._container.gateways.operations.in_force())
                await self._container.gateways.work.free_dead()
            except Away as error:
                log.warning("the manager waits for the store", error=str(error.__cause__))
                await asyncio.sleep(AWAY_SECONDS)
            else:
                return

    async def stop(self, grace: float = GRACE_SECONDS) -> None:
        """Take nothing more, let running jobs end for ``grace`` seconds, then hand the rest back."""
        self._stopping = True
        self._wake.set()
        if self._tasks:
            _, rest = await asyncio.wait(self._tasks, timeout=grace)
            if rest:
                log.info("jobs are handed back", count=len(rest))
                for task in rest:
                    task.cancel()
                await asyncio.wait(rest, timeout=grace)
        await self._ward.close()

    async def _watch_arrivals(self) -> None:
        while True:
            await self._transport.arrival()
            self._wake.set()

    async def _start_what_fits(self) -> None:
        for queue in self._queues:
            self._transport.want(queue, 0 if self._stopping else self._follows[queue].allowed - self._busy[queue])
            while not self._stopping and self._busy[queue] < self._follows[queue].allowed:
                item = await self._transport.take(queue)
                if item is None:
                    break
                self._busy[queue] += 1
                self._used[queue] = time.monotonic()
                task = asyncio.create_task(self._runner.serve(item), name=f"{item.payload.NAME} {item.key}")
                self._tasks[task] = item
                task.add_done_callback(self._left)

    def _set_apart(self, key: str) -> None:
        """The job goes to the ward: its place is free for another."""
        queue = next((item.queue for item in self._tasks.values() if item.key == key), None)
        if queue is not None and key not in self._apart:
            self._apart.add(key)
            self._busy[queue] -= 1
            self._wake.set()

    def _left(self, task: asyncio.Task[None]) -> None:
        item = self._tasks.pop(task)
        if item.key in self._apart:
            self._apart.remove(item.key)
        else:
            self._busy[item.queue] -= 1
        self._wake.set()
        if not task.cancelled() and task.exception() is not None:
            log.critical("a job got past its runner", exc_info=task.exception())

    def _cancel(self, key: str) -> bool:
        """Somebody cancelled a running job; whether it runs here."""
        for task, item in self._tasks.items():
            if item.key == key:
                self._runner.cancelled.add(key)
                task.cancel()
                return True
        return False

    # ---- what goes on beside

    async def _follow_load(self) -> None:
        while True:
            lag, cpu = await self.meter.tick()
            now = time.monotonic()
            self._end_late(now)
            for queue, follow in self._follows.items():
                if not self._busy[queue]:  # what loads the machine is something else
                    if now - self._used.get(queue, now) > self._settings[queue].idle_seconds:
                        follow.restart()
                    continue
                before = follow.allowed
                full = self._busy[queue] >= before
                if follow.step(lag, cpu, full) < before:
                    log.debug("fewer jobs for a while", queue=queue, allowed=follow.allowed, lag_ms=round(lag * 1000))
                elif full:
                    self._wake.set()

    def _end_late(self, now: float) -> None:
        """Jobs over their time limit are cancelled: one look at all of them, not a timer for each. Again after a while,
        for a cancellation can be lost (reader/tasks.py)."""
        for task, item in self._tasks.items():
            run = self._runner.runs.get(item.key)
            if run is not None and now > run.deadline:
                run.late = True
                run.deadline = now + AGAIN_SECONDS
                task.cancel()

    async def _beat(self) -> None:
        """Keep what runs ours. Most jobs are over before their first beat."""
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            try:
                await self._beat_once(list(self._runner.runs.values()))
                await self._container.gateways.pulls.beat(BEAT_SECONDS * 2)
            except Exception:
                log.exception("the leases of running jobs could not be extended")
            self.figures.mark()

    async def _beat_once(self, runs: list[Run]) -> None:
        for run in runs:
            await self._transport.beat(run.item)
        rows = [run.row for run in runs if run.row is not None]
        if not rows:
            return
        for key in await self._container.gateways.work.beat(rows, LEASE_SECONDS):
            if self._cancel(key):
                log.warning("a job was cancelled, or its lease was lost", job=key)
        for run in runs:
            run.beats += 1
            if run.beats == 1 and run.row is not None and run.row.lost and not run.item.payload.WATCHED:
                await self._container.gateways.work.trust(run.row)
