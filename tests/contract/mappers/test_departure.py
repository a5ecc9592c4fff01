from __future__ import annotations

import pytest

from reader.errors import Conflict, NotFound
from reader.mappers import Mappers
from reader.models.people import name_digest
from reader.models.subscription import Undo
from reader.models.user import Session
from tests.contract.mappers.make import FAR, add_reader, add_user
from tests.contract.mappers.society import add_person, add_share, add_stream, follow

NOW = 50.0


async def leave(mappers: Mappers, user_id: int, name: str = "ann") -> bool:
    return await mappers.departure.begin(user_id, name_digest(name), now=NOW)


async def clear(mappers: Mappers, user_id: int, limit: int = 1000) -> int:
    done = 0
    while count := await mappers.departure.clear(user_id, limit, now=NOW):
        assert count <= limit
        done += count
    return done


async def test_an_account_that_leaves_is_found_by_nothing(mappers: Mappers) -> None:
    ann, bob = await add_person(mappers, "ann"), await add_person(mappers, "bob")
    await mappers.users.add_session(Session(b"s" * 32, ann, 1.0, FAR))
    await mappers.users.add_token(ann, "phone", b"t" * 32, now=1.0)
    await mappers.undo.add(Undo("token", ann, "marks", "38 marked", "[]", 1.0, FAR))
    await mappers.webhooks.add(
        ann, url="https://site.test/", secret="s", kind="shares", scope="all", last_id=0, most=9, now=1.0
    )
    assert not await mappers.departure.is_leaving(ann)
    assert await leave(mappers, ann)
    assert not await leave(mappers, ann)
    assert await mappers.departure.is_leaving(ann)
    assert await mappers.departure.leaving(9) == [ann]
    assert await mappers.users.get(ann) is None
    assert await mappers.users.by_name("ann") is None
    assert [user.id for user in await mappers.users.list()] == [bob]
    assert await mappers.users.session(b"s" * 32) is None
    assert await mappers.users.token(b"t" * 32) is None
    assert await mappers.undo.take(ann, "token", 2.0) is None
    assert await mappers.webhooks.of_user(ann) == []
    assert await mappers.people.person("ann") is None
    assert await mappers.people.persons([ann, bob]) == {bob: await mappers.people.person("bob")}
    assert await mappers.people.standings(bob, [ann]) == {}
    with pytest.raises(NotFound):
        await mappers.users.add_session(Session(b"x" * 32, ann, 1.0, FAR))
    with pytest.raises(NotFound):
        await mappers.users.add_token(ann, "phone", b"y" * 32, now=1.0)


async def test_its_name_stays_reserved_until_it_is_released(mappers: Mappers) -> None:
    ann = await add_person(mappers, "Ann")
    await leave(mappers, ann, "Ann")
    assert await mappers.departure.finish(ann)
    with pytest.raises(Conflict):
        await add_user(mappers, "aNN")
    assert await mappers.departure.release(name_digest("ANN"))
    assert not await mappers.departure.release(name_digest("ann"))
    await add_user(mappers, "ann")


async def test_everything_that_it_holds_goes_bit_by_bit(mappers: Mappers) -> None:
    reader = await add_reader(mappers, 5, name="ann")
    ann, bob = reader.user.id, await add_person(mappers, "bob")
    share = await add_share(mappers, bob)
    await mappers.subscriptions.add_folder(ann, "Letters")
    for entry_id in reader.ids:
        await mappers.flags.set(ann, entry_id, "starred", True, now=3.0)
    await follow(mappers, ann, bob)
    await mappers.talk.like(share.id, ann, True, now=4.0)
    await mappers.people.mute(ann, bob, now=4.0)
    await mappers.notifications.tell(bob, "like", "like", ann, share_id=share.id, comment_id=None, now=4.0)
    assert not await mappers.departure.finish(ann), "who is not leaving stays"
    assert await mappers.departure.clear(ann, 10, now=NOW) == 0
    await leave(mappers, ann)
    assert not await mappers.departure.finish(ann), "it holds something"
    assert await clear(mappers, ann, limit=2) >= 11
    assert await mappers.departure.finish(ann)
    assert await mappers.departure.finish(ann)
    assert not await mappers.departure.is_leaving(ann)
    assert await mappers.departure.leaving(9) == []
    assert await mappers.notifications.unseen(bob) == 0
    assert await mappers.talk.counts(bob, [share.id]) == {}
    assert await mappers.subscriptions.subscribers(reader.feed.id) == []
    assert await mappers.users.count() == 1
    assert await mappers.entries.many(list(reader.ids)) != [], "what it read is not its own"


async def test_comments_with_answers_stay_of_nobody(mappers: Mappers) -> None:
    ann, bob = await add_person(mappers, "ann"), await add_person(mappers, "bob")
    share = await add_share(mappers, bob)
    asked = await mappers.talk.add(share.id, ann, None, "Is it so?", now=5.0)
    answer = await mappers.talk.add(share.id, bob, asked.id, "It is", now=6.0)
    await mappers.talk.add(share.id, ann, asked.id, "Good", now=7.0)
    await mappers.talk.add(share.id, ann, None, "Alone", now=8.0)
    await leave(mappers, ann)
    await clear(mappers, ann)
    left = await mappers.talk.comments(share.id, 10)
    assert [(each.id, each.user_id, each.text) for each in left] == [(asked.id, None, ""), (answer.id, bob, "It is")]
    assert await mappers.departure.finish(ann)
    assert await mappers.talk.remove(answer.id, now=9.0)
    assert await mappers.talk.comments(share.id, 10) == [], "nothing is left to hold together"


async def test_it_does_not_end_while_it_has_streams(mappers: Mappers) -> None:
    ann, bob = await add_person(mappers, "ann"), await add_person(mappers, "bob")
    share = await add_share(mappers, ann)
    await follow(mappers, bob, ann)
    await leave(mappers, ann)
    await clear(mappers, ann)
    assert await mappers.departure.roots(ann, after=0, limit=9) == [share.root_id]
    assert await mappers.departure.roots(ann, after=share.root_id, limit=9) == []
    assert not await mappers.departure.finish(ann)
    await mappers.shares.forget(ann, now=NOW)
    assert await mappers.departure.finish(ann)
    assert await mappers.streams.of_users([ann]) == []


async def test_a_stream_of_who_leaves_cannot_be_followed(mappers: Mappers) -> None:
    ann, bob = await add_person(mappers, "ann"), await add_person(mappers, "bob")
    stream = await add_stream(mappers, ann)
    await leave(mappers, ann)
    with pytest.raises(NotFound):
        await mappers.subscriptions.subscribe(bob, stream.feed_id, folder_id=None, title=None, unread=1, now=5.0)
