"""The heartbeat against a webhook on loopback: what is sent, when, signed, and what happens when it is not taken."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp import web
from structlog.testing import capture_logs

from reader.errors import Upstream
from reader.tasks import end
from tests.helpers.app import World, open_world
from tests.helpers.wait import until
from workers.heartbeat import LEASE, SIGNATURE, Heartbeat, next_pause, signed

SECRET = "a secret of the operator"


class Webhook:
    """Answers with ``statuses`` in turn, the last one for good; keeps what came."""

    def __init__(self) -> None:
        self.statuses = [204]
        self.headers: dict[str, str] = {}
        self.came: list[tuple[dict[str, str], bytes]] = []
        self.url = ""

    async def take(self, request: web.Request) -> web.Response:
        self.came.append(({k.lower(): v for k, v in request.headers.items()}, await request.read()))
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        return web.Response(status=status, headers=self.headers if status == 503 else {})

    @property
    def last(self) -> Any:
        return orjson.loads(self.came[-1][1])


@pytest.fixture
async def webhook() -> AsyncIterator[Webhook]:
    made = Webhook()
    app = web.Application()
    app.router.add_post("/beat", made.take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/beat"
    yield made
    await runner.cleanup()


@asynccontextmanager
async def beating(world: World, leads: list[bool], **options: Any) -> AsyncIterator[None]:
    await world.container.fetcher.start()
    heart = Heartbeat(world.container, lambda: leads[0], look=0.01, **({"pauses": (0.01, 0.01)} | options))
    running = asyncio.create_task(heart.run())
    try:
        yield
    finally:
        await end([running])


@asynccontextmanager
async def home(tmp_path: Path, store: str, webhook: Webhook, **settings: Any) -> AsyncIterator[World]:
    given = {"store": store, "heartbeat_url": webhook.url, "base_url": "https://read.example.org", **settings}
    async with open_world(tmp_path, **given) as world:
        yield world


async def test_the_leader_sends_figures_signed_once_an_hour(tmp_path: Path, store: str, webhook: Webhook) -> None:
    async with home(tmp_path, store, webhook, heartbeat_secret=SECRET) as world:
        ada = await world.person("ada", admin=True)
        await world.feed("gazette", entries=3, readers=[ada])
        async with beating(world, [True]):
            await until(lambda: webhook.came)
            await asyncio.sleep(0.15)
            assert len(webhook.came) == 1  # many looks, one hour
            world.hands.ahead += 3601
            await until(lambda: len(webhook.came) == 2)
        headers, body = webhook.came[0]
        wanted = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        assert headers[SIGNATURE.lower()] == f"sha256={wanted}"
        assert headers["content-type"] == "application/json"
        said = orjson.loads(body)
        assert (said["event"], said["instance"]) == ("heartbeat", "https://read.example.org")
        assert said["store"]["entries"] == 3
        assert said["feeds"] == {"active": 1}
        assert said["queues"]["pull-sys"]["settings"]["max_running"] == 200
        assert said["updater"]["holder"] is None
        assert said["dead_letters"] == 0
        assert set(said["last_hour"]) == {"queues", "lag_ms"}


async def test_nobody_but_the_leader_sends_and_a_restart_does_not_repeat(
    tmp_path: Path, store: str, webhook: Webhook
) -> None:
    async with home(tmp_path, store, webhook) as world:
        leads = [False]
        async with beating(world, leads):
            await asyncio.sleep(0.1)
            assert webhook.came == []
            leads[0] = True
            await until(lambda: webhook.came)
        async with beating(world, [True]), beating(world, [True]):
            await asyncio.sleep(0.15)
        assert len(webhook.came) == 1
        assert SIGNATURE.lower() not in webhook.came[0][0]  # without a secret it is not signed
        assert await world.container.gateways.work.leader(LEASE) is not None


async def test_what_is_not_taken_is_sent_again_and_then_let_go(tmp_path: Path, store: str, webhook: Webhook) -> None:
    webhook.statuses = [500, 503, 204]
    async with home(tmp_path, store, webhook) as world:
        async with beating(world, [True]):
            await until(lambda: len(webhook.came) == 3)
        assert webhook.came[0][1] == webhook.came[2][1]
        webhook.statuses, webhook.came = [500], []
        world.hands.ahead += 3601
        with capture_logs() as lines:
            async with beating(world, [True]):
                await until(lambda: len(webhook.came) == 3)
                await asyncio.sleep(0.1)
                assert len(webhook.came) == 3  # two pauses, three attempts
        last = [line for line in lines if line["event"] == "a heartbeat was not taken"][-1]
        assert last["retry_in"] is None and "500" in last["error"]
        webhook.statuses = [204]
        world.hands.ahead += 3601
        async with beating(world, [True]):
            await until(lambda: len(webhook.came) == 4)


async def test_what_is_refused_for_good_is_not_repeated(tmp_path: Path, store: str, webhook: Webhook) -> None:
    webhook.statuses = [410]
    async with home(tmp_path, store, webhook) as world, beating(world, [True]):
        await until(lambda: webhook.came)
        await asyncio.sleep(0.15)
        assert len(webhook.came) == 1


async def test_an_address_inside_the_network_has_to_be_allowed(tmp_path: Path, store: str, webhook: Webhook) -> None:
    async with home(tmp_path, store, webhook, fetch_allow="") as world:
        with capture_logs() as lines:
            async with beating(world, [True]):
                await until(lambda: any(line["event"] == "a heartbeat was not taken" for line in lines))
        assert webhook.came == []
        [line] = [line for line in lines if line["event"] == "a heartbeat was not taken"]
        assert "inside this network" in line["error"]


def test_pauses_grow_with_what_the_webhook_asks_for() -> None:
    busy = Upstream("status", "Busy.", status=429, retry_after=120)
    assert next_pause(busy, 10.0) == 120
    assert 8 <= (next_pause(Upstream("timeout", "Slow."), 10.0) or 0) <= 12
    assert next_pause(Upstream("status", "No.", status=400), 10.0) is None
    assert next_pause(busy, None) is None
    assert signed(b"{}", "") == {}
