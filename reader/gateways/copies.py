"""Where shared stories stand, in the feeds that somebody active in this process reads: bounded memory, never the truth.

A feed's copies are read again when its mark says that they changed (copies_rev). 32 bytes a copy.
"""

from __future__ import annotations

import asyncio
from array import array
from collections import Counter, OrderedDict, deque
from collections.abc import Container, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from itertools import groupby

from reader.mappers.feeds import FeedMark
from reader.mappers.shares import ShareMapper
from reader.models.share import Copy

KEY = 16  # bytes of a story's key
MAX_COPIES = 2_000_000
REMEMBERED = 32  # changes of one feed that are told apart
FEW = 16  # stories that are looked for one by one


class FeedCopies:
    """The copies in one feed, in order of seq. ``rev`` is the copies_rev they are good for."""

    __slots__ = ("changes", "feed_id", "ids", "rev", "seqs", "stories")

    def __init__(self, feed_id: int, rev: int, copies: Sequence[Copy]) -> None:
        self.feed_id = feed_id
        self.rev = rev
        self.stories = b"".join([copy.story for copy in copies])
        self.ids = array("q", [copy.entry_id for copy in copies])
        self.seqs = array("q", [copy.seq for copy in copies])
        self.changes: deque[tuple[int, frozenset[bytes]]] = deque(maxlen=REMEMBERED)

    def __len__(self) -> int:
        return len(self.ids)

    def __iter__(self) -> Iterator[Copy]:
        for at in range(len(self.ids)):
            yield self._at(at)

    def _at(self, at: int) -> Copy:
        return Copy(self.stories[at * KEY : (at + 1) * KEY], self.ids[at], self.feed_id, self.seqs[at])

    def keys(self) -> list[bytes]:
        """The story of each."""
        stories = self.stories
        return [stories[at : at + KEY] for at in range(0, len(stories), KEY)]

    def pick(self, wanted: Container[bytes]) -> Iterator[Copy]:
        """Those of any of these stories."""
        stories = self.stories
        for at in range(len(self.ids)):
            if stories[at * KEY : (at + 1) * KEY] in wanted:
                yield self._at(at)

    def find(self, story: bytes) -> Iterator[Copy]:
        """Those of one story: a scan, but of a few bytes a copy."""
        at = self.stories.find(story)
        while at >= 0:
            if at % KEY == 0:
                yield self._at(at // KEY)
            at = self.stories.find(story, at + 1)

    def follow(self, old: FeedCopies) -> None:
        """Notes what is different from what was known before."""
        changed = self._tail(len(old)) if self._begins_with(old) else {c.story for c in set(self) ^ set(old)}
        self.changes.extend(old.changes)
        self.changes.append((old.rev, frozenset(changed)))

    def _begins_with(self, old: FeedCopies) -> bool:
        """Whether only newer ones were added, as is usual."""
        count = len(old)
        return self.stories.startswith(old.stories) and self.ids[:count] == old.ids and self.seqs[:count] == old.seqs

    def _tail(self, count: int) -> set[bytes]:
        return {self._at(at).story for at in range(count, len(self))}

    def changed_since(self, rev: int | None) -> Iterable[bytes]:
        """Stories with changes here since that copies_rev, all where that is not remembered."""
        if rev == self.rev:
            return ()
        revs = [before for before, _ in self.changes]
        if rev is None or rev not in revs:
            return self.keys()
        return frozenset().union(*(keys for _, keys in list(self.changes)[revs.index(rev) :]))


class CopyBook:
    def __init__(self, mapper: ShareMapper, most: int = MAX_COPIES) -> None:
        self._mapper = mapper
        self._most = most
        self._count = 0
        self._loading = asyncio.Lock()
        self.feeds: OrderedDict[int, FeedCopies] = OrderedDict()

    def lacking(self, marks: Iterable[FeedMark]) -> list[FeedMark]:
        """Those of these feeds whose copies are not here as their marks want them."""
        return [m for m in marks if m.feed_id not in self.feeds or self.feeds[m.feed_id].rev < m.copies_rev]

    async def load(self, marks: Sequence[FeedMark]) -> None:
        """Reads what is lacking of these feeds, all in one round trip. Who asks at the same time waits for the same
        read: a share brings all its followers at once."""
        async with self._loading:
            lacking = self.lacking(marks)
            if lacking:
                await self._read(lacking)
            for mark in marks:
                self.feeds.move_to_end(mark.feed_id)
            self._shrink(len(marks))

    async def _read(self, marks: Sequence[FeedMark]) -> None:
        found = await self._mapper.copies([mark.feed_id for mark in marks])
        by_feed = {feed_id: list(some) for feed_id, some in groupby(found, lambda copy: copy.feed_id)}
        for mark in marks:
            known = self.feeds.get(mark.feed_id)
            new = FeedCopies(mark.feed_id, mark.copies_rev, by_feed.get(mark.feed_id, []))
            if known is not None:
                new.follow(known)
            self._count += len(new) - (len(known) if known is not None else 0)
            self.feeds[mark.feed_id] = new

    def gather(self, feed_ids: AbstractSet[int], keys: set[bytes]) -> dict[bytes, list[Copy]]:
        """The copies of these stories in these feeds; stories that have only one may be left out."""
        feeds = [self.feeds[feed_id] for feed_id in self.feeds.keys() & feed_ids]
        found: dict[bytes, list[Copy]] = {}
        if len(keys) <= FEW:
            for key in keys:
                found[key] = [copy for feed in feeds for copy in feed.find(key)]
            return found
        counts: Counter[bytes] = Counter()
        for feed in feeds:
            counts.update(feed.keys())
        several = keys & {key for key, count in counts.items() if count > 1}
        for feed in feeds:
            for copy in feed.pick(several):
                found.setdefault(copy.story, []).append(copy)
        return found

    def _shrink(self, in_use: int) -> None:
        """Forgets the feeds wanted longest ago; who still needs one loads it again."""
        while self._count > self._most and len(self.feeds) > in_use:
            self._count -= len(self.feeds.popitem(last=False)[1])
