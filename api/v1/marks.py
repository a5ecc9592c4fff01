"""Marks, and taking them back. Each act answers with a label and an undo token."""

from __future__ import annotations

from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from api.bodies import Body, json_response, read_body
from api.deps import Me, Services, container_of, signed_in
from api.docs import problems
from api.routing import new_router, raw
from api.v1.entries import SCOPE
from api.v1.shapes import Act, EntryId, Id, act
from reader.services.reading import parse_scope

router = new_router("mark")


class MarkIn(Body):
    ids: list[Id] = Field(max_length=1000, examples=[[40217, 40218]])
    read: bool = True


class MarkAllIn(Body):
    """Marks what was there when the list was drawn (``as_of``), so that nothing unseen is lost."""

    scope: str = Field(pattern=SCOPE, examples=["folder/3"])
    as_of: int = Field(ge=0, le=10**15 - 1, examples=[40300])
    older_than: float | None = Field(None, ge=0, le=10**10, description="Seconds; spares what is younger.")
    after_entry: Id | None = Field(None, description="Only what is older than this entry.")
    before_entry: Id | None = Field(None, description="Only what is newer than this entry.")


class UndoIn(Body):
    token: str = Field(max_length=20_000, examples=["unread.40217.40218"])


@raw(
    router,
    "POST",
    "/entries/mark",
    answers=Act,
    body=MarkIn,
    more=problems(404),
    summary="Mark entries as read or unread",
)
async def mark(request: Request) -> Response:
    """Up to 1,000 at once. With one id that is not yours to read nothing is marked."""
    actor = await signed_in(request)
    body = await read_body(request, MarkIn)
    return json_response(act(await container_of(request).services.reading.mark(actor, body.ids, body.read)))


@router.put("/entries/{id}/star", response_model=Act, summary="Star", responses=problems(404))
async def star(actor: Me, container: Services, id: EntryId) -> Response:
    return json_response(act(await container.services.reading.star(actor, id, True)))


@router.delete("/entries/{id}/star", response_model=Act, summary="Take the star away", responses=problems(404))
async def unstar(actor: Me, container: Services, id: EntryId) -> Response:
    return json_response(act(await container.services.reading.star(actor, id, False)))


@router.put("/entries/{id}/later", response_model=Act, summary="Read later", responses=problems(404))
async def later(actor: Me, container: Services, id: EntryId) -> Response:
    return json_response(act(await container.services.reading.later(actor, id, True)))


@router.delete("/entries/{id}/later", response_model=Act, summary="Not later", responses=problems(404))
async def not_later(actor: Me, container: Services, id: EntryId) -> Response:
    return json_response(act(await container.services.reading.later(actor, id, False)))


@router.post("/mark-all", response_model=Act, summary="Mark all as read", responses=problems(404))
async def mark_all(actor: Me, container: Services, body: MarkAllIn) -> Response:
    """Of a feed, a folder or all. Can be undone for 24 hours."""
    done = await container.services.reading.mark_all(
        actor,
        parse_scope(body.scope),
        as_of=body.as_of,
        older_than=body.older_than,
        after_entry=body.after_entry,
        before_entry=body.before_entry,
    )
    return json_response(act(done))


@router.post("/undo", response_model=Act, summary="Take an act back", responses=problems(404, 409))
async def undo(actor: Me, container: Services, body: UndoIn) -> Response:
    """Answers with an undo token of its own where taking back can be taken back."""
    return json_response(act(await container.services.reading.undo(actor, body.token)))
