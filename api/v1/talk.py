"""Talk below shares: comments, answers, likes."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path
from pydantic import BaseModel, Field
from starlette.responses import Response

from api.bodies import Body, json_response
from api.deps import Me, Services
from api.docs import problems
from api.routing import new_router
from api.v1.people import PersonItem, person_item
from api.v1.shapes import ID_MOST, Act, Id, act
from reader.models.people_views import CommentView, TalkView

router = new_router("people")

ShareId = Annotated[int, Path(ge=1, le=ID_MOST, description="The share's id: its entry's.", examples=[9])]
CommentId = Annotated[int, Path(ge=1, le=ID_MOST, description="The comment's id.", examples=[5])]


class AnswerItem(BaseModel):
    id: int = Field(examples=[6])
    person: PersonItem | None = Field(description="null: a removed account.")
    text: str = Field(description="Plain; empty when it was deleted.", examples=["It is!"])
    at: float = Field(examples=[1795132800.0])
    deleted: bool
    mine: bool
    deletable: bool = Field(description="You may delete it.")


class CommentItem(AnswerItem):
    answers: list[AnswerItem]


class CommentList(BaseModel):
    comments: list[CommentItem]
    likes: int = Field(ge=0, examples=[3])
    liked: bool = Field(description="By you.")
    likers: list[PersonItem] = Field(description="The latest few.")
    may_comment: bool
    why_not: str | None = Field(description="Why you may not comment.", examples=[None])


class CommentIn(Body):
    text: str = Field(max_length=20_000, description="Plain text, up to 2,000 characters.", examples=["Is it?"])
    parent_id: Id | None = Field(None, description="The comment that this answers.")


def answer_item(view: CommentView) -> dict[str, Any]:
    return {
        "id": view.comment.id,
        "person": person_item(view.person) if view.person is not None else None,
        "text": view.comment.text,
        "at": view.comment.created_at,
        "deleted": view.removed,
        "mine": view.mine,
        "deletable": view.deletable,
    }


def comment_item(view: CommentView) -> dict[str, Any]:
    return {**answer_item(view), "answers": [answer_item(answer) for answer in view.answers]}


def talk_out(talk: TalkView) -> dict[str, Any]:
    return {
        "comments": [comment_item(view) for view in talk.comments],
        "likes": talk.counts.likes,
        "liked": talk.counts.liked,
        "likers": [person_item(person) for person in talk.likers],
        "may_comment": talk.may_comment,
        "why_not": talk.why_not,
    }


@router.get("/shares/{id}/comments", response_model=CommentList, summary="What is said", responses=problems(404))
async def comments(actor: Me, container: Services, id: ShareId) -> Response:
    """The newest 500, oldest first; answers below what they answer."""
    return json_response(talk_out(await container.services.talk.comments(actor, id)))


@router.post(
    "/shares/{id}/comments",
    status_code=201,
    response_model=CommentItem,
    summary="Comment or answer",
    responses=problems(403, 404, 409, 429),
)
async def comment(actor: Me, container: Services, id: ShareId, body: CommentIn) -> Response:
    """What answers an answer stands beside it: there is one level."""
    made = await container.services.talk.comment(actor, id, body.text, body.parent_id)
    return json_response(comment_item(made), 201)


@router.delete("/comments/{id}", response_model=Act, summary="Delete a comment", responses=problems(404))
async def delete(actor: Me, container: Services, id: CommentId) -> Response:
    """Your own, or one below a share of yours. One with answers stays without its text."""
    return json_response(act(await container.services.talk.delete_comment(actor, id)))


@router.put("/shares/{id}/like", response_model=Act, summary="Like a share", responses=problems(404, 429))
async def like(actor: Me, container: Services, id: ShareId) -> Response:
    return json_response(act(await container.services.talk.like(actor, id, True)))


@router.delete("/shares/{id}/like", response_model=Act, summary="Take a like back", responses=problems(404, 429))
async def unlike(actor: Me, container: Services, id: ShareId) -> Response:
    return json_response(act(await container.services.talk.like(actor, id, False)))
