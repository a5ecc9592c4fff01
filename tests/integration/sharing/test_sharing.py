"""Passing on, taking back, and what is told of it, through the services and the jobs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from reader.errors import Conflict, Invalid, NotFound
from reader.events import EntriesArrived, FeedChanged, feed_topic
from reader.models.reading import EntryView, Scope
from reader.models.share import Share
from reader.models.sharing_views import ShareCard, SharedDone
from reader.models.sources import Rule
from reader.models.user import ANONYMOUS
from reader.services.sharing import SharingService
from tests.helpers.app import Person, World
from tests.helpers.wait import until_async


@pytest.fixture
async def eve(world: World, ada: Person) -> Person:
    return await world.person("eve")


@pytest.fixture
def sharing(world: World) -> SharingService:
    return world.container.services.sharing


@pytest.fixture
async def feed(world: World, ada: Person) -> AsyncIterator[int]:
    yield await world.feed(entries=3, readers=[ada])


async def views(world: World, person: Person, scope: Scope | None = None) -> list[EntryView]:
    page = await world.container.services.reading.page(person.actor, scope or Scope("all"))
    return list(page.entries)


async def ids(world: World, person: Person, scope: Scope | None = None) -> list[int]:
    return [view.entry.id for view in await views(world, person, scope)]


async def unread(world: World, person: Person) -> int:
    return (await world.container.services.reading.sidebar(person.actor)).unread


async def undo(world: World, person: Person, token: str | None) -> None:
    assert token is not None
    await world.container.services.reading.undo(person.actor, token)


async def follow(world: World, person: Person, done: SharedDone) -> None:
    await world.subscribe(person, done.stream.feed_id)


async def card(world: World, person: Person, entry_id: int) -> ShareCard | None:
    return (await world.container.services.sharing.cards_of(person.actor, [entry_id])).get(entry_id)


async def credit_of(world: World, share: Share, wanted: int) -> bool:
    return (await fresh(world, share)).credit == wanted


async def fresh(world: World, share: Share) -> Share:
    found = await world.container.mappers.shares.get(share.id)
    assert found is not None
    return found


# ---- into one's stream


async def test_the_first_share_makes_the_stream(world: World, sharing: SharingService, ada: Person, feed: int) -> None:
    assert await sharing.streams(ada.actor) == []
    entry = (await views(world, ada))[0].entry
    done = await sharing.share(ada.actor, entry.id, note="  Worth the walk. ")
    assert (done.stream.name, done.stream.title, done.stream.position) == ("shared", "Shared items", 0)
    assert (done.share.note, done.share.source.title, done.share.source.feed_id) == ("Worth the walk.", "Gazette", feed)
    assert done.label == "Shared in “Shared items”"
    assert await sharing.streams(ada.actor) == [done.stream]
    page = await sharing.stream_page(ANONYMOUS, "ada", "shared")
    (item,) = page.items
    assert (item.entry.title, item.entry.url, item.share) == (entry.title, entry.url, done.share)
    assert (page.total, page.followers, page.next, page.following, page.mine) == (1, 0, None, False, False)


async def test_sharing_twice_changes_only_the_note(
    world: World, sharing: SharingService, ada: Person, feed: int
) -> None:
    entry_id = (await ids(world, ada))[0]
    first = await sharing.share(ada.actor, entry_id)
    again = await sharing.share(ada.actor, entry_id, note="Now I know why")
    assert (again.made, again.undo, again.share.id, again.share.note) == (False, None, first.share.id, "Now I know why")
    own = await sharing.share(ada.actor, first.share.id)
    assert (own.made, own.share.id) == (False, first.share.id)
    assert (await sharing.stream_page(ANONYMOUS, "ada", "shared")).total == 1


async def test_what_cannot_be_seen_cannot_be_shared(
    world: World, sharing: SharingService, ada: Person, bob: Person, feed: int
) -> None:
    entry_id = (await ids(world, ada))[0]
    stream = (await sharing.share(ada.actor, entry_id)).stream
    for wanted in (entry_id, 999):
        with pytest.raises(NotFound):
            await sharing.share(bob.actor, wanted)
    his = await world.feed("his", readers=[bob])
    with pytest.raises(NotFound):
        await sharing.share(bob.actor, (await ids(world, bob, Scope("feed", his)))[0], stream_id=stream.id)
    with pytest.raises(Invalid):
        await sharing.share(ada.actor, entry_id, note="x" * 501)


async def test_a_public_share_can_be_passed_on_without_following(
    world: World, sharing: SharingService, ada: Person, bob: Person, feed: int
) -> None:
    first = await sharing.share(ada.actor, (await ids(world, ada))[0])
    second = await sharing.share(bob.actor, first.share.id)
    assert (second.share.parent_id, second.share.root_id, second.share.depth) == (first.share.id, first.share.id, 1)
    await world.container.services.people.edit_profile(ada.actor, private=True)
    with pytest.raises(NotFound):
        await sharing.share(bob.actor, first.share.id, stream_id=(await sharing.add_stream(bob.actor, "Two")).id)


async def test_undo_takes_a_share_back(world: World, sharing: SharingService, ada: Person, feed: int) -> None:
    done = await sharing.share(ada.actor, (await ids(world, ada))[0])
    await undo(world, ada, done.undo)
    assert not (await fresh(world, done.share)).live
    assert (await sharing.stream_page(ANONYMOUS, "ada", "shared")).items == ()


# ---- at once, for followers


async def test_followers_hear_of_it_and_count_it(
    world: World, sharing: SharingService, ada: Person, bob: Person, feed: int
) -> None:
    entry_ids = await ids(world, ada)
    first = await sharing.share(ada.actor, entry_ids[0])
    await follow(world, bob, first)
    assert await unread(world, bob) == 1
    async with world.container.bus.subscribe([feed_topic(first.stream.feed_id)]) as channel:
        second = await sharing.share(ada.actor, entry_ids[1])
        events = aiter(channel)
        assert await anext(events) == EntriesArrived(first.stream.feed_id, 1, second.share.id)
        assert await unread(world, bob) == 2
        await sharing.unshare(ada.actor, first.share.id)
        assert await anext(events) == FeedChanged(first.stream.feed_id)
        assert await unread(world, bob) == 1
        assert await ids(world, bob) == [second.share.id]


async def test_taken_back_everywhere_and_brought_back(
    world: World, sharing: SharingService, ada: Person, bob: Person, feed: int
) -> None:
    done = await sharing.share(ada.actor, (await ids(world, ada))[0], note="Why")
    await follow(world, bob, done)
    await world.container.services.reading.star(bob.actor, done.share.id, True)
    gone = await sharing.unshare(ada.actor, done.share.id)
    assert await ids(world, bob) == []
    assert (await world.container.services.reading.sidebar(bob.actor)).unread == 0
    for look in (sharing.item, sharing.tree):
        with pytest.raises(NotFound):
            await look(bob.actor, done.share.id)
    with pytest.raises(NotFound):
        await world.container.services.reading.entry(bob.actor, done.share.id)
    await undo(world, ada, gone.undo)
    assert await ids(world, bob) == [done.share.id]
    assert await fresh(world, done.share) == done.share
    with pytest.raises(NotFound):
        await sharing.unshare(bob.actor, done.share.id)


async def test_what_was_taken_back_is_emptied_after_a_day(
    world: World, sharing: SharingService, ada: Person, feed: int
) -> None:
    done = await sharing.share(ada.actor, (await ids(world, ada))[0])
    gone = await sharing.unshare(ada.actor, done.share.id)
    world.hands.ahead += 3600
    assert (await world.container.gateways.upkeep.run())["shares"] == 0
    world.hands.ahead += 86_400
    assert (await world.container.gateways.upkeep.run())["shares"] == 1
    (entry,) = await world.container.mappers.entries.many([done.share.id])
    assert (entry.title, entry.content) == ("", "")
    with pytest.raises(NotFound):
        await undo(world, ada, gone.undo)


# ---- chains


async def test_a_chain_of_three(
    world: World, sharing: SharingService, ada: Person, bob: Person, eve: Person, feed: int
) -> None:
    first = await sharing.share(ada.actor, (await ids(world, ada))[0], note="One")
    await follow(world, bob, first)
    second = await sharing.share(bob.actor, first.share.id, note="Two")
    await follow(world, eve, second)
    async with world.working():
        await until_async(lambda: credit_of(world, first.share, 1))
    told = await card(world, eve, second.share.id)
    assert told is not None
    assert told.by is not None
    assert (told.by.name, told.by.note, told.by.url) == ("bob", "Two", "/u/bob")
    assert [(p.name, p.note) for p in told.path] == [("ada", "One")]
    assert told.source == first.share.source
    third = await sharing.share(eve.actor, second.share.id)
    assert (third.share.depth, third.share.parent_id) == (2, second.share.id)
    tree = await sharing.tree(ada.actor, third.share.id)
    assert [(n.name, n.depth, n.mine, n.on_way) for n in tree.nodes] == [
        ("ada", 0, True, True), ("bob", 1, False, True), ("eve", 2, False, True),
    ]  # fmt: skip
    notices = await world.container.services.people.notifications(ada.actor)
    assert [(n.kind, n.people[0].name) for n in notices.notices] == [("reshare", "bob")]
    await sharing.unshare(bob.actor, second.share.id)
    assert (await world.container.services.people.notifications(ada.actor)).notices == ()
    tree = await sharing.tree(ada.actor, third.share.id)
    assert [(n.name, n.withdrawn) for n in tree.nodes] == [("ada", False), ("", True), ("eve", False)]


async def test_ones_own_shares_are_no_step(
    world: World, sharing: SharingService, ada: Person, bob: Person, feed: int
) -> None:
    first = await sharing.share(ada.actor, (await ids(world, ada))[0])
    other = await sharing.add_stream(ada.actor, "Harbours")
    again = await sharing.share(ada.actor, first.share.id, stream_id=other.id)
    assert (again.made, again.share.parent_id, again.share.source_id) == (True, None, first.share.source_id)
    mine = await sharing.share(bob.actor, first.share.id)
    two = await sharing.add_stream(bob.actor, "Mine")
    moved = await sharing.share(bob.actor, mine.share.id, stream_id=two.id)
    assert moved.share.parent_id == first.share.id


async def test_also_shared_by_whom_one_follows(
    world: World, sharing: SharingService, ada: Person, bob: Person, eve: Person, feed: int
) -> None:
    await world.subscribe(bob, feed)
    entry_id = (await ids(world, ada))[0]
    first, second = await sharing.share(ada.actor, entry_id), await sharing.share(bob.actor, entry_id)
    for person in (ada, eve):
        await follow(world, person, second)
    await follow(world, eve, first)
    told = await card(world, eve, first.share.id)
    assert told is not None
    assert told.by is not None
    assert (told.by.name, [p.name for p in told.also], told.mine) == ("ada", ["bob"], None)
    hers = await card(world, ada, entry_id)
    assert hers is not None
    assert (hers.by, [p.name for p in hers.also], hers.mine) == (None, ["bob"], first.share.id)
    await world.container.services.people.mute(eve.actor, "bob")
    told = await card(world, eve, first.share.id)
    assert told is not None
    assert told.also == ()


async def test_a_private_person_vanishes_from_the_chain(
    world: World, sharing: SharingService, ada: Person, bob: Person, eve: Person, feed: int
) -> None:
    first = await sharing.share(ada.actor, (await ids(world, ada))[0])
    second = await sharing.share(bob.actor, first.share.id)
    third = await sharing.share(eve.actor, second.share.id)
    await world.container.services.people.edit_profile(bob.actor, private=True)
    tree = await sharing.tree(eve.actor, third.share.id)
    assert [(n.name, n.depth, n.parent) for n in tree.nodes] == [("ada", 0, None), ("eve", 1, first.share.id)]
    with pytest.raises(NotFound):
        await sharing.tree(eve.actor, second.share.id)
    assert [n.name for n in (await sharing.tree(bob.actor, second.share.id)).nodes] == ["ada", "bob", "eve"]
    (item,) = (await sharing.stream_page(ANONYMOUS, "eve", "shared")).items
    assert [p.name for p in item.card.path] == ["ada"]
    with pytest.raises(NotFound):
        await sharing.stream_page(ANONYMOUS, "bob", "shared")


# ---- streams


async def test_streams_are_made_named_moved_and_removed(
    world: World, sharing: SharingService, ada: Person, bob: Person, feed: int
) -> None:
    books = await sharing.add_stream(ada.actor, "Schöne Bücher", description="Gelesen")
    assert (books.name, books.position) == ("schone-bucher", 1)
    with pytest.raises(Conflict):
        await sharing.add_stream(ada.actor, "Others", name="schone-bucher")
    for name in ("Ä", "followers", "a b", "-"):
        with pytest.raises(Invalid):
            await sharing.add_stream(ada.actor, "Fine", name=name)
    with pytest.raises(Invalid):
        await sharing.add_stream(ada.actor, "書")
    assert (await sharing.add_stream(ada.actor, "Followers")).name == "followers-1"
    await sharing.move_stream(ada.actor, books.id, (await sharing.streams(ada.actor))[0].id)
    done = await sharing.share(ada.actor, (await ids(world, ada))[0])
    assert done.stream.id == books.id
    await follow(world, bob, done)
    edited = await sharing.edit_stream(ada.actor, books.id, title="Good books")
    assert (edited.title, edited.description, edited.name) == ("Good books", "Gelesen", "schone-bucher")
    gone = await sharing.remove_stream(ada.actor, books.id)
    assert await ids(world, bob) == []
    with pytest.raises(NotFound):
        await sharing.stream_page(ANONYMOUS, "ada", "schone-bucher")
    await undo(world, ada, gone.undo)
    assert await ids(world, bob) == [done.share.id]
    with pytest.raises(NotFound):
        await sharing.remove_stream(bob.actor, books.id)


async def test_a_stream_page_goes_on(world: World, sharing: SharingService, ada: Person) -> None:
    await world.feed("long", entries=7, readers=[ada])
    for entry_id in reversed(await ids(world, ada)):
        await sharing.share(ada.actor, entry_id)
    seen: list[int] = []
    below: int | None = None
    while True:
        page = await sharing.stream_page(ANONYMOUS, "ada", "shared", below=below, limit=3)
        seen += [item.share.seq for item in page.items]
        if page.next is None:
            break
        below = page.next
    assert seen == [7, 6, 5, 4, 3, 2, 1]


# ---- what streams share by themselves


async def test_a_stream_shares_what_matches(world: World, sharing: SharingService, ada: Person, feed: int) -> None:
    stream = await sharing.add_stream(ada.actor, "Harbours")
    rule = Rule(words=("storm",), without=("quiet",), author="marsh", tag="Harbour")
    await world.publish(feed, 1, content="<p>An old storm</p>")
    found = await sharing.preview(ada.actor, feed, rule)
    assert (len(found.entries), found.looked_at) == (1, 4)
    await sharing.attach(ada.actor, stream.id, [feed], rule)
    async with world.working():
        await world.publish(feed, 1, content="<p>A <b>Storm</b> comes</p>")
        await world.publish(feed, 1, content="<p>A quiet storm</p>")
        await world.publish(feed, 1, content="<p>Stormy weather</p>")
        await matched(world, feed)
    page = await sharing.stream_page(ANONYMOUS, "ada", "harbours")
    assert [item.entry.content for item in page.items] == ["<p>A <b>Storm</b> comes</p>"]
    assert await world.container.mappers.streams.behind(10) == ([], "")


async def matched(world: World, feed_id: int) -> None:
    """As the sweep does what a lost queue forgot."""
    for behind in await world.container.gateways.streams.behind(10):
        await world.container.gateways.streams.share_matches(behind)


async def test_what_somebody_took_back_is_not_shared_again(
    world: World, sharing: SharingService, ada: Person, feed: int
) -> None:
    stream = await sharing.add_stream(ada.actor, "All")
    await sharing.attach(ada.actor, stream.id, None, Rule())
    await world.publish(feed, 2)
    await matched(world, feed)
    page = await sharing.stream_page(ANONYMOUS, "ada", "all")
    assert page.total == 2
    await sharing.unshare(ada.actor, page.items[0].share.id)
    source = (await sharing.sources(ada.actor, stream.id))[0]
    await world.container.mappers.streams.detach(stream.id, [feed])  # a crash before the place was noted
    await world.container.mappers.streams.attach_again([replace(source, seq=3)])
    await matched(world, feed)
    assert (await sharing.stream_page(ANONYMOUS, "ada", "all")).total == 1


async def test_streams_that_feed_each_other_come_to_rest(
    world: World, sharing: SharingService, ada: Person, bob: Person, feed: int
) -> None:
    hers, his = await sharing.add_stream(ada.actor, "Hers"), await sharing.add_stream(bob.actor, "His")
    await world.subscribe(bob, hers.feed_id)
    await world.subscribe(ada, his.feed_id)
    await sharing.attach(bob.actor, his.id, [hers.feed_id], Rule())
    await sharing.attach(ada.actor, hers.id, [his.feed_id], Rule())
    await world.subscribe(ada, hers.feed_id)
    with pytest.raises(Invalid):
        await sharing.attach(ada.actor, hers.id, [hers.feed_id], Rule())
    first = await sharing.share(ada.actor, (await ids(world, ada, Scope("feed", feed)))[0], stream_id=hers.id)
    for _ in range(5):
        await matched(world, feed)
    (item,) = (await sharing.stream_page(ANONYMOUS, "bob", "his")).items
    assert (item.share.parent_id, item.share.depth) == (first.share.id, 1)
    assert (await sharing.stream_page(ANONYMOUS, "ada", "hers")).total == 1
    assert await world.container.mappers.streams.behind(10) == ([], "")


async def test_a_stream_does_not_share_from_whom_its_owner_may_not_see(
    world: World, sharing: SharingService, ada: Person, bob: Person, feed: int
) -> None:
    entry_ids = await ids(world, ada)
    hers = (await sharing.share(ada.actor, entry_ids[0])).stream
    his = await sharing.add_stream(bob.actor, "His")
    await world.subscribe(bob, hers.feed_id)
    await sharing.attach(bob.actor, his.id, [hers.feed_id], Rule())
    await world.container.services.people.block(ada.actor, "bob")
    await sharing.share(ada.actor, entry_ids[1])
    await matched(world, feed)
    assert (await sharing.stream_page(bob.actor, "bob", "his")).total == 0


async def test_sources_of_others_and_of_what_one_does_not_read(
    world: World, sharing: SharingService, ada: Person, bob: Person, feed: int
) -> None:
    stream = await sharing.add_stream(ada.actor, "Harbours")
    other = await world.feed("other")
    with pytest.raises(NotFound):
        await sharing.attach(ada.actor, stream.id, [other], Rule())
    with pytest.raises(NotFound):
        await sharing.attach(bob.actor, stream.id, [], Rule())
    with pytest.raises(NotFound):
        await sharing.preview(bob.actor, feed, Rule())
    with pytest.raises(Invalid):
        await sharing.attach(ada.actor, stream.id, [feed], Rule(words=("x",) * 21))
    await sharing.attach(ada.actor, stream.id, [feed], Rule(words=("harbour",)))
    gone = await sharing.detach(ada.actor, stream.id, [feed])
    assert await sharing.sources(ada.actor, stream.id) == []
    await undo(world, ada, gone.undo)
    assert [source.rule.words for source in await sharing.sources(ada.actor, stream.id)] == [("harbour",)]


async def test_what_a_crash_left_undone_is_done_by_upkeep(
    world: World, sharing: SharingService, ada: Person, bob: Person, feed: int
) -> None:
    """The share is stored, and the process dies before it says so to anybody."""
    first = await sharing.share(ada.actor, (await ids(world, ada))[0])
    second = await sharing.share(bob.actor, first.share.id)
    await world.container.mappers.notifications.forget(ada.user.id, f"reshare:{second.share.id}")
    assert (await fresh(world, first.share)).credit == 0  # nobody runs jobs here
    for changed in (2, 0):
        assert (await world.container.gateways.upkeep.run())["chains"] == changed
        assert (await fresh(world, first.share)).credit == 1
        notices = (await world.container.services.people.notifications(ada.actor)).notices
        assert [notice.kind for notice in notices] == ["reshare"]
    await world.container.mappers.shares.remove(bob.user.id, second.share.id, now=world.hands.now())
    assert (await world.container.gateways.upkeep.run())["chains"] == 1
    assert (await fresh(world, first.share)).credit == 0
