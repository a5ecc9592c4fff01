"""An Evantr, and counterparts that tests play: a site with feeds, a hub, a subscriber. All on loopback.

    async with open_stage(folder) as stage:
        ada = await stage.person()

Jobs run only in stage.settle(), in this process, so that each test sees what happens in which order.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl

import httpx
from aiohttp import web

from reader.ingest.websub import sign
from reader.jobs import Payload, PullFeed
from reader.models.entry import Entry
from reader.models.websub import HubLease, HubSubscription
from tests.helpers.app import Person, World, open_world
from web.app import create_app
from workers import jobs

BASE = "http://evantr.test"
TOPIC = f"{BASE}/u/ada/shared.atom"
Answer = Callable[["Seen"], web.Response]


@dataclass(frozen=True)
class Seen:
    """A request that came. ``query``: pairs, as they stood; ``form``: fields of its body."""

    method: str
    path: str
    query: list[tuple[str, str]]
    headers: dict[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))

    @property
    def asked(self) -> dict[str, str]:
        return dict(self.query)


def echo(seen: Seen) -> web.Response:
    """What a subscriber who meant it answers."""
    return web.Response(text=seen.asked.get("hub.challenge", "")) if seen.method == "GET" else web.Response(status=204)


@dataclass
class Server:
    """A server of somebody else's. ``answers``: by path; without one it is 404."""

    url: str = ""
    seen: list[Seen] = field(default_factory=list)
    answers: dict[str, Answer] = field(default_factory=dict)

    def on(self, path: str, answer: Answer) -> str:
        self.answers[path] = answer
        return self.url + path

    def document(self, path: str, body: str | bytes, type: str = "application/atom+xml", **headers: str) -> str:
        data = body.encode() if isinstance(body, str) else body
        return self.on(path, lambda _: web.Response(body=data, headers={"Content-Type": type, **headers}))

    def status(self, path: str, status: int, **headers: str) -> str:
        return self.on(path, lambda _: web.Response(status=status, headers=headers))

    def of(self, method: str, path: str | None = None) -> list[Seen]:
        return [each for each in self.seen if each.method == method and path in (None, each.path)]

    async def handle(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        query = parse_qsl(request.raw_path.partition("?")[2], keep_blank_values=True)
        seen = Seen(request.method, request.path, query, headers, await request.read())
        self.seen.append(seen)
        answer = self.answers.get(request.path)
        return answer(seen) if answer else web.Response(status=404)


@asynccontextmanager
async def serving() -> AsyncIterator[Server]:
    server = Server()
    app = web.Application(client_max_size=20_000_000)
    app.router.add_route("*", "/{tail:.*}", server.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield server
    await runner.cleanup()


@dataclass
class Stage:
    """``other``: the server of everybody else; ``stranger``: a client that speaks to Evantr as other servers do."""

    world: World
    other: Server
    stranger: httpx.AsyncClient

    async def settle(self) -> None:
        """Does what is due, until nothing is."""
        for _ in range(20):
            due = await self._due()
            if not due:
                return
            for payload in due:
                await self.run(payload)
        raise AssertionError(f"still due: {due}")

    async def _due(self) -> list[Payload]:
        gateways = self.world.container.gateways
        return [*await gateways.hub.due(100), *await gateways.websub.due(100), *await gateways.work.due(100)]

    async def run(self, payload: Payload) -> None:
        """One job."""
        container = self.world.container
        if not payload.ROW:
            await jobs.run(container, payload)
            return
        row = await container.gateways.work.take(payload, 30)
        if row is not None and isinstance(result := await jobs.run(container, payload), str):
            await container.gateways.work.finish(row, result)

    def later(self, seconds: float) -> None:
        """Time goes on."""
        self.world.hands.ahead += seconds

    # ---- as our hub's subscriber

    async def share(self, person: Person, count: int = 1, name: str = "gazette", note: str = "") -> list[int]:
        """Shares of new entries; their ids."""
        feed_id = await self.world.feed(f"{name}-{len(self.other.seen)}-{self.world.hands.now():.3f}".replace(".", "-"),
                                        entries=count, readers=[person])  # fmt: skip
        sharing = self.world.container.services.sharing
        ids = reversed(await self.world.entry_ids(person, f"feed/{feed_id}"))
        return [(await sharing.share(person.actor, entry_id, note=note)).share.id for entry_id in ids]

    async def ask(self, *, path: str = "/callback", topic: str | None = None, **fields: str) -> httpx.Response:
        """A subscription request at our hub; ``fields`` without "hub."."""
        form = {"mode": "subscribe", "topic": TOPIC if topic is None else topic, "callback": self.other.url + path}
        form |= fields
        data = {f"hub.{name}": value for name, value in form.items() if value != "-"}
        return await self.stranger.post("/hub", data=data)

    async def subscribe(self, path: str = "/callback", **fields: str) -> HubSubscription:
        """Somebody who meant it subscribes; what came of it."""
        self.other.answers.setdefault(path.partition("?")[0], echo)
        assert (await self.ask(path=path, **fields)).status_code == 202
        await self.settle()
        return (await self.subscriptions())[-1]

    async def subscriptions(self, stream: str = "shared") -> list[HubSubscription]:
        """At our hub, of ada's stream."""
        person = await self.world.container.mappers.people.person("ada")
        assert person is not None
        found = await self.world.container.mappers.streams.by_name(person.id, stream)
        assert found is not None
        return await self.world.container.mappers.hub.of_feed(found.feed_id, after=0, limit=100)

    # ---- as the hub of feeds that we read

    async def follow(self, person: Person, url: str) -> int:
        """Somebody subscribes to a feed, it is pulled, and its hub is asked; the feed's id."""
        mappers = self.world.container.mappers
        feed, _ = await mappers.feeds.create(url, title="", site_url=None, description=None, now=self.world.hands.now())
        await self.world.subscribe(person, feed.id)
        await self.pull(feed.id)
        await self.settle()
        return feed.id

    async def pull(self, feed_id: int) -> None:
        await self.world.container.mappers.feeds.make_due(feed_id, self.world.hands.now())
        await self.run(PullFeed(feed_id))

    async def lease(self, feed_id: int) -> HubLease:
        lease = await self.world.container.mappers.pushes.get(feed_id)
        assert lease is not None, "no hub was asked"
        return lease

    async def verify(self, feed_id: int, **changes: str) -> httpx.Response:
        """The hub asks back; ``changes`` without "hub."."""
        lease = await self.lease(feed_id)
        query = {
            "mode": "subscribe",
            "topic": lease.topic,
            "challenge": "a challenge & more",
            "lease_seconds": "864000",
        }
        query |= changes
        path = f"/websub/{query.pop('token', lease.token)}"
        params = {f"hub.{name}": value for name, value in query.items() if value != "-"}
        return await self.stranger.get(path, params=params)

    async def push(
        self, feed_id: int, body: str | bytes, *, signature: str | None = "right", type: str = "application/atom+xml"
    ) -> httpx.Response:
        """The hub brings a document."""
        lease = await self.lease(feed_id)
        data = body.encode() if isinstance(body, str) else body
        headers = {"Content-Type": type, "Link": f'<{lease.hub}>; rel="hub", <{lease.topic}>; rel="self"'}
        if signature is not None:
            headers["X-Hub-Signature"] = sign(data, lease.secret) if signature == "right" else signature
        written = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
        return await self.stranger.post(f"/websub/{lease.token}", content=data, headers=written)

    async def entries(self, feed_id: int) -> list[Entry]:
        """What is stored of a feed, the oldest first."""
        mappers = self.world.container.mappers
        feed = await mappers.feeds.get(feed_id)
        assert feed is not None
        places = (await mappers.entries.positions([(feed_id, 1, feed.seq)]))[feed_id] if feed.seq else []
        return await mappers.entries.many([place.id for place in places])

    async def titles(self, feed_id: int) -> list[str]:
        return [entry.title for entry in await self.entries(feed_id)]


@asynccontextmanager
async def open_stage(folder: Path, **settings: object) -> AsyncIterator[Stage]:
    values: dict[str, object] = {"base_url": BASE, **settings}
    async with serving() as other, open_world(folder, create_app, **values) as world:
        await world.container.fetcher.start()
        async with world.client() as stranger:
            del stranger.headers["Origin"]
            yield Stage(world, other, stranger)


def feed_of(url: str, *titles: str, hub: str | None = None, own: str | None = None, at: str = "2026-01-01") -> str:
    """An Atom feed with entries of these titles; hub and its own name where given."""
    links = "".join(f'<link rel="{rel}" href="{href}"/>' for rel, href in (("hub", hub), ("self", own)) if href)
    entries = "".join(
        f"<entry><id>{title}</id><title>{title}</title><link href='{url}/{title}'/><updated>{at}T00:00:00Z</updated>"
        f"<content>{title}</content></entry>"
        for title in titles
    )
    return (
        f'<feed xmlns="http://www.w3.org/2005/Atom"><id>{url}</id><title>Site</title>{links}'
        f"<updated>{at}T00:00:00Z</updated>{entries}</feed>"
    )


Check = Callable[..., Awaitable[None]]  # takes a Stage, or a folder and a store
