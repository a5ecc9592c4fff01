"""Ways in: the first account, signing in, sign-up by invitation or open; and out."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response

from api.deps import cookie_secret, drop_session, replace_session
from api.facts import facts_of
from reader.errors import Conflict, EvantrError, Forbidden, Invalid, Limited
from reader.models.user import Actor, User
from web.forms import Form
from web.kit import Visit
from web.paths import own_path
from web.routing import get, post


async def welcome(visit: Visit) -> Response:
    if not await visit.services.accounts.first_needed(visit.actor):
        return RedirectResponse("/", 303)
    return _door(visit, "welcome.html", "Welcome")


async def do_welcome(visit: Visit) -> Response:
    form = await Form.of(visit.request)
    try:
        user = await visit.services.accounts.create_first(visit.actor, form.text("name"), form.text("password"))
    except Conflict:
        return RedirectResponse("/signin", 303)
    except Invalid as error:
        return _door(visit, "welcome.html", "Welcome", form, error)
    return await _come_in(visit, user, "/add")


async def signin(visit: Visit) -> Response:
    if visit.user is not None:
        return RedirectResponse(own_path(visit.query("next")), 303)
    if await visit.services.accounts.first_needed(visit.actor):
        return RedirectResponse("/welcome", 303)
    return _door(visit, "signin.html", "Sign in", next=own_path(visit.query("next")))


async def do_signin(visit: Visit) -> Response:
    form = await Form.of(visit.request)
    target = own_path(form.raw("next"))
    try:
        _, secret = await visit.services.accounts.sign_in(
            visit.actor, form.text("name"), form.text("password"), address=visit.client
        )
    except (Forbidden, Limited, Invalid) as error:
        return _door(visit, "signin.html", "Sign in", form, error, next=target)
    response = RedirectResponse(target, 303)
    await replace_session(response, visit.request, secret)
    return response


async def signout(visit: Visit) -> Response:
    secret = cookie_secret(facts_of(visit.request.scope))
    if secret is not None:
        await visit.services.accounts.sign_out(visit.actor, secret)
    response = RedirectResponse("/signin", 303)
    drop_session(response, visit.request)
    response.headers["clear-site-data"] = '"storage"'  # lists that scripts kept for Back
    return response


async def join(visit: Visit) -> Response:
    """By invitation, or open to all at /join."""
    code = visit.request.path_params.get("code", "")
    signup = visit.services.accounts.signup(visit.actor)
    if signup == "invitation" and code:
        await visit.services.accounts.invitation(visit.actor, code)
    elif signup != "open":
        raise Forbidden("This Evantr takes no new accounts without an invitation.")
    if visit.user is not None:
        return RedirectResponse("/", 303)
    return _door(visit, "join.html", "Join", code=code)


async def do_join(visit: Visit) -> Response:
    form = await Form.of(visit.request)
    code = form.text("code")
    try:
        user = await visit.services.accounts.sign_up(
            visit.actor, form.text("name"), form.text("password"), code or None
        )
    except (Invalid, Conflict, Forbidden) as error:
        return _door(visit, "join.html", "Join", form, error, code=code)
    return await _come_in(visit, user, "/add")


async def _come_in(visit: Visit, user: User, target: str) -> Response:
    secret = await visit.services.accounts.start_session(Actor(user.id, user.admin))
    response = RedirectResponse(target, 303)
    await replace_session(response, visit.request, secret)
    return response


def _door(
    visit: Visit,
    template: str,
    title: str,
    form: Form | None = None,
    error: EvantrError | None = None,
    **values: object,
) -> Response:
    """A form at the door: what was typed stays, each problem stands beside its field."""
    fields = error.fields if isinstance(error, Invalid) else {}
    return visit.door(
        template,
        title=title,
        status=_status(error),
        name=form.raw("name") if form else "",
        fields=fields,
        problem=str(error) if error and not fields else "",
        signup=visit.services.accounts.signup(visit.actor),
        **values,
    )


def _status(error: EvantrError | None) -> int:
    if error is None:
        return 200
    return {Limited: 429, Forbidden: 403, Conflict: 409}.get(type(error), 422)


ROUTES = [
    get("/welcome", welcome, open_to_all=True),
    post("/do/welcome", do_welcome, open_to_all=True),
    get("/signin", signin, open_to_all=True),
    post("/do/signin", do_signin, open_to_all=True),
    post("/do/signout", signout, open_to_all=True),
    get("/join", join, open_to_all=True),
    get("/join/{code}", join, open_to_all=True),
    post("/do/join", do_join, open_to_all=True),
]
