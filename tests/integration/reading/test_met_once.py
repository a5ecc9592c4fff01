"""Stories with several copies: counts, lists and undo against a naive model, through two gateways over one store.

Random feeds that tell the same stories, shares, shares taken back and restored, subscriptions that come and go, mutes,
marks and purges. Each act goes through either gateway, and both must show the truth after it.
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
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from reader.clock import Clock
from reader.gateways.copies import CopyBook
from reader.gateways.cursor import decode
from reader.gateways.reading import ReadingGateway
from reader.gateways.subscriptions import SubscriptionGateway
from reader.mappers import Mappers
from reader.mappers.shares import NewShare
from reader.models.entry import NewEntry, SafeHtml
from reader.models.reading import Order, Page, Scope, Show
from reader.models.share import Share, Source
from reader.pubsub.memory import MemoryBus
from reader.settings import Settings
from tests.helpers.stores import NewStore, check_histories, open_store, sqlite
from tests.integration.reading.met import Item, Reader, Sub, Then
from workers.local import LocalQueue

T = TypeVar("T")
SITES, STREAMS, STORIES = 2, 3, 4
GATEWAYS = st.integers(0, 1)


@dataclass
class Opened:
    """A list somebody is paging through, and what is certain of the moment when it was drawn."""

    scope: Scope
    show: Show
    order: Order
    cursor: str
    then: Then


class MetOnce(RuleBasedStateMachine):
    new_store: NewStore = staticmethod(sqlite)

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.stack = ExitStack()
        self.now = 1_000_000.0
        self.model = Reader()
        self.opened: list[Opened] = []
        self.shares: dict[int, Share] = {}
        self.undos: list[tuple[str, frozenset[int]]] = []
        self.number = 0

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(coroutine)

    @initialize()
    def begin(self) -> None:
        self.run(self._begin())
        self.know()

    async def _begin(self) -> None:
        folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        self.store: Mappers = await open_store(folder, self.stack.enter_context(self.new_store()))
        self.user = (await self.store.users.create_first("ada", "x", now=self.now)).id
        self.folders = [(await self.store.subscriptions.add_folder(self.user, t)).id for t in ("one", "two")]
        self.sites = [await self._site(n) for n in range(SITES)]
        self.streams = [await self._stream(n) for n in range(STREAMS)]
        self.feeds = self.sites + [feed_id for _, _, feed_id in self.streams]
        clock, bus = Clock(now=lambda: self.now), MemoryBus()
        self.gateways = [ReadingGateway(self.store, bus, clock) for _ in range(2)]
        self.gateways[1].book.copies = CopyBook(self.store.shares, most=3)  # which hardly fit
        self.subscribing = [
            SubscriptionGateway(self.store, reading, LocalQueue(), bus, clock, Settings(data=folder))
            for reading in self.gateways
        ]
        for n, feed_id in enumerate(self.feeds):
            await self._subscribe(feed_id, [None, *self.folders][n % 3], 1000)
        self.scopes = [
            Scope("all"), *(Scope("folder", f) for f in self.folders), *(Scope("feed", f) for f in self.feeds)
        ]  # fmt: skip

    async def _site(self, number: int) -> int:
        feed, _ = await self.store.feeds.create(
            f"http://f{number}.example/", title=f"F{number}", site_url=None, description=None, now=self.now
        )
        return feed.id

    async def _stream(self, number: int) -> tuple[int, int, int]:
        """(user, stream, feed) of somebody else."""
        user = await self.store.users.create(f"p{number}", "x", now=self.now, admin_if_first=False)
        stream, _ = await self.store.streams.add(
            user.id, "shared", title="Shared", description="", site_url="", now=self.now
        )
        return user.id, stream.id, stream.feed_id

    async def _subscribe(self, feed_id: int, folder: int | None, unread: int) -> None:
        await self.store.subscriptions.subscribe(
            self.user, feed_id, folder_id=folder, title=None, unread=unread, now=self.now
        )
        self.model.act += 1
        had = {self.model.copies[i.id] for i in self.model.items.values() if self._has(i)}
        self.model.subs[feed_id] = Sub(folder, self.model.act)
        there = sorted((i for i in self._of(feed_id) if self.model.shown(i)), key=lambda i: i.seq)
        for item in there[: max(0, len(there) - unread)]:
            if self.model.copies.get(item.id) not in had:
                self.model.read.add(item.id)

    def _has(self, item: Item) -> bool:
        """Whether it is a copy that the reader has already."""
        return item.id in self.model.copies and self.model.shown(item)

    def _of(self, feed_id: int) -> list[Item]:
        return [item for item in self.model.items.values() if item.feed == feed_id]

    def know(self) -> None:
        """Which entries tell a shared story is for the tests of sharing: taken from the store as it is."""
        self.model.know(self.run(self.store.shares.copies(self.feeds)))

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.run(self.store.close())
        self.loop.close()
        self.stack.close()

    # ---- what others do

    @rule(
        site=st.integers(0, SITES - 1),
        news=st.lists(st.tuples(st.integers(-5, 300), st.integers(0, STORIES * 2)), min_size=1, max_size=3),
    )
    def arrive(self, site: int, news: list[tuple[int, int]]) -> None:
        """Entries, some of which tell what other feeds tell."""
        self.now += 10
        made = []
        for age, story in news:
            self.number += 1
            key = b"s%015d" % story if story < STORIES else None
            made.append(
                NewEntry(
                    f"u{self.number}", b"d" * 16, None, f"T{self.number}", None, self.now - age, None, "", SafeHtml(""),
                    story=key,
                )
            )  # fmt: skip
        self.run(self._append(self.sites[site], made))
        self.know()

    async def _append(self, feed_id: int, news: list[NewEntry]) -> None:
        token = await self.store.feeds.lease(feed_id, self.now, self.now + 5)
        assert token is not None
        done = await self.store.entries.append(feed_id, token, news, renewed={}, now=self.now)
        assert done is not None
        await self.store.feeds.release(feed_id, token)
        for at in done.new:
            self.model.items[at.id] = Item(at.id, feed_id, at.seq, at.sort_at)

    @rule(data=st.data(), who=st.integers(0, STREAMS - 1))
    @precondition(lambda self: any(not i.purged and not i.taken_back for i in self.model.items.values()))
    def share(self, data: st.DataObject, who: int) -> None:
        self.now += 1
        there = [i.id for i in self.model.items.values() if not i.purged and not i.taken_back]
        self.run(self._share(data.draw(st.sampled_from(there)), *self.streams[who]))
        self.know()

    async def _share(self, entry_id: int, user_id: int, stream_id: int, feed_id: int) -> None:
        [entry] = await self.store.entries.many([entry_id])
        new = NewEntry(entry.uid, b"d" * 16, None, entry.title, None, None, None, "", SafeHtml(""))
        made, fresh = await self.store.shares.add(
            NewShare(
                user_id, stream_id, new, await self.store.shares.story(entry), entry_id, entry_id,
                Source("", None, None),
            ),
            now=self.now,
        )  # fmt: skip
        if fresh:
            self.shares[made.id] = made
            [stored] = await self.store.entries.many([made.id])
            self.model.items[made.id] = Item(made.id, feed_id, made.seq, stored.sort_at)

    @rule(data=st.data())
    @precondition(lambda self: self.shares)
    def take_back(self, data: st.DataObject) -> None:
        share = self.shares[data.draw(st.sampled_from(sorted(self.shares)))]
        assert share.user_id is not None
        if self.run(self.store.shares.remove(share.user_id, share.id, now=self.now)) is not None:
            self.model.items[share.id].taken_back = True
        self.know()

    @rule(data=st.data())
    @precondition(lambda self: self.shares)
    def restore(self, data: st.DataObject) -> None:
        share = self.shares[data.draw(st.sampled_from(sorted(self.shares)))]
        assert share.user_id is not None
        if self.run(self.store.shares.restore(share.user_id, share.id, note="", noted_at=None)):
            self.model.items[share.id].taken_back = False
        self.know()

    @rule(data=st.data(), keep=st.integers(0, 8))
    def purge(self, data: st.DataObject, keep: int) -> None:
        feed_id = data.draw(st.sampled_from(self.feeds))
        self.run(self.store.entries.purge(feed_id, keep, now=self.now))
        mine = sorted(self._of(feed_id), key=lambda i: i.seq)
        for item in mine[: max(0, len(mine) - keep)]:
            item.purged = True
        self.know()

    # ---- what the reader does

    @rule(data=st.data(), read=st.booleans(), via=GATEWAYS)
    def mark(self, data: st.DataObject, read: bool, via: int) -> None:
        live = [i.id for i in self.model.items.values() if self.model.shown(i)]
        if not live:
            return
        ids = data.draw(st.lists(st.sampled_from(live), min_size=1, max_size=4, unique=True))
        changed, _ = self.run(self.gateways[via].mark(self.user, ids, read))
        assert set(changed) == self.model.mark(ids, read)

    @rule(data=st.data(), via=GATEWAYS, kind=st.sampled_from(["plain", "old", "below", "above"]))
    def mark_all(self, data: st.DataObject, via: int, kind: str) -> None:
        """As a page does it, with a line in the journal that can be undone later."""
        scope = data.draw(st.sampled_from([s for s in self.scopes if s.kind != "feed" or s.id in self.model.subs]))
        shown = self.model.visible(scope)
        older = 100.0 if kind == "old" else None
        pivot = data.draw(st.sampled_from(shown)) if shown and kind in ("below", "above") else None
        marked = {
            i.id
            for i in shown
            if not self.model.is_read(i)
            and (older is None or i.sort_at < self.now - older)
            and (pivot is None or (i.key < pivot.key if kind == "below" else i.key > pivot.key))
        }
        count, token = self.run(
            self._mark_all(
                via, scope, older,
                pivot.id if pivot and kind == "below" else None, pivot.id if pivot and kind == "above" else None,
            )
        )  # fmt: skip
        assert count == len({self.model.copies.get(i, b"%d" % i) for i in marked})
        before = set(self.model.read)
        if marked:
            self.model.mark(marked, True)
        if token is not None:
            assert marked
            groups = {each.id for i in marked for each in self.model.group(self.model.items[i])}
            self.undos.append((token, frozenset(groups - before)))

    async def _mark_all(
        self, via: int, scope: Scope, older: float | None, below: int | None, above: int | None
    ) -> tuple[int, str | None]:
        page = await self.gateways[via].page(self.user, scope, "all", "newest", None, 5)
        count, changes = await self.gateways[via].mark_all(self.user, scope, page.as_of, older, below, above)
        if not changes:
            return count, None
        undo = await self.subscribing[via].journal_marks(self.user, "All", changes, kind="mark-all")
        return count, undo.token

    @rule(via=GATEWAYS)
    @precondition(lambda self: self.undos)
    def undo_marks(self, via: int) -> None:
        token, ids = self.undos.pop()
        self.run(self.subscribing[via].take_back(self.user, token))
        mine = [i for i in ids if self.model.items[i].feed in self.model.subs and not self.model.items[i].purged]
        groups = {each.id for i in mine for each in self.model.group(self.model.items[i])} | set(mine)
        self.model.settle(groups)
        self.model.read -= groups

    @rule(data=st.data(), unread=st.integers(0, 10), via=GATEWAYS)
    def subscribe(self, data: st.DataObject, unread: int, via: int) -> None:
        others = [f for f in self.feeds if f not in self.model.subs]
        if others:
            folder = data.draw(st.sampled_from([None, *self.folders]))
            feed_id = data.draw(st.sampled_from(others))
            # How the first entries of a feed are marked is for the tests of the store.
            self.run(self._subscribe(feed_id, folder, unread if self._of(feed_id) else 1000))

    @rule(data=st.data(), via=GATEWAYS)
    def unsubscribe(self, data: st.DataObject, via: int) -> None:
        if self.model.subs:
            feed_id = data.draw(st.sampled_from(sorted(self.model.subs)))
            assert self.run(self.subscribing[via].unsubscribe(self.user, [feed_id], "Gone")) is not None
            self._forget(feed_id)

    def _forget(self, feed_id: int) -> None:
        self.model.settle()
        del self.model.subs[feed_id]
        self.model.read -= {item.id for item in self._of(feed_id)}
        self.opened = [o for o in self.opened if o.scope != Scope("feed", feed_id)]

    @rule(data=st.data(), folder=st.integers(0, 2))
    def move(self, data: st.DataObject, folder: int) -> None:
        if self.model.subs:
            feed_id = data.draw(st.sampled_from(sorted(self.model.subs)))
            into = [None, *self.folders][folder]
            self.run(self.store.subscriptions.move(self.user, [feed_id], into, None))
            self.model.subs[feed_id].folder = into

    @rule(data=st.data(), on=st.booleans(), via=GATEWAYS)
    def mute(self, data: st.DataObject, on: bool, via: int) -> None:
        if self.model.subs:
            feed_id = data.draw(st.sampled_from(sorted(self.model.subs)))
            self.run(self.subscribing[via].mute(self.user, feed_id, on, "Muted"))
            self.model.subs[feed_id].muted = on

    @rule(data=st.data(), via=GATEWAYS, kind=st.sampled_from(["marks", "unsubscribe", "mute"]), read=st.booleans())
    def do_and_undo(self, data: st.DataObject, via: int, kind: str, read: bool) -> None:
        """An act and its undo leave everything as it was, down to the last list."""
        if not self.model.subs:
            return
        before = self.run(self._everything(via))
        feed_id = data.draw(st.sampled_from(sorted(self.model.subs)))
        if kind == "marks":
            ids = [i.id for i in self.model.items.values() if self.model.shown(i)]
            if ids:
                some = data.draw(st.lists(st.sampled_from(ids), min_size=1, max_size=4, unique=True))
                changed, _ = self.run(self.gateways[via].mark(self.user, some, read))
                self.run(self.gateways[1 - via].mark(self.user, changed, not read))
                self.model.settle()
        elif kind == "mute":
            undo = self.run(self.subscribing[via].mute(self.user, feed_id, read, "Muted"))
            if undo is not None:
                self.run(self.subscribing[1 - via].take_back(self.user, undo.token))
        else:
            undo = self.run(self.subscribing[via].unsubscribe(self.user, [feed_id], "Gone"))
            assert undo is not None
            self.run(self.subscribing[1 - via].take_back(self.user, undo.token))
            self.model.settle()
        assert self.run(self._everything(1 - via)) == before

    async def _everything(self, via: int) -> dict[str, object]:
        out: dict[str, object] = {}
        for scope in self.scopes:
            if scope.kind != "feed" or scope.id in self.model.subs:
                page = await self.gateways[via].page(self.user, scope, "all", "newest", None, 500)
                shown = [(v.entry.id, v.above, v.read, v.copies) for v in page.entries]
                out[str(scope)] = (shown, page.unread, page.total)
        return out

    # ---- what it shows

    @rule(data=st.data(), via=GATEWAYS, limit=st.integers(1, 4))
    def open_list(self, data: st.DataObject, via: int, limit: int) -> None:
        scope = data.draw(st.sampled_from([s for s in self.scopes if s.kind != "feed" or s.id in self.model.subs]))
        show: Show = data.draw(st.sampled_from(("all", "unread")))
        order: Order = data.draw(st.sampled_from(("newest", "oldest")))
        page = self.run(self.gateways[via].page(self.user, scope, show, order, None, limit))
        self.check_page(page, self.model.listed(scope, newest=order == "newest"), limit)
        assert page.unread == self.model.unread(scope)
        assert page.total == len(self.model.visible(scope))
        if page.next is not None:
            self.opened.append(Opened(scope, show, order, page.next, self.model.then()))

    @rule(data=st.data(), via=GATEWAYS, limit=st.integers(1, 4))
    @precondition(lambda self: self.opened)
    def next_page(self, data: st.DataObject, via: int, limit: int) -> None:
        """The rest of a list: what was read then counts, of what there was then."""
        opened = self.opened.pop(data.draw(st.integers(0, len(self.opened) - 1)))
        page = self.run(
            self.gateways[via].page(self.user, opened.scope, opened.show, opened.order, opened.cursor, limit)
        )
        cursor, newest = decode(opened.cursor), opened.order == "newest"
        rest = []
        for item, above in self.model.as_of(opened.then).listed(opened.scope, newest=newest):
            if above and cursor.part == "r":
                continue
            if above != (cursor.part == "u") or cursor.key is None or _is_behind(item, cursor.key, newest):
                rest.append((item, above))
        self.check_page(page, rest, limit)
        if page.next is not None:
            self.opened.append(Opened(opened.scope, opened.show, opened.order, page.next, opened.then))

    def check_page(self, page: Page, expected: list[tuple[Item, bool]], limit: int) -> None:
        if page.show == "unread":
            expected = [part for part in expected if part[1]]
        assert [(v.entry.id, v.above) for v in page.entries] == [(i.id, above) for i, above in expected[:limit]]
        assert (page.next is not None) == (len(expected) > limit)
        for view in page.entries:
            item = self.model.items[view.entry.id]
            assert view.read == self.model.is_read(item)
            others = [i for i in self.model.group(item) if self.model.shown(i) and not self.model.subs[i.feed].muted]
            assert view.copies == tuple(i.id for i in others if i is not item)
        if page.scope.kind != "feed":  # nobody meets a story twice
            stories = [self.model.copies.get(v.entry.id, v.entry.id) for v in page.entries]
            assert len(stories) == len(set(stories))

    @rule(data=st.data(), via=GATEWAYS)
    def fresh(self, data: st.DataObject, via: int) -> None:
        scope = data.draw(st.sampled_from([s for s in self.scopes if s.kind != "feed" or s.id in self.model.subs]))
        since = data.draw(st.integers(0, max(self.model.items, default=0)))
        page = self.run(self.gateways[via].fresh(self.user, scope, since, 200))
        assert {v.entry.id for v in page.entries} == self.model.fresh(scope, since)

    @invariant()
    def counts_are_exact(self) -> None:
        if not hasattr(self, "scopes"):
            return
        for gateway in self.gateways:
            sidebar = self.run(gateway.sidebar(self.user))
            rows = [r for f in sidebar.folders for r in f.feeds] + list(sidebar.feeds)
            assert {r.feed_id: r.unread for r in rows} == {
                f: self.model.unread(Scope("feed", f)) for f in self.model.subs
            }
            assert {f.id: f.unread for f in sidebar.folders} == {
                f: self.model.unread(Scope("folder", f)) for f in self.folders
            }
            unread = [i for i in self.model.items.values() if i.feed in self.model.subs and self.model.is_unread(i)]
            assert sidebar.unread == len({self.model.copies.get(i.id, i.id) for i in unread})


def _is_behind(item: Item, key: tuple[float, int], newest: bool) -> bool:
    return item.key < key if newest else item.key > key


def test_met_once(store: str, new_store: NewStore) -> None:
    check_histories(MetOnce, new_store, 8 if store else 60, 40)  # a step takes MongoDB's stand-in four times as long
