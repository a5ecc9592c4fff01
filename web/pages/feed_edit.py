"""Rename, move, unsubscribe: the form."""

from __future__ import annotations

from starlette.responses import Response

from reader.models.reading import Scope
from web.kit import Visit
from web.routing import get


async def show(visit: Visit) -> Response:
    row = await visit.services.feeds.subscription(visit.actor, visit.id())
    side = await visit.services.reading.sidebar(visit.actor)
    return await visit.page(
        "feed_edit.html",
        title=f"Edit {row.title}",
        current=Scope("feed", row.feed_id),
        tab="folders",
        side=side,
        row=row,
        folders=side.folders,
    )


ROUTES = [get("/feed/{id}/edit", show)]
