"""Marks and newest positions of feeds in bounded memory, checked by revision, never the truth (DESIGN 2).

One book per process, shared by its users. A position (sort_at, id of a seq) never changes once it is visible, so
a window only ever grows at its ends; what can change of a feed is in its mark, and marks are compared by rev.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from math import inf, nextafter

from reader.gateways.copies import CopyBook
from reader.mappers import Mappers
from reader.mappers.feeds import FeedMark
from reader.models.entry import Position

Key = tuple[float, int]
"""(sort_at, id): what lists are ordered by."""

STEP = 32  # positions fetched at once away from a window
FIRST = 64  # positions loaded at first per feed: more than most readers look at
# 16 bytes each. Whoever has a shelf here (lists.MAX_SUBSCRIPTIONS) finds the positions of its feeds: a book that held
# fewer would load them anew for each list. 200,000 different feeds take about 400 MB with their marks.
MAX_POSITIONS = 200_000 * FIRST


class Window:
    """Positions of the seqs low … high of one feed, without holes. ``sorts`` and ``ids`` never fall."""

    __slots__ = ("ids", "low", "sorts")

    def __init__(self, low: int) -> None:
        self.low = low
        self.sorts = array("d")
        self.ids = array("q")

    @property
    def high(self) -> int:
        return self.low + len(self.ids) - 1

    def prepend(self, positions: Sequence[Position]) -> None:
        self.sorts = array("d", (p.sort_at for p in positions)) + self.sorts
        self.ids = array("q", (p.id for p in positions)) + self.ids
        self.low -= len(positions)

    def append(self, positions: Sequence[Position]) -> None:
        self.sorts.extend(p.sort_at for p in positions)
        self.ids.extend(p.id for p in positions)

    def key(self, seq: int) -> Key:
        """What lists are ordered by."""
        index = seq - self.low
        return self.sorts[index], self.ids[index]

    def up_to_id(self, max_id: int) -> int:
        """Highest seq with id ≤ max_id; low - 1 when the window has none."""
        return self.low + bisect_right(self.ids, max_id) - 1

    def below(self, key: Key) -> int:
        """Highest seq with (sort_at, id) < key; low - 1 when the window has none."""
        sort_at, entry_id = key
        start, end = bisect_left(self.sorts, sort_at), bisect_right(self.sorts, sort_at)
        return self.low + bisect_left(self.ids, entry_id, start, end) - 1


class FeedBook:
    """``marks`` holds only feeds that somebody active in this process reads, or did until a while ago: see keep()."""

    def __init__(self, mappers: Mappers, max_positions: int = MAX_POSITIONS) -> None:
        self._mappers = mappers
        self._max = max_positions
        self._count = 0
        self.version = 0  # rises whenever a mark in here changes
        self.rev = -1  # no change up to this revision is unknown here; -1: nothing was loaded yet
        self.marks: dict[int, FeedMark] = {}
        self.windows: OrderedDict[int, Window] = OrderedDict()
        self.copies = CopyBook(mappers.shares)
        self._copied: set[int] = set()  # feeds in here that have copies of shared stories

    def learn(self, marks: Iterable[FeedMark]) -> None:
        """Changes that came with a delta: kept for feeds that are known here, newest rev wins."""
        for mark in marks:
            known = self.marks.get(mark.feed_id)
            if known is not None and known.rev < mark.rev:
                self._note(mark)
                self.version += 1
            self.rev = max(self.rev, mark.rev)

    def _note(self, mark: FeedMark) -> None:
        self.marks[mark.feed_id] = mark
        if mark.copies_rev:
            self._copied.add(mark.feed_id)

    async def load(self, feed_ids: Iterable[int]) -> None:
        """Loads marks that are missing, then brings the top of each feed's window, and its copies, up to its mark."""
        wanted = list(feed_ids)
        missing = [i for i in wanted if i not in self.marks]
        if missing:
            if self.rev < 0:
                self.rev = await self._mappers.feeds.rev()
            await self._load_marks(missing)
        ranges = []
        marks, windows = self.marks, self.windows
        for feed_id in wanted:
            mark = marks.get(feed_id)
            if mark is None or mark.seq <= mark.floor:
                continue
            window = windows.get(feed_id)
            if window is not None and window.high <= mark.floor:
                # All that it holds was purged: entries that came to an empty feed may be older than what stood there.
                self._count -= len(windows.pop(feed_id).ids)
                window = None
            if window is None:
                ranges.append((feed_id, max(mark.floor + 1, mark.seq - FIRST + 1), mark.seq))
            elif window.high < mark.seq:
                ranges.append((feed_id, window.high + 1, mark.seq))
        if ranges:
            await self._fetch(ranges)
        if self._copied:  # last: what was loaded for one request must not be forgotten for another before it is used
            copied = [marks[i] for i in wanted if i in self._copied]
            if self.copies.lacking(copied):
                await self.copies.load(copied)

    async def _load_marks(self, feed_ids: Sequence[int]) -> None:
        """Marks of feeds that are not known here. A change that another request learned of meanwhile was passed over,
        since they were not known yet: then they are read once more."""
        for _ in range(2):
            rev = self.rev
            for found in await self._mappers.feeds.marks(feed_ids):
                known = self.marks.get(found.feed_id)
                if known is None or known.rev < found.rev:
                    self._note(found)
            self.version += 1
            if self.rev == rev:
                return

    def keep(self, feed_ids: AbstractSet[int]) -> None:
        """Forgets all other feeds. Who still needs one loads it again, before anything is drawn."""
        for feed_id in self.marks.keys() - feed_ids:
            del self.marks[feed_id]
            window = self.windows.pop(feed_id, None)
            self._count -= len(window.ids) if window is not None else 0
        self._copied &= feed_ids
        self.version += 1

    def newest_id(self, feed_id: int) -> int:
        """Highest visible entry id of a feed, 0 without one."""
        window = self.windows.get(feed_id)
        return window.ids[-1] if window is not None and window.ids else 0

    async def below(self, feed_ids: Sequence[int], key: Key) -> dict[int, int]:
        """For each feed the highest seq whose (sort_at, id) is below ``key`` (its floor or less: none)."""
        found, deep = self._covered(feed_ids, lambda w: w.key(w.low) < key, lambda w: w.below(key))
        if deep:
            # Both conditions hold for a beginning of the feed, so the longer of the two beginnings is the answer.
            sort_at, entry_id = key
            earlier = await self._mappers.entries.limits(deep, max_id=None, before=sort_at)
            same = await self._mappers.entries.limits(deep, max_id=entry_id - 1, before=nextafter(sort_at, inf))
            found.update({i: max(earlier.get(i, 0), same.get(i, 0)) for i in deep})
        return found

    async def up_to(self, feed_ids: Sequence[int], max_id: int) -> dict[int, int]:
        """For each feed the highest visible seq with id ≤ max_id."""
        found, deep = self._covered(feed_ids, lambda w: w.ids[0] <= max_id, lambda w: w.up_to_id(max_id))
        if deep:
            limits = await self._mappers.entries.limits(deep, max_id=max_id, before=None)
            found.update({i: limits.get(i, 0) for i in deep})
        return found

    def _covered(
        self, feed_ids: Sequence[int], covers: Callable[[Window], bool], find: Callable[[Window], int]
    ) -> tuple[dict[int, int], list[int]]:
        """What the windows in memory can answer, and the feeds for which they reach down too little."""
        found: dict[int, int] = {}
        deep: list[int] = []
        for feed_id in feed_ids:
            mark, window = self.marks.get(feed_id), self.windows.get(feed_id)
            if mark is None or mark.seq <= mark.floor:
                found[feed_id] = 0
            elif window is not None and (window.low <= mark.floor + 1 or covers(window)):
                found[feed_id] = find(window)
            else:
                deep.append(feed_id)
        return found, deep

    async def peek(self, wanted: Sequence[tuple[int, int]], newest: bool) -> dict[tuple[int, int], Key]:
        """Positions at and behind each (feed, seq), in the direction of reading. One round trip.

        What lies just below a window extends it; what is far away (a lone unread entry of years ago) is not kept.
        """
        ranges = []
        for feed_id, seq in wanted:
            low = self.marks[feed_id].floor + 1 if feed_id in self.marks else 1
            window = self.windows.get(feed_id)
            if newest and window is not None and 0 < window.low - seq <= FIRST:
                ranges.append((feed_id, max(low, window.low - FIRST), window.low - 1))
            elif newest:
                ranges.append((feed_id, max(low, seq - STEP + 1), seq))
            else:
                ranges.append((feed_id, seq, seq + STEP - 1))
        found = await self._mappers.entries.positions(ranges)
        self._adopt([r for r in ranges if self._touches(r)], found)
        return {(feed_id, p.seq): (p.sort_at, p.id) for feed_id, ps in found.items() for p in ps}

    def _touches(self, wanted: tuple[int, int, int]) -> bool:
        window = self.windows.get(wanted[0])
        return window is not None and wanted[2] == window.low - 1

    async def _fetch(self, ranges: Sequence[tuple[int, int, int]]) -> None:
        self._adopt(ranges, await self._mappers.entries.positions(ranges))

    def _adopt(self, ranges: Sequence[tuple[int, int, int]], found: dict[int, list[Position]]) -> None:
        for feed_id, _low, _high in ranges:
            positions = found.get(feed_id)
            if positions:
                self._merge(feed_id, positions)
        self._shrink({r[0] for r in ranges})

    def _merge(self, feed_id: int, positions: list[Position]) -> None:
        """Puts loaded positions at the end of the window they belong to; another request may have been quicker."""
        window = self.windows.get(feed_id)
        first, last = positions[0].seq, positions[-1].seq
        if window is None or last < window.low - 1 or first > window.high + 1:
            if window is not None:
                self._count -= len(window.ids)
            window = self.windows[feed_id] = Window(first)
        before = len(window.ids)
        if not window.ids or first > window.high or last > window.high:
            window.append([p for p in positions if p.seq > window.high])
        if first < window.low:
            window.prepend([p for p in positions if p.seq < window.low])
        self._count += len(window.ids) - before

    def _shrink(self, in_use: set[int]) -> None:
        """Forgets the windows loaded longest ago; a request that still needs one loads it again."""
        for feed_id in in_use:
            if feed_id in self.windows:
                self.windows.move_to_end(feed_id)
        while self._count > self._max and len(self.windows) > len(in_use):
            feed_id, window = self.windows.popitem(last=False)
            self._count -= len(window.ids)
