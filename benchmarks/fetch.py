"""What a 304 costs in the fetch layer: processor time of this process per answer, beside a bare aiohttp client."""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from collections.abc import Awaitable, Callable

import aiohttp
import uvloop

from benchmarks.report import Figure
from benchmarks.servers import free_port, running
from reader.ingest.fetch import Fetcher
from reader.settings import Settings

REQUESTS = 2000
BLOCKS = 8
HOSTS = 40  # addresses of 127.0.0.0/8: as many sites
AT_ONCE = 20
TARGET = 0.1  # milliseconds
ETAG = '"5f2a-61c0"'


class _Unchanged(asyncio.Protocol):
    """Answers every request with 304 as soon as its header is complete."""

    ANSWER = (
        b"HTTP/1.1 304 Not Modified\r\nDate: Sat, 21 Nov 2026 12:00:00 GMT\r\nServer: nginx\r\n"
        b'ETag: "5f2a-61c0"\r\nCache-Control: max-age=600\r\nConnection: keep-alive\r\n\r\n'
    )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._waiting = b""

    def data_received(self, data: bytes) -> None:
        self._waiting += data
        while b"\r\n\r\n" in self._waiting:
            self._waiting = self._waiting.partition(b"\r\n\r\n")[2]
            self._transport.write(self.ANSWER)


async def _serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(_Unchanged, "0.0.0.0", port)
    await server.serve_forever()


def bench_fetch() -> list[Figure]:
    """Blocks of both clients in turn; medians."""
    port = free_port()
    with running(["-m", "benchmarks.fetch", str(port)], port):
        ours, bare = uvloop.run(_measure(port))  # as `evantr serve` does
    return [Figure("a 304, fetch layer, processor time", ours, "ms", bare, ours / bare, TARGET)]


async def _measure(port: int) -> tuple[float, float]:
    urls = [f"http://127.0.1.{number % HOSTS + 1}:{port}/feeds/{number}.xml" for number in range(REQUESTS // BLOCKS)]
    settings = Settings(_env_file=None, fetch_allow="127.0.0.0/8")
    timeout = aiohttp.ClientTimeout(total=30)
    async with Fetcher(settings) as fetcher, aiohttp.ClientSession(timeout=timeout) as session:

        async def ours(url: str) -> None:
            assert (await fetcher.get(url, etag=ETAG)).status == 304

        async def bare(url: str) -> None:
            async with session.get(url, headers={"If-None-Match": ETAG}) as response:
                assert response.status == 304
                await response.read()

        await _block(ours, urls)
        await _block(bare, urls)
        mine, floor = [], []
        for _ in range(BLOCKS):
            mine.append(await _block(ours, urls))
            floor.append(await _block(bare, urls))
    return statistics.median(mine), statistics.median(floor)


async def _block(get: Callable[[str], Awaitable[None]], urls: list[str]) -> float:
    """Milliseconds of processor time per request."""

    async def some(part: list[str]) -> None:
        for url in part:
            await get(url)

    start = time.process_time()
    await asyncio.gather(*(some(urls[number::AT_ONCE]) for number in range(AT_ONCE)))
    return (time.process_time() - start) / len(urls) * 1000


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
