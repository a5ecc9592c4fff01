"""What a process says of itself every few seconds, so that any web process can show it, and what nobody says any more.

It also looks after the dead: leases of a process of this machine that was killed are freed at once.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import structlog

from reader.container import Container
from reader.events import OPERATIONS_TOPIC, SettingsChanged
from reader.gateways.operations import BUCKET_SECONDS
from reader.models.operations import CpuStatus, ManagerStatus, QueueFigures
from reader.process import holder_name, host_and_pid, is_dead, memory_of
from workers.load import LoadMeter
from workers.manager import Manager

log = structlog.get_logger(__name__)

REPORT_SECONDS = 2.0
STORIES_REPORTED = 20


class Reporter:
    """run() until cancelled, then stop(). ``cpu`` gives the CPU processes, ``leads`` since when it is the updater,
    ``queue_up`` whether the broker of its jobs answers."""

    def __init__(
        self,
        container: Container,
        role: str,
        manager: Manager | None,
        cpu: Callable[[], tuple[CpuStatus, ...]],
        leads: Callable[[], float | None],
        queue_up: Callable[[], bool | None] = lambda: None,
    ) -> None:
        self._container = container
        self._operations = container.gateways.operations
        self._clock = container.clock
        self._role = role
        self._manager = manager
        self._meter = manager.meter if manager is not None else LoadMeter()
        self._cpu = cpu
        self._leads = leads
        self._queue_up = queue_up
        self._holder = holder_name()
        self._started = self._clock.now()
        self._rev: int | None = None
        alive = container.settings.alive_file
        self._alive = Path(alive) if alive else None
        self._bucket = self._bucket_now()

    def status(self, stories: int | None = None) -> ManagerStatus:
        """This process as it is right now."""
        host, pid = host_and_pid(self._holder)
        cpu, since = self._cpu(), self._leads()
        manager = self._manager
        return ManagerStatus(
            holder=self._holder,
            pid=pid,
            host=host,
            role=self._role,
            started=self._started,
            seen_at=self._clock.now(),
            memory=memory_of(pid) + sum(each.memory for each in cpu),
            lag_ms=round(self._meter.lag * 1000, 2),
            cpu_share=round(self._meter.cpu, 3),
            draining=manager is not None and manager.draining,
            leads=since is not None,
            leads_since=since,
            queues=manager.queue_statuses() if manager is not None else (),
            cpu=cpu,
            last_jobs=manager.figures.stories[:stories] if manager is not None else (),
            queue_up=self._queue_up(),
            bus_up=self._container.bus.up if self._container.bus.shared else None,
        )

    async def run(self) -> None:
        self._operations.attach(self.status)
        await self._quietly(self._report())
        while True:
            start = time.monotonic()
            if self._manager is None:
                await self._meter.tick()
            await asyncio.sleep(max(0.0, REPORT_SECONDS - (time.monotonic() - start)))
            await self._quietly(self._report())
            await self._quietly(self._bury())
            await self._quietly(self._record())

    async def _quietly(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception:
            log.exception("this process could not report")

    async def stop(self) -> None:
        """The last word: it is no longer there."""
        self._operations.attach(None)
        await self._quietly(self._record(now=True))
        await self._quietly(self._operations.forget(self._holder))

    async def _report(self) -> None:
        rev = await self._operations.report(self.status(STORIES_REPORTED))
        if (self._rev is not None and rev != self._rev) or self._operations.file_changed():
            await self._container.bus.publish(OPERATIONS_TOPIC, SettingsChanged())
        self._rev = rev
        if self._alive is not None:
            self._alive.touch()  # only now: who cannot reach the store is not well

    async def _bury(self) -> None:
        """Processes of this machine that were killed: what they held is free."""
        for holder in await self._operations.holders():
            if is_dead(holder):
                await self._container.gateways.work.free_dead()
                await self._operations.forget(holder)

    async def _record(self, *, now: bool = False) -> None:
        """One small write per process and five minutes."""
        at = self._bucket_now()
        if self._manager is None or (at == self._bucket and not now):
            return
        figures = self._manager.figures.since_last()
        for queue in self._manager.queue_statuses():
            done = figures.get(queue.name, QueueFigures())
            figures[queue.name] = QueueFigures(done.done, done.failed, queue.waiting, queue.running)
        begun, self._bucket = self._bucket, at
        await self._operations.record(self._holder, begun, figures, self.status(0).memory, self._meter.lag * 1000)

    def _bucket_now(self) -> float:
        return self._clock.now() // BUCKET_SECONDS * BUCKET_SECONDS
