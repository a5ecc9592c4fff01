"""Whoever tells others (notifications, our hub, webhooks, what hubs bring) is cut off before each write: what is due is
told in the end, once, and to nobody who is not to hear it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import cast

import pytest

from reader.mappers import Mappers
from reader.mappers.mongo import MongoMappers
from tests.contract.mappers.make import FAR, add_feed, fill
from tests.contract.mappers.society import add_person, add_share, follow
from tests.contract.mappers.test_hub import new, subscribed
from tests.unit.mongo.dying import Died, Mortal, over

MOST_WRITES = 30


async def cut_off(mappers: MongoMappers, act: Callable[[Mappers, int], Awaitable[object]], least: int = 1) -> None:
    """act(dying mappers, round), until it gets through; it checks what it left."""
    for last in range(MOST_WRITES):
        mortal = Mortal(mappers, last, 0.5)
        await act(cast(Mappers, mortal.mappers), last)
        if not mortal.died:
            assert last >= least
            return
    pytest.fail(f"more than {MOST_WRITES} writes")


async def test_a_notification_is_there_once_and_never_from_the_blocked(mappers: MongoMappers) -> None:
    sound = cast(Mappers, mappers)

    async def act(dying: Mappers, n: int) -> None:
        ann, bob, cy = [await add_person(sound, f"{name}{n}") for name in ("ann", "bob", "cy")]
        await sound.people.block(bob, ann, now=1.0)
        for actor in (cy, bob):
            with suppress(Died):
                await dying.notifications.tell(
                    ann, f"f{actor}", "follow", actor, share_id=None, comment_id=None, now=2.0
                )
        seen = [each.actor_id for each in await sound.notifications.page(ann, before=None, limit=9)]
        assert seen in ([], [cy])
        assert await sound.notifications.unseen(ann) == len(seen)
        for actor in (cy, bob):
            await sound.notifications.tell(ann, f"f{actor}", "follow", actor, share_id=None, comment_id=None, now=2.0)
        assert [each.actor_id for each in await sound.notifications.page(ann, before=None, limit=9)] == [cy]

    await cut_off(mappers, act)


async def test_who_is_blocked_while_telling_and_dies_is_not_heard(mappers: MongoMappers) -> None:
    """The block finds nothing to take away yet, and nobody looks again."""
    sound = cast(Mappers, mappers)
    ann, bob = [await add_person(sound, name) for name in ("ann", "bob")]
    writes = 0

    async def before() -> float | None:
        nonlocal writes
        writes += 1
        if writes == 2:  # the number is taken, the notification comes now
            await sound.people.block(bob, ann, now=1.0)
        return 0.0 if writes > 2 else None

    with pytest.raises(Died):
        await over(mappers, before).notifications.tell(
            ann, "key", "follow", bob, share_id=None, comment_id=None, now=2.0
        )
    assert await mappers.engine.db.notification.count_documents({}) == 1
    assert await sound.notifications.page(ann, before=None, limit=9) == []
    assert await sound.notifications.unseen(ann) == 0


async def test_a_subscription_at_our_hub_is_confirmed_and_served(mappers: MongoMappers) -> None:
    """The request is a job's row: it is done again until it is gone."""
    sound = cast(Mappers, mappers)

    async def act(dying: Mappers, n: int) -> None:
        feed = await add_feed(sound, f"feed{n}")
        request = await sound.hub.ask(new(feed.id, topic=f"https://here.test/{n}"), now=1.0)
        with suppress(Died):
            await dying.hub.confirm(request, until=FAR, now=2.0)
        if await sound.hub.request(request) is not None:
            assert await sound.hub.confirm(request, until=FAR, now=2.0)
        (made,) = await sound.hub.of_feed(feed.id, after=0, limit=9)
        await fill(sound, feed.id, 1, prefix=str(n))
        with suppress(Died):
            await dying.hub.announce(feed.id, now=3.0)
        feeds, _ = await sound.hub.behind(1000)
        if feed.id in feeds:
            await sound.hub.announce(feed.id, now=3.0)
        assert made.id in await sound.hub.due(3.0, 1000)

    await cut_off(mappers, act, 4)


