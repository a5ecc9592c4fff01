"""Check 17: a feed changes all its ids at once; at most 5 % of its entries come up as new."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.threats.versions import Item, Replayed, item, replay

COUNT = 40
Change = Callable[[Item], Item]


def https(one: Item) -> Item:
    return replace(
        one,
        guid=(one.guid or "").replace("http://", "https://"),
        link=(one.link or "").replace("http://", "https://"),
        text=(one.text or "").replace("http://", "https://"),
    )


CHANGES: dict[str, Change] = {
    "other ids": lambda one: replace(one, guid=f"urn:cms:{hash(one.guid)}"),
    "ids in capitals": lambda one: replace(one, guid=(one.guid or "").upper()),
    "ids with spaces": lambda one: replace(one, guid=f"  {one.guid}\n "),
    "http to https": https,
    "www and slash": lambda one: replace(
        one, guid=f"{one.guid}#x", link=(one.link or "").replace("://", "://www.") + "/?utm_source=rss&utm_medium=feed"
    ),
    "ids and texts": lambda one: replace(one, guid=f"n{one.guid}", text=f"<div>{one.text} Read on.</div>"),
    "ids and host": lambda one: replace(
        one, guid=f"n{one.guid}", link=(one.link or "").replace("gazette.example", "new.example")
    ),
    "ids and links": lambda one: replace(one, guid=f"n{one.guid}", link=f"{one.link}-slug.html"),
    "ids and dates": lambda one: replace(one, guid=f"n{one.guid}", at=(one.at or 0) + 7200),
    "ids and titles": lambda one: replace(one, guid=f"n{one.guid}", title=f"{one.title} | Gazette"),
    "ids dropped": lambda one: replace(one, guid=None),
}


def before() -> list[Item]:
    return [
        item(n, link=f"http://gazette.example/story/{n}", guid=f"http://gazette.example/?p={n}",
             text=f'<p><a href="http://gazette.example/{n}">{n}</a></p>')
        for n in range(COUNT, 0, -1)
    ]  # fmt: skip


def resurfacing(done: Replayed) -> int:
    return sum(done.new[1:])


@pytest.mark.parametrize("name", CHANGES)
def test_all_ids_at_once(name: str) -> None:
    old = before()
    new = [CHANGES[name](one) for one in old]
    uids = [one.guid or "" for one in old]
    done = replay([old, new, new, [*new, item(99)], new], {0: uids})
    assert resurfacing(done) - 1 <= COUNT * 0.05, done.new
    assert len(done.unread) <= 1 + COUNT * 0.05


def test_undated_entries_too() -> None:
    old = [replace(one, at=None) for one in before()]
    new = [replace(one, guid=f"n{one.guid}", text=f"{one.text}!") for one in old]
    assert resurfacing(replay([old, new, new])) == 0


def test_ids_that_change_with_every_fetch() -> None:
    versions = [[replace(one, guid=f"{one.guid}&session={fetch}") for one in before()] for fetch in range(20)]
    done = replay(versions, {0: [one.guid or "" for one in versions[0]]})
    assert done.new == [COUNT] + [0] * 19
    assert done.unread == []


def test_ids_and_links_that_change_with_every_fetch() -> None:
    versions = [
        [
            replace(one, guid=f"{one.guid}&session={fetch}", link=f"{one.link}?token={fetch}")
            for one in (before() if fetch % 2 else before()[5:])
        ]
        for fetch in range(20)
    ]
    done = replay(versions, {0: [one.guid or "" for one in versions[0]]})
    assert sum(done.new) == COUNT
    assert len(done.unread) == 5


def test_another_edition_of_the_same_column_is_new() -> None:
    """Same titles and links every day, other ids, dates and texts: a bulletin, no renewal."""
    days = [
        [item(n, guid=f"{day}-{n}", at=1_780_000_000.0 + day * 86_400 + n, text=f"<p>{day} {n}</p>") for n in range(5)]
        for day in range(6)
    ]
    assert sum(replay(days).new) == 30
