"""Lists of entries. Hot: they answer ready bytes, made straight from the models."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from api.bodies import Query, read_query, tagged_response, to_json
from api.deps import container_of, signed_in
from api.docs import problems
from api.routing import new_router, raw
from api.v1.shapes import ID_MOST, icon_path
from reader.errors import NotFound
from reader.models.reading import EntryView, Page
from reader.services.reading import parse_scope

router = new_router("read")

SCOPE = r"^(all|starred|later|(folder|feed)/[1-9][0-9]{0,14})$"


class EnclosureOut(BaseModel):
    url: str
    type: str | None = Field(examples=["audio/mpeg"])
    length: int | None


class EntryOut(BaseModel):
    """An entry as you see it. ``content`` is cleaned HTML; it is left out when the list was asked without."""

    id: int = Field(examples=[40217])
    feed_id: int = Field(examples=[7])
    feed_title: str = Field(examples=["Gazette"])
    feed_icon: str | None
    site_url: str | None
    url: str | None = Field(examples=["https://gazette.example/2026/11/harbour"])
    title: str = Field(examples=["The harbour opens again"])
    author: str | None = Field(examples=["Ada Marsh"])
    published_at: float | None = Field(description="As the publisher says.", examples=[1795132800.0])
    updated_at: float | None
    arrived_at: float
    sort_at: float = Field(description="What lists are ordered by.")
    summary: str
    content: str | None = None
    tags: list[str]
    enclosures: list[EnclosureOut]
    comments_url: str | None
    read: bool
    starred: bool
    later: bool
    above: bool = Field(description="It was unread when the list was first drawn.")
    copies: list[int] = Field(
        description="Ids of entries that tell the same story in other feeds you read; marks go to all.", examples=[[]]
    )


class EntryPage(BaseModel):
    scope: str = Field(examples=["folder/3"])
    title: str = Field(examples=["News"])
    entries: list[EntryOut]
    next: str | None = Field(description="Hand it back as `after`; null at the end.")
    as_of: int = Field(description="The state that the list shows; for `since` and mark-all.", examples=[40300])
    unread: int = Field(ge=0, description="Unread in the scope when the list was first drawn.")
    total: int = Field(ge=0, description="All entries in the scope when the list was first drawn.")
    fresh: int = Field(ge=0, description="Arrived since the list was first drawn.")
    show: Literal["all", "unread"]
    order: Literal["newest", "oldest"]


class PageQuery(Query):
    scope: str = Field("all", pattern=SCOPE, description="all, starred, later, folder/ID or feed/ID.")
    show: Literal["all", "unread"] = "all"
    order: Literal["newest", "oldest"] = "newest"
    after: str | None = Field(None, max_length=400, description="`next` of the page before.")
    limit: int = Field(50, ge=1, le=200)
    content: bool = Field(True, description="false leaves the content out.")


class FreshQuery(Query):
    scope: str = Field("all", pattern=SCOPE, description="all, folder/ID or feed/ID.")
    since: int = Field(ge=0, le=ID_MOST, description="`as_of` of the list on the screen.")
    limit: int = Field(50, ge=1, le=200)
    content: bool = True


class EntryPath(BaseModel):
    id: int = Field(ge=1, le=ID_MOST, examples=[40217])


def entry_json(view: EntryView, content: bool) -> dict[str, Any]:
    entry = view.entry
    out: dict[str, Any] = {
        "id": entry.id,
        "feed_id": entry.feed_id,
        "feed_title": view.feed_title,
        "feed_icon": icon_path(view.feed_icon),
        "site_url": view.site_url,
        "url": entry.url,
        "title": entry.title,
        "author": entry.author,
        "published_at": entry.published_at,
        "updated_at": entry.updated_at,
        "arrived_at": entry.arrived_at,
        "sort_at": entry.sort_at,
        "summary": entry.summary,
        "tags": entry.tags,
        "enclosures": entry.enclosures,  # orjson writes the dataclass field by field
        "comments_url": entry.comments_url,
        "read": view.read,
        "starred": view.starred,
        "later": view.later,
        "above": view.above,
        "copies": view.copies,
    }
    if content:
        out["content"] = entry.content
    return out


def page_bytes(page: Page, content: bool) -> bytes:
    return to_json(
        {
            "scope": str(page.scope),
            "title": page.title,
            "entries": [entry_json(view, content) for view in page.entries],
            "next": page.next,
            "as_of": page.as_of,
            "unread": page.unread,
            "total": page.total,
            "fresh": page.fresh,
            "show": page.show,
            "order": page.order,
        }
    )


@raw(
    router,
    "GET",
    "/entries",
    answers=EntryPage,
    query=PageQuery,
    tagged=True,
    more=problems(404),
    summary="A list of entries, unread on top",
)
async def entries(request: Request) -> Response:
    """Unread first, read below, newest first in each part (or oldest). `starred` and `later`: newest flag first."""
    actor = await signed_in(request)
    query = read_query(request, PageQuery)
    page = await container_of(request).services.reading.page(
        actor,
        parse_scope(query.scope),
        show=query.show,
        order=query.order,
        after=query.after,
        limit=query.limit,
    )
    return tagged_response(request, page_bytes(page, query.content))


@raw(
    router,
    "GET",
    "/entries/fresh",
    answers=EntryPage,
    query=FreshQuery,
    tagged=True,
    more=problems(404),
    summary="What arrived since a list was drawn",
)
async def fresh(request: Request) -> Response:
    actor = await signed_in(request)
    query = read_query(request, FreshQuery)
    page = await container_of(request).services.reading.fresh(
        actor, parse_scope(query.scope), query.since, limit=query.limit
    )
    return tagged_response(request, page_bytes(page, query.content))


@raw(
    router,
    "GET",
    "/entries/{id}",
    answers=EntryOut,
    path=EntryPath,
    tagged=True,
    more=problems(404),
    summary="One entry",
)
async def entry(request: Request) -> Response:
    actor = await signed_in(request)
    view = await container_of(request).services.reading.entry(actor, entry_id(request))
    return tagged_response(request, to_json(entry_json(view, True)))


def entry_id(request: Request) -> int:
    """The id in the path. What cannot be an id is absent."""
    text = request.path_params["id"]
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise NotFound("There is no such entry.")
    return int(text)
