from __future__ import annotations

import pytest

from reader.mappers import Mappers
from reader.models.people import Notification
from tests.contract.mappers.society import add_person, add_share


async def tell(mappers: Mappers, user_id: int, actor_id: int, key: str = "follow", now: float = 5.0) -> bool:
    return await mappers.notifications.tell(user_id, key, "follow", actor_id, share_id=None, comment_id=None, now=now)


async def test_the_same_is_told_once(mappers: Mappers) -> None:
    ann, bob = await add_person(mappers, "ann"), await add_person(mappers, "bob")
    share = await add_share(mappers, ann)
    assert await mappers.notifications.tell(ann, "like:1", "like", bob, share_id=share.id, comment_id=7, now=5.0)
    assert not await mappers.notifications.tell(ann, "like:1", "like", bob, share_id=share.id, comment_id=7, now=6.0)
    [told] = await mappers.notifications.page(ann, before=None, limit=9)
    assert told == Notification(told.id, ann, "like:1", "like", bob, share.id, 7, 5.0, None)
    assert await mappers.notifications.page(bob, before=None, limit=9) == []


async def test_seen_and_pages(mappers: Mappers) -> None:
    ann, bob = await add_person(mappers, "ann"), await add_person(mappers, "bob")
    for n in range(5):
        await tell(mappers, ann, bob, f"k{n}")
    ids = [each.id for each in await mappers.notifications.page(ann, before=None, limit=9)]
    assert ids == sorted(ids, reverse=True) and len(ids) == 5
    assert [each.id for each in await mappers.notifications.page(ann, before=ids[1], limit=2)] == ids[2:4]
    assert await mappers.notifications.unseen(ann) == 5
    assert await mappers.notifications.seen(ann, ids[2], now=9.0) == 3
    assert await mappers.notifications.seen(ann, ids[2], now=10.0) == 0
    assert await mappers.notifications.unseen(ann) == 2
    page = await mappers.notifications.page(ann, before=None, limit=9)
    assert [each.seen_at for each in page] == [None, None, 9.0, 9.0, 9.0]


async def test_one_can_be_taken_back(mappers: Mappers) -> None:
    ann, bob = await add_person(mappers, "ann"), await add_person(mappers, "bob")
    await tell(mappers, ann, bob)
    assert await mappers.notifications.forget(ann, "follow")
    assert not await mappers.notifications.forget(ann, "follow")
    assert await mappers.notifications.unseen(ann) == 0


@pytest.mark.parametrize("why", ["blocks", "blocked", "mutes", "nobody"])
async def test_nothing_is_told_of_whom_one_does_not_want_to_hear(mappers: Mappers, why: str) -> None:
    ann, bob = await add_person(mappers, "ann"), await add_person(mappers, "bob")
    match why:
        case "blocks":
            await mappers.people.block(ann, bob, now=3.0)
        case "blocked":
            await mappers.people.block(bob, ann, now=3.0)
        case "mutes":
            await mappers.people.mute(ann, bob, now=3.0)
    actor = bob if why != "nobody" else 999
    assert not await tell(mappers, ann, actor)
    assert await mappers.notifications.page(ann, before=None, limit=9) == []


async def test_muting_hides_what_was_told_until_it_ends(mappers: Mappers) -> None:
    ann, bob, cy = [await add_person(mappers, name) for name in ("ann", "bob", "cy")]
    await tell(mappers, ann, bob, "b")
    await tell(mappers, ann, cy, "c")
    await mappers.people.mute(ann, bob, now=6.0)
    assert [each.actor_id for each in await mappers.notifications.page(ann, before=None, limit=9)] == [cy]
    assert await mappers.notifications.unseen(ann) == 1
    await mappers.people.unrelate(ann, bob, "mute")
    assert await mappers.notifications.unseen(ann) == 2


async def test_old_ones_are_trimmed(mappers: Mappers) -> None:
    ann, bob = await add_person(mappers, "ann"), await add_person(mappers, "bob")
    await tell(mappers, ann, bob, "old", now=5.0)
    await tell(mappers, ann, bob, "new", now=6.0)
    assert await mappers.notifications.trim(6.0) == 1
    assert [each.key for each in await mappers.notifications.page(ann, before=None, limit=9)] == ["new"]
