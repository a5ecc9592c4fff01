"""`make bench-units`: what one of each costs, in bytes, in processor time, in commands and messages.

    python -m benchmarks.units [--part 0.1] [--only storage] [--write]

Takes SQLite, and MongoDB where tests find one (tests/helpers/mongo.py: a real one, or the stand-in in Java);
nats-server and memcached for what crosses the network.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import hashlib
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.corpus import documents
from benchmarks.report import progress
from benchmarks.servers import free_port, running
from benchmarks.units import wire
from benchmarks.units.channels import channel_costs, sessions
from benchmarks.units.process import serving
from benchmarks.units.report import Numbers, Section, as_json
from benchmarks.units.stores import Grown, grow, look_at, read_sets, storage
from benchmarks.units.work import HOSTS, Reader, Requests, lists_cost, pull_costs, reader_of, requests_cost
from benchmarks.units.world import World
from reader.container import build
from reader.gateways.positions import FIRST
from reader.log import configure
from reader.settings import Settings
from tests.helpers.mongo import Missing
from tests.helpers.mongo import running as mongo_running
from tests.helpers.servers import memcached, nats_server
from workers.cpu import CpuPool
from workers.local import LocalQueue

if TYPE_CHECKING:
    from benchmarks.units.commands import Counts

ROOT = Path(__file__).parents[2]
PULLED, PEOPLE, NEWS, SUBSCRIPTIONS, LARGER = 80, 40, 15, 30_000, 3
PAGE = """# Unit costs

What one of each costs, taken by `make bench-units` on {cpus} cores, Python {python}. What a system of some size takes
follows from these figures: [scaling.md](scaling.md), and "Sizing" in [operations.md](operations.md).
The load of the machine while it ran was {load:.0f}, others' work included: where that is above its cores, times are
longer than on a quiet one.

## Bytes in the store

Some of each kind are made through the mappers, then as many again: what the second half brought is what each costs, so
that what is there anyway drops out. SQLite: whole pages of tables and indexes, as `dbstat` counts them, the index of
words included. MongoDB: the BSON of the documents and the keys of the declared indexes, computed (a type byte, the
value, five bytes of record number), nothing compressed; files of WiredTiger are smaller by what it compresses, which
was not measured here. An entry is an article of the corpus (`benchmarks/corpus.py`: 2.3 kB of HTML on average) with its
words and its trace. A subscription has a third of 20 entries read, set by one mark; a share comes with its entry, its
copies and the job that counts its chain. An account comes with nothing.

{storage}

By collection of MongoDB:

{collections}

The read set is a part of the subscription, and is what grows in it:

{read_sets}

## Processor time of Evantr

Microseconds of the web process with its threads, over HTTP, signed in by cookie, warm: medians of five blocks.
*SQLite*: the embedded default; the time of the database is in it. *Cluster*: on MongoDB, with memcached and the bus of
NATS; the servers' own time is not in it. MongoDB is a stand-in here ({mongo}), whose speed tells nothing: what counts
are Evantr's time, the commands it sends and the round trips it waits for. Pulls: with parsing and cleaning in the CPU
pool, from a server of feeds on this machine; without the queue. The reader has {feeds} subscriptions with 20 entries
each. Commands are those of the service; the session is asked of memcached. Eight pulls run at a time, and share
commands; their round trips are those of one alone. *After news*: one of the reader's feeds got an entry since the
request before. *Cold*: the process has forgotten the reader and all feeds.

{work}

## Open pages, memory, messages

Channels: {pages} of readers with {feeds} subscriptions, in one web process. An idle minute has three signs of life and
one look at the session. Memory: what the allocator took for {subscriptions:,} feeds in the book with {first} positions
each, and for as many subscriptions on shelves of 100.

Messages: NATS, whose clients send some of them together; and what MongoDB's driver itself takes for a command.

{memory}

