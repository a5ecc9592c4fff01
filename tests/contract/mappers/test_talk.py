from __future__ import annotations

import pytest

from reader.errors import Conflict
from reader.mappers import Mappers
from reader.models.people_views import TalkCounts
from tests.contract.mappers.conftest import Cost, Count
from tests.contract.mappers.society import add_person, add_share, follow


async def test_comments_and_answers_in_order(mappers: Mappers) -> None:
    ann, bob = await add_person(mappers, "ann"), await add_person(mappers, "bob")
    share, other = await add_share(mappers, ann, "a"), await add_share(mappers, ann, "b")
    first = await mappers.talk.add(share.id, bob, None, "Good", now=5.0)
    second = await mappers.talk.add(share.id, ann, None, "Is it?", now=6.0)
    answer = await mappers.talk.add(share.id, bob, second.id, "It is", now=7.0)
    await mappers.talk.add(other.id, bob, None, "Elsewhere", now=7.0)
    assert await mappers.talk.comments(share.id, 10) == [first, second, answer]
    assert answer.parent_id == second.id and answer.created_at == 7.0
    assert await mappers.talk.comments(share.id, 1) == [second, answer], "the newest, and what it answers"
    assert await mappers.talk.many([first.id, answer.id, 999]) == {first.id: first, answer.id: answer}
    assert [each.id for each in await mappers.talk.of_user(bob, first.id, 9)] == [answer.id, answer.id + 1]


async def test_only_a_living_comment_of_the_share_can_be_answered(mappers: Mappers) -> None:
    ann = await add_person(mappers, "ann")
    share, other = await add_share(mappers, ann, "a"), await add_share(mappers, ann, "b")
    first = await mappers.talk.add(share.id, ann, None, "One", now=5.0)
    answer = await mappers.talk.add(share.id, ann, first.id, "Two", now=6.0)
    for share_id, parent_id in ((share.id, answer.id), (share.id, 999), (other.id, first.id)):
        with pytest.raises(Conflict):
            await mappers.talk.add(share_id, ann, parent_id, "No", now=7.0)
    await mappers.talk.remove(first.id, now=8.0)
    with pytest.raises(Conflict):
        await mappers.talk.add(share.id, ann, first.id, "No", now=9.0)


async def test_a_deleted_comment_stays_without_text_while_it_has_answers(mappers: Mappers) -> None:
    ann = await add_person(mappers, "ann")
    share = await add_share(mappers, ann)
    first = await mappers.talk.add(share.id, ann, None, "One", now=5.0)
    answer = await mappers.talk.add(share.id, ann, first.id, "Two", now=6.0)
    alone = await mappers.talk.add(share.id, ann, None, "Three", now=6.0)
    for comment in (first, alone):
        assert await mappers.talk.remove(comment.id, now=8.0)
        assert not await mappers.talk.remove(comment.id, now=9.0)
    left = await mappers.talk.comments(share.id, 10)
    assert [(each.id, each.text, each.removed_at) for each in left] == [(first.id, "", 8.0), (answer.id, "Two", None)]
    assert await mappers.talk.counts(ann, [share.id]) == {share.id: TalkCounts(0, 1, False)}
    assert await mappers.talk.remove(answer.id, now=10.0)
    assert await mappers.talk.comments(share.id, 10) == []


async def test_likes_count_once(mappers: Mappers) -> None:
    ann, bob = await add_person(mappers, "ann"), await add_person(mappers, "bob")
    share = await add_share(mappers, ann)
    assert await mappers.talk.like(share.id, bob, True, now=5.0)
    assert not await mappers.talk.like(share.id, bob, True, now=6.0)
    assert await mappers.talk.like(share.id, ann, True, now=7.0)
    assert await mappers.talk.likers(share.id, 9) == [ann, bob]
    assert await mappers.talk.likers(share.id, 1) == [ann]
    assert await mappers.talk.counts(bob, [share.id]) == {share.id: TalkCounts(2, 0, True)}
    assert await mappers.talk.counts(0, [share.id]) == {share.id: TalkCounts(2, 0, False)}
    assert await mappers.talk.liked_by(bob, 0, 9) == [(share.id, 5.0)]
    assert await mappers.talk.liked_by(bob, share.id, 9) == []
    assert await mappers.talk.like(share.id, bob, False, now=8.0)
    assert not await mappers.talk.like(share.id, bob, False, now=8.0)
    assert await mappers.talk.counts(bob, [share.id]) == {share.id: TalkCounts(1, 0, False)}


@pytest.mark.parametrize("why", ["viewer blocks", "writer blocks", "muted", "private"])
async def test_counts_leave_out_whom_the_viewer_does_not_see(mappers: Mappers, why: str) -> None:
    ann, bob, cy = [await add_person(mappers, name) for name in ("ann", "bob", "cy")]
    share = await add_share(mappers, ann)
    comment = await mappers.talk.add(share.id, bob, None, "One", now=5.0)
    await mappers.talk.add(share.id, ann, comment.id, "Below it", now=5.0)
    await mappers.talk.like(share.id, bob, True, now=5.0)
    assert await mappers.talk.counts(cy, [share.id]) == {share.id: TalkCounts(1, 2, False)}
    match why:
        case "viewer blocks":
            await mappers.people.block(cy, bob, now=6.0)
        case "writer blocks":
            await mappers.people.block(bob, cy, now=6.0)
        case "muted":
            await mappers.people.mute(cy, bob, now=6.0)
        case "private":
            await mappers.people.set_private(bob, True, now=6.0)
    assert await mappers.talk.counts(cy, [share.id]) == {}, "an answer goes with what it answers"
    assert await mappers.talk.counts(ann, [share.id]) == {share.id: TalkCounts(1, 2, False)}
    assert await mappers.talk.counts(bob, [share.id]) == {share.id: TalkCounts(1, 2, True)}


async def test_counts_of_a_page_cost_the_same_whatever_there_is(
    mappers: Mappers, trips: Count, query_count: Count, cost: Cost
) -> None:
    ann, bob = await add_person(mappers, "ann"), await add_person(mappers, "bob")
    await follow(mappers, bob, ann)
    costs = []
    for size in (2, 20):
        shares = [await add_share(mappers, ann, f"{size}-{n}") for n in range(size)]
        for share in shares:
            await mappers.talk.add(share.id, bob, None, "Text", now=5.0)
            await mappers.talk.like(share.id, bob, True, now=5.0)
        before, queries = trips(), query_count()
        counts = await mappers.talk.counts(ann, [share.id for share in shares])
        assert counts == {share.id: TalkCounts(1, 1, False) for share in shares}
        costs.append((trips() - before, query_count() - queries))
    assert costs[0] == costs[1]
    assert costs[0][0] == cost("counts")
