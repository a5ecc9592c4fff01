"""Which parts run in a process, and how they start and end together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Coroutine, Iterable
from typing import TYPE_CHECKING, Any

import structlog

from reader.container import Container, build
from reader.events import EntriesArrived, FeedChanged, feed_topic
from reader.jobs import JobQueue
from reader.mappers.feeds import FeedMark
from reader.settings import Settings
from reader.tasks import end
from workers.cpu import CpuPool
from workers.heartbeat import Heartbeat
from workers.importer import importer
from workers.local import LocalQueue, RowsOnly
from workers.manager import Manager
from workers.reporter import Reporter
from workers.sweep import Sweeper
from workers.transport import ALL_QUEUES, Transport
from workers.updater import Updater

if TYPE_CHECKING:
    from workers.cluster import ClusterQueue

log = structlog.get_logger(__name__)

Part = Callable[[Container], Coroutine[Any, Any, None]]

POLL_SECONDS = 1.0
AWAY_SECONDS = 3.0  # a broker that is back sooner needs no help
RELAY_PAGE = 500


class Program:
    """The background parts of one process around one container.

    ``queues``: what its manager serves (none: no manager). ``updater``: whether it can lead as the updater.
    ``polls``: whether it looks for due work itself, because what another process enqueues does not reach it.
    ``role``: what the process is called where processes are shown. ``also``: further parts that run beside these.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        queues: Iterable[str] = ALL_QUEUES,
        updater: bool = True,
        polls: bool = False,
        also: Iterable[Part] = (),
        role: str = "serve",
    ) -> None:
        self._settings = settings
        self._queues = tuple(queues)
        self._updates = updater
        self._polls = polls
        self._also = tuple(also)
        self._role = role
        self._tasks: list[asyncio.Task[None]] = []
        self.cpu = CpuPool(settings.pool_workers)
        self.cluster = cluster_queue(settings, self._queues) if settings.queue else None
        """Carries jobs between processes; None: the queue is this process's own."""
        self.transport: Transport = self.cluster or own_queue(self._queues)
        self.manager: Manager | None = None
        self.updater: Updater | None = None
        self.reporter: Reporter | None = None
        self.container: Container

    async def open(self) -> Container:
        """Open the store and bring its schema up to date; nothing runs yet."""
        queue: JobQueue = self.transport if self._queues or self.cluster else RowsOnly()
        if self.cluster is not None:
            await self.cluster.start()
        self.container = await build(self._settings, queue=queue, cpu=self.cpu)
        done = await self.container.mappers.migrate()
        if done:
            log.info("migrated", migrations=done)
        await self.container.fetcher.start()
        return self.container

    def _leads_since(self) -> float | None:
        return self.updater.leads_since if self.updater is not None else None

    def _queue_up(self) -> bool | None:
        return self.cluster.up if self.cluster is not None else None

    def start(self) -> None:
        """Let the parts run; needs open() before."""
        if self._queues:
            self.manager = Manager(self.container, self.transport, self._queues)
        if self._updates:
            self.updater = Updater(self.container, self.transport)
        self.reporter = Reporter(
            self.container, self._role, self.manager, self.cpu.statuses, self._leads_since, self._queue_up
        )
        self._keep("reporter", self.reporter.run())
        if self.manager is not None:
            self._keep("manager", self.manager.run())
            if "import" in self._queues:
                self._keep("importer", importer(self.container))
        if self.updater is not None:
            self._keep("updater", self.updater.run())
            if self._settings.heartbeat_url:
                leads = self.updater
                self._keep("heartbeat", Heartbeat(self.container, lambda: leads.leading).run())
        if self.cluster is not None and self._queues:
            self._keep("poll", poll_while_away(self.container, self.cluster))
        elif self._polls:
            self._keep("poll", poll(self.container, self.transport))
        if not self._queues and not self.container.bus.shared:
            self._keep("relay", relay(self.container))
        for part in self._also:
            self._keep(part.__name__, part(self.container))

    async def stop(self) -> None:
        """End within a few seconds: nothing new is taken, what runs may end, the rest goes back. Idempotent."""
        if self.manager is not None:
            await self.manager.stop()
        await end(self._tasks)
        self._tasks.clear()
        if self.updater is not None:
            await self.updater.stop()
        if self.reporter is not None:
            reporter, self.reporter = self.reporter, None
            await reporter.stop()

    async def close(self) -> None:
        """stop(), and close everything that open() opened."""
        try:
            await self.stop()
        finally:
            await self.cpu.close()
            if self.cluster is not None:
                await self.cluster.close()
            await self.container.close()

    def _keep(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name=name)
        task.add_done_callback(_report)
        self._tasks.append(task)


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        log.critical("a part of the program ended", part=task.get_name(), exc_info=task.exception())


