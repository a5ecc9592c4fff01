"""What one user has, decoded: folders, subscriptions, and for each the seqs unread and read.

Kept in bounded memory per process and brought up to date by revision at each request; never the truth.
"""

from __future__ import annotations

from collections.abc import Iterable

from pyroaring import BitMap

from reader.gateways.positions import FeedBook, Key
from reader.ingest.generate import is_generated
from reader.mappers.feeds import FeedMark
from reader.mappers.subscriptions import ReadingDelta
from reader.models.reading import FeedRow, Scope, Sidebar
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
                generated=is_generated(mark.format),
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
        self.sidebar: Sidebar | None = None  # as of the last settle(), made on demand
        self._pending: dict[int, Subscription] = {}
        self._book_version = -1
        self._views: dict[Scope, View] = {}

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
            self._book_version = -1  # what was removed is noticed as well
        else:
            self._pending.update({s.feed_id: s for s in delta.subscriptions})
        self.rev = max(self.rev, delta.rev)
        self.shape_rev = max(self.shape_rev, delta.shape_rev)

    def unsettled(self, book: FeedBook) -> Iterable[int]:
        """Feeds whose marks and positions settle() needs."""
        if self._book_version == book.version:
            return self._pending.keys()
        return self.subs.keys() | self._pending.keys()

    def stale(self, book: FeedBook) -> bool:
        """Whether subscriptions or marks of feeds changed since settle()."""
        return bool(self._pending) or self._book_version != book.version

    def settle(self, book: FeedBook) -> None:
        """Joins subscriptions with the marks of their feeds, after the book has loaded them."""
        marks_changed = self._book_version != book.version
        self._book_version = book.version
        self._views = {}
        self.sidebar = None
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
        if not marks_changed:
            return
        marks = book.marks
        for feed_id, state in self.subs.items():
            mark = marks[feed_id]
            if mark is not state.mark:
                state.update_mark(mark)

    def view(self, scope: Scope, book: FeedBook) -> View:
        """The subscriptions of a list with their sums; made anew after a change."""
        view = self._views.get(scope)
        if view is None:
            view = self._views[scope] = View(self._within(scope), book)
        return view

    def inside(self, folder_id: int) -> set[int]:
        """Ids of a folder and of all folders in it."""
        children = self._children()
        out, todo = set(), [folder_id]
        while todo:
            one = todo.pop()
            if one not in out:
                out.add(one)
                todo += [child.id for child in children.get(one, ())]
        return out

    def tree(self) -> list[tuple[Folder, int]]:
        """All folders with their depth, each before those inside it, neighbours in their order."""
        children = self._children()
        out: list[tuple[Folder, int]] = []
        todo = [(folder, 0) for folder in reversed(children.get(None, ()))]
        while todo:
            folder, depth = todo.pop()
            out.append((folder, depth))
            todo += [(child, depth + 1) for child in reversed(children.get(folder.id, ()))]
        return out

    def path(self, folder_id: int | None) -> tuple[str, ...]:
        """Titles from the outermost folder to this one."""
        titles: list[str] = []
        while folder_id is not None and folder_id in self.folders and len(titles) < len(self.folders):
            folder = self.folders[folder_id]
            titles.append(folder.title)
            folder_id = folder.parent_id
        return tuple(reversed(titles))

    def _children(self) -> dict[int | None, list[Folder]]:
        out: dict[int | None, list[Folder]] = {}
        for folder in sorted(self.folders.values(), key=lambda f: (f.position, f.title.casefold(), f.id)):
            out.setdefault(folder.parent_id if folder.parent_id in self.folders else None, []).append(folder)
        return out

    def _within(self, scope: Scope) -> list[SubState]:
        if scope.kind == "feed":
            state = self.subs.get(scope.id)
            return [state] if state is not None else []
        if scope.kind == "folder":
            inside = self.inside(scope.id)
            return [s for s in self.subs.values() if s.sub.folder_id in inside]
        return list(self.subs.values())


class View:
    """What a list is of. ``newest_id`` is the highest visible entry id: the list's as_of when it is drawn now."""

    __slots__ = ("_heads", "newest_id", "subs", "total", "unread")

    def __init__(self, subs: list[SubState], book: FeedBook) -> None:
        self.subs = subs
        self.unread = sum([len(s.unread) for s in subs])
        self.total = sum([s.mark.seq - s.mark.floor for s in subs if s.mark.seq > s.mark.floor])
        self.newest_id = max([book.newest_id(s.mark.feed_id) for s in subs], default=0)
        self._heads: list[tuple[float, int, SubState]] | None = None

    def front(self, limit: int) -> list[SubState] | None:
        """The subscriptions that the first ``limit`` unread entries can come from: those with the newest heads.

        None while some head was not looked up yet.
        """
        if self._heads is None:
            heads = []
            for state in self.subs:
                if state.unread:
                    if state.head is None:
                        return None
                    heads.append((-state.head[0], -state.head[1], state))
            heads.sort()  # ids differ, so no two states are ever compared
            self._heads = heads
        return [state for _, _, state in self._heads[:limit]]


def rewound(read: BitMap, changes: Iterable[ReadChange]) -> BitMap:
    """The read set as it was before ``changes`` (newest first)."""
    out = BitMap(read)
    for change in changes:
        out -= change.add
        out |= change.remove
    return out
