"""People to each other: profiles, approval, blocks, comments, notifications. Times are UTC seconds since 1970."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Talk = Literal["all", "followers", "nobody"]
RelationKind = Literal["block", "mute"]
ApprovalState = Literal["asked", "approved"]
NotificationKind = Literal["follow", "ask", "approved", "reshare", "comment", "answer", "like"]
COMMENT_MOST = 2000  # characters


@dataclass(frozen=True, slots=True)
class Person:
    """What others may see of a user."""

    id: int
    name: str
    about: str
    private: bool
    talk: Talk
    created_at: float


@dataclass(frozen=True, slots=True)
class Comment:
    """``user_id`` None: a removed account. ``removed_at``: deleted; kept without text while it has answers."""

    id: int
    share_id: int
    user_id: int | None
    parent_id: int | None
    text: str
    created_at: float
    removed_at: float | None = None


@dataclass(frozen=True, slots=True)
class Notification:
    id: int
    user_id: int
    key: str
    kind: NotificationKind
    actor_id: int | None
    share_id: int | None
    comment_id: int | None
    at: float
    seen_at: float | None
