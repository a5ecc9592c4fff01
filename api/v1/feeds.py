"""Why a feed is quiet, and checking it now."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field
from starlette.responses import Response

from api.bodies import json_response
from api.deps import Me, Services
from api.docs import problems
from api.routing import new_router
from api.v1.shapes import FeedId, FeedItem, feed_item
from reader.services.health import Health

router = new_router("feeds")


class PullOut(BaseModel):
    at: float
    status: int | None = Field(examples=[304])
    bytes: int
    milliseconds: int
    new: int
    updated: int
    error: str | None = Field(description="In words.")


class MoveOut(BaseModel):
    """The feed's server moved it for good."""

    at: float
    from_url: str
    to_url: str
    undone_at: float | None = Field(description="When a reader took it back.")


class HealthOut(BaseModel):
    """Hours are UTC. ``hours``: expected seconds between entries, for each of the 24 hours; ``checks``: between checks.
    ``grid``: seconds between entries in the last ten days by hour, oldest day first, null where nothing was measured.
    ``week``: times the mean rate that working days and weekends have, 1 and 1 without a weekly rhythm."""

    feed: FeedItem
    description: str | None
    format: str | None = Field(examples=["rss 2.0"])
    sentence: str = Field(examples=["The next check is in 5 minutes. Between 11 and 12 it publishes every 10 minutes."])
    next_pull_at: float
    last_pull_at: float | None
    last_ok_at: float | None
    errors: int = Field(description="Failures in a row.")
    readers: int
    entries: int
    newest_at: float | None
    hours: list[float]
    checks: list[float]
    week: tuple[float, float]
    grid: list[list[float | None]]
    hour_now: int = Field(ge=0, le=23)
    pulls: list[PullOut] = Field(description="Newest first.")
    criterion: str = Field(description="What tells its entries apart: id, link, link_date or content.", examples=["id"])
    criterion_note: str = Field(description="Why it is not their ids, in a sentence; empty for id.")
    moves: list[MoveOut] = Field(description="Newest first.")
    paused_until: float | None = Field(description="Its server asked to be left alone until then.")


def health_json(health: Health) -> dict[str, Any]:
    schedule = health.schedule
    pulls = [
        {
            "at": p.at,
            "status": p.status,
            "bytes": p.bytes,
            "milliseconds": p.milliseconds,
            "new": p.new,
            "updated": p.updated,
            "error": p.error,
        }
        for p in health.pulls
    ]
    return {
        "feed": feed_item(health.row),
        "description": health.feed.description,
        "format": health.feed.format,
        "sentence": health.sentence,
        "next_pull_at": schedule.next_pull_at,
        "last_pull_at": schedule.last_pull_at,
        "last_ok_at": schedule.last_ok_at,
        "errors": schedule.errors,
        "readers": health.readers,
        "entries": health.entries,
        "newest_at": health.newest_at,
        "hours": health.hours,
        "checks": health.checks,
        "week": health.week,
        "grid": health.grid,
        "hour_now": health.hour_now,
        "pulls": pulls,
        "criterion": schedule.criterion,
        "criterion_note": schedule.criterion_note,
        "moves": [
            {"at": m.at, "from_url": m.from_url, "to_url": m.to_url, "undone_at": m.undone_at} for m in health.moves
        ],
        "paused_until": schedule.paused_until if (schedule.paused_until or 0) > health.now else None,
    }


@router.get("/feeds/{feed_id}/health", response_model=HealthOut, summary="Why it is quiet", responses=problems(404))
async def health(actor: Me, container: Services, feed_id: FeedId) -> Response:
    """For feeds you subscribe to."""
    return json_response(health_json(await container.services.feeds.health(actor, feed_id)))


@router.post(
    "/feeds/{feed_id}/check",
    status_code=202,
    summary="Check now",
    responses=problems(404, 429),
    response_class=Response,
)
async def check(actor: Me, container: Services, feed_id: FeedId) -> Response:
    """A pull is queued before all that nobody waits for; what it brings is announced live."""
    await container.services.feeds.check(actor, feed_id)
    return Response(status_code=202)


@router.post(
    "/feeds/{feed_id}/undo-move",
    status_code=204,
    summary="Take a move back",
    responses=problems(404, 422),
    response_class=Response,
)
async def undo_move(actor: Me, container: Services, feed_id: FeedId) -> Response:
    """The feed is read from its old address again, for all its readers, and does not move to that place again."""
    await container.services.feeds.undo_move(actor, feed_id)
    return Response(status_code=204)
