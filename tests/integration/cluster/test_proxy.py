"""How the Caddyfile chooses between web processes, with small servers in their place."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from api.deps import COOKIE
from tests.helpers.servers import caddy
from tests.helpers.victim import free_port

READERS = [f"session-{number}" for number in range(24)]


class Web(BaseHTTPRequestHandler):
    """Says on which port it is, and what the proxy added to say who asks."""

    def do_GET(self) -> None:
        assert isinstance(self.server, ThreadingHTTPServer)
        said = f"{self.server.server_port} {self.headers.get('X-Evantr-Reader')}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: tests read what was answered."""


@contextmanager
def web() -> Iterator[ThreadingHTTPServer]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Web) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def webs() -> Iterator[list[ThreadingHTTPServer]]:
    with ExitStack() as stack:
        yield [stack.enter_context(web()) for _ in range(2)]


@contextmanager
def proxy(folder: Path, webs: list[ThreadingHTTPServer], policy: str = "") -> Iterator[httpx.Client]:
    port = free_port()
    server = caddy(folder, port, " ".join(f"127.0.0.1:{each.server_port}" for each in webs), policy)
    server.start()
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
            yield client
    finally:
        server.kill()


def served(client: httpx.Client, times: int, **headers: str) -> set[str]:
    """What answered so many requests: ports, and with them whatever header of the proxy's came through."""
    return {client.get("/", headers=headers | {"X-Evantr-Reader": str(n)}).text for n in range(times)}


def test_a_reader_comes_back_to_the_same_process(tmp_path: Path, webs: list[ThreadingHTTPServer]) -> None:
    both = {f"{each.server_port} None" for each in webs}
    with proxy(tmp_path, webs) as client:
        assert served(client, 40) == both, "those of nobody go to any"
        people = [served(client, 6, Cookie=f"evantr_said={n}; {COOKIE}={who}") for n, who in enumerate(READERS)]
        programs = [served(client, 6, Authorization=f"Bearer {who}") for who in READERS]
        for each in (people, programs):
            assert {len(answered) for answered in each} == {1}
            assert set.union(*each) == both, "not all readers to one"


def test_another_takes_over_for_one_that_is_gone(tmp_path: Path, webs: list[ThreadingHTTPServer]) -> None:
    with proxy(tmp_path, webs) as client:
        ((first,),) = [served(client, 3, Cookie=f"{COOKIE}={READERS[0]}")]
        gone = next(each for each in webs if f"{each.server_port} None" == first)
        gone.shutdown()
        gone.server_close()
        (second,) = served(client, 3, Cookie=f"{COOKIE}={READERS[0]}")
        assert second != first


def test_each_request_may_go_to_any(tmp_path: Path, webs: list[ThreadingHTTPServer]) -> None:
    with proxy(tmp_path, webs, "random") as client:
        assert len(served(client, 40, Cookie=f"{COOKIE}={READERS[0]}")) == 2
