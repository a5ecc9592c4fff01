"""Redirects, refusals and errors of the servers that feeds come from."""

from __future__ import annotations

from itertools import pairwise

import pytest

from reader.ingest.reasons import in_words
from tests.helpers.site import Site
from tests.integration.workers.conftest import Bench


async def test_a_new_feed_moves_at_once(bench: Bench, site: Site) -> None:
    feed = site.feed("/new.xml")
    feed.publish()
    site.redirect("/old.xml", feed.url, 301)
    feed_id = await bench.feed(site.url("/old.xml"))
    assert (await bench.pull(feed_id)).new == 1
    assert (await bench.stored(feed_id)).url == feed.url
    found = await bench.container.mappers.feeds.by_url(site.url("/old.xml"))
    assert found is not None and found.id == feed_id  # an alias


async def test_an_established_feed_moves_after_three_pulls(bench: Bench, site: Site) -> None:
    old = site.feed("/old.xml")
    old.publish()
    feed_id = await bench.feed(old.url)
    await bench.pull(feed_id)
    feed = site.feed("/new.xml")
    feed.publish_many(2)
    site.redirect("/old.xml", feed.url, 308)
    for hours, expected in ((0, old.url), (1, old.url), (2, old.url), (25, feed.url)):
        bench.hands.ahead = hours * 3600
        await bench.pull(feed_id)
        assert (await bench.stored(feed_id)).url == expected
    schedule = await bench.schedule(feed_id)
    assert (schedule.moved_to, schedule.moved_count, schedule.error) == (None, 0, None)


async def test_a_move_that_ends_is_forgotten(bench: Bench, site: Site) -> None:
    old = site.feed("/old.xml")
    old.publish()
    feed_id = await bench.feed(old.url)
    await bench.pull(feed_id)
    feed = site.feed("/new.xml")
    feed.publish()
    site.redirect("/old.xml", feed.url, 301)
    await bench.pull(feed_id)
    await bench.pull(feed_id)
    assert (await bench.schedule(feed_id)).moved_count == 2
    old.refresh()
    await bench.pull(feed_id)
    assert (await bench.schedule(feed_id)).moved_count == 0
    assert (await bench.stored(feed_id)).url == old.url


async def test_a_move_can_be_taken_back(bench: Bench, site: Site) -> None:
    old, feed = site.feed("/old.xml"), site.feed("/new.xml")
    old.publish()
    feed_id = await bench.feed(old.url)
    await bench.pull(feed_id)
    feed.publish_many(2)
    site.redirect("/old.xml", feed.url, 301)
    for hours in (0, 12, 25):
        bench.hands.ahead = hours * 3600
        await bench.pull(feed_id)
    assert (await bench.stored(feed_id)).url == feed.url
    assert await bench.container.gateways.feeds.undo_move(feed_id) == old.url
    for hours in (26, 40, 60, 90):
        bench.hands.ahead = hours * 3600
        await bench.pull(feed_id)
    assert (await bench.stored(feed_id)).url == old.url


async def test_a_way_that_begins_for_good_is_followed_as_far(bench: Bench, site: Site) -> None:
    feed = site.feed("/end.xml")
    feed.publish()
    site.redirect("/start", site.url("/middle"), 301)
    site.redirect("/middle", feed.url, 302)
    feed_id = await bench.feed(site.url("/start"))
    assert (await bench.pull(feed_id)).new == 1
    assert (await bench.stored(feed_id)).url == site.url("/middle")


@pytest.mark.parametrize("hops", [[302], [307, 301]])
async def test_a_way_that_is_not_for_good_moves_nothing(bench: Bench, site: Site, hops: list[int]) -> None:
    feed = site.feed("/end.xml")
    feed.publish()
    paths = [f"/hop{number}" for number in range(len(hops))]
    for path, target, status in zip(paths, [*paths[1:], "/end.xml"], hops, strict=True):
        site.redirect(path, site.url(target), status)
    feed_id = await bench.feed(site.url("/hop0"))
    assert (await bench.pull(feed_id)).new == 1
    assert (await bench.stored(feed_id)).url == site.url("/hop0")


async def test_a_move_to_what_is_no_feed_is_an_error(bench: Bench, site: Site) -> None:
    site.page("/login", title="Sign in")
    site.redirect("/old.xml", site.url("/login"), 301)
    feed_id = await bench.feed(site.url("/old.xml"))
    outcome = await bench.pull(feed_id)
    assert outcome.error
    stored = await bench.stored(feed_id)
    assert (stored.url, stored.state) == (site.url("/old.xml"), "failing")


