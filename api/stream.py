"""Server-sent events: what all streams have in common. The live channel of a page is in live.py."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Awaitable, Callable
from typing import TypeVar

import structlog
from fastapi import FastAPI
from sse_starlette import EventSourceResponse, ServerSentEvent
from sse_starlette.sse import SendTimeoutError
from starlette.requests import HTTPConnection
from starlette.types import Receive, Scope, Send

from api.deps import bearer_secret, container_of, cookie_secret
from api.facts import facts_of
from api.streams import Streams
from reader.tasks import end

T = TypeVar("T")
log = structlog.get_logger("evantr.web")

PING = 20  # seconds between comments that keep proxies from closing an idle stream
SEND_TIMEOUT = 30  # a client that takes nothing for so long is gone
RECHECK = 60.0  # seconds after which the session or token is looked at again
RETRY = 2000  # milliseconds that a browser waits before it comes back

StillSignedIn = Callable[[], Awaitable[bool]]


def streams_of(app: FastAPI) -> Streams:
    streams: Streams = app.state.streams
    return streams


class LiveResponse(EventSourceResponse):
    """Ends quietly for a client that stopped reading."""

    def __init__(self, events: AsyncIterator[ServerSentEvent]) -> None:
        super().__init__(
            events,
            ping=PING,
            sep="\n",
            send_timeout=SEND_TIMEOUT,
            ping_message_factory=lambda: ServerSentEvent(comment="still here", sep="\n"),
            headers={"Cache-Control": "private, no-store"},
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        except SendTimeoutError:
            log.info("stream.slow_client", seconds=SEND_TIMEOUT)


async def until_over(events: AsyncIterable[T], closing: asyncio.Event, still: StillSignedIn) -> AsyncGenerator[T, None]:
    """Events until there are no more, the program stops, or who asked is signed out."""
    source = aiter(events)
    stop = asyncio.ensure_future(closing.wait())
    following = asyncio.ensure_future(_next(source))
    loop = asyncio.get_running_loop()
    recheck = loop.time() + RECHECK
    try:
        while True:
            wait = max(0.0, recheck - loop.time())
            done, _ = await asyncio.wait({stop, following}, timeout=wait, return_when="FIRST_COMPLETED")
            if stop in done:
                return
            if following in done:
                found = following.result()
                if not found:
                    return
                following = asyncio.ensure_future(_next(source))
                yield found[0]
            if loop.time() >= recheck:
                if not await still():
                    return
                recheck = loop.time() + RECHECK
    finally:
        await end([stop, following])


async def _next(source: AsyncIterator[T]) -> list[T]:
    """The next one, or nothing at the end."""
    async for item in source:
        return [item]
    return []


def still_signed_in(connection: HTTPConnection) -> StillSignedIn:
    """Asks whether the session or token that opened a stream is still good."""
    access = container_of(connection).services.access
    facts = facts_of(connection.scope)
    token, session = bearer_secret(facts), cookie_secret(facts)

    async def still() -> bool:
        if token is not None:
            return await access.token(token) is not None
        return session is not None and await access.session(session) is not None

    return still
