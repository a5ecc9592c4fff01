"""Upgrade without downtime: the processes of a cluster end and start again one after another while requests go to both
web processes and feeds publish. Nobody notices but who asks the one that is down."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import Counter
from pathlib import Path

import httpx

from reader.container import open_mappers
from tests.helpers.cluster import Cluster
from tests.helpers.site import Site, SiteFeed
from tests.helpers.victim import Victim
from tests.helpers.wait import until_async

FEEDS = 6


class Load:
    """Requests of every kind to one web process, each over a connection of its own as a proxy makes them."""

    def __init__(self, cluster: Cluster, web: int, token: str) -> None:
        self._cluster, self._web = cluster, web
        self._headers = {"Authorization": f"Bearer {token}", "Connection": "close"}
        self.answers: Counter[str] = Counter()
        self.failed: list[str] = []
        self.jobs: list[str] = []

    async def run(self, feeds: dict[int, SiteFeed], over: asyncio.Event) -> None:
        address = self._cluster.webs[self._web].address
        async with httpx.AsyncClient(base_url=address, headers=self._headers, timeout=30) as client:
            for number in itertools.count():
                if over.is_set():
                    return
                feed_id, feed = list(feeds.items())[number % len(feeds)]
                await self._ask(client, "GET", "/api/v1/entries?scope=all")
                await self._ask(client, "GET", "/healthz")
                feed.publish()
                await self._ask(client, "POST", f"/api/v1/feeds/{feed_id}/check")
                job = {"kind": "discover", "args": {"address": feed.site.url(f"/page-{self._web}-{number}")}}
                answer = await self._ask(client, "POST", "/api/v1/jobs", job)
                if answer is not None:
                    self.jobs.append(answer.json()["key"])
                await asyncio.sleep(0.1)

    async def _ask(
        self, client: httpx.AsyncClient, method: str, path: str, body: object = None
    ) -> httpx.Response | None:
        try:
            answer = await client.request(method, path, json=body)
        except httpx.ConnectError:
            self.answers["refused"] += 1
            return None
        except httpx.HTTPError as error:
            self.failed.append(f"{method} {path}: {error!r}")
            return None
        self.answers["answered"] += 1
        if answer.status_code == 429:  # the feed was checked a moment ago
            self.answers["too often"] += 1
            return None
        if answer.status_code >= 300:
            self.failed.append(f"{method} {path}: {answer.status_code} {answer.text[:200]}")
            return None
        return answer


async def test_processes_follow_each_other_and_nobody_notices(tmp_path: Path) -> None:
    with Cluster(tmp_path, mongo=True, keeps=False) as cluster, Site("127.0.0.8") as site:
        await asyncio.to_thread(cluster.start)
        token = cluster.webs[0].command("token", "add", "ada", "--jobs").strip().splitlines()[-1]
        feeds = await _subscribe(cluster, site, token)
        loads = [Load(cluster, web, token) for web in range(2)]
        over = asyncio.Event()
        tasks = [asyncio.create_task(load.run(feeds, over)) for load in loads]
        for turn in range(2):
            processes = (cluster.webs[turn], cluster.workers[turn], cluster.updaters[turn])
            await asyncio.gather(*(asyncio.to_thread(_renew, cluster, process) for process in processes))
        over.set()
        await asyncio.gather(*tasks)
        assert [failure for load in loads for failure in load.failed] == []
        assert all(load.answers["refused"] and load.answers["answered"] for load in loads)
        await _all_came(cluster, feeds)
        await _all_ended(cluster, token, [key for load in loads for key in load.jobs])


async def _subscribe(cluster: Cluster, site: Site, token: str) -> dict[int, SiteFeed]:
    headers = {"Authorization": f"Bearer {token}"}
    feeds = {}
    async with httpx.AsyncClient(base_url=cluster.webs[0].address, headers=headers, timeout=60) as client:
        for number in range(FEEDS):
            feed = site.feed(f"/{number}.xml")
            feed.publish_many(2)
            (await client.post("/api/v1/discover", json={"url": feed.url, "wait": 30})).raise_for_status()
            made = (await client.post("/api/v1/subscriptions", json={"url": feed.url})).raise_for_status().json()
            feeds[int(made["feed_id"])] = feed
    return feeds


def _renew(cluster: Cluster, process: Victim) -> None:
    """As who upgrades does: SIGTERM, wait for its end, start the new one, wait until it is ready."""
    code, seconds = process.stop()
    assert code == 0 and seconds < 12, process.log[-2000:]
    cluster.revive(process)


async def _all_came(cluster: Cluster, feeds: dict[int, SiteFeed]) -> None:
    """Every entry is there, and once."""
    mappers = await open_mappers(cluster.store)

    async def came() -> bool:
        return all([(await stored(feed_id)) == sorted(item.id for item in feeds[feed_id].items) for feed_id in feeds])

    async def stored(feed_id: int) -> list[str]:
        feed = await mappers.feeds.get(feed_id)
        assert feed is not None
        spots = (await mappers.entries.positions([(feed_id, 1, feed.seq)])).get(feed_id, [])
        return sorted(entry.uid for entry in await mappers.entries.many([spot.id for spot in spots]))

    try:
        for feed_id in feeds:
            await mappers.feeds.make_due(feed_id, time.time())
        await until_async(came, 60)
    finally:
        await mappers.close()


async def _all_ended(cluster: Cluster, token: str, keys: list[str]) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=cluster.webs[1].address, headers=headers, timeout=60) as client:
        states: list[str] = []

        async def ended() -> bool:
            nonlocal states
            answers = [await client.get(f"/api/v1/jobs/{key}") for key in keys]
            states = [answer.json()["state"] for answer in answers]
            return set(states) <= {"done", "failed"}

        await until_async(ended, 60)
    assert states == ["done"] * len(keys) and len(keys) > FEEDS
