"""Documents of public streams are rendered once for all processes, and nothing that was taken back, changed or closed
comes out of the cache one request later."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from reader.models.sharing_views import StreamPage
from tests.helpers.app import PASSWORD, Person, World, open_world
from tests.helpers.servers import Server, memcached
from tests.integration.sharing.society import follow, pass_on, share
from web.app import create_app

PATH = "/u/bob/shared.{}"
FORMATS = ("atom", "rss", "json")


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Server]:
    server = memcached(tmp_path)
    yield server
    server.kill()


@dataclass
class Street:
    """``bob`` passed on what ``ada`` shared with a note; ``cy`` knows both. One of two processes is ``world``."""

    world: World
    ada: Person
    bob: Person
    cy: Person
    first: int
    passed: int
    rendered: list[str]
    """Whose pages were drawn, in either process."""
    kept: list[str]
    """Keys of documents that were put into the cache."""
    readers: tuple[httpx.AsyncClient, ...]
    """Signed out, of each process."""

    async def everywhere(self, path: str = PATH) -> str:
        """All formats from both processes, one text; what is not there is its status."""
        texts = []
        for reader in self.readers:
            for format in FORMATS:
                answer = await reader.get(path.format(format))
                texts.append(answer.text if answer.status_code == 200 else str(answer.status_code))
        return "\n".join(texts)


@pytest_asyncio.fixture(params=["memcached", "of each process"])
async def street(
    request: pytest.FixtureRequest, tmp_path: Path, node: Server, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Street]:
    settings = {"cache": node.address, "cluster": "evantr-test"} if request.param == "memcached" else {}
    async with AsyncExitStack() as stack:
        world, elsewhere = [
            await stack.enter_async_context(open_world(tmp_path / "data", create_app, **settings)) for _ in range(2)
        ]
        ada, bob, cy = [await world.person(name, admin=name == "ada") for name in ("ada", "bob", "cy")]
        for person in (bob, cy):
            await follow(world, person, ada)
        first = await share(world, ada, note="Sottovoce")
        passed = await pass_on(world, bob, first, note="Ownwords")
        rendered: list[str] = []
        kept: list[str] = []
        for each in (world, elsewhere):
            sharing, cache = each.container.services.sharing, each.container.cache
            monkeypatch.setattr(sharing, "stream_page", counted(sharing.stream_page, rendered))
            monkeypatch.setattr(cache, "set", noted(cache.set, kept))
        readers = [await stack.enter_async_context(each.client()) for each in (world, elsewhere)]
        yield Street(world, ada, bob, cy, first, passed, rendered, kept, tuple(readers))


def counted(real: Callable[..., Awaitable[StreamPage]], rendered: list[str]) -> Callable[..., Awaitable[StreamPage]]:
    async def draw(actor: object, owner: str, stream: str, **kwargs: int) -> StreamPage:
        rendered.append(owner)
        return await real(actor, owner, stream, **kwargs)

    return draw


def noted(real: Callable[[str, bytes, int], Awaitable[None]], kept: list[str]) -> Callable[..., Awaitable[None]]:
    async def put(key: str, value: bytes, ttl: int) -> None:
        if key.startswith("out:"):
            kept.append(key)
        await real(key, value, ttl)

    return put


async def test_it_is_rendered_once(street: Street) -> None:
    before = await street.everywhere()
    assert before.count("Sottovoce") >= 6
    shared = street.world.container.cache.shared
    assert len(street.rendered) == (3 if shared else 6)
    for _ in range(2):
        assert await street.everywhere() == before
    assert len(street.rendered) == (3 if shared else 6)
    assert len(street.kept) == len(street.rendered) and len(set(street.kept)) == 3
    await share(street.world, street.bob, "herald")
    assert await street.everywhere() != before


async def own_note(street: Street) -> str:
    await street.world.container.services.sharing.note(street.bob.actor, street.passed, "")
    return "Ownwords"


async def own_share(street: Street) -> str:
    await street.world.container.services.sharing.unshare(street.bob.actor, street.passed)
    return "Ownwords"


async def title(street: Street) -> str:
    sharing = street.world.container.services.sharing
    stream = (await sharing.streams(street.bob.actor))[0]
    await sharing.edit_stream(street.bob.actor, stream.id, title="Boats")
    return "Shared items by bob"


async def stream(street: Street) -> str:
    sharing = street.world.container.services.sharing
    await sharing.add_stream(street.bob.actor, "Other", name="other")
    await sharing.remove_stream(street.bob.actor, (await sharing.streams(street.bob.actor))[0].id)
    return "Ownwords"


async def private(street: Street) -> str:
    assert (await street.bob.http.patch("/api/v1/profile", json={"private": True})).status_code == 200
    return "Ownwords"


async def account(street: Street) -> str:
    await street.world.container.services.departure.leave(street.bob.actor, PASSWORD)
    return "Ownwords"


async def note_above(street: Street) -> str:
    await street.world.container.services.sharing.note(street.ada.actor, street.first, "Aloud")
    return "Sottovoce"


async def share_above(street: Street) -> str:
    await street.world.container.services.sharing.unshare(street.ada.actor, street.first)
    return "Sottovoce"


async def private_above(street: Street) -> str:
    assert (await street.ada.http.patch("/api/v1/profile", json={"private": True})).status_code == 200
    return "Sottovoce"


ENDS = [own_note, own_share, title, stream, private, account, note_above, share_above, private_above]


@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.__name__)
async def test_what_ended_is_not_served_one_request_later(
    street: Street, end: Callable[[Street], Awaitable[str]]
) -> None:
    assert await street.everywhere() == await street.everywhere()
    before = await street.everywhere()
    word = await end(street)
    assert before.count(word) >= 6
    assert word not in await street.everywhere()


async def test_what_is_not_for_everybody_is_never_kept(street: Street) -> None:
    """Asked for by all who may see it, in every way; then by all who may not."""
    await private(street)
    street.kept.clear()
    await follow(street.world, street.cy, street.bob)
    await street.world.container.services.people.approve(street.bob.actor, "cy")
    addresses = await street.world.container.services.publishing.addresses(
        street.cy.actor, "bob", "shared", "http://evantr.test"
    )
    opened = [await street.bob.http.get(PATH.format("atom")), await street.cy.http.get(PATH.format("atom"))]
    opened += [await reader.get(addresses["atom"]) for reader in street.readers]
    for answer in opened:
        assert answer.status_code == 200 and "Ownwords" in answer.text
        assert answer.headers["cache-control"] == "private, no-store"
    assert street.kept == []
    assert set((await street.everywhere()).split()) == {"404"}
    assert (await street.ada.http.get(PATH.format("atom"))).status_code == 404
    assert (await street.readers[0].get(addresses["atom"].replace("/bob/", "/ada/"))).status_code == 200
    assert "Ownwords" not in (await street.readers[0].get(addresses["rss"].replace("/bob/", "/ada/"))).text


async def test_what_memcached_would_refuse_is_rendered_each_time(street: Street) -> None:
    feed = await street.world.feed("tome", entries=20, readers=[street.cy], content=f"<p>{'words ' * 10_000}</p>")
    for entry_id in await street.world.entry_ids(street.cy, f"feed/{feed}"):
        await street.world.container.services.sharing.share(street.cy.actor, entry_id)
    for _ in range(2):
        answer = await street.readers[0].get("/u/cy/shared.atom")
        assert answer.status_code == 200 and len(answer.text) > 1_000_000
    assert street.rendered == ["cy", "cy"]
    assert street.kept == []
