"""Check 18: entries that share an id though their links differ, and the reverse. The rule is decision 0005."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.threats.versions import Item, item, replay

MANY = [item(n) for n in range(100, 40, -1)]
FEW = [item(n) for n in range(44, 40, -1)]


@pytest.mark.parametrize("others", [MANY, FEW, []], ids=["tolerated", "too many", "alone"])
def test_one_id_with_two_links_is_two_entries(others: list[Item]) -> None:
    one, two = item(101, guid="g"), item(102, guid="g")
    versions = [[two, one, *others], [one, two, *others], [one, *others], [two, *others], [two, one, *others]] * 2
    done = replay(versions, {0: ["g"]})
    assert sum(done.new) == 2 + len(others), done.new
    assert done.new[1:] == [0] * 9
    assert done.updated == 0
    assert sorted(entry["url"] for entry in done.entries if entry["uid"] == "g") == [one.link, two.link]


@pytest.mark.parametrize("others", [MANY, FEW, []], ids=["tolerated", "too many", "alone"])
def test_the_second_may_come_later(others: list[Item]) -> None:
    one, two = item(101, guid="g"), item(102, guid="g")
    done = replay([[one, *others], *[[two, one, *others], [one, two, *others]] * 5], {0: [one.link or ""]})
    assert sum(done.new) == 2 + len(others)
    assert [entry["read"] for entry in done.entries if entry["url"] == one.link] == [True]


@pytest.mark.parametrize("others", [MANY, FEW, []], ids=["few", "many", "alone"])
def test_two_ids_with_one_link_are_two_entries(others: list[Item]) -> None:
    one, two = item(101, link="https://gazette.example/live"), item(102, link="https://gazette.example/live")
    done = replay([[two, one, *others], [one, two, *others], [one, *others], [two, *others]] * 3)
    assert sum(done.new) == 2 + len(others)
    assert done.updated == 0


@pytest.mark.parametrize("guid", ["same", "https://gazette.example/feed.xml"])
def test_every_entry_with_the_same_id(guid: str) -> None:
    versions = [[item(n, guid=guid) for n in range(first + 10, first, -1)] for first in range(10)]
    done = replay(versions)
    assert done.new == [10] + [1] * 9
    assert done.updated == 0


@pytest.mark.parametrize("guid", [None, "same"])
@pytest.mark.parametrize("link", [None, "https://gazette.example/"])
@pytest.mark.parametrize("dated", [True, False])
def test_every_entry_with_the_same_link(guid: str | None, link: str | None, dated: bool) -> None:
    def one(n: int) -> Item:
        return item(n, guid=guid, link=link) if dated else item(n, guid=guid, link=link, at=None)

    done = replay([[one(n) for n in range(first + 10, first, -1)] for first in range(10)])
    assert done.new == [10] + [1] * 9
    assert done.updated == 0


def test_an_entry_twice_in_one_document_is_one() -> None:
    done = replay([[item(1), item(2), item(1), item(3)]] * 2 + [[item(4), item(1), item(1), item(2), item(3)]])
    assert (done.new, done.updated) == ([3, 0, 1], 0)


def test_a_criterion_that_weakens_shows_nothing_again() -> None:
    """Good ids at first; then a tenth of them repeats, and later the links do as well."""
    good = [item(n) for n in range(20, 0, -1)]
    doubled = [replace(one, guid="g") if number < 3 else one for number, one in enumerate(good)]
    linkless = [replace(one, link="https://gazette.example/") for one in doubled]
    done = replay([good, doubled, good, linkless, doubled, linkless], {0: [one.guid or "" for one in good]})
    assert done.new == [20, 0, 0, 0, 0, 0]
    assert done.unread == []
