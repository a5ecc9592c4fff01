"""Streams: your own, what they share by themselves, and what is in anybody's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Path, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from api.bodies import Body, json_response
from api.deps import Me, Services
from api.docs import problems
from api.outputs import base_of
from api.routing import new_router
from api.v1.people import Name, PersonItem, StreamItem, person_item, stream_item
from api.v1.shapes import ID_MOST, Act, FeedId, Id, Seconds, Title, act
from api.v1.shares import ShareItem, share_json
from reader.errors import Invalid
from reader.ingest.publish import Format
from reader.models.share import Stream, stream_path
from reader.models.sharing_views import StreamPage
from reader.models.sources import Rule, StreamSource

router = new_router("sharing")

StreamId = Annotated[int, Path(ge=1, le=ID_MOST, description="The stream's id.", examples=[2])]
StreamName = Annotated[str, Path(max_length=64, description="The stream's name.", examples=["shared"])]
Word = Annotated[str, Field(max_length=1000)]


class OwnStream(StreamItem):
    position: int = Field(ge=0, description="0: the one that is shared into when none is named.", examples=[0])
    created_at: Seconds


class StreamList(BaseModel):
    streams: list[OwnStream]


class StreamIn(Body):
    title: Title = Field(examples=["Books"])
    name: str = Field(
        "", max_length=200, description="In its address: a–z, 0–9, hyphens; made of the title without it."
    )
    description: str = Field("", max_length=10_000, examples=["What I read"])


class StreamPatch(Body):
    """What is left out stays."""

    title: Title | None = Field(None, examples=["Good books"])
    description: str | None = Field(None, max_length=10_000)
    before: Id | None = Field(None, description="Your stream to stand before; null: last.")


class RuleIn(Body):
    """Which entries match. Nothing in it: all of them."""

    words: list[Word] = Field([], max_length=20, description="All of these stand in title or text.")
    without: list[Word] = Field([], max_length=20, description="None of these does.")
    author: str = Field("", max_length=1000, description="Stands in the author's name.")
    tag: str = Field("", max_length=1000, description="Is one of the tags.")

    def rule(self) -> Rule:
        return Rule(tuple(self.words), tuple(self.without), self.author, self.tag)


class SourcesIn(Body):
    feed_ids: list[Id] | None = Field(
        None, max_length=5000, description="Feeds that you read; null: all of them.", examples=[[7]]
    )
    rule: RuleIn = RuleIn()


class RuleOut(BaseModel):
    words: list[str]
    without: list[str]
    author: str
    tag: str


class SourceItem(BaseModel):
    feed_id: int = Field(examples=[7])
    rule: RuleOut
    created_at: Seconds


class SourceList(BaseModel):
    sources: list[SourceItem]


class PreviewIn(Body):
    feed_id: Id = Field(examples=[7])
    rule: RuleIn = RuleIn()


class Match(BaseModel):
    id: int = Field(examples=[40217])
    title: str
    url: str | None
    published_at: float | None


class PreviewOut(BaseModel):
    looked_at: int = Field(ge=0, examples=[100])
    matches: list[Match]


class StreamPageOut(BaseModel):
    person: PersonItem
    stream: StreamItem
    following: bool = Field(description="You follow this stream.")
    mine: bool
    total: int = Field(ge=0)
    followers: int = Field(ge=0)
    updated_at: Seconds
    shares: list[ShareItem]
    next: int | None = Field(description="Hand it back as `below`; null at the end.")
    feeds: dict[str, str] = Field(
        description="Where other readers find it. Those of a private account hold a key of your own: keep it.",
        examples=[{"atom": "https://read.example.org/u/ines/shared.atom"}],
    )


def own_json(actor_name: str, stream: Stream) -> dict[str, Any]:
    return {
        "id": stream.id,
        "feed_id": stream.feed_id,
        "name": stream.name,
        "title": stream.title,
        "description": stream.description,
        "path": stream_path(actor_name, stream.name),
        "position": stream.position,
        "created_at": stream.created_at,
    }


def source_json(source: StreamSource) -> dict[str, Any]:
    rule = source.rule
    told = {"words": rule.words, "without": rule.without, "author": rule.author, "tag": rule.tag}
    return {"feed_id": source.feed_id, "rule": told, "created_at": source.created_at}


def page_json(page: StreamPage, feeds: Mapping[Format, str]) -> dict[str, Any]:
    return {
        "feeds": dict(feeds),
        "person": person_item(page.owner),
        "stream": stream_item(page.owner, page.stream),
        "following": page.following,
        "mine": page.mine,
        "total": page.total,
        "followers": page.followers,
        "updated_at": page.updated_at,
        "shares": [share_json(item) for item in page.items],
        "next": page.next,
    }


async def _my_name(actor: Me, container: Services) -> str:
    return (await container.services.accounts.me(actor)).name


@router.get("/streams", response_model=StreamList, summary="Your streams")
async def streams(actor: Me, container: Services) -> Response:
    """None before you share for the first time."""
    name = await _my_name(actor, container)
    own = await container.services.sharing.streams(actor)
    return json_response({"streams": [own_json(name, stream) for stream in own]})


@router.post("/streams", status_code=201, response_model=OwnStream, summary="Add a stream", responses=problems(409))
async def add(actor: Me, container: Services, body: StreamIn) -> Response:
    made = await container.services.sharing.add_stream(actor, body.title, name=body.name, description=body.description)
    return json_response(own_json(await _my_name(actor, container), made), 201)


@router.patch("/streams/{id}", response_model=OwnStream, summary="Rename or move", responses=problems(404))
async def change(actor: Me, container: Services, id: StreamId, body: StreamPatch) -> Response:
    """Its address stays. The first of your streams is the one that is shared into when none is named."""
    sharing = container.services.sharing
    if "before" in body.model_fields_set:
        if body.before == id:
            raise Invalid("A stream cannot stand before itself.", {"before": "Name another."})
        await sharing.move_stream(actor, id, body.before)
    changed = await sharing.edit_stream(actor, id, title=body.title, description=body.description)
    return json_response(own_json(await _my_name(actor, container), changed))


@router.delete("/streams/{id}", response_model=Act, summary="Remove a stream", responses=problems(404))
async def remove(actor: Me, container: Services, id: StreamId) -> Response:
    """Takes back everything in it. Undo brings it back for 24 hours."""
    return json_response(act(await container.services.sharing.remove_stream(actor, id)))


@router.get("/streams/{id}/sources", response_model=SourceList, summary="Its feeds", responses=problems(404))
async def sources(actor: Me, container: Services, id: StreamId) -> Response:
    """Feeds from which the stream shares by itself."""
    found = await container.services.sharing.sources(actor, id)
    return json_response({"sources": [source_json(source) for source in found]})


@router.put("/streams/{id}/sources", response_model=Act, summary="Share what matches", responses=problems(404))
async def attach(actor: Me, container: Services, id: StreamId, body: SourcesIn) -> Response:
    """From now on whatever comes into these feeds and matches is shared in the stream by itself. A feed that shares
    already takes the new rule."""
    done = await container.services.sharing.attach(actor, id, body.feed_ids, body.rule.rule())
    return json_response(act(done))


@router.delete(
    "/streams/{id}/sources/{feed_id}", response_model=Act, summary="Stop sharing from a feed", responses=problems(404)
)
async def detach(actor: Me, container: Services, id: StreamId, feed_id: FeedId) -> Response:
    """What was shared stays."""
    return json_response(act(await container.services.sharing.detach(actor, id, [feed_id])))


@router.post("/preview", response_model=PreviewOut, summary="What a rule would share", responses=problems(404))
async def preview(actor: Me, container: Services, body: PreviewIn) -> Response:
    """Of the last 100 entries of a feed that you read."""
    found = await container.services.sharing.preview(actor, body.feed_id, body.rule.rule())
    matches = [{"id": e.id, "title": e.title, "url": e.url, "published_at": e.published_at} for e in found.entries]
    return json_response({"looked_at": found.looked_at, "matches": matches})


@router.get(
    "/people/{name}/streams/{stream}", response_model=StreamPageOut, summary="A stream", responses=problems(404)
)
async def page(
    request: Request,
    actor: Me,
    container: Services,
    name: Name,
    stream: StreamName,
    below: Annotated[int | None, Query(ge=1, le=ID_MOST, description="`next` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Response:
    """What is shared in it, newest first."""
    found = await container.services.sharing.stream_page(actor, name, stream, below=below, limit=limit)
    feeds = await container.services.publishing.addresses(actor, name, stream, base_of(request))
    return json_response(page_json(found, feeds))
