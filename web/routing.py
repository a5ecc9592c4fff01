"""Routes of pages: each says whether one has to be signed in; nearly all do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, cast

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from api.deps import identify
from api.facts import facts_of
from web.kit import Kit, Visit
from web.paths import with_query

Handler = Callable[[Visit], Awaitable[Response]]


def kit_of(request: Request) -> Kit:
    return cast(Kit, request.scope["app"].state.kit)


async def visit_of(request: Request) -> Visit:
    actor = await identify(request)
    return Visit(request, kit_of(request), actor, facts_of(request.scope).user)


def get(path: str, handler: Handler, *, open_to_all: bool = False) -> Route:
    return _route("GET", path, handler, open_to_all)


def post(path: str, handler: Handler, *, open_to_all: bool = False) -> Route:
    return _route("POST", path, handler, open_to_all)


def _route(method: str, path: str, handler: Handler, open_to_all: bool) -> Route:
    async def run(request: Request) -> Response:
        visit = await visit_of(request)
        if visit.user is None and not open_to_all:
            return await to_the_door(visit)
        return await handler(visit)

    run.__name__ = handler.__name__
    route = Route(path, run, methods=[method], include_in_schema=False)
    cast(Any, route).open_to_all = open_to_all  # a test lists the open ones
    return route


async def to_the_door(visit: Visit) -> Response:
    """Signed out: to /signin and back here afterwards; on an empty store to the first account."""
    if await visit.services.accounts.first_needed(visit.actor):
        return RedirectResponse("/welcome", 303)
    here = visit.address() if visit.request.method == "GET" and not visit.fragment else "/"
    return RedirectResponse(with_query("/signin", next=here if here != "/" else None), 303)
