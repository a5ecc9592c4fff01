"""The program without its workers, for tests over HTTP: a real store in a folder of its own, people, feeds, entries.

    from tests.helpers.app import ada, anyone, bob, world  # noqa: F401  (fixtures)

    async def test_it(world: World, ada: Person) -> None:
        feed_id = await world.feed(entries=3, readers=[ada])
        answer = await ada.http.get(f"/api/v1/entries?scope=feed/{feed_id}")

Nothing is pulled or discovered by itself, except inside ``async with world.working()``.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest_asyncio
from argon2 import PasswordHasher
from fastapi import FastAPI

from api.app import add_api
from api.deps import COOKIE
from reader.clock import Clock
from reader.container import Container, build
from reader.mappers.feeds import PullResult
from reader.models.entry import Enclosure, NewEntry, SafeHtml
from reader.models.feed import Icon, Pull
from reader.models.user import Actor, User
from reader.settings import Settings
from reader.tasks import end
from tests.helpers.stores import lay_out
from workers.cpu import CpuPool
from workers.local import LocalQueue
from workers.manager import Manager
from workers.transport import ALL_QUEUES

HOST = "evantr.test"
ORIGIN = f"http://{HOST}"
PASSWORD = "correct horse battery"
HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)  # cheap: tests make many people
MakeApp = Callable[[Container], FastAPI]


class Hands:
    """A clock that tests can turn forward."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def now(self) -> float:
        return time.time() + self.ahead

    def monotonic(self) -> float:
        return time.monotonic() + self.ahead


@dataclass
class Person:
    """Somebody with an account; ``http`` is their browser (a cookie), ``program`` a client with a token."""

    user: User
    actor: Actor
    secret: str
    token: str
    http: httpx.AsyncClient
    program: httpx.AsyncClient


@dataclass
class World:
    container: Container
    app: FastAPI
    hands: Hands
    stack: AsyncExitStack
    _numbers: dict[int, int] = field(default_factory=dict)

    def client(
        self, *, address: str = "127.0.0.1", headers: Mapping[str, str] | None = None, session: str | None = None
    ) -> httpx.AsyncClient:
        """A browser of nobody in particular, or of who holds ``session``. It says where its requests come from."""
        cookies = httpx.Cookies()
        if session is not None:
            cookies.set(COOKIE, session, domain=HOST)
        transport = httpx.ASGITransport(self.app, client=(address, 50_000))
        return httpx.AsyncClient(
            transport=transport, base_url=ORIGIN, headers={"Origin": ORIGIN, **(headers or {})}, cookies=cookies
        )

    async def person(self, name: str, *, admin: bool = False) -> Person:
        user = await self.container.mappers.users.create(name, HASH, now=self.hands.now(), admin_if_first=admin)
        secret = await self.container.gateways.accounts.start_session(user)
        _, token = await self.container.gateways.accounts.add_token(user.id, "test")
        http = await self.stack.enter_async_context(self.client(session=secret))
        program = await self.stack.enter_async_context(self.client(headers={"Authorization": f"Bearer {token}"}))
        del program.headers["Origin"]  # programs say nothing of the kind
        return Person(user, Actor(user.id, user.admin), secret, token, http, program)

    async def feed(
        self,
        name: str = "gazette",
        *,
        entries: int = 3,
        readers: Sequence[Person] = (),
        folder_id: int | None = None,
        content: str = "<p>Text</p>",
    ) -> int:
        """A feed that was pulled once, with so many entries, all of them unread for its readers."""
        now = self.hands.now()
        mappers = self.container.mappers
        feed, _ = await mappers.feeds.create(
            f"https://{name}.example/feed.xml",
            title=name.title(),
            site_url=f"https://{name}.example/",
            description=f"About {name}",
            now=now,
        )
        for reader in readers:
            await self.subscribe(reader, feed.id, folder_id)
        await self.publish(feed.id, entries, content=content)
        return feed.id

    async def subscribe(self, reader: Person, feed_id: int, folder_id: int | None = None) -> None:
        await self.container.mappers.subscriptions.subscribe(
            reader.user.id, feed_id, folder_id=folder_id, title=None, unread=10_000, now=self.hands.now()
        )

    async def publish(self, feed_id: int, count: int = 1, *, content: str = "<p>Text</p>") -> list[int]:
        """More entries, as a pull would bring them; returns their ids. Announces nothing: see announce()."""
        now = self.hands.now()
        feeds = self.container.mappers.feeds
        token = await feeds.lease(feed_id, now, now + 60)
        assert token is not None
        first = self._numbers.get(feed_id, 0)
        self._numbers[feed_id] = first + count
        new = [new_entry(feed_id, n, now - 3600 + n, content) for n in range(first, first + count)]
        stored = await self.container.mappers.entries.append(feed_id, token, new, renewed={}, now=now)
        assert stored is not None
        pull = Pull(feed_id, now, 200, 1000, 12, count, 0, None)
        result = PullResult(pull, "active", now + 600, "It publishes every 10 minutes.", 0, None)
        assert await feeds.record_pull(feed_id, token, result)
        return [position.id for position in stored.new]

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """A manager does what waits in the queues, as in the whole program."""
        assert isinstance(self.container.queue, LocalQueue)
        await self.container.fetcher.start()
        manager = Manager(self.container, self.container.queue, ALL_QUEUES)
        running = asyncio.create_task(manager.run())
        try:
            yield
        finally:
            await manager.stop()
            await end([running])

    async def icon(self, feed_id: int, type: str = "image/png", body: bytes = b"\x89PNG\r\n\x1a\n") -> str:
        icon = Icon(hashlib.sha256(body).hexdigest(), type, body)
        await self.container.mappers.feeds.set_icon(feed_id, icon, self.hands.now())
        return icon.digest

    async def entry_ids(self, person: Person, scope: str = "all") -> list[int]:
        answer = await person.http.get("/api/v1/entries", params={"scope": scope, "limit": 200, "content": "false"})
        assert answer.status_code == 200, answer.text
        return [entry["id"] for entry in answer.json()["entries"]]


