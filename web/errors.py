"""Errors as pages: what happened, what to do, one button; in the frame of the site where that is possible."""

from __future__ import annotations

from typing import Any

import structlog
from starlette.requests import Request
from starlette.responses import Response

from api.errors import Problem
from reader.errors import EvantrError
from reader.models.user import ANONYMOUS
from web.encoding import html_response
from web.kit import DEFAULTS, Visit
from web.routing import kit_of, to_the_door, visit_of

log = structlog.get_logger("evantr.web")

HEADINGS = {
    400: "That cannot be read",
    403: "Not allowed",
    404: "Nothing here",
    405: "Not this way",
    409: "That is taken",
    413: "Too large",
    422: "That will not do",
    429: "Too often",
    500: "Something broke",
    502: "Another server failed",
    503: "Not at the moment",
}
NOT_HERE = "There is nothing at this address. It may have been removed, or it belongs to somebody else."


async def render(request: Request, problem: Problem) -> Response:
    away = problem.status == 503  # the store: then nothing is asked of it to say so
    visit = Visit(request, kit_of(request), ANONYMOUS, None) if away else await _visit(request)
    if problem.status == 401:
        return await to_the_door(visit)
    values: dict[str, Any] = {
        "heading": HEADINGS.get(problem.status, problem.title),
        "detail": NOT_HERE if problem.status == 404 else problem.detail,
        "number_to_quote": problem.request_id if problem.status >= 500 else "",
        "href": visit.address() if away and request.method == "GET" else "/",
        "button": "Try again" if away else "Go to your entries" if visit.user else "Go to the front page",
    }
    response = await _framed(visit, problem, values)
    response.headers.update(problem.headers)
    return response


async def _visit(request: Request) -> Visit:
    """Who asked. An address that is nobody's was not asked for by a page, so nobody looked at the cookie yet."""
    try:
        return await visit_of(request)
    except Exception:  # the store is away, and that may be the error to show: the page comes without a frame
        log.exception("error.page_without_frame")
        return Visit(request, kit_of(request), ANONYMOUS, None)


async def _framed(visit: Visit, problem: Problem, values: dict[str, Any]) -> Response:
    """In the frame for who is signed in; alone when the frame itself cannot be drawn."""
    if visit.user is not None and problem.status != 500:
        try:
            return await visit.page("error.html", title=values["heading"], status=problem.status, **values)
        except EvantrError:
            log.exception("error.page_without_frame")  # the page alone still says what is wrong
    values |= {"title": values["heading"], "prefs": DEFAULTS, "host": ""}
    return html_response(visit.request, visit.kit.render("error_door.html", values), problem.status)
