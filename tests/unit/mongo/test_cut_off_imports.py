"""Imports are cut off before every one of their writes; whoever drives them next ends where an undisturbed one does."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, cast

import pytest

from reader.mappers import Mappers
from reader.mappers.imports import Outcome
from reader.mappers.mongo import MongoMappers
from reader.models.imports import ImportItem
from tests.contract.mappers.make import FAR, add_feed, add_user, fill
from tests.contract.mappers.test_imports import item, pulled, start
from tests.unit.mongo.dying import Died, Mortal

MOST_WRITES = 60
NOW = 25.0


async def items(mappers: Mappers, name: str) -> list[ImportItem]:
    """Two new feeds in a folder inside another, and one that works already."""
    well = await add_feed(mappers, f"well-{name}")
    await fill(mappers, well.id, 2, prefix=name)
    await pulled(mappers, well.id)
    return [item(1, f"a-{name}", path=["A", "B"]), item(2, f"b-{name}", path=["A"]), item(3, f"well-{name}")]


async def drive(mappers: Mappers, import_id: int) -> None:
    """As the importer does, from wherever it is."""
    while await mappers.imports.plant(import_id, 100, unread=9, now=NOW, due_at=FAR):
        pass
    waiting = [each.number for each in await mappers.imports.waiting(import_id, 9)]
    await mappers.imports.take(import_id, waiting, now=NOW, stale=0.0)
    for each in await mappers.imports.watch(import_id):
        outcome = Outcome(each.item.number, "done" if each.item.number == 1 else "failed", None)
        await mappers.imports.settle(import_id, [outcome])
    await mappers.imports.finish(import_id, NOW)


async def state(mappers: Mappers, user_id: int, import_id: int, name: str) -> dict[str, Any]:
    delta = await mappers.subscriptions.delta(user_id, -1, -1)
    titles = {folder.id: folder.title for folder in delta.folders}
    stored = await mappers.imports.items(import_id)
    feeds = {each.feed_id: await mappers.feeds.get(each.feed_id or 0) for each in stored}
    places = {each.feed_id: titles.get(each.folder_id or 0) for each in delta.subscriptions}
    job = await mappers.imports.get(import_id)
    return {
        "folders": sorted((each.title, titles.get(each.parent_id or 0)) for each in delta.folders),
        "subscriptions": [places.get(each.feed_id or 0, "none") for each in stored],
        "number": len(delta.subscriptions),
        "feeds": [feed and feed.url.replace(name, "") for feed in feeds.values()],
        "items": [(each.state, each.settled) for each in stored],
        "job": (job and job.state, await mappers.imports.tally(import_id)),
    }


async def test_an_import_goes_on_wherever_it_stopped(mappers: MongoMappers) -> None:
    sound = cast(Mappers, mappers)
    user = await add_user(sound, "whole")
    whole = await start(sound, user.id, await items(sound, "whole"))
    await drive(sound, whole)
    after = await state(sound, user.id, whole, "whole")
    assert after["folders"] == [("A", None), ("B", "A")] and after["job"][0] == "done"
    for last in range(MOST_WRITES):
        name = f"n{last}"
        user = await add_user(sound, name)
        import_id = await start(sound, user.id, await items(sound, name))
        mortal = Mortal(mappers, last, 0.5)
        with suppress(Died):
            await drive(cast(Mappers, mortal.mappers), import_id)
        await drive(sound, import_id)
        assert await state(sound, user.id, import_id, name) == after, f"cut off before write {last}"
        if not mortal.died:
            assert last > 8
            return
    pytest.fail(f"more than {MOST_WRITES} writes")


@pytest.mark.parametrize("waiting_only", [False, True])
async def test_taking_back_goes_on_wherever_it_stopped(mappers: MongoMappers, waiting_only: bool) -> None:
    sound = cast(Mappers, mappers)
    for last in range(MOST_WRITES):
        name = f"t{last}"
        user = await add_user(sound, name)
        import_id = await start(sound, user.id, await items(sound, name))
        await sound.imports.plant(import_id, 100, unread=9, now=NOW, due_at=FAR)
        assert await sound.imports.switch(import_id, ["running"], "cancelled", NOW)
        mortal = Mortal(mappers, last, 0.5)
        with suppress(Died):
            await mortal.mappers.imports.take_back(import_id, waiting_only=waiting_only)
        await sound.imports.take_back(import_id, waiting_only=waiting_only)
        found = await state(sound, user.id, import_id, name)
        assert (found["number"], found["folders"]) == (0, []), f"cut off before write {last}"
        assert {state for state, _ in found["items"]} == {"skipped" if waiting_only else "waiting"}
        if not mortal.died:
            assert last > 1
            return
    pytest.fail(f"more than {MOST_WRITES} writes")
