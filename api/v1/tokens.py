"""Personal tokens for programs."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Path
from pydantic import BaseModel, Field
from starlette.responses import Response

from api.bodies import Body, json_response
from api.deps import Me, Services
from api.docs import problems
from api.routing import new_router
from api.v1.shapes import ID_MOST, Title
from reader.models.user import Token

router = new_router("account")


Right = Literal["jobs"]


class TokenItem(BaseModel):
    id: int = Field(examples=[2])
    name: str = Field(examples=["newsboat on the laptop"])
    created_at: float = Field(examples=[1795132800.0])
    used_at: float | None = Field(description="To the hour.", examples=[None])
    rights: list[Right] = Field(description="What it may beyond reading.", examples=[["jobs"]])


class TokenList(BaseModel):
    tokens: list[TokenItem]


class TokenMade(TokenItem):
    secret: str = Field(description="Shown this once.", examples=["evt_…"])


class TokenIn(Body):
    name: Title = Field(examples=["newsboat on the laptop"])
    rights: list[Right] = Field(
        default_factory=list,
        max_length=10,
        description="`jobs`: it may submit jobs and follow them. Left out: it may not.",
        examples=[["jobs"]],
    )


def token_item(token: Token) -> dict[str, Any]:
    return {
        "id": token.id,
        "name": token.name,
        "created_at": token.created_at,
        "used_at": token.used_at,
        "rights": list(token.rights),
    }


@router.get("/tokens", response_model=TokenList, summary="Your tokens")
async def tokens(actor: Me, container: Services) -> Response:
    found = await container.services.accounts.tokens(actor)
    return json_response({"tokens": [token_item(t) for t in found]})


@router.post("/tokens", status_code=201, response_model=TokenMade, summary="Make a token")
async def add(actor: Me, container: Services, body: TokenIn) -> Response:
    token, secret = await container.services.accounts.add_token(actor, body.name, body.rights)
    return json_response({**token_item(token), "secret": secret}, 201)


@router.delete(
    "/tokens/{id}", status_code=204, summary="Remove a token", responses=problems(404), response_class=Response
)
async def remove(actor: Me, container: Services, id: Annotated[int, Path(ge=1, le=ID_MOST)]) -> Response:
    await container.services.accounts.remove_token(actor, id)
    return Response(status_code=204)
