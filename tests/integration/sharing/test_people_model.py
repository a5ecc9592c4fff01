"""Random acts of people against a naive model that keeps plain sets: who follows, asks, may, blocks, mutes."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest

from reader.errors import EvantrError
from tests.helpers.app import Person, World

Pair = tuple[str, str]
NAMES = ("ann", "bob", "cy", "dot")
ACTS = (
    *("follow", "unfollow", "approve", "refuse", "block", "unblock", "mute", "unmute"),
    *("follow", "follow", "follow", "approve", "approve", "unblock", "unblock", "go private", "go public"),
)
STEPS = 250


@dataclass
class Model:
    """Each pair is (who does, to whom)."""

    private: set[str] = field(default_factory=set)
    follows: set[Pair] = field(default_factory=set)
    asked: set[Pair] = field(default_factory=set)
    approved: set[Pair] = field(default_factory=set)  # (who may, whose)
    blocks: set[Pair] = field(default_factory=set)
    mutes: set[Pair] = field(default_factory=set)

    def apart(self, a: str, b: str) -> bool:
        return (a, b) in self.blocks or (b, a) in self.blocks

    def sees(self, viewer: str, owner: str) -> bool:
        if viewer == owner:
            return True
        return not self.apart(viewer, owner) and (owner not in self.private or (viewer, owner) in self.approved)

    def cut(self, reader: str, owner: str) -> None:
        for pairs in (self.follows, self.asked, self.approved):
            pairs.discard((reader, owner))

    def act(self, act: str, me: str, other: str) -> bool:
        """Does it; False where it is refused."""
        hidden = (other, me) in self.blocks
        if act == "go private":
            if me not in self.private:
                self.private.add(me)
                self.approved |= {pair for pair in self.follows if pair[1] == me}
            return True
        if act == "go public":
            self.private.discard(me)
            self.approved -= {pair for pair in self.approved if pair[1] == me}
            for pair in {pair for pair in self.asked if pair[1] == me}:
                self.asked.remove(pair)
                self.follows.add(pair)
            return True
        if me == other or (hidden and act not in ("block", "unblock")):
            return me == other and act in ("unfollow", "unblock", "unmute")
        match act:
            case "follow":
                if self.apart(me, other):
                    return False
                (self.follows if self.sees(me, other) else self.asked).add((me, other))
            case "unfollow":
                if (me, other) in self.asked:
                    self.asked.remove((me, other))
                else:
                    self.follows.discard((me, other))
            case "approve":
                if (other, me) not in self.asked:
                    return False
                self.asked.remove((other, me))
                self.approved.add((other, me))
                self.follows.add((other, me))
            case "refuse":
                if not any((other, me) in pairs for pairs in (self.follows, self.asked, self.approved)):
                    return False
                self.cut(other, me)
            case "block":
                self.blocks.add((me, other))
                self.cut(me, other)
                self.cut(other, me)
            case "unblock":
                self.blocks.discard((me, other))
            case "mute":
                self.mutes.add((me, other))
            case "unmute":
                self.mutes.discard((me, other))
        return True


@pytest.mark.parametrize("seed", range(5))
async def test_random_acts_agree_with_the_model(world: World, seed: int) -> None:
    people = {name: await world.person(name) for name in NAMES}
    chance, model, done = random.Random(seed), Model(), Counter[str]()
    for step in range(STEPS):
        act, me, other = chance.choice(ACTS), chance.choice(NAMES), chance.choice(NAMES)
        asking = sorted(model.asked)
        if act == "approve" and asking:
            other, me = chance.choice(asking)
        where = f"seed {seed}, step {step}: {me} {act} {other}"
        taken = model.act(act, me, other)
        assert await do(world, people[me], act, other) == taken, where
        done[act] += taken
        assert await state(world, people) == expected(model), where
    assert await world.container.gateways.people.put_right() == 0
    assert min(done[act] for act in set(ACTS)) > 0, done


async def do(world: World, me: Person, act: str, other: str) -> bool:
    service = world.container.services.people
    calls: dict[str, Callable[[], Awaitable[object]]] = {
        "go private": lambda: service.edit_profile(me.actor, private=True),
        "go public": lambda: service.edit_profile(me.actor, private=False),
        "follow": lambda: service.follow(me.actor, f"@{other}"),
        "unfollow": lambda: service.unfollow(me.actor, other),
        "approve": lambda: service.approve(me.actor, other),
        "refuse": lambda: service.refuse(me.actor, other),
        "block": lambda: service.block(me.actor, other),
        "unblock": lambda: service.unblock(me.actor, other),
        "mute": lambda: service.mute(me.actor, other),
        "unmute": lambda: service.unmute(me.actor, other),
    }
    await world.container.cache.delete(f"follow:1:{me.user.id}")
    try:
        await calls[act]()
    except EvantrError:
        return False
    return True


async def state(world: World, people: dict[str, Person]) -> dict[str, object]:
    """Everything that the store says of these people."""
    mappers = world.container.mappers
    names = {person.user.id: name for name, person in people.items()}
    ids = list(names)
    out: dict[str, object] = {}
    for me, person in people.items():
        me_id = person.user.id
        for other_id, each in (await mappers.people.standings(me_id, ids)).items():
            out[f"{me} {names[other_id]}"] = (
                each.visible, each.follows, each.approval, each.blocks, each.blocked, each.muted,
            )  # fmt: skip
        followers = await mappers.people.followers(me_id, before=None, limit=99)
        following = await mappers.people.following(me_id, before=None, limit=99)
        requests = await mappers.people.requests(me_id, before=None, limit=99)
        out[me] = [{each.name for each in found} for found in (followers, following)]
        out[f"{me} ties"] = await mappers.people.ties(me_id)
        out[f"{me} requests"] = {each.person.name for each in requests}
        shelf = await world.container.gateways.reading.shelf(me_id)
        streams = await mappers.streams.by_feeds(list(shelf.subs))
        out[f"{me} muted"] = {
            names[stream.user_id] for feed_id, stream in streams.items() if shelf.subs[feed_id].sub.muted
        }
    return out


def expected(model: Model) -> dict[str, object]:
    out: dict[str, object] = {}
    for me in NAMES:
        for other in NAMES:
            pair = (me, other)
            approval = "asked" if pair in model.asked else "approved" if pair in model.approved else None
            out[f"{me} {other}"] = (
                model.sees(me, other), pair in model.follows, approval, pair in model.blocks,
                (other, me) in model.blocks, pair in model.mutes,
            )  # fmt: skip
        followers = {who for who, whose in model.follows | model.approved if whose == me}
        following = {whose for who, whose in model.follows if who == me}
        requests = {who for who, whose in model.asked if whose == me}
        out[me] = [followers, following]
        out[f"{me} ties"] = (len(followers), len(following), len(requests))
        out[f"{me} requests"] = requests
        out[f"{me} muted"] = {whose for whose in following if (me, whose) in model.mutes}
    return out
