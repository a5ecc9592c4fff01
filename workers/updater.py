"""The updater: finds what is due and puts it on the system queues. One is active in the whole system.

It holds the lease "updater" in the store, fenced and short; a standby takes over when it ends. What it enqueues may be
lost at any time: feeds stay due and rows stay waiting, so the next round brings them again.
"""

from __future__ import annotations

import asyncio
import time

import structlog

from reader.container import Container
from reader.gateways.work import WorkGateway
from reader.jobs import Upkeep
from reader.models.job import Lease
from reader.process import holder_name, is_dead
from workers.sweep import Sweeper
from workers.transport import Transport

log = structlog.get_logger(__name__)

LEASE = "updater"
LEASE_SECONDS = 15.0
RENEW_SECONDS = 5.0
LONGEST_SLEEP = 2.0
SHORTEST_SLEEP = 0.05
REST, MOST_REST = 10, 0.25  # times the last round took, and seconds at most
ROWS_SECONDS = 1.0
CLOCK_BACK = 5.0  # seconds; less is steering
UPKEEP_SECONDS = 3600.0


class Updater:
    """run() until cancelled; stop() gives the lease up, so that a standby need not wait for its end."""

    def __init__(self, container: Container, transport: Transport) -> None:
        self._container = container
        self._transport = transport
        self._sweeper = Sweeper(container, transport)
        self._work = WorkGateway(container.mappers, container.bus, container.clock)
        self._clock = container.clock
        self._holder = holder_name()
        self._lease: Lease | None = None
        self._renewed = 0.0
        self.leads_since: float | None = None
        """UTC; None while it stands by."""
        self._upkeep_at = 0.0
        self._rows_at = 0.0
        self._ahead = self._ahead_now()
        self._clock_checked = False

    @property
    def leading(self) -> bool:
        return self._lease is not None

    async def run(self) -> None:
        """Lead whenever the lease can be had; an error ends one round, never the updater."""
        while True:
            start = time.perf_counter()
            try:
                pause = await self._round()
            except Exception:
                log.exception("a round of the updater failed")
                pause = LONGEST_SLEEP
            await self._sleep(pause, least=min(MOST_REST, REST * (time.perf_counter() - start)))

    async def stop(self) -> None:
        """Give the lease up."""
        lease, self._lease = self._lease, None
        if lease is not None:
            await self._work.resign(lease)

    async def _round(self) -> float:
        if not await self._lead():
            return LONGEST_SLEEP
        await self._mind_the_clock()
        _, held = await self._sweeper.feeds()
        now = self._clock.monotonic()
        if now >= self._rows_at:  # a row is enqueued when it is written; this only finds those that were lost, or wait
            self._rows_at = now + ROWS_SECONDS
            await self._sweeper.rows()
        if self._clock.monotonic() >= self._upkeep_at:
            self._upkeep_at = self._clock.monotonic() + UPKEEP_SECONDS
            await self._transport.put(Upkeep())
        return LONGEST_SLEEP if held else await self._until_due()

    def _ahead_now(self) -> float:
        """By how much the clock on the wall is ahead of the one that never jumps."""
        return self._clock.now() - self._clock.monotonic()

    async def _mind_the_clock(self) -> None:
        """When the clock was set back, what was planned by the old one would be due a day, or ten years, late. We see
        it jump, or find plans from the future when we begin to lead."""
        ahead = self._ahead_now()
        jumped, self._ahead = ahead < self._ahead - CLOCK_BACK, ahead
        if not jumped and self._clock_checked:
            return
        pulls = self._container.gateways.pulls
        self._clock_checked = True
        if jumped or await pulls.clock_went_back():
            log.warning("the clock was set back; plans follow it")
            await pulls.set_back()

    async def _until_due(self) -> float:
        due_at = await self._container.gateways.pulls.next_due_at()
        if due_at is None:
            return LONGEST_SLEEP
        wait = due_at - self._clock.now()
        # What is due already is on its way; looking again at once would be idle.
        return LONGEST_SLEEP if wait <= 0 else max(SHORTEST_SLEEP, min(LONGEST_SLEEP, wait))

    async def _sleep(self, seconds: float, least: float) -> None:
        """Until something may have become possible: time passes, or a pull left and its host has room. A long backlog
        takes long to look through, so ``least`` keeps the looking a small part of the work."""
        least = max(SHORTEST_SLEEP, least)
        await asyncio.sleep(least)
        try:
            async with asyncio.timeout(max(0.0, seconds - least)):
                await self._transport.departure()
        except TimeoutError:
            return

    async def _lead(self) -> bool:
        now = self._clock.monotonic()
        if self._lease is not None and now - self._renewed < RENEW_SECONDS:
            return True
        before = self._lease
        self._lease = await self._work.lead(LEASE, self._holder, LEASE_SECONDS)
        if self._lease is None and await self._bury():
            self._lease = await self._work.lead(LEASE, self._holder, LEASE_SECONDS)
        self._renewed = now
        if (before is None) != (self._lease is None):
            self.leads_since = self._clock.now() if self._lease else None
            self._clock_checked = False
            log.info("the updater leads" if self._lease else "the updater stands by", holder=self._holder)
        return self._lease is not None

    async def _bury(self) -> bool:
        """Take the lease from a holder that is a dead process of this machine: no need to wait for its end."""
        lease = await self._work.leader(LEASE)
        if lease is None or not is_dead(lease.holder):
            return False
        log.info("the updater's holder is dead", holder=lease.holder)
        await self._work.resign(lease)
        return True
