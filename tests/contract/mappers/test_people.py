from __future__ import annotations

import pytest

from reader.errors import NotFound
from reader.mappers import Mappers
from reader.models.people import Standing
from tests.contract.mappers.conftest import Count
from tests.contract.mappers.make import add_feed, fill
from tests.contract.mappers.society import add_person, add_share, add_stream, follow, follows


async def standing(mappers: Mappers, viewer_id: int, owner_id: int) -> Standing:
    return (await mappers.people.standings(viewer_id, [owner_id]))[owner_id]


async def make_private(mappers: Mappers, user_id: int) -> None:
    assert await mappers.people.set_private(user_id, True, now=6.0)


async def approve(mappers: Mappers, owner_id: int, user_id: int) -> bool:
    feed_id = (await add_stream(mappers, owner_id)).feed_id
    return await mappers.people.approve(owner_id, user_id, feed_id=feed_id, unread=10, now=8.0)


async def test_people_are_found_by_name_and_id(mappers: Mappers) -> None:
    ann = await add_person(mappers, "Ann")
    found = await mappers.people.person("aNN")
    assert found is not None and (found.id, found.name, found.private, found.talk) == (ann, "Ann", False, "all")
    assert await mappers.people.person("nobody") is None
    await mappers.people.set_profile(ann, about="On boats", talk="nobody")
    persons = await mappers.people.persons([ann, 999])
    assert list(persons) == [ann]
    assert (persons[ann].about, persons[ann].talk) == ("On boats", "nobody")


async def test_a_standing_tells_all_ties_and_only_in_its_direction(mappers: Mappers) -> None:
    ann, bob = await add_person(mappers, "ann"), await add_person(mappers, "bob")
    assert await standing(mappers, ann, bob) == Standing(ann, (await mappers.people.persons([bob]))[bob])
    await follow(mappers, ann, bob)
    await mappers.people.mute(ann, bob, now=3.0)
    there, back = await standing(mappers, ann, bob), await standing(mappers, bob, ann)
    assert (there.follows, there.muted, there.visible) == (True, True, True)
    assert (back.follows, back.muted, back.visible) == (False, False, True)
    nobody = await standing(mappers, 0, bob)
    assert not any((nobody.follows, nobody.blocks, nobody.blocked, nobody.muted, nobody.approval))
    assert await mappers.people.standings(ann, [999]) == {}


@pytest.mark.parametrize("by_ann", [True, False])
async def test_a_block_hides_both_ways(mappers: Mappers, by_ann: bool) -> None:
    ann, bob = await add_person(mappers, "ann"), await add_person(mappers, "bob")
    assert await mappers.people.block(*((ann, bob) if by_ann else (bob, ann)), now=3.0)
    there, back = await standing(mappers, ann, bob), await standing(mappers, bob, ann)
    assert not there.visible and not back.visible
    assert (there.blocks, there.blocked) == (by_ann, not by_ann)
    assert (back.blocks, back.blocked) == (not by_ann, by_ann)
    assert (await standing(mappers, ann, ann)).visible
    assert (await standing(mappers, 0, ann)).visible


async def test_a_private_person_is_seen_by_whom_they_approved(mappers: Mappers) -> None:
    ann, bob, cy = [await add_person(mappers, name) for name in ("ann", "bob", "cy")]
    await follow(mappers, bob, ann)
    await make_private(mappers, ann)
    assert not await mappers.people.set_private(ann, True, now=7.0)
    assert (await standing(mappers, bob, ann)).visible, "who followed already is approved"
    assert not (await standing(mappers, cy, ann)).visible
    assert not (await standing(mappers, 0, ann)).visible
    assert (await standing(mappers, ann, ann)).visible
    assert await mappers.people.ask(ann, cy, now=7.0)
    assert not await mappers.people.ask(ann, cy, now=7.5)
    assert (await standing(mappers, cy, ann)).approval == "asked"
    assert not (await standing(mappers, cy, ann)).visible
    assert [(each.person.id, each.at) for each in await mappers.people.requests(ann, before=None, limit=9)] == [
        (cy, 7.0)
    ]
    assert await approve(mappers, ann, cy)
    assert not await approve(mappers, ann, cy)
    assert (await standing(mappers, cy, ann)).visible
    assert await follows(mappers, cy, ann)
    assert not await mappers.people.ask(ann, cy, now=9.0)
    assert await mappers.people.requests(ann, before=None, limit=9) == []


