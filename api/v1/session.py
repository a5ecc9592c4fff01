"""Signing in and out, and making accounts."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from api.bodies import Body, json_response
from api.deps import Anyone, Me, Services, cookie_secret, drop_session, replace_session
from api.docs import problems
from api.facts import facts_of
from api.routing import new_router
from api.v1.me import Account, Password, account
from reader.models.user import ANONYMOUS, Actor, Invitation

router = new_router("account")
PUBLIC: dict[str, Any] = {"security": []}


class SignIn(Body):
    name: str = Field(max_length=1000, examples=["ada"])
    password: Password


class SignUp(SignIn):
    invitation: str | None = Field(None, max_length=1000, description="Its code, where one is needed.")


class InvitationItem(BaseModel):
    code: str = Field(examples=["hZx0e0e1Jk3a9Qm2Xy7b4w"])
    path: str = Field(description="Where it is used.", examples=["/invitation/hZx0e0e1Jk3a9Qm2Xy7b4w"])
    created_at: float
    expires_at: float
    used: bool


class InvitationList(BaseModel):
    invitations: list[InvitationItem]


def invitation_item(invitation: Invitation) -> dict[str, Any]:
    return {
        "code": invitation.code,
        "path": f"/invitation/{invitation.code}",
        "created_at": invitation.created_at,
        "expires_at": invitation.expires_at,
        "used": invitation.used_by is not None,
    }


@router.post(
    "/session",
    response_model=Account,
    summary="Sign in",
    responses=problems(429),
    openapi_extra=PUBLIC,
)
async def sign_in(request: Request, container: Services, body: SignIn) -> Response:
    """Sets the cookie `evantr_session`. After 10 wrong tries signing in pauses for 10 minutes."""
    user, secret = await container.services.accounts.sign_in(
        ANONYMOUS, body.name, body.password, address=facts_of(request.scope).client
    )
    response = json_response(account(user))
    await replace_session(response, request, secret)
    return response


@router.delete("/session", status_code=204, summary="Sign out", response_class=Response)
async def sign_out(request: Request, actor: Anyone, container: Services) -> Response:
    """Ends this browser's session; without one it changes nothing."""
    secret = cookie_secret(facts_of(request.scope))
    if secret is not None:
        await container.services.accounts.sign_out(actor, secret)
    response = Response(status_code=204)
    drop_session(response, request)
    return response


@router.post(
    "/accounts",
    status_code=201,
    response_model=Account,
    summary="Make an account and sign in",
    responses=problems(409),
    openapi_extra=PUBLIC,
)
async def make_account(request: Request, container: Services, body: SignUp) -> Response:
    """The first account becomes the administrator's. Later ones: as the setting EVANTR_SIGNUP says."""
    accounts = container.services.accounts
    if await accounts.first_needed(ANONYMOUS):
        user = await accounts.create_first(ANONYMOUS, body.name, body.password)
    else:
        user = await accounts.sign_up(ANONYMOUS, body.name, body.password, body.invitation)
    response = json_response(account(user), 201)
    await replace_session(response, request, await accounts.start_session(Actor(user.id, user.admin)))
    return response


@router.get("/invitations", response_model=InvitationList, summary="Invitations you made (administrators)")
async def invitations(actor: Me, container: Services) -> Response:
    found = await container.services.accounts.invitations(actor)
    return json_response({"invitations": [invitation_item(i) for i in found]})


@router.post("/invitations", status_code=201, response_model=InvitationItem, summary="Invite somebody (administrators)")
async def invite(actor: Me, container: Services) -> Response:
    return json_response(invitation_item(await container.services.accounts.invite(actor)), 201)


@router.delete(
    "/invitations/{code}",
    status_code=204,
    summary="Take an invitation back (administrators)",
    responses=problems(404),
    response_class=Response,
)
async def remove_invitation(
    actor: Me, container: Services, code: Annotated[str, Path(max_length=100, examples=["hZx0e0e1Jk3a9Qm2Xy7b4w"])]
) -> Response:
    """One that you made and nobody has used."""
    await container.services.accounts.remove_invitation(actor, code)
    return Response(status_code=204)
