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
    unread: int = Field(ge=0, examples=[12], description="Of its feeds and of those in folders inside it.")
    parent_id: int | None = Field(description="The folder it is in.", examples=[None])
    feed_ids: list[int] = Field(examples=[[7, 9]])


class FolderList(BaseModel):
    folders: list[FolderItem]


class FolderIn(Body):
    title: Title = Field(examples=["News"])
    parent_id: Id | None = Field(None, description="The folder to make it in.")


class FolderPatch(Body):
    """What is left out stays. One of ``title``, ``before`` and ``parent_id`` at a time."""

    title: Title | None = Field(None, examples=["Newspapers"])
    open: bool | None = None
    before: Id | None = Field(None, description="Id of the folder to stand before; null: last.")
    parent_id: Id | None = Field(None, description="The folder to put it into; null: out of all.")


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
            "parent_id": f.parent_id,
            "feed_ids": [row.feed_id for row in f.feeds],
        }
        for f in sidebar.folders
    ]
    return json_response({"folders": items})


@router.post(
    "/folders", status_code=201, response_model=FolderItem, summary="Make a folder", responses=problems(404, 409)
)
async def add(actor: Me, container: Services, body: FolderIn) -> Response:
    f = await container.services.folders.add(actor, body.title, body.parent_id)
    item: dict[str, Any] = {"id": f.id, "title": f.title, "open": f.open, "position": f.position}
    item |= {"unread": 0, "parent_id": f.parent_id, "feed_ids": []}
    return json_response(item, 201)


@router.patch("/folders/{id}", response_model=Act, summary="Rename, move, open or close", responses=problems(404, 409))
async def change(actor: Me, container: Services, id: FolderId, body: FolderPatch) -> Response:
    service, given = container.services.folders, body.model_fields_set
    if len(given & {"title", "before", "parent_id"}) > 1:
        raise Invalid("Rename and move one after the other.", {"title": "Send it by itself."})
    done = Done("Nothing to change", None)
    if body.open is not None:
        await service.open(actor, id, body.open)
        done = Done("Folder opened" if body.open else "Folder closed", None, 1)
    if body.title is not None:
        done = await service.rename(actor, id, body.title)
    elif "parent_id" in given:
        done = await service.nest(actor, id, body.parent_id)
    elif "before" in given:
        done = await service.move(actor, id, body.before)
    elif body.open is None:
        await container.services.access.folder(actor, id)
    return json_response(act(done))


@router.delete("/folders/{id}", response_model=Act, summary="Remove a folder", responses=problems(404))
async def remove(actor: Me, container: Services, id: FolderId) -> Response:
    """Its feeds stay, without a folder; folders inside move to where it was. Undo brings it back with them."""
    return json_response(act(await container.services.folders.remove(actor, id)))
