"""memcached over two nodes of which one goes: misses, never an error, never a wait without end; and it comes back."""

from __future__ import annotations

import asyncio

import pytest

from reader.cache.memcached import ANSWER_SECONDS, MemcachedCache
from tests.contract.cache.conftest import over
from tests.helpers.servers import Server
from tests.helpers.wait import until_async

Nodes = tuple[Server, Server]
KEYS = [f"page:1:{number}" for number in range(60)]


async def fill(cache: MemcachedCache) -> None:
    for key in KEYS:
        await cache.set(key, key.encode(), 600)


async def hits(cache: MemcachedCache) -> int:
    found = [await cache.get(key) for key in KEYS]
    assert all(value in (None, key.encode()) for key, value in zip(KEYS, found, strict=True))
    return sum(value is not None for value in found)


async def test_keys_are_spread_over_the_nodes_and_stay_where_they_are(cluster: MemcachedCache, nodes: Nodes) -> None:
    await fill(cluster)
    assert await hits(cluster) == len(KEYS)
    nodes[0].kill()
    first = await hits(cluster)
    assert 0.2 * len(KEYS) < first < 0.8 * len(KEYS)  # what the other node held is still found


async def test_a_killed_node_costs_misses_and_comes_back(cluster: MemcachedCache, nodes: Nodes) -> None:
    await fill(cluster)
    nodes[1].kill()
    await hits(cluster)
    assert cluster.dead == 1
    await fill(cluster)  # now all of them are with the other
    assert await hits(cluster) == len(KEYS)
    nodes[1].start()

    async def back() -> bool:
        await fill(cluster)
        return cluster.dead == 0

    await until_async(back, 30)
    await fill(cluster)
    nodes[0].kill()
    assert 0 < await hits(cluster) < len(KEYS)


async def test_without_any_node_nothing_is_found_and_limits_still_count(cluster: MemcachedCache, nodes: Nodes) -> None:
    for node in nodes:
        node.kill()
    assert await hits(cluster) == 0
    assert not await cluster.add("one:1:a", b"x", 60)
    await cluster.delete("one:1:a")
    assert [await cluster.increment("count:1:a", 60) for _ in range(3)] == [1, 2, 3]


async def test_a_node_that_hangs_holds_nobody_up(cluster: MemcachedCache, nodes: Nodes) -> None:
    """Two hundred calls at once against a node that takes connections and never answers: each ends by its limit."""
    await fill(cluster)
    nodes[0].freeze()
    try:
        loop = asyncio.get_running_loop()

        async def timed(key: str) -> float:
            start = loop.time()
            await cluster.get(key)
            return loop.time() - start

        took = await asyncio.gather(*(timed(key) for key in KEYS * 4))
        assert max(took) < ANSWER_SECONDS * 5  # a busy machine's patience; without the limits it is half a minute
        await fill(cluster)
        assert await hits(cluster) >= len(KEYS) * 0.3  # what belongs to the other is found, the rest moves there
    finally:
        nodes[0].thaw()


async def test_two_caches_count_together_and_installations_are_apart(nodes: Nodes) -> None:
    one, other, foreign = over(nodes, "same"), over(nodes, "same"), over(nodes, "foreign")
    try:
        assert [await one.increment("signin:1:a", 60), await other.increment("signin:1:a", 60)] == [1, 2]
        await one.set("session:1:a", b"ada", 60)
        assert await other.get("session:1:a") == b"ada"
        assert await foreign.get("session:1:a") is None
        assert await foreign.increment("signin:1:a", 60) == 1
    finally:
        for each in (one, other, foreign):
            await each.close()


async def test_too_many_at_once_are_misses(cluster: MemcachedCache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reader.cache.memcached.WAITING_MOST", 0)
    await cluster.set("a", b"x", 60)
    assert await cluster.get("a") is None
