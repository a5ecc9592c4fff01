from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from reader.mappers.sqlite import SqliteMappers, open_store


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "evantr.sqlite"


@pytest_asyncio.fixture
async def store(path: Path) -> AsyncIterator[SqliteMappers]:
    store = await open_store(path)
    await store.migrate()
    yield store
    await store.close()
