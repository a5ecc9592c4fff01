"""Check 20: conditional requests, servers that lie about them, Retry-After in all its forms, a storm of 429."""

from __future__ import annotations

import pytest

from reader.errors import Limited
from reader.models.user import Actor
from tests.helpers.site import Site, http_date
from tests.integration.workers.conftest import Bench

HOUR = 3600.0


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(("wish", "hours"), [("7200", 2), ("date", 3), ("315360000", 8), ("99999999999999999999", 8)])
async def test_a_pause_is_kept_by_all_feeds_of_the_host(
    bench: Bench, site: Site, status: int, wish: str, hours: int
) -> None:
    feeds = [site.feed(f"/{number}.xml") for number in range(5)]
    for feed in feeds:
        feed.publish()
    ids = [await bench.feed(feed.url) for feed in feeds]
    with Site("127.0.0.2") as elsewhere:
        other = elsewhere.feed()
        other_id = await bench.feed(other.url)
        text = http_date(bench.hands.now() + 3 * HOUR) if wish == "date" else wish
        site.fail(feeds[0].path, status, {"Retry-After": text})
        assert (await bench.container.gateways.pulls.pull(ids[0])).error
        due = await bench.container.gateways.pulls.due(99)
        assert [each[0] for each in due] == [other_id]
    requests = len(site.seen())
    for feed_id in ids[1:]:  # asked for all the same: nobody is sent
        assert (await bench.pull(feed_id)).skipped
    assert len(site.seen()) == requests
    for feed_id in ids:
        schedule = await bench.schedule(feed_id)
        assert abs(schedule.next_pull_at - bench.hands.now() - hours * HOUR) < 0.12 * hours * HOUR + 5
    waiting = await bench.schedule(ids[1])
    assert (waiting.error, waiting.errors, waiting.last_pull_at) == (None, 0, None), "to be deferred is no error"
    bench.hands.ahead = (hours * 1.15) * HOUR
    feeds[0].refresh()
    assert [(await bench.container.gateways.pulls.pull(feed_id)).new for feed_id in ids] == [1] * 5


async def test_a_storm_of_429_costs_one_request(bench: Bench, site: Site) -> None:
    ids = []
    for number in range(50):
        site.fail(f"/{number}.xml", 429)
        ids.append(await bench.feed(site.url(f"/{number}.xml")))
    outcomes = [await bench.container.gateways.pulls.pull(feed_id) for feed_id in ids]
    assert sum(outcome.skipped for outcome in outcomes) == 49
    assert len(site.seen()) == 1


@pytest.mark.parametrize("status", [403, 404, 500, 503])
async def test_other_refusals_are_the_feeds_alone(bench: Bench, site: Site, status: int) -> None:
    good = site.feed("/good.xml")
    good.publish()
    site.fail("/bad.xml", status)
    bad_id, good_id = await bench.feed(site.url("/bad.xml")), await bench.feed(good.url)
    assert (await bench.pull(bad_id)).error
    assert (await bench.pull(good_id)).new == 1


async def test_check_now_says_that_the_host_wants_a_pause(bench: Bench, site: Site) -> None:
    feed = site.feed()
    feed.publish()
    feed_id = await bench.feed(feed.url)
    user = await bench.reader("ada", feed_id)
    site.fail(feed.path, 429, {"Retry-After": "7200"})
    await bench.pull(feed_id)
    with pytest.raises(Limited) as caught:
        await bench.container.services.feeds.check(Actor(user.id, user.admin), feed_id)
    assert "asked Evantr to leave it alone" in str(caught.value)
    assert "2 hours" in str(caught.value)
    assert 7000 < caught.value.retry_after <= 7201


async def test_a_server_that_says_304_for_ever_is_asked_in_full_now_and_then(bench: Bench, site: Site) -> None:
    feed = site.feed(etag='"always the same"')
    feed.publish()
    feed_id = await bench.feed(feed.url)
    await bench.pull(feed_id)
    feed.publish("Hidden behind a lie")
    brought = []
    for day in range(1, 20):
        bench.hands.ahead = day * 86_400
        brought.append((await bench.pull(feed_id)).new)
    assert sum(brought) == 1
    assert sum(brought[:9]) == 1, "within eight days"
    asked = [seen for seen in site.seen(feed.path) if "if-none-match" not in seen.headers]
    assert len(asked) <= 4


async def test_an_etag_for_every_request_is_no_change(bench: Bench, site: Site) -> None:
    feed = site.feed()
    feed.publish_many(3)
    feed_id = await bench.feed(feed.url)
    updated = 0
    for number in range(10):
        feed.options["etag"] = f'W/"{number}"'
        feed.refresh()
        outcome = await bench.pull(feed_id)
        updated += outcome.updated
        assert outcome.same in (None, 0) or number == 0, "the same bytes are not parsed"
    assert updated == 0
    assert (await bench.stored(feed_id)).seq == 3


async def test_needless_bodies_are_not_asked_for(bench: Bench, site: Site) -> None:
    feed = site.feed(last_modified=http_date(1_780_000_000))
    feed.publish_many(3)
    feed_id = await bench.feed(feed.url)
    for number in range(10):
        bench.hands.ahead = number * HOUR
        await bench.pull(feed_id)
    pulls = await bench.container.mappers.feeds.pulls(feed_id, 20)
    assert sorted(pull.status or 0 for pull in pulls) in ([200] + [304] * 9, [200] * 2 + [304] * 8)
