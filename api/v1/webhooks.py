"""Webhooks: programs that are told instead of asking."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Path
from pydantic import BaseModel, Field
from starlette.responses import Response

from api.bodies import Body, json_response
from api.deps import Me, Services
from api.docs import problems
from api.routing import new_router
from api.v1.shapes import ID_MOST
from reader.models.webhook import Webhook
from reader.services.reading import parse_scope

router = new_router("webhooks")
Id = Annotated[int, Path(ge=1, le=ID_MOST)]
Kind = Literal["entries", "shares"]


class WebhookItem(BaseModel):
    id: int = Field(examples=[4])
    url: str = Field(examples=["https://hooks.example.org/evantr"])
    kind: Kind = Field(description="What it is told of: new entries, or what you share.")
    scope: str = Field(description="all, folder/ID or feed/ID.", examples=["folder/3"])
    created_at: float = Field(examples=[1795132800.0])
    delivered_at: float | None = Field(description="When it last took a delivery.")
    failures: int = Field(ge=0, description="In a row.")
    stopped: bool = Field(description="It failed too often, or answered 410: start it again.")
    status: int | None = Field(description="Of its last answer.", examples=[200])
    error: str | None = Field(description="What went wrong last.")


class WebhookList(BaseModel):
    webhooks: list[WebhookItem]


class WebhookMade(WebhookItem):
    secret: str = Field(description="Signs what is sent; shown this once.")


class WebhookIn(Body):
    url: str = Field(min_length=1, max_length=2000, examples=["https://hooks.example.org/evantr"])
    kind: Kind = "entries"
    scope: str = Field("all", max_length=30, description="all, folder/ID or feed/ID.", examples=["all"])


def webhook_item(hook: Webhook) -> dict[str, Any]:
    return {
        "id": hook.id,
        "url": hook.url,
        "kind": hook.kind,
        "scope": hook.scope,
        "created_at": hook.created_at,
        "delivered_at": hook.delivered_at,
        "failures": hook.failures,
        "stopped": hook.stopped,
        "status": hook.status,
        "error": hook.error,
    }


@router.get("/webhooks", response_model=WebhookList, summary="Your webhooks")
async def webhooks(actor: Me, container: Services) -> Response:
    found = await container.services.webhooks.all(actor)
    return json_response({"webhooks": [webhook_item(each) for each in found]})


@router.post(
    "/webhooks",
    status_code=201,
    response_model=WebhookMade,
    summary="Make a webhook",
    description="It is told of what comes from now on, by POST with a JSON body, signed with HMAC-SHA256 in "
    "`X-Evantr-Signature-256`. docs/webhooks.md describes deliveries.",
    responses=problems(404),
)
async def add(actor: Me, container: Services, body: WebhookIn) -> Response:
    hook = await container.services.webhooks.add(actor, body.url, body.kind, parse_scope(body.scope))
    return json_response({**webhook_item(hook), "secret": hook.secret}, 201)


@router.delete(
    "/webhooks/{id}", status_code=204, summary="Remove a webhook", responses=problems(404), response_class=Response
)
async def remove(actor: Me, container: Services, id: Id) -> Response:
    await container.services.webhooks.remove(actor, id)
    return Response(status_code=204)


@router.post(
    "/webhooks/{id}/restart",
    status_code=204,
    summary="Start a stopped one again",
    responses=problems(404),
    response_class=Response,
)
async def restart(actor: Me, container: Services, id: Id) -> Response:
    await container.services.webhooks.restart(actor, id)
    return Response(status_code=204)


@router.post(
    "/webhooks/{id}/try",
    status_code=202,
    summary="Send a delivery without items",
    description="It is sent in the background; `status` and `error` of the webhook tell how it went.",
    responses=problems(404, 429),
    response_class=Response,
)
async def try_out(actor: Me, container: Services, id: Id) -> Response:
    await container.services.webhooks.try_out(actor, id)
    return Response(status_code=202)
