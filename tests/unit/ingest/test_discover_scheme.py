"""An address typed without a scheme: https first, http beside it where https is slow or silent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from reader.ingest.discover import Discovery, discover
from reader.ingest.fetch import Fetcher
from tests.unit.ingest.conftest import make_settings
from tests.unit.ingest.test_discover import here, rss

TLS_HELLO = 0x16  # first byte of a TLS record that carries a handshake


@asynccontextmanager
async def server(*, mute: bool) -> AsyncIterator[int]:
    """Speaks http; what begins with a TLS handshake is closed, or with ``mute`` never answered. Gives its port."""
    silent = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = await reader.read(1)
        if first and first[0] == TLS_HELLO:
            if mute:
                await silent.wait()
        elif first:
            await reader.readuntil(b"\r\n\r\n")
            body = rss().encode()
            head = f"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\nContent-Length: {len(body)}\r\n"
            writer.write(f"{head}Connection: close\r\n\r\n".encode() + body)
            await writer.drain()
        writer.close()

    listening = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield listening.sockets[0].getsockname()[1]
    finally:
        silent.set()
        listening.close()
        await listening.wait_closed()


async def look(typed: str) -> Discovery:
    async with Fetcher(make_settings()) as fetch:
        return await discover(typed, fetch, here, 1_790_000_000.0)


async def test_a_server_that_is_silent_to_https_is_asked_without() -> None:
    async with server(mute=True) as port, asyncio.timeout(5):
        found = await look(f"127.0.0.1:{port}/feed")
    assert [feed.url for feed in found.feeds] == [f"http://127.0.0.1:{port}/feed"]


async def test_a_server_that_refuses_https_is_asked_without() -> None:
    async with server(mute=False) as port, asyncio.timeout(5):
        found = await look(f"127.0.0.1:{port}/feed")
    assert [feed.url for feed in found.feeds] == [f"http://127.0.0.1:{port}/feed"]


async def test_who_types_https_gets_nothing_else() -> None:
    async with server(mute=False) as port, asyncio.timeout(5):
        found = await look(f"https://127.0.0.1:{port}/feed")
    assert found.feeds == []
    assert {step.url.split(":")[0] for step in found.steps} == {"https"}


async def test_nobody_there_fails_in_words() -> None:
    async with asyncio.timeout(5):
        found = await look("127.0.0.1:1/feed")
    assert found.feeds == []
    assert found.problem
