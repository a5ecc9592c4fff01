from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from reader.mappers.mongo import MongoMappers, open_store


@pytest_asyncio.fixture
async def mappers(mongo_store: str) -> AsyncIterator[MongoMappers]:
    """A store that is ready."""
    opened = await open_store(mongo_store)
    await opened.migrate()
    yield opened
    await opened.close()
