"""JSON in and out. Numbers and texts that cannot be stored are refused here, once for every route."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any, TypeVar

import orjson
from pydantic import BaseModel, ConfigDict
from starlette.requests import Request
from starlette.responses import Response

from api.errors import Refused

M = TypeVar("M", bound=BaseModel)


class Body(BaseModel):
    """Base of what programs send: types are strict, fields that nobody knows are passed over."""

    model_config = ConfigDict(strict=True, extra="ignore", allow_inf_nan=False)


class Query(BaseModel):
    """Base of query strings: everything in them is text, so types are read leniently."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)


def parse_json(raw: bytes) -> Any:
    """The document; Refused (400) for what is no JSON, for NaN, infinities, lone surrogates and NUL."""
    try:
        document = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise Refused(400, f"The body is not JSON that can be read: {error}.") from None
    if b"\\u0000" in raw and _has_nul(document):
        raise Refused(400, "A text holds a NUL character. Send it without.")
    return document


def _has_nul(value: object) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, list):
        return any(map(_has_nul, value))
    if isinstance(value, dict):
        return any(map(_has_nul, value)) or any(map(_has_nul, value.values()))
    return False


async def read_body(request: Request, model: type[M]) -> M:
    """The body as a model, for raw routes. Raises as FastAPI's own would, in one place with the other errors."""
    kind = request.headers.get("content-type", "")
    if kind.partition(";")[0].strip().lower() != "application/json":
        raise Refused(415, "Send a JSON object, with Content-Type: application/json.")
    return model.model_validate(parse_json(await request.body()))


def read_query(request: Request, model: type[M]) -> M:
    """The query string as a model, for raw routes. Of a name given twice the last counts."""
    return model.model_validate(dict(request.query_params))


def to_json(value: object) -> bytes:
    return orjson.dumps(value)


def json_response(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(to_json(value), status, headers, "application/json")


def tagged_response(request: Request, body: bytes, tag: str | None = None) -> Response:
    """``body`` with an ETag, or 304 if the client has it. Without a ``tag`` the bytes themselves are digested."""
    tag = tag or f"{zlib.crc32(body):x}-{len(body):x}"
    etag = f'W/"{tag}"'
    headers = {"ETag": etag, "Cache-Control": "private, no-cache", "Vary": "Cookie, Authorization"}
    known = request.headers.get("if-none-match")
    if known is not None and (known.strip() == "*" or etag in (part.strip() for part in known.split(","))):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type="application/json")
