"""Sharing: what a share costs with 10 followers and with 10,000, and the public page of a stream over HTTP."""

from __future__ import annotations

import asyncio
import random
import statistics
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from benchmarks.client import Connection
from benchmarks.report import Figure
from benchmarks.seed import TOKEN, clock_now, entry
from benchmarks.servers import free_port, running
from reader.container import Container, build
from reader.gateways.accounts import fingerprint
from reader.mappers.sqlite import SqliteMappers
from reader.models.user import Actor
from reader.settings import Settings
from workers.cpu import CpuPool
from workers.local import LocalQueue

FEW, MANY = 10, 10_000
ENTRIES = 1000
SHARED = 600  # before anything is measured; the rest is shared while it is
ROUNDS, WARM = 300, 20
PAGES = {
    "page of a stream, 30 shares, HTML": ("/u/many/shared", {}, 5.0),
    "page of a stream, 30 shares, API": (
        "/api/v1/people/many/streams/shared?limit=30",
        {"Authorization": f"Bearer {TOKEN}"},
        5.0,
    ),
    "feed of a stream, Atom": ("/u/many/shared.atom", {}, None),
}


def bench_sharing() -> list[Figure]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="evantr-bench-")))
        figures = asyncio.run(_in_process(folder))
        floor_port, port = free_port(), free_port()
        stack.enter_context(running(["-m", "benchmarks.floor", str(floor_port)], floor_port))
        env = {"EVANTR_DATA": str(folder), "EVANTR_PORT": str(port)}
        stack.enter_context(running(["-m", "evantr", "serve"], port, env))
        return [*figures, *_over_http(port, floor_port)]


async def _in_process(folder: Path) -> list[Figure]:
    cpu = CpuPool(1)
    program = await build(Settings(_env_file=None, data=folder), queue=LocalQueue(), cpu=cpu)
    try:
        return await _share(program)
    finally:
        await program.close()
        await cpu.close()


async def _share(program: Container) -> list[Figure]:
    await program.mappers.migrate()
    reader = await program.mappers.users.create("bench", "nobody signs in", now=clock_now(), admin_if_first=True)
    await program.mappers.users.add_token(reader.id, "bench", fingerprint(TOKEN), now=clock_now())
    ids = await _feed(program)
    few, many = await _owner(program, "few", FEW), await _owner(program, "many", MANY)
    for entry_id in ids[:SHARED]:
        for owner in (few, many):
            await program.services.sharing.share(owner, entry_id)
    rows: dict[str, list[int]] = {"few": [], "many": []}
    took: dict[str, list[float]] = {"few": [], "many": []}
    for number, entry_id in enumerate(ids[SHARED:]):
        name, owner = ("many", many) if number % 2 else ("few", few)
        before, start = await _written(program), time.perf_counter()
        await program.services.sharing.share(owner, entry_id)
        took[name].append((time.perf_counter() - start) * 1000)
        rows[name].append(await _written(program) - before)
    # The usual number: now and then the index of words merges what it has, whoever shares.
    written = {name: statistics.mode(values) for name, values in rows.items()}
    medians = {name: statistics.median(values) for name, values in took.items()}
    more = written["many"] / written["few"]
    slower = medians["many"] / medians["few"]
    return [
        Figure(f"rows written by a share, {FEW} followers", written["few"], "", None, None, None),
        Figure(
            f"rows written by a share, {MANY:,} followers", written["many"], "", written["few"], more, written["few"]
        ),
        Figure(f"a share, {FEW} followers", medians["few"], "ms", None, None, None),
        Figure(f"a share, {MANY:,} followers", medians["many"], "ms", medians["few"], slower, None),
    ]


async def _written(program: Container) -> int:
    """Rows that the store's writer has changed so far."""
    mappers = program.mappers
    assert isinstance(mappers, SqliteMappers)
    return await mappers.engine.write(lambda con: con.total_changes)


async def _feed(program: Container) -> list[int]:
    mappers, now, rng = program.mappers, clock_now(), random.Random(1)
    feed, _ = await mappers.feeds.create(
        "http://gazette.example/", title="Gazette", site_url=None, description=None, now=now
    )
    token = await mappers.feeds.lease(feed.id, now, now + 600)
    assert token is not None
    news = [entry(rng, 1, n, now - ENTRIES + n) for n in range(ENTRIES)]
    stored = await mappers.entries.append(feed.id, token, news, renewed={}, now=now)
    assert stored is not None
    return [at.id for at in stored.new]


async def _owner(program: Container, name: str, followers: int) -> Actor:
    """Somebody whom so many follow, and who reads the feed."""
    mappers, now = program.mappers, clock_now()
    user = await mappers.users.create(name, "nobody signs in", now=now, admin_if_first=False)
    stream = await program.gateways.sharing.default_stream(user.id)

    async def follow(number: int) -> None:
        follower = await mappers.users.create(f"{name}-{number}", "x", now=now, admin_if_first=False)
        await mappers.subscriptions.subscribe(
            follower.id, stream.feed_id, folder_id=None, title=None, unread=20, now=now
        )

    for start in range(0, followers, 500):
        await asyncio.gather(*(follow(n) for n in range(start, min(start + 500, followers))))
    await mappers.subscriptions.subscribe(user.id, 1, folder_id=None, title=None, unread=20, now=now)
    return Actor(user.id)


def _over_http(port: int, floor_port: int) -> list[Figure]:
    figures = []
    for name, (path, headers, target) in PAGES.items():
        ours, floor = Connection("127.0.0.1", port), Connection("127.0.0.1", floor_port)
        request = ours.request("GET", path, dict(headers))
        bare = floor.request("GET", f"/?{len(ours.send(request)[1])}")
        times, least = [], []
        for number in range(ROUNDS + WARM):
            took, beside = ours.timed(request), floor.timed(bare)
            if number >= WARM:
                times.append(took)
                least.append(beside)
        ours.close()
        floor.close()
        median, bare_median = statistics.median(times), statistics.median(least)
        figures.append(Figure(name, median, "ms", bare_median, median / bare_median, target))
    return figures
