"""Jobs as they end, for who does not want to ask again: server-sent events, and a WebSocket for programs.

What is subscribed to is subscribed before it is looked at, so nothing falls between; a client that takes nothing for
30 seconds is let go, and whoever is gone is forgotten.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any, cast

import structlog
from pydantic import Field
from sse_starlette import ServerSentEvent
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from api.bodies import Body, Query, parse_json, read_body, read_query, to_json
from api.deps import container_of, signed_in
from api.docs import inline_schema, parameters_of, problems
from api.errors import Refused, deny, problem_of
from api.routing import RawRoute, new_router
from api.stream import SEND_TIMEOUT, LiveResponse, StillSignedIn, still_signed_in, streams_of, until_over
from api.v1.jobs import KEYS_MOST, KEYS_TEXT, JobKey, split
from api.v1.live import StreamDoc
from reader.errors import EvantrError, Invalid, Limited
from reader.models.operations import JobView
from reader.models.user import Actor
from reader.services.jobs import JobService
from reader.tasks import end

log = structlog.get_logger("evantr.web")

router = new_router("jobs")
SOCKET_PATH = "/api/v1/jobs/socket"

ABOUT = """\
Server-sent events, `job` for each of the jobs as it ends (at once for those that have), with the job as
`GET /jobs/{key}` shows it, then `end` with `{"jobs": number}`; close the stream then.

