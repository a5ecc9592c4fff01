"""Servers that misbehave, and a canary that nobody may ever reach."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from reader.settings import Settings

CANARY = "127.0.0.2"
OPEN = "127.0.0.1/32"
"""The one network that Fetchers of these tests may enter: it stands for the public web, the canary for the inside."""

Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def settings(**changes: object) -> Settings:
    return Settings(_env_file=None, **{"fetch_allow": OPEN, "fetch_timeout": 2, **changes})  # type: ignore[arg-type]


@asynccontextmanager
async def serving(behave: Behaviour, host: str = "127.0.0.1") -> AsyncIterator[int]:
    """A server on a free port that does as it likes with each connection."""

    async def each(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await behave(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            return  # the client left, as it should
        finally:
            writer.close()

    server = await asyncio.start_server(each, host, 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


@dataclass
class Canary:
    """Something inside: ``hits`` counts connections to it."""

    port: int = 0
    hits: int = 0

    def url(self, host: str = CANARY) -> str:
        return f"http://{host}:{self.port}/secret"


@asynccontextmanager
async def watched(host: str = CANARY) -> AsyncIterator[Canary]:
    canary = Canary()

    async def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        canary.hits += 1
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret")
        await writer.drain()

    async with serving(note, host) as port:
        canary.port = port
        yield canary


def redirecting(target: Callable[[str, int], str]) -> Behaviour:
    """Answers every request with a redirect to what ``target(path, number of the request)`` says."""
    numbers = itertools.count()

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).split(b" ")
            location = target(head[1].decode(), next(numbers))
            answer = f"HTTP/1.1 301 Moved Permanently\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"
            writer.write(answer.encode())
            await writer.drain()

    return behave
