"""Check 21: 410 ends the checks, moves need repeated proof, a domain that turned into a page loses no entry."""

from __future__ import annotations

import pytest

from tests.helpers.site import Site
from tests.integration.workers.conftest import Bench
from tests.integration.workers.test_pull_trouble import (
    test_410_ends_the_checks,
    test_a_move_can_be_taken_back,
    test_an_established_feed_moves_after_three_pulls,
)

__all__ = [
    "test_410_ends_the_checks",
    "test_a_move_can_be_taken_back",
    "test_an_established_feed_moves_after_three_pulls",
]

PARKED = "<!doctype html><title>gazette.example is for sale</title><p>Buy this domain!</p>"


@pytest.mark.parametrize("kind", ["page", "redirect to a page", "empty", "404", "403", "401", "500", "410"])
async def test_a_domain_that_is_something_else_now_loses_no_entry(bench: Bench, site: Site, kind: str) -> None:
    feed = site.feed()
    feed.publish_many(4)
    feed_id = await bench.feed(feed.url)
    user = await bench.reader("ada", feed_id)
    await bench.pull(feed_id)
    ids = [entry.id for entry in await bench.entries(feed_id)]
    await bench.container.gateways.reading.mark(user.id, ids[:2], True)
    if kind == "page":
        site.put(feed.path, PARKED)
    elif kind == "redirect to a page":
        site.put("/parked", PARKED)
        site.redirect(feed.path, site.url("/parked"), 301)
    elif kind == "empty":
        site.put(feed.path, b"", "application/rss+xml")
    else:
        site.fail(feed.path, int(kind))
    for hours in (0, 12, 25, 40):
        bench.hands.ahead = hours * 3600
        outcome = await bench.pull(feed_id)
        assert outcome.error and outcome.error.endswith(".")
    stored = await bench.stored(feed_id)
    assert (stored.url, stored.seq) == (feed.url, 4)
    assert stored.state == ("gone" if kind == "410" else "failing")
    assert [entry.id for entry in await bench.entries(feed_id)] == ids
    assert await bench.unread(user, feed_id) == 2
    site.remove("/parked")
    feed.refresh()  # the old owner is back
    bench.hands.ahead = 80 * 3600
    outcome = await bench.pull(feed_id)
    assert (outcome.new, outcome.error) == (0, None)
    assert await bench.unread(user, feed_id) == 2


async def test_a_name_that_is_gone_is_an_error_in_words(bench: Bench) -> None:
    feed_id = await bench.feed("http://no-such-host.invalid/feed")
    outcome = await bench.pull(feed_id)
    assert outcome.error and "no-such-host.invalid" in outcome.error
    assert (await bench.stored(feed_id)).state == "failing"
