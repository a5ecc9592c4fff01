"""Folders: add, rename, order, remove."""

from __future__ import annotations

from starlette.responses import Response

from reader.errors import Conflict, Invalid, NotFound
from reader.models.reading import Done, FolderRow, Scope, Sidebar
from web.forms import Form
from web.kit import Visit
from web.routing import get, post


async def show(visit: Visit) -> Response:
    side = await visit.services.reading.sidebar(visit.actor)
    folder = next((f for f in side.folders if f.id == visit.id()), None)
    if folder is None:
        raise NotFound("There is no such folder.")
    return await visit.page(
        "folder_edit.html",
        title=f"Edit {folder.title}",
        current=Scope("folder", folder.id),
        tab="folders",
        side=side,
        folder=folder,
        places=_places(side, folder),
    )


def _places(side: Sidebar, folder: FolderRow) -> list[FolderRow]:
    """Folders that this one can be put into: not itself, none inside it."""
    inside = {folder.id}
    for each in side.folders:
        if each.parent_id in inside:
            inside.add(each.id)
    return [each for each in side.folders if each.id not in inside]


async def add(visit: Visit) -> Response:
    form = await Form.of(visit.request)
    back = form.text("back") or "/folders"
    try:
        folder = await visit.services.folders.add(visit.actor, form.text("title"), form.number("parent"))
    except (Conflict, Invalid) as error:
        return visit.back(back, Done(str(error), None))
    return visit.back(back, Done(f"Folder {folder.title} added", None))


async def rename(visit: Visit) -> Response:
    form = await Form.of(visit.request)
    back = form.text("back") or f"/folder/{visit.id()}/edit"
    try:
        done = await visit.services.folders.rename(visit.actor, visit.id(), form.text("title"))
    except (Conflict, Invalid) as error:
        return visit.back(back, Done(str(error), None))
    return visit.back(back, done)


async def remove(visit: Visit) -> Response:
    form = await Form.of(visit.request)
    try:
        done = await visit.services.folders.remove(visit.actor, visit.id())
    except Conflict as error:
        return visit.back(f"/folder/{visit.id()}/edit", Done(str(error), None))
    return visit.back(form.text("back") or "/manage", done)


async def nest(visit: Visit) -> Response:
    form = await Form.of(visit.request)
    back = form.text("back") or f"/folder/{visit.id()}/edit"
    try:
        done = await visit.services.folders.nest(visit.actor, visit.id(), form.number("parent"))
    except Conflict as error:
        return visit.back(back, Done(str(error), None))
    return visit.back(back, done)


async def move(visit: Visit) -> Response:
    form = await Form.of(visit.request)
    done = await visit.services.folders.move(visit.actor, visit.id(), form.number("before"))
    return visit.back(form.text("back") or "/manage", done)


ROUTES = [
    get("/folder/{id}/edit", show),
    post("/do/folder/add", add),
    post("/do/folder/{id}/rename", rename),
    post("/do/folder/{id}/remove", remove),
    post("/do/folder/{id}/move", move),
    post("/do/folder/{id}/nest", nest),
]
