"""Settings: reading, and the account."""

from __future__ import annotations

from functools import cache
from typing import Any

from starlette.responses import Response

from api.deps import set_session
from reader.errors import Invalid
from reader.models.reading import Done
from reader.services.accounts import time_zones
from web.forms import Form
from web.kit import Visit
from web.routing import get, post

CHOICES = ("theme", "density", "layout", "marking", "text_face", "timezone")
NUMBERS = ("text_size", "text_width")


class Problems(dict[str, str]):
    """Reason by field; "" for a field that is well."""

    def __missing__(self, key: str) -> str:
        return ""


@cache
def zones() -> tuple[str, ...]:
    usual = (name for name in time_zones() if "/" in name and not name.startswith(("Etc/", "SystemV/", "US/")))
    return ("UTC", *sorted(usual))


async def reading(visit: Visit) -> Response:
    return await _reading(visit)


async def _reading(visit: Visit, problems: dict[str, str] | None = None) -> Response:
    return await visit.page(
        "settings_reading.html",
        title="Reading settings",
        status=422 if problems else 200,
        section="reading",
        zones=zones(),
        problems=Problems(problems or {}),
    )


async def do_reading(visit: Visit) -> Response:
    form = await Form.of(visit.request)
    changes: dict[str, object] = {name: form.text(name) for name in CHOICES if name in form}
    changes["keys"] = form.text("keys") == "1"
    try:
        changes |= {name: form.need(name) for name in NUMBERS if name in form}
        await visit.services.accounts.set_preferences(visit.actor, changes)
    except Invalid as error:
        return await _reading(visit, error.fields)
    return visit.back("/settings/reading", Done("Saved", None))


async def account(visit: Visit) -> Response:
    return await _account(visit)


async def _account(visit: Visit, problems: dict[str, str] | None = None, **shown: Any) -> Response:
    accounts, actor = visit.services.accounts, visit.actor
    base = visit.kit.container.settings.base_url or str(visit.request.base_url)
    return await visit.page(
        "settings_account.html",
        title="Account",
        status=422 if problems else 200,
        section="account",
        problems=Problems(problems or {}),
        tokens=await accounts.tokens(actor),
        invitations=await accounts.invitations(actor) if actor.admin else None,
        signup=accounts.signup(actor),
        base=base.rstrip("/"),
        **{"secret": "", "secret_name": "", **shown},
    )


async def password(visit: Visit) -> Response:
    form = await Form.of(visit.request)
    try:
        secret = await visit.services.accounts.change_password(visit.actor, form.text("old"), form.text("new"))
    except Invalid as error:
        return await _account(visit, error.fields)
    response = visit.back("/settings/account", Done("The password is changed; other devices are signed out", None))
    set_session(response, visit.request, secret)
    return response


async def add_token(visit: Visit) -> Response:
    """Answers with the page itself: the secret is shown once and must not stand in an address or a cookie."""
    form = await Form.of(visit.request)
    try:
        rights = form.texts("right")
        token, secret = await visit.services.accounts.add_token(visit.actor, form.text("name"), rights)
    except Invalid as error:
        return await _account(visit, error.fields or {"name": str(error)})
    return await _account(visit, secret=secret, secret_name=token.name)


async def remove_token(visit: Visit) -> Response:
    form = await Form.of(visit.request)
    await visit.services.accounts.remove_token(visit.actor, form.need("token"))
    return visit.back("/settings/account", Done("The token is removed", None))


async def invite(visit: Visit) -> Response:
    await visit.services.accounts.invite(visit.actor)
    return visit.back("/settings/account", Done("Invitation made", None))


ROUTES = [
    get("/settings/reading", reading),
    post("/do/settings", do_reading),
    get("/settings/account", account),
    post("/do/password", password),
    post("/do/token", add_token),
    post("/do/token/remove", remove_token),
    post("/do/invite", invite),
]
