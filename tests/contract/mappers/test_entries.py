from __future__ import annotations

import asyncio
from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reader.mappers import Mappers
from reader.models.entry import Known, Position, sort_times
from reader.models.share import Chain, Link, Source
from tests.contract.mappers.conftest import Cost, Count
from tests.contract.mappers.make import add_feed, add_user, append, fill, new_entry, take


async def test_everything_of_an_entry_is_kept(mappers: Mappers) -> None:
    feed = await add_feed(mappers)
    new = new_entry("ü" * 3000, 5.25, title="NUL \0 and \U0001f600")
    appended = await append(mappers, feed.id, [new], now=9.5)
    (entry,) = await mappers.entries.many([appended.new[0].id])
    for name in ("uid", "digest", "url", "title", "author", "published_at", "updated_at", "summary", "content"):
        assert getattr(entry, name) == getattr(new, name)
    assert (entry.tags, entry.enclosures, entry.comments_url) == (new.tags, new.enclosures, new.comments_url)
    assert (entry.feed_id, entry.seq, entry.arrived_at, entry.sort_at) == (feed.id, 1, 9.5, 5.25)
    assert 0 < entry.id < 10**15


async def test_the_way_of_an_entry_is_kept_and_changed_in_place(mappers: Mappers) -> None:
    feed = await add_feed(mappers)
    first = Link("urn:uuid:1", "Ada „Lovelace“", "https://one.test/u/ada/shared", "Look \U0001f600", 4.5)
    way = Chain((first, Link("x", "Bob", None)), Source("Gazette", "https://g.test/feed", None), 2.25)
    given = [replace(new_entry("a", 1.0), chain=way), new_entry("b", 2.0)]
    appended = await append(mappers, feed.id, given)
    ids = [position.id for position in appended.new]
    assert [entry.chain for entry in await mappers.entries.many(ids)] == [way, None]
    alone = Chain((first,))
    await append(
        mappers, feed.id, [replace(new_entry("a", 1.0, digest=b"2"), chain=alone), new_entry("b", 2.0, digest=b"2")]
    )
    assert [entry.chain for entry in await mappers.entries.many(ids)] == [alone, None]


async def test_seqs_and_ids_rise_in_order_of_arrival(mappers: Mappers) -> None:
    one, two = await add_feed(mappers, "one"), await add_feed(mappers, "two")
    first = await append(mappers, one.id, [new_entry("a", 50.0), new_entry("b", 20.0), new_entry("c", 5000.0)])
    second = await append(mappers, two.id, [new_entry("a", 1.0)])
    third = await append(mappers, one.id, [new_entry("d", None)], now=2000.0)
    assert [position.seq for position in first.new] == [1, 2, 3]
    assert [position.sort_at for position in first.new] == [50.0, 50.0, 1000.0]
    assert [(position.seq, position.sort_at) for position in third.new] == [(4, 2000.0)]
    ids = [position.id for appended in (first, second, third) for position in appended.new]
    assert ids == sorted(set(ids))
    assert await mappers.entries.last_id() == ids[-1]
    assert (first.seq, third.seq) == (3, 4)


async def test_repeating_an_append_changes_nothing(mappers: Mappers) -> None:
    feed = await add_feed(mappers)
    token = await take(mappers, feed.id)
    entries = [new_entry("a", 1.0), new_entry("b", 2.0), new_entry("a", 3.0, digest=b"2")]
    first = await mappers.entries.append(feed.id, token, entries, renewed={}, now=10.0)
    rev = await mappers.feeds.rev()
    stored = await mappers.entries.known(feed.id, 10)
    again = await mappers.entries.append(feed.id, token, entries, renewed={}, now=11.0)
    assert first is not None
    assert again is not None
    assert (again.seq, again.new, again.updated) == (2, (), ())
    assert (
        stored
        == await mappers.entries.known(feed.id, 10)
        == {"a": Known(b"2", published_at=3.0), "b": Known(b"1", published_at=2.0)}
    )
    assert await mappers.feeds.rev() == rev


async def test_a_fenced_append_stores_nothing(mappers: Mappers) -> None:
    feed = await add_feed(mappers)
    old = await mappers.feeds.lease(feed.id, 1.0, 2.0)
    new = await mappers.feeds.lease(feed.id, 2.0, 9.0)
    assert old is not None
    assert new is not None
    assert await mappers.entries.append(feed.id, old, [new_entry("a")], renewed={}, now=3.0) is None
    assert await mappers.entries.append(999, old, [new_entry("a")], renewed={}, now=3.0) is None
    assert await mappers.entries.known(feed.id, 10) == {}
    assert await mappers.entries.last_id() == 0


