"""How the Caddyfile chooses between web processes, with small sites in their place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from api.deps import COOKIE
from tests.helpers.servers import caddy
from tests.helpers.site import Site
from tests.helpers.victim import free_port

READERS = [f"session-{number}" for number in range(24)]


@pytest.fixture
def webs() -> Iterator[tuple[Site, Site]]:
    """Each says on which port it is, and keeps no connection that would outlive it."""
    with Site() as one, Site() as other:
        for web in (one, other):
            for path in ("/", "/healthz"):
                web.put(path, str(web.port), headers={"Connection": "close"})
        yield one, other


@contextmanager
def proxy(folder: Path, webs: Sequence[Site], policy: str = "") -> Iterator[httpx.Client]:
    port = free_port()
    server = caddy(folder, port, " ".join(f"{web.host}:{web.port}" for web in webs), policy)
    server.start()
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
            yield client
    finally:
        server.kill()


def served(client: httpx.Client, times: int, **headers: str) -> set[str]:
    """The ports of those that answered so many requests. What a client says of itself for the proxy counts nothing."""
    return {client.get("/", headers=headers | {"X-Evantr-Reader": str(n)}).text for n in range(times)}


def test_a_reader_comes_back_to_the_same_process(tmp_path: Path, webs: tuple[Site, Site]) -> None:
    both = {str(web.port) for web in webs}
    with proxy(tmp_path, webs) as client:
        assert served(client, 40) == both, "those of nobody go to any"
        people = [served(client, 6, Cookie=f"evantr_said={n}; {COOKIE}={who}") for n, who in enumerate(READERS)]
        programs = [served(client, 6, Authorization=f"Bearer {who}") for who in READERS]
        for each in (people, programs):
            assert {len(answered) for answered in each} == {1}
            assert set.union(*each) == both, "not all readers to one"
    asked = [seen for web in webs for seen in web.seen("/")]
    assert len(asked) == 40 + 2 * 6 * len(READERS)
    assert not any("x-evantr-reader" in seen.headers for seen in asked), "it is the proxy's alone"


def test_another_takes_over_for_one_that_is_gone(tmp_path: Path, webs: tuple[Site, Site]) -> None:
    with proxy(tmp_path, webs) as client:
        (first,) = served(client, 3, Cookie=f"{COOKIE}={READERS[0]}")
        next(web for web in webs if str(web.port) == first).close()
        (second,) = served(client, 3, Cookie=f"{COOKIE}={READERS[0]}")
        assert second != first


def test_each_request_may_go_to_any(tmp_path: Path, webs: tuple[Site, Site]) -> None:
    with proxy(tmp_path, webs, "random") as client:
        assert len(served(client, 40, Cookie=f"{COOKIE}={READERS[0]}")) == 2
