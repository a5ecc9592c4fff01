"""What operators see and steer: queues, managers, dead letters, settings, history. For administrators alone: to
everybody else these addresses do not exist."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Path, Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from api.bodies import Body, json_response
from api.deps import Me, Services
from api.docs import problems
from api.routing import new_router
from api.v1.shapes import ID_MOST
from api.v1.watching import (
    AuditPage,
    DeadPage,
    FeedPage,
    HistoryOut,
    LetterOut,
    ManagerList,
    OverviewOut,
    PeopleOut,
    QueueList,
    SettingList,
    SettingOut,
    StoryList,
    letter_json,
)
from reader.errors import Invalid

router = new_router("admin")

Key = Annotated[str, Path(max_length=200, description="The job's key.", examples=["5e" * 16])]
Limit = Annotated[int, Query(ge=1, le=500)]
State = Literal["new", "active", "failing", "gone"]


class ValueIn(Body):
    value: float | None = Field(description="null: take the change back; file or environment is in force again.")


class Changed(BaseModel):
    changed: int = Field(ge=0, examples=[3])


@router.get("/admin/overview", response_model=OverviewOut, summary="Everything at a glance", responses=problems(404))
async def overview(actor: Me, container: Services) -> Response:
    """Queues summed over all managers, every process that reported within 20 seconds, the updater, feeds by state."""
    return json_response(await container.services.operations.overview(actor))


@router.get("/admin/queues", response_model=QueueList, summary="Queues", responses=problems(404))
async def queues(actor: Me, container: Services) -> Response:
    """User queues first: those that somebody waits for. `allowed` follows the load, up to `settings.max_running`."""
    return json_response({"queues": await container.services.operations.queues(actor)})


@router.get("/admin/managers", response_model=ManagerList, summary="Managers, CPU processes", responses=problems(404))
async def managers(actor: Me, container: Services) -> Response:
    return json_response({"managers": await container.services.operations.managers(actor)})


@router.get("/admin/jobs", response_model=StoryList, summary="The last jobs with their story", responses=problems(404))
async def jobs(
    actor: Me,
    container: Services,
    queue: Annotated[str | None, Query(max_length=100, examples=["pull-sys"])] = None,
    state: Annotated[str | None, Query(max_length=100, examples=["failed"])] = None,
    limit: Limit = 100,
) -> Response:
    """Of all managers, the newest first. Each manager remembers its last jobs while it runs."""
    found = await container.services.operations.jobs(actor, 500)
    chosen = [job for job in found if queue in (None, job.queue) and state in (None, job.state)]
    return json_response({"jobs": chosen[:limit]})


@router.get("/admin/dead", response_model=DeadPage, summary="Dead letters", responses=problems(404))
async def dead(
    actor: Me,
    container: Services,
    before: Annotated[str | None, Query(max_length=300, description="`next` of the page before.")] = None,
    limit: Limit = 50,
) -> Response:
    """Jobs that were given up, the newest first, with the error, the arguments and their story."""
    found = list(await container.services.operations.dead(actor, before=_position(before), limit=limit))
    last = found[-1] if len(found) == limit else None
    return json_response(
        {"dead": list(map(letter_json, found)), "next": f"{last.died_at!r}-{last.key}" if last else None}
    )


def _position(text: str | None) -> tuple[float, str] | None:
    if text is None:
        return None
    at, mark, key = text.partition("-")
    try:
        if mark and key:
            return float(at), key
    except ValueError:
        pass
    raise Invalid("This is no place in the list of dead letters.", {"before": "not the next of a page"})


@router.get("/admin/dead/{key}", response_model=LetterOut, summary="One dead letter", responses=problems(404))
async def letter(actor: Me, container: Services, key: Key) -> Response:
    return json_response(letter_json(await container.services.operations.dead_letter(actor, key)))


@router.post("/admin/dead/{key}/retry", response_model=LetterOut, summary="Retry one", responses=problems(404))
async def retry(actor: Me, container: Services, key: Key) -> Response:
    """The job waits again, with all its attempts; the letter is gone."""
    return json_response(letter_json(await container.services.operations.retry(actor, key)))


@router.delete("/admin/dead/{key}", response_model=LetterOut, summary="Drop one", responses=problems(404))
async def drop(actor: Me, container: Services, key: Key) -> Response:
    """Forgets it; the answer is the last that is to be seen of it."""
    return json_response(letter_json(await container.services.operations.drop(actor, key)))


@router.post("/admin/dead/retry", response_model=Changed, summary="Retry all dead letters", responses=problems(404))
async def retry_all(actor: Me, container: Services) -> Response:
    return json_response({"changed": await container.services.operations.retry_all(actor)})


@router.post("/admin/dead/drop", response_model=Changed, summary="Drop all dead letters", responses=problems(404))
async def drop_all(actor: Me, container: Services) -> Response:
    return json_response({"changed": await container.services.operations.drop_all(actor)})


@router.get("/admin/settings", response_model=SettingList, summary="Settings in force", responses=problems(404))
async def settings(actor: Me, container: Services) -> Response:
    """Each with where it comes from: the environment's default, the settings file, or a change made while running."""
    service = container.services.operations
    found = await service.settings(actor)
    path, error = await service.settings_file(actor)
    return json_response({"settings": found, "file": path, "file_error": error})


