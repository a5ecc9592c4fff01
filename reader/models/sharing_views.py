"""Shares as one viewer may see them: cards beside entries, the tree of a chain, a stream's public page.

Whom the viewer may not see is in none of these; what was taken back is a knot without a name (decision 0013).
"""

from __future__ import annotations

from dataclasses import dataclass

from reader.models.entry import Entry
from reader.models.people import REMOVED, Person
from reader.models.share import Link, Share, Source, Stream

TAKEN_BACK = "a share taken back"  # what stands in the way where somebody took theirs back


@dataclass(frozen=True, slots=True)
class Passer:
    """One who passed an entry on. ``person`` None: somebody on another instance, by ``name`` and ``url``; or nobody any
    more: ``name`` is TAKEN_BACK or REMOVED then."""

    name: str
    share_id: int | None  # None: on another instance
    person: Person | None
    stream: Stream | None
    url: str | None  # their page: a path here, an address elsewhere
    note: str
    at: float | None


@dataclass(frozen=True, slots=True)
class ShareCard:
    """What is told beside an entry of who passed it on."""

    entry_id: int
    by: Passer | None  # who shared this copy; None: it is the entry of a site's feed
    path: tuple[Passer, ...] = ()  # before ``by``, origin first: "from A via B via C"
    source: Source | None = None  # where it was first, of a share
    also: tuple[Passer, ...] = ()  # others who shared the story, among those the viewer follows
    mine: int | None = None  # the viewer's own share of the story
    my_note: str = ""
    credit: int = 0  # live shares that came from this copy
    likes: int = 0
    liked: bool = False
    comments: int = 0
    chain: int = 0  # live shares of the whole tree that this copy is in


@dataclass(frozen=True, slots=True)
class ChainNode:
    """A share in its tree. ``parent`` and ``depth`` are as the viewer sees it: children of the hidden attach upwards.

    ``withdrawn``: taken back, or of a removed account (``removed``): no person, no note; it only keeps the tree
    together.
    """

    share_id: int
    parent: int | None
    depth: int
    person: Person | None
    stream: Stream | None
    note: str
    at: float
    credit: int
    withdrawn: bool = False
    removed: bool = False
    mine: bool = False
    on_way: bool = False  # the share that was asked for, or one above it

    @property
    def name(self) -> str:
        if self.person is not None:
            return self.person.name
        return REMOVED if self.removed else ""


@dataclass(frozen=True, slots=True)
class Tree:
    """The whole chain of a share. ``nodes`` stand as drawn: each before those that came from it, oldest first."""

    share_id: int
    entry: Entry | None  # what was shared; None when every copy is gone
    source: Source
    before: tuple[Link, ...]  # who passed it on before it came to this instance, the first of them first
    nodes: tuple[ChainNode, ...]
    live: int
    cut: bool = False  # the tree is larger than what is shown


@dataclass(frozen=True, slots=True)
class StreamItem:
    entry: Entry
    share: Share
    card: ShareCard


@dataclass(frozen=True, slots=True)
class StreamPage:
    """A page of a stream, newest share first. ``next``: go on below this seq; None: that was all."""

    owner: Person
    stream: Stream
    streams: tuple[Stream, ...]  # all of the owner's
    items: tuple[StreamItem, ...]
    next: int | None
    total: int
    followers: int
    following: bool
    mine: bool
    updated_at: float  # of the newest share or note, else of the stream itself
    rev: int  # of its feed: moves with every change of what is in it


@dataclass(frozen=True, slots=True)
class SharedDone:
    """As models.reading.Done, and the share itself. ``made`` False: it was shared before."""

    label: str
    undo: str | None
    share: Share
    stream: Stream
    made: bool
