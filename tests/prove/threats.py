"""threats: the long forms of checks in tests/threats (docs/threats.md): replays of thousands of versions in order and
shuffled, feeds of all kinds that renew their ids, names that change their answer, bombs of a gigabyte."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from tests.prove import Say
from tests.threats import test_10_rebinding, test_13_decompression
from tests.threats.test_17_renewed_ids import CHANGES
from tests.threats.test_19_replay import history
from tests.threats.versions import Item, Replayed, item, replay

VERSIONS, SHORT_VERSIONS = 1500, 150
ROUNDS, SHORT_ROUNDS = 6, 1
FEEDS, SHORT_FEEDS = 60, 6
BOMB, SHORT_BOMB = 1_000_000_000, 50_000_000
RESURFACING = 0.05


async def prove(seed: int, short: bool, say: Say) -> tuple[int, int]:
    rng = random.Random(seed)
    passed = total = 0
    for part in (_replays, _renewals, _rebinding, _bombs):
        ok, of = await part(rng, short, say)
        say(f"{part.__name__[1:]} {ok}/{of}")
        passed, total = passed + ok, total + of
    return passed, total


async def _replays(rng: random.Random, short: bool, say: Say) -> tuple[int, int]:
    """Check 19: stored are the distinct ids, and read is what was read."""
    passed = total = 0
    for _ in range(SHORT_ROUNDS if short else ROUNDS):
        number = rng.randrange(1_000_000)
        versions = history(SHORT_VERSIONS if short else VERSIONS, rng.choice((10, 30, 60)), number)
        for shuffled in (False, True):
            if shuffled:
                rng.shuffle(versions)
            read = {at: [_id(one) for one in versions[at][::2]] for at in range(0, len(versions), 10)}
            done = await asyncio.to_thread(replay, versions, read)
            ids = {_id(one) for version in versions for one in version}
            marked = {uid for uids in read.values() for uid in uids}
            good = (
                len(done.entries) == len(ids)
                and {entry["uid"] for entry in done.entries} == ids
                and {entry["uid"] for entry in done.entries if entry["read"]} == marked
            )
            total, passed = total + 1, passed + good
            if not good:
                say(f"history {number}, shuffled {shuffled}: {len(done.entries)} entries for {len(ids)} ids")
    return passed, total


def _id(one: Item) -> str:
    return one.guid or ""


def _kinds(rng: random.Random) -> dict[str, Callable[[Item], Item]]:
    """What feeds are like: without dates, with dates of whole days, with titles or texts that repeat, without texts."""
    day = 86_400.0
    return {
        "good": lambda one: one,
        "undated": lambda one: replace(one, at=None),
        "whole days": lambda one: replace(one, at=(one.at or 0) // day * day),
        "repeating texts": lambda one: replace(one, text="<p>Read on.</p>"),
        "repeating titles": lambda one: replace(one, title=rng.choice(("Photo", "Note", one.title))),
        "no titles": lambda one: replace(one, title=None),
        "no texts": lambda one: replace(one, text=None),
    }


# What holds nothing in common with what was before cannot be found again.
HOPELESS = {
    ("undated", "ids and links"), ("no titles", "ids and texts"), ("no titles", "ids and host"),
    ("repeating titles", "ids and titles"), ("undated", "ids and titles"),
}  # fmt: skip


async def _renewals(rng: random.Random, short: bool, say: Say) -> tuple[int, int]:
    """Check 17: at most 5 % come up again, whatever the feed is like and whatever changes."""
    passed = total = 0
    kinds = _kinds(rng)
    pairs = [(kind, change) for kind in kinds for change in CHANGES if (kind, change) not in HOPELESS]
    rng.shuffle(pairs)
    for kind, change in pairs[: SHORT_FEEDS if short else FEEDS]:
        count = rng.choice((10, 20, 40, 100))
        old = [kinds[kind](_old(n)) for n in range(count, 0, -1)]
        new = [CHANGES[change](one) for one in old]
        done = await asyncio.to_thread(replay, [old, old[1:], new, new], {0: [_id(one) for one in old]})
        again = _again(done, old)
        good = again <= RESURFACING * count
        total, passed = total + 1, passed + good
        if not good:
            say(f"{kind}, {change}: {again} of {count} came up again")
    return passed, total


def _old(number: int) -> Item:
    return item(
        number,
        link=f"http://gazette.example/story/{number}",
        guid=f"http://gazette.example/?p={number}",
        text=f'<p><a href="http://gazette.example/{number}">{number}</a></p>',
    )


def _again(done: Replayed, old: Sequence[Item]) -> int:
    return sum(done.new) - len(old)


async def _rebinding(rng: random.Random, short: bool, say: Say) -> tuple[int, int]:
    """Check 10."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(test_10_rebinding, "SEED", rng.randrange(1_000_000))
        return await _holds(test_10_rebinding.test_a_thousand_tries_reach_nothing_inside(patch), "rebinding", say)


async def _bombs(rng: random.Random, short: bool, say: Say) -> tuple[int, int]:
    """Check 13."""
    passed = total = 0
    size = SHORT_BOMB if short else BOMB
    with pytest.MonkeyPatch.context() as patch:
        for maker in ("gzipped", "brotlied", "zstandarded"):
            make = getattr(test_13_decompression, maker)
            patch.setattr(test_13_decompression, maker, lambda given=size, make=make: make(given))
        for name in ("gzip", "br", "zstd", "gzip twice", "gzip in zstd", "br in gzip"):
            ok, of = await _holds(test_13_decompression.test_a_bomb_stops_at_the_limit(name), name, say)
            passed, total = passed + ok, total + of
    return passed, total


async def _holds(check: object, name: str, say: Say) -> tuple[int, int]:
    try:
        await check  # type: ignore[misc]  # a coroutine of a test
    except AssertionError as error:
        say(f"{name}: {error}")
        return 0, 1
    return 1, 1