def new_entry(feed_id: int, number: int, published: float, content: str = "<p>Text</p>") -> NewEntry:
    return NewEntry(
        uid=f"entry-{feed_id}-{number}",
        digest=f"{feed_id}-{number}".encode(),
        url=f"https://feed{feed_id}.example/{number}",
        title=f"Entry {number} of feed {feed_id}",
        author="Ada Marsh",
        published_at=published,
        updated_at=None,
        summary="Text",
        content=SafeHtml(content),
        tags=("harbour",),
        enclosures=(Enclosure(f"https://feed{feed_id}.example/{number}.mp3", "audio/mpeg", 1234),),
        comments_url=None,
    )


def api_alone(container: Container) -> FastAPI:
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    add_api(app, container)
    return app


@asynccontextmanager
async def open_world(folder: Path, make_app: MakeApp = api_alone, **settings: object) -> AsyncIterator[World]:
    """A program with a migrated store: that of the fixture ``store``, or else SQLite in the folder. ``make_app`` is
    web.app.create_app for tests of pages."""
    values = {"data": folder, "fetch_allow": "127.0.0.0/8", "discovery_wait": 0.2, **settings}
    hands = Hands()
    cpu = CpuPool(1)
    lay_out(folder, str(values.get("store", "")))
    async with AsyncExitStack() as stack:
        container = await build(
            Settings(_env_file=None, **values),  # type: ignore[arg-type]
            queue=LocalQueue(),
            cpu=cpu,
            clock=Clock(now=hands.now, monotonic=hands.monotonic),
        )
        stack.push_async_callback(cpu.close)
        stack.push_async_callback(container.close)
        await container.mappers.migrate()
        yield World(container, make_app(container), hands, stack)


@pytest_asyncio.fixture
async def world(tmp_path: Path, store: str) -> AsyncIterator[World]:
    async with open_world(tmp_path, store=store) as opened:
        yield opened


@pytest_asyncio.fixture
async def ada(world: World) -> Person:
    """The first account, an administrator."""
    return await world.person("ada", admin=True)


@pytest_asyncio.fixture
async def bob(world: World, ada: Person) -> Person:
    """Somebody else, who reads nothing of ada's."""
    return await world.person("bob")


@pytest_asyncio.fixture
async def anyone(world: World) -> AsyncIterator[httpx.AsyncClient]:
    """A browser that is signed out."""
    async with world.client() as client:
        yield client
