"""The sheet of shortcuts, and the page for when there is no connection."""

from __future__ import annotations

from starlette.responses import Response

from web import keys
from web.kit import Visit
from web.routing import get


async def show(visit: Visit) -> Response:
    if visit.fragment:
        return visit.html(visit.kit.render("keys_sheet.html", {"sheet": keys.sheet(visit.prefs.quiet)}))
    return await visit.page("keys.html", title="Keyboard", sheet=keys.sheet(visit.prefs.quiet))


async def offline(visit: Visit) -> Response:
    return visit.door("offline.html", title="No connection")


ROUTES = [get("/keys", show), get("/offline", offline, open_to_all=True)]
