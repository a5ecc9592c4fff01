"""`make cluster` as somebody tries it: pages by any web process, live channels through the proxy, a web process that is
killed, and Ctrl-C."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import websockets

from benchmarks.servers import descendants
from tests.helpers import compose
from tests.helpers.mongo import Missing, build
from tests.helpers.site import Site
from tests.helpers.victim import ROOT, free_port
from tests.helpers.wait import until, until_async
from web.logo import png

PASSWORD = "a harbour with two clocks"
PNG = png([[(1, 2, 3)]])


@dataclass
class Made:
    """``table``: what it said, line by line."""

    address: str
    folder: Path
    process: subprocess.Popen[str]
    table: list[str] = field(default_factory=list)

    def pid_of(self, name: str) -> int:
        """The youngest process whose log is that one's."""
        found = [pid for pid in descendants(self.process.pid) if _writes(pid, self.folder / f"{name}.log")]
        return found[0]


def _writes(pid: int, log: Path) -> bool:
    try:
        return Path(f"/proc/{pid}/fd/1").readlink() == log
    except OSError:
        return False


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    try:
        build()
    except Missing as missing:
        pytest.skip(f"MongoDB: {missing}")
    folder, port = tmp_path_factory.mktemp("made") / "cluster", free_port()
    clean = {name: value for name, value in os.environ.items() if not name.startswith("EVANTR_") or "MONGO" in name}
    settings = {"EVANTR_PORT": str(port), "EVANTR_FETCH_ALLOW": "127.0.0.0/8", "PROXY_POLICY": "random"}
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.cluster", str(folder)],
        cwd=ROOT, env=clean | settings, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    made = Made(f"http://127.0.0.1:{port}", folder, process)
    for line in process.stdout:
        made.table.append(line.rstrip())
        if "Ctrl-C" in line:
            break
    yield made
    process.kill()
    process.stdout.close()


def test_it_says_what_runs_where(made: Made) -> None:
    assert f"Evantr is at {made.address}" in made.table, made.table
    text = "\n".join(made.table)
    for kind in ("evantr", "memcached", "nats"):
        for service in compose.lasting(kind):
            for name in service.names:
                assert re.search(rf"^  {name} +\S", text, re.MULTILINE), text
    assert "MongoDB" in text and "Caddy" in text


@pytest.fixture(scope="module")
def token(made: Made) -> str:
    """Of the first account."""
    with httpx.Client(base_url=made.address, headers={"Origin": made.address}, timeout=30) as client:
        answer = client.post("/api/v1/accounts", json={"name": "ada", "password": PASSWORD})
        assert answer.status_code == 201, answer.text
        answer = client.post("/api/v1/tokens", json={"name": "test", "rights": ["jobs"]})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["secret"])


@pytest.fixture
def client(made: Made, token: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=made.address, headers={"Authorization": f"Bearer {token}"}, timeout=30)


async def test_requests_are_spread_and_come_as_from_their_client(made: Made, client: httpx.AsyncClient) -> None:
    async with client:
        for _ in range(40):
            assert (await client.get("/api/v1/counters")).status_code == 200
    served = Counter[str]()
    for web in ("web-1", "web-2"):
        lines = [line for line in (made.folder / f"{web}.log").read_text().splitlines() if "/api/v1/counters" in line]
        served[web] = len(lines)
        assert all("client=127.0.0.1" in line for line in lines)
    assert min(served.values()) >= 5, served


async def test_a_picture_comes_from_any_web_process(made: Made, client: httpx.AsyncClient) -> None:
    """The page that names it and the picture itself may be drawn by two."""
    with Site("127.0.0.8") as site:
        site.put("/a.png", PNG, "image/png")
        feed = site.feed("/pictures.xml", "Pictures")
        feed.publish("One", f'<p>See</p><img src="{site.url("/a.png")}" alt="a">')
        async with client:
            await client.post("/api/v1/discover", json={"url": feed.url, "wait": 20})
            row = (await client.post("/api/v1/subscriptions", json={"url": feed.url})).json()
            scope = f"feed/{row['feed_id']}"

            async def entries() -> list[dict[str, Any]]:
                return list((await client.get("/api/v1/entries", params={"scope": scope})).json()["entries"])

            await until_async(entries, 20)
            (entry,) = await entries()
            found = re.search(r'"(/img/[^"]+)"', (await client.get(f"/entry/{entry['id']}")).text)
            assert found
            for _ in range(12):
                answer = await client.get(found[1])
                assert (answer.status_code, answer.content) == (200, PNG)


async def test_live_channels_flow_through_the_proxy(made: Made, client: httpx.AsyncClient, token: str) -> None:
    """The first event comes at once though the answer never ends; an entry is told within moments."""
    with Site("127.0.0.7") as site:
        feed = site.feed("/letters.xml", "Letters")
        feed.publish_many(3)
        async with client:
            found = await client.post("/api/v1/discover", json={"url": feed.url, "wait": 20})
            assert found.status_code == 200, found.text
            row = (await client.post("/api/v1/subscriptions", json={"url": feed.url})).json()

            async def unread() -> bool:
                feeds = (await client.get("/api/v1/counters")).json()["feeds"]
                return bool(feeds.get(str(row["feed_id"])) == 3)

            await until_async(unread, 20)
            heard: list[str] = []
            async with client.stream("GET", "/api/v1/stream") as stream:

                async def listen() -> None:
                    async for line in stream.aiter_lines():
                        heard.append(line)

                task = asyncio.create_task(listen())
                await until(lambda: any(line.startswith("event: ") for line in heard), 5)
                feed.publish("News from the harbour")
                await client.post(f"/api/v1/feeds/{row['feed_id']}/check")
                await until(lambda: "event: entries" in heard, 20)
                task.cancel()
    url = made.address.replace("http", "ws") + "/api/v1/jobs/socket"
    async with websockets.connect(url, additional_headers={"Authorization": f"Bearer {token}"}) as socket:
        await socket.send(json.dumps({"follow": ["0" * 32]}))
        assert json.loads(await asyncio.wait_for(socket.recv(), 10))


async def test_a_killed_web_process_is_not_seen_and_comes_back(made: Made, client: httpx.AsyncClient) -> None:
    """Pages go on at once by the other one; the one that was killed is started again and gets requests again."""
    victim = made.pid_of("web-1")
    async with client:
        asked = asyncio.gather(*[_spread(client, number) for number in range(60)])
        await asyncio.sleep(0.3)
        os.kill(victim, signal.SIGKILL)
        assert set(await asked) == {200}
        log = made.folder / "web-1.log"
        size = log.stat().st_size

        async def serves() -> bool:
            assert (await client.get("/api/v1/counters")).status_code == 200
            return b"/api/v1/counters" in log.read_bytes()[size:]

        await until_async(serves, 30)


async def _spread(client: httpx.AsyncClient, number: int) -> int:
    await asyncio.sleep(number * 0.02)
    return (await client.get("/api/v1/counters")).status_code


def test_workers_write_that_they_are_well(made: Made) -> None:
    for name in ("worker-1", "worker-2", "updater-1", "updater-2"):
        assert time.time() - (made.folder / name / "alive").stat().st_mtime < 30


def test_ctrl_c_ends_everything_within_seconds(made: Made) -> None:
    family = descendants(made.process.pid)
    assert len(family) >= 11
    began = time.monotonic()
    made.process.send_signal(signal.SIGINT)
    assert made.process.wait(20) == 0
    assert time.monotonic() - began < 15
    assert not [pid for pid in family if _runs(pid)]


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
