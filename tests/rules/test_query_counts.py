"""Statements or commands, and round trips, of every service call are constant in subscriptions and in entries."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from reader.container import Container, build
from reader.mappers.feeds import PullResult
from reader.models.entry import NewEntry, SafeHtml
from reader.models.feed import Pull
from reader.models.reading import Scope
from reader.models.user import SYSTEM, Actor
from reader.settings import Settings
from tests.helpers import counts
from tests.rules.conftest import NewStore
from workers.cpu import CpuPool
from workers.local import LocalQueue

NOW = 1_700_000_000.0


@dataclass
class Store:
    """A container over a store of some size, and what it counted."""

    container: Container
    actor: Actor
    folder: int
    feed: int
    entry: int

    async def cost(self, call: Callable[[], Awaitable[object]]) -> tuple[int, int]:
        return await counts.cost(self.container.mappers, call)


async def fill(container: Container, feeds: int, entries: int) -> Store:
    """``entries`` are spread over ``feeds``; a third is read."""
    mappers, services = container.mappers, container.services
    user = await services.accounts.add_user(SYSTEM, "ada", "correct horse battery")
    actor = Actor(user.id, user.admin)
    folder = await services.folders.add(actor, "All of them")
    feed_id = 0
    for n in range(feeds):
        feed, _ = await mappers.feeds.create(
            f"http://f{n}.example/", title=f"F{n}", site_url=None, description=None, now=NOW
        )
        feed_id = feed.id
        token = await mappers.feeds.lease(feed.id, NOW, NOW + 60)
        assert token is not None
        news = [
            NewEntry(f"{n}-{k}", b"d" * 16, None, f"T{k}", None, NOW - k * 7 - n, None, "s", SafeHtml("<p>c</p>"))
            for k in reversed(range(entries // feeds))
        ]
        await mappers.entries.append(feed.id, token, news, renewed={}, now=NOW)
        done = PullResult(Pull(feed.id, NOW, 200, 1, 1, 1, 0, None), "active", NOW + 9e9, "Later.", 0, None)
        await mappers.feeds.record_pull(feed.id, token, done)
        await mappers.subscriptions.subscribe(
            user.id, feed.id, folder_id=folder.id, title=None, unread=entries // feeds * 2 // 3, now=NOW
        )
    page = await services.reading.page(actor, Scope("all"), limit=1)
    return Store(container, actor, folder.id, feed_id, page.entries[0].entry.id)


@pytest.fixture
async def make(tmp_path: Path, new_store: NewStore) -> AsyncIterator[Callable[[int, int], Awaitable[Store]]]:
    opened: list[Container] = []

    cpu = CpuPool(1)  # nothing is parsed here

    async def store(feeds: int, entries: int) -> Store:
        settings = Settings(data=tmp_path / f"{feeds}-{entries}", store=new_store())
        container = await build(settings, queue=LocalQueue(), cpu=cpu)
        opened.append(container)
        await container.mappers.migrate()
        return await fill(container, feeds, entries)

    yield store
    for container in opened:
        await container.close()
    await cpu.close()


def calls(store: Store) -> dict[str, Callable[[], Awaitable[object]]]:
    """Each service call that a page or a client makes often."""
    reading, feeds, actor = store.container.services.reading, store.container.services.feeds, store.actor
    read = [False]

    async def mark() -> object:
        read[0] = not read[0]
        return await reading.mark(actor, [store.entry], read[0])

    return {
        "sidebar": lambda: reading.sidebar(actor),
        "page, all": lambda: reading.page(actor, Scope("all"), limit=50),
        "page, folder": lambda: reading.page(actor, Scope("folder", store.folder), limit=50),
        "page, feed": lambda: reading.page(actor, Scope("feed", store.feed), limit=2),
        "page, unread": lambda: reading.page(actor, Scope("all"), show="unread", limit=50),
        "page, oldest": lambda: reading.page(actor, Scope("all"), order="oldest", limit=5),
        "page, starred": lambda: reading.page(actor, Scope("starred"), limit=50),
        "entry": lambda: reading.entry(actor, store.entry),
        "mark": mark,
        "star": lambda: reading.star(actor, store.entry, True),
        "health": lambda: feeds.health(actor, store.feed),
        "subscribe again": lambda: feeds.subscribe(actor, feed_id=store.feed),
        "rename": lambda: feeds.rename(actor, store.feed, None),
    }


async def costs(store: Store) -> dict[str, tuple[int, int]]:
    return {name: await store.cost(call) for name, call in calls(store).items()}


@dataclass(frozen=True)
class Sizes:
    """(feeds, entries) of stores that are compared. The stand-in for MongoDB is slow to fill, so there it is less, but
    more feeds than a cursor's first batch holds (101)."""

    subscriptions: tuple[tuple[int, int], tuple[int, int]]
    entries: tuple[tuple[int, int], tuple[int, int]]
    copies: tuple[tuple[int, int, int], tuple[int, int, int]]  # how many of them
    marked: tuple[tuple[int, int], tuple[int, int]]


