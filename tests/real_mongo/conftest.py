from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from reader.mappers.mongo import MongoMappers, open_store
from tests.helpers.mongo import Mongo
from tests.real_mongo.members import Members, three


@pytest_asyncio.fixture
async def mappers(mongo: Mongo, mongo_url: str) -> AsyncIterator[MongoMappers]:
    """A store on a replica set, of which EVANTR_TEST_MONGO_URL names one, or that was started here."""
    assert mongo.real and "setName" in mongo.client.admin.command("hello"), "this is no replica set of MongoDB"
    store = await open_store(mongo_url)
    await store.migrate()
    yield store
    await store.close()


@pytest.fixture
def members(tmp_path: Path) -> Iterator[Members]:
    with three(tmp_path) as started:
        yield started


@pytest_asyncio.fixture
async def store(members: Members) -> AsyncIterator[MongoMappers]:
    """A store on the three members."""
    opened = await open_store(members.url())
    await opened.migrate()
    yield opened
    await opened.close()
