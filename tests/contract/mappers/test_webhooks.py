from __future__ import annotations

from dataclasses import replace

import pytest

from reader.mappers import Mappers
from reader.models.webhook import Webhook, WebhookKind
from tests.contract.mappers.make import Reader, add_reader

NOW = 1_000.0


async def made(mappers: Mappers, reader: Reader, kind: WebhookKind = "entries", *, most: int = 10) -> Webhook | None:
    return await mappers.webhooks.add(
        reader.user.id, url="https://hooks.example/1", secret="s", kind=kind, scope="all", last_id=5, most=most, now=NOW
    )


@pytest.fixture
async def reader(mappers: Mappers) -> Reader:
    return await add_reader(mappers)


async def test_one_is_its_owners_alone(mappers: Mappers, reader: Reader) -> None:
    assert not await mappers.webhooks.any()
    hook = await made(mappers, reader)
    assert hook is not None
    assert (hook.url, hook.kind, hook.scope, hook.last_id) == ("https://hooks.example/1", "entries", "all", 5)
    assert hook.due_at is None and await mappers.webhooks.any()
    stranger = reader.user.id + 1
    assert await mappers.webhooks.get(reader.user.id, hook.id) == hook
    assert await mappers.webhooks.get(stranger, hook.id) is None
    assert await mappers.webhooks.of_user(stranger) == []
    assert not await mappers.webhooks.remove(stranger, hook.id)
    assert not await mappers.webhooks.restart(stranger, hook.id, last_id=9)
    assert await mappers.webhooks.of_user(reader.user.id) == [hook]
    assert await mappers.webhooks.remove(reader.user.id, hook.id)
    assert await mappers.webhooks.of_user(reader.user.id) == []


async def test_there_is_a_limit(mappers: Mappers, reader: Reader) -> None:
    assert await made(mappers, reader, most=2)
    assert await made(mappers, reader, most=2)
    assert await made(mappers, reader, most=2) is None


async def test_only_those_who_read_the_feed_are_woken_and_once(mappers: Mappers, reader: Reader) -> None:
    hook, other = await made(mappers, reader), await made(mappers, reader, "shares")
    assert hook is not None and other is not None
    assert await mappers.webhooks.wake_readers(reader.feed.id + 1, NOW) == []
    assert await mappers.webhooks.wake_readers(reader.feed.id, NOW) == [hook.id]
    assert await mappers.webhooks.wake_readers(reader.feed.id, NOW + 1) == []
    assert await mappers.webhooks.wake_sharer(reader.user.id, NOW + 1) == [other.id]
    assert await mappers.webhooks.due(NOW, 9) == [hook.id]
    assert await mappers.webhooks.due(NOW + 1, 9) == [hook.id, other.id]
    assert await mappers.webhooks.due(NOW + 1, 1) == [hook.id]


async def test_a_lease_is_exclusive_and_runs_out(mappers: Mappers, reader: Reader) -> None:
    hook = await made(mappers, reader)
    assert hook is not None
    assert await mappers.webhooks.lease(hook.id, NOW, NOW + 60) is None  # nothing is due
    await mappers.webhooks.wake_readers(reader.feed.id, NOW)
    first = await mappers.webhooks.lease(hook.id, NOW, NOW + 60)
    assert first is not None
    assert await mappers.webhooks.lease(hook.id, NOW + 1, NOW + 61) is None
    assert await mappers.webhooks.due(NOW + 1, 9) == []
    assert await mappers.webhooks.due(NOW + 60, 9) == [hook.id]  # who had it died
    second = await mappers.webhooks.lease(hook.id, NOW + 60, NOW + 120)
    assert second is not None and second.lease_token > first.lease_token
    assert not await mappers.webhooks.delivered(first, last_id=9, status=200, more=False, now=NOW + 61)
    assert not await mappers.webhooks.failed(first, status=500, error="no", retry_at=None)
    assert await mappers.webhooks.delivered(second, last_id=9, status=200, more=False, now=NOW + 62)
    after = await mappers.webhooks.get(reader.user.id, hook.id)
    assert after is not None
    assert (after.last_id, after.status, after.delivered_at, after.due_at) == (9, 200, NOW + 62, None)


async def test_what_comes_while_one_is_delivered_makes_it_due_again(mappers: Mappers, reader: Reader) -> None:
    hook = await made(mappers, reader)
    assert hook is not None
    await mappers.webhooks.wake_readers(reader.feed.id, NOW)
    leased = await mappers.webhooks.lease(hook.id, NOW, NOW + 60)
    assert leased is not None
    await mappers.webhooks.wake_readers(reader.feed.id, NOW)
    assert await mappers.webhooks.delivered(leased, last_id=9, status=200, more=False, now=NOW + 2)
    assert await mappers.webhooks.due(NOW + 3, 9) == [hook.id]
    leased = await mappers.webhooks.lease(hook.id, NOW + 3, NOW + 60)
    assert leased is not None
    assert await mappers.webhooks.delivered(leased, last_id=12, status=None, more=True, now=NOW + 4)
    assert await mappers.webhooks.due(NOW + 4, 9) == [hook.id]
    after = await mappers.webhooks.get(reader.user.id, hook.id)
    assert after is not None and (after.status, after.delivered_at) == (200, NOW + 2)  # nothing was sent


async def test_one_that_fails_waits_and_is_stopped_at_last(mappers: Mappers, reader: Reader) -> None:
    hook = await made(mappers, reader)
    assert hook is not None
    await mappers.webhooks.wake_readers(reader.feed.id, NOW)
    leased = await mappers.webhooks.lease(hook.id, NOW, NOW + 60)
    assert leased is not None
    assert await mappers.webhooks.failed(leased, status=500, error="It broke.", retry_at=NOW + 100)
    assert await mappers.webhooks.wake_readers(reader.feed.id, NOW + 1) == []  # not before its time
    assert await mappers.webhooks.due(NOW + 99, 9) == []
    leased = await mappers.webhooks.lease(hook.id, NOW + 100, NOW + 160)
    assert leased is not None and (leased.failures, leased.error) == (1, "It broke.")
    assert await mappers.webhooks.failed(leased, status=410, error="Gone.", retry_at=None)
    stopped = await mappers.webhooks.get(reader.user.id, hook.id)
    assert stopped is not None and stopped.stopped and stopped.failures == 2
    assert not await mappers.webhooks.any()
    assert await mappers.webhooks.wake_readers(reader.feed.id, NOW + 200) == []
    assert await mappers.webhooks.wake_all(NOW + 200) == 0
    assert await mappers.webhooks.restart(reader.user.id, hook.id, last_id=30)
    again = await mappers.webhooks.get(reader.user.id, hook.id)
    assert again is not None and (again.stopped, again.failures, again.error, again.last_id) == (False, 0, None, 30)
    assert await mappers.webhooks.wake_all(NOW + 200) == 1
    assert await mappers.webhooks.due(NOW + 200, 9) == [hook.id]


async def test_a_try_is_told_and_changes_nothing_else(mappers: Mappers, reader: Reader) -> None:
    hook = await made(mappers, reader)
    assert hook is not None
    await mappers.webhooks.tried(hook.id, status=503, error="It is not there.")
    assert await mappers.webhooks.by_id(hook.id) == replace(hook, status=503, error="It is not there.")
    await mappers.webhooks.tried(hook.id, status=204, error=None)
    assert await mappers.webhooks.by_id(hook.id) == replace(hook, status=204)
    assert await mappers.webhooks.by_id(hook.id + 1) is None
