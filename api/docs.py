"""The OpenAPI document at /api/openapi.json."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from typing import Any, Literal

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

PROBLEM_REF = {"$ref": "#/components/schemas/Problem"}
VERSION = "1.0"
ABOUT = """\
Everything that the pages do, for programs.

Send a personal token as `Authorization: Bearer evt_…`; make one in the settings or by `POST /api/v1/tokens`.
Browsers use their session's cookie; then requests that change something have to come from a page of the same origin.

Times are seconds since 1970 in UTC. Lists are paged by keyset: hand `next` back as `after`; all pages of one list show
the state in which it was first drawn. Acts answer with a label and an `undo` token for `POST /api/v1/undo`.
Errors are `application/problem+json` (RFC 9457); `fields` says what is wrong with which field.
"""

TAGS = [
    ("account", "Who you are, how you want to read, tokens, sign-in."),
    ("find", "From an address to feeds."),
    ("subscriptions", "Feeds you read, and the folders they are in."),
    ("read", "Lists, counters, entries."),
    ("mark", "Read, starred, read later, and undo."),
    ("feeds", "Feeds that Evantr knows, and why one is quiet."),
    ("sharing", "Streams, shares, and the chains that they make."),
    ("people", "Who follows whom, what is said below shares, and what happened."),
    ("imports", "OPML in, everything out."),
    ("live", "What changes while a page is open."),
    ("webhooks", "Programs that are told instead of asking."),
    ("jobs", "Submit work, read its state, follow it. Tokens need the right `jobs`."),
    ("admin", "Watching and steering, for administrators. To everybody else these addresses do not exist."),
]


class ProblemModel(BaseModel):
    """What went wrong (RFC 9457)."""

    type: str = Field(examples=["urn:evantr:problem:not-found"])
    title: str = Field(examples=["Not found"])
    status: int = Field(examples=[404])
    detail: str = Field(description="A sentence for a person.", examples=["There is no such entry."])
    fields: dict[str, str] = Field(description="Name of a field → what is wrong with it.", examples=[{}])
    request_id: str = Field(description="To quote; the log has it too.", examples=["5f2b9c01a4d7e836"])


def _problem(status: int, title: str, detail: str) -> dict[str, Any]:
    slug = title.lower().replace(" ", "-")
    example = {
        "type": f"urn:evantr:problem:{slug}",
        "title": title,
        "status": status,
        "detail": detail,
        "fields": {},
        "request_id": "5f2b9c01a4d7e836",
    }
    return {"description": title, "content": {"application/problem+json": {"schema": PROBLEM_REF, "example": example}}}


PROBLEMS: dict[int, dict[str, Any]] = {
    400: _problem(400, "Bad request", "The body is not JSON that can be read."),
    401: _problem(401, "Signed out", "Sign in first."),
    403: _problem(403, "Not allowed", "This request does not come from a page of this Evantr."),
    404: _problem(404, "Not found", "There is no such entry."),
    409: _problem(409, "Conflict", "There is a folder of that name."),
    413: _problem(413, "Too large", "A request has at most 2 MB."),
    415: _problem(415, "Unknown type", "Send a JSON object, with Content-Type: application/json."),
    422: _problem(422, "Invalid input", "title: This is missing."),
    429: _problem(429, "Too often", "This feed was checked a moment ago. Try again in 10 seconds."),
    503: _problem(503, "Not ready", "The store cannot be read."),
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Documentation of answers beyond those that every route can give."""
    return {status: PROBLEMS[status] for status in statuses}


def inline_schema(model: type[BaseModel]) -> dict[str, Any]:
    """The JSON schema of a flat model; raw routes document their bodies with it."""
    schema = model.model_json_schema()
    assert "$defs" not in schema, f"{model.__name__} is not flat"
    return schema


def parameters_of(model: type[BaseModel], where: Literal["path", "query"]) -> list[dict[str, Any]]:
    """The fields of a flat model as parameters."""
    schema = inline_schema(model)
    required = schema.get("required", ())
    out = []
    for name, field in schema["properties"].items():
        parameter = {"name": name, "in": where, "required": name in required, "schema": field}
        description = field.pop("description", None)
        if description:
            parameter["description"] = description
        out.append(parameter)
    return out


def document(routes: Sequence[BaseRoute]) -> dict[str, Any]:
    """The whole document, from the routes of the API alone."""
    out = get_openapi(
        title="Evantr",
        version=VERSION,
        summary="A feed reader with the unread on top.",
        description=ABOUT,
        routes=routes,
        tags=[{"name": name, "description": text} for name, text in TAGS],
    )
    parts = out.setdefault("components", {})
    parts.setdefault("schemas", {})["Problem"] = {**ProblemModel.model_json_schema(), "title": "Problem"}
    parts["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer", "description": "A personal token."},
        "session": {"type": "apiKey", "in": "cookie", "name": "evantr_session"},
    }
    out["security"] = [{"token": []}, {"session": []}]
    return out


class _Known:
    """A route as a key: routes are made once, when their modules are loaded."""

    def __init__(self, route: BaseRoute) -> None:
        self.route = route

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Known) and other.route is self.route

    def __hash__(self) -> int:
        return id(self.route)


@cache
def _written(routes: tuple[_Known, ...]) -> bytes:
    """The document as it is sent. Made for the first who asks: a program that nobody asks starts sooner."""
    # Answers are keyed by number, which orjson does not write.
    return json.dumps(document([known.route for known in routes]), ensure_ascii=False).encode()


def add_docs(app: FastAPI, routes: Sequence[BaseRoute]) -> None:
    async def show(request: Request) -> Response:
        return Response(
            _written(tuple(map(_Known, routes))),
            media_type="application/json",
            headers={"Cache-Control": "public, max-age=300"},
        )

    app.router.add_route("/api/openapi.json", show, methods=["GET"], include_in_schema=False)
