"""What one user has, decoded: folders, subscriptions, and for each the seqs unread and read.

Kept in bounded memory per process and brought up to date by revision at each request; never the truth.
"""

from __future__ import annotations

from collections.abc import Iterable

from pyroaring import BitMap

from reader.gateways.positions import FeedBook, Key
from reader.mappers.feeds import FeedMark
from reader.mappers.subscriptions import ReadingDelta
from reader.models.reading import FeedRow, Scope
from reader.models.subscription import Folder, ReadChange, Subscription

EMPTY = BitMap()


def visible(mark: FeedMark) -> BitMap:
    """All seqs of a feed that lists show."""
    out = BitMap()
    if mark.seq > mark.floor:
        out.add_range(mark.floor + 1, mark.seq + 1)
    return out


class SubState:
    """One subscription with its decoded read set. ``unread`` and ``seen`` split what is visible of the feed."""

    __slots__ = ("_row", "_seen", "head", "mark", "read", "sub", "unread")

    def __init__(self, sub: Subscription, mark: FeedMark) -> None:
        self.sub = sub
        self.mark = mark
        self.read = BitMap.deserialize(sub.read) if sub.read else BitMap()
        self._split()

    def _split(self) -> None:
        self.unread = visible(self.mark) - self.read
        self._seen: BitMap | None = None
        self._row: FeedRow | None = None
        self.head: Key | None = None  # position of the newest unread entry, once looked up

    @property
    def seen(self) -> BitMap:
        if self._seen is None:
            self._seen = visible(self.mark) - self.unread
        return self._seen

    def update(self, sub: Subscription) -> None:
        if sub.rev > self.sub.rev:
            self.read = BitMap.deserialize(sub.read) if sub.read else BitMap()
            self.sub = sub
            self._split()
        else:
            self.sub = sub
            self._row = None

    def update_mark(self, mark: FeedMark) -> None:
        old, self.mark = self.mark, mark
        if (old.seq, old.floor) != (mark.seq, mark.floor):
            self._split()
        else:
            self._row = None

    def row(self) -> FeedRow:
        """As the left column shows it; made anew only after a change."""
        if self._row is None:
            mark = self.mark
            self._row = FeedRow(
                feed_id=mark.feed_id,
                title=self.sub.title or mark.title or mark.url,
                feed_title=mark.title or mark.url,
                url=mark.url,
                site_url=mark.site_url,
                icon=mark.icon,
                state=mark.state,
                error=mark.error,
                folder_id=self.sub.folder_id,
                position=self.sub.position,
                unread=len(self.unread),
                total=max(0, mark.seq - mark.floor),
            )
        return self._row


class Shelf:
    """``rev`` and ``shape_rev`` are the user's revisions that this state includes."""

    def __init__(self, user_id: int) -> None:
        self.user_id = user_id
        self.rev = -1
        self.shape_rev = -1
        self.folders: dict[int, Folder] = {}
        self.subs: dict[int, SubState] = {}
        self._pending: dict[int, Subscription] = {}

    def take(self, delta: ReadingDelta) -> None:
        """Applies what the store says changed. A delta older than the state (two requests crossed) is left aside."""
        if delta.whole:
            if delta.rev < self.rev:
                return
            self.folders = {f.id: f for f in delta.folders}
            fresh = {s.feed_id: s for s in delta.subscriptions}
            for gone in self.subs.keys() - fresh.keys():
                del self.subs[gone]
            self._pending = fresh
        else:
            self._pending.update({s.feed_id: s for s in delta.subscriptions})
        self.rev = max(self.rev, delta.rev)
        self.shape_rev = max(self.shape_rev, delta.shape_rev)

    def feed_ids(self) -> Iterable[int]:
        return self.subs.keys() | self._pending.keys()

    def settle(self, book: FeedBook) -> None:
        """Joins subscriptions with the marks of their feeds, after the book has loaded them."""
        for feed_id, sub in self._pending.items():
            mark = book.marks.get(feed_id)
            if mark is None:
                continue  # the feed was merged into another a moment ago; the next delta is whole
            state = self.subs.get(feed_id)
            if state is None:
                self.subs[feed_id] = SubState(sub, mark)
            else:
                state.update(sub)
        self._pending = {}
        marks = book.marks
        for feed_id, state in self.subs.items():
            mark = marks[feed_id]
            if mark is not state.mark:
                state.update_mark(mark)

    def within(self, scope: Scope) -> list[SubState]:
        """The subscriptions that a list is of."""
        if scope.kind == "feed":
            state = self.subs.get(scope.id)
            return [state] if state is not None else []
        if scope.kind == "folder":
            return [s for s in self.subs.values() if s.sub.folder_id == scope.id]
        return list(self.subs.values())

    def unread(self) -> int:
        return sum(len(s.unread) for s in self.subs.values())


def rewound(read: BitMap, changes: Iterable[ReadChange]) -> BitMap:
    """The read set as it was before ``changes`` (newest first)."""
    out = BitMap(read)
    for change in changes:
        out -= change.add
        out |= change.remove
    return out
