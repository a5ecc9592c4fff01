"""`make bench-cluster`: jobs and events over NATS, and pulls on a cluster beside those of the embedded default.

    python -m benchmarks.cluster [--write]

Needs nats-server and memcached. Everything runs on this machine, so the cluster pays for its servers too: their
processor time is given apart.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.feedserver import url_of
from benchmarks.report import Figure, progress, table, write_json
from benchmarks.rounds import HOSTS, cpu_of
from benchmarks.servers import free_port, running
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

ROOT = Path(__file__).parents[1]
JOBS, EVENTS, FEEDS, ROUNDS = 20_000, 2000, 1000, 4
LEAD = 4.0
PAGE = """# Benchmarks of the cluster

Taken by `make bench-cluster` on {cpus} cores, Python {python}, all processes and servers on this one machine.

{table}

Jobs are empty and go the whole way: put by one process, fetched, run by a manager, acknowledged, their ends told. The
floor of that is fetching and acknowledging alone. An event's way is from `publish` in one process to its subscriber in
another. Pulls are rounds of {feeds} feeds that are due at once and did not change, answered without delay; the
embedded default is `evantr serve` alone, the cluster two web, two worker and two updater processes with NATS and
memcached on the same store.
"""


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
        text = PAGE.format(cpus=os.cpu_count(), python=platform.python_version(), table=table(figures), feeds=FEEDS)
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
    sent = []
    for number in range(EVENTS):
        sent.append(time.monotonic())
        await bus.publish(feed_topic(1), FeedChanged(number))
        await asyncio.sleep(0.002)
    found: dict[str, Any] = json.loads(await process.stdout.readline())
    await process.wait()
    await bus.close()
    waits = sorted((heard - put) * 1000 for put, heard in zip(sent, found["at"], strict=True))
    return [
        Figure("an event's way to another process, p50", median(waits), "ms", None, None, 5),
        Figure("an event's way to another process, p99", waits[int(len(waits) * 0.99)], "ms", None, None, None),
    ]


# ---- pulls


def bench_pulls(folder: Path, show: Any) -> list[Figure]:
    port = free_port()
    with running(["-m", "benchmarks.feedserver", str(port), str(HOSTS), str(FEEDS)], port, seconds=90):
        alone = Victim(folder / "alone" / "data", free_port(), log_level="warning")
        (folder / "alone").mkdir()
        try:
            alone.start()
            embedded = asyncio.run(_rounds(Settings(data=folder / "alone" / "data"), [alone.pid], [], port))
        finally:
            alone.kill()
        show(0.6)
        with Cluster(folder / "cluster", log_level="warning") as cluster:
            cluster.start()
            pids = [process.pid for process in cluster.processes]
            servers = [server.pid for server in (cluster.broker, *cluster.nodes)]
            spread = asyncio.run(_rounds(Settings(data=folder / "cluster" / "data"), pids, servers, port))
    return [
        Figure("pulls a second, embedded", embedded[0], "/s", None, None, None),
        Figure("pulls a second, cluster", spread[0], "/s", embedded[0], spread[0] / embedded[0], None),
        Figure("processor time of a pull, embedded", embedded[1], "ms", None, None, None),
        Figure("processor time of a pull, cluster", spread[1], "ms", embedded[1], spread[1] / embedded[1], None),
        Figure("of which NATS and memcached", spread[2], "ms", None, None, None),
    ]


async def _rounds(settings: Settings, pids: Sequence[int], servers: Sequence[int], port: int) -> tuple[float, ...]:
    """(pulls a second, CPU milliseconds of a pull, those of the servers): medians over rounds after the first."""
    mappers = await open_mappers(settings)
    try:
        ids = []
        for number in range(FEEDS):
            feed, _ = await mappers.feeds.create(
                url_of(number, port, HOSTS), title="", site_url=None, description=None, now=time.time()
            )
            ids.append(feed.id)
        await _pulled(mappers, ids, 0.0)
        found = [await _round(mappers, ids, pids, servers) for _ in range(ROUNDS)][1:]
    finally:
        await mappers.close()
    return tuple(median(values) for values in zip(*found, strict=True))


async def _round(
    mappers: Mappers, ids: Sequence[int], pids: Sequence[int], servers: Sequence[int]
) -> tuple[float, float, float]:
    due = time.time() + LEAD
    for feed_id in ids:
        await mappers.feeds.make_due(feed_id, due)
    await asyncio.sleep(max(0.0, due - time.time() - 0.1))
    before, of_servers = _cpu(pids), _cpu(servers)
    await _pulled(mappers, ids, due)
    seconds = time.time() - due
    used, served = _cpu(pids) - before, _cpu(servers) - of_servers
    return len(ids) / seconds, (used + served) / len(ids) * 1000, served / len(ids) * 1000


def _cpu(pids: Iterable[int]) -> float:
    return sum(cpu_of(pid) for pid in pids)


async def _pulled(mappers: Mappers, ids: Sequence[int], since: float) -> None:
    """Until each of them was pulled after that moment."""
    end = time.monotonic() + 120
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
