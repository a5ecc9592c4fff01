"""Dead letters: jobs that were given up. Retry one or all, or drop them."""

from __future__ import annotations

from starlette.responses import Response

from reader.errors import Invalid, NotFound
from web import letters
from web.draw import count
from web.kit import Visit
from web.pages.admin import frame
from web.routing import get, post

LIMIT = 50


async def show(visit: Visit) -> Response:
    service = visit.services.operations
    overview = await service.overview(visit.actor)
    found = await service.dead(visit.actor, before=position(visit.query("before")), limit=LIMIT + 1)
    shown = list(found[:LIMIT])
    last = shown[-1] if len(found) > LIMIT else None
    return await frame.page(
        visit,
        "dead.html",
        title="Dead letters",
        section="dead",
        overview=overview,
        letters=letters.rows(shown, visit.times),
        dead=overview.dead,
        older=f"{last.died_at!r}-{last.key}" if last else "",
    )


def position(text: str) -> tuple[float, str] | None:
    """Where a page of letters goes on: "1795132800.25-KEY"; None for anything else, which is the beginning."""
    at, mark, key = text.partition("-")
    try:
        return (float(at), key) if mark and key else None
    except ValueError:
        return None


async def retry(visit: Visit) -> Response:
    form = await frame.form_of(visit)
    try:
        letter = await visit.services.operations.retry(visit.actor, form.text("key"))
        words = f"{letter.name} {letters.about(letter.args)} is tried again"
    except (Invalid, NotFound) as error:
        words = str(error)
    return frame.back(visit, form, words, "/admin/dead")


async def drop(visit: Visit) -> Response:
    form = await frame.form_of(visit)
    try:
        letter = await visit.services.operations.drop(visit.actor, form.text("key"))
        words = f"{letter.name} {letters.about(letter.args)} is dropped"
    except NotFound as error:
        words = str(error)
    return frame.back(visit, form, words, "/admin/dead")


async def retry_all(visit: Visit) -> Response:
    form = await frame.form_of(visit)
    number = await visit.services.operations.retry_all(visit.actor)
    return frame.back(visit, form, f"{count(number, 'job is', 'jobs are')} tried again", "/admin/dead")


async def drop_all(visit: Visit) -> Response:
    form = await frame.form_of(visit)
    number = await visit.services.operations.drop_all(visit.actor)
    return frame.back(visit, form, f"{count(number, 'job is', 'jobs are')} dropped", "/admin/dead")


ROUTES = [
    get("/admin/dead", show),
    post("/do/admin/dead/retry", retry),
    post("/do/admin/dead/drop", drop),
    post("/do/admin/dead/retry-all", retry_all),
    post("/do/admin/dead/drop-all", drop_all),
]
