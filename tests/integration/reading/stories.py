"""A reader, a site's feed and two people's streams, for stories told step by step."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from reader.clock import Clock
from reader.gateways.reading import ReadingGateway
from reader.gateways.subscriptions import SubscriptionGateway
from reader.mappers import Mappers
from reader.mappers.shares import NewShare
from reader.models.entry import NewEntry, SafeHtml
from reader.models.reading import Page, Scope
from reader.models.share import Source
from reader.pubsub.memory import MemoryBus
from reader.settings import Settings
from tests.helpers.stores import open_store
from workers.local import LocalQueue

NOW = 1_000_000.0


@dataclass
class Told:
    """``first`` and ``second`` are other people's streams, as (user, stream, feed)."""

    store: Mappers
    user: int
    site: int
    first: tuple[int, int, int]
    second: tuple[int, int, int]
    reading: ReadingGateway
    subscribing: SubscriptionGateway

    async def publish(self, feed_id: int, count: int = 1) -> list[int]:
        """Ids of new entries of a site's feed."""
        mark = (await self.store.feeds.marks([feed_id]))[0]
        news = [
            NewEntry(
                f"{feed_id}-{mark.seq + n}", b"d" * 16, None, f"T{n}", None, NOW - 500 + n, None, "", SafeHtml(""),
                story=b"%07d-%08d" % (feed_id, mark.seq + n),
            )
            for n in range(count)
        ]  # fmt: skip
        token = await self.store.feeds.lease(feed_id, NOW, NOW + 5)
        assert token is not None
        done = await self.store.entries.append(feed_id, token, news, renewed={}, now=NOW)
        await self.store.feeds.release(feed_id, token)
        assert done is not None
        return [at.id for at in done.new]

    async def share(self, entry_id: int, stream: tuple[int, int, int]) -> int:
        [entry] = await self.store.entries.many([entry_id])
        story = await self.store.shares.story(entry)
        new = NewEntry(entry.uid, b"d" * 16, None, entry.title, None, None, None, "", SafeHtml(""))
        made, _ = await self.store.shares.add(
            NewShare(stream[0], stream[1], new, story, entry_id, entry_id, Source("", None, None)), now=NOW
        )
        return made.id

    async def take_back(self, share_id: int, stream: tuple[int, int, int]) -> None:
        assert await self.store.shares.remove(stream[0], share_id, now=NOW) is not None

    async def subscribe(self, feed_id: int, unread: int = 1000, folder: int | None = None) -> None:
        await self.store.subscriptions.subscribe(
            self.user, feed_id, folder_id=folder, title=None, unread=unread, now=NOW
        )

    async def page(self, scope: Scope | None = None, after: str | None = None, limit: int = 100) -> Page:
        return await self.reading.page(self.user, scope or Scope("all"), "all", "newest", after, limit)

    async def shown(self, scope: Scope | None = None) -> list[tuple[int, bool, bool]]:
        """(id, above the horizon, read) of a whole list."""
        return [(v.entry.id, v.above, v.read) for v in (await self.page(scope)).entries]

    async def unread(self) -> dict[int, int]:
        """By feed, 0 for the sum."""
        side = await self.reading.sidebar(self.user)
        rows = [*side.feeds, *(row for folder in side.folders for row in folder.feeds)]
        return {0: side.unread, **{row.feed_id: row.unread for row in rows}}


@asynccontextmanager
async def told(path: Path, where: str) -> AsyncIterator[Told]:
    """``where``: the store, as the setting says it."""
    store: Mappers = await open_store(path, where)
    user = await store.users.create_first("ada", "x", now=NOW)
    site, _ = await store.feeds.create("http://site.example/", title="Site", site_url=None, description=None, now=NOW)
    streams = []
    for name in ("bob", "cleo"):
        other = await store.users.create(name, "x", now=NOW, admin_if_first=False)
        made, _ = await store.streams.add(other.id, "shared", title="Shared", description="", site_url="", now=NOW)
        streams.append((other.id, made.id, made.feed_id))
    clock, bus = Clock(now=lambda: NOW), MemoryBus()
    reading = ReadingGateway(store, bus, clock)
    subscribing = SubscriptionGateway(store, reading, LocalQueue(), bus, clock, Settings(data=path))
    yield Told(store, user.id, site.id, streams[0], streams[1], reading, subscribing)
    await store.close()
