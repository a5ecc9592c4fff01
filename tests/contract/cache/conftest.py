"""The cache under test, once for each implementation."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import cast

import pytest
import pytest_asyncio

from reader.cache import Cache
from reader.cache.memcached import MemcachedCache, node_of
from reader.cache.memory import MemoryCache
from reader.clock import Clock
from tests.helpers.servers import Server, memcached

CACHES = ["memory", "memcached"]
DEAD_SECONDS = 0.5


@pytest.fixture(params=CACHES)
def cache_name(request: pytest.FixtureRequest) -> str:
    return cast(str, request.param)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Server]]:
    """Two nodes that run."""
    folder = tmp_path_factory.mktemp("memcached")
    nodes = memcached(folder), memcached(folder)
    yield nodes
    for node in nodes:
        node.kill()


@pytest.fixture
def nodes(pair: tuple[Server, Server]) -> Iterator[tuple[Server, Server]]:
    """The same, running again after a test that killed one."""
    yield pair
    for node in pair:
        if not node.running:
            node.start()


@pytest_asyncio.fixture
async def cache(cache_name: str, request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Cache]:
    opened: Cache
    opened = MemoryCache(Clock()) if cache_name == "memory" else over(request.getfixturevalue("nodes"), tmp_path.name)
    yield opened
    await opened.close()


@pytest_asyncio.fixture
async def cluster(nodes: tuple[Server, Server], tmp_path: Path) -> AsyncIterator[MemcachedCache]:
    opened = over(nodes, tmp_path.name)
    yield opened
    await opened.close()


def over(nodes: tuple[Server, ...], prefix: str) -> MemcachedCache:
    """A cache over these nodes, apart from those of other tests by its prefix."""
    return MemcachedCache([node_of(node.address) for node in nodes], prefix[:60], Clock(), dead_seconds=DEAD_SECONDS)
