"""A backup is read as of one moment, whatever is written meanwhile."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import cast

import pytest

from reader.mappers import Mappers
from reader.mappers.copying import KINDS
from reader.mappers.mongo import MongoMappers
from reader.mappers.mongo.copying import MongoCopying
from reader.mappers.sqlite import open_store as open_file
from reader.models.feed import Feed
from tests.contract.mappers.make import add_feed, fill
from tests.helpers.wait import until

FEEDS = next(kind for kind in KINDS if kind.name == "feed")
ENTRIES = next(kind for kind in KINDS if kind.name == "entry")


@pytest.mark.real_mongo
async def test_later_reads_of_a_snapshot_do_not_see_later_writes(mappers: MongoMappers) -> None:
    await add_feed(cast(Mappers, mappers), "before")
    async with mappers.engine.snapshot() as session:
        assert session is not None
        at_once = MongoCopying(mappers.engine, session=session)
        first, _ = await at_once.read(FEEDS, None)
        later = await add_feed(cast(Mappers, mappers), "later")
        await fill(cast(Mappers, mappers), later.id, 3)
        again, _ = await at_once.read(FEEDS, None)
        entries, _ = await at_once.read(ENTRIES, None)
    assert (len(first), again, entries) == (1, first, [])


@pytest.mark.real_mongo
async def test_a_backup_under_load_is_a_state_that_was(mappers: MongoMappers, tmp_path: Path) -> None:
    """Feeds come one after the other, each with its entries: none is missing in between, and the last may lack some."""
    made: list[Feed] = []
    stop = asyncio.Event()

    async def write() -> None:
        while not stop.is_set():
            made.append(await add_feed(cast(Mappers, mappers), f"f{len(made)}"))
            await fill(cast(Mappers, mappers), made[-1].id, 2, prefix=f"{len(made)}-")

    writing = asyncio.ensure_future(write())
    await until(lambda: len(made) >= 30, 60)
    before = len(made)
    await mappers.backup(tmp_path / "backup.sqlite")
    stop.set()
    await writing
    copy = await open_file(tmp_path / "backup.sqlite")
    feeds = await copy.feeds.page(after=0, limit=100_000)
    places = await copy.entries.positions([(feed.id, 1, 9) for feed in feeds])
    await copy.close()
    # A feed that is being made may be in it, of which nobody was told yet.
    assert before - 1 <= len(feeds) <= len(made)
    assert [feed.url for feed in feeds] == [feed.url for feed in made[: len(feeds)]]
    assert all(len(places[feed.id]) == 2 for feed in feeds[:-1])
