"""Search by words."""

from __future__ import annotations

from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from api.bodies import Query, read_query, tagged_response, to_json
from api.deps import container_of, signed_in
from api.docs import problems
from api.routing import new_router, raw
from api.v1.entries import SCOPE, EntryOut, entry_json
from api.v1.shapes import ID_MOST
from reader.services.reading import parse_scope

router = new_router("read")


class FoundPage(BaseModel):
    """A page may hold fewer entries than asked for, or none, and still have a ``next``."""

    scope: str = Field(examples=["all"])
    entries: list[EntryOut]
    next: int | None = Field(description="Hand it back as `before`; null at the end.", examples=[39100])


class SearchQuery(Query):
    q: str = Field(min_length=1, max_length=300, description='Words, "phrases", -without, begin*, title:word.')
    scope: str = Field("all", pattern=SCOPE, description="all, folder/ID or feed/ID.")
    before: int | None = Field(None, ge=1, le=ID_MOST, description="`next` of the page before.")
    limit: int = Field(50, ge=1, le=200)
    content: bool = Field(True, description="false leaves the content out.")


@raw(
    router,
    "GET",
    "/search",
    answers=FoundPage,
    query=SearchQuery,
    tagged=True,
    more=problems(404),
    summary="Entries of your subscriptions that hold some words",
)
async def search(request: Request) -> Response:
    """The newest arrivals first. Neither case nor accents matter."""
    actor = await signed_in(request)
    query = read_query(request, SearchQuery)
    found = await container_of(request).services.search.find(
        actor, query.q, parse_scope(query.scope), before=query.before, limit=query.limit
    )
    entries = [entry_json(view, query.content) for view in found.entries]
    return tagged_response(request, to_json({"scope": str(found.scope), "entries": entries, "next": found.next}))
