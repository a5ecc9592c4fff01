"""Each change is cut off before every one of its writes, and in the middle of a bulk: it then happened or it did not,
for whoever looks next, and what follows finds nothing in its way."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, cast

import pytest
from pyroaring import BitMap

from reader.mappers import Mappers
from reader.mappers.mongo import MongoMappers
from reader.mappers.mongo import changes as protocol
from reader.models.subscription import Folder, Subscription
from tests.contract.mappers.make import add_feed, add_user, change, fill
from tests.unit.mongo.dying import Died, Mortal

MOST_WRITES = 40


@dataclass(frozen=True)
class Reader:
    """Somebody with three feeds, one of them in the folder ``inner``, which is inside ``outer``."""

    id: int
    feeds: tuple[int, int, int]
    other: int  # a feed that they do not read
    outer: Folder
    inner: Folder
    removed: Subscription  # of a fourth feed
    gone: Folder


async def reader(mappers: Mappers, name: str) -> Reader:
    user = await add_user(mappers, name)
    outer = await mappers.subscriptions.add_folder(user.id, "Outer")
    inner = await mappers.subscriptions.add_folder(user.id, "Inner", outer.id)
    gone = await mappers.subscriptions.add_folder(user.id, "Gone")
    feeds = [(await add_feed(mappers, f"{name}-{n}")).id for n in range(5)]
    for n, feed_id in enumerate(feeds):
        await fill(mappers, feed_id, 5, prefix=f"{name}{n}")
        if n < 4:
            folder_id = inner.id if n == 0 else None
            await mappers.subscriptions.subscribe(user.id, feed_id, folder_id=folder_id, title=None, unread=9, now=1.0)
    (removed,) = await mappers.subscriptions.unsubscribe(user.id, [feeds[3]])
    await mappers.subscriptions.remove_folder(user.id, gone.id)
    return Reader(user.id, (feeds[0], feeds[1], feeds[2]), feeds[4], outer, inner, removed, gone)


Act = Callable[[Mappers, Reader], Awaitable[object]]
ACTS: dict[str, Act] = {
    "mark": lambda m, r: m.subscriptions.mark(
        r.id, [change(r.feeds[0], [1, 2]), change(r.feeds[1], [3]), change(r.feeds[2], [5])], now=2.0
    ),
    "subscribe": lambda m, r: m.subscriptions.subscribe(
        r.id, r.other, folder_id=r.inner.id, title="T", unread=2, now=3.0
    ),
    "unsubscribe": lambda m, r: m.subscriptions.unsubscribe(r.id, r.feeds[:2]),
    "restore": lambda m, r: m.subscriptions.restore([r.removed]),
    "move": lambda m, r: m.subscriptions.move(r.id, [r.feeds[2], r.feeds[0]], r.outer.id, None),
    "rename": lambda m, r: m.subscriptions.rename(r.id, r.feeds[0], "Mine"),
    "add folder": lambda m, r: m.subscriptions.add_folder(r.id, "New", r.outer.id),
    "nest folder": lambda m, r: m.subscriptions.nest_folder(r.id, r.inner.id, None),
    "rename folder": lambda m, r: m.subscriptions.rename_folder(r.id, r.inner.id, "Other"),
    "remove folder": lambda m, r: m.subscriptions.remove_folder(r.id, r.outer.id),
    "restore folder": lambda m, r: m.subscriptions.restore_folder(r.gone, r.feeds, [r.inner.id, r.outer.id]),
    "move folder": lambda m, r: m.subscriptions.move_folder(r.id, r.inner.id, r.outer.id),
    "open folder": lambda m, r: m.subscriptions.open_folder(r.id, r.inner.id, True),
}
Shelf = dict[str, Any]


async def shelf(mappers: Mappers, mine: Reader) -> Shelf:
    """All that the reader has, with names that are the same for every reader."""
    delta = await mappers.subscriptions.delta(mine.id, -1, -1)
    names = {feed_id: n for n, feed_id in enumerate((*mine.feeds, mine.other, mine.removed.feed_id))}
    titles = {folder.id: folder.title for folder in delta.folders}
    journal = await mappers.subscriptions.journal(mine.id, 0)
    assert journal is not None
    return {
        "folders": [(f.title, f.position, f.open, f.parent_id and titles[f.parent_id]) for f in delta.folders],
        "subscriptions": {
            names[s.feed_id]: (
                s.folder_id and titles[s.folder_id],
                s.title,
                s.position,
                list(BitMap.deserialize(s.read)),
            )
            for s in delta.subscriptions
        },
        "journal": [(names[c.feed_id], list(c.add), list(c.remove)) for c in journal],
    }


def joined(old: dict[int, Subscription], delta: Any) -> dict[int, Subscription]:
    """What somebody knows who follows by deltas."""
    news = {each.feed_id: each for each in delta.subscriptions}
    return news if delta.whole else {**old, **news}


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS.keys())
async def test_a_change_of_a_reader_is_whole_or_not_at_all(mappers: MongoMappers, act: Act) -> None:
    sound = cast(Mappers, mappers)
    whole = await reader(sound, "whole")
    before = await shelf(sound, whole)
    await act(sound, whole)
    after = await shelf(sound, whole)
    assert before != after
    happened = []
    for last in range(MOST_WRITES):
        mine = await reader(sound, f"r{last}")
        known = await mappers.subscriptions.delta(mine.id, -1, -1)
        mortal = Mortal(mappers, last, 0.5)
        try:
            await act(cast(Mappers, mortal.mappers), mine)
        except Died:
            assert mortal.died
        found = await shelf(sound, mine)
        assert found in (before, after), f"cut off before write {last}"
        happened.append(found == after)
        follows = await mappers.subscriptions.delta(mine.id, known.rev, known.shape_rev)
        old = {each.feed_id: each for each in known.subscriptions}
        all_of_it = await mappers.subscriptions.delta(mine.id, -1, -1)
        assert joined(old, follows) == {each.feed_id: each for each in all_of_it.subscriptions}
        if not mortal.died:
            break
        await mappers.subscriptions.rename(mine.id, mine.feeds[2], "Goes on")
    else:
        pytest.fail(f"more than {MOST_WRITES} writes")
    assert happened == sorted(happened) and happened[0] is False and happened[-1] is True
    assert happened.count(True) >= 3, "it is settled by its second write or so, not by the last"


async def test_a_change_too_large_for_the_users_document(
    mappers: MongoMappers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It goes into documents of its own first, and leaves none."""
    monkeypatch.setattr(protocol, "INLINE", 100)
    monkeypatch.setattr(protocol, "PART", 300)
    await test_a_change_of_a_reader_is_whole_or_not_at_all(mappers, ACTS["mark"])
    await mappers.subscriptions.trim_journal(4e9)
    assert await mappers.engine.db.user_change.count_documents({}) == 0
    assert await mappers.engine.db.user.count_documents({"open": {"$exists": True}}) == 0


