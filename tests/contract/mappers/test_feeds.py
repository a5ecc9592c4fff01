from __future__ import annotations

import asyncio
import hashlib

import pytest

from reader.errors import NotFound
from reader.mappers import Mappers
from reader.mappers.feeds import FeedMeta, PullResult
from reader.models.feed import Feed, Icon, Pull
from tests.contract.mappers.conftest import Cost, Count
from tests.contract.mappers.make import FAR, add_feed, add_user, append, fill, new_entry, pull_result, take


async def test_a_url_is_one_feed(mappers: Mappers) -> None:
    made = await asyncio.gather(
        *(mappers.feeds.create("https://a.test/", title="A", site_url=None, description="d", now=7.0) for _ in range(5))
    )
    assert sum(new for _, new in made) == 1
    assert {feed.id for feed, _ in made} == {made[0][0].id}
    feed = await mappers.feeds.get(made[0][0].id)
    assert feed is not None
    assert (feed.title, feed.description, feed.state, feed.kind, feed.seq, feed.floor) == (
        "A",
        "d",
        "new",
        "site",
        0,
        0,
    )
    assert feed.created_at == 7.0
    assert await mappers.feeds.by_url("https://a.test/") == feed
    assert await mappers.feeds.by_url("https://b.test/") is None
    assert await mappers.feeds.get(999) is None


async def test_aliases_lead_to_the_feed_and_are_never_taken_away(mappers: Mappers) -> None:
    one, two = await add_feed(mappers, "one"), await add_feed(mappers, "two")
    await mappers.feeds.add_alias(one.id, "http://alias.test/")
    await mappers.feeds.add_alias(two.id, "http://alias.test/")
    await mappers.feeds.add_alias(two.id, one.url)
    assert await mappers.feeds.by_url("http://alias.test/") == one
    assert await mappers.feeds.by_url(one.url) == one
    same, made = await mappers.feeds.create("http://alias.test/", title="x", site_url=None, description=None, now=9.0)
    assert (same, made) == (one, False)
    with pytest.raises(NotFound):
        await mappers.feeds.add_alias(999, "http://other.test/")


async def test_pages_in_order_of_id(mappers: Mappers) -> None:
    feeds = [await add_feed(mappers, f"f{n}") for n in range(5)]
    assert await mappers.feeds.page(after=0, limit=3) == feeds[:3]
    assert await mappers.feeds.page(after=feeds[2].id, limit=3) == feeds[3:]


async def test_search_needs_every_word_and_puts_the_most_read_first(mappers: Mappers) -> None:
    ann = await add_user(mappers)
    quiet, loud, other = [
        (
            await mappers.feeds.create(
                f"https://{host}.test/", title=title, site_url=f"https://site-{host}.test/", description=None, now=1.0
            )
        )[0]
        for host, title in (("quiet", "Über Code 100%"), ("loud", "ÜBER code_100"), ("other", "Garden"))
    ]
    await mappers.subscriptions.subscribe(ann.id, loud.id, folder_id=None, title=None, unread=0, now=1.0)
    assert [feed.id for feed in await mappers.feeds.search("über CODE", 10)] == [loud.id, quiet.id]
    assert [feed.id for feed in await mappers.feeds.search("code", 1)] == [loud.id]
    assert [feed.id for feed in await mappers.feeds.search("100%", 10)] == [quiet.id]
    assert [feed.id for feed in await mappers.feeds.search("code_", 10)] == [loud.id]
    assert [feed.id for feed in await mappers.feeds.search("site-other", 10)] == [other.id]
    assert await mappers.feeds.search("code garden", 10) == []
    assert await mappers.feeds.search("  ", 10) == []


async def test_marks_move_with_entries_and_icons(mappers: Mappers) -> None:
    one, two = await add_feed(mappers, "one"), await add_feed(mappers, "two")
    start = await mappers.feeds.rev()
    assert await mappers.feeds.marks_since(start, 10) == []
    await fill(mappers, one.id, 3)
    icon = Icon(hashlib.sha256(b"png").hexdigest(), "image/png", b"png")
    await mappers.feeds.set_icon(two.id, icon, 5.0)
    marks = await mappers.feeds.marks_since(start, 10)
    assert [(mark.feed_id, mark.seq, mark.icon) for mark in marks] == [(one.id, 3, None), (two.id, 0, icon.digest)]
    assert [mark.rev for mark in marks] == sorted({mark.rev for mark in marks})
    assert await mappers.feeds.marks_since(start, 1) == marks[:1]
    assert await mappers.feeds.marks_since(marks[0].rev, 10) == marks[1:]
    assert await mappers.feeds.rev() == marks[-1].rev
    assert sorted(await mappers.feeds.marks([one.id, two.id, 999]), key=lambda mark: mark.rev) == marks
    assert await mappers.feeds.icon(icon.digest) == icon


async def test_the_same_icon_again_changes_nothing(mappers: Mappers) -> None:
    feed = await add_feed(mappers)
    icon = Icon("ab" * 32, "image/png", b"png")
    await mappers.feeds.set_icon(feed.id, icon, 5.0)
    rev = await mappers.feeds.rev()
    await mappers.feeds.set_icon(feed.id, icon, 6.0)
    assert await mappers.feeds.rev() == rev
    await mappers.feeds.set_icon(feed.id, None, 7.0)
    without = await mappers.feeds.get(feed.id)
    assert without is not None
    assert without.icon is None
    assert without.rev > rev
    assert await mappers.feeds.icon("cd" * 32) is None


