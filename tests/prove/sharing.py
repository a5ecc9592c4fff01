"""Two people, each with two devices, share, take back, undo, mark, follow and block in random order; some acts of two
devices at the same time. After each, what everybody sees on any device equals a naive model, for some order of acts.

Each of the total is one such history, with a seed of its own derived from the one that is printed. A device is a
process of its own as far as the program goes: two containers over one store.
"""

from __future__ import annotations

import asyncio
import copy
import itertools
import random
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from reader.clock import Clock
from reader.container import Container, build
from reader.errors import EvantrError
from reader.log import configure
from reader.models.entry import NewEntry, SafeHtml
from reader.models.reading import Scope
from reader.models.sharing_views import ShareCard
from reader.models.user import Actor
from reader.settings import Settings
from tests.integration.sharing.model import Item, Mismatch, Model, Seen
from tests.prove import Say
from workers.cpu import CpuPool
from workers.local import LocalQueue

HISTORIES, HISTORIES_SHORT = 1000, 40
STEPS = 14
TOLD_EVERY = 100
PEOPLE = ("ada", "bob")
TOGETHER = 0.3  # of all steps: two acts at once
FEEDS = {"gazette": (0, 1, 2, 3), "herald": (2, 3, 4)}  # the stories that each tells
READS = {"ada": ("gazette", "herald"), "bob": ("gazette",)}


@dataclass
class Outcome:
    """An act that happened; ``tell`` has the model do it, and raises Mismatch where it cannot have come to that."""

    words: str
    tell: Callable[[Model], None]


