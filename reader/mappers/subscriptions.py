"""Contract for folders, subscriptions and read sets.

Each user has a revision that rises with every write here. ``shape_rev`` is the revision of the last change to
folders or to the set of subscriptions; a subscription's own ``rev`` that of its read set.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from reader.mappers.feeds import FeedMark
from reader.models.subscription import Folder, ReadChange, Subscription


@dataclass(frozen=True, slots=True)
class ReadingDelta:
    """What changed for a user since a revision.

    ``whole``: folders and subscriptions are complete (the shape changed); else folders is empty and subscriptions
    holds those whose read set changed.
    """

    rev: int
    shape_rev: int
    whole: bool
    folders: tuple[Folder, ...]
    subscriptions: tuple[Subscription, ...]


@dataclass(frozen=True, slots=True)
class Marked:
    """Result of mark: the revision after it, and the part of each change that changed something."""

    rev: int
    changes: tuple[ReadChange, ...]


class SubscriptionMapper(Protocol):
    async def counts(self) -> dict[int, int]:
        """User → number of subscriptions; people without any are left out."""
        ...

    async def rev(self, user_id: int) -> int:
        """The user's revision; 0 for nobody."""
        ...

    async def delta(self, user_id: int, rev: int, shape_rev: int) -> ReadingDelta:
        """Changes since ``rev``; whole when the stored shape_rev is above the given one. One round trip."""
        ...

    async def reading_delta(
        self, user_id: int, rev: int, shape_rev: int, feed_rev: int, feed_limit: int
    ) -> tuple[ReadingDelta, list[FeedMark]]:
        """delta() and FeedMapper.marks_since() in one round trip: every request for a page begins with it."""
        ...

    async def get(self, user_id: int, feed_id: int) -> Subscription | None: ...
    async def subscribers(self, feed_id: int) -> list[int]:
        """user ids, for events."""
        ...

    async def subscribe(
        self, user_id: int, feed_id: int, *, folder_id: int | None, title: str | None, unread: int, now: float
    ) -> tuple[Subscription, bool]:
        """Idempotent: (the subscription, True if made now). The newest ``unread`` visible entries are unread, and below
        them copies of stories that the user has in another feed: those are read as soon as one copy is.

        Raises NotFound for a stream whose owner the user may not see (models.people.Standing.visible), decided in the
        same write. Placed last in its folder. If the feed has fewer entries yet, ``unread`` is remembered so that the
        first append to a feed of seq 0 marks the older ones read (``first_unread``, in the same write as the append).
        """
        ...

    async def unsubscribe(self, user_id: int, feed_ids: Sequence[int]) -> list[Subscription]:
        """Returns what was removed, for undo."""
        ...

    async def restore(self, subscriptions: Sequence[Subscription]) -> int:
        """Puts subscriptions back as they were (new rev); one that exists again is left alone. Missing folder: none.
        Streams as subscribe: those whose owner the user may not see (any more) stay away."""
        ...

    async def move(self, user_id: int, feed_ids: Sequence[int], folder_id: int | None, before: int | None) -> None:
        """Into a folder, before the subscription to feed ``before`` or at its end."""
        ...

    async def rename(self, user_id: int, feed_id: int, title: str | None) -> None: ...
    async def mute(self, user_id: int, feed_id: int, on: bool) -> bool:
        """True if it changed. Raises NotFound without the subscription."""
        ...

    async def add_folder(self, user_id: int, title: str, parent_id: int | None = None) -> Folder:
        """Raises Conflict if there is a folder of that title (without regard to case) at that place."""
        ...

    async def nest_folder(self, user_id: int, folder_id: int, parent_id: int | None) -> None:
        """Into another folder (None: out of all). Raises Conflict as add_folder, and for a folder inside itself."""
        ...

    async def rename_folder(self, user_id: int, folder_id: int, title: str) -> None:
        """Raises Conflict as add_folder."""
        ...

    async def remove_folder(self, user_id: int, folder_id: int) -> list[int]:
        """Its feeds stay, without a folder; returns their ids. Folders inside move to where it was; raises Conflict
        where one of them has the title of a folder there."""
        ...

    async def restore_folder(self, folder: Folder, feed_ids: Sequence[int], folder_ids: Sequence[int] = ()) -> Folder:
        """Puts a removed folder back (same id) with those feeds that are still subscribed to, and those folders that
        still stand where it was."""
        ...

    async def move_folder(self, user_id: int, folder_id: int, before: int | None) -> None: ...
    async def open_folder(self, user_id: int, folder_id: int, open: bool) -> None: ...

    async def mark(self, user_id: int, changes: Sequence[ReadChange], *, now: float) -> Marked:
        """Applies changes to read sets, atomically and journalled; seqs outside (floor, seq] are ignored.

        ``rev`` rises only if something changed. Feeds not subscribed to are ignored.
        """
        ...

    async def journal(self, user_id: int, since_rev: int) -> list[ReadChange] | None:
        """Changes with a revision above ``since_rev``, newest first; None if the journal no longer reaches back."""
        ...

    async def trim_journal(self, before: float) -> int: ...

    async def recount(self, feed_id: int) -> int:
        """Drops from every read set of the feed what lies outside (floor, seq], and puts feed.seq and floor right
        against its entries. Returns how many rows changed. Safe while others read and write."""
        ...
