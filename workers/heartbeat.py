"""The heartbeat: once an hour the figures go to the operator's webhook, from whoever leads as the updater.

The named lease "heartbeat" keeps the hour: a restart, or another leader, does not send a second one. An hour whose
attempts all failed is let go; the next one tells the newer figures anyway.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import orjson
import structlog

from reader.container import Container
from reader.errors import EvantrError, Upstream
from reader.ingest.websub import sign
from reader.models.operations import HistoryPoint, Overview
from reader.models.user import SYSTEM
from reader.process import holder_name

log = structlog.get_logger(__name__)

LEASE = "heartbeat"
EVERY = 3600.0
LOOK_SECONDS = 5.0
PAUSES = (10.0, 60.0, 300.0, 900.0)  # before each further attempt
ANSWER_BYTES = 100_000
SIGNATURE = "X-Evantr-Signature-256"


class Heartbeat:
    """run() until cancelled. ``leads``: whether this process is the updater right now."""

    def __init__(
        self,
        container: Container,
        leads: Callable[[], bool],
        *,
        every: float = EVERY,
        pauses: Sequence[float] = PAUSES,
        look: float = LOOK_SECONDS,
    ) -> None:
        self._container = container
        self._settings = container.settings
        self._leads = leads
        self._every = every
        self._pauses = pauses
        self._look = look

    async def run(self) -> None:
        while True:
            await asyncio.sleep(self._look)
            try:
                if self._leads() and await self._is_time():
                    await self._send()
            except Exception:
                log.exception("the heartbeat failed")

    async def _is_time(self) -> bool:
        """True once in ``every`` seconds, for one process of all."""
        work = self._container.gateways.work
        lease = await work.leader(LEASE)
        if lease is not None and lease.until > self._container.clock.now():
            return False
        return await work.lead(LEASE, holder_name(), self._every) is not None

    async def _send(self) -> None:
        body = orjson.dumps(await self.figures())
        headers = {"Content-Type": "application/json", **signed(body, self._settings.heartbeat_secret)}
        for attempt, pause in enumerate((*self._pauses, None), 1):
            try:
                answer = await self._container.fetcher.post(
                    self._settings.heartbeat_url, body, headers, max_bytes=ANSWER_BYTES
                )
            except EvantrError as error:
                wait = next_pause(error, pause)
                log.warning("a heartbeat was not taken", attempt=attempt, retry_in=wait, error=str(error))
                if wait is None:
                    return
                await asyncio.sleep(wait)
            else:
                log.info("heartbeat sent", status=answer.status, bytes=len(body), attempt=attempt)
                return

    async def figures(self) -> dict[str, Any]:
        """What is sent: the overview without stories, the store's size, and what the last hour brought."""
        services, now = self._container.services, self._container.clock.now()
        overview = await services.operations.overview(SYSTEM)
        hour = await services.operations.history(SYSTEM, now - EVERY)
        return {
            "event": "heartbeat",
            "at": now,
            "version": _version(),
            "instance": self._settings.base_url,
            "queues": {queue.name: asdict(queue) for queue in overview.queues},
            "processes": processes(overview),
            "updater": asdict(overview.updater),
            "dead_letters": overview.dead,
            "feeds": overview.feeds,
            "store": await services.feeds.stats(SYSTEM),
            "last_hour": last_hour(hour),
        }


def signed(body: bytes, secret: str) -> dict[str, str]:
    """The header that proves who sent ``body``: HMAC-SHA256 of the bytes as they are; nothing without a secret."""
    if not secret:
        return {}
    return {SIGNATURE: sign(body, secret)}


def next_pause(error: EvantrError, pause: float | None) -> float | None:
    """Seconds until another attempt; None when there is none: none is left, or the webhook will not have it."""
    if pause is None or not isinstance(error, Upstream):
        return None
    if error.status is not None and 400 <= error.status < 500 and error.status not in (408, 425, 429):
        return None
    if error.kind == "refused":  # an address that is not to be asked does not become another
        return None
    return max(pause * random.uniform(0.8, 1.2), float(error.retry_after or 0))  # noqa: S311 -- not a secret


def processes(overview: Overview) -> list[dict[str, Any]]:
    return [
        {
            "host": each.host,
            "pid": each.pid,
            "role": each.role,
            "started": each.started,
            "memory": each.memory,
            "lag_ms": each.lag_ms,
            "cpu_share": each.cpu_share,
            "leads": each.leads,
            "cpu_processes": len(each.cpu),
        }
        for each in overview.managers
    ]


def last_hour(points: Sequence[HistoryPoint]) -> dict[str, Any]:
    """Jobs done and failed per queue, and the worst lateness."""
    queues: dict[str, dict[str, int]] = {}
    for point in points:
        for name, each in point.queues.items():
            sums = queues.setdefault(name, {"done": 0, "failed": 0})
            sums["done"] += each.done
            sums["failed"] += each.failed
    return {"queues": queues, "lag_ms": max((point.lag_ms for point in points), default=0.0)}


def _version() -> str:
    try:
        return version("evantr")
    except PackageNotFoundError:
        return ""
