"""An import of 1,000 feeds and rounds of pulls, by the whole program, against floors taken in the same run.

CPU seconds are those of all processes of the program. The floors do each step with the least code (rounds_floor.py).
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from urllib.parse import quote
from xml.sax.saxutils import quoteattr

from benchmarks.feedserver import url_of
from benchmarks.report import Figure, progress
from benchmarks.servers import descendants, free_port, memory_mb, running

FEEDS, ENTRIES, HOSTS = 1000, 20, 200
ROUNDS = 3
PASSWORD = "correct horse battery staple"
TICKS = os.sysconf("SC_CLK_TCK")
LEAD = 4.0  # seconds that the updater knows of a round before: longer than it ever sleeps


@dataclass
class Run:
    """Seconds; memory in MB; waits of pages in milliseconds."""

    floor: dict[str, float]
    import_cpu: float = 0.0
    import_wall: float = 0.0
    unchanged: list[float] = field(default_factory=list)
    changed: list[float] = field(default_factory=list)
    late_wall: list[float] = field(default_factory=list)
    memory: float = 0.0
    pages: list[float] = field(default_factory=list)
    missing: int = 0


def bench_rounds() -> list[Figure]:
    show = progress("rounds")
    runs = []
    for number in range(ROUNDS):
        runs.append(one_run())
        show((number + 1) / ROUNDS)
    return figures(runs)


def figures(runs: list[Run]) -> list[Figure]:
    """Ratios are taken run by run; then their medians."""
    floors = [run.floor["fetch"] + run.floor["parse"] + run.floor["html"] + run.floor["store"] for run in runs]
    idle = median(run.floor["unchanged"] for run in runs)
    pages = sorted(wait for run in runs for wait in run.pages)

    def against(name: str, values: list[float], floor: list[float], target: float) -> list[Figure]:
        ratio = median(value / least for value, least in zip(values, floor, strict=True))
        return [
            Figure(f"{name}, against the floors", ratio, "×", None, None, target),
            Figure(name, median(values), "s", median(floor), None, None),
        ]

    empty = [run.floor["unchanged"] for run in runs]
    return [
        *against("import of 1,000 feeds, CPU", [run.import_cpu for run in runs], floors, 2.0),
        *against("import of 1,000 feeds, wall time", [run.import_wall for run in runs], floors, 2.0),
        *against("a round where nothing changed, CPU", [median(run.unchanged) for run in runs], empty, 0.14 / 0.06),
        *against("a round where 10 % changed, CPU", [median(run.changed) for run in runs], empty, 0.4 / 0.06),
        Figure("bare aiohttp, 1,000 × 304, CPU", idle, "s", None, None, None),
        Figure(
            "a round with 150 ms of latency, wall time",
            median(wall for run in runs for wall in run.late_wall), "s", None, None, 1.5,
        ),
        Figure("peak memory of all processes", max(run.memory for run in runs), "MB", None, None, 200),
        Figure("folder page while the import runs, p99", pages[int(len(pages) * 0.99)], "ms", None, None, 50),
        Figure("entries missing, or stored twice", max(run.missing for run in runs), "", None, None, 0),
    ]  # fmt: skip


def one_run(feeds: int = FEEDS) -> Run:
    """A new store, an import, then rounds."""
    port, feed_port = free_port(), free_port()
    with (
        tempfile.TemporaryDirectory() as name,
        running(["-m", "benchmarks.feedserver", str(feed_port), str(HOSTS), str(feeds)], feed_port, seconds=90),
    ):
        run = Run(_floors(feed_port, feeds))
        env = {
            "EVANTR_DATA": name,
            "EVANTR_PORT": str(port),
            "EVANTR_FETCH_ALLOW": "127.0.0.0/8",
            "EVANTR_LOG_LEVEL": "warning",
        }
        token = _account(env)
        with running(["-m", "evantr", "serve"], port, env) as program:
            _import(run, program.pid, Client(port, token), Path(name), feed_port, feeds)
            store = sqlite3.connect(Path(name) / "evantr.sqlite", timeout=30, isolation_level=None)
            _rounds(run, program.pid, store, feed_port, feeds)
            store.close()
    return run


def _floors(port: int, feeds: int) -> dict[str, float]:
    arguments = [sys.executable, "-m", "benchmarks.rounds_floor", str(port), str(HOSTS), str(feeds)]
    out = subprocess.run(arguments, capture_output=True, check=True).stdout
    values: dict[str, float] = json.loads(out)
    return values


def _account(env: dict[str, str]) -> str:
    def evantr(*words: str) -> str:
        command = [sys.executable, "-m", "evantr", *words]
        return subprocess.run(command, env={**os.environ, **env}, capture_output=True, text=True, check=True).stdout

    evantr("user", "add", "ada", "--password", PASSWORD)
    return evantr("token", "add", "ada").split()[-1]


class Client:
    """The API, and pages, with a token."""

    def __init__(self, port: int, token: str) -> None:
        self._base, self._token = f"http://127.0.0.1:{port}", token

    def call(self, method: str, path: str, body: bytes | None = None, kind: str = "application/json") -> bytes:
        request = urllib.request.Request(self._base + path, body, method=method)
        request.add_header("Authorization", f"Bearer {self._token}")
        request.add_header("Content-Type", kind)
        with urllib.request.urlopen(request, timeout=60) as answer:
            content: bytes = answer.read()
        return content


def _import(run: Run, pid: int, client: Client, data: Path, port: int, feeds: int) -> None:
    groups = [range(first, min(first + 100, feeds)) for first in range(0, feeds, 100)]
    outlines = "".join(
        f'<outline text="Folder {number}">'
        + "".join(f"<outline type='rss' text='F{n}' xmlUrl={quoteattr(url_of(n, port, HOSTS))}/>" for n in group)
        + "</outline>"
        for number, group in enumerate(groups)
    )
    opml = f'<opml version="2.0"><head/><body>{outlines}</body></opml>'.encode()
    before, start = cpu_of(pid), time.perf_counter()
    made = json.loads(client.call("POST", "/api/v1/imports", opml, "text/x-opml"))
    client.call("POST", f"/api/v1/imports/{made['id']}/start")
    folder = json.loads(client.call("GET", "/api/v1/folders"))["folders"]
    watch = Watch(pid, client, folder[0]["id"] if folder else None)
    store = sqlite3.connect(f"file:{data / 'evantr.sqlite'}?mode=ro", uri=True, timeout=30)
    _until(lambda: _entries(store) >= feeds * ENTRIES, 120)
    run.import_wall, run.import_cpu = time.perf_counter() - start, cpu_of(pid) - before
    run.memory, run.pages = watch.stop()
    run.missing = abs(_entries(store) - feeds * ENTRIES)
    (title,) = store.execute("SELECT title FROM entry ORDER BY id DESC LIMIT 1").fetchone()
    store.close()
    words = quote(f'"{title}"')
    if not json.loads(client.call("GET", f"/api/v1/search?q={words}&content=false"))["entries"]:
        run.missing += 1  # stored, but not searchable


class Watch:
    """Looks at memory, and asks for a folder page, over and over while the import runs."""

    def __init__(self, pid: int, client: Client, folder: int | None) -> None:
        self._pid, self._client = pid, client
        self._path = f"/api/v1/entries?scope=folder/{folder}&limit=50" if folder else "/api/v1/entries?limit=50"
        self._memory, self._waits = 0.0, list[float]()
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._look), threading.Thread(target=self._ask)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> tuple[float, list[float]]:
        self._ended.set()
        for thread in self._threads:
            thread.join()
        return self._memory, self._waits

    def _look(self) -> None:
        while not self._ended.wait(0.25):
            self._memory = max(self._memory, memory_mb(self._pid))

    def _ask(self) -> None:
        while not self._ended.wait(0.05):
            start = time.perf_counter()
            self._client.call("GET", self._path)
            self._waits.append((time.perf_counter() - start) * 1000)


def _rounds(run: Run, pid: int, store: sqlite3.Connection, port: int, feeds: int) -> None:
    for _ in range(3):
        run.unchanged.append(_round(pid, store)[0])
    for _ in range(3):
        before = _entries(store)
        _control(port, "/change?every=10")
        run.changed.append(_round(pid, store)[0])
        run.missing += abs(_entries(store) - before - feeds // 10 * 2)
    _control(port, "/delay?ms=150")
    for _ in range(2):
        run.late_wall.append(_round(pid, store)[1])
    _control(port, "/delay?ms=0")


def _round(pid: int, store: sqlite3.Connection) -> tuple[float, float]:
    """(CPU, wall) seconds from when all feeds are due until every one was pulled once."""
    due = time.time() + LEAD  # known ahead, as any schedule is: the updater sleeps until then
    store.execute("UPDATE feed SET next_pull_at = ? WHERE kind = 'site'", (due,))
    time.sleep(max(0.0, due - time.time() - 0.1))
    before = cpu_of(pid)
    _until(lambda: not store.execute("SELECT 1 FROM feed WHERE next_pull_at = ? LIMIT 1", (due,)).fetchone(), 60)
    return cpu_of(pid) - before, time.time() - due


def _entries(store: sqlite3.Connection) -> int:
    count: int = store.execute("SELECT coalesce(sum(seq), 0) FROM feed").fetchone()[0]
    return count


def _until(reached: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not reached():
        if time.monotonic() > end:
            raise RuntimeError(f"the program did not get there in {seconds:g} s")
        time.sleep(0.02)


def _control(port: int, path: str) -> None:
    urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{port}{path}", method="POST"), timeout=30).close()


def cpu_of(pid: int) -> float:
    """CPU seconds of a process and its descendants, those that ended included."""
    total = 0
    for one in [pid, *descendants(pid)]:
        try:
            fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += sum(map(int, fields[11:15]))
    return total / TICKS
