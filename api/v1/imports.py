"""Imports of OPML, and exports of everything a person has."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Path, Query
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from api.bodies import Body, json_response
from api.deps import Me, Services, host_of
from api.docs import problems
from api.outputs import base_of
from api.routing import new_router
from api.upload import read_upload
from api.v1.shapes import ID_MOST, Act, act
from reader.models.imports import ImportItem, ItemState, Progress

router = new_router("imports")

ImportId = Annotated[int, Path(ge=1, le=ID_MOST, description="The import's id.", examples=[5])]
Number = Annotated[int, Path(ge=1, le=10**9, description="The feed's number in the import.", examples=[12])]
UPLOAD_DOC: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The file itself, or a form with one file.",
        "content": {
            "text/x-opml": {"schema": {"type": "string", "format": "binary"}},
            "multipart/form-data": {
                "schema": {"type": "object", "properties": {"file": {"type": "string", "format": "binary"}}}
            },
        },
    }
}


class Counts(BaseModel):
    """By kind over everything in the file; by state over what is chosen, which adds up to ``total``."""

    found: int = Field(examples=[214])
    new: int = Field(examples=[187])
    yours: int = Field(description="Subscribed to already.", examples=[19])
    twice: int = Field(description="Stands further up as well.", examples=[5])
    refused: int = Field(examples=[3])
    total: int = Field(examples=[187])
    waiting: int = Field(examples=[43])
    running: int = Field(examples=[12])
    done: int = Field(examples=[125])
    need: int = Field(description="A replacement was found: take it or not.", examples=[2])
    failed: int = Field(examples=[4])
    skipped: int = Field(description="Cancelled before their turn.", examples=[1])
    settled: int = Field(description="Where the bar stands: it never goes back.", examples=[131])


class ImportOut(BaseModel):
    id: int = Field(examples=[5])
    name: str = Field(description="Of the file.", examples=["subscriptions.opml"])
    state: Literal["preview", "running", "paused", "done", "cancelled", "undone"]
    created_at: float
    started_at: float | None
    finished_at: float | None
    counts: Counts
    percent: float = Field(ge=0, le=100, examples=[70.1])
    seconds_left: float | None = Field(description="Reckoned from 5 % on.", examples=[38.0])
    now: str | None = Field(description="The feed at hand.", examples=["Clockwork Almanac"])


class ImportList(BaseModel):
    imports: list[ImportOut]


class FoundOut(BaseModel):
    url: str
    title: str


class ItemOut(BaseModel):
    number: int = Field(examples=[12])
    line: int = Field(description="In the file.", examples=[14])
    kind: Literal["new", "yours", "twice", "refused"]
    chosen: bool
    state: Literal["waiting", "running", "done", "need", "failed", "skipped"]
    url: str = Field(description="http or https; empty where the file has no such address.")
    written: str = Field(description="The address as the file has it. Show it; do not follow it.")
    title: str | None
    html_url: str | None
    folders: list[str] = Field(description="Outermost first.", examples=[["Science", "Physics"]])
    reason: str | None = Field(description="Why it was refused, failed or needs you, in words.")
    feed_id: int | None
    found: list[FoundOut] = Field(description="Feeds that could take its place; each was tried and works.")


class ItemList(BaseModel):
    items: list[ItemOut]
    next: int | None = Field(description="Hand it back as ``after``; null at the end.")


class ChooseIn(Body):
    items: list[int] = Field(max_length=100_000, description="Numbers of the feeds to import; all others are left out.")


class AcceptIn(Body):
    url: str | None = Field(None, max_length=5000, description="Which of those found; the first one without it.")


def import_out(progress: Progress) -> dict[str, Any]:
    job, tally = progress.job, progress.tally
    return {
        "id": job.id,
        "name": job.name,
        "state": job.state,
        "created_at": job.created_at,
        "started_at": job.started_at,
        "finished_at": job.finished_at,
        "counts": {name: getattr(tally, name) for name in Counts.model_fields},
        "percent": round(progress.percent, 2),
        "seconds_left": None if progress.left is None else round(progress.left, 1),
        "now": progress.now,
    }


def item_out(item: ImportItem) -> dict[str, Any]:
    out = {name: getattr(item, name) for name in ItemOut.model_fields if name not in ("folders", "found", "written")}
    return out | {
        "url": item.url if item.url[:8].lower().startswith(("http://", "https://")) else "",
        "written": item.url,
        "folders": list(item.folders),
        "found": [{"url": each.url, "title": each.title} for each in item.found],
    }


@router.post(
    "/imports",
    status_code=201,
    response_model=ImportOut,
    summary="Upload an OPML file",
    openapi_extra=UPLOAD_DOC,
    responses=problems(400, 413),
)
async def upload(
    request: Request,
    actor: Me,
    container: Services,
    name: Annotated[str, Query(max_length=500, description="The file's name.")] = "subscriptions.opml",
) -> Response:
    """Reads the file and answers with a preview. Nothing is subscribed to before it is started."""
    file = await read_upload(request, name)
    progress = await container.services.imports.upload(actor, file.name, file.body, file.type, host=host_of(request))
    return json_response(import_out(progress), 201)


@router.get("/imports", response_model=ImportList, summary="Your imports, newest first")
async def imports(actor: Me, container: Services) -> Response:
    found = await container.services.imports.recent(actor)
    return json_response({"imports": [import_out(progress) for progress in found]})


@router.get("/imports/{id}", response_model=ImportOut, summary="Where an import is", responses=problems(404))
async def one(actor: Me, container: Services, id: ImportId) -> Response:
    return json_response(import_out(await container.services.imports.get(actor, id)))


@router.get("/imports/{id}/items", response_model=ItemList, summary="Its feeds, in order", responses=problems(404))
async def items(
    actor: Me,
    container: Services,
    id: ImportId,
    state: Annotated[ItemState | None, Query(description="Only those in this state.")] = None,
    after: Annotated[int, Query(ge=0, le=10**9)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> Response:
    states = (state,) if state else ()
    found = await container.services.imports.items(actor, id, states=states, after=after, limit=limit)
    following = found[-1].number if len(found) == limit else None
    return json_response({"items": [item_out(item) for item in found], "next": following})


@router.post("/imports/{id}/choose", response_model=ImportOut, summary="Choose what to import", responses=problems(404))
async def choose(actor: Me, container: Services, id: ImportId, body: ChooseIn) -> Response:
    """Of a preview. Without it, everything that is new is chosen."""
    return json_response(import_out(await container.services.imports.choose(actor, id, body.items)))


@router.post("/imports/{id}/start", response_model=ImportOut, summary="Start it", responses=problems(404, 409))
async def start(actor: Me, container: Services, id: ImportId) -> Response:
    return json_response(import_out(await container.services.imports.start(actor, id)))


@router.post("/imports/{id}/pause", response_model=ImportOut, summary="Pause it", responses=problems(404, 409))
async def pause(actor: Me, container: Services, id: ImportId) -> Response:
    return json_response(import_out(await container.services.imports.pause(actor, id)))


@router.post("/imports/{id}/resume", response_model=ImportOut, summary="Go on", responses=problems(404, 409))
async def resume(actor: Me, container: Services, id: ImportId) -> Response:
    return json_response(import_out(await container.services.imports.resume(actor, id)))


@router.post("/imports/{id}/cancel", response_model=ImportOut, summary="Cancel it", responses=problems(404, 409))
async def cancel(actor: Me, container: Services, id: ImportId) -> Response:
    """What was fetched stays; what waits is left out."""
    return json_response(import_out(await container.services.imports.cancel(actor, id)))


@router.post("/imports/{id}/undo", response_model=Act, summary="Undo the whole import", responses=problems(404, 409))
async def undo(actor: Me, container: Services, id: ImportId) -> Response:
    """For 24 hours: subscriptions and folders that it made go; what you did since stays."""
    return json_response(act(await container.services.imports.undo(actor, id)))


@router.post(
    "/imports/{id}/items/{number}/retry",
    response_model=ImportOut,
    summary="Try one again",
    responses=problems(404, 409),
)
async def retry(actor: Me, container: Services, id: ImportId, number: Number) -> Response:
    return json_response(import_out(await container.services.imports.retry(actor, id, number)))


@router.post(
    "/imports/{id}/items/{number}/accept",
    response_model=ImportOut,
    summary="Take a replacement",
    responses=problems(404, 409),
)
async def accept(actor: Me, container: Services, id: ImportId, number: Number, body: AcceptIn) -> Response:
    return json_response(import_out(await container.services.imports.accept(actor, id, number, body.url)))


OPML_DOC: dict[int | str, dict[str, Any]] = {200: {"content": {"text/x-opml": {"schema": {"type": "string"}}}}}
FEED_DOC: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/feed+json": {"schema": {"type": "object"}}}}
}
ZIP_DOC: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}}}
}


@router.get("/export/opml", summary="Your feeds as OPML 2.0", response_class=Response, responses=OPML_DOC)
async def export_opml(request: Request, actor: Me, container: Services) -> Response:
    return download(await container.services.exports.opml(actor, base_of(request)), "text/x-opml", "subscriptions.opml")


@router.get("/export/starred", summary="Starred entries as JSON Feed", response_class=Response, responses=FEED_DOC)
async def export_starred(actor: Me, container: Services) -> Response:
    pieces = await container.services.exports.flagged(actor, "starred")
    return StreamingResponse(pieces, media_type="application/feed+json", headers=attached("starred.json"))


@router.get("/export/later", summary="Entries to read later as JSON Feed", response_class=Response, responses=FEED_DOC)
async def export_later(actor: Me, container: Services) -> Response:
    pieces = await container.services.exports.flagged(actor, "later")
    return StreamingResponse(pieces, media_type="application/feed+json", headers=attached("later.json"))


@router.get("/export", summary="Everything, as a zip", response_class=Response, responses=ZIP_DOC)
async def export_all(request: Request, actor: Me, container: Services) -> Response:
    """Subscriptions, starred and read-later entries, read state, settings."""
    pieces = await container.services.exports.archive(actor, base_of(request))
    return StreamingResponse(pieces, media_type="application/zip", headers=attached("evantr.zip"))


def download(body: bytes, type: str, name: str) -> Response:
    return Response(body, media_type=type, headers=attached(name))


def attached(name: str) -> dict[str, str]:
    """Saved, not shown. The name is ours: nothing of a person's is in the header."""
    return {"content-disposition": f'attachment; filename="{name}"'}
