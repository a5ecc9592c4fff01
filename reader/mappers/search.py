"""Contract for the index of words. EntryMapper.append and purge keep it up to date in the same atomic write."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from reader.models.search import Hits, Query


class SearchMapper(Protocol):
    async def find(self, query: Query, feed_ids: Sequence[int], *, before: int | None, limit: int) -> Hits:
        """Visible entries of these feeds that match, with an id below ``before``; at most ``limit``.

        Looks at a bounded number of matches of all feeds (so it may return fewer than there are: go on at
        ``scanned_to``). One round trip.
        """
        ...

    async def fill(self, limit: int) -> int:
        """Indexes up to ``limit`` entries that were stored before there was an index; how many it did (0: none is
        left). Idempotent."""
        ...

    async def restart(self) -> None:
        """Forgets all words; fill() then indexes everything anew."""
        ...