async def test_what_changes_while_a_stream_is_sent_is_sent_again(mappers: MongoMappers) -> None:
    sound = cast(Mappers, mappers)

    async def act(dying: Mappers, n: int) -> None:
        feed = await add_feed(sound, f"feed{n}")
        made = await subscribed(sound, feed.id, topic=f"https://here.test/{n}")
        await fill(sound, feed.id, 1, prefix=str(n))
        await sound.hub.announce(feed.id, now=3.0)
        delivery = await sound.hub.take(made.id, now=3.0, until=9.0)
        assert delivery is not None
        await fill(sound, feed.id, 1, prefix=f"later{n}")
        await sound.hub.announce(feed.id, now=4.0)
        with suppress(Died):
            await dying.hub.sent(made.id, delivery.rev, b"digest", now=5.0)
        await sound.hub.trim(10.0, 0.0)
        assert made.id in await sound.hub.due(10.0, 1000)

    await cut_off(mappers, act)


async def test_webhooks_are_woken_in_the_end(mappers: MongoMappers) -> None:
    sound = cast(Mappers, mappers)

    async def act(dying: Mappers, n: int) -> None:
        ann, bob = [await add_person(sound, f"{name}{n}") for name in ("ann", "bob")]
        await add_share(sound, ann, f"e{n}")
        feed_id = await follow(sound, bob, ann)
        hooks = [
            await sound.webhooks.add(
                bob, url=f"https://hook.test/{k}", secret="", kind="entries", scope="all", last_id=0, most=9, now=1.0
            )
            for k in range(3)
        ]
        with suppress(Died):
            await dying.webhooks.wake_readers(feed_id, 5.0)
        await sound.webhooks.wake_all(6.0)
        due = await sound.webhooks.due(6.0, 1000)
        assert all(hook is not None and hook.id in due for hook in hooks)

    await cut_off(mappers, act)


async def test_what_a_hub_brings_is_kept_once(mappers: MongoMappers) -> None:
    sound = cast(Mappers, mappers)

    async def act(dying: Mappers, n: int) -> None:
        feed = await add_feed(sound, f"feed{n}")
        with suppress(Died):
            await dying.pushes.receive(feed.id, b"body", None, now=1.0, most=8)
        assert await sound.pushes.receive(feed.id, b"body", None, now=2.0, most=8)  # the hub tries again
        push = await sound.pushes.first(feed.id)
        assert push is not None and push.body == b"body"
        await sound.pushes.done(push.id)
        assert await sound.pushes.first(feed.id) is None

    await cut_off(mappers, act)


async def test_a_like_and_a_comment_are_there_once(mappers: MongoMappers) -> None:
    sound = cast(Mappers, mappers)

    async def act(dying: Mappers, n: int) -> None:
        ann, bob = [await add_person(sound, f"{name}{n}") for name in ("ann", "bob")]
        share = await add_share(sound, ann, f"e{n}")
        first = await sound.talk.add(share.id, ann, None, "One", now=1.0)
        with suppress(Died):
            await dying.talk.like(share.id, bob, True, now=2.0)
            await dying.talk.add(share.id, bob, first.id, "Two", now=2.0)
            await dying.talk.remove(first.id, now=3.0)
        await sound.talk.like(share.id, bob, True, now=2.0)
        assert await sound.talk.likers(share.id, 9) == [bob]
        left = await sound.talk.comments(share.id, 9)
        assert [each.text for each in left] in (["One"], ["One", "Two"], ["", "Two"])
        await sound.talk.remove(first.id, now=4.0)
        assert [each.text for each in await sound.talk.comments(share.id, 9)] in ([], ["", "Two"])

    await cut_off(mappers, act, 3)
