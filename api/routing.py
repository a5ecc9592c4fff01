"""Two kinds of routes: FastAPI's own with stricter JSON, and raw ones for lists that have to be fast."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from typing import Any, Protocol, cast

from fastapi import APIRouter
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from api.bodies import parse_json
from api.docs import PROBLEMS, inline_schema, parameters_of

Handler = Callable[[Request], Awaitable[Response]]


class StrictRequest(Request):
    """Reads JSON with parse_json instead of the standard library, which takes NaN and lone surrogates."""

    async def json(self) -> Any:
        if not hasattr(self, "_json"):
            self._json = parse_json(await self.body())
        return self._json


class StrictRoute(APIRoute):
    """FastAPI's route; its body is read by StrictRequest."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def strict(request: Request) -> Response:
            return await handle(StrictRequest(request.scope, request.receive))

        return strict


class RawRoute(APIRoute):
    """Documented by FastAPI, run without it: no dependency solving, no response model. ``endpoint(request)`` answers.

    Errors still pass through the app's exception handlers.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, endpoint, **options)
        handler = cast(Handler, endpoint)

        async def run(scope: Scope, receive: Receive, send: Send) -> None:
            response = await handler(Request(scope, receive))
            await response(scope, receive, send)

        self.app = run


class ApiRoutes(BaseRoute):
    """All routes of the API as one: other addresses pass it at the cost of one comparison, fixed ones are looked up.

    (An included router is searched from its start, and twice for each request.)
    """

    def __init__(self, prefix: str, routes: Sequence[APIRoute]) -> None:
        self.routes = list(routes)
        self._prefix = prefix
        self._fixed: dict[str, list[APIRoute]] = {}
        self._patterns: list[APIRoute] = []
        for route in routes:
            if route.param_convertors:
                self._patterns.append(route)
            else:
                self._fixed.setdefault(route.path, []).append(route)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        path = scope["path"]
        if scope["type"] != "http" or not path.startswith(self._prefix):
            return Match.NONE, {}
        partial: tuple[Match, Scope] = Match.NONE, {}
        for route in self._fixed.get(path) or self._patterns:
            match, child = route.matches(scope)
            if match == Match.FULL:
                return match, child
            if match == Match.PARTIAL and partial[0] == Match.NONE:
                partial = match, child
        return partial

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await scope["route"].handle(scope, receive, send)


class Decorator(Protocol):
    def __call__(self, handler: Handler) -> Handler: ...


def raw(
    router: APIRouter,
    method: str,
    template: str,
    *,
    answers: type[BaseModel],
    path: type[BaseModel] | None = None,
    query: type[BaseModel] | None = None,
    body: type[BaseModel] | None = None,
    tagged: bool = False,
    more: Mapping[int | str, dict[str, Any]] | None = None,
    **options: Any,
) -> Decorator:
    """Adds a raw route with its documentation.

    ``tagged``: it answers 304 to If-None-Match. ``more``: its other answers.
    """
    extra: dict[str, Any] = {}
    extra["parameters"] = [
        *(parameters_of(path, "path") if path else ()),
        *(parameters_of(query, "query") if query else ()),
    ]
    if body is not None:
        content = {"application/json": {"schema": inline_schema(body)}}
        extra["requestBody"] = {"required": True, "content": content}
    responses: dict[int | str, dict[str, Any]] = {422: PROBLEMS[422], **(more or {})}
    if body is not None:
        responses |= {400: PROBLEMS[400], 415: PROBLEMS[415]}
    if tagged:
        responses[304] = {"description": "The client has it already (If-None-Match)."}

    def add(handler: Handler) -> Handler:
        router.add_api_route(
            template,
            handler,
            methods=[method],
            response_model=answers,
            responses={**router.responses, **responses},
            openapi_extra=extra,
            route_class_override=RawRoute,
            **options,
        )
        return handler

    return add


def new_router(tag: str) -> APIRouter:
    """A router of /api/v1 for one resource."""
    problems: dict[int | str, dict[str, Any]] = {status: PROBLEMS[status] for status in (400, 401, 403, 422)}
    return APIRouter(prefix="/api/v1", tags=[tag], route_class=StrictRoute, responses=problems)
