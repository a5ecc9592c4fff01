"""Sharing is cut off before every one of its writes: it happened or it did not, upkeep does the rest, and another try
ends well."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, cast

import pytest

from reader.mappers import Mappers
from reader.mappers.mongo import MongoMappers
from reader.models.entry import NewEntry
from reader.models.search import parse_query
from reader.models.share import Share, Stream
from reader.models.sources import Rule
from tests.contract.mappers.make import add_feed, append, new_entry
from tests.contract.mappers.society import add_person, add_share, follow
from tests.unit.mongo.dying import Died, Mortal

MOST_WRITES = 60
RULE = Rule(("harbour",), (), "", "")


@dataclass(frozen=True)
class Street:
    """Ann shares ``kept`` and ``gone``, which she took back, of what a site tells; the site tells a third story and so
    does another. Bob follows her and starred both shares. Her second stream shares by itself from the site."""

    ann: int
    bob: int
    stream: Stream
    second: Stream
    sites: tuple[int, int]
    entries: tuple[int, int, int, int]
    kept: Share
    gone: Share

    def name(self, number: int | None) -> str:
        """The same for each street."""
        known = {n: f"entry {k}" for k, n in enumerate(self.entries)}
        known |= {self.kept.id: "kept", self.gone.id: "gone"}
        return known.get(number or 0, "new")


def told(uid: str, name: str, at: float, story: str) -> NewEntry:
    return replace(
        new_entry(f"{uid}-{name}", at, title=f"Title of {uid}"), story=f"{story}{name}".encode().ljust(16)[:16]
    )


async def street(mappers: Mappers, name: str) -> Street:
    ann, bob = [await add_person(mappers, f"{each}-{name}") for each in ("ann", "bob")]
    site, other = [await add_feed(mappers, f"{each}-{name}") for each in ("site", "other")]
    news = [told("a", name, 1.0, "A"), told("b", name, 2.0, "B"), told("c", name, 3.0, "C")]
    appended = [*(await append(mappers, site.id, news)).new]
    appended += (await append(mappers, other.id, [told("d", name, 3.0, "C")])).new
    found = await mappers.entries.many([at.id for at in appended])
    await mappers.streams.add(ann, "shared", title="Shared", description="", site_url="/", now=9.0)
    kept = await add_share(mappers, ann, met=found[0], now=10.0)
    gone = await add_share(mappers, ann, met=found[1], now=11.0)
    await follow(mappers, bob, ann)
    for share in (kept, gone):
        await mappers.flags.set(bob, share.id, "starred", True, now=12.0)
    await mappers.shares.note(ann, kept.id, "Well said", now=13.0)
    await mappers.shares.remove(ann, gone.id, now=14.0)
    stream = (await mappers.streams.of_users([ann]))[0]
    second, _ = await mappers.streams.add(ann, "second", title="Second", description="", site_url="/", now=15.0)
    await mappers.streams.attach(second.id, [site.id], RULE, now=15.0)
    ids = (found[0].id, found[1].id, found[2].id, found[3].id)
    return Street(ann, bob, stream, second, (site.id, other.id), ids, kept, gone)


async def state(mappers: Mappers, s: Street) -> dict[str, Any]:
    """What anybody can see of it."""
    feeds = [s.stream.feed_id, s.second.feed_id]
    pages = {feed: await mappers.shares.page(feed, below=None, limit=9) for feed in feeds}
    query = parse_query("title")
    return {
        "pages": [[(s.name(share.id), share.note, entry.title) for share, entry in pages[f]] for f in feeds],
        "totals": [(await mappers.streams.facts(feed)).total for feed in feeds],
        "found": [s.name(n) for n in (await mappers.search.find(query, feeds, before=None, limit=9)).ids],
        "streams": [(each.name, each.title, each.position) for each in await mappers.streams.of_users([s.ann])],
        "copies": sorted(
            (each.story[:1], s.name(each.entry_id)) for each in await mappers.shares.copies([*feeds, *s.sites])
        ),
        "stars": [s.name(n) for _, n in await mappers.flags.page(s.bob, "starred", before=None, limit=9)],
        "sources": [len(await mappers.streams.sources(each.id)) for each in (s.stream, s.second)],
        "titles": [each and (each.title, each.state) for each in [await mappers.feeds.get(feed) for feed in feeds]],
        "follows": [await mappers.subscriptions.get(s.bob, s.stream.feed_id) is not None],
    }


async def upkeep(mappers: MongoMappers) -> None:
    """What comes by itself, once an hour. (Nothing is old enough to be emptied.)"""
    await mappers.subscriptions.trim_journal(0.0)
    await mappers.shares.wipe(0.0, 99)


async def share_third(mappers: Mappers, s: Street) -> object:
    (entry,) = await mappers.entries.many([s.entries[2]])
    return await add_share(mappers, s.ann, met=entry, now=20.0)


async def remove_and_restore(mappers: Mappers, s: Street) -> object:
    """The stream with all that is in it, and back again."""
    removed = await mappers.streams.remove(s.ann, s.stream.id, now=21.0)
    return await mappers.streams.restore(s.stream, removed[1] if removed else (), removed_at=21.0)


Act = Callable[[Mappers, Street], Awaitable[object]]
ACTS: dict[str, Act] = {
    "share": share_third,
    "take back": lambda m, s: m.shares.remove(s.ann, s.kept.id, now=20.0),
    "bring back": lambda m, s: m.shares.restore(s.ann, s.gone.id, note="Again", noted_at=20.0),
    "note": lambda m, s: m.shares.note(s.ann, s.kept.id, "Better", now=20.0),
    "add a stream": lambda m, s: m.streams.add(s.ann, "third", title="T", description="", site_url="/", now=20.0),
    "edit a stream": lambda m, s: m.streams.edit(s.ann, s.stream.id, title="Other", description="D"),
    "move a stream": lambda m, s: m.streams.move(s.ann, s.second.id, s.stream.id),
    "remove a stream": lambda m, s: m.streams.remove(s.ann, s.stream.id, now=20.0),
    "remove one with sources": lambda m, s: m.streams.remove(s.ann, s.second.id, now=20.0),
    "attach": lambda m, s: m.streams.attach(s.stream.id, s.sites, RULE, now=20.0),
    "detach": lambda m, s: m.streams.detach(s.second.id, s.sites),
}
IN_PARTS = {"attach", "detach"}  # as many feeds as there was time for


@pytest.mark.parametrize("name", ACTS)
async def test_it_is_whole_or_not_at_all_and_can_be_tried_again(mappers: MongoMappers, name: str) -> None:
    sound, act = cast(Mappers, mappers), ACTS[name]
    whole = await street(sound, "whole")
    before = await state(sound, whole)
    await act(sound, whole)
    after = await state(sound, whole)
    assert before != after
    for last in range(MOST_WRITES):
        s = await street(sound, f"n{last}")
        mortal = Mortal(mappers, last, 0.5)
        try:
            await act(cast(Mappers, mortal.mappers), s)
        except Died:
            assert mortal.died
        await upkeep(mappers)
        found = await state(sound, s)
        if name not in IN_PARTS:
            # Sources of a removed stream do nothing any more; they may be left.
            found["sources"] = (after if found["streams"] == after["streams"] else before)["sources"]
            if name == "share":  # where sites tell the story is noted before, and stays when it is taken back
                assert {*before["copies"]} <= {*found["copies"]} <= {*after["copies"]}
                found["copies"] = (after if found["pages"] == after["pages"] else before)["copies"]
            assert found in (before, after), f"cut off before write {last}"
        await act(sound, s)
        again = await state(sound, s) | {"sources": after["sources"]}
        assert again == after, f"cut off before write {last}"
        assert await _behind(mappers) == []
        if not mortal.died:
            assert last > 0
            return
    pytest.fail(f"more than {MOST_WRITES} writes")


async def _behind(mappers: MongoMappers) -> list[int]:
    """Feeds that a stream is still to share from: none, for nothing new came."""
    feeds, _ = await mappers.streams.behind(1000)
    return feeds


async def test_a_source_that_a_removed_stream_left_is_not_worked_for(mappers: MongoMappers) -> None:
    sound = cast(Mappers, mappers)
    s = await street(sound, "left")
    mortal = Mortal(mappers, 0)
    for last in range(MOST_WRITES):
        mortal = Mortal(mappers, last)
        with suppress(Died):
            await mortal.mappers.streams.remove(s.ann, s.second.id, now=20.0)
        if await mappers.streams.get(s.second.id) is None:
            break
    assert mortal.died and len(await mappers.streams.sources(s.second.id)) == 1
    await append(sound, s.sites[0], [told("new", "left", 9.0, "N")])
    assert await _behind(mappers) == []


async def test_emptying_goes_on_wherever_it_stopped(mappers: MongoMappers) -> None:
    sound, db = cast(Mappers, mappers), mappers.engine.db
    for last in range(MOST_WRITES):
        s = await street(sound, f"w{last}")
        mortal = Mortal(mappers, last, 0.5)
        try:
            await mortal.mappers.shares.wipe(99.0, 99)
        except Died:
            await mappers.subscriptions.trim_journal(0.0)
            await mappers.shares.wipe(99.0, 99)
        await mappers.shares.wipe(99.0, 99)
        (entry,) = await sound.entries.many([s.gone.id])
        words = await db.entry_words.find_one({"id": s.gone.id})
        assert (entry.title, entry.content, words and words["words"]) == ("", "", [])
        assert await db.flag.count_documents({"entry_id": s.gone.id}) == 0
        assert await db.share.count_documents({"_id": s.gone.id, "wiped": True, "hides": {"$exists": False}}) == 1
        assert (await state(sound, s))["stars"] == ["kept"]
        if not mortal.died:
            return
    pytest.fail(f"more than {MOST_WRITES} writes")


async def test_forgetting_what_an_account_shared_goes_on_wherever_it_stopped(mappers: MongoMappers) -> None:
    sound, db = cast(Mappers, mappers), mappers.engine.db
    for last in range(MOST_WRITES):
        s = await street(sound, f"f{last}")
        (entry,) = await sound.entries.many([s.kept.id])
        passed = await add_share(sound, s.bob, met=entry, now=20.0)
        mortal = Mortal(mappers, last, 0.5)
        try:
            await mortal.mappers.shares.forget(s.ann, now=21.0)
        except Died:
            await mappers.shares.forget(s.ann, now=22.0)
        assert await mappers.streams.of_users([s.ann]) == []
        assert await mappers.feeds.get(s.stream.feed_id) is None and await mappers.feeds.get(s.second.feed_id) is None
        assert await mappers.subscriptions.get(s.bob, s.stream.feed_id) is None
        feeds = {"$in": [s.stream.feed_id, s.second.feed_id]}
        for collection in ("entry", "trace", "entry_words", "copy", "reader", "stream_source"):
            assert await db[collection].count_documents({"feed_id": feeds}) == 0, collection
        assert await db.share.count_documents({"user_id": s.ann}) == 0
        assert (await mappers.shares.get(passed.id)) is not None
        assert await mappers.flags.count(s.bob, "starred") == 0
        if not mortal.died:
            return
    pytest.fail(f"more than {MOST_WRITES} writes")
