"""Shares: passing entries on, taking back, who passed an entry on, and whole chains."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from api.bodies import Body, json_response
from api.deps import Me, Services
from api.docs import problems
from api.routing import new_router
from api.v1.entries import EnclosureOut
from api.v1.people import PersonItem, StreamItem, person_item, stream_item
from api.v1.shapes import Act, Id, Seconds, act
from api.v1.talk import ShareId
from reader.models.share import Link, Share, Source, Stream
from reader.models.sharing_views import ChainNode, Passer, ShareCard, SharedDone, Tree
from reader.models.sharing_views import StreamItem as Item

router = new_router("sharing")

IDS_MOST = 200


class PasserItem(BaseModel):
    """One who passed an entry on."""

    name: str = Field(examples=["ines"])
    share_id: int | None = Field(description="null: on another instance, or taken back.", examples=[40218])
    person: PersonItem | None = Field(description="null: on another instance.")
    stream: StreamItem | None
    url: str | None = Field(description="Their page: a path here, an address elsewhere.", examples=["/u/ines"])
    note: str = Field(examples=["Worth the walk."])
    at: float | None = Field(examples=[1795132800.0])


class SourceItem(BaseModel):
    """Where the entry was first."""

    title: str = Field(examples=["Gazette"])
    url: str | None = Field(examples=["https://gazette.example/feed.xml"])
    site_url: str | None = Field(examples=["https://gazette.example/"])


class CardOut(BaseModel):
    """What is told beside an entry. People whom you may not see are left out."""

    entry_id: int = Field(examples=[40218])
    by: PasserItem | None = Field(description="Who shared this copy; null: it is of a site's feed.")
    path: list[PasserItem] = Field(description="Who passed it on before, the first of them first.")
    source: SourceItem | None
    also: list[PasserItem] = Field(description="Others whom you follow and who shared it.")
    mine: int | None = Field(description="Your own share of it.", examples=[None])
    my_note: str
    credit: int = Field(ge=0, description="How often it was passed on from this copy.", examples=[3])
    likes: int = Field(ge=0)
    liked: bool = Field(description="By you.")
    comments: int = Field(ge=0)


class CardList(BaseModel):
    cards: list[CardOut]


class ShareItem(BaseModel):
    """A share: the entry as it was shared, and who shared it. ``id`` is its entry's, too."""

    id: int = Field(examples=[40218])
    feed_id: int = Field(description="Of the stream that it is in.", examples=[31])
    url: str | None = Field(examples=["https://gazette.example/2026/11/harbour"])
    title: str = Field(examples=["The harbour opens again"])
    author: str | None = Field(examples=["Ada Marsh"])
    published_at: float | None
    shared_at: Seconds
    noted_at: float | None
    note: str = Field(examples=["Worth the walk."])
    summary: str
    content: str = Field(description="Cleaned HTML.")
    tags: list[str]
    enclosures: list[EnclosureOut]
    card: CardOut


class ShareIn(Body):
    entry_id: Id = Field(examples=[40217])
    stream_id: Id | None = Field(None, description="Into which of your streams; the first without it.")
    note: str = Field("", max_length=10_000, description="Plain text, up to 500 characters.")


class NoteIn(Body):
    note: str = Field(max_length=10_000, description="Plain text, up to 500 characters; empty removes it.")


class SharedOut(BaseModel):
    id: int = Field(description="Of the share.", examples=[40218])
    stream_id: int = Field(examples=[2])
    feed_id: int = Field(examples=[31])
    note: str
    shared_at: Seconds
    made: bool = Field(description="false: it was shared in that stream before.")
    label: str = Field(examples=["Shared in “Shared items”"])
    undo: str | None


class NodeOut(BaseModel):
    share_id: int = Field(examples=[40218])
    parent: int | None = Field(description="The share that it came from, as far as you may see it.")
    depth: int = Field(ge=0)
    person: PersonItem | None = Field(description="null: taken back, or of a removed account.")
    stream: StreamItem | None
    note: str
    at: Seconds
    credit: int = Field(ge=0, description="How often it was passed on from there.")
    withdrawn: bool
    removed: bool = Field(description="Of a removed account.")
    mine: bool
    on_way: bool = Field(description="The share that was asked for, or one above it.")


class ChainOut(BaseModel):
    """The whole chain of a share. What was taken back stays as a node without a name where others built on it."""

    share_id: int = Field(examples=[40218])
    title: str | None = Field(examples=["The harbour opens again"])
    url: str | None = Field(examples=["https://gazette.example/2026/11/harbour"])
    source: SourceItem
    before: list[PasserItem] = Field(description="Who passed it on before it came to this instance.")
    nodes: list[NodeOut] = Field(description="As drawn: each before those that came from it.")
    live: int = Field(ge=0)
    cut: bool = Field(description="The chain is longer than what is here.")


def source_json(source: Source) -> dict[str, Any]:
    return {"title": source.title, "url": source.url, "site_url": source.site_url}