async def test_a_request_can_be_withdrawn_or_refused(mappers: Mappers) -> None:
    ann, bob, cy = [await add_person(mappers, name) for name in ("ann", "bob", "cy")]
    await make_private(mappers, ann)
    await mappers.people.ask(ann, bob, now=7.0)
    await mappers.people.ask(ann, cy, now=7.0)
    assert await mappers.people.withdraw(ann, bob)
    assert not await mappers.people.withdraw(ann, bob)
    assert await mappers.people.refuse(ann, cy)
    assert not await mappers.people.refuse(ann, cy)
    assert not await approve(mappers, ann, bob)
    assert not await follows(mappers, bob, ann)


async def test_refusing_a_follower_ends_what_rests_on_the_approval(mappers: Mappers) -> None:
    ann, bob = await add_person(mappers, "ann"), await add_person(mappers, "bob")
    share = await add_share(mappers, ann)
    await follow(mappers, bob, ann)
    await make_private(mappers, ann)
    await mappers.flags.set(bob, share.id, "starred", True, now=7.0)
    assert not await mappers.people.withdraw(ann, bob), "an approval is no request"
    before = await mappers.subscriptions.rev(bob)
    assert await mappers.people.refuse(ann, bob)
    assert not await follows(mappers, bob, ann)
    assert await mappers.flags.many(bob, [share.id]) == {}
    assert not (await standing(mappers, bob, ann)).visible
    assert await mappers.subscriptions.rev(bob) > before


async def test_going_private_takes_stars_from_strangers_only(mappers: Mappers) -> None:
    ann, bob, cy = [await add_person(mappers, name) for name in ("ann", "bob", "cy")]
    share = await add_share(mappers, ann)
    await follow(mappers, bob, ann)
    for user_id in (ann, bob, cy):
        await mappers.flags.set(user_id, share.id, "later", True, now=7.0)
    await make_private(mappers, ann)
    assert [bool(await mappers.flags.many(user_id, [share.id])) for user_id in (ann, bob, cy)] == [True, True, False]


async def test_going_public_leaves_requests_to_be_approved(mappers: Mappers) -> None:
    ann, bob, cy = [await add_person(mappers, name) for name in ("ann", "bob", "cy")]
    await follow(mappers, bob, ann)
    await make_private(mappers, ann)
    await mappers.people.ask(ann, cy, now=7.0)
    assert await mappers.people.open_requests(9) == []
    assert await mappers.people.set_private(ann, False, now=8.0)
    assert await mappers.people.open_requests(9) == [(ann, cy)]
    assert await approve(mappers, ann, cy)
    assert await mappers.people.open_requests(9) == []
    assert await follows(mappers, cy, ann)
    assert (await standing(mappers, cy, ann)).approval is None


async def test_a_block_ends_all_ties(mappers: Mappers) -> None:
    ann, bob = await add_person(mappers, "ann"), await add_person(mappers, "bob")
    hers, his = await add_share(mappers, ann, "a"), await add_share(mappers, bob, "b")
    await follow(mappers, ann, bob)
    await follow(mappers, bob, ann)
    await mappers.flags.set(ann, his.id, "starred", True, now=7.0)
    await mappers.flags.set(bob, hers.id, "later", True, now=7.0)
    for user_id, actor_id in ((ann, bob), (bob, ann)):
        await mappers.notifications.tell(
            user_id, f"follow:{actor_id}", "follow", actor_id, share_id=None, comment_id=None, now=7.0
        )
    revs = [await mappers.subscriptions.rev(each) for each in (ann, bob)]
    assert await mappers.people.block(ann, bob, now=8.0)
    assert not await mappers.people.block(ann, bob, now=9.0)
    assert not await follows(mappers, ann, bob) and not await follows(mappers, bob, ann)
    assert await mappers.flags.many(ann, [his.id]) == await mappers.flags.many(bob, [hers.id]) == {}
    assert await mappers.notifications.unseen(ann) == await mappers.notifications.unseen(bob) == 0
    assert [await mappers.subscriptions.rev(each) > rev for each, rev in zip((ann, bob), revs, strict=True)] == [
        True
    ] * 2
    assert [person.id for person in await mappers.people.related(ann, "block", before=None, limit=9)] == [bob]
    assert await mappers.people.related(bob, "block", before=None, limit=9) == []


