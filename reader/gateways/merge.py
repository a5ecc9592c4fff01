"""The k-way merge that makes a page: cost is subscriptions in the list plus entries on the page, whatever the store
holds."""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heapify, heappop, heapreplace
from typing import NamedTuple

from pyroaring import BitMap

from reader.gateways.positions import FeedBook, Key


class Run(NamedTuple):
    """Seqs of one feed that may be listed. ``head`` is the position of the first in order, where it is known."""

    feed_id: int
    seqs: BitMap
    head: Key | None = None


class Merge:
    """Pops positions from runs in order of (sort_at, id), newest or oldest first."""

    def __init__(self, book: FeedBook, *, newest: bool) -> None:
        self._book = book
        self._windows = book.windows
        self._newest = newest
        self._local: dict[tuple[int, int], Key] = {}
        self._heap: list[tuple[float, int, int, int]] = []
        self._runs: Sequence[Run] = ()
        self.heads: dict[int, Key] = {}  # looked up on the way; the caller keeps them for the next page

    async def start(self, runs: Sequence[Run], after: Key | None) -> None:
        """Makes the heap. ``after``: only what comes behind this position."""
        self._runs = runs
        begin = await self._begin(after) if after is not None else {}
        heads: list[tuple[int, int, int]] = []  # (number of the run, index into its seqs, seq)
        heap, sign = self._heap, -1 if self._newest else 1
        for n, run in enumerate(runs):
            if not run.seqs:
                continue
            if after is None and run.head is not None:
                sort_at, entry_id = run.head
                heap.append((sign * sort_at, sign * entry_id, n, len(run.seqs) - 1 if self._newest else 0))
                continue
            index = self._first_index(run, begin)
            if 0 <= index < len(run.seqs):
                heads.append((n, index, run.seqs[index]))
        await self._look_up([(runs[n].feed_id, seq) for n, _, seq in heads])
        for n, index, seq in heads:
            key = self._key(runs[n].feed_id, seq)
            if key is None:
                continue  # purged since
            if after is None:
                self.heads[runs[n].feed_id] = key
            heap.append((sign * key[0], sign * key[1], n, index))
        heapify(heap)

    async def _begin(self, after: Key) -> dict[int, int]:
        ids = [run.feed_id for run in self._runs]
        # Oldest first goes on above the last one shown: the seqs up to and including it are a beginning of the feed.
        return await self._book.below(ids, after if self._newest else (after[0], after[1] + 1))

    def _first_index(self, run: Run, begin: dict[int, int]) -> int:
        bound = begin.get(run.feed_id)
        if bound is None:
            return len(run.seqs) - 1 if self._newest else 0
        rank = run.seqs.rank(bound) if bound > 0 else 0
        return int(rank) - 1 if self._newest else int(rank)

    async def take(self, limit: int) -> list[Key]:
        """Positions of the next entries, at most ``limit``."""
        out: list[Key] = []
        heap, runs, step = self._heap, self._runs, -1 if self._newest else 1
        while heap and len(out) < limit:
            sort_at, entry_id, n, index = heap[0]
            out.append((-sort_at, -entry_id) if self._newest else (sort_at, entry_id))
            feed_id, seqs, _ = runs[n]
            key, index = None, index + step
            while key is None and 0 <= index < len(seqs):
                key = self._key(feed_id, seqs[index])
                if key is None:
                    key = await self._find(feed_id, seqs[index])
                    if key is None:
                        index += step  # purged since
            if key is None:
                heappop(heap)
            elif self._newest:
                heapreplace(heap, (-key[0], -key[1], n, index))
            else:
                heapreplace(heap, (key[0], key[1], n, index))
        return out

    async def _find(self, feed_id: int, seq: int) -> Key | None:
        await self._look_up([(feed_id, seq)])
        return self._key(feed_id, seq)

    def _key(self, feed_id: int, seq: int) -> Key | None:
        window = self._windows.get(feed_id)  # without Window's calls: this is the hottest line of a page
        if window is not None:
            at = seq - window.low
            if 0 <= at < len(window.ids):
                return window.sorts[at], window.ids[at]
        return self._local.get((feed_id, seq))

    async def _look_up(self, wanted: list[tuple[int, int]]) -> None:
        missing = [(feed_id, seq) for feed_id, seq in wanted if self._key(feed_id, seq) is None]
        if missing:
            self._local.update(await self._book.peek(missing, self._newest))
