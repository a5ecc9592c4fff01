"""Contract for entries. Seqs of a feed have no holes; what is at or below ``floor`` is purged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from reader.models.entry import Entry, Known, NewEntry, Position


@dataclass(frozen=True, slots=True)
class Appended:
    seq: int  # highest visible seq afterwards
    new: tuple[Position, ...]  # in order of seq
    updated: tuple[int, ...]  # ids of entries changed in place


class EntryMapper(Protocol):
    async def known(self, feed_id: int, limit: int) -> dict[str, Known]:
        """uid → what a document is compared with, of the newest ``limit`` entries, newest first."""
        ...

    async def append(
        self, feed_id: int, token: int, entries: Sequence[NewEntry], *, renewed: dict[str, str], now: float
    ) -> Appended | None:
        """Stores what a pull brought, oldest first, and makes it visible.

        For each entry: unknown uid → next seq; known uid with another digest → updated in place (seq, id,
        sort_at stay); known and equal → nothing; uid of a purged entry → nothing; link and title (models: twin) of a
        purged entry, and not published after the oldest entry that is left → nothing. ``renewed`` maps new uid →
        uid under which the same entry is stored: that row takes the new uid and is treated as known.
        sort_at = published_at, not after ``now`` and not below the seq before (models: sort_times).
        Removes leftovers above feed.seq first; moves feed.seq last, under the lease ``token``. None when fenced.
        Repeating the call changes nothing.
        """
        ...

    async def positions(self, ranges: Sequence[tuple[int, int, int]]) -> dict[int, list[Position]]:
        """For each (feed_id, lowest seq, highest seq): the visible positions in it, in order of seq. One round trip."""
        ...

    async def many(self, ids: Sequence[int]) -> list[Entry]:
        """Those that exist, in the order asked for. One round trip."""
        ...

    async def limits(self, feed_ids: Sequence[int], *, max_id: int | None, before: float | None) -> dict[int, int]:
        """For each feed the highest visible seq with id ≤ max_id and sort_at < before (0: none). One round trip."""
        ...

    async def purge(self, feed_id: int, keep: int, *, now: float) -> int:
        """Raises the feed's floor so that ``keep`` entries stay, and removes what is below it.

        Entries that somebody starred or put to read later keep their row (they are found by id, no longer in
        lists). uids of what was removed are remembered, and its links and titles, so that none comes
        back. Returns how many left the lists.
        """
        ...

    async def over(self, keep: int, limit: int) -> list[int]:
        """Feeds with more than ``keep`` + 10 % visible entries, for the purge."""
        ...

    async def published_since(self, feed_id: int, since: float) -> list[float]:
        """published_at (or arrived_at) of the visible entries with sort_at ≥ since, the newest 5,000 at most.

        It is what a feed's rhythm is made of.
        """
        ...

    async def last_id(self) -> int:
        """Highest id of any visible entry, 0 when there is none."""
        ...
