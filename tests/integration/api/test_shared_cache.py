"""Two web processes that share memcached: limits count together, sessions end everywhere at once, and whatever is
cached of one person, nobody else's session gets it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import httpx
import pytest
import pytest_asyncio
from pymemcache.client.base import Client

from api.deps import COOKIE
from reader.gateways.accounts import fingerprint
from reader.gateways.sessions import MARK, session_key, user_key
from reader.mappers import Mappers
from reader.models.user import Session, User
from reader.services.feeds import CHECK_PAUSE
from tests.helpers.app import PASSWORD, Person, World, open_world
from tests.helpers.servers import Server, memcached
from tests.integration.sharing.society import share
from web.app import create_app

CLUSTER = "evantr-test"


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[tuple[Server, Server]]:
    pair = memcached(tmp_path), memcached(tmp_path)
    yield pair
    for node in pair:
        node.kill()


@dataclass
class Pair:
    """Two web processes on one store and one cache."""

    one: World
    other: World
    stack: AsyncExitStack

    async def elsewhere(self, person: Person) -> httpx.AsyncClient:
        """Their browser, answered by the other process."""
        return await self.stack.enter_async_context(self.other.client(session=person.secret))


@pytest_asyncio.fixture
async def pair(tmp_path: Path, store: str, nodes: tuple[Server, Server]) -> AsyncIterator[Pair]:
    settings = {"cache": ",".join(node.address for node in nodes), "cluster": CLUSTER, "store": store}
    async with AsyncExitStack() as stack:
        one = await stack.enter_async_context(open_world(tmp_path / "data", create_app, **settings))
        other = await stack.enter_async_context(open_world(tmp_path / "data", create_app, **settings))
        yield Pair(one, other, stack)


class Counting:
    """The users of a store; counts how often a session is asked of it."""

    def __init__(self, mappers: Mappers) -> None:
        self.asked = 0
        self._real = mappers.users.session

    async def session(self, token_hash: bytes) -> tuple[Session, User] | None:
        self.asked += 1
        return await self._real(token_hash)


def everything_in(nodes: tuple[Server, ...]) -> dict[str, bytes]:
    """What the nodes hold, by key. Listed several times: a listing passes over what memcached is just moving."""
    found: dict[str, bytes] = {}
    for node in nodes * 4:
        client = Client(("127.0.0.1", node.port), timeout=5)
        listing = client.raw_command("lru_crawler metadump all", "END\r\n").decode()
        keys = [unquote(part[4:]) for line in listing.splitlines() for part in line.split() if part.startswith("key=")]
        found |= {key: value for key in keys if (value := client.get(key)) is not None}
        client.close()
    return found


async def test_a_session_is_asked_of_the_store_once_for_both_processes(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = await pair.one.person("ada", admin=True)
    counts = [Counting(world.container.mappers) for world in (pair.one, pair.other)]
    for world, count in zip((pair.one, pair.other), counts, strict=True):
        monkeypatch.setattr(world.container.gateways.accounts._sessions._users, "session", count.session)
    browser = await pair.elsewhere(ada)
    for _ in range(5):
        assert (await ada.http.get("/api/v1/me")).json()["name"] == "ada"
        assert (await browser.get("/api/v1/me")).json()["name"] == "ada"
    assert sum(count.asked for count in counts) == 1


async def test_nobody_gets_anothers_page_through_the_cache(pair: Pair, nodes: tuple[Server, Server]) -> None:
    """Sessions and people, both processes, warm and cold, in turns; then one cookie put in the place of the other."""
    ada, bob = await pair.one.person("ada", admin=True), await pair.one.person("bob")
    feed = await pair.one.feed("gazette", entries=3, readers=[ada])
    browsers = {
        "ada": [ada.http, await pair.elsewhere(ada)],
        "bob": [bob.http, await pair.elsewhere(bob)],
    }
    for _ in range(3):
        for name, theirs in browsers.items():
            for browser in theirs:
                me = await browser.get("/api/v1/me")
                assert me.json()["name"] == name
                assert me.headers["cache-control"] == "private, no-store"
                page = await browser.get("/")
                assert page.headers["cache-control"] == "private, no-store"
                assert ("Gazette" in page.text) == (name == "ada")
                entries = await browser.get(f"/api/v1/entries?scope=feed/{feed}")
                assert entries.status_code == (200 if name == "ada" else 404)
    # A value of ada's session under bob's key says whose it is; it does not open ada's pages to who is not ada.
    held = everything_in(nodes)
    assert held[f"{CLUSTER}:{session_key(fingerprint(ada.secret))}"] != MARK
    assert b'"id":1' in held[f"{CLUSTER}:{user_key(ada.user.id)}"]
    cache = pair.one.container.cache
    await cache.set(user_key(bob.user.id), held[f"{CLUSTER}:{user_key(ada.user.id)}"], 60)  # a mix-up of people
    for browser in browsers["bob"]:
        assert (await browser.get("/api/v1/me")).json()["name"] == "bob"
        assert "Gazette" not in (await browser.get("/")).text


async def test_every_key_says_its_version_and_nothing_secret_is_kept(pair: Pair, nodes: tuple[Server, Server]) -> None:
    ada = await pair.one.person("ada", admin=True)
    feed = await pair.one.feed("gazette", readers=[ada])
    await ada.http.get("/")
    await ada.http.post(f"/api/v1/feeds/{feed}/check")
    await share(pair.one, ada, "herald")
    async with pair.one.client() as anyone:
        await anyone.post("/api/v1/session", json={"name": "ada", "password": "wrong wrong"})
        assert (await anyone.get("/u/ada/shared.atom")).status_code == 200
    held = everything_in(nodes)
    assert {key.split(":")[1] for key in held} == {"check", "out", "session", "signin", "user"}
    for key, value in held.items():
        assert key.split(":")[0] == CLUSTER and key.split(":")[2].isdigit(), key
        assert ada.secret.encode() not in key.encode() + value
        assert ada.user.password_hash.encode() not in value and b"password" not in value
    assert f"{CLUSTER}:check:1:{ada.user.id}:{feed}" in held


@pytest.mark.parametrize("how", ["signed out", "new password", "new password elsewhere"])
async def test_what_ends_a_session_ends_it_in_every_process_at_once(pair: Pair, how: str) -> None:
    ada = await pair.one.person("ada", admin=True)
    browser = await pair.elsewhere(ada)
    for each in (ada.http, browser):
        assert (await each.get("/api/v1/me")).status_code == 200
    if how == "signed out":
        await ada.http.delete("/api/v1/session")
    else:
        by = browser if how == "new password elsewhere" else ada.program
        answer = await by.post("/api/v1/me/password", json={"old": PASSWORD, "new": "another battery"})
        assert answer.status_code == 204
    for world in (pair.one, pair.other):
        async with world.client(session=ada.secret) as old:
            assert (await old.get("/api/v1/me")).status_code == 401


async def test_a_slow_request_does_not_bring_an_ended_session_back(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """It read the store before the end, and writes the cache after it."""
    ada = await pair.one.person("ada", admin=True)
    accounts = pair.other.container.gateways.accounts
    key = fingerprint(ada.secret)
    found = await pair.other.container.mappers.users.session(key)
    assert found is not None
    await ada.http.delete("/api/v1/session")
    await accounts._sessions._keep(pair.other.container.cache, *found)
    assert await accounts.session_user(ada.secret) is None


async def test_preferences_are_the_same_everywhere_at_once(pair: Pair) -> None:
    ada = await pair.one.person("ada", admin=True)
    browser = await pair.elsewhere(ada)
    for theme in ("dark", "light", "dark"):
        assert (await ada.http.patch("/api/v1/me", json={"theme": theme})).status_code == 200
        for each in (browser, ada.http):
            assert f'data-theme="{theme}"' in (await each.get("/settings/reading")).text


async def test_a_session_is_extended_once_a_day_and_not_at_each_request(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = await pair.one.person("ada", admin=True)
    pair.one.hands.ahead += 2 * 86_400
    extended: list[bytes] = []
    users = pair.one.container.gateways.accounts._users
    real = users.extend_session

    async def extend(token_hash: bytes, expires_at: float) -> None:
        extended.append(token_hash)
        await real(token_hash, expires_at)

    monkeypatch.setattr(users, "extend_session", extend)
    for _ in range(5):
        await ada.http.get("/api/v1/me")
    assert extended == [fingerprint(ada.secret)]


async def test_limits_count_over_both_processes_and_for_each_person_alone(pair: Pair) -> None:
    ada, bob = await pair.one.person("ada", admin=True), await pair.one.person("bob")
    feed = await pair.one.feed("gazette", readers=[ada, bob])
    browser = await pair.elsewhere(ada)
    assert (await ada.http.post(f"/api/v1/feeds/{feed}/check")).status_code == 202
    limited = await browser.post(f"/api/v1/feeds/{feed}/check")
    assert limited.status_code == 429 and int(limited.headers["retry-after"]) <= CHECK_PAUSE
    assert (await bob.http.post(f"/api/v1/feeds/{feed}/check")).status_code == 202
    wrong = {"name": "bob", "password": "wrong wrong"}
    codes = []
    for number in range(11):
        async with (pair.one if number % 2 else pair.other).client() as anyone:
            codes.append((await anyone.post("/api/v1/session", json=wrong)).status_code)
    assert codes == [401] * 10 + [429]


async def test_pages_stay_up_while_nodes_die(pair: Pair, nodes: tuple[Server, Server]) -> None:
    ada = await pair.one.person("ada", admin=True)
    browser = await pair.elsewhere(ada)
    for node in nodes:
        node.kill()
        for each in (ada.http, browser):
            assert (await each.get("/settings/reading")).status_code == 200
            assert each.cookies[COOKIE] == ada.secret
    async with pair.one.client(session="x" * 43) as nobody:
        assert (await nobody.get("/api/v1/me")).status_code == 401
