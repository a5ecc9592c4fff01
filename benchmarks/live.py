"""Live channels: what 5,000 open ones take, and how soon an event is on the pages of 1,000 followers."""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.report import Figure, progress
from benchmarks.servers import free_port, memory_mb

PEOPLE, FOLLOWERS, FEEDS, PAGES, EVENTS = 1000, 200, 20, 5, 10
MEMORY_TARGET, LATENCY_TARGET = 300.0, 200.0
REQUEST = "GET /api/v1/stream HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nCookie: evantr_session={secret}\r\n\r\n"


class Page(asyncio.Protocol):
    """One open page: counts what it got, and when it last got an ``entries`` event."""

    def __init__(self, request: bytes, opened: asyncio.Queue[None]) -> None:
        self._request = request
        self._opened = opened
        self._first = True
        self.at: list[float] = []
        self.lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        assert isinstance(transport, asyncio.WriteTransport)
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        if self._first and b"event: counters" in data:
            self._first = False
            self._opened.put_nowait(None)
        if b"event: entries" in data:
            self.at.append(time.perf_counter())

    def connection_lost(self, error: Exception | None) -> None:
        self.lost = True


def bench_live(people: int = PEOPLE, followers: int = FOLLOWERS, pages: int = PAGES) -> list[Figure]:
    """``people`` accounts with so many pages open each, in one web process; an event is for ``followers`` of them."""
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        sessions = folder / "sessions.json"
        arguments = [str(folder / "data"), str(port), str(people), str(followers), str(FEEDS), str(sessions)]
        with subprocess.Popen(
            [sys.executable, "-m", "benchmarks.live_server", *arguments], stdin=subprocess.PIPE, stderr=sys.stderr
        ) as process:
            try:
                return asyncio.run(_measure(process, port, sessions, followers, pages))
            finally:
                assert process.stdin is not None
                process.stdin.close()
                process.wait(30)


async def _measure(
    process: subprocess.Popen[bytes], port: int, sessions: Path, followers: int, pages: int
) -> list[Figure]:
    until = time.monotonic() + 180
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            break
        except OSError:
            if time.monotonic() > until or process.poll() is not None:
                raise
            await asyncio.sleep(0.2)
    secrets = json.loads(sessions.read_text())  # noqa: ASYNC240
    idle = memory_mb(process.pid)
    opened, all_pages = await open_pages(port, secrets * pages)
    held = memory_mb(process.pid)
    theirs = [page for number, page in enumerate(all_pages) if number % len(secrets) < followers]
    took = [seconds for _ in range(EVENTS) for seconds in await _event(process, theirs)]
    lost = sum(page.lost for page in all_pages)
    assert not lost, f"{lost} pages lost their channel"
    for page in all_pages:
        page.transport.close()
    number = len(all_pages)
    return [
        Figure(f"{number:,} open channels", held, "MB", idle, held / idle, MEMORY_TARGET),
        Figure("one open channel", (held - idle) * 1024 / number, "kB", None, None, None),
        Figure("opening a channel", opened * 1000 / number, "ms", None, None, None),
        Figure(
            f"an event reaches {len(theirs):,} pages, p95",
            statistics.quantiles(took, n=20)[-1] * 1000, "ms", None, None, LATENCY_TARGET,
        ),
    ]  # fmt: skip


async def open_pages(port: int, secrets: list[str]) -> tuple[float, list[Page]]:
    """Opens a page for each secret, 100 at a time; seconds that it took, and the pages."""
    show, loop = progress("live channels"), asyncio.get_running_loop()
    heard: asyncio.Queue[None] = asyncio.Queue()
    out: list[Page] = []
    start = time.perf_counter()
    for first in range(0, len(secrets), 100):
        some = secrets[first : first + 100]
        for secret in some:
            request = REQUEST.format(port=port, secret=secret).encode()
            _, page = await loop.create_connection(lambda r=request: Page(r, heard), "127.0.0.1", port)  # type: ignore[misc]
            out.append(page)
        for _ in some:
            await asyncio.wait_for(heard.get(), 60)
        show(len(out) / len(secrets))
    return time.perf_counter() - start, out


async def _event(process: subprocess.Popen[bytes], pages: list[Page]) -> list[float]:
    """Seconds from the line that causes an entry and its event to its arrival at each page."""
    for page in pages:
        page.at.clear()
    assert process.stdin is not None
    start = time.perf_counter()
    os.write(process.stdin.fileno(), b"\n")
    until = start + 30
    while any(not page.at for page in pages) and time.perf_counter() < until:  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    assert all(page.at for page in pages), "an event did not reach every page"
    await asyncio.sleep(0.3)
    return [page.at[0] - start for page in pages]


if __name__ == "__main__":
    from benchmarks.report import table

    print(table(bench_live()))
