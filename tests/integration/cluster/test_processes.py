"""Two web processes, two workers and two updaters on one store, one broker and two caches: a page is served by any of
them, and any of them may go. The store is a MongoDB; where what happens has nothing to do with it, a SQLite file."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.helpers.cluster import Cluster
from tests.helpers.site import Site
from tests.helpers.victim import Victim
from tests.helpers.wait import until, until_async

SOON = 60  # seconds within which work has to go on, whatever goes


@pytest.fixture
def site() -> Iterator[Site]:
    with Site("127.0.0.7") as opened:
        yield opened


@pytest.fixture
def cluster(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Cluster]:
    with Cluster(tmp_path, mongo=getattr(request, "param", "mongo") == "mongo", keeps=False) as made:
        yield made


class Ada:
    """The administrator as a program, at any of the web processes."""

    def __init__(self, cluster: Cluster, token: str) -> None:
        self._cluster = cluster
        self._headers = {"Authorization": f"Bearer {token}"}

    async def call(self, method: str, path: str, body: object = None, web: int = 0) -> Any:
        async with httpx.AsyncClient(headers=self._headers, timeout=30) as client:
            answer = await client.request(method, self._cluster.webs[web].address + path, json=body)
        assert answer.status_code < 300, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    async def unread(self, web: int = 0) -> int:
        return int((await self.call("GET", "/api/v1/counters", web=web))["unread"])

    async def reads(self, url: str) -> int:
        """Subscribe to a feed; its id."""
        found = await self.call("POST", "/api/v1/discover", {"url": url, "wait": 5})
        assert len(found["feeds"]) == 1, (found, self._cluster.logs)
        return int((await self.call("POST", "/api/v1/subscriptions", {"url": url}))["feed_id"])

    @asynccontextmanager
    async def listening(self, web: int) -> AsyncIterator[list[tuple[str, dict[str, Any]]]]:
        """What the live channel of that web process tells, as it comes."""
        heard: list[tuple[str, dict[str, Any]]] = []

        async def listen() -> None:
            async with (
                httpx.AsyncClient(headers=self._headers, timeout=None) as client,
                client.stream("GET", self._cluster.webs[web].address + "/api/v1/stream") as stream,
            ):
                name = ""
                async for line in stream.aiter_lines():
                    if line.startswith("event: "):
                        name = line[7:]
                    elif line.startswith("data: "):
                        heard.append((name, json.loads(line[6:])))

        task = asyncio.create_task(listen())
        await until(lambda: heard or task.done(), 30)
        yield heard
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def start(cluster: Cluster) -> Ada:
    return Ada(cluster, await asyncio.to_thread(cluster.start))


async def test_any_web_process_serves_any_page_and_tells_what_happens_anywhere(cluster: Cluster, site: Site) -> None:
    ada = await start(cluster)
    feed = site.feed("/a.xml")
    feed.publish_many(2)
    feed_id = await ada.reads(feed.url)
    await until_async(lambda: _is(ada.unread(1), 2), 30)
    async with ada.listening(0) as one, ada.listening(1) as other:
        one.clear()
        other.clear()
        feed.publish("News")
        await asyncio.sleep(0)
        await ada.call("POST", f"/api/v1/feeds/{feed_id}/check", web=0)
        for heard in (one, other):  # a worker pulled it: told by every web process
            await until(lambda heard=heard: any(name == "entries" for name, _ in heard), 30)  # type: ignore[misc]
        other.clear()
        entry = (await ada.call("GET", "/api/v1/entries?scope=all", web=0))["entries"][0]["id"]
        await ada.call("POST", "/api/v1/entries/mark", {"ids": [entry]}, web=0)
        await until(lambda: any(name == "counters" for name, _ in other), 10)
    assert await ada.unread(0) == await ada.unread(1) == 2
    managers = (await ada.call("GET", "/api/v1/admin/managers"))["managers"]
    assert sorted(each["role"] for each in managers) == ["updater", "updater", "web", "web", "worker", "worker"]
    assert all(each["queue_up"] and each["bus_up"] for each in managers)
    for process in cluster.processes:
        code, seconds = await asyncio.to_thread(process.stop)
        assert code == 0 and seconds < 12, process.log[-2000:]


async def _is(value: Any, wanted: object) -> bool:
    return bool(await value == wanted)


async def test_one_updater_leads_and_the_other_takes_over(cluster: Cluster) -> None:
    ada = await start(cluster)

    async def leader() -> int | None:
        pid = (await ada.call("GET", "/api/v1/admin/overview"))["updater"]["pid"]
        return int(pid) if pid is not None else None

    async def leads(process: Victim) -> bool:
        return await leader() == process.pid

    async def somebody() -> bool:
        return await leader() in [process.pid for process in cluster.updaters]

    async def leaders() -> list[int]:
        managers = (await ada.call("GET", "/api/v1/admin/managers"))["managers"]
        return [each["pid"] for each in managers if each["leads"]]

    async def one_says_so() -> bool:  # with its next report
        return await leaders() == [await leader()]

    await until_async(somebody, 30)
    await until_async(one_says_so, 10)
    for _ in range(2):
        pid = await leader()
        first = next(process for process in cluster.updaters if process.pid == pid)
        (second,) = [process for process in cluster.updaters if process is not first]
        first.kill()
        await until_async(lambda second=second: leads(second), 30)  # type: ignore[misc]
        cluster.revive(first)
        await asyncio.sleep(3)  # it comes back, and stands by
        assert await leader() == second.pid
    # One that hangs and wakes up again is no leader any more: its lease is another's.
    pid = await leader()
    first = next(process for process in cluster.updaters if process.pid == pid)
    (second,) = [process for process in cluster.updaters if process is not first]
    os.kill(first.pid, signal.SIGSTOP)
    await until_async(lambda: leads(second), 30)
    os.kill(first.pid, signal.SIGCONT)
    await asyncio.sleep(6)
    assert await leader() == second.pid
    assert await leaders() == [second.pid]


@pytest.mark.parametrize(
    ("how", "cluster"), [("gone", "mongo"), ("restarted empty", "sqlite"), ("hangs", "sqlite")], indirect=["cluster"]
)
async def test_work_goes_on_without_the_broker(cluster: Cluster, site: Site, how: str) -> None:
    ada = await start(cluster)
    feed = site.feed("/a.xml")
    feed.publish_many(2)
    feed_id = await ada.reads(feed.url)
    await until_async(lambda: _is(ada.unread(1), 2), 30)
    if how == "hangs":
        cluster.broker.freeze()
    else:
        cluster.broker.kill()
    if how == "restarted empty":
        cluster.broker.start(empty=True)
    feed.publish("While it is away")
    await ada.call("POST", f"/api/v1/feeds/{feed_id}/check", web=1)
    await until_async(lambda: _is(ada.unread(0), 3), SOON)
    if how != "restarted empty":

        async def told() -> bool:  # one that hangs is found out by its silence
            return not (await ada.call("GET", "/api/v1/counters", web=0))["live"]

        await until_async(told, SOON)
        (cluster.broker.thaw if how == "hangs" else cluster.broker.start)()

    async def all_back() -> bool:
        managers = (await ada.call("GET", "/api/v1/admin/managers"))["managers"]
        return all(each["queue_up"] and each["bus_up"] for each in managers) and len(managers) == 6

    await until_async(all_back, SOON)
    other = site.feed("/b.xml")
    other.publish_many(1)
    await ada.reads(other.url)
    await until_async(lambda: _is(ada.unread(0), 4), SOON)
