"""What one user has, decoded: folders, subscriptions, and for each the seqs unread and read.

Kept in bounded memory per process and brought up to date by revision at each request; never the truth.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pyroaring import BitMap

from reader.gateways.positions import FeedBook
from reader.gateways.states import SubState, visible
from reader.gateways.stories import Stories, Story, beside
from reader.mappers.subscriptions import ReadingDelta
from reader.models.reading import Scope, Sidebar
from reader.models.subscription import Folder, Subscription

Left = Mapping[int, BitMap]
"""By feed: seqs that a list leaves out, because another copy of their story stands in it."""


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
        self._left: dict[Scope, Left] = {}
        self.stories = Stories()
        self._known = -1  # no write up to this revision is unknown here: it is in the state, or this process made it
        self._lost: set[bytes] = set()  # stories with copies in feeds that were unsubscribed from
        self._anew = True  # folders or subscriptions came as a whole since settle()
        self.counted = 0  # subscriptions that whoever keeps shelves has counted

    def take(self, delta: ReadingDelta) -> None:
        """Applies what the store says changed. A delta older than the state (two requests crossed) is left aside."""
        if delta.whole:
            if delta.rev < self.rev:
                return
            self.folders = {f.id: f for f in delta.folders}
            fresh = {s.feed_id: s for s in delta.subscriptions}
            for gone in self.subs.keys() - fresh.keys():
                self._lost |= self.stories.forget(self.subs.pop(gone))
            self._pending = fresh
            self._book_version = -1  # what was removed is noticed as well
            self._left = {}  # feeds may be in other folders
            self._anew = True
        else:
            self._pending.update({s.feed_id: s for s in delta.subscriptions})
        self.rev = max(self.rev, delta.rev)
        self._known = max(self._known, self.rev)
        self.shape_rev = max(self.shape_rev, delta.shape_rev)

    def wrote(self, rev: int) -> bool:
        """This process wrote marks that brought the user to ``rev``. False if somebody else wrote before."""
        if rev == self._known + 1:
            self._known = rev
        return rev == self._known

    def unsettled(self, book: FeedBook) -> Iterable[int]:
        """Feeds whose marks and positions settle() needs."""
        if self._book_version == book.version:
            return self._pending.keys()
        return self.subs.keys() | self._pending.keys()

    def stale(self, book: FeedBook) -> bool:
        """Whether subscriptions or marks of feeds changed since settle()."""
        return bool(self._pending) or self._book_version != book.version

    def settle(self, book: FeedBook) -> None:
        """Joins subscriptions with the marks of their feeds, after the book has loaded them. What was drawn before
        stays where nothing of this reader changed: in a large system feeds of others always did."""
        marks_changed = self._book_version != book.version
        self._book_version = book.version
        anew, self._anew = self._anew or bool(self._pending), False
        reread, moved = self._settle_subscriptions(book)
        if marks_changed:
            own, told = self._settle_marks(book)
            anew, moved = anew or own, moved + told
        keys, self._lost = self._lost, set()
        if marks_changed:
            keys |= self.stories.changed(self.subs, book.copies)
        stories = reread + moved
        replaced = self.stories.refresh(self.subs, book.copies, keys, stories) if keys or stories else False
        if replaced or moved:
            self._left = {}
        if anew or keys or stories:
            self._views = {}
            self.sidebar = None

    def _settle_subscriptions(self, book: FeedBook) -> tuple[list[Story], list[Story]]:
        """Stories of which copies were read or no longer are, and those that may stand elsewhere now."""
        reread: list[Story] = []
        moved: list[Story] = []
        for feed_id, sub in self._pending.items():
            mark = book.marks.get(feed_id)
            if mark is None:
                continue  # the feed was merged into another a moment ago; the next delta is whole
            state = self.subs.get(feed_id)
            if state is None:
                self.subs[feed_id] = SubState(sub, mark)
                continue
            changed = state.update(sub)
            if state.told is not None:
                (moved if changed is None else reread).extend(state.told.among(changed))
        self._pending = {}
        return reread, moved

    def _settle_marks(self, book: FeedBook) -> tuple[bool, list[Story]]:
        """Whether any changed, and stories of which copies came or went."""
        own = False
        moved: list[Story] = []
        marks = book.marks
        for feed_id, state in self.subs.items():
            mark = marks[feed_id]
            if mark is not state.mark:
                own = True
                changed = state.update_mark(mark)
                if state.told is not None:
                    moved += state.told.among(changed)
        return own, moved

    def view(self, scope: Scope, book: FeedBook) -> View:
        """The subscriptions of a list with their sums; made anew after a change."""
        view = self._views.get(scope)
        if view is None:
            subs = self._within(scope)
            view = self._views[scope] = View(subs, book, self._left_out(scope, subs))
        return view

    def _left_out(self, scope: Scope, subs: list[SubState]) -> Left:
        left = self._left.get(scope)
        if left is None:
            left = self._left[scope] = left_out(scope, subs) if self.stories.by_key else {}
        return left

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
            return [s for s in self.subs.values() if s.sub.folder_id in inside and not s.sub.muted]
        return [s for s in self.subs.values() if not s.sub.muted]


def left_out(scope: Scope, subs: Iterable[SubState]) -> Left:
    """What a list of these feeds leaves out, as things are now."""
    if scope.kind == "feed":
        return {}
    if scope.kind != "folder":  # the main copy of every shadow is in it
        return {s.mark.feed_id: s.told.shadows for s in subs if s.told is not None and s.told.shadows}
    return beside(subs, lambda s: s.told.shadows if s.told is not None else BitMap())


class View:
    """What a list is of. ``newest_id`` is the highest visible entry id: the list's as_of when it is drawn now."""

    __slots__ = ("_heads", "left", "newest_id", "subs", "total", "unread")

    def __init__(self, subs: list[SubState], book: FeedBook, left: Left) -> None:
        self.subs = subs
        self.left = left
        self.unread = sum([len(s.unread) for s in subs])
        self.total = sum([s.size for s in subs])
        if left:
            self.total -= sum([len(left[s.mark.feed_id] & visible(s.mark)) for s in subs if s.mark.feed_id in left])
        self.newest_id = max([book.newest_id(s.mark.feed_id) for s in subs], default=0)
        self._heads: list[tuple[float, int, SubState]] | None = None

    def seen(self, state: SubState) -> BitMap:
        """What the list shows of a feed in the part already read."""
        left = self.left.get(state.mark.feed_id)
        return state.seen if left is None else state.seen - left

    def shown(self, state: SubState) -> BitMap:
        """What the list shows of a feed, read or not."""
        seqs = visible(state.mark)
        return seqs - self.left[state.mark.feed_id] if state.mark.feed_id in self.left else seqs

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
