"""`make bench-cluster`: jobs and events over NATS, and pulls on a cluster beside those of the embedded default.

    python -m benchmarks.cluster [--write]

Needs nats-server, memcached, and mongod or what its stand-in needs (tests/helpers/mongo.py). Everything runs on this
machine, so the cluster pays for its servers too: their processor time is given apart.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, TypeVar

from benchmarks.feedserver import url_of
from benchmarks.report import Figure, progress, table, write_json
from benchmarks.rounds import HOSTS, cpu_of
from benchmarks.servers import free_port, memory_mb, running
from reader.container import open_mappers
from reader.events import FeedChanged, feed_topic
from reader.jobs import PullFeed
from reader.mappers import Mappers
from reader.pubsub.nats import NatsBus
from reader.settings import Settings
from tests.helpers.cluster import Cluster
from tests.helpers.servers import Server, nats_server
from tests.helpers.victim import Victim
from workers.nats import NatsQueue

T = TypeVar("T")
ROOT = Path(__file__).parents[1]
JOBS, EVENTS, FEEDS, ROUNDS = 20_000, 2000, 400, 4
LEAD = 4.0
PATIENCE = 300.0  # seconds for all feeds to be pulled; the first time they are parsed and stored
AT_ONCE = 50
GAP = 0.002  # seconds between two events
PAGE = """# Benchmarks of the cluster

Taken by `make bench-cluster` on {cpus} cores, Python {python}, all processes and servers on this one machine.

{table}

Jobs are empty and go the whole way: put by one process, fetched, run by a manager, acknowledged, their ends told. The
floor of that is fetching and acknowledging alone. An event's way is from `publish` in one process to its subscriber in
another; its floor is by how much a sleep of {gap} ms is late in the sender meanwhile: what this machine makes all wait.
Pulls are rounds of {feeds} feeds that are due at once and did not change, answered without delay; the
embedded default is `evantr serve` alone on SQLite, the cluster two web, two worker and two updater processes with NATS,
memcached and {database}.
Memory is the proportional set size of one process with its children, after these rounds.