async def test_two_addresses_of_one_feed_are_merged(bench: Bench, site: Site) -> None:
    feed = site.feed("/feed.xml")
    feed.publish_many(4)
    kept = await bench.feed(feed.url)
    await bench.pull(kept)
    twin = site.feed("/twin.xml")
    twin.items = feed.items
    twin.refresh()
    other = await bench.feed(twin.url)
    user = await bench.reader("ada", other)
    await bench.pull(other)
    ids = [entry.id for entry in await bench.entries(other)]
    await bench.container.gateways.reading.mark(user.id, ids[:3], True)
    site.redirect("/twin.xml", feed.url, 301)
    for hours in (0, 12, 25):
        bench.hands.ahead = hours * 3600
        await bench.pull(other)
    assert await bench.container.mappers.feeds.get(other) is None
    assert await bench.unread(user, kept) == 1
    found = await bench.container.mappers.feeds.by_url(twin.url)
    assert found is not None and found.id == kept
    assert (await bench.pull(kept)).error is None


async def test_410_ends_the_checks(bench: Bench, site: Site) -> None:
    feed = site.feed()
    feed.publish()
    feed_id = await bench.feed(feed.url)
    await bench.pull(feed_id)
    site.fail(feed.path, 410)
    outcome = await bench.pull(feed_id)
    assert outcome.error and "for good" in outcome.error
    assert (await bench.stored(feed_id)).state == "gone"
    bench.hands.ahead = 365 * 86_400
    assert await bench.container.gateways.pulls.due(10) == []
    feed.refresh()  # and it is back: a person asks
    await bench.pull(feed_id)
    assert (await bench.stored(feed_id)).state == "active"


@pytest.mark.parametrize("status", [429, 503])
async def test_a_wish_to_wait_is_granted(bench: Bench, site: Site, status: int) -> None:
    feed = site.feed()
    feed.publish()
    feed_id = await bench.feed(feed.url)
    await bench.pull(feed_id)
    before = await bench.schedule(feed_id)
    site.fail(feed.path, status, {"Retry-After": "7200"})
    outcome = await bench.pull(feed_id)
    assert outcome.error and "2 hours" in outcome.error
    schedule = await bench.schedule(feed_id)
    assert 7190 <= schedule.next_pull_at - bench.hands.now() <= 8000
    assert "2 hours" in in_words(schedule.reason)
    assert (schedule.etag, schedule.body_digest) == (before.etag, before.body_digest)


async def test_errors_back_off_and_say_why(bench: Bench, site: Site) -> None:
    feed = site.feed()
    feed.publish()
    feed_id = await bench.feed(feed.url)
    await bench.pull(feed_id)
    etag = (await bench.schedule(feed_id)).etag
    site.fail(feed.path, 500)
    waits = []
    for number in range(1, 5):
        outcome = await bench.pull(feed_id)
        schedule = await bench.schedule(feed_id)
        assert outcome.error == schedule.error == "The server has a fault (500). Evantr tries again later."
        assert schedule.errors == number
        waits.append(schedule.next_pull_at - bench.hands.now())
    assert all(later > 1.5 * earlier for earlier, later in pairwise(waits))
    assert (await bench.stored(feed_id)).state == "failing"
    assert (await bench.schedule(feed_id)).etag == etag
    feed.refresh()
    assert (await bench.pull(feed_id)).error is None
    schedule = await bench.schedule(feed_id)
    assert (schedule.errors, schedule.error, (await bench.stored(feed_id)).state) == (0, None, "active")


async def test_words_for_what_does_not_answer(bench: Bench, site: Site) -> None:
    site.put("/hang.xml", "", hang_up=True)
    site.page("/page")
    said = {}
    for url in (site.url("/hang.xml"), site.url("/page"), "http://127.0.0.3:1/feed", site.url("/nothing"),
                "http://10.1.2.3/feed"):  # fmt: skip
        said[url] = (await bench.pull(await bench.feed(url))).error or ""
    assert all(words.endswith(".") and "Error" not in words for words in said.values())
    assert "nothing listens there" in said["http://127.0.0.3:1/feed"]
    assert "inside this network" in said["http://10.1.2.3/feed"]
    assert "web page" in said[site.url("/page")]
    assert "404" in said[site.url("/nothing")]


async def test_a_fault_of_ours_is_recorded_and_reported(bench: Bench, site: Site) -> None:
    """With the CPU pool closed under it a pull raises, and the feed does not stay due at once for ever."""
    feed = site.feed()
    feed.publish()
    feed_id = await bench.feed(feed.url)
    await bench.container.cpu.close()  # type: ignore[attr-defined]
    with pytest.raises(RuntimeError, match="closed"):
        await bench.pull(feed_id)
    schedule = await bench.schedule(feed_id)
    assert schedule.error and "Evantr itself" in schedule.error
    assert schedule.next_pull_at > bench.hands.now() + 60
    assert schedule.lease_until == 0
