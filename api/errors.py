"""From errors to answers. The only place that knows status codes (RFC 9457, application/problem+json)."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace

import orjson
import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.websockets import WebSocket

from api.facts import facts_of
from api.words import in_words
from reader.errors import Away, Conflict, EvantrError, Forbidden, Invalid, Limited, NotFound, Upstream

log = structlog.get_logger("evantr.web")

PROBLEM_TYPE = "application/problem+json"
MACHINE_PATHS = ("/api/", "/healthz", "/readyz", "/metrics", "/icons/", "/hub", "/websub/")

AWAY_SECONDS = 5  # a replica set elects in about twice that

TITLES = {
    400: "Bad request",
    401: "Signed out",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    413: "Too large",
    415: "Unknown type",
    422: "Invalid input",
    429: "Too often",
    500: "Fault in Evantr",
    502: "Another server failed",
    503: "Not ready",
}
SENTENCES = {
    400: "The request cannot be read.",
    404: "There is nothing at this address.",
    405: "This address does not take that method.",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """What went wrong, for a program as JSON and for a person as a page."""

    status: int
    detail: str
    fields: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    request_id: str = ""
    kind: str = ""

    @property
    def title(self) -> str:
        return TITLES.get(self.status, "Problem")

    @property
    def type(self) -> str:
        return f"urn:evantr:problem:{self.kind or self.title.lower().replace(' ', '-')}"

    def to_json(self) -> bytes:
        return orjson.dumps(
            {
                "type": self.type,
                "title": self.title,
                "status": self.status,
                "detail": storable(self.detail),
                "fields": {storable(k): storable(v) for k, v in self.fields.items()},
                "request_id": self.request_id,
            }
        )


HtmlErrors = Callable[[Request, Problem], Response | Awaitable[Response]]


class Refused(HTTPException):
    """A refusal by the transport itself: unreadable JSON, a body too large. FastAPI lets it pass unchanged."""

    def __init__(self, status: int, detail: str, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(status, detail)
        self.fields = fields or {}


def storable(text: str) -> str:
    """The text without lone surrogates, which no encoder takes."""
    return text.encode("utf-8", "replace").decode()


def register_html_errors(app: FastAPI, renderer: HtmlErrors) -> None:
    """The pages hand in how an error looks to a person; addresses of programs keep application/problem+json."""
    app.state.html_errors = renderer


def problem_of(error: Exception) -> Problem:
    """What an error means to whoever asked. Unknown ones say nothing about the inside."""
    match error:
        case NotFound():
            return Problem(404, str(error))
        case Invalid():
            return Problem(422, str(error), error.fields)
        case Conflict():
            return Problem(409, str(error))
        case Forbidden(signed_out=True):
            return Problem(401, str(error), headers={"WWW-Authenticate": 'Bearer realm="Evantr"'})
        case Forbidden():
            return Problem(403, str(error))
        case Limited():
            return Problem(429, str(error), headers={"Retry-After": str(max(1, error.retry_after))})
        case Away():
            return Problem(503, str(error), headers={"Retry-After": str(AWAY_SECONDS)}, kind="store-away")
        case Upstream():
            return Problem(502, str(error), kind=f"upstream-{error.kind}")
        case RequestValidationError() | ValidationError():
            return _invalid(error)
        case HTTPException():
            detail = SENTENCES.get(error.status_code, str(error.detail))
            if isinstance(error, Refused):
                return Problem(error.status_code, str(error.detail), error.fields)
            return Problem(error.status_code, detail, headers=error.headers or {})
        case EvantrError():
            return Problem(400, str(error))
    return Problem(500, "Something broke inside Evantr. It is in the log under the number {number}.")


def _invalid(error: RequestValidationError | ValidationError) -> Problem:
    fields = in_words(error.errors())
    first = next(iter(fields.items()), ("", "The request cannot be used."))
    detail = first[1] if len(fields) < 2 and not first[0] else f"{first[0]}: {first[1]}"
    if len(fields) > 1:
        detail = f"{len(fields)} fields cannot be used. {detail}"
    return Problem(422, detail, fields)


async def answer(request: Request, problem: Problem) -> Response:
    """The problem as a page where a person looks at it, else as JSON."""
    number = facts_of(request.scope).request_id
    problem = Problem(
        problem.status,
        problem.detail.replace("{number}", number) if problem.status == 500 else problem.detail,
        problem.fields,
        problem.headers,
        number,
        problem.kind,
    )
    renderer: HtmlErrors | None = getattr(request.app.state, "html_errors", None)
    if renderer is None or not _for_a_person(request):
        return Response(problem.to_json(), problem.status, problem.headers, PROBLEM_TYPE)
    rendered = renderer(request, problem)
    return await rendered if inspect.isawaitable(rendered) else rendered


def _for_a_person(request: Request) -> bool:
    if request.scope["path"].startswith(MACHINE_PATHS):
        return False
    accept = request.headers.get("accept", "*/*")
    return "text/html" in accept or "json" not in accept


async def deny(websocket: WebSocket, problem: Problem) -> None:
    """Refuses a WebSocket with the problem as an answer over HTTP."""
    problem = replace(problem, request_id=facts_of(websocket.scope).request_id)
    await websocket.send_denial_response(Response(problem.to_json(), problem.status, problem.headers, PROBLEM_TYPE))


async def handle(request: Request, error: Exception) -> Response:
    """Exception handler of everything that has a meaning; the middleware takes the rest."""
    if isinstance(error, Away):
        log.error("store.away", path=request.url.path, cause=str(error.__cause__))
    return await answer(request, problem_of(error))


def add_errors(app: FastAPI) -> None:
    for kind in (EvantrError, HTTPException, RequestValidationError, ValidationError):
        app.add_exception_handler(kind, handle)
