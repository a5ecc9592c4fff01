"""Your account: name, preferences, password."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from api.bodies import Body, json_response
from api.deps import Me, Services, drop_session, set_session
from api.docs import problems
from api.facts import facts_of
from api.routing import new_router
from reader.models.user import User

router = new_router("account")

Password = Annotated[str, Field(max_length=10_000, examples=["correct horse battery staple"])]


class Preferences(BaseModel):
    """How you want to read."""

    theme: Literal["system", "light", "dark"] = "system"
    density: Literal["compact", "balanced", "roomy"] = "balanced"
    layout: Literal["beside", "place"] = "beside"
    marking: Literal["open", "scroll", "never"] = Field("open", description="What marks an entry as read.")
    text_size: int = Field(18, description="Pixels, 16 to 22.")
    text_face: Literal["serif", "sans"] = "serif"
    text_width: int = Field(66, description="Characters, 56 to 76.")
    keys: bool = Field(True, description="Single-key shortcuts.")
    timezone: str = Field("UTC", examples=["Europe/Berlin"])
    quiet: bool = Field(False, description="Pages without people: no shares, comments, suggestions, badges.")


class Account(BaseModel):
    id: int = Field(examples=[1])
    name: str = Field(examples=["ada"])
    admin: bool
    created_at: float = Field(examples=[1795132800.0])
    preferences: Preferences


class PreferencesIn(Body):
    """What to change; what is left out stays."""

    theme: Literal["system", "light", "dark"] | None = None
    density: Literal["compact", "balanced", "roomy"] | None = None
    layout: Literal["beside", "place"] | None = None
    marking: Literal["open", "scroll", "never"] | None = None
    text_size: int | None = Field(None, ge=16, le=22, examples=[18])
    text_face: Literal["serif", "sans"] | None = None
    text_width: int | None = Field(None, ge=56, le=76, examples=[66])
    keys: bool | None = None
    timezone: str | None = Field(None, max_length=100, examples=["Europe/Berlin"])
    quiet: bool | None = None


class PasswordIn(Body):
    old: Password
    new: Password


class LeaveIn(Body):
    password: Password


def account(user: User) -> dict[str, Any]:
    return {
        "id": user.id,
        "name": user.name,
        "admin": user.admin,
        "created_at": user.created_at,
        "preferences": asdict(user.preferences),
    }


@router.get("/me", response_model=Account, summary="Your account")
async def me(actor: Me, container: Services) -> Response:
    return json_response(account(await container.services.accounts.me(actor)))


@router.patch("/me", response_model=Account, summary="Change preferences")
async def change(actor: Me, container: Services, body: PreferencesIn) -> Response:
    changes: dict[str, object] = body.model_dump(exclude_none=True)
    return json_response(account(await container.services.accounts.set_preferences(actor, changes)))


@router.post("/me/password", status_code=204, summary="Change the password", response_class=Response)
async def change_password(request: Request, actor: Me, container: Services, body: PasswordIn) -> Response:
    """Ends all sessions; a browser gets a new one. Tokens go on."""
    secret = await container.services.accounts.change_password(actor, body.old, body.new)
    response = Response(status_code=204)
    if b"authorization" not in facts_of(request.scope).headers:
        set_session(response, request, secret)
    else:
        await container.services.accounts.sign_out(actor, secret)  # a program has no use for a session
    return response


@router.post(
    "/me/leave",
    status_code=204,
    summary="Remove your account",
    response_class=Response,
    responses=problems(409, 429),
)
async def leave(request: Request, actor: Me, container: Services, body: LeaveIn) -> Response:
    """With everything it holds, at once and for good; make an archive first (`GET /export`). What others built on what
    you shared stays readable, as of a removed account. Nobody can take your name."""
    await container.services.departure.leave(actor, body.password)
    response = Response(status_code=204)
    drop_session(response, request)
    return response
