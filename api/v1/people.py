"""People: profiles, following and its approval, blocks and mutes, suggestions."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Path, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from api.bodies import Body, json_response
from api.deps import Me, Services, host_of
from api.docs import problems
from api.routing import new_router
from api.v1.shapes import ID_MOST, Act, Id, act
from reader.models.people import Person
from reader.models.people_views import People, Profile
from reader.models.share import Stream, stream_path

router = new_router("people")

NAME_MOST = 100
Name = Annotated[str, Path(max_length=NAME_MOST, description="Somebody's name.", examples=["ada"])]
Before = Annotated[int | None, Query(ge=1, le=ID_MOST, description="`next` of the page before.")]
Limit = Annotated[int, Query(ge=1, le=100)]
Talk = Literal["all", "followers", "nobody"]


class PersonItem(BaseModel):
    """Of private people whom you may not see, only the name is told."""

    id: int = Field(examples=[4])
    name: str = Field(examples=["ines"])
    about: str = Field(examples=["Harbours and old maps."])
    private: bool


class PersonPage(BaseModel):
    people: list[PersonItem]
    next: int | None = Field(description="Hand it back as `before`; null at the end.", examples=[None])


class StreamItem(BaseModel):
    id: int = Field(examples=[2])
    feed_id: int = Field(examples=[31])
    name: str = Field(examples=["shared"])
    title: str = Field(examples=["Shared items"])
    description: str = Field(examples=[""])
    path: str = Field(description="Of its page; add .atom, .rss or .json.", examples=["/u/ines"])


class ProfileOut(BaseModel):
    person: PersonItem
    open: bool = Field(description="False: you may not see what they share, and this is all there is.")
    way: Literal["none", "following", "asked", "self"] = Field(description="Whether you follow them.")
    follows_me: bool
    blocked: bool = Field(description="By you.")
    muted: bool = Field(description="By you.")
    talk: Talk | None = Field(description="Who may comment on what they share.")
    followers: int | None = Field(examples=[12])
    following: int | None = Field(examples=[40])
    requests: int | None = Field(description="Who ask to follow you; null for others.", examples=[None])
    streams: list[StreamItem]


class ProfileIn(Body):
    """What is left out stays."""

    about: str | None = Field(None, max_length=10_000, examples=["Harbours and old maps."])
    private: bool | None = Field(None, description="Only people whom you approve see what you share.")
    talk: Talk | None = Field(None, description="Who may comment on what you share.")


class FollowIn(Body):
    target: str = Field(
        min_length=1, max_length=4096, description="@name, or the address of a stream here.", examples=["@ines"]
    )
    folder_id: Id | None = Field(None, description="The folder to put it into.")


class FollowedOut(BaseModel):
    way: Literal["following", "asked"] = Field(description="`asked`: the account is private, its owner decides.")
    person: PersonItem
    feed_id: int | None = Field(description="The stream's feed, among your subscriptions.", examples=[31])
    label: str = Field(examples=["You follow ines"])


class RequestItem(BaseModel):
    person: PersonItem
    at: float = Field(examples=[1795132800.0])


class RequestPage(BaseModel):
    requests: list[RequestItem]
    next: int | None = Field(description="Hand it back as `before`; null at the end.", examples=[None])


class SuggestionItem(BaseModel):
    person: PersonItem
    through: list[str] = Field(description="Some whom you follow and who follow them.", examples=[["ada"]])
    through_count: int = Field(examples=[1])
    shares: int = Field(description="What they shared lately from your own feeds.", examples=[3])


class SuggestionList(BaseModel):
    people: list[SuggestionItem]


def person_item(person: Person) -> dict[str, Any]:
    return {"id": person.id, "name": person.name, "about": person.about, "private": person.private}


def person_page(page: People) -> Response:
    return json_response({"people": [person_item(person) for person in page.people], "next": page.next})


def stream_item(person: Person, stream: Stream) -> dict[str, Any]:
    return {
        "id": stream.id,
        "feed_id": stream.feed_id,
        "name": stream.name,
        "title": stream.title,
        "description": stream.description,
        "path": stream_path(person.name, stream.name),
    }


def profile_out(profile: Profile) -> dict[str, Any]:
    ties = profile.ties
    return {
        "person": person_item(profile.person),
        "open": profile.open,
        "way": profile.way,
        "follows_me": profile.follows_me,
        "blocked": profile.blocked,
        "muted": profile.muted,
        "talk": profile.person.talk if profile.open else None,
        "followers": ties.followers if ties is not None else None,
        "following": ties.following if ties is not None else None,
        "requests": ties.requests if ties is not None and profile.way == "self" else None,
        "streams": [stream_item(profile.person, stream) for stream in profile.streams],
    }


# ---- profiles


@router.get("/people/{name}", response_model=ProfileOut, summary="Somebody's profile", responses=problems(404))
async def profile(actor: Me, container: Services, name: Name) -> Response:
    return json_response(profile_out(await container.services.people.profile(actor, name)))


@router.patch("/profile", response_model=ProfileOut, summary="Change what others see of you")
async def edit(actor: Me, container: Services, body: ProfileIn) -> Response:
    """Going private approves everybody who follows you now; going public approves who asks."""
    changed = await container.services.people.edit_profile(
        actor, about=body.about, private=body.private, talk=body.talk
    )
    return json_response(profile_out(changed))


# ---- following


@router.post(
    "/follow", status_code=201, response_model=FollowedOut, summary="Follow", responses=problems(404, 409, 429)
)
async def follow(request: Request, actor: Me, container: Services, body: FollowIn) -> Response:
    """Subscribes to their stream; a private account is asked. Following twice changes nothing."""
    done = await container.services.people.follow(actor, body.target, body.folder_id, host=host_of(request))
    out = {"way": done.way, "person": person_item(done.person), "feed_id": done.feed_id, "label": done.label}
    return json_response(out, 201)


@router.delete("/people/{name}/follow", response_model=Act, summary="Unfollow", responses=problems(404))
async def unfollow(actor: Me, container: Services, name: Name) -> Response:
    """Ends following all of their streams, or takes a request back."""
    return json_response(act(await container.services.people.unfollow(actor, name)))


@router.get("/people/{name}/followers", response_model=PersonPage, summary="Who follows", responses=problems(404))
async def followers(actor: Me, container: Services, name: Name, before: Before = None, limit: Limit = 50) -> Response:
    """The newest accounts first. A page may hold fewer people than asked for and still have a `next`."""
    return person_page(await container.services.people.followers(actor, name, before, limit=limit))


@router.get("/people/{name}/following", response_model=PersonPage, summary="Whom they follow", responses=problems(404))
async def following(actor: Me, container: Services, name: Name, before: Before = None, limit: Limit = 50) -> Response:
    """As the followers."""
    return person_page(await container.services.people.following(actor, name, before, limit=limit))


@router.get("/suggestions", response_model=SuggestionList, summary="Whom you might follow")
async def suggestions(actor: Me, container: Services, limit: Limit = 10) -> Response:
    """Public people who are followed by people you follow, or who share from your feeds."""
    found = await container.services.people.suggestions(actor, limit=limit)
    items = [
        {
            "person": person_item(each.person),
            "through": list(each.through),
            "through_count": each.through_count,
            "shares": each.shares,
        }
        for each in found.people
    ]
    return json_response({"people": items})


# ---- approval


@router.get("/requests", response_model=RequestPage, summary="Who asks to follow you")
async def requests(actor: Me, container: Services, before: Before = None, limit: Limit = 50) -> Response:
    page = await container.services.people.requests(actor, before, limit=limit)
    items = [{"person": person_item(each.person), "at": each.at} for each in page.requests]
    return json_response({"requests": items, "next": page.next})


@router.post("/requests/{name}", response_model=Act, summary="Approve a request", responses=problems(404))
async def approve(actor: Me, container: Services, name: Name) -> Response:
    return json_response(act(await container.services.people.approve(actor, name)))


@router.delete(
    "/requests/{name}", response_model=Act, summary="Refuse a request, or remove a follower", responses=problems(404)
)
async def refuse(actor: Me, container: Services, name: Name) -> Response:
    """They are not told."""
    return json_response(act(await container.services.people.refuse(actor, name)))


# ---- blocks and mutes


@router.put("/people/{name}/block", response_model=Act, summary="Block", responses=problems(404))
async def block(actor: Me, container: Services, name: Name) -> Response:
    """Neither of you sees the other any more, and neither follows the other. They are not told."""
    return json_response(act(await container.services.people.block(actor, name)))


@router.delete("/people/{name}/block", response_model=Act, summary="Unblock", responses=problems(404))
async def unblock(actor: Me, container: Services, name: Name) -> Response:
    """Nothing comes back by itself: who followed has to follow again."""
    return json_response(act(await container.services.people.unblock(actor, name)))


@router.put("/people/{name}/mute", response_model=Act, summary="Mute", responses=problems(404))
async def mute(actor: Me, container: Services, name: Name) -> Response:
    """Their comments and notifications about them vanish for you, and their streams count nothing."""
    return json_response(act(await container.services.people.mute(actor, name)))


@router.delete("/people/{name}/mute", response_model=Act, summary="Unmute", responses=problems(404))
async def unmute(actor: Me, container: Services, name: Name) -> Response:
    return json_response(act(await container.services.people.unmute(actor, name)))


@router.get("/blocked", response_model=PersonPage, summary="Whom you blocked")
async def blocked(actor: Me, container: Services, before: Before = None, limit: Limit = 50) -> Response:
    return person_page(await container.services.people.blocked(actor, before, limit=limit))


@router.get("/muted", response_model=PersonPage, summary="Whom you muted")
async def muted(actor: Me, container: Services, before: Before = None, limit: Limit = 50) -> Response:
    return person_page(await container.services.people.muted(actor, before, limit=limit))
