"""Requests of one reader that run at the same time in one process: none fails, and memory ends as the store is."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable
from pathlib import Path

import pytest

from reader.clock import Clock
from reader.errors import Conflict, NotFound
from reader.gateways.reading import ReadingGateway
from reader.models.reading import Scope
from reader.pubsub.memory import MemoryBus
from tests.integration.reading.stories import NOW, Told, told

ROUNDS, AT_ONCE = 25, 8


class Chaos:
    def __init__(self, it: Told, seed: int, folder: int) -> None:
        self.it = it
        self.random = random.Random(seed)
        self.feeds = [it.site, it.first[2], it.second[2]]
        self.scopes = [Scope("all"), Scope("folder", folder), *(Scope("feed", feed_id) for feed_id in self.feeds)]
        self.folder = folder
        self.pull = asyncio.Lock()
        self.entries: list[int] = []
        self.shares: dict[int, tuple[int, int, int]] = {}

    async def act(self) -> None:
        """One act; what is not there at the moment is no fault."""
        acts = (self._publish, self._share, self._take_back, self._mark, self._mark, self._mark_all, self._read_on,
                self._read_on, self._leave, self._come, self._mute)  # fmt: skip
        try:
            await self.random.choice(acts)()
        except (NotFound, Conflict):
            await asyncio.sleep(0)

    def _stream(self) -> tuple[int, int, int]:
        return self.random.choice([self.it.first, self.it.second])

    def _any(self) -> int:
        return self.random.choice([*self.entries, *self.shares])

    async def _publish(self) -> None:
        async with self.pull:  # as a feed's lease has it
            self.entries += await self.it.publish(self.it.site)

    async def _share(self) -> None:
        stream = self._stream()
        self.shares[await self.it.share(self._any(), stream)] = stream

    async def _take_back(self) -> None:
        if self.shares:
            share_id = self.random.choice(list(self.shares))
            await self.it.store.shares.remove(self.shares[share_id][0], share_id, now=NOW)

    async def _mark(self) -> None:
        await self.it.reading.mark(self.it.user, [self._any()], self.random.random() < 0.6)

    async def _mark_all(self) -> None:
        page = await self.it.page(self.random.choice(self.scopes), limit=2)
        await self.it.reading.mark_all(self.it.user, page.scope, page.as_of, None, None, None)

    async def _read_on(self) -> None:
        page = await self.it.page(self.random.choice(self.scopes), limit=2)
        for _ in range(4):
            if page.next is not None:
                page = await self.it.page(page.scope, after=page.next, limit=2)

    async def _leave(self) -> None:
        undo = await self.it.subscribing.unsubscribe(self.it.user, [self.random.choice(self.feeds)], "Gone")
        if undo is not None and self.random.random() < 0.5:
            await self.it.subscribing.take_back(self.it.user, undo.token)

    async def _come(self) -> None:
        folder = self.random.choice([None, self.folder])
        await self.it.subscribe(self.random.choice(self.feeds), self.random.randint(0, 9), folder)

    async def _mute(self) -> None:
        on = self.random.random() < 0.4
        await self.it.subscribing.mute(self.it.user, self.random.choice(self.feeds), on, "Muted")

    async def all_lists(self, gateway: ReadingGateway) -> dict[str, object]:
        out: dict[str, object] = {}
        for scope in self.scopes:
            try:
                page = await gateway.page(self.it.user, scope, "all", "newest", None, 500)
            except NotFound:
                continue
            out[str(scope)] = [(v.entry.id, v.above, v.read, v.copies) for v in page.entries], page.unread, page.total
        return out


@pytest.mark.parametrize("seed", range(6))
async def test_all_at_once(tmp_path: Path, store: str, seed: int) -> None:
    async with told(tmp_path, store) as it:
        chaos = Chaos(it, seed, (await it.store.subscriptions.add_folder(it.user, "People")).id)
        for feed_id in chaos.feeds:
            await it.subscribe(feed_id)
        chaos.entries += await it.publish(it.site, 5)
        for _ in range(ROUNDS):
            acts: list[Awaitable[None]] = [chaos.act() for _ in range(AT_ONCE)]
            await asyncio.gather(*acts)
            fresh = ReadingGateway(it.store, MemoryBus(), Clock(now=lambda: NOW))
            assert await chaos.all_lists(it.reading) == await chaos.all_lists(fresh)


async def test_a_list_goes_on_though_a_feed_leaves_it_in_that_moment(
    tmp_path: Path, store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another request learns that a subscription is gone while this one asks for the marks made since."""
    async with told(tmp_path, store) as it:
        site, other = it.site, it.first[2]
        for feed_id in (site, other):
            await it.subscribe(feed_id)
        ids = await it.publish(site, 4)
        await it.share(ids[0], it.first)
        page = await it.page(limit=1)
        await it.reading.mark(it.user, [ids[1]], True)
        journal = it.store.subscriptions.journal

        async def meanwhile(user_id: int, since_rev: int) -> object:
            found = await journal(user_id, since_rev)
            await it.subscribing.unsubscribe(it.user, [site], "Gone")
            assert (await it.page()).total == 1
            return found

        monkeypatch.setattr(it.store.subscriptions, "journal", meanwhile)
        following = await it.page(after=page.next)
        assert {view.entry.feed_id for view in following.entries} <= {other}
