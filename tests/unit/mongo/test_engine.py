from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from reader.mappers import schema
from reader.mappers.errors import StoreError
from reader.mappers.mongo import MongoMappers, open_store
from reader.mappers.mongo.engine import DURABLE
from tests.helpers.victim import free_port


@pytest_asyncio.fixture
async def store(mongo_url: str) -> AsyncIterator[MongoMappers]:
    opened = await open_store(mongo_url)
    yield opened
    await opened.close()


async def test_numbers_are_given_out_once(store: MongoMappers) -> None:
    lasts = await asyncio.gather(*(store.engine.next_id("entry", 3) for _ in range(50)))
    assert sorted(lasts) == list(range(3, 151, 3))
    assert await store.engine.next_id("feed") == 1


async def test_writes_are_durable_when_they_are_answered(store: MongoMappers) -> None:
    assert store.engine.db.write_concern == DURABLE
    assert store.engine.db.counter.write_concern.document == {"w": "majority", "j": True}


async def test_nothing_is_read_that_could_be_taken_back(store: MongoMappers) -> None:
    assert store.engine.db.counter.read_concern.level == "majority"


async def test_a_store_that_lacks_migrations_is_not_ready(store: MongoMappers) -> None:
    with pytest.raises(StoreError, match="0001_start"):
        await store.ready()
    first, second = await asyncio.gather(store.migrate(), store.migrate())  # two processes start at once
    assert "0001_start" in first + second
    assert await store.migrate() == []
    await store.ready()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_nobody_at_the_address_is_told_in_words() -> None:
    port = free_port()
    with pytest.raises(StoreError, match=f"No MongoDB answers at 127.0.0.1:{port}: .*EVANTR_STORE") as told:
        await open_store(f"mongodb://ada:secret@127.0.0.1:{port}/?timeoutMS=300")
    words = str(told.value)
    assert "secret" not in words
    assert "Topology" not in words
    del told  # it holds on to the driver's frames, and these to a socket
    with pytest.raises(StoreError, match="mongodb://"):
        await open_store("sqlite:here")
    gc.collect()  # the driver leaves the socket of an attempt that it breaks off to be collected: here, not later


async def test_the_drivers_errors_come_out_as_the_stores(store: MongoMappers) -> None:
    await store.close()
    with pytest.raises(StoreError):
        await store.ready()


async def test_options_of_the_address_win(mongo_url: str) -> None:
    store = await open_store(mongo_url + ("&" if "?" in mongo_url else "?") + "maxPoolSize=3")
    options = store.engine.db.client.options
    await store.close()
    assert options.pool_options.max_pool_size == 3
    assert options.timeout == 15


async def test_a_newer_store_is_worked_with_unless_it_lost_what_this_version_uses(
    mongo_url: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await open_store(mongo_url)
    await store.migrate()
    await store.engine.db.migration.insert_one({"_id": "9998_more"})
    assert await store.migrate() == [] and "9998_more" in caplog.text
    await store.ready()
    await store.engine.db.migration.insert_one({"_id": "9999_less_contract"})
    for look in (store.migrate, store.ready):
        with pytest.raises(StoreError, match=r"by a newer Evantr \(9999_less_contract\).*Start the newer"):
            await look()
    monkeypatch.setattr(schema, "TO_COME", ("9999_less_contract",))  # it has stopped using that
    assert await store.migrate() == []
    await store.close()
