"""What a pull does to feed, entries and readers, against a real server."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from reader.events import EntriesArrived, FeedChanged, feed_topic
from reader.ingest.reasons import in_words
from reader.jobs import ShareMatches
from reader.models.sources import Rule
from tests.helpers.site import Site, http_date
from tests.helpers.wait import until
from tests.integration.workers.conftest import Bench
from workers.jobs import run
from workers.local import LocalQueue
from workers.sweep import Sweeper


async def test_a_new_feed_is_read_and_scheduled(bench: Bench, site: Site) -> None:
    feed = site.feed(title="Quiet Letters")
    feed.publish_many(3)
    feed_id = await bench.feed(feed.url)
    await bench.reader("ada", feed_id)
    async with bench.container.bus.subscribe([feed_topic(feed_id)]) as channel:
        outcome = await bench.pull(feed_id)
        events = []
        async for event in channel:
            events.append(event)
            if len(events) == 2:
                break
    assert (outcome.new, outcome.updated, outcome.error) == (3, 0, None)
    stored, schedule = await bench.stored(feed_id), await bench.schedule(feed_id)
    assert (stored.title, stored.format, stored.state, stored.seq) == ("Quiet Letters", "rss 2.0", "active", 3)
    assert [entry.title for entry in await bench.entries(feed_id)] == ["Entry 1", "Entry 2", "Entry 3"]
    assert schedule.etag and schedule.error is None and schedule.lease_until == 0
    assert 100 <= schedule.next_pull_at - bench.hands.now() <= 4000
    assert in_words(schedule.reason).endswith(".")
    newest = (await bench.entries(feed_id))[-1].id
    assert events == [EntriesArrived(feed_id, 3, newest), FeedChanged(feed_id)]


async def test_a_new_feed_that_was_pulled_before_its_reader_was_there_is_not_pulled_again(
    bench: Bench, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The updater comes between the row of the feed and the subscription."""
    feed = site.feed()
    feed.publish_many(3)
    reader = await bench.reader("ada")
    gateway, pulls = bench.container.gateways.subscriptions, bench.container.gateways.pulls
    subscribe = bench.container.mappers.subscriptions.subscribe

    async def late(user_id: int, feed_id: int, **how: Any) -> object:
        assert (await pulls.pull(feed_id)).new == 3
        return await subscribe(user_id, feed_id, **how)

    monkeypatch.setattr(bench.container.mappers.subscriptions, "subscribe", late)
    made = await gateway.subscribe(reader.id, feed.url, "", None, None, folder_id=None, own_title=None)
    assert bench.queue.waiting("pull") == 1, "it is a matter of course that somebody looks"
    assert (await pulls.pull(made.id)).skipped
    assert len(site.seen("/feed.xml")) == 1


async def test_a_new_feed_that_waits_for_its_turn_in_an_import_is_pulled_for_its_reader(
    bench: Bench, site: Site
) -> None:
    feed = site.feed()
    feed.publish_many(3)
    planned = await bench.stored(await bench.feed(feed.url))
    token = await bench.container.mappers.feeds.lease(planned.id, bench.hands.now(), bench.hands.now() + 9)
    assert token is not None
    await bench.container.mappers.feeds.defer(planned.id, token, bench.hands.now() + 3600, "In its turn.")
    reader, pulls = await bench.reader("ada"), bench.container.gateways.pulls
    assert (await pulls.pull(planned.id)).skipped
    gateway = bench.container.gateways.subscriptions
    await gateway.subscribe(reader.id, feed.url, "", None, None, folder_id=None, own_title=None)
    assert (await pulls.pull(planned.id)).new == 3


async def test_the_icon_is_asked_for_once_a_week(bench: Bench, site: Site) -> None:
    feed = site.feed()
    feed.publish()
    feed_id = await bench.feed(feed.url)
    await bench.pull(feed_id)
    assert bench.queue.waiting("icon") == 1


async def test_304_is_one_log_line(bench: Bench, site: Site) -> None:
    feed = site.feed()
    feed.publish_many(2)
    feed_id = await bench.feed(feed.url)
    await bench.pull(feed_id)
    before = await bench.schedule(feed_id)
    outcome = await bench.pull(feed_id)
    assert (outcome.new, outcome.updated, outcome.error) == (0, 0, None)
    pulls = await bench.container.mappers.feeds.pulls(feed_id, 2)
    assert [pull.status for pull in pulls] == [304, 200]
    after = await bench.schedule(feed_id)
    assert (after.etag, after.body_digest) == (before.etag, before.body_digest)
    assert site.seen(feed.path)[-1].headers["if-none-match"] == before.etag


async def test_validators_are_dropped_now_and_then(bench: Bench, site: Site) -> None:
    feed = site.feed(last_modified=http_date(1_700_000_000))
    feed.publish()
    feed_id = await bench.feed(feed.url)
    await bench.pull(feed_id)
    bench.hands.ahead = 8 * 86_400
    await bench.pull(feed_id)
    headers = site.seen(feed.path)[-1].headers
    assert "if-none-match" not in headers and "if-modified-since" not in headers
    assert (await bench.schedule(feed_id)).etag  # learned again


