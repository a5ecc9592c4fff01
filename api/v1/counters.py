"""The left column and its numbers."""

from __future__ import annotations

from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from api.bodies import tagged_response, to_json
from api.deps import container_of, signed_in
from api.routing import new_router, raw
from api.v1.shapes import FeedItem, feed_item

router = new_router("read")


class FolderBranch(BaseModel):
    id: int = Field(examples=[3])
    title: str = Field(examples=["News"])
    open: bool
    position: int = Field(examples=[0])
    unread: int = Field(ge=0, examples=[12], description="Of its feeds and of those in folders inside it.")
    parent_id: int | None = Field(description="The folder it is in; the list has it before this one.", examples=[None])
    feeds: list[FeedItem]


class SidebarOut(BaseModel):
    """``rev`` and ``feed_rev`` together name this state."""

    rev: int = Field(examples=[118])
    feed_rev: int = Field(examples=[2044])
    unread: int = Field(ge=0)
    later: int = Field(ge=0)
    starred: int = Field(ge=0)
    folders: list[FolderBranch]
    feeds: list[FeedItem] = Field(description="Those without a folder.")


class CountersOut(BaseModel):
    """Feeds and folders without unread entries are left out."""

    rev: int = Field(examples=[118])
    feed_rev: int = Field(examples=[2044])
    unread: int = Field(ge=0, examples=[15])
    later: int = Field(ge=0, examples=[2])
    starred: int = Field(ge=0, examples=[31])
    live: bool = Field(description="False: news is late at the moment, because what carries it is out of order.")
    feeds: dict[str, int] = Field(description="Feed id → unread.", examples=[{"7": 3, "9": 12}])
    folders: dict[str, int] = Field(description="Folder id → unread.", examples=[{"3": 12}])


@raw(router, "GET", "/sidebar", answers=SidebarOut, tagged=True, summary="Folders, feeds and their unread counts")
async def sidebar(request: Request) -> Response:
    actor = await signed_in(request)
    side = await container_of(request).services.reading.sidebar(actor)
    folders = [
        {
            "id": f.id,
            "title": f.title,
            "open": f.open,
            "position": f.position,
            "unread": f.unread,
            "parent_id": f.parent_id,
            "feeds": [feed_item(row) for row in f.feeds],
        }
        for f in side.folders
    ]
    body = to_json(
        {
            "rev": side.rev,
            "feed_rev": side.feed_rev,
            "unread": side.unread,
            "later": side.later,
            "starred": side.starred,
            "folders": folders,
            "feeds": [feed_item(row) for row in side.feeds],
        }
    )
    return tagged_response(request, body)


@raw(router, "GET", "/counters", answers=CountersOut, tagged=True, summary="All unread counts")
async def counters(request: Request) -> Response:
    """Small and quick: asked for after each event. Feeds and folders with nothing unread are left out."""
    actor = await signed_in(request)
    reading = container_of(request).services.reading
    side = await reading.sidebar(actor)
    rows = [row for f in side.folders for row in f.feeds]
    rows += side.feeds
    body = to_json(
        {
            "rev": side.rev,
            "feed_rev": side.feed_rev,
            "unread": side.unread,
            "later": side.later,
            "starred": side.starred,
            "live": reading.connected(actor),
            "feeds": {str(row.feed_id): row.unread for row in rows if row.unread},
            "folders": {str(f.id): f.unread for f in side.folders if f.unread},
        }
    )
    return tagged_response(request, body)
