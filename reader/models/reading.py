"""What a reader sees: the left column, a page of entries. Values that services hand to pages and to the API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from reader.models.entry import Entry
from reader.models.feed import FeedKind, FeedState

Show = Literal["all", "unread"]
Order = Literal["newest", "oldest"]
ScopeKind = Literal["all", "folder", "feed", "starred", "later"]


@dataclass(frozen=True, slots=True)
class Scope:
    """What a list is of; ``id`` is the folder's or the feed's, 0 otherwise. As text: "all", "folder/3", "feed/7"."""

    kind: ScopeKind = "all"
    id: int = 0

    def __str__(self) -> str:
        return f"{self.kind}/{self.id}" if self.id else self.kind


@dataclass(frozen=True, slots=True)
class FeedRow:
    """A subscription as the left column shows it. ``title`` is the user's own name for it, else the feed's."""

    feed_id: int
    title: str
    feed_title: str  # the publisher's, for the rename form
    url: str
    site_url: str | None
    icon: str | None
    state: FeedState
    error: str | None
    folder_id: int | None
    position: int
    unread: int
    total: int  # visible entries
    generated: bool = False  # made by Evantr from a page that publishes no feed
    kind: FeedKind = "site"
    muted: bool = False  # counts nothing and stays out of wider lists

    @property
    def owner(self) -> str | None:
        """The name of whose stream it is; None for the feed of a site."""
        if self.kind != "stream" or not self.site_url:
            return None
        return self.site_url.removeprefix("/u/").partition("/")[0]


@dataclass(frozen=True, slots=True)
class FolderRow:
    """``unread`` counts the folders inside too; ``feeds`` are those that stand in it directly. ``depth``: 0 outside
    all others."""

    id: int
    title: str
    open: bool
    position: int
    unread: int
    feeds: tuple[FeedRow, ...]
    parent_id: int | None = None
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Sidebar:
    """``rev`` and ``feed_rev`` together name this state (an ETag is made of them)."""

    rev: int
    feed_rev: int
    unread: int
    later: int
    starred: int
    folders: tuple[FolderRow, ...]  # as drawn: each before those inside it
    feeds: tuple[FeedRow, ...]  # without a folder


class EntryView(NamedTuple):
    """An entry in somebody's list. ``above``: it was unread when the list was first drawn (above the horizon).

    ``copies``: ids of entries that tell the same story in other feeds of this reader (decision 0013).
    """

    entry: Entry
    feed_title: str
    feed_icon: str | None
    site_url: str | None
    read: bool
    starred: bool
    later: bool
    above: bool
    copies: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list. All pages of one list show the state as it was drawn first (``as_of``, cursor).

    ``unread`` counts the unread of the scope as drawn; ``total`` all its visible entries as drawn; ``fresh`` those
    that arrived since. ``next`` is the keyset cursor of the following page, None at the end.
    """

    scope: Scope
    title: str
    entries: tuple[EntryView, ...]
    next: str | None
    as_of: int
    unread: int
    total: int
    fresh: int
    show: Show
    order: Order


@dataclass(frozen=True, slots=True)
class Found:
    """One page of what a search found. ``next``: go on below this id; None: that was all."""

    scope: Scope
    title: str
    entries: tuple[EntryView, ...]
    next: int | None


@dataclass(frozen=True, slots=True)
class Done:
    """An act that can be undone: what happened in words, and the token that takes it back (None: nothing changed)."""

    label: str
    undo: str | None
    changed: int = 0


@dataclass(frozen=True, slots=True)
class FoundFeed:
    """A feed that discovery proved to work."""

    url: str
    title: str
    description: str | None
    site_url: str | None
    format: str | None
    also: tuple[str, ...] = ()  # formats of twins with the same content
    newest_at: float | None = None
    per_week: float | None = None
    titles: tuple[str, ...] = ()
    icon_url: str | None = None
    feed_id: int | None = None  # set when the store knows it
    subscribed: bool = False
    generated: bool = False  # made by Evantr from a page that publishes no feed


@dataclass(frozen=True, slots=True)
class Tried:
    """One step of a discovery, in words."""

    what: str
    url: str
    status: int | None
    ok: bool
    milliseconds: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """Answer to an address: ``wait`` means that a job is still looking; ask again with the same address.

    ``more``: this is the answer for now, and a slower job reads other pages of the site; its answer appears under the
    same address.
    """

    address: str
    wait: bool
    feeds: tuple[FoundFeed, ...] = ()
    tried: tuple[Tried, ...] = ()
    problem: str | None = None
    more: bool = False
