"""Statements or commands, and round trips, are constant in followers, requests, comments, likes and notifications."""

from __future__ import annotations

from pathlib import Path

from reader.models.user import ANONYMOUS
from tests.helpers.app import Person, World, open_world
from tests.helpers.counts import Call, Cost, cost
from tests.integration.sharing.society import follow, share
from tests.rules.conftest import NewStore


async def settle(world: World, size: int) -> tuple[Person, Person, int]:
    """``ada``, whom everybody follows, with a share that everybody likes and talks about; ``bob``, who follows her."""
    ada, bob = await world.person("ada", admin=True), await world.person("bob")
    mappers = world.container.mappers
    await follow(world, bob, ada)
    share_id = await share(world, ada)
    for n in range(size):
        person = await world.person(f"p{n}")
        await follow(world, person, ada)
        await follow(world, bob, person)
        await follow(world, ada, person)
        await follow(world, person, await world.person(f"q{n}"))
        asked = await mappers.talk.add(share_id, person.user.id, None, "Is it so?", now=1.0)
        await mappers.talk.add(share_id, ada.user.id, asked.id, "It is", now=1.0)
        await mappers.talk.like(share_id, person.user.id, True, now=1.0)
        await world.container.gateways.notifications.tell(
            ada.user.id, "comment", person.user.id, share_id=share_id, comment_id=asked.id
        )
        await mappers.people.ask(ada.user.id, (await world.person(f"r{n}")).user.id, now=1.0)
    return ada, bob, share_id


def calls(world: World, ada: Person, bob: Person, share_id: int) -> dict[str, Call]:
    people, talk = world.container.services.people, world.container.services.talk

    async def like() -> None:
        await talk.like(bob.actor, share_id, True)
        await talk.like(bob.actor, share_id, False)

    async def comment() -> None:
        made = await talk.comment(bob.actor, share_id, "Good")
        await talk.delete_comment(ada.actor, made.comment.id)

    async def mute() -> None:
        await people.mute(bob.actor, "ada")
        await people.unmute(bob.actor, "ada")

    return {
        "profile": lambda: people.profile(bob.actor, "ada"),
        "profile, signed out": lambda: people.profile(ANONYMOUS, "ada"),
        "followers": lambda: people.followers(bob.actor, "ada"),
        "following": lambda: people.following(bob.actor, "bob"),
        "requests": lambda: people.requests(ada.actor),
        "suggestions": lambda: people.suggestions(bob.actor),
        "notifications": lambda: people.notifications(ada.actor),
        "unseen": lambda: people.unseen(ada.actor),
        "follow again": lambda: people.follow(bob.actor, "@ada"),
        "comments": lambda: talk.comments(bob.actor, share_id),
        "like and back": like,
        "comment and delete": comment,
        "mute and back": mute,
    }


async def costs(folder: Path, store: str, size: int) -> dict[str, Cost]:
    async with open_world(folder, store=store) as world:
        ada, bob, share_id = await settle(world, size)
        mappers = world.container.mappers
        return {name: await cost(mappers, call) for name, call in calls(world, ada, bob, share_id).items()}


MANY = {"sqlite": 45, "mongo": 15}


async def test_constant_in_people(tmp_path: Path, new_store: NewStore, store_name: str) -> None:
    """On SQLite up to 50 people are looked up on the loop, beyond that in a thread: a round trip by our count."""
    small = await costs(tmp_path / "small", new_store(), 3)
    large = await costs(tmp_path / "large", new_store(), MANY[store_name])
    assert large == small