Programs that follow many jobs, or more and more of them, open a WebSocket at `/api/v1/jobs/socket` instead, with the
same token. Send `{"follow": ["KEY", …]}` as often as you like, up to 1,000 open jobs at a time. It answers
`{"type": "following", "open": number}`, `{"type": "job", "job": {…}}` for each job as it ends, and
`{"type": "problem", "problem": {…}}`, a problem as everywhere, for what it cannot follow.
"""


class EventsQuery(Query):
    keys: str = Field(min_length=1, max_length=KEYS_TEXT, description="Separated by commas.", examples=["5e" * 16])


class EventsIn(Body):
    keys: list[JobKey] = Field(min_length=1, max_length=KEYS_MOST)


DOC: dict[str, Any] = {
    "responses": {
        "200": {
            "description": "A stream that ends when all jobs have.",
            "content": {
                "text/event-stream": {
                    "schema": {"type": "string"},
                    "example": 'event: job\ndata: {"key":"5e…","state":"done"}\n\nevent: end\ndata: {"jobs":1}\n\n',
                }
            },
        }
    }
}


async def events(request: Request) -> Response:
    actor = await signed_in(request)
    return await _stream(request, actor, split(read_query(request, EventsQuery).keys))


async def events_of_many(request: Request) -> Response:
    actor = await signed_in(request)
    return await _stream(request, actor, (await read_body(request, EventsIn)).keys)


async def _stream(request: Request, actor: Actor, keys: list[str]) -> Response:
    views = await container_of(request).services.jobs.follow(actor, keys)  # what is wrong is said before it begins
    return LiveResponse(_events(views, streams_of(request.app).closing, still_signed_in(request)))


async def _events(
    views: AsyncIterator[JobView], closing: asyncio.Event, still: StillSignedIn
) -> AsyncIterator[ServerSentEvent]:
    number = 0
    async with aclosing(cast(Any, views)), aclosing(until_over(views, closing, still)) as ended:
        async for view in ended:
            number += 1
            yield ServerSentEvent(to_json(view).decode(), event="job", id=view.key, sep="\n")
    if not closing.is_set():
        yield ServerSentEvent(to_json({"jobs": number}).decode(), event="end", sep="\n")


for method, handler, extra, summary, more in (
    ("GET", events, {"parameters": parameters_of(EventsQuery, "query")}, "Jobs as they end", (404, 429)),
    (
        "POST",
        events_of_many,
        {"requestBody": {"required": True, "content": {"application/json": {"schema": inline_schema(EventsIn)}}}},
        "Many jobs as they end",
        (404, 415, 429),
    ),
):
    router.add_api_route(
        "/jobs/events",
        handler,
        methods=[method],
        summary=summary,
        description=ABOUT if method == "GET" else "As `GET /jobs/events`, for more keys than fit into an address.",
        response_class=StreamDoc,
        responses={**router.responses, **problems(*more)},
        openapi_extra={**DOC, **extra},
        route_class_override=RawRoute,
    )


class Socket:
    """One program's connection: it names jobs, and hears of each as it ends."""

    def __init__(self, websocket: WebSocket, jobs: JobService, actor: Actor) -> None:
        self._websocket = websocket
        self._jobs = jobs
        self._actor = actor
        self._open: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._sending = asyncio.Lock()
        self._stuck = asyncio.Event()

    async def run(self, closing: asyncio.Event, still: StillSignedIn) -> int:
        """Serves until the client goes, stops taking, is signed out, or the program ends; returns the close code."""
        over = asyncio.Event()
        ended = asyncio.create_task(self._watch(closing, still, over))
        try:
            async for text in until_over(self._texts(), over, _always):
                await self._hear(text)
            return await ended if over.is_set() else 1000
        finally:
            await end([ended, *self._tasks])

    async def _watch(self, closing: asyncio.Event, still: StillSignedIn, over: asyncio.Event) -> int:
        """Sets ``over`` when it is; the code says why."""
        try:
            async with aclosing(until_over(_set(self._stuck), closing, still)) as ends:
                await anext(ends, None)
        finally:
            over.set()
        return 1012 if closing.is_set() else 1008  # the service restarts: come back; else: you may not go on

    async def _texts(self) -> AsyncIterator[str]:
        while True:
            message = await self._websocket.receive()
            if message["type"] == "websocket.disconnect":
                return
            yield message.get("text") or (message.get("bytes") or b"").decode("utf-8", "replace")

    async def _hear(self, text: str) -> None:
        try:
            wanted = EventsIn(keys=_keys_of(text)).keys
            new = [key for key in dict.fromkeys(wanted) if key not in self._open]
            if len(self._open) + len(new) > KEYS_MOST:
                raise Limited(f"At most {KEYS_MOST:,} jobs can be followed at once.", 1)
            if new:
                views = await self._jobs.follow(self._actor, new)
                self._open.update(new)
                task = asyncio.create_task(self._tell(views))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            await self._send({"type": "following", "open": len(self._open)})
        except (EvantrError, ValueError, Refused) as error:
            problem = problem_of(error)
            await self._send({"type": "problem", "problem": parse_json(problem.to_json())})

    async def _tell(self, views: AsyncIterator[JobView]) -> None:
        async with aclosing(cast(Any, views)):
            async for view in views:
                self._open.discard(view.key)
                await self._send({"type": "job", "job": view})

    async def _send(self, message: dict[str, Any]) -> None:
        async with self._sending:
            if self._stuck.is_set():
                return
            try:
                async with asyncio.timeout(SEND_TIMEOUT):
                    await self._websocket.send_text(to_json(message).decode())
            except TimeoutError:
                log.info("socket.slow_client", seconds=SEND_TIMEOUT)
                self._stuck.set()
            except (WebSocketDisconnect, RuntimeError):  # gone while we spoke
                self._stuck.set()


async def _always() -> bool:
    return True


async def _set(event: asyncio.Event) -> AsyncIterator[None]:
    """One item, once the event is set."""
    await event.wait()
    yield


def _keys_of(text: str) -> Any:
    message = parse_json(text.encode("utf-8", "surrogatepass"))
    if not isinstance(message, dict) or "follow" not in message:
        raise Invalid("Send {“follow”: [keys of jobs]}.", {"follow": "This is missing."})
    return message["follow"]


async def socket(websocket: WebSocket) -> None:
    """The endpoint. A refusal is an answer over HTTP, before the connection is one."""
    try:
        actor = await signed_in(websocket)
        jobs = container_of(websocket).services.jobs
        jobs.may(actor)
    except EvantrError as error:
        await deny(websocket, problem_of(error))
        return
    await websocket.accept()
    code = await Socket(websocket, jobs, actor).run(streams_of(websocket.app).closing, still_signed_in(websocket))
    try:
        await websocket.close(code)
    except RuntimeError:
        log.debug("socket.gone")


SOCKETS = [WebSocketRoute(SOCKET_PATH, socket)]
