"""Bytes of one of each, on both stores."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from pyroaring import BitMap

from benchmarks.units.report import Section
from benchmarks.units.sizes import Sizes, of_mongo, of_sqlite, per_one
from benchmarks.units.world import IN_A_DOCUMENT, World
from reader.mappers.bitmaps import pack

Grown = dict[str, tuple[float, float]]
"""By table: bytes of rows and of indexes that one more takes."""


@dataclass(frozen=True)
class Kind:
    """``count`` calls of World's method ``make``, twice; each makes ``each`` of ``name``. ``scattered``: rows go to
    many places of their table, whose pages fill up and split by turns, so that both halves count."""

    name: str
    make: str
    count: int
    each: int = 1
    scattered: bool = False


def kinds(part: float) -> list[Kind]:
    """In the order in which they rest on each other. ``part`` of the usual numbers."""

    def some(number: int) -> int:
        return max(2, round(number * part))

    # Readers read every feed with entries, so the numbers of these two belong together.
    full = some(50)
    return [
        Kind("account", "accounts", some(150)),
        Kind("session", "sessions", some(200)),
        Kind("feed", "sites", max(full, some(200))),
        Kind("pull", "pulls", some(400), scattered=True),
        Kind("entry", "entries", full, IN_A_DOCUMENT),
        Kind("subscription", "subscriptions", full * some(8)),
        Kind("mark", "marks", some(150)),
        Kind("star", "stars", some(200)),
        Kind("share", "shares", some(60)),
        Kind("follower", "followers", min(some(150) - 1, some(100))),
        Kind("job", "jobs", some(200)),
    ]


async def grow(
    world: World, look: Callable[[], Awaitable[Sizes]], part: float, show: Callable[[float], None]
) -> dict[str, Grown]:
    """Makes some of each kind, then as many again: what the second half brought is what each costs."""
    found = {}
    todo = kinds(part)
    for number, kind in enumerate(todo):
        make = getattr(world, kind.make)
        before = await look() if kind.scattered else {}
        await make(range(kind.count))
        half = await look()
        await make(range(kind.count, 2 * kind.count))
        start, number_of = (before, 2 * kind.count) if kind.scattered else (half, kind.count)
        found[kind.name] = per_one(start, await look(), number_of * kind.each)
        show((number + 1) / len(todo))
    return found


def look_at(folder: Path, url: str) -> Callable[[], Awaitable[Sizes]]:
    """``url`` of MongoDB; empty for SQLite in the folder."""

    async def look() -> Sizes:
        return await of_mongo(url) if url else await asyncio.to_thread(of_sqlite, folder / "evantr.sqlite")

    return look


def storage(found: dict[str, dict[str, Grown]]) -> list[Section]:
    """``found``: by store. One table of all, one of MongoDB by collection."""
    whole = Section("one", ["SQLite", "MongoDB documents", "MongoDB keys"])
    parts = Section("collection, for one", ["documents", "keys"])
    for name in next(iter(found.values())):
        numbers: dict[str, float] = {}
        if "sqlite" in found:
            numbers["SQLite"] = sum(sum(each) for each in found["sqlite"][name].values())
        if "mongo" in found:
            tables = found["mongo"][name]
            numbers["MongoDB documents"] = sum(data for data, _ in tables.values())
            numbers["MongoDB keys"] = sum(keys for _, keys in tables.values())
            for table, (data, keys) in tables.items():
                parts.add(f"{table}, {name}", {"documents": data, "keys": keys})
        whole.add(name, numbers)
    return [whole, parts] if "mongo" in found else [whole]


def read_sets() -> Section:
    """What the set of a subscription takes in either store, for readers of different habits."""
    section = Section("read set of", ["bytes"])
    sets = {
        "who has read everything of 10,000": BitMap(range(1, 10_001)),
        "who reads a third of 300, here and there": BitMap(random.Random(1).sample(range(1, 301), 100)),
        "who reads every other one of 10,000": BitMap(range(1, 10_001, 2)),
    }
    for who, seqs in sets.items():
        section.add(who, {"bytes": len(pack(seqs))})
    return section
