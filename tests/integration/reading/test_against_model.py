"""Counts and pages against a naive model, with arrivals, marks, undo and purges in between.

Two gateways over one file stand for two processes: each act goes through either, and both must show the truth.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Coroutine
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from pyroaring import BitMap

from reader.clock import Clock
from reader.gateways.reading import ReadingGateway
from reader.mappers import Mappers
from reader.models.entry import NewEntry, SafeHtml
from reader.models.reading import Order, Scope, Show
from reader.models.subscription import ReadChange
from reader.pubsub.memory import MemoryBus
from tests.helpers.stores import NewStore, check_histories, open_store, sqlite
from tests.integration.reading.model import Model, ModelEntry

T = TypeVar("T")
FEEDS = 4


@dataclass
class Opened:
    """A list somebody is paging through: what is still to come, as it was when drawn."""

    scope: Scope
    show: Show
    order: Order
    cursor: str
    expected: list[int]
    above: int  # how many of ``expected`` stand above the horizon


class Reading(RuleBasedStateMachine):
    new_store: NewStore = staticmethod(sqlite)

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.stack = ExitStack()
        self.now = 1_000_000.0
        self.model = Model()
        self.opened: list[Opened] = []
        self.undos: list[list[ReadChange]] = []
        self.number = 0

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(coroutine)

    @initialize()
    def begin(self) -> None:
        async def make() -> tuple[Mappers, int, list[int], list[int]]:
            place = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
            store = await open_store(place, self.stack.enter_context(self.new_store()))
            user = await store.users.create_first("ada", "x", now=self.now)
            folders = [(await store.subscriptions.add_folder(user.id, t)).id for t in ("one", "two")]
            feeds = []
            for n in range(FEEDS):
                feed, _ = await store.feeds.create(
                    f"http://f{n}.example/", title=f"F{n}", site_url=None, description=None, now=self.now
                )
                feeds.append(feed.id)
                folder = [None, *folders][n % 3]
                await store.subscriptions.subscribe(
                    user.id, feed.id, folder_id=folder, title=None, unread=1000, now=self.now
                )
                self.model.folder[feed.id] = folder
            return store, user.id, feeds, folders

        self.store, self.user, self.feeds, folders = self.run(make())
        self.scopes = [Scope("all"), *(Scope("folder", f) for f in folders), *(Scope("feed", f) for f in self.feeds)]
        clock = Clock(now=lambda: self.now)
        self.gateways = [ReadingGateway(self.store, MemoryBus(), clock) for _ in range(2)]

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.run(self.store.close())
        self.loop.close()
        self.stack.close()

    # ---- what happens

    @rule(
        feed=st.integers(0, FEEDS - 1),
        ages=st.lists(st.one_of(st.none(), st.integers(-50, 500)), min_size=1, max_size=90),
    )
    def arrive(self, feed: int, ages: list[int | None]) -> None:
        """Entries with honest, missing, old and future dates."""
        self.now += 10
        feed_id = self.feeds[feed]
        news = []
        for age in ages:
            self.number += 1
            when = None if age is None else self.now - age
            news.append(
                NewEntry(f"u{self.number}", b"d" * 16, None, f"T{self.number}", None, when, None, "", SafeHtml(""))
            )

        async def append() -> None:
            token = await self.store.feeds.lease(feed_id, self.now, self.now + 5)
            assert token is not None
            done = await self.store.entries.append(feed_id, token, news, renewed={}, now=self.now)
            assert done is not None
            for p in done.new:
                self.model.entries[p.id] = ModelEntry(p.id, feed_id, p.seq, p.sort_at)
            await self.store.feeds.release(feed_id, token)

        self.run(append())

    @rule(data=st.data(), read=st.booleans(), via=st.integers(0, 1))
    def mark(self, data: st.DataObject, read: bool, via: int) -> None:
        live = [e.id for e in self.model.entries.values() if not e.purged]
        if not live:
            return
        ids = data.draw(st.lists(st.sampled_from(live), min_size=1, max_size=8, unique=True))
        changed, applied = self.run(self.gateways[via].mark(self.user, ids, read))
        assert set(changed) == {i for i in ids if (i in self.model.read) != read}
        self.model.read = self.model.read | set(ids) if read else self.model.read - set(ids)
        self.undos.append([change.inverse() for change in applied])

    @rule(data=st.data(), via=st.integers(0, 1), kind=st.sampled_from(["plain", "old", "below", "above"]))
    def mark_all(self, data: st.DataObject, via: int, kind: str) -> None:
        scope = data.draw(st.sampled_from(self.scopes))
        page = self.run(self.gateways[via].page(self.user, scope, "all", "newest", None, 5))
        shown = self.model.visible(scope)
        older = 100.0 if kind == "old" else None
        pivot = data.draw(st.sampled_from(shown)) if shown and kind in ("below", "above") else None
        changed, changes = self.run(
            self.gateways[via].mark_all(
                self.user,
                scope,
                page.as_of,
                older,
                pivot.id if pivot and kind == "below" else None,
                pivot.id if pivot and kind == "above" else None,
            )
        )
        marked = {
            e.id
            for e in shown
            if e.id not in self.model.read
            and (older is None or e.sort_at < self.now - older)
            and (pivot is None or (e.key < pivot.key if kind == "below" else e.key > pivot.key))
        }
        assert changed == len(marked)
        self.model.read |= marked
        self.undos.append([change.inverse() for change in changes])

    @rule(via=st.integers(0, 1))
    def undo(self, via: int) -> None:
        if not self.undos:
            return
        changes = self.undos.pop()
        self.run(self.gateways[via].apply(self.user, changes))
        by_place = {(e.feed, e.seq): e for e in self.model.entries.values() if not e.purged}
        for change in changes:
            for seqs, read in ((change.add, True), (change.remove, False)):
                for seq in seqs:
                    found = by_place.get((change.feed_id, seq))
                    if found is not None:
                        (self.model.read.add if read else self.model.read.discard)(found.id)

    @rule(feed=st.integers(0, FEEDS - 1), keep=st.integers(0, 60))
    def purge(self, feed: int, keep: int) -> None:
        feed_id = self.feeds[feed]
        self.run(self.store.entries.purge(feed_id, keep, now=self.now))
        mine = sorted((e for e in self.model.entries.values() if e.feed == feed_id), key=lambda e: e.seq)
        for e in mine[: max(0, len(mine) - keep)]:
            e.purged = True

    @rule(data=st.data(), via=st.integers(0, 1), limit=st.integers(1, 40))
    def open_list(self, data: st.DataObject, via: int, limit: int) -> None:
        scope = data.draw(st.sampled_from(self.scopes))
        show: Show = data.draw(st.sampled_from(("all", "unread")))
        order: Order = data.draw(st.sampled_from(("newest", "oldest")))
        expected, above = self.model.listed(scope, newest=order == "newest", unread_only=show == "unread")
        page = self.run(self.gateways[via].page(self.user, scope, show, order, None, limit))
        self.check_page(
            [v.entry.id for v in page.entries], expected[:limit], page.next is not None, len(expected) > limit
        )
        assert [v.above for v in page.entries] == [n < above for n in range(len(page.entries))]
        assert page.unread == self.model.unread(scope)
        if page.next is not None:
            self.opened.append(Opened(scope, show, order, page.next, expected[limit:], max(0, above - limit)))

    @rule(data=st.data(), via=st.integers(0, 1), limit=st.integers(1, 40))
    def next_page(self, data: st.DataObject, via: int, limit: int) -> None:
        """The rest of a list shows just what was there when it was drawn, in that order, less what was purged."""
        if not self.opened:
            return
        opened = self.opened.pop(data.draw(st.integers(0, len(self.opened) - 1)))
        alive = [(i, n < opened.above) for n, i in enumerate(opened.expected) if not self.model.entries[i].purged]
        page = self.run(
            self.gateways[via].page(self.user, opened.scope, opened.show, opened.order, opened.cursor, limit)
        )
        ids = [v.entry.id for v in page.entries]
        assert ids == [i for i, _ in alive[:limit]]
        assert [v.above for v in page.entries] == [up for _, up in alive[:limit]]
        assert all(v.read == (v.entry.id in self.model.read) for v in page.entries)
        if len(alive) > limit:
            assert page.next is not None
            rest = alive[limit:]
            above = sum(1 for _, up in rest if up)
            self.opened.append(Opened(opened.scope, opened.show, opened.order, page.next, [i for i, _ in rest], above))

    @rule(data=st.data())
    def move(self, data: st.DataObject) -> None:
        feed = data.draw(st.sampled_from(self.feeds))
        folder = data.draw(st.sampled_from([None, *(s.id for s in self.scopes if s.kind == "folder")]))
        self.run(self.store.subscriptions.move(self.user, [feed], folder, None))
        self.model.folder[feed] = folder
        # A list is of the feeds that are in its folder now; those opened before cannot be compared any more.
        self.opened = [o for o in self.opened if o.scope.kind != "folder"]

    @staticmethod
    def check_page(found: list[int], expected: list[int], more: bool, should: bool) -> None:
        assert found == expected
        assert more == should

    # ---- what holds

    @invariant()
    def counts_are_exact(self) -> None:
        if not hasattr(self, "store"):
            return
        for gateway in self.gateways:
            sidebar = self.run(gateway.sidebar(self.user))
            rows = [r for f in sidebar.folders for r in f.feeds] + list(sidebar.feeds)
            assert sidebar.unread == self.model.unread(Scope("all"))
            assert {r.feed_id: r.unread for r in rows} == {f: self.model.unread(Scope("feed", f)) for f in self.feeds}
            assert {f.id: f.unread for f in sidebar.folders} == {
                s.id: self.model.unread(s) for s in self.scopes if s.kind == "folder"
            }


def test_empty_change_changes_nothing() -> None:
    change = ReadChange(1, BitMap(), BitMap([3]))
    assert change.inverse().add == BitMap([3])


def test_reading(store: str, new_store: NewStore) -> None:
    check_histories(Reading, new_store, 8 if store else 40, 30)  # a step takes MongoDB's stand-in four times as long
