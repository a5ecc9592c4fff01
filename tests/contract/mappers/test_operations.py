from __future__ import annotations

import asyncio

from reader.mappers import Mappers
from reader.mappers.operations import Figures, Report
from reader.models.operations import AuditLine, DeadLetter, Owned
from tests.contract.mappers.make import add_user


def letter(key: str, at: float, queue: str = "icon") -> DeadLetter:
    return DeadLetter(key, "icon", '{"feed_id":1}', queue, "ValueError: ü", ("One.", "Two."), 3, at)


def line(what: str, at: float = 1.0) -> AuditLine:
    return AuditLine(0, at, 7, "ada", what, "3", "4")


async def test_dead_letters_newest_first_page_by_page(mappers: Mappers) -> None:
    for key, at in (("a", 1.0), ("b", 2.0), ("c", 2.0), ("d", 3.0)):
        await mappers.operations.bury(letter(key, at, "icon" if key < "c" else "pull-sys"))
    first = await mappers.operations.dead(limit=2)
    assert [each.key for each in first] == ["d", "c"]
    rest = await mappers.operations.dead(before=(first[-1].died_at, first[-1].key), limit=9)
    assert [each.key for each in rest] == ["b", "a"]
    assert rest[1] == letter("a", 1.0)
    assert await mappers.operations.dead_letter("b") == letter("b", 2.0)
    assert await mappers.operations.dead_letter("z") is None
    assert await mappers.operations.dead_counts() == {"icon": 2, "pull-sys": 2}
    await mappers.operations.bury(letter("a", 9.0))  # it died again
    assert [each.key for each in await mappers.operations.dead(limit=9)] == ["a", "d", "c", "b"]


async def test_a_dead_letter_is_taken_away_once(mappers: Mappers) -> None:
    for key in ("a", "b"):
        await mappers.operations.bury(letter(key, 1.0))
    taken = await asyncio.gather(*(mappers.operations.unbury(["a", "none"]) for _ in range(4)))
    assert [each.key for some in taken for each in some] == ["a"]
    assert [each.key for each in await mappers.operations.dead(limit=9)] == ["b"]


async def test_owners_see_their_own(mappers: Mappers) -> None:
    ann, bob = await add_user(mappers), await add_user(mappers, "bob")
    await mappers.operations.own(Owned(ann.id, "k", "pull", "{}", 1.0, 0.5))
    await mappers.operations.own(Owned(bob.id, "k", "pull", "{}", 2.0))
    await mappers.operations.own(Owned(ann.id, "l", "discover", "{}", 3.0))
    await mappers.operations.own(Owned(ann.id, "k", "pull", "{}", 4.0, 3.5))  # once more
    assert await mappers.operations.owned(ann.id, ["k", "none"]) == [Owned(ann.id, "k", "pull", "{}", 4.0, 3.5)]
    assert await mappers.operations.owned(bob.id, ["l"]) == []
    assert [each.key for each in await mappers.operations.owned_page(ann.id, 9)] == ["k", "l"]
    assert [each.key for each in await mappers.operations.owned_page(ann.id, 1)] == ["k"]
    assert await mappers.operations.trim_owned(3.0) == 1
    assert await mappers.operations.owned(bob.id, ["k"]) == []


async def test_reports_of_processes(mappers: Mappers) -> None:
    assert await mappers.operations.report(Report("a", 1.0, "{}")) == 0
    await mappers.operations.report(Report("b", 2.0, '{"b":1}'))
    await mappers.operations.note(line("something"))
    assert await mappers.operations.report(Report("a", 5.0, '{"a":2}')) == await mappers.operations.setting_rev() > 0
    assert await mappers.operations.reports(0.0) == [Report("a", 5.0, '{"a":2}'), Report("b", 2.0, '{"b":1}')]
    assert [each.holder for each in await mappers.operations.reports(3.0)] == ["a"]
    assert await mappers.operations.holders(0.0) == ["a", "b"]
    assert await mappers.operations.holders(3.0) == ["a"]
    await mappers.operations.forget("a")
    assert [each.holder for each in await mappers.operations.reports(0.0)] == ["b"]


async def test_settings_with_their_audit(mappers: Mappers) -> None:
    assert await mappers.operations.settings() == (0, {})
    await mappers.operations.set_setting("icon", "buffer", 5.0, line("one"))
    await mappers.operations.set_setting("icon", "attempts", 2.0, line("two"))
    first, values = await mappers.operations.settings()
    assert values == {("icon", "buffer"): 5.0, ("icon", "attempts"): 2.0}
    await mappers.operations.set_setting("icon", "buffer", None, line("three"))
    second, values = await mappers.operations.settings()
    assert second > first
    assert second == await mappers.operations.setting_rev()
    assert values == {("icon", "attempts"): 2.0}


async def test_the_audit_is_kept_in_order(mappers: Mappers) -> None:
    for number in range(5):
        await mappers.operations.note(line(f"act {number}", float(number)))
    newest = await mappers.operations.audit(limit=2)
    assert [each.what for each in newest] == ["act 4", "act 3"]
    assert (newest[0].at, newest[0].user_id, newest[0].user, newest[0].before, newest[0].after) == (
        4,
        7,
        "ada",
        "3",
        "4",
    )
    older = await mappers.operations.audit(before=newest[-1].id, limit=9)
    assert [each.what for each in older] == ["act 2", "act 1", "act 0"]
    rev = await mappers.operations.setting_rev()
    assert await mappers.operations.trim_audit(2) == 3
    assert [each.what for each in await mappers.operations.audit(limit=9)] == ["act 4", "act 3"]
    assert await mappers.operations.setting_rev() == rev


async def test_history_is_trimmed_as_it_grows(mappers: Mappers) -> None:
    await mappers.operations.record(Figures(300.0, "b", "{}"), 0.0)
    await mappers.operations.record(Figures(300.0, "a", '{"x":1}'), 0.0)
    await mappers.operations.record(Figures(300.0, "a", '{"x":2}'), 0.0)
    assert await mappers.operations.history(0.0) == [Figures(300.0, "a", '{"x":2}'), Figures(300.0, "b", "{}")]
    await mappers.operations.record(Figures(900.0, "a", "{}"), 600.0)
    assert [each.at for each in await mappers.operations.history(0.0)] == [900.0]
    assert await mappers.operations.history(901.0) == []