async def test_a_changed_entry_keeps_its_place(mappers: Mappers) -> None:
    feed = await add_feed(mappers)
    first = await append(mappers, feed.id, [new_entry("a", 1.0), new_entry("b", 2.0)])
    changed = new_entry("a", 500.0, digest=b"2", title="Changed")
    second = await append(mappers, feed.id, [changed, new_entry("b", 2.0), new_entry("c", 3.0)], now=2000.0)
    assert second.updated == (first.new[0].id,)
    assert [position.seq for position in second.new] == [3]
    (entry,) = await mappers.entries.many([first.new[0].id])
    assert (entry.title, entry.digest, entry.published_at) == ("Changed", b"2", 500.0)
    assert (entry.seq, entry.sort_at, entry.arrived_at) == (1, 1.0, 1000.0)


async def test_renewed_uids_find_their_entries(mappers: Mappers) -> None:
    feed = await add_feed(mappers)
    first = await append(mappers, feed.id, [new_entry("old1"), new_entry("old2")])
    entries = [new_entry("new1"), new_entry("new2", digest=b"2"), new_entry("new3")]
    renewed = {"new1": "old1", "new2": "old2", "new3": "never seen"}
    second = await append(mappers, feed.id, entries, renewed=renewed)
    assert second.updated == (first.new[1].id,)
    assert [position.seq for position in second.new] == [3]
    assert await mappers.entries.known(feed.id, 10) == {"new1": Known(b"1"), "new2": Known(b"2"), "new3": Known(b"1")}
    third = await append(mappers, feed.id, entries, renewed=renewed)
    assert (third.new, third.updated) == ((), ())


async def test_known_looks_at_the_newest(mappers: Mappers) -> None:
    feed = await add_feed(mappers)
    await fill(mappers, feed.id, 5)
    assert set(await mappers.entries.known(feed.id, 2)) == {"e4", "e5"}


async def test_positions_stay_inside_what_is_visible(mappers: Mappers, trips: Count, cost: Cost) -> None:
    one, two = await add_feed(mappers, "one"), await add_feed(mappers, "two")
    new = (await fill(mappers, one.id, 6)).new
    await mappers.entries.purge(one.id, 4, now=5.0)
    before = trips()
    found = await mappers.entries.positions([(one.id, 1, 4), (two.id, 1, 9), (999, 1, 9)])
    assert trips() - before == cost("positions")
    assert found[one.id] == list(new[2:4])
    assert found.get(two.id, []) == found.get(999, []) == []
    assert await mappers.entries.positions([(one.id, 3, 99)]) == {one.id: list(new[2:])}
    assert await mappers.entries.positions([(one.id, 3, 4), (one.id, 4, 5)]) == {one.id: list(new[2:5])}
    assert await mappers.entries.positions([]) == {}


async def test_many_in_the_order_asked_for(mappers: Mappers) -> None:
    feed = await add_feed(mappers)
    new = (await fill(mappers, feed.id, 4)).new
    wanted = [new[2].id, 10**9, new[0].id, new[3].id]
    assert [entry.uid for entry in await mappers.entries.many(wanted)] == ["e3", "e1", "e4"]
    assert await mappers.entries.many([]) == []
    assert len(await mappers.entries.many(range(1, 40_000))) == 4


async def test_limits_by_id_and_time(mappers: Mappers, trips: Count, cost: Cost) -> None:
    one, two = await add_feed(mappers, "one"), await add_feed(mappers, "two")
    new = (await fill(mappers, one.id, 9)).new
    ids = [one.id, two.id]
    before = trips()
    assert await mappers.entries.limits(ids, max_id=None, before=None) == {one.id: 9, two.id: 0}
    assert trips() - before == cost("limits")
    assert await mappers.entries.limits(ids, max_id=new[4].id, before=None) == {one.id: 5, two.id: 0}
    assert (await mappers.entries.limits(ids, max_id=None, before=4.0))[one.id] == 3
    assert (await mappers.entries.limits(ids, max_id=new[1].id, before=4.0))[one.id] == 2
    assert (await mappers.entries.limits(ids, max_id=0, before=None))[one.id] == 0
    await mappers.entries.purge(one.id, 4, now=1.0)
    assert (await mappers.entries.limits(ids, max_id=new[4].id, before=None))[one.id] == 0
    assert (await mappers.entries.limits(ids, max_id=new[5].id, before=None))[one.id] == 6


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    dates=st.lists(st.one_of(st.none(), st.floats(-10, 200)), max_size=25),
    before=st.floats(-20, 220),
    cut=st.integers(0, 26),
)
async def test_limits_and_order_whatever_the_dates(
    mappers: Mappers, dates: list[float | None], before: float, cut: int
) -> None:
    name = f"f{await mappers.feeds.rev()}"
    feed = await add_feed(mappers, name)
    entries = [new_entry(f"{name}-{n}", when) for n, when in enumerate(dates)]
    new = (await append(mappers, feed.id, entries, now=100.0)).new
    times = sort_times(dates, 100.0, 0.0)
    assert [position.sort_at for position in new] == times
    assert await mappers.entries.positions([(feed.id, 1, 99)]) == {feed.id: list(new)}
    max_id = new[min(cut, len(new)) - 1].id if new and cut else 0
    expected = max((p.seq for p in new if p.id <= max_id and p.sort_at < before), default=0)
    assert await mappers.entries.limits([feed.id], max_id=max_id, before=before) == {feed.id: expected}