def passer_json(passer: Passer) -> dict[str, Any]:
    person = passer.person
    return {
        "name": passer.name,
        "share_id": passer.share_id,
        "person": person_item(person) if person is not None else None,
        "stream": stream_item(person, passer.stream) if person is not None and passer.stream is not None else None,
        "url": passer.url,
        "note": passer.note,
        "at": passer.at,
    }


def link_json(link: Link) -> dict[str, Any]:
    return passer_json(Passer(link.name, None, None, None, link.url, link.note, link.at))


def card_json(card: ShareCard) -> dict[str, Any]:
    return {
        "entry_id": card.entry_id,
        "by": passer_json(card.by) if card.by is not None else None,
        "path": [passer_json(passer) for passer in card.path],
        "source": source_json(card.source) if card.source is not None else None,
        "also": [passer_json(passer) for passer in card.also],
        "mine": card.mine,
        "my_note": card.my_note,
        "credit": card.credit,
        "likes": card.likes,
        "liked": card.liked,
        "comments": card.comments,
    }


def share_json(item: Item) -> dict[str, Any]:
    entry, share = item.entry, item.share
    return {
        "id": share.id,
        "feed_id": share.feed_id,
        "url": entry.url,
        "title": entry.title,
        "author": entry.author,
        "published_at": entry.published_at,
        "shared_at": share.created_at,
        "noted_at": share.noted_at,
        "note": share.note,
        "summary": entry.summary,
        "content": entry.content,
        "tags": entry.tags,
        "enclosures": entry.enclosures,
        "card": card_json(item.card),
    }


def shared_json(share: Share, stream: Stream, done: SharedDone) -> dict[str, Any]:
    return {
        "id": share.id,
        "stream_id": stream.id,
        "feed_id": share.feed_id,
        "note": share.note,
        "shared_at": share.created_at,
        "made": done.made,
        "label": done.label,
        "undo": done.undo,
    }


def node_json(node: ChainNode) -> dict[str, Any]:
    person = node.person
    return {
        "share_id": node.share_id,
        "parent": node.parent,
        "depth": node.depth,
        "person": person_item(person) if person is not None else None,
        "stream": stream_item(person, node.stream) if person is not None and node.stream is not None else None,
        "note": node.note,
        "at": node.at,
        "credit": node.credit,
        "withdrawn": node.withdrawn,
        "removed": node.removed,
        "mine": node.mine,
        "on_way": node.on_way,
    }


def chain_json(tree: Tree) -> dict[str, Any]:
    return {
        "share_id": tree.share_id,
        "title": tree.entry.title if tree.entry is not None else None,
        "url": tree.entry.url if tree.entry is not None else None,
        "source": source_json(tree.source),
        "before": [link_json(link) for link in tree.before],
        "nodes": [node_json(node) for node in tree.nodes],
        "live": tree.live,
        "cut": tree.cut,
    }


@router.post("/shares", status_code=201, response_model=SharedOut, summary="Share an entry", responses=problems(404))
async def share(actor: Me, container: Services, body: ShareIn) -> Response:
    """Passes an entry that you can see on to whoever follows the stream. Sharing it again changes nothing but the
    note. Undo takes it back."""
    done = await container.services.sharing.share(actor, body.entry_id, stream_id=body.stream_id, note=body.note)
    return json_response(shared_json(done.share, done.stream, done), 201 if done.made else 200)


@router.get("/shares/{id}", response_model=ShareItem, summary="One share", responses=problems(404))
async def one(actor: Me, container: Services, id: ShareId) -> Response:
    return json_response(share_json(await container.services.sharing.item(actor, id)))


@router.patch("/shares/{id}", response_model=ShareItem, summary="Change your note", responses=problems(404))
async def note(actor: Me, container: Services, id: ShareId, body: NoteIn) -> Response:
    await container.services.sharing.note(actor, id, body.note)
    return json_response(share_json(await container.services.sharing.item(actor, id)))


@router.delete("/shares/{id}", response_model=Act, summary="Take a share back", responses=problems(404))
async def unshare(actor: Me, container: Services, id: ShareId) -> Response:
    """It is gone everywhere at once. Undo brings it back with its note, for 24 hours."""
    return json_response(act(await container.services.sharing.unshare(actor, id)))


@router.get("/shares/{id}/chain", response_model=ChainOut, summary="The whole chain", responses=problems(404))
async def chain(actor: Me, container: Services, id: ShareId) -> Response:
    return json_response(chain_json(await container.services.sharing.tree(actor, id)))


@router.get("/cards", response_model=CardList, summary="Who passed entries on")
async def cards(
    actor: Me,
    container: Services,
    ids: Annotated[str, Query(pattern=r"^[0-9]{1,15}(,[0-9]{1,15}){0,199}$", examples=["40217,40218"])],
) -> Response:
    """Of up to 200 entries that you read, those of which there is something to tell."""
    wanted = [int(part) for part in ids.split(",")][:IDS_MOST]
    found = await container.services.sharing.cards_of(actor, wanted)
    return json_response({"cards": [card_json(card) for card in found.values()]})
