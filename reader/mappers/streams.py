"""Contract for streams, the feeds behind them, and what they share by themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from reader.models.share import Stream
from reader.models.sources import Rule, StreamSource


class StreamFacts(NamedTuple):
    """What the page of a stream tells of its feed. ``rev`` moves with every change of what is in it."""

    rev: int
    total: int  # live shares that are not purged
    followers: int
    shared_at: float | None  # the newest live share


class StreamMapper(Protocol):
    async def add(
        self, user_id: int, name: str, *, title: str, description: str, site_url: str, now: float
    ) -> tuple[Stream, bool]:
        """The user's stream of that name; True if this call made it. It is placed last.

        Its feed has kind "stream" and the URL models: stream_url. One of that URL that is left from a removed stream is
        taken up again, with its followers and its seq.
        """
        ...

    async def get(self, stream_id: int) -> Stream | None: ...
    async def of_users(self, user_ids: Sequence[int]) -> list[Stream]:
        """In order of user, position and id. One round trip."""
        ...

    async def by_name(self, user_id: int, name: str) -> Stream | None: ...
    async def by_feeds(self, feed_ids: Sequence[int]) -> dict[int, Stream]:
        """feed_id → its stream, for those that are streams' feeds. One round trip."""
        ...

    async def facts(self, feed_id: int) -> StreamFacts:
        """Of a stream's feed; all zero for any other. One round trip."""
        ...

    async def edit(self, user_id: int, stream_id: int, *, title: str, description: str) -> Stream | None:
        """Renames it, and its feed with it; None when it is not the user's."""
        ...

    async def move(self, user_id: int, stream_id: int, before: int | None) -> None:
        """Before the stream ``before``, or last. Positions are 0, 1, 2 … afterwards: the first is the default."""
        ...

    async def remove(self, user_id: int, stream_id: int, *, now: float) -> tuple[Stream, list[StreamSource]] | None:
        """Its live shares become tombstones (removed_at = now; notes are kept until they are wiped), its feed is "gone"
        and shows nothing, its sources go. Returns what was there, for restore(); None when it is not the user's."""
        ...

    async def restore(self, stream: Stream, sources: Sequence[StreamSource], *, removed_at: float) -> bool:
        """Undoes remove(): the shares that it took back are live again. False when the user has a stream of that name
        again, or something was wiped meanwhile."""
        ...

    # ---- what streams share by themselves

    async def sources(self, stream_id: int) -> list[StreamSource]:
        """In order of feed."""
        ...

    async def attach(self, stream_id: int, feed_ids: Sequence[int], rule: Rule, *, now: float) -> int:
        """Entries that come from now on are looked at (seq = feed.seq); one that is attached takes the new rule and
        goes on where it was. Returns how many were attached or changed."""
        ...

    async def detach(self, stream_id: int, feed_ids: Sequence[int]) -> list[StreamSource]:
        """Returns what was there, for undo."""
        ...

    async def attach_again(self, sources: Sequence[StreamSource]) -> int:
        """Undoes detach(), where stream and feed are still there: seq as it was. Returns how many."""
        ...

    async def feeding(self, feed_id: int) -> list[tuple[StreamSource, Stream]]:
        """Streams that the feed is attached to, with entries that were not looked at."""
        ...

    async def advance(self, stream_id: int, feed_id: int, seq: int) -> None:
        """Everything up to ``seq`` was looked at; never falls."""
        ...

    async def behind(self, limit: int, *, after: str = "") -> tuple[list[int], str]:
        """A look at the next ``limit`` sources, in an order of the store's own, from behind ``after`` on: (feeds of
        these with entries that a stream has not looked at yet; where to go on, "" when that is the beginning)."""
        ...
