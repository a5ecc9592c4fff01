"""The bus under test, once for each implementation, as two processes see it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest
import pytest_asyncio

from reader.events import PubSub
from reader.pubsub.memory import MemoryBus
from reader.pubsub.nats import NatsBus
from tests.helpers.servers import Server, nats_server
from tests.helpers.wait import until

BUSES = ["memory", "nats"]
LIMIT = 20


@dataclass
class Pair:
    """``here`` and ``there``: the buses of two processes. In memory there is but one."""

    here: PubSub
    there: PubSub


@pytest.fixture(params=BUSES)
def bus_name(request: pytest.FixtureRequest) -> str:
    return cast(str, request.param)


@pytest.fixture(scope="module")
def shared_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = nats_server(tmp_path_factory.mktemp("nats"))
    yield server
    server.kill()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Server]:
    """One of its own, for tests that ill-treat it."""
    server = nats_server(tmp_path)
    yield server
    server.kill()


async def opened(server: Server, cluster: str, linger: float = 30.0) -> NatsBus:
    bus = NatsBus(f"nats://{server.address}", cluster, LIMIT, linger=linger)
    await bus.start()
    await until(lambda: bus.up)
    return bus


@pytest_asyncio.fixture
async def pair(bus_name: str, request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Pair]:
    if bus_name == "memory":
        one = MemoryBus(LIMIT)
        yield Pair(one, one)
        return
    server, cluster = request.getfixturevalue("shared_broker"), tmp_path.name.replace("_", "-")
    buses = [await opened(server, cluster) for _ in range(2)]
    yield Pair(*buses)
    for bus in buses:
        await bus.close()