async def test_readers_and_stats(mappers: Mappers) -> None:
    ann, bob = await add_user(mappers), await add_user(mappers, "bob")
    one, two = await add_feed(mappers, "one"), await add_feed(mappers, "two", now=500.0)
    await fill(mappers, one.id, 4)
    for user in (ann, bob):
        await mappers.subscriptions.subscribe(user.id, one.id, folder_id=None, title=None, unread=0, now=1.0)
    assert await mappers.feeds.readers(one.id) == 2
    assert await mappers.feeds.readers(two.id) == 0
    assert await mappers.subscriptions.subscribers(one.id) == [ann.id, bob.id]
    assert await mappers.feeds.stats(100.0) == {
        "feeds": 2, "due": 1, "failing": 0, "gone": 0, "entries": 4, "subscriptions": 2, "users": 2,
    }  # fmt: skip
    assert (await mappers.feeds.stats(FAR))["due"] == 2


async def test_a_new_url_makes_the_old_one_an_alias(mappers: Mappers) -> None:
    feed = await add_feed(mappers)
    token = await take(mappers, feed.id)
    assert await mappers.feeds.move(feed.id, token + 1, "https://new.test/", now=7.0) is None
    assert await mappers.feeds.move(feed.id, token, "https://new.test/", now=7.0) == feed.id
    moved = await mappers.feeds.by_url("https://new.test/")
    assert moved is not None
    assert (moved.id, moved.url) == (feed.id, "https://new.test/")
    assert moved.rev > feed.rev
    assert await mappers.feeds.by_url(feed.url) == moved
    assert await mappers.feeds.move(feed.id, token, "https://new.test/", now=7.0) == feed.id
    assert await mappers.feeds.move(feed.id, token, feed.url, now=7.0) == feed.id
    back = await mappers.feeds.by_url("https://new.test/")
    assert back is not None
    assert back.url == feed.url
    assert [each.id for each in await mappers.feeds.search("feed.test", 5)] == [feed.id]


async def test_marks_of_very_many_feeds_are_one_round_trip(mappers: Mappers, trips: Count, cost: Cost) -> None:
    feed = await add_feed(mappers)
    await append(mappers, feed.id, [new_entry("a")])
    before = trips()
    (mark,) = await mappers.feeds.marks(range(1, 60_000))
    assert mark.seq == 1
    assert trips() - before == cost("marks")


async def test_feeds_of_a_state_come_in_order_of_id_with_their_schedule(mappers: Mappers) -> None:
    feeds = [await add_feed(mappers, f"f{n}") for n in range(5)]
    for feed in feeds[1:4]:
        token = await take(mappers, feed.id)
        await mappers.feeds.record_pull(feed.id, token, pull_result(feed.id, state="failing", error=f"No {feed.id}."))
    found = await mappers.feeds.in_state("failing", after=0, limit=2)
    assert [feed.id for feed, _ in found] == [feeds[1].id, feeds[2].id]
    assert [(each.feed_id, each.error) for _, each in found] == [(f.id, f"No {f.id}.") for f in feeds[1:3]]
    assert found[0][0] == await mappers.feeds.get(feeds[1].id)
    assert found[0][1] == await mappers.feeds.schedule(feeds[1].id)
    rest = await mappers.feeds.in_state("failing", after=found[-1][0].id, limit=2)
    assert [feed.id for feed, _ in rest] == [feeds[3].id]
    assert [feed.id for feed, _ in await mappers.feeds.in_state("new", after=0, limit=9)] == [feeds[0].id, feeds[4].id]
    assert await mappers.feeds.in_state("gone", after=0, limit=9) == []


async def test_the_format_of_a_feed_may_be_known_before_its_first_pull(mappers: Mappers) -> None:
    """A generated feed's pull has to know what it is; a feed that is there keeps what it has. Marks carry it."""

    async def create(format_: str) -> tuple[Feed, bool]:
        return await mappers.feeds.create(
            "https://a.test/page", title="", site_url=None, description=None, now=1.0, format=format_
        )

    feed, made = await create("generated")
    assert made and feed.format == "generated"
    same, made = await create("atom 1.0")
    assert not made and same.format == "generated"
    (mark,) = await mappers.feeds.marks([feed.id])
    assert mark.format == "generated"
    token = await mappers.feeds.lease(feed.id, 1.0, 9.0)
    assert token is not None
    result = PullResult(
        pull=Pull(feed.id, 2.0, 200, 1, 1, 0, 0, None), state="active", next_pull_at=5.0, reason="", errors=0,
        error=None, meta=FeedMeta(format="rss 2.0"),
    )  # fmt: skip
    assert await mappers.feeds.record_pull(feed.id, token, result)
    (later,) = await mappers.feeds.marks_since(mark.rev, 10)
    assert (later.format, later.rev > mark.rev) == ("rss 2.0", True)
