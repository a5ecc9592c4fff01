"""The part of a worker process that drives imports: all of them in turn, so that none waits for another."""

from __future__ import annotations

import asyncio

import structlog

from reader.container import Container

log = structlog.get_logger(__name__)

IDLE_SECONDS = 1.0
BUSY_SECONDS = 0.1
PLANTING_SECONDS = 0.01  # pages come between two batches of new subscriptions
FAULT_SECONDS = 2.0


async def importer(container: Container) -> None:
    """Until cancelled. An error ends one round; the rows say where to go on."""
    while True:
        try:
            pause = await _round(container)
        except Exception:
            log.exception("a round of imports failed")
            pause = FAULT_SECONDS
        await _sleep(container, pause)


async def _round(container: Container) -> float:
    importing = container.gateways.importing
    container.gateways.imports.wake.clear()
    jobs = await importing.running()
    more = False
    for job in jobs:
        try:
            more = await importing.step(job) or more
        except Exception:
            log.exception("a step of an import failed", import_id=job.id)
            await asyncio.sleep(FAULT_SECONDS)
    if more:
        return PLANTING_SECONDS
    return BUSY_SECONDS if jobs else IDLE_SECONDS


async def _sleep(container: Container, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await container.gateways.imports.wake.wait()
    except TimeoutError:
        return
