"""/hub, where others subscribe to our public streams, and /websub/TOKEN, where the hubs of feeds call us (WebSub).

Both are spoken to by other servers: no cookie, no origin. What they may do rests on a confirmation by the callback,
and on an unguessable address and a signature.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from api.facts import facts_of
from api.outputs import base_of
from reader.container import Container
from reader.errors import EvantrError, Limited, NotFound
from reader.models.user import ANONYMOUS

FORM = "application/x-www-form-urlencoded"
FORM_MOST = 16_000
TOKEN = re.compile(r"[A-Za-z0-9_-]{20,100}")
BUSY_SECONDS = 60


def add_hub(app: FastAPI, container: Container) -> None:
    hub, websub = container.services.hub, container.services.websub

    async def subscribe(request: Request) -> Response:
        try:
            form = await _form(request)
            await hub.ask(ANONYMOUS, form, base=base_of(request), client=facts_of(request.scope).client)
        except EvantrError as error:
            return _refusal(error)
        return PlainTextResponse("Your callback is asked whether it wants this.", 202)

    async def confirm(request: Request) -> Response:
        token, query = request.path_params["token"], request.query_params
        mode, topic = query.get("hub.mode", ""), query.get("hub.topic", "")
        if not TOKEN.fullmatch(token):
            raise NotFound("There is nothing at this address.")
        if mode == "denied":
            await websub.denied(ANONYMOUS, token, topic, query.get("hub.reason", ""))
            return Response(status_code=200)
        challenge = query.get("hub.challenge", "")
        await websub.confirm(ANONYMOUS, token, mode, topic, query.get("hub.lease_seconds", ""))
        return PlainTextResponse(challenge)

    async def receive(request: Request) -> Response:
        token, headers = request.path_params["token"], request.headers
        if not TOKEN.fullmatch(token) or not await websub.knows(ANONYMOUS, token):
            return Response(status_code=410)  # the hub may forget this subscription (7)
        signature, kind = headers.get("x-hub-signature"), headers.get("content-type")
        body = await request.body()
        taken = await websub.receive(ANONYMOUS, token, body, kind, signature)
        if taken == "full":
            return Response(status_code=503, headers={"Retry-After": str(BUSY_SECONDS)})
        return Response(status_code=202)  # on a bad signature too (8)

    app.router.add_route("/hub", subscribe, methods=["POST"], include_in_schema=False)
    app.router.add_route("/websub/{token}", confirm, methods=["GET"], include_in_schema=False)
    app.router.add_route("/websub/{token}", receive, methods=["POST"], include_in_schema=False)


async def _form(request: Request) -> dict[str, str]:
    """The fields of a subscription request, the last of each name."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise _Unreadable(f"Send it as {FORM}.")
    body = await request.body()
    if len(body) > FORM_MOST:
        raise _Unreadable("That is too much for a subscription request.")
    try:
        return dict(parse_qsl(body.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=100))
    except (ValueError, UnicodeDecodeError):
        raise _Unreadable("It cannot be read as a form in UTF-8.") from None


class _Unreadable(EvantrError):
    """No form."""


def _refusal(error: EvantrError) -> Response:
    """In plain text, as the Recommendation wants it (5.2)."""
    if isinstance(error, Limited):
        return PlainTextResponse(str(error), 429, {"Retry-After": str(error.retry_after)})
    return PlainTextResponse(str(error), 404 if isinstance(error, NotFound) else 400)
