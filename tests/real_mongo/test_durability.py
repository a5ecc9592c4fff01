"""What was answered stays: it is in the journals of a majority, whoever dies afterwards, and is written once."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import cast

import pytest
from pymongo.errors import AutoReconnect

from reader.mappers import Mappers
from reader.mappers.errors import StoreError
from reader.mappers.mongo import MongoMappers, open_store
from reader.models.feed import Feed
from tests.contract.mappers.make import add_feed, add_reader, change, read_seqs
from tests.helpers.mongo import Mongo
from tests.helpers.wait import until
from tests.real_mongo.members import Members

WRITERS = 4


async def all_feeds(store: MongoMappers) -> list[Feed]:
    return await store.feeds.page(after=0, limit=100_000)


@pytest.mark.real_mongo("mongod")
async def test_an_answer_waits_for_a_majority(members: Members, store: MongoMappers) -> None:
    """One member alone takes the write, and does not say so."""
    hasty = await open_store(members.url(timeoutMS=1500))
    await add_feed(cast(Mappers, hasty), "before")
    others = members.secondaries()
    for server in others:
        server.freeze()
    try:
        with pytest.raises(StoreError):
            await add_feed(cast(Mappers, hasty), "alone")
    finally:
        for server in others:
            server.thaw()
    await hasty.close()
    await add_feed(cast(Mappers, store), "after")


@pytest.mark.real_mongo("mongod")
async def test_what_was_answered_survives_the_death_of_all(members: Members, store: MongoMappers) -> None:
    """kill -9 of all three at once: what was only in memory would be gone."""
    made = [await add_feed(cast(Mappers, store), f"f{number}") for number in range(30)]
    for server in members.servers:
        server.kill()
    for server in members.servers:
        server.start()
    members.primary()
    assert await all_feeds(store) == made


@pytest.mark.real_mongo("mongod")
async def test_the_primary_dies_while_people_write(members: Members, store: MongoMappers) -> None:
    """Nothing that was answered is lost or there twice. What failed may have happened or not."""
    mappers = cast(Mappers, store)
    reader = await add_reader(mappers, 200, unread=200)
    before = len(await all_feeds(store))
    made: list[Feed] = []
    marked: list[int] = []
    stop = asyncio.Event()

    async def write(writer: int) -> None:
        number = 0
        while not stop.is_set():
            number += 1
            with suppress(StoreError):
                made.append(await add_feed(mappers, f"w{writer}-{number}"))

    async def mark() -> None:
        for seq in range(1, 201):
            if stop.is_set():
                return
            with suppress(StoreError):
                await store.subscriptions.mark(reader.user.id, [change(reader.feed.id, [seq])], now=2.0)
                marked.append(seq)

    writing = [asyncio.ensure_future(each) for each in (*map(write, range(WRITERS)), mark())]
    await until(lambda: len(made) >= 20 and marked, 60)
    killed = members.primary()
    killed.kill()
    reached = len(made)
    await until(lambda: len(made) >= reached + 20, 60)
    stop.set()
    await asyncio.gather(*writing)
    killed.start()
    stored = {feed.url: feed for feed in await all_feeds(store)}
    assert all(stored[feed.url].id == feed.id for feed in made)
    assert len(stored) >= before + len(made)
    assert set(marked) <= set(await read_seqs(mappers, reader.user.id, reader.feed.id))
    await store.subscriptions.trim_journal(0.0)
    assert await store.engine.db.user.count_documents({"open": {"$exists": True}}) == 0


@pytest.mark.real_mongo
async def test_writes_are_retried_when_the_primary_steps_down(mongo: Mongo, mappers: MongoMappers) -> None:
    """Nobody notices: none fails, and none is made twice (then its feed would be known already)."""
    stop = asyncio.Event()
    made: list[Feed] = []

    async def write(writer: int) -> None:
        number = 0
        while not stop.is_set():
            number += 1
            made.append(await add_feed(cast(Mappers, mappers), f"w{writer}-{number}"))

    writing = [asyncio.ensure_future(write(number)) for number in range(WRITERS)]
    for _ in range(2):
        reached = len(made)
        await until(lambda reached=reached: len(made) >= reached + 20, 30)  # type: ignore[misc]
        step_down = {"replSetStepDown": 2, "secondaryCatchUpPeriodSecs": 0, "force": True}
        with suppress(AutoReconnect):
            await asyncio.to_thread(mongo.client.admin.command, step_down)
    reached = len(made)
    await until(lambda: len(made) >= reached + 20, 30)
    stop.set()
    await asyncio.gather(*writing)
    stored = {feed.id for feed in await all_feeds(mappers)}
    assert stored == {feed.id for feed in made} and len(stored) == len(made)
