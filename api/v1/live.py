"""What changes while a page is open: a stream, and polling for those who cannot have it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import structlog
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from api.bodies import Query, json_response, parse_json, read_query, to_json
from api.deps import container_of, signed_in
from api.errors import deny, problem_of
from api.live import EventStreamResponse, Live, Place, Said
from api.routing import RawRoute, new_router, raw
from api.stream import still_signed_in, streams_of
from reader.errors import EvantrError
from reader.events import Channel
from reader.models.user import Actor

log = structlog.get_logger("evantr.web")

router = new_router("live")
SOCKET_PATH = "/api/v1/stream/socket"
POLL_SECONDS = 15  # between two polls of who cannot have anything better

ABOUT = """\
Server-sent events. The first is `counters` with `{"rev", "feed_rev"}`: if they differ from what you have, read the
sidebar or the counters again. Then, as things happen:

* `counters` `{"rev"}`: marks, folders or subscriptions changed, on any device of yours
* `entries` `{"feed_id", "count", "last_id"}`: new entries in a feed you read
* `feed` `{"feed_id"}`: its title, icon or state changed, or a check of it ended
* `flag` `{"entry_id", "kind", "on"}`: starred or read later
* `import` `{"id"}`: an import of yours went on
* `notified` `{}`: you have news, or saw them on another device; read `/notifications/unseen` again
* `talk` `{"share_id"}`: comments or likes of a share in a stream you follow
* `lost` `{}`: you were too slow and missed some; read everything again

Each event has an id. Send the last one that you saw as `Last-Event-ID` when you come back (browsers do so by
themselves), and you are told of the new entries that you missed, or `lost` when they are in too many feeds. Who takes
nothing for 30 seconds, or lets more than 256 events wait, is let go.

Programs may open a WebSocket at `/api/v1/stream/socket` instead, with the same token, and `?last=ID` when they come
back. Its messages are the same events as JSON: `{"type": "entries", "id": "118.40300", "feed_id": 7, …}`.
"""
STREAM_DOC: dict[str, Any] = {
    "responses": {
        "200": {
            "description": "A stream that stays open.",
            "content": {
                "text/event-stream": {
                    "schema": {"type": "string"},
                    "example": 'id: 118.40300\nevent: counters\ndata: {"rev":118,"feed_rev":2044}\n\n',
                }
            },
        }
    }
}


class PollQuery(Query):
    rev: int = Field(0, ge=0, le=2**53, description="As you have it.")
    feed_rev: int = Field(0, ge=0, le=2**53, description="As you have it.")
    wait: int = Field(0, ge=0, le=50, description="Answer when something changes, after so many seconds at most.")


class PollOut(BaseModel):
    rev: int = Field(examples=[118])
    feed_rev: int = Field(examples=[2044])
    changed: bool = Field(description="Something is newer than what you have: read the counters again.")
    wait: int = Field(description="Seconds to let pass before the next poll.", examples=[15])


class StreamDoc(Response):
    media_type = "text/event-stream"


async def stream(request: Request) -> Response:
    actor = await signed_in(request)
    last = Place.read(request.headers.get("last-event-id"))
    return EventStreamResponse(container_of(request), actor, still_signed_in(request), streams_of(request.app), last)


router.add_api_route(
    "/stream",
    stream,
    methods=["GET"],
    summary="What happens, as it happens",
    description=ABOUT,
    response_class=StreamDoc,
    openapi_extra=STREAM_DOC,
    route_class_override=RawRoute,
)


@raw(router, "GET", "/poll", answers=PollOut, query=PollQuery, summary="Did anything change?")
async def poll(request: Request) -> Response:
    """The fallback where a stream does not get through. Cheap: it reads two revisions. With `wait` it is a long poll:
    it answers as soon as there is something to tell; ask again at once then."""
    actor = await signed_in(request)
    query = read_query(request, PollQuery)
    reading = container_of(request).services.reading
    side = await reading.sidebar(actor)
    told = (side.rev, side.feed_rev) != (query.rev, query.feed_rev)
    if not told and query.wait:
        async with reading.events(actor) as channel:  # open before the state is read again: nothing falls between
            side = await reading.sidebar(actor)
            told = (side.rev, side.feed_rev) != (query.rev, query.feed_rev)
            if not told:
                told = await _something(request, channel, query.wait)
                side = await reading.sidebar(actor)
    changed = told or (side.rev, side.feed_rev) != (query.rev, query.feed_rev)
    return json_response({"rev": side.rev, "feed_rev": side.feed_rev, "changed": changed, "wait": POLL_SECONDS})


async def _something(request: Request, channel: Channel, seconds: int) -> bool:
    """Whether an event came; else the time is over, the program ends, or the client is gone."""
    event = asyncio.Event()
    channel.on_ready(event.set)
    closing = asyncio.create_task(streams_of(request.app).closing.wait())
    gone = asyncio.create_task(_gone(request))
    came = asyncio.create_task(event.wait())
    tasks = {closing, gone, came}
    try:
        await asyncio.wait(tasks, timeout=seconds, return_when="FIRST_COMPLETED")
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return event.is_set()


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


class Socket(Live):
    """The same events for a program, one JSON message each."""

    __slots__ = ("_websocket",)

    def __init__(self, websocket: WebSocket, actor: Actor) -> None:
        super().__init__(container_of(websocket), actor, still_signed_in(websocket), streams_of(websocket.app))
        self._websocket = websocket

    async def write(self, some: Iterable[tuple[Said, Place]]) -> None:
        for event, place in some:
            text = {"type": event.name, "id": str(place), **parse_json(event.data)}
            await self._websocket.send_text(to_json(text).decode())

    async def ping(self) -> None:
        """The server's own pings keep the connection open."""


async def socket(websocket: WebSocket) -> None:
    """The endpoint. A refusal is an answer over HTTP, before the connection is one."""
    try:
        actor = await signed_in(websocket)
    except EvantrError as error:
        await deny(websocket, problem_of(error))
        return
    await websocket.accept()
    channel = Socket(websocket, actor)
    watching = asyncio.create_task(_until_closed(websocket, channel))
    try:
        await channel.serve(Place.read(websocket.query_params.get("last")))
        # The service restarts: come back; else: you may not go on.
        await websocket.close(1012 if streams_of(websocket.app).closing.is_set() else 1008)
    except (RuntimeError, WebSocketDisconnect):
        log.debug("socket.gone")
    finally:
        watching.cancel()


async def _until_closed(websocket: WebSocket, channel: Live) -> None:
    """What a client says is not listened to; that it goes, is."""
    while (await websocket.receive())["type"] != "websocket.disconnect":
        pass
    channel.gone()


SOCKETS = [WebSocketRoute(SOCKET_PATH, socket)]