A pull on MongoDB costs several times that on SQLite: each command goes through the driver in Python, where SQLite is
called in the process. What pulls ask together goes in one command (decision 0014); the lease, and whether anybody reads
the feed, are commands of each pull. The stand-in slows down with the number of feeds: one run with 1,000 of them gave
76 pulls a second on the cluster, with 7.2 ms of its processor time and 2.8 ms of Evantr's for each.
"""
STAND_IN = "a stand-in for MongoDB, whose speed and memory say nothing of MongoDB's"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cluster", description=__doc__)
    parser.add_argument("--write", action="store_true", help="also write docs/benchmarks-cluster.md")
    arguments = parser.parse_args()
    show = progress("cluster")
    with tempfile.TemporaryDirectory(prefix="evantr-bench-") as name:
        folder = Path(name)
        broker = nats_server(folder)
        try:
            figures = bench_jobs(broker, folder)
            show(0.2)
            figures += asyncio.run(bench_events(broker))
            show(0.3)
        finally:
            broker.kill()
        figures += bench_pulls(folder, show)
    show(1.0)
    write_json(figures, ROOT / "build" / "bench-cluster.json")
    print(table(figures))
    if arguments.write:
        text = PAGE.format(
            cpus=os.cpu_count(), python=platform.python_version(), table=table(figures), feeds=FEEDS,
            gap=round(GAP * 1000), database="MongoDB" if shutil.which("mongod") else STAND_IN,
        )  # fmt: skip
        (ROOT / "docs" / "benchmarks-cluster.md").write_text(text)


# ---- jobs


def bench_jobs(broker: Server, folder: Path, count: int = JOBS) -> list[Figure]:
    url = f"nats://{broker.address}"
    put = asyncio.run(_fill(url, "work", count))
    whole = _worker("jobs", url, "work", folder / "work", count)
    asyncio.run(_fill(url, "floor", count))
    least = _worker("floor", url, "floor", folder / "floor", count)
    rates = [each["jobs"] / each["seconds"] for each in (whole, least)]
    return [
        _at_least("empty jobs through one worker", rates[0], "/s", rates[1], 3000),
        Figure("processor time of an empty job", whole["cpu"] / whole["jobs"] * 1e6, "µs", _per(least), None, None),
        Figure("jobs put by one process", count / put, "/s", None, None, None),
    ]


def _at_least(name: str, value: float, unit: str, floor: float | None, target: float) -> Figure:
    figure = Figure(name, value, unit, floor, value / floor if floor else None, target)
    figure.holds = value >= target
    return figure


def _per(run: dict[str, float]) -> float:
    return run["cpu"] / run["jobs"] * 1e6


async def _fill(url: str, cluster: str, count: int) -> float:
    """Puts so many jobs; the seconds that took."""
    queue = NatsQueue(url, cluster, room=10 * count)
    await queue.start()
    await queue.look()
    start = time.perf_counter()
    for number in range(count):
        if not await queue.put(PullFeed(number)):
            raise RuntimeError("the broker took no job")
    seconds = time.perf_counter() - start
    await queue.close()
    return seconds


def _worker(what: str, url: str, cluster: str, folder: Path, count: int) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.cluster_worker", what, url, cluster, str(folder), str(count)]
    out = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=300).stdout
    found: dict[str, float] = json.loads(out.splitlines()[-1])
    return found


# ---- events


async def bench_events(broker: Server) -> list[Figure]:
    url = f"nats://{broker.address}"
    command = [sys.executable, "-m", "benchmarks.cluster_worker", "events", url, "ev", "-", str(EVENTS)]
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    await process.stdout.readline()
    bus = NatsBus(url, "ev")
    await bus.start()
    sent, late = [], []
    for number in range(EVENTS):
        sent.append(time.monotonic())
        await bus.publish(feed_topic(1), FeedChanged(number))
        slept = time.monotonic()
        await asyncio.sleep(GAP)
        late.append((time.monotonic() - slept - GAP) * 1000)
    found: dict[str, Any] = json.loads(await process.stdout.readline())
    await process.wait()
    await bus.close()
    waits = sorted((heard - put) * 1000 for put, heard in zip(sent, found["at"], strict=True))
    late.sort()
    return [_way(waits, late, 50, 5), _way(waits, late, 99, None)]


def _way(waits: Sequence[float], late: Sequence[float], percent: int, target: float | None) -> Figure:
    place = EVENTS * percent // 100
    name = f"an event's way to another process, p{percent}"
    return Figure(name, waits[place], "ms", late[place], waits[place] / late[place], target)


# ---- pulls


@dataclass
class Spent:
    """Rounds of pulls: pulls a second, then milliseconds of processor time for one, by who spent them."""

    rate: float
    evantr: float
    servers: float
    database: float


def bench_pulls(folder: Path, show: Any) -> list[Figure]:
    port = free_port()
    with running(["-m", "benchmarks.feedserver", str(port), str(HOSTS), str(FEEDS)], port, seconds=90):
        alone = Victim(folder / "alone" / "data", free_port(), log_level="warning")
        (folder / "alone").mkdir()
        try:
            alone.start()
            embedded = asyncio.run(_rounds(Settings(data=folder / "alone" / "data"), ([alone.pid], [], []), port))
            memory = [_memory("evantr serve", [alone.pid])]
        finally:
            alone.kill()
        show(0.6)
        with Cluster(folder / "cluster", mongo=True, keeps=False, log_level="warning") as cluster:
            cluster.start()
            assert cluster.database is not None
            pids = [process.pid for process in cluster.processes]
            servers = [server.pid for server in (cluster.broker, *cluster.nodes)]
            spread = asyncio.run(_rounds(cluster.store, (pids, servers, [cluster.database.pid]), port))
            groups = {"evantr web": cluster.webs, "evantr worker": cluster.workers, "evantr updater": cluster.updaters}
            memory += [_memory(name, [each.pid for each in processes]) for name, processes in groups.items()]
            memory += [_memory("nats-server", [cluster.broker.pid]), _memory("memcached", servers[1:])]
    return [
        Figure("pulls a second, embedded", embedded.rate, "/s", None, None, None),
        Figure("pulls a second, cluster", spread.rate, "/s", embedded.rate, spread.rate / embedded.rate, None),
        Figure("processor time of a pull, embedded", embedded.evantr, "ms", None, None, None),
        Figure(
            "processor time of a pull, cluster: Evantr's processes", spread.evantr, "ms", embedded.evantr,
            spread.evantr / embedded.evantr, None,
        ),
        Figure("beside them, NATS and memcached", spread.servers, "ms", None, None, None),
        Figure("beside them, MongoDB or its stand-in", spread.database, "ms", None, None, None),
        *memory,
    ]  # fmt: skip


def _memory(name: str, pids: Sequence[int]) -> Figure:
    return Figure(f"memory of one {name}", sum(map(memory_mb, pids)) / len(pids), "MB", None, None, None)


async def _rounds(settings: Settings, groups: Sequence[Sequence[int]], port: int) -> Spent:
    """``groups``: processes of Evantr, servers, database. Medians over rounds after the first."""
    mappers = await open_mappers(settings)
    try:
        ids = await _at_once(lambda number: _create(mappers, url_of(number, port, HOSTS)), range(FEEDS))
        await _pulled(mappers, ids, 0.0)
        found = [await _round(mappers, ids, groups) for _ in range(ROUNDS)][1:]
    finally:
        await mappers.close()
    return Spent(*(median(values) for values in zip(*found, strict=True)))


async def _round(mappers: Mappers, ids: Sequence[int], groups: Sequence[Sequence[int]]) -> tuple[float, ...]:
    due = time.time() + LEAD
    await _at_once(lambda feed_id: mappers.feeds.make_due(feed_id, due), ids)
    await asyncio.sleep(max(0.0, due - time.time() - 0.1))
    before = [_cpu(group) for group in groups]
    await _pulled(mappers, ids, due)
    seconds = time.time() - due
    spent = [(_cpu(group) - was) / len(ids) * 1000 for group, was in zip(groups, before, strict=True)]
    return len(ids) / seconds, *spent


async def _create(mappers: Mappers, url: str) -> int:
    feed, _ = await mappers.feeds.create(url, title="", site_url=None, description=None, now=time.time())
    return feed.id


async def _at_once(do: Callable[[int], Awaitable[T]], numbers: Sequence[int]) -> list[T]:
    """A few at a time: one by one they would take longer than the rounds."""
    done: list[T] = []
    for first in range(0, len(numbers), AT_ONCE):
        done += await asyncio.gather(*(do(number) for number in numbers[first : first + AT_ONCE]))
    return done


def _cpu(pids: Iterable[int]) -> float:
    return sum(cpu_of(pid) for pid in pids)


async def _pulled(mappers: Mappers, ids: Sequence[int], since: float) -> None:
    """Until each of them was pulled after that moment."""
    end = time.monotonic() + PATIENCE
    left = set(ids)
    while left:
        if time.monotonic() > end:
            raise RuntimeError(f"{len(left)} feeds were not pulled")
        await asyncio.sleep(0.1)
        for state in await mappers.feeds.pull_states(list(left)):
            if state.last_pull_at is not None and state.last_pull_at >= since:
                left.discard(state.feed_id)


if __name__ == "__main__":
    main()
