"""What happened that concerns you."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field
from starlette.responses import Response

from api.bodies import Body, json_response
from api.deps import Me, Services
from api.routing import new_router
from api.v1.people import Before, Limit, PersonItem, person_item
from api.v1.shapes import Id
from reader.models.people_views import Notice

router = new_router("people")


class NoticeItem(BaseModel):
    """Of one kind about one share what stands on the same page is told together."""

    id: int = Field(description="Of the newest.", examples=[71])
    kind: Literal["follow", "ask", "approved", "reshare", "comment", "answer", "like"]
    people: list[PersonItem] = Field(description="Up to three, the latest first.")
    others: int = Field(ge=0, description="How many more.", examples=[3])
    share_id: int | None = Field(examples=[40217])
    title: str | None = Field(description="Of what was shared.", examples=["Storm at the harbour"])
    comment_id: int | None = Field(examples=[None])
    text: str | None = Field(description="How the comment begins.", examples=[None])
    at: float = Field(examples=[1795132800.0])
    seen: bool


class NoticePage(BaseModel):
    notifications: list[NoticeItem]
    next: int | None = Field(description="Hand it back as `before`; null at the end.", examples=[None])
    unseen: int = Field(ge=0, examples=[4])


class Unseen(BaseModel):
    unseen: int = Field(ge=0, examples=[4])


class SeenIn(Body):
    up_to: Id = Field(description="The id of the newest that was shown.")


def notice_item(notice: Notice) -> dict[str, Any]:
    return {
        "id": notice.id,
        "kind": notice.kind,
        "people": [person_item(person) for person in notice.people],
        "others": notice.others,
        "share_id": notice.share_id,
        "title": notice.title,
        "comment_id": notice.comment_id,
        "text": notice.text,
        "at": notice.at,
        "seen": notice.seen,
    }


@router.get("/notifications", response_model=NoticePage, summary="What happened, the newest first")
async def notifications(actor: Me, container: Services, before: Before = None, limit: Limit = 50) -> Response:
    """They are kept for 90 days."""
    page = await container.services.people.notifications(actor, before, limit)
    items = [notice_item(notice) for notice in page.notices]
    return json_response({"notifications": items, "next": page.next, "unseen": page.unseen})


@router.get("/notifications/unseen", response_model=Unseen, summary="How many you have not seen")
async def unseen(actor: Me, container: Services) -> Response:
    return json_response({"unseen": await container.services.people.unseen(actor)})


@router.post("/notifications/seen", response_model=Unseen, summary="All up to one are seen")
async def seen(actor: Me, container: Services, body: SeenIn) -> Response:
    """Answers how many are left."""
    await container.services.people.seen(actor, body.up_to)
    return json_response({"unseen": await container.services.people.unseen(actor)})
