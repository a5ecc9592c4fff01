"""The transport under test, once for each implementation."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import cast

import pytest
import pytest_asyncio

from tests.helpers.servers import Server, nats_server
from tests.helpers.wait import until
from workers.local import LocalQueue
from workers.nats import NatsQueue
from workers.transport import Transport

TRANSPORTS = ["local", "nats"]
ACK = 30  # seconds of the rig


@dataclass
class Rig:
    """A transport, the time it goes by, and what happens when all that it remembered is gone.

    ``second``: how long a second of these tests is; a broker's clock cannot be turned, so there it is a short one.
    """

    transport: Transport
    second: float
    pass_time: Callable[[float], Awaitable[None]]
    forget: Callable[[], Awaitable[Transport]]
    look: Callable[[], Awaitable[None]]


@pytest.fixture(params=TRANSPORTS)
def transport_name(request: pytest.FixtureRequest) -> str:
    return cast(str, request.param)


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = nats_server(tmp_path_factory.mktemp("nats"))
    yield server
    server.kill()


async def opened(server: Server, cluster: str, ack_seconds: float = 15.0) -> NatsQueue:
    queue = NatsQueue(f"nats://{server.address}", cluster, ack_seconds=ack_seconds)
    await queue.start()
    await until(lambda: queue.up)
    return queue


@pytest_asyncio.fixture
async def rig(transport_name: str, request: pytest.FixtureRequest) -> AsyncIterator[Rig]:
    if transport_name == "local":
        yield _local()
        return
    server: Server = request.getfixturevalue("broker")
    numbers = iter(range(100))
    queues: list[NatsQueue] = []

    async def make() -> NatsQueue:
        """Streams of its own: what was put before is unknown to them."""
        queues.append(await opened(server, f"t{abs(hash(request.node.name))}-{next(numbers)}", ACK * second))
        return queues[-1]

    async def pass_time(seconds: float) -> None:
        await asyncio.sleep(seconds * second)

    async def look() -> None:
        await queues[0].look()

    second = 0.05
    yield Rig(await make(), second, pass_time, make, look)
    for queue in queues:
        await queue.close()


def _local() -> Rig:
    at = [1000.0]

    def make() -> LocalQueue:
        return LocalQueue(ack_seconds=ACK, now=lambda: at[0])

    async def pass_time(seconds: float) -> None:
        at[0] += seconds

    async def forget() -> Transport:
        return make()

    async def look() -> None:
        """It knows by itself."""

    return Rig(make(), 1.0, pass_time, forget, look)


@pytest.fixture
def queue(rig: Rig) -> Transport:
    return rig.transport
