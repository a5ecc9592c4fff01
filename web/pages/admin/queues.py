"""The start page: everything at a glance."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response

from web import letters, operations
from web.kit import Visit
from web.pages.admin import frame
from web.pages.admin.feeds import states
from web.pages.admin.settings import Typed, change, fields
from web.routing import get, post

LETTERS, JOBS, LINES = 5, 8, 10
HOUR = 3600.0


async def start(visit: Visit) -> Response:
    visit.services.access.operator(visit.actor)  # nobody else learns that this is here
    return RedirectResponse("/admin/queues", 303)


async def show(visit: Visit) -> Response:
    return await draw(visit, Typed(visit.query("open")))


async def draw(visit: Visit, typed: Typed) -> Response:
    """The page with the settings of ``typed.queue`` open, what was typed there and what is wrong with it."""
    service, actor, times = visit.services.operations, visit.actor, visit.times
    overview = await service.overview(actor)
    whole = not visit.fragment  # a script asks for the plots once a minute, for the figures every two seconds
    points = await service.history(actor, None if whole else times.now - HOUR)
    day = operations.History(points, times.now)
    settings = list(await service.settings(actor))
    _, file_error = await service.settings_file(actor)
    return await frame.page(
        visit,
        "queues.html",
        title="Queues",
        section="queues",
        status=422 if typed.problems else 200,
        overview=overview,
        summary=operations.summary(overview, file_error),
        rows=operations.queue_rows(overview, day, times, sparks=whole),
        opened=typed.queue,
        settings=fields(settings, typed.queue, typed),
        processes=operations.process_rows(overview.managers, times.now),
        letters=letters.rows(await service.dead(actor, limit=LETTERS), times),
        dead=overview.dead,
        feeds=states(overview.feeds),
        jobs=operations.stories(operations.last_jobs(overview.managers)[:JOBS], times),
        plots=operations.plots(day, times) if whole else [],
        audit=letters.audit(await service.audit(actor, limit=LINES), settings, times),
    )


async def set_(visit: Visit) -> Response:
    return await change(visit, draw)


ROUTES = [get("/admin", start), get("/admin/queues", show), post("/do/admin/set", set_)]