async def test_unblocking_brings_nothing_back(mappers: Mappers) -> None:
    ann, bob = await add_person(mappers, "ann"), await add_person(mappers, "bob")
    await follow(mappers, bob, ann)
    await mappers.people.block(ann, bob, now=8.0)
    assert await mappers.people.unrelate(ann, bob, "block")
    assert not await mappers.people.unrelate(ann, bob, "block")
    assert not await follows(mappers, bob, ann)
    assert (await standing(mappers, bob, ann)).visible


async def test_nobody_is_related_to_who_is_not_there(mappers: Mappers) -> None:
    ann = await add_person(mappers, "ann")
    assert not await mappers.people.block(ann, 999, now=8.0)
    assert not await mappers.people.mute(ann, 999, now=8.0)
    assert not await mappers.people.ask(999, ann, now=8.0)


async def test_muting_mutes_subscriptions_and_keeps_them(mappers: Mappers) -> None:
    ann, bob = await add_person(mappers, "ann"), await add_person(mappers, "bob")
    await follow(mappers, ann, bob)
    before = await mappers.subscriptions.rev(ann)
    assert await mappers.people.mute(ann, bob, now=8.0)
    assert await follows(mappers, ann, bob)
    assert (await standing(mappers, ann, bob)).muted
    assert not await mappers.people.mute(ann, bob, now=9.0)
    assert await mappers.subscriptions.rev(ann) == before + 1, "muting twice writes once"
    assert await mappers.people.unrelate(ann, bob, "mute")
    assert not (await standing(mappers, ann, bob)).muted
    assert [person.id for person in await mappers.people.related(ann, "mute", before=None, limit=9)] == []


async def test_followers_and_followed_come_in_pages(mappers: Mappers) -> None:
    ann = await add_person(mappers, "ann")
    others = [await add_person(mappers, f"p{n}") for n in range(5)]
    await add_stream(mappers, ann, "second")
    for other in others:
        await follow(mappers, other, ann)
        await follow(mappers, ann, other)
    second = await add_stream(mappers, ann, "second")
    await mappers.subscriptions.subscribe(others[0], second.feed_id, folder_id=None, title=None, unread=1, now=5.0)
    for call in (mappers.people.followers, mappers.people.following):
        first = [person.id for person in await call(ann, before=None, limit=3)]
        rest = [person.id for person in await call(ann, before=first[-1], limit=3)]
        assert first + rest == others[::-1]
    assert await mappers.people.ties(ann) == (5, 5, 0)
    assert await mappers.people.ties(others[0]) == (1, 1, 0)


async def test_approved_people_count_as_followers(mappers: Mappers) -> None:
    ann, bob, cy = [await add_person(mappers, name) for name in ("ann", "bob", "cy")]
    feed_id = await follow(mappers, bob, ann)
    await make_private(mappers, ann)
    await mappers.people.ask(ann, cy, now=7.0)
    await mappers.subscriptions.unsubscribe(bob, [feed_id])
    assert [person.id for person in await mappers.people.followers(ann, before=None, limit=9)] == [bob]
    assert await mappers.people.ties(ann) == (1, 0, 1)


async def test_suggestions_come_from_the_followed_and_from_ones_own_feeds(mappers: Mappers) -> None:
    ann, bob, cy, dot, eve = [await add_person(mappers, name) for name in ("ann", "bob", "cy", "dot", "eve")]
    await follow(mappers, ann, bob)
    await follow(mappers, bob, cy)
    await follow(mappers, bob, ann)
    feed = await add_feed(mappers)
    await fill(mappers, feed.id, 1)
    await mappers.subscriptions.subscribe(ann, feed.id, folder_id=None, title=None, unread=1, now=5.0)
    await share_from(mappers, dot, feed.id)
    found = {each.person.id: each for each in await mappers.people.suggestions(ann, 9)}
    assert set(found) == {cy, dot}
    assert (found[cy].through, found[cy].through_count, found[cy].shares) == (("bob",), 1, 0)
    assert (found[dot].through, found[dot].through_count, found[dot].shares) == ((), 0, 1)
    assert await mappers.people.suggestions(eve, 9) == []
    assert len(await mappers.people.suggestions(ann, 1)) == 1


