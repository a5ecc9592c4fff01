"""A stage for the access matrix: an owner who shares and says things, and everybody who may or may not see it.

Each thing that must not be seen has a word of its own, so that it is found wherever it turns up.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

import httpx

from reader.models.user import ANONYMOUS, Actor
from tests.helpers.app import Person, World
from tests.integration.sharing.society import follow, pass_on, share

Account = Literal["public", "private"]
Audience = Literal["owner", "follower", "stranger", "blocked", "blocker", "anonymous"]
AUDIENCE: tuple[Audience, ...] = ("owner", "follower", "stranger", "blocked", "blocker", "anonymous")
Rule = Literal["open", "signed in", "others", "readers", "strangers", "public", "nobody"]

OWNER = "olga"
ABOUT, TEXT, NOTE, SAID, STREAM = "aboutherself", "clandestine", "sottovoce", "ownersaid", "Whispers"


@dataclass(frozen=True)
class Target:
    """What is asked for: the owner's, or what is nowhere."""

    name: str
    stream: str
    feed_id: int
    share_id: int
    comment_id: int


NOWHERE = Target("nobody", "shared", 999_999, 999_999, 999_999)


@dataclass
class Viewer:
    audience: Audience
    actor: Actor
    http: httpx.AsyncClient
    own_share: int  # which the owner passed on; 0 for nobody's


@dataclass
class Scene:
    world: World
    account: Account
    owner: Person
    target: Target
    viewers: dict[Audience, Viewer]
    elsewhere: int  # a third person's share, below which the owner said something
    passed_on: int  # the owner's share as the third person passed it on

    def expected(self, rule: Rule) -> set[Audience]:
        """Whom decision 0013 lets see it."""
        may: set[Audience] = {"owner", "follower"}
        if self.account == "public":
            may |= {"stranger", "anonymous"}
        match rule:
            case "open":
                return may
            case "signed in":
                return may - {"anonymous"}
            case "others":
                return may - {"anonymous", "owner"}
            case "readers":
                return may & {"follower"}
            case "strangers":
                return may & {"stranger"}
            case "public":  # whoever asks: it goes to somebody else
                return set(AUDIENCE) if self.account == "public" else set()
            case "nobody":
                return set()


Ask = Callable[[Scene, Viewer, Target], Awaitable[str]]


@dataclass(frozen=True)
class Output:
    """One way to see something. ``ask`` gives what the viewer gets, as text; it holds ``word`` for those whom ``rule``
    names and for nobody else. ``absent``: to everybody else it looks as what is nowhere."""

    name: str
    rule: Rule
    word: str
    ask: Ask
    absent: bool = True
    anonymous: bool = True  # the output is there for people without an account


async def set_up(world: World, account: Account) -> Scene:
    owner = await world.person(OWNER, admin=True)
    people: dict[Audience, Person] = {"owner": owner}
    for audience in AUDIENCE[1:-1]:
        people[audience] = await world.person(audience)
    terry = await world.person("terry")
    await owner.http.patch("/api/v1/profile", json={"about": ABOUT})
    for person in (people["follower"], people["blocked"], people["blocker"], terry):
        await follow(world, person, owner)
    sharing, gateway = world.container.services.sharing, world.container.gateways.sharing
    chained = await share(world, owner, "chained", NOTE)
    feed_id = await world.feed("gazette", entries=1, readers=[owner], content=f"<p>{TEXT}</p>")
    entry_id = (await world.entry_ids(owner, f"feed/{feed_id}"))[0]
    shared = (await sharing.share(owner.actor, entry_id, note=NOTE)).share
    await world.container.mappers.subscriptions.unsubscribe(owner.user.id, [feed_id])
    stream = (await sharing.streams(owner.actor))[0]
    await sharing.edit_stream(owner.actor, stream.id, title=STREAM)
    comment = await owner.http.post(f"/api/v1/shares/{shared.id}/comments", json={"text": SAID})
    for person in people.values():
        await follow(world, person, terry)
        await world.container.mappers.flags.set(person.user.id, shared.id, "starred", True, now=1.0)
    elsewhere = await share(world, terry, "herald")
    await owner.http.post(f"/api/v1/shares/{elsewhere}/comments", json={"text": SAID})
    passed_on = await pass_on(world, terry, chained)
    if account == "private":
        await owner.http.patch("/api/v1/profile", json={"private": True})
    await owner.http.put("/api/v1/people/blocked/block")
    await people["blocker"].http.put(f"/api/v1/people/{OWNER}/block")
    viewers: dict[Audience, Viewer] = {}
    for audience, person in people.items():
        own = await share(world, person, f"of-{audience}")
        [entry] = await world.container.mappers.entries.many([own])
        if audience != "owner":  # past the service, which would not let the blocked be passed on
            await gateway.share(owner.user.id, stream, entry, "")
        viewers[audience] = Viewer(audience, person.actor, person.http, own)
    nobody = await world.stack.enter_async_context(world.client())
    viewers["anonymous"] = Viewer("anonymous", ANONYMOUS, nobody, 0)
    target = Target(OWNER, stream.name, stream.feed_id, shared.id, comment.json()["id"])
    return Scene(world, account, owner, target, viewers, elsewhere, passed_on)