SIZES = {
    "sqlite": Sizes(
        ((5, 200), (500, 20_000)),
        ((10, 1000), (10, 100_000)),
        ((10, 1000, 3), (20, 2000, 300)),
        ((5, 2000), (200, 2000)),
    ),
    "mongo": Sizes(
        ((5, 150), (120, 3600)), ((5, 500), (5, 2000)), ((10, 200, 3), (20, 400, 40)), ((5, 240), (120, 480))
    ),
}
Make = Callable[[int, int], Awaitable[Store]]


@pytest.fixture
def sizes(store_name: str) -> Sizes:
    return SIZES[store_name]


async def test_constant_in_subscriptions(make: Make, sizes: Sizes) -> None:
    few, many = sizes.subscriptions
    small, large = await costs(await make(*few)), await costs(await make(*many))
    assert large == small


async def test_constant_in_entries(make: Make, sizes: Sizes) -> None:
    few, many = sizes.entries
    small, large = await costs(await make(*few)), await costs(await make(*many))
    assert large == small


async def test_constant_in_copies(make: Make, sizes: Sizes) -> None:
    """Of stories that reach the reader through others too."""
    few, many = sizes.copies
    assert await costs_with_copies(make, *many) == await costs_with_copies(make, *few)


async def costs_with_copies(make: Make, feeds: int, entries: int, copies: int) -> dict[str, tuple[int, int]]:
    store = await make(feeds, entries)
    await share(store, copies)
    return await costs(store)


async def share(store: Store, count: int) -> None:
    """Somebody shares the reader's newest entries, and the reader follows."""
    services = store.container.services
    other = await services.accounts.add_user(SYSTEM, "bob", "correct horse battery")
    sharer = Actor(other.id, False)
    page = await services.reading.page(store.actor, Scope("all"), limit=200)
    views = [*page.entries]
    if count > len(views):
        views += (await services.reading.page(store.actor, Scope("all"), limit=200, after=page.next)).entries
    assert len(views) >= count
    for view in views[:count]:
        await services.feeds.subscribe(sharer, feed_id=view.entry.feed_id)
        await services.sharing.share(sharer, view.entry.id)
    await services.people.follow(store.actor, "bob")
    shown = await services.reading.page(store.actor, Scope("all"), limit=1)
    assert shown.entries[0].copies


async def test_mark_all_is_one_write(make: Make, sizes: Sizes) -> None:
    """Its round trips do not grow with the number of feeds (its statements may: one per read set changed)."""
    few, many = sizes.marked
    assert await trips_of_mark_all(await make(*few)) == await trips_of_mark_all(await make(*many))


async def trips_of_mark_all(store: Store) -> int:
    reading = store.container.services.reading

    async def mark() -> None:
        page = await reading.page(store.actor, Scope("all"), limit=1)
        await reading.mark_all(store.actor, Scope("all"), as_of=page.as_of)

    return (await counts.once(store.container.mappers, mark))[1]