def own_queue(queues: Collection[str]) -> LocalQueue:
    """Carries jobs within the process, to managers of ``queues``."""
    local = LocalQueue()
    for queue in set(ALL_QUEUES).difference(queues):
        local.set_room(queue, 0)  # nobody here would ever take them
    return local


def cluster_queue(settings: Settings, queues: Collection[str]) -> ClusterQueue:
    """Carries jobs between processes; to be started, and closed."""
    from workers.cluster import ClusterQueue  # late: who has no cluster never loads its clients
    from workers.nats import NatsQueue

    return ClusterQueue(NatsQueue(settings.queue, settings.cluster), queues)


async def poll(container: Container, transport: Transport) -> None:
    """Find due feeds and rows for the manager of this very process (``evantr worker``); leases keep others away."""
    sweeper = Sweeper(container, transport)
    while True:
        await _sweep(sweeper)
        await asyncio.sleep(POLL_SECONDS)


async def poll_while_away(container: Container, cluster: ClusterQueue) -> None:
    """The same for who works in a cluster, while its broker is away for longer than a moment."""
    sweeper = Sweeper(container, cluster)
    since: float | None = None
    while True:
        await asyncio.sleep(POLL_SECONDS)
        now = container.clock.monotonic()
        since = None if cluster.up else since or now
        if since is not None and now - since >= AWAY_SECONDS:
            await _sweep(sweeper)


async def _sweep(sweeper: Sweeper) -> None:
    try:
        await sweeper.rows()
        await sweeper.feeds()
    except Exception:
        log.exception("looking for due work failed")


async def relay(container: Container) -> None:
    """Tell the open pages of a process without workers (``evantr web``) what workers elsewhere changed."""
    seen = Seen()
    await _quietly(seen.catch_up(container, tell=False))
    while True:
        await asyncio.sleep(POLL_SECONDS)
        await _quietly(seen.catch_up(container, tell=True))


async def _quietly(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except Exception:
        log.exception("looking for changes failed")


class Seen:
    """Up to where a relay has looked: the newest revision, and the seq of each feed."""

    def __init__(self) -> None:
        self._rev = 0
        self._seqs: dict[int, int] = {}

    async def catch_up(self, container: Container, *, tell: bool) -> None:
        """Read what is new, and publish events for it if ``tell``."""
        while marks := await container.mappers.feeds.marks_since(self._rev, RELAY_PAGE):
            for mark in marks:
                before = self._seqs.get(mark.feed_id, 0)
                self._seqs[mark.feed_id] = mark.seq
                if tell:
                    await _tell(container, mark, mark.seq - before)
            self._rev = marks[-1].rev


async def _tell(container: Container, mark: FeedMark, arrived: int) -> None:
    topic = feed_topic(mark.feed_id)
    if arrived > 0:
        spots = await container.mappers.entries.positions([(mark.feed_id, mark.seq, mark.seq)])
        for spot in spots.get(mark.feed_id, []):
            await container.bus.publish(topic, EntriesArrived(mark.feed_id, arrived, spot.id))
    await container.bus.publish(topic, FeedChanged(mark.feed_id))
