"""Words of shared entries that are indexed anew, as after a copy, stay their owner's: what they remove is gone."""

from __future__ import annotations

from typing import Any, cast

from reader.mappers import Mappers
from reader.mappers.mongo import MongoMappers
from tests.contract.mappers.society import add_person, add_share


async def stored(mappers: MongoMappers, share_id: int) -> dict[str, Any]:
    found = await mappers.engine.db.entry_words.find_one({"id": share_id})
    assert found is not None
    return found


async def test_words_that_were_indexed_anew_are_emptied_with_their_share(mappers: MongoMappers) -> None:
    ann = await add_person(cast(Mappers, mappers), "ann")
    share = await add_share(cast(Mappers, mappers), ann)
    before = await stored(mappers, share.id)
    await mappers.search.restart()
    while await mappers.search.fill(10):
        pass
    again = await stored(mappers, share.id)
    assert again.pop("filled") == 1
    assert again == before and again["user_id"] == ann
    await mappers.shares.remove(ann, share.id, now=20.0)
    assert await mappers.shares.wipe(30.0, 9) == 1
    assert (await stored(mappers, share.id))["words"] == []


async def test_words_that_come_late_bring_nothing_back(mappers: MongoMappers) -> None:
    """Who indexes has read the entry; its owner empties it; then the words arrive."""
    ann = await add_person(cast(Mappers, mappers), "ann")
    share = await add_share(cast(Mappers, mappers), ann)
    await mappers.search.restart()
    entries = await mappers.engine.db.entry.find({"id": share.id}).to_list()
    await mappers.engine.db.entry_words.delete_many({})
    await mappers.shares.remove(ann, share.id, now=20.0)
    assert await mappers.shares.wipe(30.0, 9) == 1
    await mappers.search._write(entries, 1)
    assert (await stored(mappers, share.id))["words"] == []