{messages}
"""


@asynccontextmanager
async def a_world(folder: Path, store: str) -> AsyncIterator[World]:
    """An empty store."""
    settings, cpu = Settings(_env_file=None, data=folder, store=store, fetch_allow="127.0.0.0/8"), CpuPool(1)
    container = await build(settings, queue=LocalQueue(), cpu=cpu)
    try:
        await container.mappers.migrate()
        await container.fetcher.start()
        yield World(container, float(int(time.time())))
    finally:
        await container.close()
        await cpu.close()


class Run:
    """All measurements; ``part`` of the usual numbers."""

    def __init__(self, part: float) -> None:
        self.part = part
        self.port = 0
        """Of the server of feeds."""
        self.grown: dict[str, dict[str, Grown]] = {}
        self.work: dict[str, dict[str, float]] = {}
        self.commands: dict[str, Counts] = {}
        self.channels: dict[str, float] = {}
        self.session = 0.0
        self.driver: dict[str, Numbers] = {}
        self.feeds = 0

    def some(self, number: int) -> int:
        return max(2, round(number * self.part))

    def change(self) -> None:
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/change?every=1", method="POST")
        urllib.request.urlopen(request, timeout=30).close()

    async def on(self, name: str, folder: Path, url: str, *, storage_only: bool) -> None:
        """Everything on one store; ``url`` of MongoDB, empty for SQLite."""
        async with a_world(folder, url) as world:
            self.grown[name] = await grow(world, look_at(folder, url), self.part, progress(f"{name}: bytes"))
            if not url and not storage_only:
                self.grown[name] = await self._larger(name, folder / "larger")
            if storage_only:
                return
            if url:
                self.driver = await wire.driver_commands(url)
            reader = await reader_of(world)
            self.feeds = len(world.full)
            await self._work(name, world, reader, folder, url)
            if not url:
                await self._channels(world, folder)
        if url:
            await self._commands(world, reader, folder, url)

    async def _larger(self, name: str, folder: Path) -> dict[str, Grown]:
        """Pages are coarse: SQLite, which is quick, gets more of everything to tell sizes by."""
        async with a_world(folder, "") as world:
            return await grow(world, look_at(folder, ""), LARGER * self.part, progress(f"{name}: bytes, larger"))

    async def _work(self, name: str, world: World, reader: Reader, folder: Path, url: str) -> None:
        show = progress(f"{name}: processor time")
        with ExitStack() as stack:
            settings = stack.enter_context(around(folder)) if url else {}
            process = stack.enter_context(serving(folder, url, **settings))
            connection = process.connect()
            requests = Requests(connection, process.port, reader, world)
            self.work[name] = await asyncio.to_thread(requests_cost, process, requests, connection, self.part)
            show(0.5)
            self.work[name] |= await lists_cost(process, connection, requests, world, self.some(NEWS))
            connection.close()
            show(0.6)
            self.work[name] |= await pull_costs(process, world, self.port, self.some(PULLED), self.change)
        show(1.0)

    async def _channels(self, world: World, folder: Path) -> None:
        secrets = await sessions(world, self.some(PEOPLE))
        with serving(folder, "") as process:
            self.channels = await channel_costs(process, world, secrets)
        if wire.installed():
            tokens = [hashlib.sha256(secret.encode()).digest() for secret in secrets]
            self.session = await wire.cached_session(folder, world.container.mappers, tokens)

    async def _commands(self, before: World, reader: Reader, folder: Path, url: str) -> None:
        """With a client of its own: the one that was measured is not watched."""
        from benchmarks.units.commands import commands  # late: from here on every new client is watched

        async with a_world(folder, url) as world:
            world.feeds, world.full, world.ids = before.feeds, before.full, before.ids
            pulled = [feed.id for feed in await world.container.mappers.feeds.page(after=before.feeds[-1], limit=200)]
            sites = [each for each in pulled if (await _is_site(world, each))]
            self.commands = await commands(world, reader, sites, self.change)

    # ---- what is shown

    def work_section(self) -> Section:
        columns = {"sqlite": "SQLite µs", "mongo": "cluster µs"}
        section = Section("work", [*columns.values(), "commands", "writes", "round trips"])
        for what in next(iter(self.work.values())):
            numbers = {columns[store]: costs[what] for store, costs in self.work.items()}
            if what in self.commands:
                counts = self.commands[what]
                numbers |= {"commands": counts.commands, "writes": counts.writes, "round trips": counts.trips}
            section.add(what, numbers)
        return section

    def memory_section(self, subscription: float, feed: float) -> Section:
        section = Section("kept or open", ["bytes", "µs"])
        section.add("a subscription on a shelf", {"bytes": subscription})
        section.add("a feed in the book", {"bytes": feed})
        section.add("a session in memcached", {"bytes": self.session} if self.session else {})
        section.add("an open channel", {"bytes": self.channels["bytes of an open channel"]})
        for what in ("open a channel", "a minute of an idle channel", "an event on a channel"):
            section.add(what, {"µs": self.channels[what]})
        return section


async def _is_site(world: World, feed_id: int) -> bool:
    feed = await world.container.mappers.feeds.get(feed_id)
    return feed is not None and feed.kind == "site" and feed.url.startswith("http://127.")


def memory_of_readers(count: int) -> tuple[float, float]:
    command = [sys.executable, "-m", "benchmarks.units.memory", str(count)]
    subscription, feed = json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout)
    return subscription, feed


def messages(folder: Path, driver: dict[str, Numbers]) -> Section:
    """What crosses the network, servers of feeds included."""
    section = Section("message", ["µs", "bytes", "messages"])
    found: dict[str, Numbers] = wire.jobs_and_events(folder) if wire.installed() else {}
    for what, numbers in (found | driver).items():
        section.add(what, numbers)
    sizes = [len(gzip.compress(document.body, 6, mtime=0)) for document in documents(100)]
    section.add("a feed's document, compressed", {"bytes": statistics.mean(sizes)})
    return section


@contextmanager
def around(folder: Path) -> Iterator[dict[str, str]]:
    """Settings of a cluster's process beside its store: caches and bus, if they are installed."""
    if not wire.installed():
        yield {}
        return
    broker, node = nats_server(folder), memcached(folder)
    try:
        yield {"bus": f"nats://{broker.address}", "cache": node.address}
    finally:
        broker.kill()
        node.kill()


