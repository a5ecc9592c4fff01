"""What the stand-in does not have: MongoDB's limits of documents and messages, and its own races at unique indexes."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import cast

import pytest

from reader.errors import Conflict
from reader.mappers import Mappers
from reader.mappers.mongo import MongoMappers
from reader.models.entry import SafeHtml
from tests.contract.mappers.make import add_feed, add_user, append, new_entry

LARGE = 2_000_000  # bytes of one entry's text
COUNT = 30  # of them: more than one message (48 MB) and one answer (16 MB) hold
SIDE_BY_SIDE = 24


@pytest.mark.real_mongo
async def test_entries_that_fill_several_messages(mappers: MongoMappers) -> None:
    words = SafeHtml("".join(f"<p>word{number} and more</p>" for number in range(LARGE // 30)))
    feed = await add_feed(cast(Mappers, mappers))
    entries = [replace(new_entry(f"e{number}", float(number)), content=words) for number in range(COUNT)]
    appended = await append(cast(Mappers, mappers), feed.id, entries)
    found = await mappers.entries.many([position.id for position in appended.new])
    assert [len(entry.content) for entry in found] == [len(words)] * COUNT


@pytest.mark.real_mongo
async def test_one_of_many_who_come_at_once_makes_it(mappers: MongoMappers) -> None:
    """A name, a feed's address and a notification's key belong to one, however many ask in one moment."""
    sound = cast(Mappers, mappers)
    for turn in range(5):
        names = await asyncio.gather(
            *(add_user(sound, f"ann{turn}") for _ in range(SIDE_BY_SIDE)), return_exceptions=True
        )
        assert sum(isinstance(each, Conflict) for each in names) == SIDE_BY_SIDE - 1
        url = f"https://feed{turn}.test/rss"
        made = await asyncio.gather(
            *(sound.feeds.create(url, title="T", site_url=None, description=None, now=1.0) for _ in range(SIDE_BY_SIDE))
        )
        assert sum(new for _, new in made) == 1 and len({feed.id for feed, _ in made}) == 1
        ann, bob = await add_user(sound, f"a{turn}"), await add_user(sound, f"b{turn}")
        told = await asyncio.gather(
            *(
                sound.notifications.tell(ann.id, "key", "follow", bob.id, share_id=None, comment_id=None, now=1.0)
                for _ in range(SIDE_BY_SIDE)
            )
        )
        assert sum(told) == 1
