from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from reader.mappers.sqlite import SqliteMappers, open_store
from tests.helpers.stores import lay_out


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "evantr.sqlite"


@pytest_asyncio.fixture
async def store(path: Path) -> AsyncIterator[SqliteMappers]:
    lay_out(path.parent)
    store = await open_store(path)
    yield store
    await store.close()
