"""Server-sent events: what happens to one reader's feeds and marks, as it happens.

An event is a hint. Whoever gets one reads again what it is about, so a lost event costs nothing but time.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Awaitable, Callable
from typing import Any, TypeVar

import structlog
from fastapi import FastAPI
from sse_starlette import EventSourceResponse, ServerSentEvent
from sse_starlette.sse import SendTimeoutError
from starlette.requests import HTTPConnection
from starlette.types import Receive, Scope, Send

from api.bodies import to_json
from api.deps import bearer_secret, container_of, cookie_secret
from api.facts import facts_of
from reader.container import Container
from reader.events import (
    EntriesArrived,
    Event,
    FeedChanged,
    FlagChanged,
    ImportChanged,
    Notified,
    ReadingChanged,
    TalkChanged,
)
from reader.models.user import Actor

T = TypeVar("T")
log = structlog.get_logger("evantr.web")

PING = 20  # seconds between comments that keep proxies from closing an idle stream
SEND_TIMEOUT = 30  # a client that takes nothing for so long is gone
RECHECK = 60.0  # seconds after which the session or token is looked at again
RETRY = 2000  # milliseconds that a browser waits before it comes back

StillSignedIn = Callable[[], Awaitable[bool]]


class Streams:
    """All open streams of one app; ``close()`` ends them, so that a shutdown need not wait for their clients."""

    def __init__(self) -> None:
        self._closing = asyncio.Event()

    def close(self) -> None:
        self._closing.set()

    @property
    def closing(self) -> asyncio.Event:
        return self._closing


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
        for task in (stop, following):
            task.cancel()
        await asyncio.gather(stop, following, return_exceptions=True)


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


class Live:
    """One reader's stream as events to send."""

    def __init__(self, container: Container, actor: Actor, still: StillSignedIn, closing: asyncio.Event) -> None:
        self._reading = container.services.reading
        self._actor = actor
        self._still = still
        self._closing = closing
        self._rev = 0
        self._last_id = 0

    async def events(self) -> AsyncIterator[ServerSentEvent]:
        async with self._reading.events(self._actor) as channel:
            # The channel is open before the state is read: nothing can fall between the two.
            side = await self._reading.sidebar(self._actor)
            self._rev = side.rev
            yield self._event("counters", {"rev": side.rev, "feed_rev": side.feed_rev}, retry=RETRY)
            async for event in until_over(channel, self._closing, self._still):
                if channel.lost:
                    channel.lost = False
                    yield self._event("lost", {})
                yield self._translate(event)
                if isinstance(event, ReadingChanged):
                    await self._reading.watch(self._actor, channel)  # subscriptions may have changed

    def _translate(self, event: Event) -> ServerSentEvent:
        match event:
            case EntriesArrived():
                self._last_id = max(self._last_id, event.last_id)
                data = {"feed_id": event.feed_id, "count": event.count, "last_id": event.last_id}
                return self._event("entries", data)
            case FeedChanged():
                return self._event("feed", {"feed_id": event.feed_id})
            case ReadingChanged():
                self._rev = max(self._rev, event.rev)
                return self._event("counters", {"rev": event.rev})
            case FlagChanged():
                return self._event("flag", {"entry_id": event.entry_id, "kind": event.kind, "on": event.on})
            case ImportChanged():
                return self._event("import", {"id": event.import_id})
            case Notified():
                return self._event("notified", {})
            case TalkChanged():
                return self._event("talk", {"share_id": event.share_id})
        return self._event("lost", {})  # of a kind this version does not know: read all again

    def _event(self, name: str, data: dict[str, Any], retry: int | None = None) -> ServerSentEvent:
        place = f"{self._rev}.{self._last_id}"
        return ServerSentEvent(to_json(data).decode(), event=name, id=place, retry=retry, sep="\n")