async def test_the_same_bytes_are_not_parsed(bench: Bench, site: Site) -> None:
    feed = site.feed(etag=None)
    feed.publish()
    feed_id = await bench.feed(feed.url)
    await bench.pull(feed_id)
    await bench.container.cpu.close()  # type: ignore[attr-defined]
    outcome = await bench.pull(feed_id)  # the closed pool would fail it
    assert outcome.error is None
    assert (await bench.container.mappers.feeds.pulls(feed_id, 1))[0].status == 200


async def test_a_changed_entry_stays_read(bench: Bench, site: Site) -> None:
    feed = site.feed()
    first, _ = feed.publish_many(2)
    feed_id = await bench.feed(feed.url)
    user = await bench.reader("ada", feed_id)
    await bench.pull(feed_id)
    assert await bench.unread(user, feed_id) == 2
    ids = [entry.id for entry in await bench.entries(feed_id)]
    await bench.container.gateways.reading.mark(user.id, ids, True)
    first.content = "<p>Corrected.</p>"
    feed.refresh()
    outcome = await bench.pull(feed_id)
    assert (outcome.new, outcome.updated) == (0, 1)
    entries = await bench.entries(feed_id)
    assert [entry.id for entry in entries] == ids
    assert "Corrected" in entries[0].content
    assert await bench.unread(user, feed_id) == 0


async def test_renewed_ids_flood_nobody(bench: Bench, site: Site) -> None:
    feed = site.feed()
    feed.publish_many(5)
    feed_id = await bench.feed(feed.url)
    user = await bench.reader("ada", feed_id)
    await bench.pull(feed_id)
    await bench.container.gateways.reading.mark(user.id, [e.id for e in await bench.entries(feed_id)], True)
    feed.renew_ids()
    feed.publish("Really new")
    outcome = await bench.pull(feed_id)
    assert outcome.new == 1
    assert await bench.unread(user, feed_id) == 1
    outcome = await bench.pull(feed_id)
    assert (outcome.new, (await bench.stored(feed_id)).seq) == (0, 6)


async def test_only_one_pulls_at_a_time(bench: Bench, site: Site) -> None:
    feed = site.feed(delay=0.3)
    feed.publish()
    feed_id = await bench.feed(feed.url)
    pulls = bench.container.gateways.pulls
    outcomes = await asyncio.gather(*(pulls.pull(feed_id) for _ in range(4)))
    assert sorted(outcome.skipped for outcome in outcomes) == [False, True, True, True]
    assert len(site.seen(feed.path)) == 1
    assert (await pulls.pull(feed_id)).skipped  # it is not due any more


async def test_a_cancelled_pull_leaves_the_feed_due(bench: Bench, site: Site) -> None:
    feed = site.feed(delay=5)
    feed_id = await bench.feed(feed.url)
    task = asyncio.create_task(bench.container.gateways.pulls.pull(feed_id))
    await until(lambda: site.seen(feed.path))
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert (await bench.schedule(feed_id)).lease_until == 0
    assert [due for due, *_ in await bench.container.gateways.pulls.due(10)] == [feed_id]


async def test_who_lost_the_lease_writes_nothing(bench: Bench, site: Site) -> None:
    """A pull that was thought dead comes back after another one took the lease."""
    feed = site.feed(delay=0.5)
    feed.publish_many(2)
    feed_id = await bench.feed(feed.url)
    pulls, feeds = bench.container.gateways.pulls, bench.container.mappers.feeds
    slow = asyncio.create_task(pulls.pull(feed_id))
    await until(lambda: site.seen(feed.path))
    later = bench.hands.now() + 120
    token = await feeds.lease(feed_id, later, later + 60)
    assert token is not None
    outcome = await slow
    assert outcome.skipped
    assert (await bench.stored(feed_id)).seq == 0
    assert await feeds.pulls(feed_id, 5) == []
    assert (await bench.schedule(feed_id)).lease_token == token
    await feeds.release(feed_id, token)
    assert (await bench.pull(feed_id)).new == 2


async def test_what_streams_share_by_themselves_is_looked_at(bench: Bench, site: Site) -> None:
    feed = site.feed()
    feed.publish()
    feed_id = await bench.feed(feed.url)
    await bench.pull(feed_id)
    user = await bench.container.mappers.users.create("ada", "hash", now=1.0, admin_if_first=True)
    stream = await bench.container.gateways.sharing.default_stream(user.id)
    assert bench.queue.waiting("share") == 0
    await bench.container.gateways.streams.attach(stream.id, [feed_id], Rule())
    feed.publish()
    await bench.pull(feed_id)
    assert bench.queue.waiting("share") == 1
    # A queue that lost it gets it back: the row says up to where the feed was looked at.
    lost = LocalQueue()
    assert await Sweeper(bench.container, lost).rows() >= 1
    assert lost.waiting("share") == 1
    await run(bench.container, ShareMatches(feed_id))
    shared = await bench.container.mappers.shares.page(stream.feed_id, below=None, limit=9)
    assert [entry.title for _, entry in shared] == ["Entry 2"]
    assert await bench.container.gateways.streams.behind(9) == []