async def test_a_write_that_was_long_on_its_way_changes_nothing(mappers: MongoMappers) -> None:
    """Somebody opened a change and was stopped. Others finish it and go on; then the stopped one writes after all."""
    sound, db = cast(Mappers, mappers), mappers.engine.db
    mine = await reader(sound, "ann")
    mortal = Mortal(mappers, 1)
    with pytest.raises(Died):
        await mortal.mappers.subscriptions.subscribe(mine.id, mine.other, folder_id=None, title="T", unread=2, now=3.0)
    opened = (await db.user.find_one({"_id": mine.id}) or {})["open"]
    await mappers.subscriptions.mark(mine.id, [change(mine.other, [1, 4])], now=4.0)
    await mappers.subscriptions.unsubscribe(mine.id, [mine.other])
    expected = await shelf(sound, mine)
    await protocol._finish(mappers.engine, mine.id, opened)
    assert await shelf(sound, mine) == expected
    assert mine.other not in {s.feed_id for s in (await mappers.subscriptions.delta(mine.id, -1, -1)).subscriptions}
    again, new = await mappers.subscriptions.subscribe(
        mine.id, mine.other, folder_id=None, title="Again", unread=1, now=5.0
    )
    assert new and again.title == "Again"
    await protocol._finish(mappers.engine, mine.id, opened)
    assert await mappers.subscriptions.get(mine.id, mine.other) == again


async def test_what_is_gone_is_forgotten_after_a_while(mappers: MongoMappers) -> None:
    mine = await reader(cast(Mappers, mappers), "ann")
    await mappers.subscriptions.unsubscribe(mine.id, mine.feeds)
    assert await mappers.engine.db.subscription.count_documents({}) == 4
    await mappers.subscriptions.trim_journal(1e9)
    assert await mappers.engine.db.subscription.count_documents({}) == 4
    await mappers.subscriptions.trim_journal(4e9)
    assert await mappers.engine.db.subscription.count_documents({}) == 0
    assert await mappers.engine.db.folder.count_documents({}) == 2


async def test_the_sweep_finishes_what_nobody_came_for(mappers: MongoMappers) -> None:
    mine = await reader(cast(Mappers, mappers), "ann")
    mortal = Mortal(mappers, 1)
    with pytest.raises(Died):
        await mortal.mappers.subscriptions.rename(mine.id, mine.feeds[0], "Mine")
    assert await mappers.engine.db.user.count_documents({"open": {"$exists": True}}) == 1
    await mappers.subscriptions.trim_journal(0.0)
    assert await mappers.engine.db.user.count_documents({"open": {"$exists": True}}) == 0
    known = await mappers.subscriptions.get(mine.id, mine.feeds[0])
    assert known is not None
    assert known.title == "Mine"
