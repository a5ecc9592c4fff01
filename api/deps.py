"""Who is asking: a browser by its cookie, a program by its token."""

from __future__ import annotations

import re
from typing import Annotated, cast

from fastapi import Depends
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from api.facts import Facts, facts_of
from reader.container import Container
from reader.errors import Forbidden
from reader.models.user import ANONYMOUS, Actor, User

COOKIE = "evantr_session"
COOKIE_AGE = 400 * 86_400  # as long as browsers allow: the server decides when a session ends
SECRET = re.compile(r"[A-Za-z0-9_-]{16,200}")
_COOKIE = COOKIE.encode() + b"="


def container_of(request: HTTPConnection) -> Container:
    return cast(Container, request.scope["app"].state.container)


def cookie_secret(facts: Facts) -> str | None:
    """The session's secret in the Cookie header, if it looks like one."""
    for part in facts.headers.get(b"cookie", b"").split(b";"):
        part = part.strip()
        if part.startswith(_COOKIE):
            text = part[len(_COOKIE) :].decode("latin-1")
            return text if SECRET.fullmatch(text) else None
    return None


async def identify(request: HTTPConnection) -> Actor:
    """Who asks; ANONYMOUS when signed out. A token that is sent has to be right: no cookie stands in for it."""
    facts = facts_of(request.scope)
    if facts.actor is None:
        access = container_of(request).services.access
        if b"authorization" in facts.headers:
            secret = bearer_secret(facts)
            found = await access.token(secret) if secret else None
            if found is None:
                raise Forbidden("This token is not valid. Make a new one in the settings.", signed_out=True)
        else:
            secret = cookie_secret(facts)
            found = await access.session(secret) if secret else None
        facts.actor, facts.user = found if found is not None else (ANONYMOUS, None)
    return facts.actor


async def signed_in(request: HTTPConnection) -> Actor:
    """Who asks; raises Forbidden (401) when signed out."""
    actor = await identify(request)
    if not actor.signed_in:
        raise Forbidden("Sign in first.", signed_out=True)
    return actor


async def current_user(request: Request) -> User | None:
    """The account of who asks, as read with the session; None when signed out."""
    await identify(request)
    return facts_of(request.scope).user


def host_of(request: HTTPConnection) -> str:
    """What this instance is called in the request at hand: its host, with a port if there is one."""
    return facts_of(request.scope).headers.get(b"host", b"").decode("latin-1")


def bearer_secret(facts: Facts) -> str | None:
    """The token in the Authorization header, if it looks like one."""
    kind, _, secret = facts.headers.get(b"authorization", b"").decode("latin-1").partition(" ")
    secret = secret.strip()
    return secret if kind.lower() == "bearer" and SECRET.fullmatch(secret) else None


def set_session(response: Response, request: Request, secret: str) -> None:
    """Signs this browser in."""
    secure = container_of(request).settings.cookie_secure or facts_of(request.scope).secure
    response.set_cookie(COOKIE, secret, COOKIE_AGE, path="/", secure=secure, httponly=True, samesite="lax")


def drop_session(response: Response, request: Request) -> None:
    secure = container_of(request).settings.cookie_secure or facts_of(request.scope).secure
    response.delete_cookie(COOKIE, path="/", secure=secure, httponly=True, samesite="lax")


async def replace_session(response: Response, request: Request, secret: str) -> None:
    """Signs in under a new secret and ends the session that the browser came with (no fixation)."""
    old = cookie_secret(facts_of(request.scope))
    if old is not None:
        await container_of(request).services.accounts.sign_out(ANONYMOUS, old)
    set_session(response, request, secret)


Me = Annotated[Actor, Depends(signed_in)]
Anyone = Annotated[Actor, Depends(identify)]
Services = Annotated[Container, Depends(container_of)]
