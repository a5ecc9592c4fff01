"""Which parts run in a process, and how they start and end together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

import structlog

from reader.container import Container, build
from reader.events import FeedChanged, feed_topic
from reader.jobs import JobQueue
from reader.settings import Settings
from workers.cpu import CpuPool
from workers.local import LocalQueue, RowsOnly
from workers.manager import ALL_QUEUES, Manager
from workers.updater import Sweeper, Updater

log = structlog.get_logger(__name__)

Part = Callable[[Container], Coroutine[Any, Any, None]]

POLL_SECONDS = 1.0
RELAY_PAGE = 500


class Program:
    """The background parts of one process around one container.

    ``queues``: what its manager serves (none: no manager). ``updater``: whether it can lead as the updater.
    ``polls``: whether it looks for due work itself, because what another process enqueues does not reach it.
    ``also``: further parts that run beside these.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        queues: Iterable[str] = ALL_QUEUES,
        updater: bool = True,
        polls: bool = False,
        also: Iterable[Part] = (),
    ) -> None:
        self._settings = settings
        self._queues = tuple(queues)
        self._updates = updater
        self._polls = polls
        self._also = tuple(also)
        self._tasks: list[asyncio.Task[None]] = []
        self.cpu = CpuPool(settings.pool_workers)
        self.transport = LocalQueue()
        self.manager: Manager | None = None
        self.updater: Updater | None = None
        self.container: Container

    async def open(self) -> Container:
        """Open the store and bring its schema up to date; nothing runs yet."""
        queue: JobQueue = self.transport if self._queues else RowsOnly()
        self.container = await build(self._settings, queue=queue, cpu=self.cpu)
        done = await self.container.mappers.migrate()
        if done:
            log.info("migrated", migrations=done)
        await self.container.fetcher.start()
        return self.container

    def start(self) -> None:
        """Let the parts run; needs open() before."""
        if self._queues:
            self.manager = Manager(self.container, self.transport, self._queues)
            self._keep("manager", self.manager.run())
        if self._updates:
            self.updater = Updater(self.container, self.transport)
            self._keep("updater", self.updater.run())
        if self._polls:
            self._keep("poll", poll(self.container, self.transport))
        if not self._queues:
            self._keep("relay", relay(self.container))
        for part in self._also:
            self._keep(part.__name__, part(self.container))

    async def stop(self) -> None:
        """End within a few seconds: nothing new is taken, what runs may end, the rest goes back. Idempotent."""
        if self.manager is not None:
            await self.manager.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        if self.updater is not None:
            await self.updater.stop()

    async def close(self) -> None:
        """stop(), and close everything that open() opened."""
        try:
            await self.stop()
        finally:
            await self.cpu.close()
            await self.container.close()

    def _keep(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name=name)
        task.add_done_callback(_report)
        self._tasks.append(task)


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        log.critical("a part of the program ended", part=task.get_name(), exc_info=task.exception())


async def poll(container: Container, transport: LocalQueue) -> None:
    """Find due feeds and rows for the manager of this very process (``evantr worker``); leases keep others away."""
    sweeper = Sweeper(container, transport)
    while True:
        try:
            await sweeper.rows()
            await sweeper.feeds()
        except Exception:
            log.exception("looking for due work failed")
        await asyncio.sleep(POLL_SECONDS)


async def relay(container: Container) -> None:
    """Tell the open pages of a process without workers (``evantr web``) what workers elsewhere changed."""
    feeds = container.mappers.feeds
    rev: int | None = None
    while True:
        try:
            rev = await _newest_rev(container) if rev is None else rev
            while marks := await feeds.marks_since(rev, RELAY_PAGE):
                for mark in marks:
                    await container.bus.publish(feed_topic(mark.feed_id), FeedChanged(mark.feed_id))
                rev = marks[-1].rev
        except Exception:
            log.exception("looking for changes failed")
        await asyncio.sleep(POLL_SECONDS)


async def _newest_rev(container: Container) -> int:
    rev = 0
    while marks := await container.mappers.feeds.marks_since(rev, RELAY_PAGE):
        rev = marks[-1].rev
    return rev
