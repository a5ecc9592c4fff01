"""What changes while a page is open: a stream, and polling for those who cannot have it."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from api.bodies import Query, json_response, read_query
from api.deps import container_of, signed_in
from api.routing import RawRoute, new_router, raw
from api.stream import Live, LiveResponse, still_signed_in, streams_of

router = new_router("live")

ABOUT = """\
Server-sent events. The first is `counters` with `{"rev", "feed_rev"}`: if they differ from what you have, read the
sidebar or the counters again. Then, as things happen:

* `counters` `{"rev"}`: marks, folders or subscriptions changed, on any device of yours
* `entries` `{"feed_id", "count", "last_id"}`: new entries in a feed you read
* `feed` `{"feed_id"}`: its title, icon or state changed, or a check of it ended
* `flag` `{"entry_id", "kind", "on"}`: starred or read later
* `import` `{"id"}`: an import of yours went on
* `notified` `{}`: you have news, or saw them on another device; read `/notifications/unseen` again
* `talk` `{"share_id"}`: comments or likes of a share in a stream you follow
* `lost` `{}`: you were too slow and missed some; read everything again
"""
STREAM_DOC: dict[str, Any] = {
    "responses": {
        "200": {
            "description": "A stream that stays open.",
            "content": {
                "text/event-stream": {
                    "schema": {"type": "string"},
                    "example": 'id: 118.40300\nevent: counters\ndata: {"rev":118,"feed_rev":2044}\n\n',
                }
            },
        }
    }
}


class PollQuery(Query):
    rev: int = Field(0, ge=0, le=2**53, description="As you have it.")
    feed_rev: int = Field(0, ge=0, le=2**53, description="As you have it.")


class PollOut(BaseModel):
    rev: int = Field(examples=[118])
    feed_rev: int = Field(examples=[2044])
    changed: bool = Field(description="Something is newer than what you have: read the counters again.")
    wait: int = Field(description="Seconds to let pass before the next poll.", examples=[15])


class StreamDoc(Response):
    media_type = "text/event-stream"


async def stream(request: Request) -> Response:
    actor = await signed_in(request)
    live = Live(container_of(request), actor, still_signed_in(request), streams_of(request.app).closing)
    return LiveResponse(live.events())


router.add_api_route(
    "/stream",
    stream,
    methods=["GET"],
    summary="What happens, as it happens",
    description=ABOUT,
    response_class=StreamDoc,
    openapi_extra=STREAM_DOC,
    route_class_override=RawRoute,
)


@raw(router, "GET", "/poll", answers=PollOut, query=PollQuery, summary="Did anything change?")
async def poll(request: Request) -> Response:
    """The fallback where a stream does not get through. Cheap: it reads two revisions."""
    actor = await signed_in(request)
    query = read_query(request, PollQuery)
    side = await container_of(request).services.reading.sidebar(actor)
    changed = (side.rev, side.feed_rev) != (query.rev, query.feed_rev)
    return json_response({"rev": side.rev, "feed_rev": side.feed_rev, "changed": changed, "wait": 15})
