"""What pages and programs get to see of people, talk and notifications. Times are UTC seconds since 1970."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from reader.models.people import Candidate, Comment, NotificationKind, Person, Standing, Ties
from reader.models.share import Stream

Way = Literal["none", "following", "asked", "self"]


@dataclass(frozen=True, slots=True)
class Profile:
    """A person's page. Of somebody whom the viewer may not see only the name is there (``open`` False): enough to ask,
    or to unblock."""

    person: Person
    open: bool
    way: Way
    follows_me: bool
    blocked: bool  # by the viewer
    muted: bool  # by the viewer
    ties: Ties | None  # None unless open; requests are told to the person alone
    streams: tuple[Stream, ...] = ()


@dataclass(frozen=True, slots=True)
class Followed:
    """What following came to: a subscription, or a request that waits for its owner."""

    way: Literal["following", "asked"]
    person: Person
    feed_id: int | None  # None while asked
    label: str


class People(NamedTuple):
    """A page of people. ``next``: the cursor of the following page, None at the end."""

    people: tuple[Person, ...]
    next: int | None


class Request(NamedTuple):
    """Somebody asks to follow."""

    person: Person
    at: float


class Requests(NamedTuple):
    requests: tuple[Request, ...]
    next: int | None


@dataclass(frozen=True, slots=True)
class Suggestions:
    people: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class CommentView:
    """``person`` None: a removed account. ``text`` is plain; empty when it was deleted (``removed``)."""

    comment: Comment
    person: Person | None
    mine: bool
    deletable: bool
    answers: tuple[CommentView, ...] = ()

    @property
    def removed(self) -> bool:
        return self.comment.removed_at is not None


@dataclass(frozen=True, slots=True)
class TalkView:
    """What is said below a share."""

    share_id: int
    comments: tuple[CommentView, ...]
    counts: TalkCounts
    likers: tuple[Person, ...]  # the latest few whom the viewer may see
    may_comment: bool
    why_not: str | None  # in words, for who may not


class TalkCounts(NamedTuple):
    """Of a share, for one viewer."""

    likes: int
    comments: int
    liked: bool  # by the viewer


NO_TALK = TalkCounts(0, 0, False)


@dataclass(frozen=True, slots=True)
class Notice:
    """Notifications of one kind about one thing, told as one: "Ines and 3 others liked …"."""

    id: int  # of the newest
    kind: NotificationKind
    people: tuple[Person, ...]  # newest first, up to three
    others: int
    share_id: int | None
    title: str | None  # of what was shared
    comment_id: int | None
    text: str | None  # of the comment
    at: float
    seen: bool


class Notices(NamedTuple):
    notices: tuple[Notice, ...]
    next: int | None  # go on before this id
    unseen: int


__all__ = [
    "NO_TALK", "Candidate", "CommentView", "Followed", "Notice", "Notices", "People", "Profile", "Request", "Requests",
    "Standing", "Suggestions", "TalkCounts", "TalkView", "Way",
]  # fmt: skip
