"""Check 10: names that answer with a public address first and an inner one later, or with both. 0 hits in 1,000 tries.

127.0.0.1 stands for the public web, 127.0.0.2 and ::1 for the inside.
"""

from __future__ import annotations

import asyncio
import random
import socket
from collections import Counter
from typing import Any

import pytest

from reader.errors import Upstream
from reader.ingest.fetch import Fetcher
from tests.threats.network import serving, settings, watched
from tests.threats.test_08_slow_loris import quick

SEED = 10
TRIES = 1000
PUBLIC, INNER, INNER6 = "127.0.0.1", "127.0.0.2", "::1"


class Rebinding:
    """A resolver whose answers change with every question."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self.asked: Counter[str] = Counter()

    def __call__(self, host: str, port: int, *_: object) -> list[tuple[Any, ...]]:
        self.asked[host] += 1
        kind = int(host.partition(".")[0][1:]) % 4
        if kind == 0:  # public first, then inner
            found = [PUBLIC] if self.asked[host] == 1 else [INNER]
        elif kind == 1:  # both at once
            found = [PUBLIC, INNER, INNER6]
            self._rng.shuffle(found)
        elif kind == 2:  # A public, AAAA inner
            found = [INNER6, PUBLIC]
        else:
            found = [self._rng.choice([PUBLIC, INNER, INNER6])]
        return [_info(each, port) for each in found]


def _info(address: str, port: int) -> tuple[Any, ...]:
    if ":" in address:
        return socket.AF_INET6, socket.SOCK_STREAM, 6, "", (address, port, 0, 0)
    return socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)


async def test_a_thousand_tries_reach_nothing_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    resolver = Rebinding(random.Random(SEED))
    monkeypatch.setattr(socket, "getaddrinfo", resolver)
    ends: Counter[str] = Counter()
    async with watched(INNER) as canary, serving(quick) as port, Fetcher(settings(fetch_per_host=50)) as fetcher:
        session = fetcher._session
        assert session is not None
        # The canary listens on the very port that is asked for, so that the address alone decides.
        async with _also(canary.port, canary) as inner6:
            for number in range(TRIES):
                session.connector.clear_dns_cache()  # type: ignore[union-attr]  # as with a TTL of 0
                where = canary.port if number % 2 else port
                try:
                    answer = await fetcher.get(f"http://n{number // 3}.rebind.example:{where}/{number}")
                    assert answer.body == b"<rss>"
                    ends["public"] += 1
                except Upstream as error:
                    assert error.kind in ("refused", "connect"), error
                    ends[error.kind] += 1
            assert inner6
    assert canary.hits == 0, f"seed {SEED}"
    assert sum(ends.values()) == TRIES
    assert ends["public"] > 100
    assert ends["refused"] > 100


def _also(port: int, canary: Any) -> Any:
    """The canary on ::1 too, at the same port, where there is IPv6."""
    from contextlib import asynccontextmanager

    @asynccontextmanager
    async def opened() -> Any:
        async def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            canary.hits += 1
            writer.close()

        try:
            server = await asyncio.start_server(note, "::1", port)
        except OSError:
            yield True
            return
        yield True
        server.close()

    return opened()
