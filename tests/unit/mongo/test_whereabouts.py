"""Entries are asked for on the shards of their feeds where these are known, and found wherever they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from reader.mappers import Mappers
from reader.mappers.mongo import MongoMappers, open_store
from reader.mappers.mongo.whereabouts import Whereabouts
from reader.models.entry import Position
from tests.contract.mappers.make import add_feed, add_user, append, new_entry, take
from tests.helpers.mongo_watch import WATCH


def test_memory_is_bounded_and_keeps_the_newest() -> None:
    where = Whereabouts(most=10)
    for n in range(100):
        where.learn(n, [Position(1, 1.0, 2 * n), Position(2, 1.0, 2 * n + 1)])
    known, unknown = where.sort_out(range(200))
    assert 4 <= len(known) <= 10
    assert known[199] == 99 and len(unknown) == 200 - len(known)
    where.note(dict.fromkeys(range(1000, 1100), 7))
    known, _ = where.sort_out(range(1100))
    assert len(known) <= 10 and known[1099] == 7


async def asked(mappers: Mappers, ids: Sequence[int]) -> list[dict[str, Any]]:
    """The filters with which these entries were asked for, in one round trip."""
    before, kept = WATCH.trips, dict(WATCH.shapes)
    WATCH.shapes.clear()
    try:
        assert [entry.id for entry in await mappers.entries.many(ids)] == ids
        assert WATCH.trips - before == 1
        return [shape.filter for shape in WATCH.shapes.values()]
    finally:
        WATCH.shapes.update(kept)


async def test_a_page_names_the_feeds_of_its_entries(mappers: MongoMappers) -> None:
    sound = cast(Mappers, mappers)
    feeds = [(await add_feed(sound, f"f{n}")).id for n in range(3)]
    new = [(await append(sound, feed_id, [new_entry(f"{feed_id}-{n}") for n in range(3)])).new for feed_id in feeds]
    await sound.entries.positions([(feed_id, 1, 9) for feed_id in feeds[:2]])
    ids = [at.id for places in new for at in places]
    everywhere, named = sorted(await asked(sound, ids), key=len)
    assert set(everywhere) == {"id"} and sorted(named["feed_id"]["$in"]) == feeds[:2]
    assert await asked(sound, ids[-1:]) == [{"feed_id": {"$in": [feeds[2]]}, "id": {"$in": ids[-1:]}}]


async def test_what_went_over_to_another_feed_is_found(mappers: MongoMappers, mongo_store: str) -> None:
    """It was merged by another process; what is gone is looked for once more, and not found."""
    sound = cast(Mappers, mappers)
    ann = await add_user(sound)
    old, new = await add_feed(sound, "old"), await add_feed(sound, "new")
    ids = [at.id for at in (await append(sound, old.id, [new_entry("a"), new_entry("b")])).new]
    await append(sound, new.id, [new_entry("c")])
    await sound.flags.set(ann.id, ids[1], "starred", True, now=1.0)
    assert len(await sound.entries.many(ids)) == 2
    other = await open_store(mongo_store)
    token = await take(cast(Mappers, other), old.id, 1e6)
    assert await other.feeds.move(old.id, token, new.url, now=1e6) == new.id
    await other.close()
    (kept,) = await sound.entries.many(ids)
    assert (kept.id, kept.feed_id) == (ids[1], new.id)
    before = WATCH.trips
    assert [entry.id for entry in await sound.entries.many([ids[1]])] == [ids[1]]
    assert WATCH.trips - before == 1