@contextmanager
def stores(folder: Path) -> Iterator[list[tuple[str, str, str]]]:
    """(name, address, what it is) of those that are here."""
    here = [("sqlite", "", "")]
    try:
        with mongo_running() as mongo, mongo.database() as url:
            yield [*here, ("mongo", url, "a real one" if mongo.real else "mongo-java-server")]
    except Missing as error:
        sys.stderr.write(f"without MongoDB: {error}\n")
        yield here


def measure(part: float, folder: Path, *, storage_only: bool = False) -> tuple[list[Section], dict[str, object]]:
    """The sections, and what the page says of the run."""
    feeds = max(2, round(PULLED * part))
    run = Run(part)
    with stores(folder) as here:
        for name, url, _ in here:
            (folder / name).mkdir()
            run.port = free_port()  # each store gets the feeds as they are at first
            with running(["-m", "benchmarks.feedserver", str(run.port), str(HOSTS), str(feeds)], run.port):
                asyncio.run(run.on(name, folder / name, url, storage_only=storage_only))
    sections = [*storage(run.grown), read_sets()]
    if not storage_only:
        count = max(1000, round(SUBSCRIPTIONS * part))
        sections += [run.work_section(), run.memory_section(*memory_of_readers(count)), messages(folder, run.driver)]
    said = {"mongo": here[-1][2], "feeds": run.feeds, "pages": run.some(PEOPLE) * 5, "subscriptions": SUBSCRIPTIONS}
    return sections, said


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.units", description=__doc__)
    parser.add_argument("--part", type=float, default=1.0, help="part of the usual numbers, for a quick look")
    parser.add_argument("--write", action="store_true", help="also write docs/benchmarks-units.md")
    arguments = parser.parse_args()
    configure("error", "text")
    with tempfile.TemporaryDirectory(prefix="evantr-bench-") as name:
        sections, said = measure(arguments.part, Path(name))
    (ROOT / "build").mkdir(exist_ok=True)
    (ROOT / "build" / "bench-units.json").write_text(json.dumps(as_json(sections), indent=1, ensure_ascii=False) + "\n")
    tables = [section.table() for section in sections]
    print("\n\n".join(tables))
    if arguments.write:
        names = ("storage", "collections", "read_sets", "work", "memory", "messages")
        text = PAGE.format(
            cpus=os.cpu_count(), load=os.getloadavg()[2], python=platform.python_version(), first=FIRST, **said,
            **dict(zip(names, tables, strict=True)),
        )  # fmt: skip
        (ROOT / "docs" / "benchmarks-units.md").write_text(text)


if __name__ == "__main__":
    main()
