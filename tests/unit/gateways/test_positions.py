from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import cast

from reader.gateways.positions import FeedBook
from reader.mappers import Mappers
from reader.mappers.feeds import FeedMark
from reader.mappers.sqlite import open_store
from tests.contract.mappers.make import add_feed, append, fill, new_entry


async def test_a_change_while_marks_are_loaded_is_not_missed(tmp_path: Path) -> None:
    """Another request of the process reads what changed, just before the marks that were asked for arrive."""
    store = await open_store(tmp_path / "evantr.sqlite")
    await store.migrate()
    feed = await add_feed(cast(Mappers, store))

    async def marks(feed_ids: Sequence[int]) -> list[FeedMark]:
        found = await store.feeds.marks(feed_ids)
        if not book.marks:
            await fill(cast(Mappers, store), feed.id, 3)
            book.learn(await store.feeds.marks_since(book.rev, 10))
        return found

    feeds = SimpleNamespace(rev=store.feeds.rev, marks=marks)
    book = FeedBook(cast(Mappers, SimpleNamespace(feeds=feeds, entries=store.entries, shares=store.shares)))
    await book.load([feed.id])
    assert (book.marks[feed.id].seq, book.rev) == (3, await store.feeds.rev())
    assert book.newest_id(feed.id) > 0
    await store.close()


async def test_what_comes_to_an_emptied_feed_may_be_older_than_what_was_purged(tmp_path: Path) -> None:
    store = await open_store(tmp_path / "evantr.sqlite")
    await store.migrate()
    mappers = cast(Mappers, store)
    feed = await add_feed(mappers)
    book = FeedBook(mappers)
    await append(mappers, feed.id, [new_entry("a", 500.0), new_entry("b", 600.0)], now=1000.0)
    await book.load([feed.id])
    await store.entries.purge(feed.id, 0, now=1000.0)
    await append(mappers, feed.id, [new_entry("c", 100.0)], now=1001.0)
    book.learn(await store.feeds.marks_since(book.rev, 10))
    await book.load([feed.id])
    assert await book.below([feed.id], (99.0, 10**9)) == {feed.id: 2}
    assert await book.below([feed.id], (101.0, 0)) == {feed.id: 3}
    await store.close()
