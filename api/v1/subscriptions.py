"""Feeds you read."""

from __future__ import annotations

from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from api.bodies import Body, json_response
from api.deps import Me, Services, host_of
from api.docs import problems
from api.routing import new_router
from api.v1.shapes import Act, FeedId, FeedItem, Id, Title, act, feed_item
from reader.errors import Invalid
from reader.models.reading import Done

router = new_router("subscriptions")


class SubscriptionList(BaseModel):
    subscriptions: list[FeedItem]


class SubscribeIn(Body):
    """``url`` as `POST /api/v1/discover` found it, or the ``feed_id`` of a feed that Evantr knows."""

    url: str | None = Field(None, max_length=10_000, examples=["https://gazette.example/feed.xml"])
    feed_id: Id | None = None
    folder_id: Id | None = None
    new_folder: Title | None = Field(None, description="Name of a folder, made if there is none.", examples=["News"])
    title: Title | None = Field(None, description="Your own name for it.")


class SubscriptionPatch(Body):
    """What is left out stays; ``folder_id`` null takes it out of its folder, ``title`` null back to its own name."""

    title: Title | None = Field(None, examples=["Gazette"])
    folder_id: Id | None = Field(None, examples=[3])
    new_folder: Title | None = None
    muted: bool | None = Field(None, description="True: it counts nothing and stays out of wider lists.")
    before: Id | None = Field(None, description="Id of the feed to stand before; without it, last in the folder.")


@router.get("/subscriptions", response_model=SubscriptionList, summary="All your subscriptions")
async def subscriptions(actor: Me, container: Services) -> Response:
    sidebar = await container.services.reading.sidebar(actor)
    rows = [row for folder in sidebar.folders for row in folder.feeds] + list(sidebar.feeds)
    return json_response({"subscriptions": [feed_item(row) for row in rows]})


@router.post("/subscriptions", status_code=201, response_model=FeedItem, summary="Subscribe", responses=problems(404))
async def subscribe(request: Request, actor: Me, container: Services, body: SubscribeIn) -> Response:
    """The newest 20 entries are unread. Subscribing twice changes nothing."""
    row = await container.services.feeds.subscribe(
        actor,
        feed_id=body.feed_id,
        url=body.url,
        folder_id=body.folder_id,
        new_folder=body.new_folder,
        title=body.title,
        host=host_of(request),
    )
    return json_response(feed_item(row), 201)


@router.get("/subscriptions/{feed_id}", response_model=FeedItem, summary="One subscription", responses=problems(404))
async def subscription(actor: Me, container: Services, feed_id: FeedId) -> Response:
    return json_response(feed_item(await container.services.feeds.subscription(actor, feed_id)))


@router.patch("/subscriptions/{feed_id}", response_model=Act, summary="Rename, move or mute", responses=problems(404))
async def change(actor: Me, container: Services, feed_id: FeedId, body: SubscriptionPatch) -> Response:
    """Renames, or moves, or mutes; one of them at a time, so that each can be undone by itself."""
    feeds, given = container.services.feeds, body.model_fields_set
    moves = given & {"folder_id", "before", "new_folder"}
    for alone in given & {"title", "muted"}:
        if given != {alone}:
            raise Invalid("Rename, move and mute one after the other.", {alone: "Send it by itself."})
    if body.muted is not None:
        return json_response(act(await feeds.mute(actor, feed_id, body.muted)))
    if "title" in given:
        return json_response(act(await feeds.rename(actor, feed_id, body.title)))
    row = await feeds.subscription(actor, feed_id)
    if not moves:
        return json_response(act(Done("Nothing to change", None)))
    folder_id = body.folder_id if "folder_id" in given else row.folder_id
    done = await feeds.move(actor, [feed_id], folder_id, before=body.before, new_folder=body.new_folder)
    return json_response(act(done))


@router.delete("/subscriptions/{feed_id}", response_model=Act, summary="Unsubscribe", responses=problems(404))
async def unsubscribe(actor: Me, container: Services, feed_id: FeedId) -> Response:
    """Undo brings it back with its folder and everything that was read."""
    return json_response(act(await container.services.feeds.unsubscribe(actor, [feed_id])))
