from __future__ import annotations

import pytest

from reader.errors import NotFound
from reader.mappers import Mappers
from reader.models.entry import Flags
from tests.contract.mappers.conftest import Count
from tests.contract.mappers.make import add_reader


async def test_a_flag_keeps_its_first_time(mappers: Mappers) -> None:
    reader = await add_reader(mappers)
    entry_id = reader.ids[0]
    assert await mappers.flags.set(reader.user.id, entry_id, "starred", True, now=5.0)
    assert not await mappers.flags.set(reader.user.id, entry_id, "starred", True, now=6.0)
    assert await mappers.flags.set(reader.user.id, entry_id, "later", True, now=7.0)
    assert await mappers.flags.many(reader.user.id, reader.ids) == {entry_id: Flags(entry_id, 5.0, 7.0)}
    assert await mappers.flags.set(reader.user.id, entry_id, "starred", False, now=8.0)
    assert not await mappers.flags.set(reader.user.id, entry_id, "starred", False, now=8.0)
    assert await mappers.flags.many(reader.user.id, reader.ids) == {entry_id: Flags(entry_id, None, 7.0)}


async def test_an_absent_entry_cannot_be_flagged(mappers: Mappers) -> None:
    reader = await add_reader(mappers)
    with pytest.raises(NotFound):
        await mappers.flags.set(reader.user.id, 12345, "starred", True, now=5.0)
    assert not await mappers.flags.set(reader.user.id, 12345, "starred", False, now=5.0)


async def test_pages_go_down_by_time_then_id(mappers: Mappers) -> None:
    reader = await add_reader(mappers)
    for entry_id, when in zip(reader.ids, (3.0, 1.0, 2.0, 2.0, 2.0), strict=True):
        await mappers.flags.set(reader.user.id, entry_id, "starred", True, now=when)
    a, b, c, d, e = reader.ids
    expected = [(3.0, a), (2.0, e), (2.0, d), (2.0, c), (1.0, b)]
    assert await mappers.flags.page(reader.user.id, "starred", before=None, limit=99) == expected
    collected: list[tuple[float, int]] = []
    while page := await mappers.flags.page(
        reader.user.id, "starred", before=collected[-1] if collected else None, limit=2
    ):
        collected += page
    assert collected == expected
    assert await mappers.flags.count(reader.user.id, "starred") == 5
    assert await mappers.flags.count(reader.user.id, "later") == 0


async def test_flags_of_many_entries_are_one_round_trip(mappers: Mappers, trips: Count) -> None:
    reader = await add_reader(mappers)
    before = trips()
    await mappers.flags.many(reader.user.id, range(1, 50_000))
    assert trips() - before == 1
