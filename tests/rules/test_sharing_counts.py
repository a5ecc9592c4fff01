"""Statements or commands, and round trips, are constant in followers, people followed, shares and trees."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from reader.models.reading import EntryView, Scope
from reader.models.share import Share
from reader.models.user import ANONYMOUS
from reader.services.sharing import SharingService
from tests.helpers.app import Person, World, open_world
from tests.helpers.counts import Call, Cost, cost
from tests.rules.conftest import NewStore


@dataclass
class Village:
    """``ada`` shares, everybody follows her and passes her shares on, ``bob`` follows everybody."""

    world: World
    ada: Person
    bob: Person
    first: Share
    last: Share
    views: list[EntryView]
    unshared: list[int]

    @property
    def sharing(self) -> SharingService:
        return self.world.container.services.sharing

    async def cost(self, call: Call) -> Cost:
        return await cost(self.world.container.mappers, call)

    async def trips(self, call: Call) -> int:
        return (await self.cost(call))[1]


async def settle(world: World, people: int, shares: int) -> Village:
    ada, bob = await world.person("ada", admin=True), await world.person("bob")
    sharing = world.container.services.sharing
    feed = await world.feed("gazette", entries=shares + 10, readers=[ada, bob])
    places = (await world.container.mappers.entries.positions([(feed, 1, shares + 10)]))[feed]
    ids = [place.id for place in places]
    first = last = (await sharing.share(ada.actor, ids[0])).share
    for entry_id in ids[1:shares]:
        await sharing.share(ada.actor, entry_id)
    for number in range(people):
        person = await world.person(f"p{number}")
        await world.subscribe(person, first.feed_id)
        last = (await sharing.share(person.actor, last.id)).share
        await world.subscribe(bob, last.feed_id)
    await world.subscribe(bob, first.feed_id)
    page = await world.container.services.reading.page(bob.actor, Scope("feed", first.feed_id), limit=10)
    return Village(world, ada, bob, first, last, list(page.entries), ids[shares:])


def looks(village: Village) -> dict[str, Call]:
    """What reads."""
    sharing, ada, bob = village.sharing, village.ada.actor, village.bob.actor
    return {
        "cards": lambda: sharing.cards(bob, village.views),
        "item": lambda: sharing.item(bob, village.last.id),
        "tree": lambda: sharing.tree(bob, village.last.id),
        "stream": lambda: sharing.stream_page(bob, "ada", "shared", limit=5),
        "stream, signed out": lambda: sharing.stream_page(ANONYMOUS, "ada", "shared", limit=5),
        "streams": lambda: sharing.streams(ada),
        "note": lambda: sharing.note(ada, village.first.id, "Why"),
        "share again": lambda: sharing.share(ada, village.first.id),
    }


def acts(village: Village) -> dict[str, Call]:
    """What writes: the index of words makes statements of its own now and then, so round trips alone are counted."""
    sharing, ada = village.sharing, village.ada.actor

    async def back_and_forth() -> None:
        done = await sharing.share(ada, village.unshared.pop())
        gone = await sharing.unshare(ada, done.share.id)
        assert gone.undo is not None
        await village.world.container.services.reading.undo(ada, gone.undo)

    async def pass_on() -> None:
        done = await sharing.share(village.bob.actor, village.views.pop().entry.id)
        assert done.made

    return {"share, unshare, undo": back_and_forth, "pass on": pass_on}


async def costs(folder: Path, store: str, people: int, shares: int) -> dict[str, object]:
    async with open_world(folder, store=store) as world:
        village = await settle(world, people, shares)
        out: dict[str, object] = {name: await village.cost(call) for name, call in looks(village).items()}
        return out | {name: await village.trips(call) for name, call in acts(village).items()}


MANY = {"sqlite": (45, 150), "mongo": (15, 60)}


async def test_constant_in_people_and_shares(tmp_path: Path, new_store: NewStore, store_name: str) -> None:
    """On SQLite up to 50 people are looked up on the loop, beyond that in a thread: a round trip by our count."""
    small = await costs(tmp_path / "small", new_store(), 3, 12)
    large = await costs(tmp_path / "large", new_store(), *MANY[store_name])
    assert large == small
