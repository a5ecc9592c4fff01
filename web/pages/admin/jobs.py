"""The last jobs of all managers, each with its story."""

from __future__ import annotations

from starlette.responses import Response

from web import operations
from web.kit import Visit
from web.pages.admin import frame
from web.routing import get

LIMIT = 200
KINDS = (("", "All"), ("failed", "Failed"), ("done", "Done"))


async def show(visit: Visit) -> Response:
    service, actor = visit.services.operations, visit.actor
    overview = await service.overview(actor)
    queue, kind = visit.query("queue"), visit.query("state")
    found = [
        job
        for job in await service.jobs(actor, LIMIT)
        if queue in ("", job.queue) and (not kind or (job.state == "done") == (kind == "done"))
    ]
    return await frame.page(
        visit,
        "jobs.html",
        title="Jobs",
        section="jobs",
        overview=overview,
        jobs=operations.stories(found, visit.times),
        queues=[each.name for each in overview.queues],
        queue=queue,
        kind=kind,
        kinds=KINDS,
    )


ROUTES = [get("/admin/jobs", show)]
