"""Check 8: a byte now and then in header or body, a body without end. One deadline, little memory, and nobody waits."""

from __future__ import annotations

import asyncio
import statistics
import time

import pytest

from reader.ingest.fetch import Fetcher, FetchFailed
from reader.settings import Settings
from tests.threats.measure import growth_of
from tests.threats.network import Behaviour, serving, settings

DRIPS = 50


async def _drip(writer: asyncio.StreamWriter, text: bytes) -> None:
    for number in range(10_000):
        writer.write(text[number % len(text) : number % len(text) + 1])
        await writer.drain()
        await asyncio.sleep(0.1)


async def slow_header(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    await _drip(writer, b"x")


async def slow_body(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\n\r\n")
    await _drip(writer, b"<rss>")


async def endless_chunks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"1\r\nx\r\n")
        await writer.drain()
        await asyncio.sleep(0.05)


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(60)


async def quick(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n<rss>")
    await writer.drain()


KINDS: list[Behaviour] = [slow_header, slow_body, endless_chunks, silent]


def test_the_deadline_is_a_minute_at_most() -> None:
    assert Settings(_env_file=None).fetch_timeout <= 60


@pytest.mark.parametrize("kind", KINDS)
async def test_one_deadline_for_all_of_it(kind: Behaviour) -> None:
    async with serving(kind) as port, Fetcher(settings(fetch_timeout=1)) as fetcher:
        start = time.monotonic()
        with pytest.raises(FetchFailed) as caught:
            await fetcher.get(f"http://127.0.0.1:{port}/")
        assert caught.value.kind == "timeout"
        assert time.monotonic() - start < 2.5


async def test_others_do_not_wait() -> None:
    """Fifty that drip, four of each host at a time, and a good feed beside them."""
    options = {"fetch_allow": "127.0.0.0/8", "fetch_timeout": 3, "fetch_concurrency": 64}
    async with serving(slow_body, "0.0.0.0") as bad, serving(quick) as good, Fetcher(settings(**options)) as fetcher:
        alone = await _latencies(fetcher, good)
        drips = [asyncio.create_task(fetcher.get(f"http://127.0.{number}.9:{bad}/")) for number in range(1, DRIPS + 1)]
        await asyncio.sleep(0.3)
        beside = await _latencies(fetcher, good)
        assert not any(drip.done() for drip in drips), "all still drip"
        for drip in drips:
            drip.cancel()
        await asyncio.gather(*drips, return_exceptions=True)
    assert _p95(beside) < max(0.1, 5 * _p95(alone))


async def _latencies(fetcher: Fetcher, port: int) -> list[float]:
    took = []
    for _ in range(60):
        start = time.monotonic()
        await fetcher.get(f"http://127.0.0.1:{port}/")
        took.append(time.monotonic() - start)
    return took


def _p95(took: list[float]) -> float:
    return statistics.quantiles(took, n=20)[-1]


async def test_memory_stays(tmp_path: object) -> None:
    async with serving(slow_body, "0.0.0.0") as one, serving(endless_chunks, "0.0.0.0") as two:
        grown = await growth_of(f"""
            from tests.threats.network import settings
            from reader.ingest.fetch import Fetcher
            async def work():
                async with Fetcher(settings(fetch_allow="127.0.0.0/8", fetch_timeout=2)) as fetcher:
                    urls = [f"http://127.0.{{n}}.9:{{port}}/" for n in range(1, 26) for port in ({one}, {two})]
                    return await asyncio.gather(*(fetcher.get(url) for url in urls), return_exceptions=True)
            before()
            assert all("took too long" in str(end) for end in asyncio.run(work()))
            """)
    assert grown < 20, f"{grown:.0f} MB"
