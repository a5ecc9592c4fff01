"""Check 16: an entry without id whose title changes with every fetch is stored once per link and stays read."""

from __future__ import annotations

import pytest

from tests.threats.versions import Item, item, replay


@pytest.mark.parametrize("count", [1, 3, 20])
@pytest.mark.parametrize("dated", [True, False])
def test_a_hundred_titles(count: int, dated: bool) -> None:
    def version(fetch: int) -> list[Item]:
        changes = {"guid": None} if dated else {"guid": None, "at": None}
        return [item(n, title=f"Story {n} ({fetch} comments)", **changes) for n in range(count, 0, -1)]

    links = [item(n).link or "" for n in range(1, count + 1)]
    done = replay([version(fetch) for fetch in range(100)], {0: links})
    assert done.new == [count] + [0] * 99
    assert [entry["url"] for entry in done.entries] == links
    assert all(entry["read"] for entry in done.entries)
    assert done.updated == 24 * count  # and then it is left alone


def test_a_link_to_the_front_page_is_a_link_too() -> None:
    done = replay([[Item(title=f"Now {n} degrees", link="https://gazette.example/")] for n in range(100)])
    assert len(done.entries) == 1


def test_text_that_swings_between_two_versions_stops_being_an_update() -> None:
    versions = [[item(1, text=f"<p>version {n % 2}</p>"), item(0)] for n in range(100)]
    done = replay(versions, {0: [item(1).guid or ""]})
    assert (sum(done.new), done.updated, done.unread) == (2, 24, [item(0).guid])


def test_dates_that_are_made_anew_for_every_request_change_nothing() -> None:
    versions = [[item(n, at=1_780_000_000.0 + fetch * 3600) for n in range(9, 0, -1)] for fetch in range(50)]
    done = replay(versions)
    assert (sum(done.new), done.updated) == (9, 0)


def test_a_doubled_link_among_them_floods_nobody() -> None:
    """Ten undated entries without ids, two with one link: what tells them apart changes with every fetch."""

    def version(fetch: int) -> list[Item]:
        links = [f"https://gazette.example/{max(n, 1)}" for n in range(10)]
        return [Item(title=f"{link[-1]} ({fetch} comments, {n})", link=link) for n, link in enumerate(links)]

    done = replay([version(fetch) for fetch in range(30)])
    assert sum(done.new) <= 10 + 2 * 30
