"""Shares: one entry in the stream's feed, one row, the copies; taken back, brought back, emptied, forgotten."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reader.errors import NotFound
from reader.mappers import Mappers
from reader.mappers.shares import NewShare
from reader.models.entry import Entry
from reader.models.search import parse_query
from reader.models.share import Chain, Link, Share, Source, own_story
from tests.contract.mappers.conftest import Cost, Count
from tests.contract.mappers.make import add_feed, append, fill, new_entry, read_seqs
from tests.contract.mappers.society import add_person, add_share, add_stream, follow

STORY = b"s" * 16
SOURCE = Source("Gazette", "https://gazette.test/rss", None, 7)


async def share_on(mappers: Mappers, user_id: int, parent: Share, *, now: float = 20.0) -> Share:
    """Passes a share on."""
    stream = await add_stream(mappers, user_id)
    new = NewShare(
        user_id, stream.id, new_entry("x", 1.0), parent.story, parent.id, parent.source_id, parent.source,
        parent_id=parent.id, root_id=parent.root_id, depth=parent.depth + 1,
    )  # fmt: skip
    share, made = await mappers.shares.add(new, now=now)
    assert made
    return share


async def one(mappers: Mappers, entry_id: int) -> Entry:
    return (await mappers.entries.many([entry_id]))[0]


async def live(mappers: Mappers, feed_id: int) -> list[int]:
    return [share.id for share, _ in await mappers.shares.page(feed_id, below=None, limit=100)]


async def found(mappers: Mappers, word: str, feed_id: int) -> list[int]:
    hits = await mappers.search.find(parse_query(word), [feed_id], before=None, limit=10)
    return list(hits.ids)


async def test_a_share_is_an_entry_of_the_streams_feed(mappers: Mappers) -> None:
    ann = await add_person(mappers, "ann")
    stream = await add_stream(mappers, ann)
    before = await mappers.feeds.rev()
    entry = replace(new_entry("pearl", 5.0), guid="g", chain=Chain((Link("urn:1", "Ines", None),), SOURCE, 3.0))
    new = NewShare(ann, stream.id, entry, STORY, 99, 99, SOURCE, "Look\nhere")
    share, made = await mappers.shares.add(new, now=10.0)
    assert made
    assert share == Share(
        share.id, ann, stream.id, stream.feed_id, 1, STORY, 99, SOURCE, None, share.id, 0, "Look\nhere", 10.0, 10.0,
        None, 0,
    )  # fmt: skip
    assert share.live
    stored = await one(mappers, share.id)
    assert (stored.feed_id, stored.seq, stored.story, stored.sort_at) == (stream.feed_id, 1, STORY, 10.0)
    assert (stored.title, stored.content, stored.published_at) == (entry.title, entry.content, 5.0)
    assert (stored.guid, stored.chain) == ("g", entry.chain)
    assert stored.uid != entry.uid
    feed = await mappers.feeds.get(stream.feed_id)
    assert feed is not None
    assert (feed.kind, feed.seq, feed.floor) == ("stream", 1, 0)
    assert before < feed.rev == await mappers.feeds.rev()
    assert await found(mappers, "pearl", stream.feed_id) == [share.id]
    assert await mappers.shares.get(share.id) == share
    assert await mappers.shares.many([share.id, 999]) == {share.id: share}


async def test_a_story_is_once_in_a_stream(mappers: Mappers) -> None:
    ann = await add_person(mappers, "ann")
    first = await add_share(mappers, ann, now=10.0)
    again = await add_share(mappers, ann, now=20.0)
    assert again == first
    stream, other = await add_stream(mappers, ann), await add_stream(mappers, ann, "other")
    assert other.id != stream.id
    moved = NewShare(ann, other.id, new_entry("e1"), first.story, 1, 1, SOURCE)
    assert (await mappers.shares.add(moved, now=30.0))[1]
    assert await live(mappers, stream.feed_id) == [first.id]


async def test_only_into_ones_own_stream(mappers: Mappers) -> None:
    ann, bob = await add_person(mappers, "ann"), await add_person(mappers, "bob")
    stream = await add_stream(mappers, ann)
    for user_id, stream_id in ((bob, stream.id), (ann, 999)):
        with pytest.raises(NotFound):
            await mappers.shares.add(NewShare(user_id, stream_id, new_entry("x"), STORY, 1, 1, SOURCE), now=1.0)
    assert await mappers.shares.page(stream.feed_id, below=None, limit=9) == []


async def test_what_was_taken_back_a_moment_ago_is_not_passed_on(mappers: Mappers) -> None:
    ann, bob = await add_person(mappers, "ann"), await add_person(mappers, "bob")
    root = await add_share(mappers, ann)
    await mappers.shares.remove(ann, root.id, now=15.0)
    with pytest.raises(NotFound):
        await share_on(mappers, bob, root)


async def test_times_never_fall_in_a_stream(mappers: Mappers) -> None:
    ann = await add_person(mappers, "ann")
    one_, two = await add_share(mappers, ann, "a", now=100.0), await add_share(mappers, ann, "b", now=50.0)
    times = [entry.sort_at for entry in await mappers.entries.many([one_.id, two.id])]
    assert times == [100.0, 100.0]
    assert (one_.seq, two.seq) == (1, 2)


async def test_sharing_writes_nothing_per_follower(mappers: Mappers, query_count: Count) -> None:
    await add_share(mappers, await add_person(mappers, "first"))  # what is prepared once is prepared
    costs = []
    for owner, followers in (("few", 1), ("many", 12)):
        user_id = await add_person(mappers, owner)
        await add_stream(mappers, user_id)
        for number in range(followers):
            await follow(mappers, await add_person(mappers, f"{owner}{number}"), user_id)
        for uid in ("first", "second"):
            before = query_count()
            await add_share(mappers, user_id, f"{owner} {uid}")
            costs.append(query_count() - before)
    assert costs[:2] == costs[2:]


async def test_followers_meet_it_unread(mappers: Mappers) -> None:
    ann, bob = await add_person(mappers, "ann"), await add_person(mappers, "bob")
    feed_id = await follow(mappers, bob, ann)
    share = await add_share(mappers, ann)
    assert await read_seqs(mappers, bob, feed_id) == []
    positions = await mappers.entries.positions([(feed_id, 1, 9)])
    assert [at.id for at in positions[feed_id]] == [share.id]


# ---- taking back


async def test_taken_back_it_is_a_tombstone(mappers: Mappers) -> None:
    ann, bob = await add_person(mappers, "ann"), await add_person(mappers, "bob")
    share = await add_share(mappers, ann, "pearl")
    noted = await mappers.shares.note(ann, share.id, "Why", now=15.0)
    assert noted == replace(share, note="Why", noted_at=15.0)
    assert await mappers.shares.remove(bob, share.id, now=20.0) is None
    assert await mappers.shares.remove(ann, share.id, now=20.0) == noted
    assert await mappers.shares.get(share.id) == replace(share, removed_at=20.0)
    assert await live(mappers, share.feed_id) == []
    assert await found(mappers, "pearl", share.feed_id) == []
    assert (await mappers.streams.facts(share.feed_id)).total == 0
    assert await mappers.shares.remove(ann, share.id, now=30.0) is None
    assert await mappers.shares.note(ann, share.id, "Late", now=30.0) is None
    assert await mappers.shares.recount_withdrawn(share.feed_id) == 0


async def test_what_was_taken_back_can_be_shared_again(mappers: Mappers) -> None:
    ann = await add_person(mappers, "ann")
    first = await add_share(mappers, ann)
    await mappers.shares.remove(ann, first.id, now=20.0)
    again = await add_share(mappers, ann, now=30.0)
    assert (again.seq, await live(mappers, first.feed_id)) == (2, [again.id])
    assert not await mappers.shares.restore(ann, first.id, note="", noted_at=None)


async def test_brought_back_as_it_was(mappers: Mappers) -> None:
    ann, bob = await add_person(mappers, "ann"), await add_person(mappers, "bob")
    share = await add_share(mappers, ann, "pearl")
    await mappers.shares.remove(ann, share.id, now=20.0)
    assert not await mappers.shares.restore(bob, share.id, note="", noted_at=None)
    assert await mappers.shares.restore(ann, share.id, note="Why", noted_at=15.0)
    assert await mappers.shares.get(share.id) == replace(share, note="Why", noted_at=15.0)
    assert await live(mappers, share.feed_id) == [share.id]
    assert await found(mappers, "pearl", share.feed_id) == [share.id]
    assert [copy.entry_id for copy in await mappers.shares.copies([share.feed_id])] == [share.id]
    assert not await mappers.shares.restore(ann, share.id, note="", noted_at=None)
    assert await mappers.shares.recount_withdrawn(share.feed_id) == 0


async def test_emptied_after_undo_has_expired(mappers: Mappers) -> None:
    ann, bob = await add_person(mappers, "ann"), await add_person(mappers, "bob")
    kept, gone = await add_share(mappers, ann, "kept"), await add_share(mappers, ann, "pearl")
    await mappers.flags.set(bob, gone.id, "starred", True, now=12.0)
    await mappers.shares.remove(ann, gone.id, now=20.0)
    assert await mappers.shares.wipe(20.0, 10) == 0
    assert (await one(mappers, gone.id)).title
    assert await mappers.shares.wipe(20.5, 10) == 1
    assert await mappers.shares.wipe(99.0, 10) == 0
    empty = await one(mappers, gone.id)
    assert (empty.title, empty.content, empty.url, empty.author, empty.summary) == ("", "", None, None, "")
    assert (empty.tags, empty.enclosures, empty.chain, empty.story, empty.guid) == ((), (), None, None, None)
    assert (empty.seq, empty.sort_at) == (2, 10.0)  # seqs have no holes
    assert await mappers.flags.count(bob, "starred") == 0
    assert not await mappers.shares.restore(ann, gone.id, note="", noted_at=None)
    assert await mappers.subscriptions.recount(gone.feed_id) == 0
    assert await live(mappers, kept.feed_id) == [kept.id]


async def test_withdrawn_is_recounted(mappers: Mappers) -> None:
    ann = await add_person(mappers, "ann")
    shares = [await add_share(mappers, ann, f"e{n}") for n in range(4)]
    feed_id = shares[0].feed_id
    await mappers.shares.remove(ann, shares[1].id, now=20.0)
    await mappers.shares.remove(ann, shares[3].id, now=20.0)
    assert await mappers.shares.recount_withdrawn(feed_id) == 0
    assert (await mappers.streams.facts(feed_id)).total == 2
    assert await mappers.shares.recount_withdrawn(999) == 0


async def test_purged_shares_leave_the_page(mappers: Mappers) -> None:
    ann = await add_person(mappers, "ann")
    shares = [await add_share(mappers, ann, f"e{n}") for n in range(5)]
    feed_id = shares[0].feed_id
    await mappers.shares.remove(ann, shares[0].id, now=20.0)
    await mappers.shares.remove(ann, shares[4].id, now=20.0)
    assert await mappers.entries.purge(feed_id, 3, now=30.0) == 2
    assert await live(mappers, feed_id) == [shares[3].id, shares[2].id]
    assert (await mappers.streams.facts(feed_id)).total == 2
    assert await mappers.shares.recount_withdrawn(feed_id) == 0
    assert not await mappers.shares.restore(ann, shares[0].id, note="", noted_at=None)
    told = [c.entry_id for c in await mappers.shares.copies([feed_id])]
    assert told == [shares[2].id, shares[3].id, shares[4].id]


# ---- chains


async def test_chains_and_their_credit(mappers: Mappers) -> None:
    ann, bob, eve = [await add_person(mappers, name) for name in ("ann", "bob", "eve")]
    root = await add_share(mappers, ann)
    second = await share_on(mappers, bob, root)
    third = await share_on(mappers, eve, second)
    assert (third.root_id, third.parent_id, third.depth) == (root.id, second.id, 2)
    assert await mappers.shares.recount_credit(root.id) == 2
    assert await mappers.shares.recount_credit(root.id) == 0
    tree = await mappers.shares.tree(root.id, 10)
    assert [(s.id, s.credit) for s in tree] == [(root.id, 2), (second.id, 1), (third.id, 0)]
    await mappers.shares.remove(bob, second.id, now=30.0)
    assert await mappers.shares.recount_credit(root.id) == 1
    tree = await mappers.shares.tree(root.id, 10)
    assert [(s.id, s.credit, s.live) for s in tree] == [(root.id, 1, True), (second.id, 1, False), (third.id, 0, True)]
    assert [s.id for s in await mappers.shares.tree(root.id, 2)] == [root.id, second.id]
    assert await mappers.shares.roots(after=0, limit=10) == [root.id]
    assert await mappers.shares.roots(after=root.id, limit=10) == []


async def test_recent_links_of_chains(mappers: Mappers) -> None:
    ann, bob, eve = [await add_person(mappers, name) for name in ("ann", "bob", "eve")]
    root = await add_share(mappers, ann, now=10.0)
    old = await share_on(mappers, bob, root, now=20.0)
    new = await share_on(mappers, eve, old, now=30.0)
    assert await mappers.shares.recent(25.0, after=0, limit=9) == [new]
    assert await mappers.shares.recent(0.0, after=0, limit=1) == [old]
    assert await mappers.shares.recent(0.0, after=old.id, limit=9) == [new]
    await mappers.shares.remove(bob, old.id, now=40.0)
    assert await mappers.shares.recent(35.0, after=0, limit=9) == [replace(old, removed_at=40.0)]
    await mappers.shares.wipe(50.0, 9)
    assert await mappers.shares.recent(35.0, after=0, limit=9) == []


async def test_what_cards_are_made_of(mappers: Mappers, trips: Count, cost: Cost) -> None:
    ann, bob, eve = [await add_person(mappers, name) for name in ("ann", "bob", "eve")]
    feed = await add_feed(mappers)
    met = await one(mappers, (await fill(mappers, feed.id, 1)).new[0].id)
    root = await add_share(mappers, ann, met=met)
    second = await share_on(mappers, bob, root)
    own = await add_share(mappers, eve, met=met)
    before = trips()
    wanted = [(met.id, feed.id, 1), (second.id, second.feed_id, second.seq), (998, 997, 1)]
    related = await mappers.shares.related(wanted, [root.feed_id, feed.id], eve)
    assert trips() - before == cost("related")
    assert related.shares == {root.id: root, second.id: second}
    assert related.stories == {met.id: root.story, second.id: root.story}
    assert related.also == (root, own)
    nobody = await mappers.shares.related(wanted, [root.feed_id, second.feed_id], 0)
    assert nobody.also == (root, second)
    await mappers.shares.remove(ann, root.id, now=40.0)
    assert (await mappers.shares.related(wanted, [root.feed_id], 0)).also == ()
    assert await mappers.shares.related([], [], 0) == replace(nobody, shares={}, stories={}, also=())


async def test_pages_and_exports_go_on(mappers: Mappers) -> None:
    ann = await add_person(mappers, "ann")
    shares = [await add_share(mappers, ann, f"e{n}") for n in range(4)]
    feed_id = shares[0].feed_id
    await mappers.shares.remove(ann, shares[2].id, now=20.0)
    first = await mappers.shares.page(feed_id, below=None, limit=2)
    assert [(share.seq, entry.id) for share, entry in first] == [(4, shares[3].id), (2, shares[1].id)]
    assert [share.seq for share, _ in await mappers.shares.page(feed_id, below=2, limit=2)] == [1]
    all_ = await mappers.shares.of_user(ann, after=0, limit=2)
    assert [share.id for share, _ in all_] == [shares[0].id, shares[1].id]
    rest = await mappers.shares.of_user(ann, after=shares[1].id, limit=9)
    assert [(share.id, entry.id) for share, entry in rest] == [(shares[3].id, shares[3].id)]


async def test_known_in_a_stream_even_if_taken_back(mappers: Mappers) -> None:
    ann = await add_person(mappers, "ann")
    kept, gone = await add_share(mappers, ann, "a"), await add_share(mappers, ann, "b")
    await mappers.shares.remove(ann, gone.id, now=20.0)
    stream = await add_stream(mappers, ann)
    assert await mappers.shares.known_in(stream.id, [kept.story, gone.story, STORY]) == {kept.story, gone.story}


# ---- removal of an account


async def test_a_forgotten_account_leaves_knots_where_others_built(mappers: Mappers) -> None:
    ann, bob, eve = [await add_person(mappers, name) for name in ("ann", "bob", "eve")]
    root, alone = await add_share(mappers, ann, "root"), await add_share(mappers, ann, "alone")
    second = await share_on(mappers, bob, root)
    feed_id = await follow(mappers, eve, ann)
    await mappers.flags.set(eve, root.id, "starred", True, now=12.0)
    assert await mappers.shares.forget(ann, now=50.0) == [feed_id]
    knot = await mappers.shares.get(root.id)
    assert knot is not None
    assert (knot.user_id, knot.stream_id, knot.note, knot.live) == (None, None, "", False)
    assert await mappers.shares.get(alone.id) is None
    assert await mappers.shares.get(second.id) == second
    assert await mappers.feeds.get(feed_id) is None
    assert await mappers.entries.many([root.id, alone.id]) == []
    assert await mappers.subscriptions.get(eve, feed_id) is None
    assert await mappers.flags.count(eve, "starred") == 0
    assert await mappers.streams.of_users([ann]) == []
    assert await mappers.shares.copies([feed_id]) == []
    assert [s.id for s in await mappers.shares.tree(root.id, 10)] == [root.id, second.id]
    assert await mappers.shares.recount_credit(root.id) == 1
    assert await mappers.shares.forget(ann, now=60.0) == []
    # Who was last to build on it goes too: the tree goes with them.
    await mappers.shares.forget(bob, now=70.0)
    assert await mappers.shares.get(second.id) is None


# ---- stories


async def test_the_story_of_an_entry(mappers: Mappers) -> None:
    ann = await add_person(mappers, "ann")
    feed = await add_feed(mappers)
    told, same, none = [
        replace(new_entry(uid, float(n)), story=story)
        for n, (uid, story) in enumerate([("a", STORY), ("b", STORY), ("c", None)])
    ]
    stored = await mappers.entries.many([at.id for at in (await append(mappers, feed.id, [told])).new])
    assert await mappers.shares.story(stored[0]) == STORY
    share = await add_share(mappers, ann, met=stored[0])
    more = await mappers.entries.many([at.id for at in (await append(mappers, feed.id, [same, none])).new])
    assert await mappers.shares.story(stored[0]) == STORY  # it is the copy
    assert await mappers.shares.story(more[0]) == own_story(more[0].id)  # the feed tells that story already
    assert await mappers.shares.story(more[1]) == own_story(more[1].id)
    assert await mappers.shares.story(await one(mappers, share.id)) == STORY
    own = await add_share(mappers, ann, met=more[0])
    assert own.id != share.id
    assert {c.entry_id: c.story for c in await mappers.shares.copies([feed.id])} == {
        stored[0].id: STORY,
        more[0].id: own_story(more[0].id),
    }


async def test_an_untold_link_that_all_entries_share_is_no_story(mappers: Mappers) -> None:
    feed = await add_feed(mappers)
    news = [replace(new_entry(f"e{n}", float(n)), story=STORY) for n in range(3)]
    entries = await mappers.entries.many([at.id for at in (await append(mappers, feed.id, news)).new])
    assert [await mappers.shares.story(entry) for entry in entries] == [own_story(entry.id) for entry in entries]
