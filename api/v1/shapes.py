"""What several resources share: field types, acts, rows of the left column."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Path
from pydantic import BaseModel, Field

from reader.models.reading import Done, FeedRow

ID_MOST = 10**15 - 1  # ids of entries stay below 10^15; anything above is no id at all

Id = Annotated[int, Field(ge=1, le=ID_MOST)]
FeedId = Annotated[int, Path(ge=1, le=ID_MOST, description="The feed's id.", examples=[7])]
FolderId = Annotated[int, Path(ge=1, le=ID_MOST, description="The folder's id.", examples=[3])]
EntryId = Annotated[int, Path(ge=1, le=ID_MOST, description="The entry's id.", examples=[40217])]
Title = Annotated[str, Field(max_length=10_000)]  # the service says what will do, and why
Seconds = Annotated[float, Field(description="Seconds since 1970, UTC.", examples=[1795132800.0])]


class Act(BaseModel):
    """Something was done. ``undo`` takes it back; null when nothing changed or nothing can."""

    label: str = Field(examples=["3 entries marked as read"])
    undo: str | None = Field(examples=["unread.40217.40218.40219"])
    changed: int = Field(ge=0, examples=[3])


def act(done: Done) -> dict[str, Any]:
    return {"label": done.label, "undo": done.undo, "changed": done.changed}


class FeedItem(BaseModel):
    """A subscription as the left column shows it."""

    feed_id: int = Field(examples=[7])
    title: str = Field(description="Your own name for it, else the publisher's.", examples=["Gazette"])
    feed_title: str = Field(description="The publisher's name for it.", examples=["The Gazette"])
    url: str = Field(examples=["https://gazette.example/feed.xml"])
    site_url: str | None = Field(examples=["https://gazette.example/"])
    icon: str | None = Field(description="Path of its icon.", examples=["/icons/" + "5e" * 32])
    state: Literal["new", "active", "failing", "gone"] = Field(examples=["active"])
    error: str | None = Field(description="What went wrong last, in words.", examples=[None])
    folder_id: int | None = Field(examples=[3])
    position: int = Field(examples=[0])
    unread: int = Field(ge=0, examples=[12])
    total: int = Field(ge=0, examples=[240])
    generated: bool = Field(description="True: made by Evantr from a page that publishes no feed.", examples=[False])
    kind: Literal["site", "stream"] = Field(description="A site's feed, or a stream of somebody here.")
    muted: bool = Field(description="It counts nothing and stays out of wider lists.", examples=[False])


def feed_item(row: FeedRow) -> dict[str, Any]:
    return {
        "feed_id": row.feed_id,
        "title": row.title,
        "feed_title": row.feed_title,
        "url": row.url,
        "site_url": row.site_url,
        "icon": icon_path(row.icon),
        "state": row.state,
        "error": row.error,
        "folder_id": row.folder_id,
        "position": row.position,
        "unread": row.unread,
        "total": row.total,
        "generated": row.generated,
        "kind": row.kind,
        "muted": row.muted,
    }


def icon_path(digest: str | None) -> str | None:
    return f"/icons/{digest}" if digest else None
