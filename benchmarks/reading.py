"""Reading over HTTP: lists, counters, marks, pages, each against the floor and over stores of three sizes."""

from __future__ import annotations

import asyncio
import json
import statistics
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.client import Connection
from benchmarks.report import Figure, progress
from benchmarks.seed import TOKEN, clock_now, seed
from benchmarks.servers import free_port, memory_mb, running

ROUNDS = 300
AUTH = {"Authorization": f"Bearer {TOKEN}"}
TARGETS = {
    "page of 100, folder of 100 feeds": 2.0,
    "page of 100, all 1,000 feeds": 3.0,
    "page of 20, folder of 100 feeds": 1.0,
    "page of 20, all 1,000 feeds": 1.3,
    "all unread counters": 1.0,
    "mark one entry read": 0.6,
    "HTML page of a folder": 8.0,
}


def requests(connection: Connection) -> dict[str, Callable[[], bytes]]:
    """What is measured: a function for each that gives the next request's bytes."""
    sidebar = json.loads(connection.send(connection.request("GET", "/api/v1/sidebar", AUTH))[1])
    folder = sidebar["folders"][3]["id"]
    _, listed = connection.send(connection.request("GET", "/api/v1/entries?scope=all&limit=200&content=false", AUTH))
    ids = [e["id"] for e in json.loads(listed)["entries"]]

    def same(path: str) -> Callable[[], bytes]:
        ready = connection.request("GET", path, AUTH)
        return lambda: ready

    def marks() -> Iterator[bytes]:
        while True:
            for read in (True, False):
                for entry_id in ids:
                    body = json.dumps({"ids": [entry_id], "read": read}).encode()
                    yield connection.request("POST", "/api/v1/entries/mark", AUTH, body)

    mark = marks()
    entries = "/api/v1/entries?scope={}&limit={}&content=true"
    return {
        "page of 100, folder of 100 feeds": same(entries.format(f"folder/{folder}", 100)),
        "page of 100, all 1,000 feeds": same(entries.format("all", 100)),
        "page of 20, folder of 100 feeds": same(entries.format(f"folder/{folder}", 20)),
        "page of 20, all 1,000 feeds": same(entries.format("all", 20)),
        "all unread counters": same("/api/v1/counters"),
        "mark one entry read": lambda: next(mark),
        "HTML page of a folder": same(f"/folder/{folder}"),
    }


def measure(connection: Connection, floor: Connection, next_request: Callable[[], bytes]) -> tuple[float, float]:
    """(median, floor's median) in ms, taken in turn so that a noisy machine hits both."""
    size = len(connection.send(next_request())[1])
    bare = floor.request("GET", f"/?{size}")
    ours, theirs = [], []
    for n in range(ROUNDS + 20):
        a, b = connection.timed(next_request()), floor.timed(bare)
        if n >= 20:  # warm
            ours.append(a)
            theirs.append(b)
    return statistics.median(ours), statistics.median(theirs)


def bench_reading(sizes: list[int]) -> list[Figure]:
    """Figures for each size, then the largest as a multiple of the smallest."""
    figures: list[Figure] = []
    by_size: dict[int, dict[str, float]] = {}
    for size in sizes:
        with tempfile.TemporaryDirectory(prefix="evantr-bench-") as name:
            folder = Path(name)
            asyncio.run(seed(folder, size, clock_now(), progress(f"store of {size:,} entries")))
            by_size[size] = _one_size(folder, size, figures)
    small, large = min(sizes), max(sizes)
    if small != large:
        for what in TARGETS:
            ratio = by_size[large][what] / by_size[small][what]
            name = f"{what}: {large:,} entries against {small:,}"
            figures.append(Figure(name, ratio, "×", None, ratio, 1.2))
    return figures


def _one_size(folder: Path, size: int, figures: list[Figure]) -> dict[str, float]:
    port, floor_port = free_port(), free_port()
    env = {"EVANTR_DATA": str(folder), "EVANTR_PORT": str(port)}
    medians: dict[str, float] = {}
    with (
        running(["-m", "evantr", "serve"], port, env) as server,
        running(["-m", "benchmarks.floor", str(floor_port)], floor_port),
    ):
        idle = memory_mb(server.pid)
        figures.append(Figure(f"memory of the idle program, {size:,} entries", idle, "MB", None, None, 120))
        connection, floor = Connection("127.0.0.1", port), Connection("127.0.0.1", floor_port)
        for what, next_request in requests(connection).items():
            median, bare = measure(connection, floor, next_request)
            medians[what] = median
            figures.append(Figure(f"{what}, {size:,} entries", median, "ms", bare, median / bare, TARGETS[what]))
        busy = memory_mb(server.pid)
        figures.append(Figure(f"memory after reading, {size:,} entries", busy, "MB", None, None, None))
        connection.close()
        floor.close()
    return medians