async def share_from(mappers: Mappers, user_id: int, feed_id: int) -> None:
    """Shares the only entry of a feed."""
    positions = await mappers.entries.positions([(feed_id, 1, 1)])
    [entry] = await mappers.entries.many([positions[feed_id][0].id])
    await add_share(mappers, user_id, entry.uid, met=entry)


@pytest.mark.parametrize("why", ["follows", "asked", "blocks", "blocked", "mutes", "private", "self"])
async def test_nobody_is_suggested_who_should_not_be(mappers: Mappers, why: str) -> None:
    ann, bob, cy = [await add_person(mappers, name) for name in ("ann", "bob", "cy")]
    await follow(mappers, ann, bob)
    await follow(mappers, bob, cy)
    await follow(mappers, bob, ann)
    assert [each.person.id for each in await mappers.people.suggestions(ann, 9)] == [cy]
    match why:
        case "follows":
            await follow(mappers, ann, cy)
        case "asked":
            await mappers.people.ask(cy, ann, now=7.0)
        case "blocks":
            await mappers.people.block(ann, cy, now=7.0)
        case "blocked":
            await mappers.people.block(cy, ann, now=7.0)
        case "mutes":
            await mappers.people.mute(ann, cy, now=7.0)
        case "private":
            await make_private(mappers, cy)
        case "self":
            await mappers.subscriptions.unsubscribe(bob, [(await add_stream(mappers, cy)).feed_id])
    assert await mappers.people.suggestions(ann, 9) == []


async def test_lists_of_people_cost_the_same_whatever_there_is(
    mappers: Mappers, trips: Count, query_count: Count
) -> None:
    costs = []
    for size in (2, 12):
        ann = await add_person(mappers, f"ann{size}")
        for n in range(size):
            other = await add_person(mappers, f"p{size}-{n}")
            await follow(mappers, other, ann)
            await follow(mappers, ann, other)
            await follow(mappers, other, await add_person(mappers, f"q{size}-{n}"))
        before, queries = trips(), query_count()
        await mappers.people.followers(ann, before=None, limit=50)
        await mappers.people.following(ann, before=None, limit=50)
        assert len(await mappers.people.suggestions(ann, 50)) == size
        await mappers.people.ties(ann)
        await mappers.people.standings(ann, list(range(1, 200)))
        costs.append((trips() - before, query_count() - queries))
    assert costs[0] == costs[1]


@pytest.mark.parametrize("why", ["viewer blocks", "owner blocks", "private"])
async def test_a_stream_that_one_may_not_see_cannot_be_subscribed_to_or_restored(mappers: Mappers, why: str) -> None:
    ann, bob = await add_person(mappers, "ann"), await add_person(mappers, "bob")
    feed_id = await follow(mappers, bob, ann)
    removed = await mappers.subscriptions.unsubscribe(bob, [feed_id])
    match why:
        case "viewer blocks":
            await mappers.people.block(bob, ann, now=6.0)
        case "owner blocks":
            await mappers.people.block(ann, bob, now=6.0)
        case "private":
            await make_private(mappers, ann)
    with pytest.raises(NotFound):
        await follow(mappers, bob, ann)
    assert await mappers.subscriptions.restore(removed) == 0
    assert not await follows(mappers, bob, ann)
    await follow(mappers, ann, ann)
    assert await follows(mappers, ann, ann), "one's own"


async def test_upkeep_leaves_what_may_be(mappers: Mappers) -> None:
    ann, bob, cy = [await add_person(mappers, name) for name in ("ann", "bob", "cy")]
    await follow(mappers, bob, ann)
    await follow(mappers, ann, ann)
    await follow(mappers, ann, bob)
    await make_private(mappers, ann)
    await mappers.people.mute(ann, bob, now=7.0)
    await mappers.people.block(cy, ann, now=7.0)
    assert await mappers.people.put_right(9) == 0
    assert [await follows(mappers, *pair) for pair in ((bob, ann), (ann, ann), (ann, bob))] == [True] * 3
