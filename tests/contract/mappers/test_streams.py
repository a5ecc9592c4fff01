"""Streams, the feeds behind them, and what they share by themselves."""

from __future__ import annotations

from dataclasses import replace

from reader.mappers import Mappers
from reader.mappers.streams import StreamFacts
from reader.models.share import stream_url
from reader.models.sources import Rule, StreamSource
from tests.contract.mappers.make import add_feed, fill
from tests.contract.mappers.society import add_person, add_share, add_stream, follow

RULE = Rule(("harbour", "low water"), ("storm",), "Ann", "ü")


async def test_a_stream_comes_with_its_feed(mappers: Mappers) -> None:
    ann = await add_person(mappers, "ann")
    stream, made = await mappers.streams.add(
        ann, "books", title="Books", description="Read lately", site_url="/u/ann/books", now=3.0
    )
    assert made
    feed = await mappers.feeds.get(stream.feed_id)
    assert feed is not None
    assert (feed.url, feed.title, feed.description) == (stream_url(ann, "books"), "Books", "Read lately")
    assert (feed.kind, feed.state, feed.site_url, feed.seq) == ("stream", "active", "/u/ann/books", 0)
    assert await mappers.feeds.due(1e12, 10) == []  # never pulled
    assert (stream.position, stream.created_at) == (0, 3.0)
    again = await mappers.streams.add(ann, "books", title="Other", description="", site_url="", now=9.0)
    assert again == (stream, False)
    assert await mappers.streams.get(stream.id) == stream
    assert await mappers.streams.by_name(ann, "books") == stream
    assert await mappers.streams.by_name(ann, "films") is None
    assert await mappers.streams.by_feeds([stream.feed_id, 999]) == {stream.feed_id: stream}
    assert await mappers.feeds.search("books", 10) == []  # streams are found by their people


async def test_editing_renames_the_feed(mappers: Mappers) -> None:
    ann, bob = await add_person(mappers, "ann"), await add_person(mappers, "bob")
    stream = await add_stream(mappers, ann)
    assert await mappers.streams.edit(bob, stream.id, title="X", description="") is None
    edited = await mappers.streams.edit(ann, stream.id, title="Pearls", description="All")
    assert edited == replace(stream, title="Pearls", description="All")
    feed = await mappers.feeds.get(stream.feed_id)
    assert feed is not None
    assert (feed.title, feed.description) == ("Pearls", "All")


async def test_positions_are_counted_anew(mappers: Mappers) -> None:
    ann, bob = await add_person(mappers, "ann"), await add_person(mappers, "bob")
    a, b, c = [await add_stream(mappers, ann, name) for name in ("a", "b", "c")]
    other = await add_stream(mappers, bob)
    await mappers.streams.move(ann, c.id, a.id)
    names = [(s.name, s.position) for s in await mappers.streams.of_users([ann])]
    assert names == [("c", 0), ("a", 1), ("b", 2)]
    await mappers.streams.move(ann, c.id, None)
    assert [s.name for s in await mappers.streams.of_users([ann])] == ["a", "b", "c"]
    assert [s.id for s in await mappers.streams.of_users([bob, ann])] == [a.id, b.id, c.id, other.id]


async def test_removal_leaves_tombstones_and_comes_back(mappers: Mappers) -> None:
    ann, bob = await add_person(mappers, "ann"), await add_person(mappers, "bob")
    feed = await add_feed(mappers)
    first, second = await add_share(mappers, ann, "a"), await add_share(mappers, ann, "b")
    stream = await add_stream(mappers, ann)
    await follow(mappers, bob, ann)
    await mappers.streams.attach(stream.id, [feed.id], RULE, now=5.0)
    await mappers.shares.remove(ann, first.id, now=15.0)
    assert await mappers.streams.remove(bob, stream.id, now=20.0) is None
    removed = await mappers.streams.remove(ann, stream.id, now=20.0)
    source = StreamSource(stream.id, feed.id, RULE, 0, 5.0)
    assert removed == (stream, [source])
    assert await mappers.streams.of_users([ann]) == []
    left = await mappers.shares.many([first.id, second.id])
    assert [left[share.id].removed_at for share in (first, second)] == [15.0, 20.0]
    gone = await mappers.feeds.get(stream.feed_id)
    assert gone is not None
    assert gone.state == "gone"
    assert (await mappers.streams.facts(stream.feed_id)).total == 0
    told = [copy.entry_id for copy in await mappers.shares.copies([stream.feed_id])]
    assert told == [first.id, second.id]
    assert await mappers.shares.recount_withdrawn(stream.feed_id) == 0
    assert await mappers.streams.restore(*removed, removed_at=20.0)
    assert not await mappers.streams.restore(*removed, removed_at=20.0)
    assert await mappers.streams.of_users([ann]) == [stream]
    assert await mappers.streams.sources(stream.id) == [source]
    assert [share.id for share, _ in await mappers.shares.page(stream.feed_id, below=None, limit=9)] == [second.id]
    back = await mappers.feeds.get(stream.feed_id)
    assert back is not None
    assert back.state == "active"
    assert [copy.entry_id for copy in await mappers.shares.copies([stream.feed_id])] == told
    assert await mappers.shares.recount_withdrawn(stream.feed_id) == 0


