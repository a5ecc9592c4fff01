"""The store under test, once for each implementation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import cast

import pytest
import pytest_asyncio

from reader.mappers import Mappers
from reader.mappers import mongo as on_mongo
from reader.mappers import sqlite as on_sqlite
from tests.contract.mappers.recorder import RecordedMappers
from tests.helpers.mongo_watch import WATCH, Shape
from tests.helpers.stores import lay_out

STORES = ["sqlite", "mongo"]
LAST = ("test_complete.py", "test_indexes.py", "test_shards.py", "test_explain.py")
CALLED: dict[str, set[str]] = defaultdict(set)
SHAPES: dict[str, Shape] = {}
TRIPS_ON_MONGO = {
    "begin": 2,
    "limits": 1,
    "mark": 5,
    "marks": 1,
    "positions": 2,
    "reading_delta": 2,
    "related": 2,
    "counts": 2,
}
"""Round trips of a call, whatever the size, where a transaction takes one."""
Count = Callable[[], int]
Cost = Callable[[str], int]
Store = on_sqlite.SqliteMappers | on_mongo.MongoMappers


@pytest.fixture(autouse=True)
def shapes() -> Iterator[None]:
    """What is judged at the end is what these tests asked for, not what others ask the database beside the mappers."""
    others, WATCH.shapes = WATCH.shapes, SHAPES
    yield
    WATCH.shapes = others


@pytest.fixture(params=STORES)
def store_name(request: pytest.FixtureRequest) -> str:
    return cast(str, request.param)


@pytest_asyncio.fixture
async def plain(store_name: str, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    if store_name == "mongo":
        store: Store = await on_mongo.open_store(request.getfixturevalue("mongo_store"))
    else:
        lay_out(tmp_path / "store")
        store = await on_sqlite.open_store(tmp_path / "store" / "evantr.sqlite")
    yield store
    await store.close()


@pytest_asyncio.fixture
async def mappers(plain: Store, store_name: str) -> Mappers:
    recorded = cast(Mappers, RecordedMappers(cast(Mappers, plain), CALLED[store_name]))
    await recorded.migrate()
    return recorded


@pytest.fixture
def trips(plain: Store) -> Count:
    """How many round trips the store has made so far."""
    if isinstance(plain, on_mongo.MongoMappers):
        return lambda: WATCH.trips
    engine = plain.engine
    return lambda: engine.trips


@pytest.fixture
def cost(store_name: str) -> Cost:
    """How many round trips a call takes in this store, always."""
    return TRIPS_ON_MONGO.__getitem__ if store_name == "mongo" else lambda _call: 1


@pytest.fixture
def query_count(plain: Store) -> Count:
    """How many statements or commands ran so far, those that open and close transactions left out."""
    if isinstance(plain, on_mongo.MongoMappers):
        return lambda: WATCH.commands
    seen: list[str] = []
    frame = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK")
    plain.engine.trace(seen.append)
    return lambda: sum(not sql.startswith(frame) for sql in seen)


@pytest.fixture
def called(store_name: str) -> set[str]:
    """Names of the contract methods that tests called so far."""
    return CALLED[store_name]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What judges the whole run comes last, and only where every file of this folder was chosen as a whole."""
    folder = Path(__file__).parent
    last = [item for item in items if item.path.name in LAST and item.path.parent == folder]
    files = {item.path for item in items if item.path.parent == folder}
    chosen = any("::" in arg for arg in config.args) or config.option.keyword or config.option.markexpr
    whole = files == set(folder.glob("test_*.py")) and not chosen
    items[:] = [item for item in items if item not in last] + (last if whole else [])
    if not whole and last:
        config.hook.pytest_deselected(items=last)
