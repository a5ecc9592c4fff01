"""Webhooks against a real receiver on this machine."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from reader.errors import Invalid, NotFound
from reader.gateways.arrivals import Arrivals
from reader.models.reading import Scope
from reader.models.webhook import Webhook
from tests.helpers.app import Person, World
from tests.helpers.wait import until, until_async

ALL = Scope("all")


@dataclass
class Receiver:
    """Notes what comes, and answers as told."""

    url: str = ""
    status: int = 204
    came: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        self.came.append((dict(request.headers), await request.read()))
        return web.Response(status=self.status)

    def items(self) -> list[dict[str, Any]]:
        return [item for _, body in self.came for item in json.loads(body)["items"]]


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    app = web.Application(client_max_size=10_000_000)
    app.router.add_post("/hook", made.take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield made
    await runner.cleanup()


async def hook(world: World, person: Person, url: str, scope: Scope = ALL) -> Webhook:
    return await world.container.services.webhooks.add(person.actor, url, "entries", scope)


async def came(world: World, feed_id: int, ids: list[int]) -> None:
    it = world.container
    arrivals = Arrivals(it.bus, it.queue, it.mappers.streams, it.gateways.webhooks)
    await arrivals.came(feed_id, len(ids), ids[-1])


async def has_failed(world: World, person: Person, webhook_id: int, number: int) -> bool:
    return (await world.container.services.webhooks.get(person.actor, webhook_id)).failures == number


async def has_status(world: World, person: Person, webhook_id: int, status: int) -> bool:
    return (await world.container.services.webhooks.get(person.actor, webhook_id)).status == status


async def test_new_entries_are_told_once_signed_and_in_order(world: World, ada: Person, receiver: Receiver) -> None:
    feed_id = await world.feed(entries=3, readers=[ada])
    made = await hook(world, ada, receiver.url)
    async with world.working():
        ids = await world.publish(feed_id, 120)  # more than one delivery takes
        await came(world, feed_id, ids)
        await until(lambda: len(receiver.items()) == 120)
        assert [item["id"] for item in receiver.items()] == ids
        more = await world.publish(feed_id, 1)
        await came(world, feed_id, more)
        await until(lambda: len(receiver.items()) == 121)
    headers, body = receiver.came[0]
    assert headers["X-Evantr-Event"] == "entries"
    digest = hmac.new(made.secret.encode(), body, hashlib.sha256).hexdigest()
    assert headers["X-Evantr-Signature-256"] == f"sha256={digest}"
    item = json.loads(body)["items"][0]
    assert item["feed"] == {"id": feed_id, "title": "Gazette", "url": "https://gazette.example/feed.xml"}
    assert item["url"] and item["content"] == "<p>Text</p>" and item["published"].endswith("Z")
    after = await world.container.services.webhooks.get(ada.actor, made.id)
    assert after.last_id == more[-1] and after.failures == 0


async def test_only_the_scope_is_told(world: World, ada: Person, receiver: Receiver) -> None:
    wanted = await world.feed(entries=1, readers=[ada])
    other = await world.feed("other", entries=1, readers=[ada])
    await hook(world, ada, receiver.url, Scope("feed", wanted))
    async with world.working():
        await came(world, other, await world.publish(other, 2))
        ids = await world.publish(wanted, 2)
        await came(world, wanted, ids)
        await until(lambda: len(receiver.items()) >= 2)
    assert [item["id"] for item in receiver.items()] == ids


async def test_failures_back_off_and_410_stops(world: World, ada: Person, receiver: Receiver) -> None:
    feed_id = await world.feed(entries=1, readers=[ada])
    made = await hook(world, ada, receiver.url)
    service, gateway = world.container.services.webhooks, world.container.gateways.webhooks
    receiver.status = 503
    async with world.working():
        ids = await world.publish(feed_id, 2)
        await came(world, feed_id, ids)
        await until_async(lambda: has_failed(world, ada, made.id, 1))
        waiting = await service.get(ada.actor, made.id)
        assert waiting.error == "The site is overloaded or under repair (503)."  # not what is done about feeds
        assert waiting.status == 503 and not waiting.stopped
        assert waiting.due_at is not None and waiting.due_at > world.hands.now() + 40
        assert await gateway.due(9) == []
        world.hands.ahead += 200
        receiver.status = 200
        [job] = await gateway.due(9)
        await world.container.queue.put(job)
        await until(lambda: len(receiver.came) == 2)
        assert [item["id"] for item in json.loads(receiver.came[1][1])["items"]] == ids  # nothing was lost
        await until_async(lambda: has_failed(world, ada, made.id, 0))
        receiver.status = 410
        await came(world, feed_id, await world.publish(feed_id, 1))
        await until_async(lambda: has_failed(world, ada, made.id, 1))
    assert (await service.get(ada.actor, made.id)).stopped
    await service.restart(ada.actor, made.id)
    started = await service.get(ada.actor, made.id)
    assert not started.stopped and started.last_id > ids[-1]


async def test_own_shares_are_told(world: World, ada: Person, receiver: Receiver) -> None:
    feed_id = await world.feed(entries=2, readers=[ada])
    entry_id = min(await world.entry_ids(ada))
    await world.container.services.webhooks.add(ada.actor, receiver.url, "shares", ALL)
    async with world.working():
        await world.container.services.sharing.share(ada.actor, entry_id, note="Worth it")
        await until(lambda: len(receiver.items()) == 1)
    [item] = receiver.items()
    assert item["note"] == "Worth it" and item["title"] == f"Entry 0 of feed {feed_id}"


async def test_an_address_inside_is_refused_and_anothers_webhook_is_not_there(
    world: World, ada: Person, bob: Person, receiver: Receiver
) -> None:
    service = world.container.services.webhooks
    for url in ("http://10.0.0.1/hook", "http://[::ffff:169.254.169.254]/", "ftp://hooks.example/", "nonsense"):
        with pytest.raises(Invalid):
            await service.add(ada.actor, url, "entries", ALL)
    made = await hook(world, ada, receiver.url)
    async with world.working():
        await service.try_out(ada.actor, made.id)
        await until_async(lambda: has_status(world, ada, made.id, 204))
    assert json.loads(receiver.came[0][1])["event"] == "ping"
    with pytest.raises(NotFound):
        await service.get(bob.actor, made.id)
    for act in (service.remove, service.restart, service.try_out):
        with pytest.raises(NotFound):
            await act(bob.actor, made.id)
    feed_id = await world.feed(entries=1, readers=[ada])
    with pytest.raises(NotFound):
        await hook(world, bob, receiver.url, Scope("feed", feed_id))
