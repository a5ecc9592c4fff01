"""What one of each sends to MongoDB: commands, and the round trips they take."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from benchmarks.seed import entry
from benchmarks.units.serve import AT_ONCE
from benchmarks.units.work import Reader
from benchmarks.units.world import World
from reader.models.reading import Scope
from reader.models.user import Actor
from tests.helpers.mongo_watch import WATCH

Call = Callable[[], Awaitable[object]]


class Counts(NamedTuple):
    commands: float
    writes: float  # of these
    trips: float


async def commands(world: World, reader: Reader, pulled: list[int], change: Callable[[], None]) -> dict[str, Counts]:
    """By name, warm. ``world`` is on a client that is watched; ``pulled``: feeds of the server of feeds, ``change``
    gives each of them two more entries."""
    services, actor = world.container.services, Actor(reader.user.id)
    ids, others = iter(world.ids[::-1]), iter(reader.other[::-1])

    def lists() -> Call:
        return lambda: services.reading.page(actor, Scope("all"), limit=20)

    calls: dict[str, Call] = {
        "list of 20 entries": lists(),
        "page of a folder, HTML": lambda: services.reading.page(actor, Scope("folder", reader.folder), limit=50),
        "left column": lambda: services.reading.sidebar(actor),
        "unread counters": lambda: services.reading.sidebar(actor),
        "mark one entry": lambda: services.reading.mark(actor, [next(ids)], True),
        "subscribe": lambda: services.feeds.subscribe(actor, feed_id=next(others)),
        "share": lambda: services.sharing.share(actor, next(ids)),
    }
    out = {}
    for name, call in calls.items():
        await call()
        out[name] = await _counted(call)
    some = pulled[: AT_ONCE + 1]
    out["pull, 304"] = await _pulls(world, some, 0)
    change()
    out["pull with 2 new entries of 22"] = await _pulls(world, some, 2)
    await world.append(world.full[0], [entry(random.Random(5), 0, 10**7, world.now)])
    out["list of 20 entries, after news"] = await _counted(lists())
    world.container.gateways.reading._shelves.clear()
    world.container.gateways.reading.book.__init__(world.container.mappers)  # type: ignore[misc]
    out["list of 20 entries, cold"] = await _counted(lists())
    return out


async def _pulls(world: World, feed_ids: list[int], new: int) -> Counts:
    """Commands of one among several that run together, for they share some; round trips of one alone."""
    alone, *others = feed_ids
    trips = (await _together(world, [alone], new)).trips
    commands, writes, _ = await _together(world, others, new)
    return Counts(commands / len(others), writes / len(others), trips)


async def _together(world: World, feed_ids: list[int], new: int) -> Counts:
    for feed_id in feed_ids:
        await world.container.mappers.feeds.make_due(feed_id, world.now)

    async def pull() -> None:
        outcomes = await asyncio.gather(*map(world.container.gateways.pulls.pull, feed_ids))
        wrong = [each for each in outcomes if each.skipped or each.new != new]
        if wrong:
            raise RuntimeError(f"feeds were to bring {new} entries: {wrong}")

    return await _counted(pull)


async def _counted(call: Call) -> Counts:
    before = Counts(WATCH.commands, WATCH.changes, WATCH.trips)
    await call()
    after = Counts(WATCH.commands, WATCH.changes, WATCH.trips)
    return Counts(*(now - then for now, then in zip(after, before, strict=True)))
