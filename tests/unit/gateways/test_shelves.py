"""What a process keeps of its readers: how much, and how long what was drawn from it stays."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

import pytest
import pytest_asyncio

from reader.clock import Clock
from reader.gateways import lists
from reader.gateways.reading import ReadingGateway
from reader.mappers import Mappers
from reader.mappers.sqlite import open_store
from reader.models.reading import Scope
from reader.pubsub.memory import MemoryBus
from tests.contract.mappers.make import add_feed, add_user, fill

ALL = Scope("all")


@pytest_asyncio.fixture
async def mappers(tmp_path: Path) -> AsyncIterator[Mappers]:
    store = await open_store(tmp_path / "evantr.sqlite")
    await store.migrate()
    yield cast(Mappers, store)
    await store.close()


@pytest.fixture
def reading(mappers: Mappers) -> ReadingGateway:
    return ReadingGateway(mappers, MemoryBus(), Clock())


async def reader(mappers: Mappers, name: str, feeds: int = 2) -> tuple[int, list[int]]:
    """Somebody with feeds that nobody else reads, of three unread entries each; (their id, the feeds)."""
    user = await add_user(mappers, name)
    ids = []
    for number in range(feeds):
        feed = await add_feed(mappers, f"{name}{number}")
        await fill(mappers, feed.id, 3)
        await mappers.subscriptions.subscribe(user.id, feed.id, folder_id=None, title=None, unread=9, now=1.0)
        ids.append(feed.id)
    return user.id, ids


async def test_news_elsewhere_leaves_what_was_drawn(mappers: Mappers, reading: ReadingGateway) -> None:
    (ann, hers), (bob, his) = await reader(mappers, "ann"), await reader(mappers, "bob")
    await reading.sidebar(bob)
    side, view = await reading.sidebar(ann), (await reading.shelf(ann)).view(ALL, reading.book)
    await fill(mappers, his[0], 1, prefix="x")
    assert (await reading.sidebar(bob)).unread == 7
    assert await reading.sidebar(ann) is side
    assert (await reading.shelf(ann)).view(ALL, reading.book) is view
    await fill(mappers, hers[0], 1, prefix="x")
    assert (await reading.sidebar(ann)).unread == 7
    assert (await reading.shelf(ann)).view(ALL, reading.book) is not view


async def test_what_is_left_is_no_longer_drawn(mappers: Mappers, reading: ReadingGateway) -> None:
    ann, hers = await reader(mappers, "ann", 1)
    assert (await reading.page(ann, ALL, "all", "newest", None, 9)).entries
    await mappers.subscriptions.unsubscribe(ann, hers)
    assert not (await reading.page(ann, ALL, "all", "newest", None, 9)).entries
    assert (await reading.sidebar(ann)).feeds == ()


async def test_feeds_that_nobody_here_reads_any_more_are_forgotten(
    mappers: Mappers, reading: ReadingGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "MAX_SUBSCRIPTIONS", 4)
    monkeypatch.setattr(lists, "SPARE_FEEDS", 2)
    people = [await reader(mappers, f"reader{number}") for number in range(12)]
    most = 0
    for _ in range(2):
        for user_id, _feeds in people:
            assert (await reading.sidebar(user_id)).unread == 6
            assert len((await reading.page(user_id, ALL, "all", "newest", None, 9)).entries) == 6
            most = max(most, len(reading.book.marks))
            assert reading.book.windows.keys() <= reading.book.marks.keys()
    assert most <= 2 * 4 + 2 + 2  # of 24: twice those of the readers at hand, some spare, and the newest
    assert reading.book._count == sum(len(window.ids) for window in reading.book.windows.values())


async def test_subscriptions_at_hand_are_counted(
    mappers: Mappers, reading: ReadingGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "MAX_SUBSCRIPTIONS", 5)
    people = [await reader(mappers, f"reader{number}", number + 1) for number in range(4)]
    for user_id, feeds in [*people, people[0]]:
        await reading.sidebar(user_id)
        await mappers.subscriptions.unsubscribe(user_id, feeds[:1])
        await reading.sidebar(user_id)
        assert reading._held == sum(len(shelf.subs) for shelf in reading._shelves.values()) <= 5
