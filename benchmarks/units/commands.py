"""What one of each sends to MongoDB: commands, and the round trips they take."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from benchmarks.seed import entry
from benchmarks.units.work import Reader
from benchmarks.units.world import World
from reader.gateways.pulls import PullOutcome
from reader.models.reading import Scope
from reader.models.user import Actor
from tests.helpers.mongo_watch import WATCH

Call = Callable[[], Awaitable[object]]


class Counts(NamedTuple):
    commands: int
    writes: int  # of these
    trips: int


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
    pulls = iter(pulled)
    out["pull, 304"] = await _pull(world, next(pulls), 0)
    change()
    out["pull with 2 new entries of 22"] = await _pull(world, next(pulls), 2)
    await world.append(world.full[0], [entry(random.Random(5), 0, 10**7, world.now)])
    out["list of 20 entries, after news"] = await _counted(lists())
    world.container.gateways.reading._shelves.clear()
    world.container.gateways.reading.book.__init__(world.container.mappers)  # type: ignore[misc]
    out["list of 20 entries, cold"] = await _counted(lists())
    return out


async def _pull(world: World, feed_id: int, new: int) -> Counts:
    await world.container.mappers.feeds.make_due(feed_id, world.now)
    outcome = PullOutcome(skipped=True)

    async def pull() -> None:
        nonlocal outcome
        outcome = await world.container.gateways.pulls.pull(feed_id)

    counted = await _counted(pull)
    if outcome.skipped or outcome.new != new:
        raise RuntimeError(f"feed {feed_id} was to bring {new} entries: {outcome}")
    return counted


async def _counted(call: Call) -> Counts:
    before = Counts(WATCH.commands, WATCH.changes, WATCH.trips)
    await call()
    after = Counts(WATCH.commands, WATCH.changes, WATCH.trips)
    return Counts(*(now - then for now, then in zip(after, before, strict=True)))
