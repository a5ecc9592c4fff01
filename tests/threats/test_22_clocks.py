"""Check 22: clocks that jump and dates of nonsense: at most one more fetch per feed, none stuck, the order stays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from reader.gateways.pulls import PullGateway
from tests.helpers.site import Site
from tests.integration.workers.conftest import Bench
from tests.threats.versions import Item, document, item, replay

DAY = 86_400.0
FEEDS = 5
LONGEST = 1.15 * 3600  # seconds between two checks of a feed that is read


async def _due(pulls: PullGateway) -> list[int]:
    return [each[0] for each in await pulls.due(99)]


async def _all(bench: Bench) -> int:
    """Pull what is due until nothing is; how many requests that took."""
    pulls, count = bench.container.gateways.pulls, 0
    while due := await _due(pulls):
        for feed_id in due:
            await pulls.pull(feed_id)
            count += 1
        assert count < 50, "a storm"
    return count


@pytest.mark.parametrize("jump", [-DAY, 10 * 365 * DAY, -10 * 365 * DAY, 3600.0, -3600.0])
async def test_a_jump_costs_one_fetch_and_nothing_sticks(bench: Bench, site: Site, jump: float) -> None:
    ids = []
    for number in range(FEEDS):
        feed = site.feed(f"/{number}.xml")
        feed.publish_many(3)
        ids.append(await bench.feed(feed.url))
        await bench.reader(f"reader{number}", ids[-1])
    assert await _all(bench) == FEEDS
    pulls = bench.container.gateways.pulls
    bench.hands.ahead += jump
    await pulls.set_back()  # the updater does so when plans lie too far ahead
    assert await _all(bench) <= FEEDS
    bench.hands.ahead += LONGEST
    assert sorted(await _due(pulls)) == ids, "none is stuck for more than an interval"
    assert await _all(bench) == FEEDS


async def test_a_pause_of_a_clock_that_was_wrong_does_not_last(bench: Bench, site: Site) -> None:
    bench.hands.ahead = 10 * 365 * DAY
    site.fail("/busy.xml", 429, {"Retry-After": "600"})
    await bench.pull(await bench.feed(site.url("/busy.xml")))
    bench.hands.ahead = 0
    feed = site.feed("/good.xml")
    feed.publish()
    assert (await bench.pull(await bench.feed(feed.url))).new == 1


def _dated(entries: list[Item], number: int, date: str) -> bytes:
    """The document with this very date written into entry ``number``."""
    title = f"<title>Story number {number}</title>"
    return document(entries).replace(title.encode(), f"{title}<pubDate>{date}</pubDate>".encode())


@pytest.mark.parametrize("at", [4_070_908_800.0, -62_135_596_800.0, 0.0, 253_402_300_799.0])
def test_dates_of_nonsense_keep_the_order(at: float) -> None:
    """2099, year 1, 1970 and 9999 among good ones."""
    written = format_datetime(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=at))
    text = _dated([item(5), item(4), item(3), item(2, at=None), item(1)], 2, written)
    done = replay([text, text, text.replace(b"</channel>", b"<!-- --></channel>")])
    assert (done.new, done.updated) == ([5, 0, 0], 0)
    assert len({entry["uid"] for entry in done.entries}) == 5


@pytest.mark.parametrize(
    "date", ["0000-00-00T00:00:00Z", "Thu, 00 Jan 0000 00:00:00 GMT", "2099-99-99", "now", "", "1e99"]
)
def test_what_is_no_date_is_none(date: str) -> None:
    done = replay([_dated([item(2), item(1, at=None)], 1, date)] * 2)
    assert done.new == [2, 0]
