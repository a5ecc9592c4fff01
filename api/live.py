"""What happens to one reader's feeds, marks and people, as it happens: as server-sent events and over a WebSocket.

An event is a hint. Whoever gets one reads again what it is about, so a lost event costs nothing but time. Each carries
a place; who comes back with the last one it saw is told what it missed, from what is stored: no history of events is
kept, and any process can do it.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, MutableMapping
from functools import lru_cache
from typing import Any, NamedTuple

import structlog
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.bodies import to_json
from api.stream import PING, RECHECK, RETRY, SEND_TIMEOUT, StillSignedIn
from api.streams import Streams
from reader.container import Container
from reader.events import (
    Channel,
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

log = structlog.get_logger("evantr.web")

MISSED_FEEDS = 50  # with news in more feeds than that, who comes back is told to read everything again
PLACE = re.compile(r"(\d{1,15})\.(\d{1,15})", re.ASCII)
Message = MutableMapping[str, Any]


class Place(NamedTuple):
    """How far a client is: revision of the user, highest entry id. Written "118.40300"."""

    rev: int
    last_id: int

    @classmethod
    def read(cls, text: str | None) -> Place | None:
        """None for what is no place: the client is told as one that comes for the first time."""
        match = PLACE.fullmatch(text or "")
        return cls(int(match[1]), int(match[2])) if match else None

    def __str__(self) -> str:
        return f"{self.rev}.{self.last_id}"


class Said(NamedTuple):
    """An event as clients get it: its name, and its data as a JSON object."""

    name: str
    data: bytes


@lru_cache(256)  # an event goes to thousands of pages at the same moment
def said(event: Event) -> Said:
    match event:
        case EntriesArrived():
            return _said("entries", feed_id=event.feed_id, count=event.count, last_id=event.last_id)
        case FeedChanged():
            return _said("feed", feed_id=event.feed_id)
        case ReadingChanged():
            return _said("counters", rev=event.rev)
        case FlagChanged():
            return _said("flag", entry_id=event.entry_id, kind=event.kind, on=event.on)
        case ImportChanged():
            return _said("import", id=event.import_id)
        case Notified():
            return _said("notified")
        case TalkChanged():
            return _said("talk", share_id=event.share_id)
    return LOST  # of a kind this version does not know: read all again


def _said(name: str, **data: object) -> Said:
    return Said(name, to_json(data))


LOST = _said("lost")


class Live:
    """One client's channel. Subclasses write; ``serve`` runs until it is over, in the task of the request.

    What a client does not take waits in the transport's buffer and in the channel's, both bounded. When those overflow,
    or after 30 s, it is let go; it comes back by itself and is told what it missed.
    """

    __slots__ = ("_actor", "_channel", "_gone", "_place", "_reading", "_recheck", "_sending", "_spoke", "_still",
                 "_streams", "_task", "_wake")  # fmt: skip

    def __init__(self, container: Container, actor: Actor, still: StillSignedIn, streams: Streams) -> None:
        self._reading = container.services.reading
        self._actor = actor
        self._still = still
        self._streams = streams
        self._place = Place(0, 0)
        self._gone = False
        self._channel: Channel | None = None
        self._wake: asyncio.Future[None] | None = None
        self._task: asyncio.Task[Any] | None = None
        loop = asyncio.get_running_loop()
        self._spoke = loop.time()
        self._recheck = loop.time() + RECHECK
        self._sending: float | None = None  # since when a client has not taken what it was sent

    async def write(self, some: Iterable[tuple[Said, Place]]) -> None:
        raise NotImplementedError

    async def ping(self) -> None:
        raise NotImplementedError

    # ---- called by Streams and by who notices that the client went

    def wake(self) -> None:
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)

    def gone(self) -> None:
        self._gone = True
        self.wake()

    def tick(self, now: float) -> None:
        if self._sending is not None:
            overrun = self._channel is not None and self._channel.lost
            if (overrun or now - self._sending > SEND_TIMEOUT) and self._task is not None:
                log.info("stream.slow_client", seconds=round(now - self._sending))
                self._task.cancel()
        elif now - self._spoke >= PING or now >= self._recheck:
            self.wake()

    # ---- its life

    async def serve(self, last: Place | None) -> None:
        """Tells what was missed since ``last``, then everything as it comes, until the client is gone or too slow, is
        signed out, or the program ends."""
        self._task = asyncio.current_task()
        try:
            async with self._reading.events(self._actor) as self._channel:
                # The channel is open before the state is read: nothing can fall between the two.
                self._channel.on_ready(self._on_ready)
                self._streams.add(self)
                await self._greet(last)
                await self._follow(self._channel)
        except asyncio.CancelledError:
            if self._sending is None:
                raise  # not by tick(): the server itself ends this request
        finally:
            self._streams.remove(self)

    def _on_ready(self) -> None:
        if self._wake is not None and not self._wake.done():
            self._streams.ready(self)

    async def _greet(self, last: Place | None) -> None:
        side = await self._reading.sidebar(self._actor)
        newest, missed = await self._reading.arrived(self._actor, last.last_id if last else 2**53, MISSED_FEEDS)
        self._place = Place(side.rev, newest)
        hello = _said("counters", rev=side.rev, feed_rev=side.feed_rev)
        what = [LOST] if missed is None else [said(event) for event in missed]
        await self._send([(each, self._place) for each in (hello, *what)])

    async def _follow(self, channel: Channel) -> None:
        loop = asyncio.get_running_loop()
        while not self._gone and not self._streams.closing.is_set():
            events = channel.take()
            if events:
                lost = [(LOST, self._place)] if channel.lost else []
                channel.lost = False
                await self._send(lost + self._placed(events))
                if any(isinstance(event, ReadingChanged) for event in events):
                    await self._reading.watch(self._actor, channel)  # subscriptions may have changed
                continue
            now = loop.time()
            if now >= self._recheck:
                if not await self._still():
                    return
                self._recheck = now + RECHECK
            elif now - self._spoke >= PING:
                await self._send(())
            else:
                self._wake = loop.create_future()
                await self._wake
                self._wake = None

    def _placed(self, events: list[Event]) -> list[tuple[Said, Place]]:
        out = []
        for event in events:
            rev, last_id = self._place
            if isinstance(event, ReadingChanged):
                self._place = Place(max(rev, event.rev), last_id)
            elif isinstance(event, EntriesArrived):
                self._place = Place(rev, max(last_id, event.last_id))
            out.append((said(event), self._place))
        return out

    async def _send(self, some: Iterable[tuple[Said, Place]]) -> None:
        """Nothing to say is a sign of life, which keeps proxies from closing an idle channel."""
        loop = asyncio.get_running_loop()
        self._sending = loop.time()
        await (self.write(some) if some else self.ping())
        self._sending = None
        self._spoke = loop.time()


class EventStream(Live):
    """Server-sent events (WHATWG HTML, section 9.2)."""

    __slots__ = ("_asgi_send",)

    def __init__(self, container: Container, actor: Actor, still: StillSignedIn, streams: Streams, send: Send) -> None:
        super().__init__(container, actor, still, streams)
        self._asgi_send = send

    async def write(self, some: Iterable[tuple[Said, Place]]) -> None:
        await self._body(b"".join([b"event: %b\ndata: %b\nid: %b\n\n" % _plain(*each) for each in some]))

    async def ping(self) -> None:
        await self._body(b": still here\n\n")

    async def _body(self, body: bytes) -> None:
        await self._asgi_send({"type": "http.response.body", "body": body, "more_body": True})


def _plain(event: Said, place: Place) -> tuple[bytes, bytes, bytes]:
    return event.name.encode(), event.data, str(place).encode()


class EventStreamResponse(Response):
    """Runs an EventStream in the task of its request, with one more that waits for the client to go."""

    def __init__(
        self, container: Container, actor: Actor, still: StillSignedIn, streams: Streams, last: Place | None
    ) -> None:
        self._parts = container, actor, still, streams
        self._last = last

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [
            (b"content-type", b"text/event-stream; charset=utf-8"),
            (b"cache-control", b"private, no-store"),
            (b"x-accel-buffering", b"no"),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"retry: %d\n\n" % RETRY, "more_body": True})
        stream = EventStream(*self._parts, send)
        watching = asyncio.create_task(_until_gone(receive, stream))
        try:
            await stream.serve(self._last)
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            watching.cancel()


async def _until_gone(receive: Receive, stream: Live) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    stream.gone()