@router.patch(
    "/admin/settings/{queue}/{name}", response_model=SettingOut, summary="Change a setting", responses=problems(404)
)
async def set_setting(
    actor: Me,
    container: Services,
    queue: Annotated[str, Path(max_length=100, description="A queue, or `cpu`.", examples=["pull-sys"])],
    name: Annotated[str, Path(max_length=100, examples=["max_running"])],
    body: ValueIn,
) -> Response:
    """In force in every running manager within seconds, and after a restart. Writes a line of the audit."""
    return json_response(await container.services.operations.set_setting(actor, queue, name, body.value))


@router.get("/admin/history", response_model=HistoryOut, summary="The last day", responses=problems(404))
async def history(
    actor: Me,
    container: Services,
    since: Annotated[float | None, Query(ge=0, le=1e12, description="Seconds since 1970; a day ago at most.")] = None,
) -> Response:
    """Points of five minutes: jobs done and failed, what waited and ran, memory, lateness of the event loops."""
    return json_response({"points": await container.services.operations.history(actor, since)})


@router.get("/admin/audit", response_model=AuditPage, summary="Who changed what", responses=problems(404))
async def audit(
    actor: Me,
    container: Services,
    before: Annotated[int | None, Query(ge=1, le=ID_MOST, description="`next` of the page before.")] = None,
    limit: Limit = 50,
) -> Response:
    found = list(await container.services.operations.audit(actor, before=before, limit=limit))
    return json_response({"audit": found, "next": found[-1].id if len(found) == limit else None})


@router.get("/admin/feeds", response_model=FeedPage, summary="Feeds by health", responses=problems(404))
async def feeds(
    actor: Me,
    container: Services,
    state: State = "failing",
    after: Annotated[int, Query(ge=0, le=ID_MOST, description="`next` of the page before.")] = 0,
    limit: Limit = 100,
) -> Response:
    """Feeds of one state with what went wrong and when they are looked at again, in order of id."""
    found = await container.services.feeds.in_state(actor, state, after=after, limit=limit)
    rows: list[dict[str, Any]] = [
        {
            "feed_id": feed.id,
            "title": feed.title,
            "url": feed.url,
            "state": feed.state,
            "error": schedule.error,
            "errors": schedule.errors,
            "sentence": sentence,
            "last_ok_at": schedule.last_ok_at,
            "next_pull_at": schedule.next_pull_at,
        }
        for feed, schedule, sentence in found
    ]
    return json_response({"feeds": rows, "next": rows[-1]["feed_id"] if len(rows) == limit else None})


@router.get("/admin/accounts", response_model=PeopleOut, summary="Accounts", responses=problems(404))
async def accounts(actor: Me, container: Services) -> Response:
    rows = [
        {
            "id": user.id,
            "name": user.name,
            "admin": user.admin,
            "created_at": user.created_at,
            "subscriptions": subscriptions,
        }
        for user, subscriptions in await container.services.accounts.overview(actor)
    ]
    return json_response({"accounts": rows})


@router.delete(
    "/admin/accounts/{name}",
    status_code=204,
    summary="Remove an account",
    response_class=Response,
    responses=problems(403, 404),
)
async def remove_account(
    actor: Me, container: Services, name: Annotated[str, Path(max_length=100, examples=["ines"])]
) -> Response:
    """With everything it holds, at once and for good. What others built on what it shared stays readable, as of a
    removed account. Nobody can take its name."""
    await container.services.departure.remove(actor, name)
    return Response(status_code=204)
