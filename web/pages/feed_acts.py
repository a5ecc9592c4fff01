"""Acts on feeds: rename, move, unsubscribe, one or many."""

from __future__ import annotations

from starlette.responses import Response

from reader.errors import Invalid
from reader.models.reading import Done
from web.forms import Form
from web.kit import Visit
from web.routing import post


async def rename(visit: Visit) -> Response:
    form, feed_id = await Form.of(visit.request), visit.id()
    row = await visit.services.feeds.subscription(visit.actor, feed_id)
    title = form.text("title").strip()
    own = title if title and title != row.feed_title else None
    done = await visit.services.feeds.rename(visit.actor, feed_id, own)
    return visit.back(form.text("back") or f"/feed/{feed_id}/edit", done)


async def move(visit: Visit) -> Response:
    form, feed_id = await Form.of(visit.request), visit.id()
    done = await _move(visit, form, [feed_id])
    return visit.back(form.text("back") or f"/feed/{feed_id}/edit", done)


async def unsubscribe(visit: Visit) -> Response:
    form = await Form.of(visit.request)
    done = await visit.services.feeds.unsubscribe(visit.actor, [visit.id()])
    return visit.back(form.text("back") or "/manage", done)


async def many(visit: Visit) -> Response:
    """The ticked rows of the table of all feeds."""
    form = await Form.of(visit.request)
    ids, act = form.numbers("feed"), form.text("act")
    if not ids:
        return visit.back(form.text("back"), Done("Tick at least one feed first", None), "/manage")
    if act == "move":
        done = await _move(visit, form, ids)
    elif act == "unsubscribe":
        done = await visit.services.feeds.unsubscribe(visit.actor, ids)
    else:
        raise Invalid("Say what to do: move, or unsubscribe.", {"act": "This is move or unsubscribe."})
    return visit.back(form.text("back"), done, "/manage")


async def _move(visit: Visit, form: Form, ids: list[int]) -> Done:
    chosen, new = form.text("folder"), form.text("new_folder").strip()
    if chosen == "new" and not new:
        raise Invalid("Name the new folder.", {"new_folder": "Name the new folder."})
    folder = form.number("folder") if chosen and chosen != "new" else None
    name = new if chosen in ("new", "") and new else None
    return await visit.services.feeds.move(visit.actor, ids, folder, new_folder=name)


ROUTES = [
    post("/do/feed/{id}/rename", rename),
    post("/do/feed/{id}/move", move),
    post("/do/feed/{id}/unsubscribe", unsubscribe),
    post("/do/manage", many),
]
