"""The left column as a page of its own: phones, and browsers without script."""

from __future__ import annotations

from starlette.responses import Response

from web.kit import Visit
from web.routing import get


async def show(visit: Visit) -> Response:
    return await visit.page("folders.html", title="Folders", tab="folders")


ROUTES = [get("/folders", show)]
