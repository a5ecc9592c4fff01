"""What operators see and steer: reports of processes, settings in force, dead letters, audit, history."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import orjson
import structlog

from reader.clock import Clock
from reader.errors import Invalid
from reader.events import OPERATIONS_TOPIC, PubSub, SettingsChanged
from reader.gateways import queue_settings
from reader.gateways.queue_settings import InForce, Key
from reader.gateways.reports import merge_history, point_now, read_report, sum_queues, with_now, write_report
from reader.gateways.rested import Rested
from reader.gateways.work import WorkGateway, payload_of
from reader.jobs import JobQueue, PullFeed
from reader.mappers import Mappers
from reader.mappers.operations import Figures, Report
from reader.models.operations import (
    AuditLine,
    DeadLetter,
    HistoryPoint,
    ManagerStatus,
    Overview,
    QueueFigures,
    QueueStatus,
    UpdaterStatus,
)
from reader.process import host_and_pid
from reader.settings import Settings

log = structlog.get_logger(__name__)

BUCKET_SECONDS = 300
DAY = 86_400
HISTORY_SECONDS = 86_400 + 3600
VANISHED_SECONDS = 20.0  # a process that has not reported for so long is no longer shown
PAGE = 500
UPDATER_LEASE = "updater"


class OperationsGateway:
    def __init__(self, mappers: Mappers, queue: JobQueue, bus: PubSub, clock: Clock, settings: Settings) -> None:
        self._mappers = mappers
        self._operations = mappers.operations
        self._queue = queue
        self._bus = bus
        self._clock = clock
        self._work = WorkGateway(mappers, bus, clock)
        self._stats = Rested(lambda: mappers.feeds.stats(clock.now()), clock)
        self._states = Rested(mappers.feeds.states, clock)
        self._defaults = queue_settings.defaults(settings)
        self._file = Path(settings.queues_file) if settings.queues_file else settings.data / "queues.toml"
        self._from_file: dict[Key, float] = {}
        self._file_error: str | None = None
        self._file_stamp: tuple[int, int] | None = None
        self._live: Callable[[], ManagerStatus] | None = None

    @property
    def settings_file(self) -> Path:
        return self._file

    # ---- settings

    async def in_force(self) -> InForce:
        """What managers of this process go by. A file that cannot be used is left alone; ``file_error`` says why."""
        self._read_file()
        _, store = await self._operations.settings()
        return queue_settings.in_force(self._defaults, self._from_file, store)

    def file_changed(self) -> bool:
        """Whether the settings file is another than the one in force."""
        return self._stamp() != self._file_stamp

    def _stamp(self) -> tuple[int, int] | None:
        try:
            stat = self._file.stat()
        except OSError:
            return None
        return stat.st_mtime_ns, stat.st_size

    def _read_file(self) -> None:
        """Anew when the file changed; one that cannot be used leaves what was read before in force."""
        stamp = self._stamp()
        if stamp == self._file_stamp:
            return
        self._file_stamp = stamp
        try:
            self._from_file, self._file_error = queue_settings.read_file(self._file), None
        except Invalid as error:
            self._file_error = str(error)
            log.error("the settings file cannot be used; what was in force stays", error=str(error))

    @property
    def file_error(self) -> str | None:
        """Why the settings file cannot be used; None while it can, or there is none."""
        return self._file_error

    async def change(self, queue: str, name: str, value: float | None, line: AuditLine) -> None:
        """A live change with its audit line; managers everywhere follow."""
        await self._operations.set_setting(queue, name, value, line)
        await self._bus.publish(OPERATIONS_TOPIC, SettingsChanged())

    async def reload(self) -> None:
        """The settings file is read again though it looks the same; managers of this process follow."""
        self._file_stamp = None
        await self._bus.publish(OPERATIONS_TOPIC, SettingsChanged())

    # ---- reports

    def attach(self, live: Callable[[], ManagerStatus] | None) -> None:
        """This process's own status, asked for at the moment it is shown; None takes it away."""
        self._live = live

    async def report(self, status: ManagerStatus) -> int:
        """Write what this process says of itself; returns the revision of settings."""
        return await self._operations.report(Report(status.holder, status.seen_at, write_report(status)))

    async def forget(self, holder: str) -> None:
        await self._operations.forget(holder)

    async def holders(self) -> list[str]:
        """Every process that has reported lately and not taken its leave."""
        return await self._operations.holders(self._clock.now() - DAY)

    async def managers(self) -> tuple[ManagerStatus, ...]:
        """Every process that reported lately, this one as it is right now."""
        own = self._live() if self._live is not None else None
        found = []
        for report in await self._operations.reports(self._clock.now() - VANISHED_SECONDS):
            if own is None or report.holder != own.holder:
                status = read_report(report.status)
                if status is not None:
                    found.append(status)
        return tuple(sorted([own, *found] if own else found, key=lambda each: (each.host, each.pid)))

    async def overview(self) -> Overview:
        now = self._clock.now()
        managers = await self.managers()
        stats = await self._stats.get()
        dead = await self._operations.dead_counts()
        queues = await self._queues(managers, dead)
        return Overview(now, queues, managers, await self._updater(managers, stats["due"]), sum(dead.values()),
                        await self._states.get())  # fmt: skip

    async def queues(self) -> tuple[QueueStatus, ...]:
        return await self._queues(await self.managers(), await self._operations.dead_counts())

    async def _queues(self, managers: Sequence[ManagerStatus], dead: dict[str, int]) -> tuple[QueueStatus, ...]:
        rows = await self._mappers.jobs.open_counts(self._clock.now())
        return sum_queues(managers, await self.in_force(), rows, dead, self._clock.now())

    async def _updater(self, managers: Sequence[ManagerStatus], due: int) -> UpdaterStatus:
        lease = await self._mappers.leases.get(UPDATER_LEASE)
        due_at = await self._mappers.feeds.next_due_at()
        late = max(0.0, self._clock.now() - due_at) if due_at is not None else 0.0
        if lease is None or lease.until <= self._clock.now():
            return UpdaterStatus(None, None, None, None, due, late)
        host, pid = host_and_pid(lease.holder)
        since = next((each.leads_since for each in managers if each.holder == lease.holder), None)
        return UpdaterStatus(lease.holder, host, pid, since, due, late)

    # ---- history

    async def record(self, holder: str, at: float, queues: dict[str, QueueFigures], memory: int, lag_ms: float) -> None:
        """One bucket of this process; what is older than a day goes."""
        figures = {"queues": {name: asdict(each) for name, each in queues.items()}, "memory": memory, "lag_ms": lag_ms}
        await self._operations.record(
            Figures(at, holder, orjson.dumps(figures).decode()), self._clock.now() - HISTORY_SECONDS
        )

    async def history(self, since: float) -> list[HistoryPoint]:
        """Up to this moment: the last point is that of the five minutes that run."""
        points = merge_history(await self._operations.history(since))
        return with_now(points, point_now(await self.managers(), self._clock.now() // BUCKET_SECONDS * BUCKET_SECONDS))

    # ---- dead letters

    async def bury(self, letter: DeadLetter) -> None:
        log.error("a job became a dead letter", job=letter.key, name=letter.name, args=letter.args, error=letter.error)
        await self._operations.bury(letter)

    async def dead(self, before: tuple[float, str] | None, limit: int) -> list[DeadLetter]:
        return await self._operations.dead(before=before, limit=limit)

    async def dead_letter(self, key: str) -> DeadLetter | None:
        return await self._operations.dead_letter(key)

    async def drop(self, keys: Sequence[str]) -> list[DeadLetter]:
        return await self._operations.unbury(keys)

    async def retry(self, letter: DeadLetter) -> bool:
        """Bring the job back, then take the letter away: a crash in between makes it run once more, not never.

        False when its kind is no more; the letter stays.
        """
        payload = payload_of(letter.name, letter.args)
        if payload is None:
            return False
        if isinstance(payload, PullFeed):
            payload = replace(payload, user=True)
            await self._mappers.feeds.make_due(payload.feed_id, self._clock.now())
        else:
            await self._work.submit(payload)
        await self._operations.unbury([letter.key])
        await self._queue.put(payload)
        return True

    # ---- audit

    async def note(self, line: AuditLine) -> None:
        await self._operations.note(line)

    async def audit(self, before: int | None, limit: int) -> list[AuditLine]:
        return await self._operations.audit(before=before, limit=limit)