@dataclass
class History:
    rng: random.Random
    devices: list[Container]
    model: Model
    actors: dict[str, Actor]
    now: list[float]
    tokens: dict[str, list[tuple[str, int]]] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)

    # ---- acts

    def choose(self, who: str, device: Container) -> Callable[[], Awaitable[Outcome]]:
        """An act with all its arguments, not done yet."""
        other = next(name for name in PEOPLE if name != who)
        rng, actor = self.rng, self.actors[who]
        ids = sorted(self.model.items)
        shares = [item.id for item in self.model.items.values() if item.owner is not None]
        kind = rng.choices(
            ("share", "unshare", "undo", "mark", "follow", "unfollow", "block", "unblock"), (6, 3, 2, 4, 3, 1, 1, 2)
        )[0]
        if kind == "unshare" and shares:
            return partial(self._unshare, device, who, actor, rng.choice(shares))
        if kind == "undo" and self.tokens.get(who):
            return partial(self._undo, device, who, actor, *rng.choice(self.tokens[who]))
        if kind == "mark":
            return partial(self._mark, device, who, actor, rng.sample(ids, rng.randint(1, 3)), rng.random() < 0.7)
        if kind in ("follow", "unfollow", "block", "unblock"):
            return partial(self._relate, device, who, actor, other, kind)
        return partial(self._share, device, who, actor, rng.choice(ids))

    async def _share(self, device: Container, who: str, actor: Actor, entry_id: int) -> Outcome:
        words = f"{who} shares {entry_id}"
        try:
            done = await device.services.sharing.share(actor, entry_id)
        except EvantrError as error:
            return Outcome(f"{words}: {error}", lambda model: model.share(who, entry_id, None))
        (stored,) = await device.mappers.entries.many([done.share.id])
        made = Item(stored.id, stored.feed_id, 0, stored.sort_at, parent=done.share.parent_id)
        return Outcome(f"{words} as {made.id}", lambda model: model.share(who, entry_id, copy.copy(made)))

    async def _unshare(self, device: Container, who: str, actor: Actor, share_id: int) -> Outcome:
        try:
            done = await device.services.sharing.unshare(actor, share_id)
        except EvantrError as error:
            return Outcome(f"{who} takes {share_id} back: {error}", lambda model: model.unshare(who, share_id, False))
        assert done.undo is not None
        self.tokens.setdefault(who, []).append((done.undo, share_id))
        return Outcome(f"{who} takes {share_id} back", lambda model: model.unshare(who, share_id, True))

    async def _undo(self, device: Container, who: str, actor: Actor, token: str, share_id: int) -> Outcome:
        words = f"{who} undoes taking {share_id} back"
        try:
            await device.services.reading.undo(actor, token)
        except EvantrError as error:  # done before, or by the other device right now
            return Outcome(f"{words}: {error}", lambda model: None)
        self.tokens[who] = [told for told in self.tokens[who] if told[0] != token]
        return Outcome(words, lambda model: model.restore(who, share_id))

    async def _mark(self, device: Container, who: str, actor: Actor, ids: list[int], read: bool) -> Outcome:
        words = f"{who} marks {ids} {'read' if read else 'unread'}"
        try:
            await device.services.reading.mark(actor, ids, read)
        except EvantrError as error:
            return Outcome(f"{words}: {error}", lambda model: model.mark(who, ids, read, False))
        return Outcome(words, lambda model: model.mark(who, ids, read, True))

    async def _relate(self, device: Container, who: str, actor: Actor, other: str, kind: str) -> Outcome:
        people = device.services.people
        ways: dict[str, Callable[[], Awaitable[object]]] = {
            "follow": lambda: people.follow(actor, f"@{other}"),
            "unfollow": lambda: people.unfollow(actor, other),
            "block": lambda: people.block(actor, other),
            "unblock": lambda: people.unblock(actor, other),
        }
        done = True
        try:
            await ways[kind]()
        except EvantrError:
            done = False
        told: dict[str, Callable[[Model], None]] = {
            "follow": lambda model: model.follow(who, other, done),
            "unfollow": lambda model: model.unfollow(who, other, done),
            "block": lambda model: model.block(who, other) if done else None,
            "unblock": lambda model: model.blocks.discard((who, other)) if done else None,
        }
        return Outcome(f"{who} {kind}s {other}: {done}", told[kind])

    # ---- a step, and what shows after it

    async def step(self) -> None:
        self.now[0] += 1
        acts = [self._act() for _ in range(2 if self.rng.random() < TOGETHER else 1)]
        outcomes = await asyncio.gather(*(act() for act in acts))
        self.done.append(" & ".join(outcome.words for outcome in outcomes))
        seen = {who: await self.look(self.rng.choice(self.devices), who) for who in PEOPLE}
        problems = []
        for order in itertools.permutations(outcomes):
            model = copy.deepcopy(self.model)
            problem = _follow(model, order, seen)
            if problem is None:
                self.model = model
                return
            problems.append(problem)
        raise Mismatch(" | ".join(problems))

    def _act(self) -> Callable[[], Awaitable[Outcome]]:
        return self.choose(self.rng.choice(PEOPLE), self.rng.choice(self.devices))

    async def look(self, device: Container, who: str) -> Seen:
        services, actor = device.services, self.actors[who]
        page = await services.reading.page(actor, Scope("all"), limit=200)
        side = await services.reading.sidebar(actor)
        entries = tuple((view.entry.id, not view.read) for view in page.entries)
        cards = await services.sharing.cards(actor, page.entries)
        streams = [(owner, await self._stream(device, actor, owner)) for owner in sorted(PEOPLE)]
        told = tuple(_told(cards[entry_id]) for entry_id, _ in sorted(entries) if entry_id in cards)
        return Seen(entries, tuple(sorted((row.feed_id, row.unread) for row in side.feeds)), tuple(streams), told)

    async def _stream(self, device: Container, actor: Actor, owner: str) -> tuple[int, ...] | None:
        try:
            page = await device.services.sharing.stream_page(actor, owner, "shared", limit=200)
        except EvantrError:
            return None
        return tuple(item.share.id for item in page.items)

    async def finish(self) -> None:
        """Credits equal the model's, and no recount finds anything to put right."""
        device = self.devices[0]
        shares = [item for item in self.model.items.values() if item.owner is not None]
        for root in {item.root for item in shares}:
            await device.gateways.sharing.recount(root)
        stored = await device.mappers.shares.many([item.id for item in shares])
        for item in shares:
            share = stored[item.id]
            told = (share.parent_id, share.root_id, share.live, share.credit)
            right = (item.parent, item.root, not item.taken_back, self.model.credit(item.id))
            if told != right:
                raise Mismatch(f"share {item.id} is {told}, not {right}")
        _, changed = await device.gateways.upkeep.recount()
        if changed:
            raise Mismatch(f"the recount changed {changed} rows")


