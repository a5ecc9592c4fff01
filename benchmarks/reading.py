"""Reading over HTTP: lists, counters, marks, pages, each against the floor and over stores of three sizes."""

from __future__ import annotations

import asyncio
import json
import statistics
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks.client import Connection
from benchmarks.report import Figure, progress
from benchmarks.seed import TOKEN, clock_now, seed
from benchmarks.servers import free_port, memory_mb, running

BLOCKS, WARM, BLOCK = 20, 8, 25
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


@dataclass
class Store:
    """A running program over a store of one size."""

    size: int
    pid: int
    connection: Connection
    requests: dict[str, Callable[[], bytes]]


def bench_reading(sizes: list[int]) -> list[Figure]:
    """Figures for each size, then the largest as a multiple of the smallest. All programs run side by side, and each
    one is measured in turn with the others and with the floor."""
    figures: list[Figure] = []
    with ExitStack() as stack:
        folders = [_seeded(stack, size) for size in sizes]
        floor_port = free_port()
        stack.enter_context(running(["-m", "benchmarks.floor", str(floor_port)], floor_port))
        programs = [_start(stack, folder) for folder in folders]
        # Connections come last: an idle one is closed by the server after five seconds.
        floor = Connection("127.0.0.1", floor_port)
        stack.callback(floor.close)
        stores = [_open(stack, size, *program, figures) for size, program in zip(sizes, programs, strict=True)]
        medians = {what: _measure(what, stores, floor, figures) for what in TARGETS}
        for store in stores:
            name = f"memory after reading, {store.size:,} entries"
            figures.append(Figure(name, memory_mb(store.pid), "MB", None, None, None))
    if len(stores) > 1:
        for what, by_store in medians.items():
            ratio = by_store[-1] / by_store[0]
            name = f"{what}: {sizes[-1]:,} entries against {sizes[0]:,}"
            figures.append(Figure(name, ratio, "×", None, ratio, 1.2))
    return figures


def _seeded(stack: ExitStack, size: int) -> Path:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="evantr-bench-")))
    asyncio.run(seed(folder, size, clock_now(), progress(f"store of {size:,} entries")))
    return folder


def _start(stack: ExitStack, folder: Path) -> tuple[int, int]:
    """The program on a store: (its pid, its port)."""
    port = free_port()
    env = {"EVANTR_DATA": str(folder), "EVANTR_PORT": str(port)}
    return stack.enter_context(running(["-m", "evantr", "serve"], port, env)).pid, port


def _open(stack: ExitStack, size: int, pid: int, port: int, figures: list[Figure]) -> Store:
    """Notes what the program takes before anybody reads, then connects to it."""
    figures.append(Figure(f"memory of the idle program, {size:,} entries", memory_mb(pid), "MB", None, None, 120))
    connection = Connection("127.0.0.1", port)
    stack.callback(connection.close)
    return Store(size, pid, connection, requests(connection))


def _measure(what: str, stores: list[Store], floor: Connection, figures: list[Figure]) -> list[float]:
    """Medians in ms, one for each store; the floor sends as many bytes as the first store answers.

    The stores take turns by blocks, each request of a block in turn with the floor: noise hits all alike, and what is
    measured is warm, as it is while somebody reads.
    """
    bare = floor.request("GET", f"/?{len(stores[0].connection.send(stores[0].requests[what]())[1])}")
    taken: list[list[float]] = [[] for _ in stores]
    floors: list[list[float]] = [[] for _ in stores]
    for _ in range(BLOCKS):
        for store, times, least in zip(stores, taken, floors, strict=True):
            for n in range(WARM + BLOCK):
                ours, theirs = store.connection.timed(store.requests[what]()), floor.timed(bare)
                if n >= WARM:
                    times.append(ours)
                    least.append(theirs)
    medians = [statistics.median(times) for times in taken]
    for store, median, beside in zip(stores, medians, floors, strict=True):
        name, bare_median = f"{what}, {store.size:,} entries", statistics.median(beside)
        figures.append(Figure(name, median, "ms", bare_median, median / bare_median, TARGETS[what]))
    return medians
