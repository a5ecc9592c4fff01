"""One subscription decoded: which seqs of its feed are visible, unread, read."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from pyroaring import BitMap, FrozenBitMap

from reader.gateways.positions import Key
from reader.gateways.stories import Told
from reader.ingest.generate import is_generated
from reader.mappers.feeds import FeedMark
from reader.models.reading import FeedRow
from reader.models.share import followed_title
from reader.models.subscription import ReadChange, Subscription

NOTHING = FrozenBitMap()


@lru_cache(maxsize=4096)
def _unpacked(withdrawn: bytes) -> FrozenBitMap:
    return FrozenBitMap.deserialize(withdrawn)


def withdrawn(mark: FeedMark) -> FrozenBitMap:
    """Seqs of a feed that were taken back."""
    return _unpacked(mark.withdrawn) if mark.withdrawn else NOTHING


def visible(mark: FeedMark) -> BitMap:
    """All seqs of a feed that lists may show."""
    out = BitMap()
    if mark.seq > mark.floor:
        out.add_range(mark.floor + 1, mark.seq + 1)
        if mark.withdrawn:
            out -= withdrawn(mark)
    return out


class SubState:
    """One subscription with its decoded read set. ``unread`` and ``seen`` split what is visible of the feed.

    ``told`` is what stories with copies elsewhere change about it; None for nearly all.
    """

    __slots__ = ("_row", "_seen", "head", "mark", "read", "size", "sub", "told", "unread")

    def __init__(self, sub: Subscription, mark: FeedMark) -> None:
        self.sub = sub
        self.mark = mark
        self.told: Told | None = None
        self.read = BitMap.deserialize(sub.read) if sub.read else BitMap()
        self.split()

    def split(self) -> None:
        """Makes the parts anew, after a change of what they come from."""
        shown = visible(self.mark)
        self.size = len(shown)  # visible entries
        self.unread = BitMap() if self.sub.muted else shown - self.read
        if self.told is not None:
            self.unread -= self.told.shadows
            self.unread -= self.told.met
        self._seen: BitMap | None = None
        self._row: FeedRow | None = None
        self.head: Key | None = None  # position of the newest unread entry, once looked up

    @property
    def seen(self) -> BitMap:
        if self._seen is None:
            self._seen = visible(self.mark) - self.unread
        return self._seen

    def done(self) -> BitMap:
        """Visible seqs whose entry, or the story it tells, was read."""
        read = self.read if self.told is None else self.read | self.told.met
        return visible(self.mark) & read

    def has_read(self, seq: int) -> bool:
        """Whether it is in the read set. What was purged tells nothing any more."""
        return seq > self.mark.floor and seq in self.read

    def shows(self, seq: int) -> bool:
        """Whether lists may show it."""
        return self.mark.floor < seq <= self.mark.seq and not self.took_back(seq)

    def took_back(self, seq: int) -> bool:
        """Whether it was shared here and is no longer."""
        return bool(self.mark.withdrawn) and seq in withdrawn(self.mark)

    def news(self, above: int) -> BitMap:
        """What came above a seq, less copies of stories that this reader has or has read already."""
        out = visible(self.mark)
        out.remove_range(0, above + 1)
        if self.told is not None:
            out -= self.told.shadows
            out -= self.told.met
        return out

    def count_news(self, above: int) -> int:
        if self.told is not None or self.mark.withdrawn:
            return len(self.news(above))
        return self.mark.seq - max(above, self.mark.floor)

    def update(self, sub: Subscription) -> BitMap | None:
        """Takes a newer row. Returns the seqs whose part it may have changed: None for all of them."""
        old, self.sub = self.sub, sub
        before = self.read
        if sub.rev > old.rev:
            self.read = BitMap.deserialize(sub.read) if sub.read else BitMap()
        if sub.rev > old.rev or sub.muted != old.muted:
            self.split()
        else:
            self._row = None
        if sub.muted != old.muted:
            return None
        return before ^ self.read if self.told is not None else BitMap()

    def update_mark(self, mark: FeedMark) -> BitMap:
        """Takes a newer mark. Returns the seqs that came or went, where stories want to know."""
        old, self.mark = self.mark, mark
        if (old.seq, old.floor, old.withdrawn) == (mark.seq, mark.floor, mark.withdrawn):
            self._row = None
            return BitMap()
        self.split()
        return visible(old) ^ visible(mark) if self.told is not None else BitMap()

    def row(self) -> FeedRow:
        """As the left column shows it; made anew only after a change."""
        if self._row is None:
            mark = self.mark
            title = mark.title or mark.url
            if mark.kind == "stream" and mark.site_url:
                title = followed_title(title, mark.site_url)
            self._row = FeedRow(
                feed_id=mark.feed_id,
                title=self.sub.title or title,
                feed_title=title,
                url=mark.url,
                site_url=mark.site_url,
                icon=mark.icon,
                state=mark.state,
                error=mark.error,
                folder_id=self.sub.folder_id,
                position=self.sub.position,
                unread=len(self.unread),
                total=self.size,
                generated=is_generated(mark.format),
                kind=mark.kind,
                muted=self.sub.muted,
            )
        return self._row


def rewound(read: BitMap, changes: Iterable[ReadChange]) -> BitMap:
    """The read set as it was before ``changes`` (newest first)."""
    out = BitMap(read)
    for change in changes:
        out -= change.add
        out |= change.remove
    return out
