"""People who share, for tests over HTTP and services."""

from __future__ import annotations

from reader.models.people_views import Followed
from tests.helpers.app import Person, World


async def share(world: World, person: Person, name: str = "gazette", note: str = "") -> int:
    """Shares the newest entry of a feed of that name, which the person reads; the share's id."""
    feed_id = await world.feed(name, entries=1, readers=[person])
    entry_id = (await world.entry_ids(person, f"feed/{feed_id}"))[0]
    done = await world.container.services.sharing.share(person.actor, entry_id, note=note)
    return done.share.id


async def pass_on(world: World, person: Person, share_id: int, note: str = "") -> int:
    done = await world.container.services.sharing.share(person.actor, share_id, note=note)
    return done.share.id


async def follow(world: World, person: Person, other: Person) -> Followed:
    return await world.container.services.people.follow(person.actor, f"@{other.user.name}")


async def kinds(world: World, person: Person) -> list[str]:
    """Of what the person was told, the newest first."""
    return [notice.kind for notice in (await world.container.services.people.notifications(person.actor)).notices]
