"""Folders of the left column."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field
from starlette.responses import Response

from api.bodies import Body, json_response
from api.deps import Me, Services
from api.docs import problems
from api.routing import new_router
from api.v1.shapes import Act, FolderId, Id, Title, act
from reader.errors import Invalid
from reader.models.reading import Done

router = new_router("subscriptions")


class FolderItem(BaseModel):
    id: int = Field(examples=[3])
    title: str = Field(examples=["News"])
    open: bool = Field(description="Drawn unfolded in the left column.")
    position: int = Field(examples=[0])
    unread: int = Field(ge=0, examples=[12])
    feed_ids: list[int] = Field(examples=[[7, 9]])


class FolderList(BaseModel):
    folders: list[FolderItem]


class FolderIn(Body):
    title: Title = Field(examples=["News"])


class FolderPatch(Body):
    """What is left out stays. One of ``title`` and ``before`` at a time."""

    title: Title | None = Field(None, examples=["Newspapers"])
    open: bool | None = None
    before: Id | None = Field(None, description="Id of the folder to stand before; null: last.")


@router.get("/folders", response_model=FolderList, summary="Your folders")
async def folders(actor: Me, container: Services) -> Response:
    sidebar = await container.services.reading.sidebar(actor)
    items: list[dict[str, Any]] = [
        {
            "id": f.id,
            "title": f.title,
            "open": f.open,
            "position": f.position,
            "unread": f.unread,
            "feed_ids": [row.feed_id for row in f.feeds],
        }
        for f in sidebar.folders
    ]
    return json_response({"folders": items})


@router.post("/folders", status_code=201, response_model=FolderItem, summary="Make a folder", responses=problems(409))
async def add(actor: Me, container: Services, body: FolderIn) -> Response:
    f = await container.services.folders.add(actor, body.title)
    item = {"id": f.id, "title": f.title, "open": f.open, "position": f.position, "unread": 0, "feed_ids": []}
    return json_response(item, 201)


@router.patch("/folders/{id}", response_model=Act, summary="Rename, move, open or close", responses=problems(404, 409))
async def change(actor: Me, container: Services, id: FolderId, body: FolderPatch) -> Response:
    service, given = container.services.folders, body.model_fields_set
    if {"title", "before"} <= given:
        raise Invalid("Rename and move one after the other.", {"title": "Send it by itself."})
    done = Done("Nothing to change", None)
    if body.open is not None:
        await service.open(actor, id, body.open)
        done = Done("Folder opened" if body.open else "Folder closed", None, 1)
    if body.title is not None:
        done = await service.rename(actor, id, body.title)
    elif "before" in given:
        done = await service.move(actor, id, body.before)
    elif body.open is None:
        await container.services.access.folder(actor, id)
    return json_response(act(done))


@router.delete("/folders/{id}", response_model=Act, summary="Remove a folder", responses=problems(404))
async def remove(actor: Me, container: Services, id: FolderId) -> Response:
    """Its feeds stay, without a folder. Undo brings it back with them."""
    return json_response(act(await container.services.folders.remove(actor, id)))
