"""Jobs for programs: submit one of the public kinds, read its state, wait for many."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Path, Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from api.bodies import Body, json_response
from api.deps import Me, Services
from api.docs import problems
from api.routing import new_router

router = new_router("jobs")

KEYS_MOST = 1000
KEYS_TEXT = KEYS_MOST * 33
JobKey = Annotated[str, Field(min_length=1, max_length=200, examples=["5e" * 16])]
Keys = Annotated[
    str, Query(max_length=KEYS_TEXT, description="Keys of jobs, separated by commas.", examples=["5e" * 16])
]


class JobIn(Body):
    kind: str = Field(max_length=100, description="`pull`, `discover` or `import`.", examples=["pull"])
    args: dict[str, Any] = Field(
        default_factory=dict,
        description="pull: `feed_id` of a feed you subscribe to. discover: `address`. import: `opml`, the text of a "
        "file, or `import_id` of one uploaded by `POST /imports`, which is started.",
        examples=[{"feed_id": 7}],
    )


class JobOut(BaseModel):
    """A job that you submitted. ``result`` is there once it is done."""

    key: str = Field(examples=["5e" * 16])
    kind: str = Field(examples=["pull"])
    args: dict[str, Any] = Field(examples=[{"feed_id": 7}])
    state: Literal["waiting", "running", "done", "failed", "cancelled"]
    attempts: int
    submitted_at: float
    finished_at: float | None
    result: Any | None = Field(description="Kept for an hour.")
    error: str | None = Field(description="In words.")


class JobList(BaseModel):
    jobs: list[JobOut]


class Cancelled(BaseModel):
    cancelled: bool = Field(description="False when it was over already.")


class WaitIn(Body):
    keys: list[JobKey] = Field(min_length=1, max_length=KEYS_MOST)
    seconds: float = Field(30, ge=0, le=60)


def split(keys: str) -> list[str]:
    """Keys of a query string."""
    return [key for key in (part.strip() for part in keys.split(",")) if key]


@router.post("/jobs", status_code=202, response_model=JobOut, summary="Submit a job", responses=problems(404, 429))
async def submit(actor: Me, container: Services, body: JobIn) -> Response:
    """Needs a token with the right `jobs`. A job that waits or runs already is joined, not doubled: the answer is
    that one, under the same key."""
    return json_response(await container.services.jobs.submit(actor, body.kind, body.args), 202)


@router.get("/jobs", response_model=JobList, summary="Your jobs")
async def jobs(actor: Me, container: Services, limit: Annotated[int, Query(ge=1, le=500)] = 50) -> Response:
    """Those you submitted, the newest first."""
    return json_response({"jobs": await container.services.jobs.own(actor, limit)})


@router.get("/jobs/wait", response_model=JobList, summary="Wait until one ends", responses=problems(404, 429))
async def wait(
    actor: Me, container: Services, keys: Keys, seconds: Annotated[float, Query(ge=0, le=60)] = 30
) -> Response:
    """Long polling: answers with all of them as they are, once at least one has ended, or after `seconds`. Ask again
    for those that have not."""
    return json_response({"jobs": await container.services.jobs.wait(actor, split(keys), seconds)})


@router.post("/jobs/wait", response_model=JobList, summary="Wait for many", responses=problems(404, 429))
async def wait_for_many(actor: Me, container: Services, body: WaitIn) -> Response:
    """As `GET /jobs/wait`, for more keys than fit into an address: up to 1,000."""
    return json_response({"jobs": await container.services.jobs.wait(actor, body.keys, body.seconds)})


@router.get("/jobs/{key}", response_model=JobOut, summary="One of your jobs", responses=problems(404))
async def job(actor: Me, container: Services, key: Annotated[str, Path(max_length=200)]) -> Response:
    return json_response(await container.services.jobs.get(actor, key))


@router.delete("/jobs/{key}", response_model=Cancelled, summary="Cancel a job", responses=problems(404))
async def cancel(actor: Me, container: Services, key: Annotated[str, Path(max_length=200)]) -> Response:
    """Ends it while it waits or runs. Whoever else asked for the same job sees it cancelled too."""
    return json_response({"cancelled": await container.services.jobs.cancel(actor, key)})