async def test_purged_entries_never_come_back(mappers: Mappers) -> None:
    feed = await add_feed(mappers)
    await fill(mappers, feed.id, 6)
    rev = await mappers.feeds.rev()
    assert await mappers.entries.purge(feed.id, 4, now=5.0) == 2
    assert await mappers.entries.purge(feed.id, 4, now=5.0) == 0
    (mark,) = await mappers.feeds.marks_since(rev, 5)
    assert (mark.seq, mark.floor) == (6, 2)
    again = await append(mappers, feed.id, [new_entry("e1", digest=b"2"), new_entry("e2"), new_entry("e3")])
    assert (again.new, again.updated, again.seq) == ((), (), 6)
    assert set(await mappers.entries.known(feed.id, 99)) == {"e3", "e4", "e5", "e6"}
    assert await mappers.entries.purge(999, 4, now=5.0) == 0


async def test_what_somebody_kept_survives_the_purge_outside_the_lists(mappers: Mappers) -> None:
    ann = await add_user(mappers)
    feed = await add_feed(mappers)
    new = (await fill(mappers, feed.id, 6)).new
    await mappers.flags.set(ann.id, new[0].id, "starred", True, now=1.0)
    await mappers.flags.set(ann.id, new[1].id, "later", True, now=1.0)
    assert await mappers.entries.purge(feed.id, 2, now=5.0) == 4
    assert [entry.uid for entry in await mappers.entries.many([each.id for each in new])] == ["e1", "e2", "e5", "e6"]
    assert [position.seq for position in (await mappers.entries.positions([(feed.id, 1, 9)]))[feed.id]] == [5, 6]
    again = await append(mappers, feed.id, [new_entry("e1", digest=b"2", title="Other"), new_entry("e3")])
    assert (again.new, again.updated) == ((), ())
    assert (await mappers.entries.many([new[0].id]))[0].title == "Title of e1"
    await mappers.flags.set(ann.id, new[0].id, "starred", False, now=6.0)
    assert await mappers.entries.purge(feed.id, 2, now=7.0) == 0
    assert [entry.uid for entry in await mappers.entries.many([new[0].id, new[1].id])] == ["e2"]
    assert (await append(mappers, feed.id, [new_entry("e1")])).new == ()


async def test_ids_are_never_given_out_again(mappers: Mappers) -> None:
    feed = await add_feed(mappers)
    new = (await fill(mappers, feed.id, 3)).new
    await mappers.entries.purge(feed.id, 0, now=5.0)
    assert await mappers.entries.last_id() == 0
    later = await append(mappers, feed.id, [new_entry("x")])
    assert later.new[0].id > new[-1].id
    assert later.new[0].seq == 4


async def test_over_finds_feeds_that_grew_by_a_tenth(mappers: Mappers) -> None:
    big, small = await add_feed(mappers, "big"), await add_feed(mappers, "small")
    await fill(mappers, big.id, 12)
    await fill(mappers, small.id, 11, prefix="s")
    assert await mappers.entries.over(10, 5) == [big.id]
    assert await mappers.entries.over(10, 0) == []


async def test_published_since(mappers: Mappers) -> None:
    feed = await add_feed(mappers)
    await append(mappers, feed.id, [new_entry("a", 10.0), new_entry("b", 20.0), new_entry("c", 15.0)], now=100.0)
    await append(mappers, feed.id, [new_entry("d", None)], now=200.0)
    assert sorted(await mappers.entries.published_since(feed.id, 20.0)) == [15.0, 20.0, 200.0]
    await mappers.entries.purge(feed.id, 1, now=1.0)
    assert await mappers.entries.published_since(feed.id, 0.0) == [200.0]


async def test_pulls_of_many_feeds_at_once(mappers: Mappers) -> None:
    feeds = [await add_feed(mappers, f"f{n}") for n in range(8)]
    done = await asyncio.gather(*(fill(mappers, feed.id, 10) for feed in feeds))
    ids = [position.id for appended in done for position in appended.new]
    assert len(set(ids)) == 80
    for feed, appended in zip(feeds, done, strict=True):
        assert await mappers.entries.positions([(feed.id, 1, 10)]) == {feed.id: list(appended.new)}
        assert appended.new == tuple(sorted(appended.new))
    assert await mappers.entries.last_id() == max(ids)
    assert type(done[0].new[0]) is Position
