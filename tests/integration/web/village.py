"""People who share, for tests of pages: ada reads a paper, bob follows ada, carol follows bob, dan nobody."""

from __future__ import annotations

from dataclasses import dataclass

from tests.helpers.app import Person, World

NOTE = "Read to the end, the tide table is real."


@dataclass
class Village:
    world: World
    ada: Person
    bob: Person
    carol: Person
    dan: Person
    feed: int
    entry: int  # the newest of the paper
    first: int  # ada's share of it
    second: int  # bob's, from hers

    async def share(self, who: Person, entry_id: int, note: str = "") -> int:
        done = await self.world.container.services.sharing.share(who.actor, entry_id, note=note)
        return done.share.id

    async def follow(self, who: Person, name: str) -> None:
        await self.world.container.services.people.follow(who.actor, f"@{name}")

    async def private(self, who: Person, private: bool = True) -> None:
        await self.world.container.services.people.edit_profile(who.actor, private=private)

    async def quiet(self, who: Person) -> None:
        await self.world.container.services.accounts.set_preferences(who.actor, {"quiet": True})


async def settle(world: World, *, note: str = NOTE, about: str = "", name: str = "gazette") -> Village:
    """ada shares the newest entry with a note, bob passes it on from her."""
    ada = await world.person("ada", admin=True)
    bob, carol, dan = [await world.person(each) for each in ("bob", "carol", "dan")]
    feed = await world.feed(name, entries=3, readers=[ada, carol])
    entry = (await world.entry_ids(ada))[0]
    services = world.container.services
    first = (await services.sharing.share(ada.actor, entry, note=note)).share.id
    await services.people.follow(bob.actor, "@ada")
    second = (await services.sharing.share(bob.actor, first)).share.id
    await services.people.follow(carol.actor, "@bob")
    if about:
        await services.people.edit_profile(ada.actor, about=about)
    return Village(world, ada, bob, carol, dan, feed, entry, first, second)
