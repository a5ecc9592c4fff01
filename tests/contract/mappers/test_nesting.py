"""Folders inside folders."""

from __future__ import annotations

import pytest

from reader.errors import Conflict, NotFound
from reader.mappers import Mappers
from reader.models.subscription import Folder
from tests.contract.mappers.make import add_user


async def folders(mappers: Mappers, user_id: int) -> dict[int, Folder]:
    return {f.id: f for f in (await mappers.subscriptions.delta(user_id, -1, -1)).folders}


async def test_titles_are_unique_among_neighbours_only(mappers: Mappers) -> None:
    user = await add_user(mappers)
    outer = await mappers.subscriptions.add_folder(user.id, "News")
    inner = await mappers.subscriptions.add_folder(user.id, "news", outer.id)
    assert (inner.parent_id, (await folders(mappers, user.id))[inner.id].parent_id) == (outer.id, outer.id)
    with pytest.raises(Conflict):
        await mappers.subscriptions.add_folder(user.id, "NEWS", outer.id)
    with pytest.raises(NotFound):
        await mappers.subscriptions.add_folder(user.id, "x", 999)
    with pytest.raises(Conflict):
        await mappers.subscriptions.nest_folder(user.id, inner.id, None)
    await mappers.subscriptions.rename_folder(user.id, inner.id, "Sport")
    await mappers.subscriptions.nest_folder(user.id, inner.id, None)
    assert (await folders(mappers, user.id))[inner.id].parent_id is None


async def test_no_folder_inside_itself(mappers: Mappers) -> None:
    user, other = await add_user(mappers), await add_user(mappers, "bob")
    a = await mappers.subscriptions.add_folder(user.id, "A")
    b = await mappers.subscriptions.add_folder(user.id, "B", a.id)
    c = await mappers.subscriptions.add_folder(user.id, "C", b.id)
    for place in (a.id, b.id, c.id):
        with pytest.raises(Conflict):
            await mappers.subscriptions.nest_folder(user.id, a.id, place)
    foreign = await mappers.subscriptions.add_folder(other.id, "F")
    with pytest.raises(NotFound):
        await mappers.subscriptions.nest_folder(user.id, a.id, foreign.id)
    rev = await mappers.subscriptions.rev(user.id)
    await mappers.subscriptions.nest_folder(user.id, b.id, a.id)
    assert await mappers.subscriptions.rev(user.id) == rev


async def test_removing_moves_inner_folders_up_and_restoring_moves_them_back(mappers: Mappers) -> None:
    user = await add_user(mappers)
    a = await mappers.subscriptions.add_folder(user.id, "A")
    b = await mappers.subscriptions.add_folder(user.id, "B", a.id)
    c = await mappers.subscriptions.add_folder(user.id, "C", b.id)
    same = await mappers.subscriptions.add_folder(user.id, "B", b.id)
    await mappers.subscriptions.remove_folder(user.id, b.id)
    found = await folders(mappers, user.id)
    assert b.id not in found and found[c.id].parent_id == found[same.id].parent_id == a.id
    with pytest.raises(Conflict):  # an inner folder has taken its name
        await mappers.subscriptions.restore_folder(b, [], [c.id])
    await mappers.subscriptions.rename_folder(user.id, same.id, "Same")
    await mappers.subscriptions.restore_folder(b, [], [c.id, same.id])
    found = await folders(mappers, user.id)
    assert (found[b.id].parent_id, found[c.id].parent_id, found[same.id].parent_id) == (a.id, b.id, b.id)


async def test_removing_stops_where_a_name_is_taken(mappers: Mappers) -> None:
    user = await add_user(mappers)
    await mappers.subscriptions.add_folder(user.id, "X")
    a = await mappers.subscriptions.add_folder(user.id, "A")
    await mappers.subscriptions.add_folder(user.id, "X", a.id)
    with pytest.raises(Conflict):
        await mappers.subscriptions.remove_folder(user.id, a.id)
    assert a.id in await folders(mappers, user.id)