def _told(card: ShareCard) -> tuple[int, str | None, tuple[str, ...], tuple[str, ...], int | None]:
    by = card.by.name if card.by is not None else None
    return card.entry_id, by, tuple(p.name for p in card.path), tuple(p.name for p in card.also), card.mine


def _follow(model: Model, outcomes: tuple[Outcome, ...], seen: dict[str, Seen]) -> str | None:
    """Has the model do these acts; what is wrong then, if anything."""
    try:
        for outcome in outcomes:
            outcome.tell(model)
    except Mismatch as error:
        return str(error)
    for who, is_ in seen.items():
        right = model.seen(who)
        if is_ != right:
            return f"{who} sees {is_}, not {right}"
    return None


async def _begin(stack: AsyncExitStack, folder: Path, rng: random.Random) -> History:
    now = [1_000_000.0]
    clock = Clock(now=lambda: now[0])
    devices = []
    for _ in range(2):
        cpu = CpuPool(1)
        stack.push_async_callback(cpu.close)
        device = await build(Settings(_env_file=None, data=folder), queue=LocalQueue(), cpu=cpu, clock=clock)
        stack.push_async_callback(device.close)
        devices.append(device)
    await devices[0].mappers.migrate()
    mappers = devices[0].mappers
    model = Model({})
    actors = {}
    for who in PEOPLE:
        user = await mappers.users.create(who, "hash", now=now[0], admin_if_first=False)
        actors[who] = Actor(user.id)
        model.streams[who] = (await devices[0].gateways.sharing.default_stream(user.id)).feed_id
        model.subs[who], model.read[who] = set(), set()
    for name, stories in FEEDS.items():
        feed, _ = await mappers.feeds.create(
            f"https://{name}.test/", title=name, site_url=None, description=None, now=1.0
        )
        for who in PEOPLE:
            if name in READS[who]:
                await mappers.subscriptions.subscribe(
                    actors[who].user_id, feed.id, folder_id=None, title=None, unread=100, now=now[0]
                )
                model.subs[who].add(feed.id)
        token = await mappers.feeds.lease(feed.id, now[0], now[0] + 10)
        assert token is not None
        news = [
            NewEntry(
                f"{name}{n}",
                b"d",
                f"https://{n}",
                f"T{n}",
                None,
                1000.0 + n,
                None,
                "",
                SafeHtml(""),
                story=b"%016d" % n,
            )
            for n in stories
        ]
        appended = await mappers.entries.append(feed.id, token, news, renewed={}, now=now[0])
        assert appended is not None
        for at, story in zip(appended.new, stories, strict=True):
            model.items[at.id] = Item(at.id, feed.id, story, at.sort_at)
    return History(rng, devices, model, actors, now)


async def history(seed: int) -> str | None:
    """One history; what went wrong, None if nothing."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        one = await _begin(stack, folder, random.Random(seed))
        try:
            for _ in range(STEPS):
                await one.step()
            await one.finish()
        except Mismatch as error:
            return "\n    ".join([f"seed {seed}:", *one.done, str(error)])
    return None


async def prove(seed: int, short: bool, say: Say) -> tuple[int, int]:
    """(histories that held, all histories)."""
    configure("error")
    total = HISTORIES_SHORT if short else HISTORIES
    passed = 0
    for number in range(total):
        problem = await history(seed * 10_000 + number)
        passed += problem is None
        if problem is not None:
            say(problem)
        elif (number + 1) % TOLD_EVERY == 0:
            say(f"{number + 1} histories, {passed} hold")
    return passed, total
