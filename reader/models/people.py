"""People to each other: profiles, approval, blocks, comments, notifications. Times are UTC seconds since 1970."""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Literal, NamedTuple

Talk = Literal["all", "followers", "nobody"]
RelationKind = Literal["block", "mute"]
ApprovalState = Literal["asked", "approved"]
NotificationKind = Literal["follow", "ask", "approved", "reshare", "comment", "answer", "like"]
COMMENT_MOST = 2000  # characters
ABOUT_MOST = 500
REMOVED = "a removed account"  # what stands where somebody's name stood


def name_digest(name: str) -> bytes:
    """What is kept of the name of a removed account, so that nobody takes it. 32 bytes."""
    return sha256(name.casefold().encode()).digest()


@dataclass(frozen=True, slots=True)
class Person:
    """What others may see of a user."""

    id: int
    name: str
    about: str
    private: bool
    talk: Talk
    created_at: float


class Standing(NamedTuple):
    """How a viewer and a person stand to each other. An anonymous viewer (0) has no ties."""

    viewer_id: int
    person: Person
    follows: bool = False  # the viewer reads one of the person's streams
    approval: ApprovalState | None = None  # what the person said to the viewer, while private
    blocks: bool = False  # the viewer blocked the person
    blocked: bool = False  # the person blocked the viewer
    muted: bool = False  # the viewer muted the person

    @property
    def visible(self) -> bool:
        """The one rule of who may see whom (decision 0013)."""
        if self.viewer_id == self.person.id:
            return True
        if self.blocks or self.blocked:
            return False
        return not self.person.private or self.approval == "approved"

    @property
    def shown(self) -> Person:
        """The person as the viewer may know them: of somebody who is not visible, the name alone."""
        return self.person if self.visible else veiled(self.person)


def veiled(person: Person) -> Person:
    """No more than that there is somebody of that name."""
    return replace(person, about="", talk="nobody", created_at=0.0)


class Ties(NamedTuple):
    """Numbers of a profile: people who follow, who are followed, who ask to follow."""

    followers: int
    following: int
    requests: int


class Candidate(NamedTuple):
    """Somebody whom a person might want to follow."""

    person: Person
    through: tuple[str, ...]  # names of up to three followed people who follow them
    through_count: int
    shares: int  # recent ones of entries from the person's own feeds


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
