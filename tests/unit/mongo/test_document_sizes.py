"""Documents stay small: what grows with subscriptions, followers, shares or marks is another document each time."""

from __future__ import annotations

from typing import cast

import bson
import pytest
from pyroaring import BitMap

from reader.mappers import Mappers
from reader.mappers.bitmaps import pack
from reader.mappers.mongo import MongoMappers
from reader.settings import Settings
from tests.contract.mappers.make import add_feed, append, change, new_entry
from tests.contract.mappers.society import add_person, add_share, follow

FEW, MANY = 6, 40
BOUND = 1000  # bytes of a document; what people and sites write (texts, icons, pushes) comes on top
GROWS = 40  # bytes: longer numbers, and names with more digits
KEPT: int = Settings.model_fields["feed_keep"].default  # entries of a feed
SET_BOUND = 8300  # bytes of what is read of them, or taken back, however it is spread


async def fill(mappers: Mappers, people: list[int], first: int, last: int) -> None:
    """More of everything: the first of the people reads, shares and is followed by all; chains grow in depth."""
    ann, subs = people[0], mappers.subscriptions
    for n in range(first, last):
        feed = await add_feed(mappers, f"feed{n}")
        await append(mappers, feed.id, [new_entry(f"{n}-{k}", float(k)) for k in range(4)])
        folder = await subs.add_folder(ann, f"Folder {n}")
        await subs.subscribe(ann, feed.id, folder_id=folder.id, title=f"Mine {n}", unread=9, now=1.0)
        await subs.mark(ann, [change(feed.id, [1, 3])], now=2.0)
        other = await add_person(mappers, f"person{n}")
        people.append(other)
        share = await add_share(mappers, ann, f"e{n}", now=float(n))
        await follow(mappers, other, ann)
        await mappers.flags.set(other, share.id, "starred", True, now=3.0)
        await mappers.people.ask(ann, other, now=3.0)
        await mappers.people.mute(people[1], other, now=3.0)
        comment = await mappers.talk.add(share.id, other, None, "Well said.", now=4.0)
        await mappers.talk.add(share.id, ann, comment.id, "Thanks.", now=4.0)
        await mappers.talk.like(share.id, other, True, now=4.0)
        key = f"c{comment.id}"
        await mappers.notifications.tell(ann, key, "comment", other, share_id=share.id, comment_id=comment.id, now=4.0)
        if n % 2:
            await mappers.shares.remove(ann, share.id, now=5.0)


async def largest(mappers: MongoMappers) -> dict[str, int]:
    """Collection → bytes of its largest document."""
    database = mappers.engine.db
    return {
        name: max([len(bson.encode(each)) async for each in database[name].find({})], default=0)
        for name in await database.list_collection_names()
    }


async def test_no_document_grows_with_what_there_is(mappers: MongoMappers) -> None:
    sound = cast(Mappers, mappers)
    people = [await add_person(sound, "ann"), await add_person(sound, "bob")]
    await fill(sound, people, 0, FEW)
    few = await largest(mappers)
    await fill(sound, people, FEW, MANY)
    many = await largest(mappers)
    assert few.keys() == many.keys() and sum(size > 0 for size in many.values()) > 22
    too_large = {name: size for name, size in many.items() if size > BOUND}
    assert not too_large
    grown = {name: (few[name], size) for name, size in many.items() if size > few[name] + GROWS}
    assert not grown


@pytest.mark.parametrize("step", [1, 2, 3, 7])
def test_what_is_read_is_a_bit_for_each_entry_at_most(step: int) -> None:
    """Sets of places are in subscriptions, in feeds (what was taken back) and, for a week, in the journal."""
    assert len(pack(BitMap(range(1_000_000, 1_000_000 + KEPT, step)))) <= SET_BOUND
