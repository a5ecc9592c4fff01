"""What a reader sees: the left column, lists, single entries (DESIGN 2)."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from weakref import WeakSet

from reader.clock import Clock
from reader.errors import Invalid, NotFound
from reader.events import EntriesArrived, PubSub
from reader.gateways.cursor import Cursor, decode, decode_flag_key
from reader.gateways.drawn import Drawn
from reader.gateways.merge import Merge, Run
from reader.gateways.positions import FeedBook, Key
from reader.gateways.shelf import Shelf, View
from reader.gateways.states import SubState
from reader.gateways.stories import Story, may_stand
from reader.mappers import Mappers
from reader.models.entry import Entry, FlagKind, Flags
from reader.models.reading import EntryView, FeedRow, FolderRow, Order, Page, Scope, Show, Sidebar
from reader.models.subscription import ReadChange

MARKS_AT_ONCE = 2000  # marks of changed feeds read per round trip
SPARE_FEEDS = 10_000  # that the book may hold besides those of its readers
MAX_SUBSCRIPTIONS = 200_000  # subscriptions kept decoded in one process, over all its users


class Lists:
    def __init__(self, mappers: Mappers, bus: PubSub, clock: Clock) -> None:
        self._mappers = mappers
        self._bus = bus
        self._clock = clock
        self._shelves: OrderedDict[int, Shelf] = OrderedDict()
        self._held = 0  # subscriptions on them
        self._alive: WeakSet[Shelf] = WeakSet()  # with those that a request still uses though they were forgotten
        self._feeds_most = 0  # in the book, until it is looked through
        self.book = FeedBook(mappers)

    async def shelf(self, user_id: int) -> Shelf:
        """The user's state as of now: one round trip while nothing changed."""
        shelf = self._shelves.get(user_id)
        if shelf is None:
            shelf = self._shelves[user_id] = Shelf(user_id)
            self._alive.add(shelf)
        self._shelves.move_to_end(user_id)
        if self.book.rev < 0:
            self.book.rev = await self._mappers.feeds.rev()
        while True:
            delta, marks = await self._mappers.subscriptions.reading_delta(
                user_id, shelf.rev, shelf.shape_rev, self.book.rev, MARKS_AT_ONCE
            )
            self.book.learn(marks)
            shelf.take(delta)
            if len(marks) < MARKS_AT_ONCE:
                break
        while shelf.stale(self.book):
            version = self.book.version
            await self.book.load(shelf.unsettled(self.book))
            if version == self.book.version:  # else another request learned of a change meanwhile
                shelf.settle(self.book)
        self._count(shelf)
        self._forget()
        return shelf

    def _count(self, shelf: Shelf) -> None:
        if self._shelves.get(shelf.user_id) is shelf:  # else it was forgotten meanwhile
            self._held += len(shelf.subs) - shelf.counted
            shelf.counted = len(shelf.subs)

    def _forget(self) -> None:
        """Away with the shelves used longest ago when they are too many, and with feeds that nobody here reads any more
        when those outnumber the others."""
        while len(self._shelves) > 1 and self._held > MAX_SUBSCRIPTIONS:
            _, gone = self._shelves.popitem(last=False)
            self._held -= gone.counted
        if len(self.book.marks) > max(self._feeds_most, 2 * self._held + SPARE_FEEDS):
            self.book.keep(set().union(*(shelf.subs for shelf in self._alive)))
            self._feeds_most = 2 * len(self.book.marks)

    async def sidebar(self, user_id: int) -> Sidebar:
        shelf = await self.shelf(user_id)
        known = shelf.sidebar
        if known is None or known.rev != shelf.rev:
            rev = shelf.rev
            later, starred = await asyncio.gather(
                self._mappers.flags.count(user_id, "later"), self._mappers.flags.count(user_id, "starred")
            )
            known = self._make_sidebar(shelf, later, starred)
            if rev == shelf.rev:  # else another request went on meanwhile; what was counted may be older
                shelf.sidebar = known
        return known

    @staticmethod
    def _make_sidebar(shelf: Shelf, later: int, starred: int) -> Sidebar:
        rows = [s.row() for s in shelf.subs.values()]
        rows.sort(key=lambda r: (r.position, r.title.casefold(), r.feed_id))
        inside: dict[int | None, list[FeedRow]] = {}
        for row in rows:
            inside.setdefault(row.folder_id if row.folder_id in shelf.folders else None, []).append(row)
        folders = []
        unread = {f.id: sum([r.unread for r in inside.get(f.id, ())]) for f in shelf.folders.values()}
        tree = shelf.tree()
        for folder, depth in reversed(tree):  # inner folders first: their counts are whole when they are added
            if depth and folder.parent_id is not None:
                unread[folder.parent_id] += unread[folder.id]
        for folder, depth in tree:
            feeds = tuple(inside.get(folder.id, ()))
            folders.append(
                FolderRow(
                    folder.id, folder.title, folder.open, folder.position, unread[folder.id], feeds,
                    folder.parent_id if depth else None, depth,
                )
            )  # fmt: skip
        return Sidebar(
            rev=shelf.rev,
            feed_rev=max((s.mark.rev for s in shelf.subs.values()), default=0),
            unread=sum([r.unread for r in rows]),
            later=later,
            starred=starred,
            folders=tuple(folders),
            feeds=tuple(inside.get(None, ())),
        )

    # ---- lists

    async def page(self, user_id: int, scope: Scope, show: Show, order: Order, after: str | None, limit: int) -> Page:
        """One page. NotFound for a folder or feed that the user does not have."""
        shelf = await self.shelf(user_id)
        title = self.title(shelf, scope)
        if scope.kind in ("starred", "later"):
            return await self._flag_page(shelf, scope, title, order, after, limit)
        view = shelf.view(scope, self.book)
        if after is None:
            cursor = Cursor(shelf.rev, view.newest_id, view.unread, view.total, "u", None)
            above, below = self._runs(view, limit, order)
            fresh = 0
        else:
            cursor = decode(after)
            above, below = await self._runs_as_drawn(shelf, scope, view, cursor)
            fresh = await self._count_fresh(view.subs, cursor.as_of)
        places, part_of, following = await self._walk(cursor, above, below, show, order == "newest", limit, shelf)
        views = await self._views(shelf, places, part_of)
        return Page(
            scope, title, tuple(views), following, cursor.as_of, cursor.unread, cursor.total, fresh, show, order
        )

    def title(self, shelf: Shelf, scope: Scope) -> str:
        if scope.kind == "folder":
            if scope.id not in shelf.folders:
                raise NotFound("There is no such folder.")
            return shelf.folders[scope.id].title
        if scope.kind == "feed":
            if scope.id not in shelf.subs:
                raise NotFound("There is no such feed.")
            return shelf.subs[scope.id].row().title
        return {"all": "All entries", "starred": "Starred", "later": "Read later"}[scope.kind]

    def _newest_id(self, state: SubState) -> int:
        return self.book.newest_id(state.mark.feed_id)

    @staticmethod
    def _runs(view: View, limit: int, order: Order) -> tuple[list[Run], Callable[[], list[Run]]]:
        """Runs of the state as it is: above the horizon only of feeds that can be on a page of ``limit``.

        The part below is only made when somebody gets there.
        """
        front = view.front(limit + 1) if order == "newest" else None
        states = view.subs if front is None else front
        above = [Run(s.mark.feed_id, s.unread, s.head if order == "newest" else None) for s in states if s.unread]
        return above, lambda: [run for run in (Run(s.mark.feed_id, view.seen(s)) for s in view.subs) if run.seqs]

    async def _runs_as_drawn(
        self, shelf: Shelf, scope: Scope, view: View, cursor: Cursor
    ) -> tuple[list[Run], Callable[[], list[Run]]]:
        """Runs of the state in which the list was drawn: without what arrived since, marks since taken back."""
        journal: Sequence[ReadChange] = ()
        if shelf.rev > cursor.rev:
            found = await self._mappers.subscriptions.journal(shelf.user_id, cursor.rev)
            if found is None:
                raise Invalid("This list was drawn too long ago to go on. Open it again.", {"after": "too old"})
            journal = found
        late = [s.mark.feed_id for s in view.subs if self._newest_id(s) > cursor.as_of]
        limits = await self.book.up_to(late, cursor.as_of) if late else {}
        above, below = Drawn(shelf, cursor.rev, journal).runs(scope, view, limits)
        return above, lambda: below

    async def _walk(
        self,
        cursor: Cursor,
        above: list[Run],
        below: Callable[[], list[Run]],
        show: Show,
        newest: bool,
        limit: int,
        shelf: Shelf,
    ) -> tuple[list[Key], list[bool], str | None]:
        """Positions of the page, whether each stands above the horizon, and the cursor of the next page."""
        places: list[Key] = []
        parts: list[bool] = []
        for part in ("u", "r"):
            if part == "u" and cursor.part == "r":
                continue
            if part == "r" and show == "unread":
                break
            runs = above if part == "u" else below()
            key = cursor.key if cursor.part == part else None
            if len(places) >= limit:  # the page is full just where a part ends
                more = any(run.seqs for run in runs)
                return places, parts, self._next(cursor, part, None) if more else None
            merge = Merge(self.book, newest=newest)
            await merge.start(runs, key)
            found = await merge.take(limit - len(places) + 1)
            if newest and part == "u" and key is None:
                self._keep_heads(shelf, above, merge.heads)
            room = limit - len(places)
            places += found[:room]
            parts += [part == "u"] * len(found[:room])
            if len(found) > room:
                return places, parts, self._next(cursor, part, places[-1])
        return places, parts, None

    @staticmethod
    def _next(cursor: Cursor, part: str, key: Key | None) -> str:
        return Cursor(cursor.rev, cursor.as_of, cursor.unread, cursor.total, part, key).encode()

    @staticmethod
    def _keep_heads(shelf: Shelf, runs: list[Run], heads: dict[int, Key]) -> None:
        for run in runs:
            state = shelf.subs.get(run.feed_id)
            if run.feed_id in heads and state is not None and state.unread is run.seqs:
                state.head = heads[run.feed_id]

    async def views(self, shelf: Shelf, ids: Sequence[int]) -> list[EntryView]:
        """Entries as the user sees them, outside any list."""
        return await self._views(shelf, [(0.0, entry_id) for entry_id in ids], [False] * len(ids))

    async def _views(self, shelf: Shelf, places: Sequence[Key], above: Sequence[bool]) -> list[EntryView]:
        ids = [entry_id for _, entry_id in places]
        part = dict(zip(ids, above, strict=True))
        entries, flags = await asyncio.gather(
            self._mappers.entries.many(ids), self._mappers.flags.many(shelf.user_id, ids)
        )
        views = [self._view(shelf, entry, flags.get(entry.id), part[entry.id]) for entry in entries]
        return [view for view in views if view is not None]

    @staticmethod
    def _view(shelf: Shelf, entry: Entry, flags: Flags | None, above: bool) -> EntryView | None:
        """None for what was taken back."""
        state = shelf.subs.get(entry.feed_id)
        starred = flags is not None and flags.starred_at is not None
        later = flags is not None and flags.later_at is not None
        if state is None:  # starred, and unsubscribed from since
            return EntryView(entry, "", None, None, True, starred, later, above)
        if state.took_back(entry.seq):
            return None
        row = state.row()
        story = state.told.stories.get(entry.seq) if state.told is not None else None
        if story is None:
            read = entry.seq in state.read or entry.seq <= state.mark.floor
            return EntryView(entry, row.title, row.icon, row.site_url, read, starred, later, above)
        copies = _others(shelf, story, entry.id)
        return EntryView(entry, row.title, row.icon, row.site_url, story.read, starred, later, above, copies)

    async def _flag_page(
        self, shelf: Shelf, scope: Scope, title: str, order: Order, after: str | None, limit: int
    ) -> Page:
        kind: FlagKind = "starred" if scope.kind == "starred" else "later"
        before = decode_flag_key(after) if after is not None else None
        found, total = await asyncio.gather(
            self._mappers.flags.page(shelf.user_id, kind, before=before, limit=limit + 1),
            self._mappers.flags.count(shelf.user_id, kind),
        )
        places = found[:limit]
        views = await self._views(shelf, places, [False] * len(places))
        following = None
        if len(found) > limit:
            following = Cursor(shelf.rev, 0, 0, total, "r", places[-1]).encode()
        unread = sum(1 for view in views if not view.read)
        return Page(scope, title, tuple(views), following, 0, unread, total, 0, "all", "newest")

    async def fresh(self, user_id: int, scope: Scope, since: int, limit: int) -> Page:
        """What arrived in the scope after ``since`` (a page's as_of), newest first."""
        shelf = await self.shelf(user_id)
        title = self.title(shelf, scope)
        subs = [s for s in shelf.view(scope, self.book).subs if self._newest_id(s) > since]
        bounds = await self.book.up_to([s.mark.feed_id for s in subs], since)
        runs = []
        for state in subs:
            runs.append(Run(state.mark.feed_id, state.news(bounds[state.mark.feed_id])))
        merge = Merge(self.book, newest=True)
        await merge.start(runs, None)
        places = await merge.take(limit)
        views = await self._views(shelf, places, [True] * len(places))
        total = sum(len(run.seqs) for run in runs)
        as_of = max((self._newest_id(s) for s in subs), default=since)
        return Page(scope, title, tuple(views), None, as_of, total, total, 0, "all", "newest")

    async def _count_fresh(self, subs: Iterable[SubState], since: int) -> int:
        states = [s for s in subs if self._newest_id(s) > since]
        bounds = await self.book.up_to([s.mark.feed_id for s in states], since) if states else {}
        return sum(s.count_news(bounds[s.mark.feed_id]) for s in states)

    async def arrived(self, user_id: int, since: int, limit: int) -> tuple[int, list[EntriesArrived] | None]:
        """See ReadingService.arrived. Costs one look at the shelf, and no query for what is in memory."""
        view = (await self.shelf(user_id)).view(Scope("all"), self.book)
        subs = [s for s in view.subs if self._newest_id(s) > since]
        if len(subs) > limit:
            return view.newest_id, None
        bounds = await self.book.up_to([s.mark.feed_id for s in subs], since) if subs else {}
        counts = [(s, s.count_news(bounds[s.mark.feed_id])) for s in subs]
        events = [EntriesArrived(s.mark.feed_id, number, self._newest_id(s)) for s, number in counts if number]
        return view.newest_id, events

    async def entry(self, user_id: int, entry_id: int) -> EntryView:
        """NotFound unless it is in a feed the user reads, or the user flagged it."""
        found, flags, shelf = await asyncio.gather(
            self._mappers.entries.many([entry_id]),
            self._mappers.flags.many(user_id, [entry_id]),
            self.shelf(user_id),
        )
        if found and self._may_read(shelf, found[0], flags.get(entry_id)):
            view = self._view(shelf, found[0], flags.get(entry_id), False)
            if view is not None:
                return view
        raise NotFound("There is no such entry.")

    @staticmethod
    def _may_read(shelf: Shelf, entry: Entry, flags: Flags | None) -> bool:
        state = shelf.subs.get(entry.feed_id)
        if state is None:
            return flags is not None
        return flags is not None or entry.seq <= state.mark.seq


def taken_back(subs: Mapping[int, SubState], entry: Entry) -> bool:
    """Whether it was shared in a stream that the user reads, and is no longer."""
    state = subs.get(entry.feed_id)
    return state is not None and state.took_back(entry.seq)


def _others(shelf: Shelf, story: Story, entry_id: int) -> tuple[int, ...]:
    """Ids of the other copies that this reader can meet."""
    found = [(shelf.subs.get(copy.feed_id), copy) for copy in story.copies if copy.entry_id != entry_id]
    return tuple([copy.entry_id for state, copy in found if state is not None and may_stand(state, copy.seq)])
