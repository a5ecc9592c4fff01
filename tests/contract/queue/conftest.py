"""The transport under test, once for each implementation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import pytest

from workers.local import LocalQueue
from workers.transport import Transport

TRANSPORTS = ["local"]
ACK_SECONDS = 30.0


@dataclass
class Hands:
    """Time, as far as the transport can be told of it."""

    at: float = 1000.0

    def now(self) -> float:
        return self.at


@dataclass
class Rig:
    """A transport, the time it goes by, and what happens when all that it remembered is gone."""

    transport: Transport
    pass_time: Callable[[float], None]
    forget: Callable[[], Transport]


@pytest.fixture(params=TRANSPORTS)
def transport_name(request: pytest.FixtureRequest) -> str:
    return cast(str, request.param)


@pytest.fixture
def rig(transport_name: str) -> Rig:
    hands = Hands()

    def make() -> LocalQueue:
        return LocalQueue(ack_seconds=ACK_SECONDS, now=hands.now)

    def pass_time(seconds: float) -> None:
        hands.at += seconds

    return Rig(make(), pass_time, make)


@pytest.fixture
def queue(rig: Rig) -> Transport:
    return rig.transport