async def test_a_stream_of_the_same_name_takes_the_feed_up_again(mappers: Mappers) -> None:
    ann, bob = await add_person(mappers, "ann"), await add_person(mappers, "bob")
    await add_share(mappers, ann, "a")
    stream = await add_stream(mappers, ann)
    await follow(mappers, bob, ann)
    removed = await mappers.streams.remove(ann, stream.id, now=20.0)
    assert removed is not None
    again = await add_stream(mappers, ann)
    assert (again.feed_id, again.id != stream.id) == (stream.feed_id, True)
    assert not await mappers.streams.restore(*removed, removed_at=20.0)
    share = await add_share(mappers, ann, "a", now=30.0)
    assert share.seq == 2
    facts = await mappers.streams.facts(stream.feed_id)
    assert facts == StreamFacts(facts.rev, 1, 1, 30.0)
    assert await mappers.streams.facts(999) == StreamFacts(0, 0, 0, None)


async def test_sources_are_looked_at_a_part_at_a_time(mappers: Mappers) -> None:
    stream = await add_stream(mappers, await add_person(mappers, "ann"))
    feeds = [await add_feed(mappers, name) for name in ("one", "two", "three", "four")]
    await mappers.streams.attach(stream.id, [feed.id for feed in feeds], RULE, now=5.0)
    for feed in feeds[1:3]:
        await fill(mappers, feed.id, 1)
    found, after, looks = set[int](), "", 0
    while looks == 0 or after:
        some, after = await mappers.streams.behind(2, after=after)
        found |= set(some)
        looks += 1
    assert found == {feed.id for feed in feeds[1:3]}
    assert looks == 3  # the last finds nothing: two full pages do not tell that they were all


async def test_sources_start_where_the_feed_is(mappers: Mappers) -> None:
    ann = await add_person(mappers, "ann")
    stream = await add_stream(mappers, ann)
    feed, other = await add_feed(mappers), await add_feed(mappers, "other")
    await fill(mappers, feed.id, 3)
    assert await mappers.streams.attach(stream.id, [feed.id, other.id, 999], RULE, now=5.0) == 2
    assert await mappers.streams.attach(stream.id, [feed.id], RULE, now=6.0) == 0
    assert await mappers.streams.behind(10) == ([], "")
    assert await mappers.streams.feeding(feed.id) == []
    await fill(mappers, feed.id, 4, prefix="x")
    assert await mappers.streams.behind(10) == ([feed.id], "")
    assert await mappers.streams.feeding(feed.id) == [(StreamSource(stream.id, feed.id, RULE, 3, 5.0), stream)]
    assert await mappers.streams.attach(stream.id, [feed.id], Rule(), now=7.0) == 1
    await mappers.streams.advance(stream.id, feed.id, 7)
    await mappers.streams.advance(stream.id, feed.id, 5)
    assert await mappers.streams.behind(10) == ([], "")
    first = StreamSource(stream.id, feed.id, Rule(), 7, 5.0)
    assert await mappers.streams.sources(stream.id) == [first, StreamSource(stream.id, other.id, RULE, 0, 5.0)]
    gone = await mappers.streams.detach(stream.id, [feed.id, 999])
    assert gone == [first]
    assert await mappers.streams.attach_again([*gone, replace(first, stream_id=999)]) == 1
    assert await mappers.streams.attach_again(gone) == 0
    assert (await mappers.streams.sources(stream.id))[0] == first
