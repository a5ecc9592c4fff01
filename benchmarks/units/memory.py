"""Memory of what a web process keeps of its readers: shelves, and the book of feeds. A process of its own.

``python -m benchmarks.units.memory SUBSCRIPTIONS`` prints the bytes of one subscription on a shelf and of one feed in
the book as JSON.
"""

from __future__ import annotations

import json
import random
import sys
from array import array
from pathlib import Path
from typing import cast

from pyroaring import BitMap

from reader.gateways.positions import FIRST, FeedBook, Window
from reader.gateways.shelf import Shelf
from reader.mappers import Mappers
from reader.mappers.bitmaps import pack
from reader.mappers.feeds import FeedMark
from reader.mappers.subscriptions import ReadingDelta
from reader.models.subscription import Subscription

EACH = 100  # subscriptions of a reader
ENTRIES = 300


class _NoStore:
    """The book asks the store for nothing here."""

    shares = None


def resident() -> int:
    """Bytes in memory of this process alone."""
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return 1024 * sum(int(line.split()[1]) for line in lines if line.startswith(("Private_Dirty:", "Private_Clean:")))


def mark(number: int) -> FeedMark:
    return FeedMark(
        number + 10**6, number, ENTRIES, 0, f"Notes of site {number}", f"https://site{number}.example/blog/feed.xml",
        f"https://site{number}.example/", f"{number:040x}", "active", None, "rss", "site", b"", 0,
    )  # fmt: skip


def fill_book(book: FeedBook, count: int) -> None:
    """So many feeds with the positions that are loaded at first."""
    for number in range(count):
        known = mark(number)
        book.marks[known.feed_id] = known
        window = book.windows[known.feed_id] = Window(ENTRIES - FIRST + 1)
        window.sorts = array("d", (1.7e9 + seq for seq in range(FIRST)))
        window.ids = array("q", (number * 1000 + seq for seq in range(FIRST)))


def shelf_of(user_id: int, feeds: list[int], book: FeedBook, rng: random.Random) -> Shelf:
    read = [BitMap(rng.sample(range(1, ENTRIES + 1), ENTRIES // 3)) for _ in feeds]
    subscriptions = tuple(
        Subscription(user_id, feed_id, None, None, place, pack(seqs), 7, 1, 1.7e9, False)
        for place, (feed_id, seqs) in enumerate(zip(feeds, read, strict=True))
    )
    shelf = Shelf(user_id)
    shelf.take(ReadingDelta(7, 1, True, (), subscriptions))
    shelf.settle(book)
    for state in shelf.subs.values():  # as the left column and a list ask for
        state.row()
        len(state.seen)
    return shelf


def main(count: int) -> None:
    book = FeedBook(cast(Mappers, _NoStore()))
    shelf_of(0, [], book, random.Random(0))  # everything is loaded
    before = resident()
    fill_book(book, count)
    with_book = resident()
    rng = random.Random(1)
    feeds = list(book.marks)
    shelves = [shelf_of(user, rng.sample(feeds, EACH), book, rng) for user in range(count // EACH)]
    with_shelves = resident()
    print(json.dumps([(with_shelves - with_book) / (len(shelves) * EACH), (with_book - before) / count]))


if __name__ == "__main__":
    main(int(sys.argv[1]))
