"""Open pages: what a channel costs while nothing happens, and what an event on it costs. On SQLite; no channel asks the
store for anything while it is open, but whether its session is still good."""

from __future__ import annotations

import asyncio
import time
from hashlib import sha256

from benchmarks.live import open_pages
from benchmarks.units.process import Process
from benchmarks.units.world import DAY, World
from reader.models.user import Session

PAGES = 5  # of each reader
FASTER = 10  # a minute of a channel passes in six seconds
MINUTE = 60 / FASTER
EVENTS = 10


async def sessions(world: World, people: int) -> list[str]:
    """Signs in ``people`` who read every feed with entries."""
    mappers, secrets = world.container.mappers, []
    for number in range(people):
        user = await mappers.users.create(f"page{number}", "none", now=world.now, admin_if_first=False)
        for feed_id in world.full:
            await mappers.subscriptions.subscribe(
                user.id, feed_id, folder_id=None, title=None, unread=10, now=world.now
            )
        secrets.append(f"page-{number}-0123456789-0123456789")
        token = sha256(secrets[-1].encode()).digest()
        await mappers.users.add_session(Session(token, user.id, world.now, world.now + 90 * DAY))
    return secrets


async def channel_costs(process: Process, world: World, secrets: list[str]) -> dict[str, float]:
    """Bytes of one, and microseconds: of opening it, of its idle minute, of an event that reaches it."""
    process.do("pulse", FASTER)
    await open_pages(process.port, secrets)  # warm: shelves and positions are there
    await asyncio.sleep(1.0)
    bare = await _minute(process)
    memory, before = process.memory(), process.cpu()
    _, pages = await open_pages(process.port, secrets * PAGES)
    opened, held = process.cpu() - before, process.memory() - memory
    idle = await _minute(process) - bare
    each, nobody = await _events(process, world.full[0]), await _events(process, world.feeds[-1])
    number = len(pages)
    for page in pages:
        page.transport.close()
    return {
        "bytes of an open channel": held * 2**20 / number,
        "open a channel": opened / number / 1000,
        "a minute of an idle channel": max(0, idle) / number / 1000,
        "an event on a channel": (each - nobody) / EVENTS / (number + len(secrets)) / 1000,
    }


async def _minute(process: Process) -> int:
    """Nanoseconds of the process in a minute of its channels."""
    before = process.cpu()
    await asyncio.sleep(MINUTE)
    return process.cpu() - before


async def _events(process: Process, feed_id: int) -> int:
    before, start = process.cpu(), time.monotonic()
    await asyncio.to_thread(process.do, "event", feed_id, EVENTS)
    await asyncio.sleep(1.0)
    del start
    return process.cpu() - before
