"""Leaving: the archive first, then the account goes with everything it holds."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response

from api.deps import drop_session
from reader.errors import Conflict, Forbidden, Invalid, Limited
from web.forms import Form
from web.kit import Visit
from web.pages.settings import Problems
from web.routing import get, post


async def show(visit: Visit) -> Response:
    return await _draw(visit)


async def _draw(visit: Visit, problems: dict[str, str] | None = None, problem: str = "", status: int = 200) -> Response:
    return await visit.page(
        "departure.html",
        title="Leave",
        status=status,
        section="account",
        problems=Problems(problems or {}),
        problem=problem,
    )


def _check_name(visit: Visit, typed: str) -> None:
    """The one thing that asks: it cannot be undone."""
    name = visit.user.name if visit.user else ""
    if typed.strip().removeprefix("@").casefold() != name.casefold():
        raise Invalid("That is not your name.", {"name": "That is not your name."})


async def leave(visit: Visit) -> Response:
    form = await Form.of(visit.request)
    try:
        _check_name(visit, form.text("name"))
        await visit.services.departure.leave(visit.actor, form.text("password"))
    except (Invalid, Forbidden, Conflict, Limited) as error:
        fields = error.fields if isinstance(error, Invalid) else {}
        return await _draw(visit, fields, "" if fields else str(error), 422)
    response = RedirectResponse("/signin", 303)
    drop_session(response, visit.request)
    response.headers["clear-site-data"] = '"storage"'
    return response


ROUTES = [get("/settings/departure", show), post("/do/departure", leave)]
