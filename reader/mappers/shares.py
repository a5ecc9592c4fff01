"""Contract for shares, the chains they make, and copies: where shared stories stand (decision 0013)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from reader.models.entry import Entry, NewEntry
from reader.models.share import Copy, Share, Source


@dataclass(frozen=True, slots=True)
class NewShare:
    """A share about to be stored. The ``uid`` of ``entry`` is left aside: it is made of the share's id."""

    user_id: int
    stream_id: int
    entry: NewEntry
    story: bytes
    met_id: int  # the entry that was shared: in a site's feed, or another share
    source_id: int
    source: Source
    note: str = ""
    parent_id: int | None = None
    root_id: int | None = None  # None: it is a root itself
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Related:
    """What cards are made of."""

    shares: dict[int, Share]  # those among the entries, and all above them
    stories: dict[int, bytes]  # entry id → its story, of those whose story is shared
    also: tuple[Share, ...]  # live shares of these stories in the given feeds, or by the viewer; oldest first


class ShareMapper(Protocol):
    async def story(self, entry: Entry) -> bytes:
        """What copies of the entry are found by: its story key, or one of its own (models: own_story) where its feed
        tells that story more than once, or it has none."""
        ...

    async def add(self, new: NewShare, *, now: float) -> tuple[Share, bool]:
        """The live share of the story in the stream; True if this call made it.

        Writes, children first: the entry (seq + 1 of the stream's feed, sort_at = now, never below the one before, its
        words), the share of the same id, the copies of the story (of a story shared for the first time also those in
        sites' feeds: one a feed; those feeds' copies_rev and rev move), then feed.seq, copies_rev and rev. Nothing is
        written per follower. Raises NotFound unless the stream is the user's, and for a share that was taken back.
        """
        ...

    async def remove(self, user_id: int, share_id: int, *, now: float) -> Share | None:
        """Takes a live share back: feed.withdrawn has its seq, its words and copy go, note and noted_at too, removed_at
        is ``now``; stars and read-later on it are out of sight. Returns it as it was; None when it is not the user's,
        or not live."""
        ...

    async def restore(self, user_id: int, share_id: int, *, note: str, noted_at: float | None) -> bool:
        """Undoes remove(). False when it is live, wiped or purged, its stream is gone, or the story is shared in that
        stream again."""
        ...

    async def note(self, user_id: int, share_id: int, text: str, *, now: float) -> Share | None:
        """Sets the note of a live share; None when it is not the user's, or not live. The feed's rev moves."""
        ...

    async def get(self, share_id: int) -> Share | None: ...
    async def many(self, share_ids: Sequence[int]) -> dict[int, Share]:
        """Those that exist, tombstones too. One round trip."""
        ...

    async def related(self, entries: Sequence[tuple[int, int, int]], feed_ids: Sequence[int], user_id: int) -> Related:
        """Of entries as (id, feed_id, seq), whether shares or not. ``also`` looks in ``feed_ids`` and among the user's
        own (0: nobody's). One round trip."""
        ...

    async def known_in(self, stream_id: int, stories: Sequence[bytes]) -> set[bytes]:
        """Those stories that were ever shared in the stream, taken back or not."""
        ...

    async def tree(self, root_id: int, limit: int) -> list[Share]:
        """Root first, in order of id, so that parents come before their children."""
        ...

    async def page(self, feed_id: int, *, below: int | None, limit: int) -> list[tuple[Share, Entry]]:
        """Live shares of a stream's feed with seq < ``below``, newest first. One round trip."""
        ...

    async def of_user(self, user_id: int, *, after: int, limit: int) -> list[tuple[Share, Entry]]:
        """All live shares of a user with id > ``after``, in order of id, for export."""
        ...

    async def recount_credit(self, root_id: int) -> int:
        """Puts ``credit`` of every share of the tree right; how many differed. Idempotent."""
        ...

    async def roots(self, *, after: int, limit: int) -> list[int]:
        """Ids of roots above ``after``, in order, for the recount."""
        ...

    async def recent(self, since: float, *, after: int, limit: int) -> list[Share]:
        """Shares with a parent, id > ``after``, that were made or taken back since then (but not wiped), in order of
        id: what a crash may have left without its count or its notification."""
        ...

    async def wipe(self, before: float, limit: int) -> int:
        """Empties the entries of shares taken back before then, and drops the stars on them: undo has expired. The rows
        stay, since seqs have no holes. Returns how many."""
        ...

    async def forget(self, user_id: int, *, now: float) -> list[int]:
        """The account is removed: streams go with their sources, their feeds are "gone" and empty; shares that others
        built on stay as tombstones with user_id None, the rest goes. Returns the ids of the feeds. Idempotent."""
        ...

    # ---- copies

    async def copies(self, feed_ids: Sequence[int]) -> list[Copy]:
        """All copies in these feeds, and what was taken back there (who read it has met the story), in order of
        (feed_id, seq). One round trip."""
        ...

    async def recount_copies(self, after: bytes, limit: int) -> tuple[int, bytes | None]:
        """Puts the copies of ``limit`` stories above ``after`` right: each live share has one, each site's feed that
        tells the story once has one, and none points to what is purged or taken back. Returns (rows changed, the last
        story seen, None at the end)."""
        ...

    async def recount_withdrawn(self, feed_id: int) -> int:
        """Puts feed.withdrawn right against the tombstones; 1 if it differed."""
        ...
