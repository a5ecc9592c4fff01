"""What every cache promises (reader/cache)."""

from __future__ import annotations

import asyncio

from reader.cache import Cache
from tests.helpers.wait import until_async


async def test_what_is_set_is_there_until_it_is_deleted(cache: Cache) -> None:
    assert await cache.get("page:1:7") is None
    await cache.set("page:1:7", b"\x00one\r\n", 60)
    assert await cache.get("page:1:7") == b"\x00one\r\n"
    await cache.set("page:1:7", b"", 60)
    assert await cache.get("page:1:7") == b""
    await cache.delete("page:1:7")
    assert await cache.get("page:1:7") is None
    await cache.delete("page:1:7")


async def test_what_is_set_ends_with_its_time(cache: Cache) -> None:
    await cache.set("short:1:a", b"x", 1)
    await cache.set("long:1:a", b"x", 90 * 86_400)

    async def gone() -> bool:
        return await cache.get("short:1:a") is None

    await until_async(gone)
    assert await cache.get("long:1:a") == b"x"


async def test_add_stores_only_where_nothing_is(cache: Cache) -> None:
    assert await cache.add("one:1:a", b"first", 60)
    assert not await cache.add("one:1:a", b"second", 60)
    assert await cache.get("one:1:a") == b"first"
    await cache.delete("one:1:a")
    assert await cache.add("one:1:a", b"third", 60)


async def test_add_by_many_at_once_is_one(cache: Cache) -> None:
    assert sum(await asyncio.gather(*(cache.add("race:1:a", b"%d" % n, 60) for n in range(20)))) == 1


async def test_counters_count_each_call_once(cache: Cache) -> None:
    counts = await asyncio.gather(*(cache.increment("count:1:a", 60) for _ in range(20)))
    assert sorted(counts) == list(range(1, 21))
    assert await cache.increment("count:1:b", 60) == 1


async def test_a_counter_ends_a_time_after_it_began(cache: Cache) -> None:
    assert await cache.increment("count:1:c", 1) == 1

    async def anew() -> bool:
        return await cache.increment("count:1:c", 1) == 1

    await until_async(anew)


async def test_a_deleted_counter_starts_again(cache: Cache) -> None:
    assert [await cache.increment("count:1:d", 60) for _ in range(2)] == [1, 2]
    await cache.delete("count:1:d")
    assert await cache.increment("count:1:d", 60) == 1


async def test_keys_may_be_any_text_and_are_never_mixed_up(cache: Cache) -> None:
    keys = [
        "a b",
        "a\r\nb",
        "a\x00b",
        "é" * 300,
        "é" * 301,
        "x" * 250,
        "x" * 251,
        "\ud800",
        "a%20b",
        "",
        "get a\r\nset",
    ]
    for number, key in enumerate(keys):
        await cache.set(key, str(number).encode(), 60)
    assert [await cache.get(key) for key in keys] == [str(number).encode() for number in range(len(keys))]


async def test_a_hundred_at_once_are_answered(cache: Cache) -> None:
    """None fails, however many come together; a cache may miss, and never mixes answers up."""
    keys = [f"many:1:{number}" for number in range(40)]
    await asyncio.gather(*(cache.set(key, key.encode(), 60) for key in keys))
    found = await asyncio.gather(*(cache.get(key) for key in keys * 3))
    assert all(value in (None, key.encode()) for key, value in zip(keys * 3, found, strict=True))
    assert sum(value is not None for value in found) >= 40
