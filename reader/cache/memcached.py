"""The cluster's cache: memcached over several nodes, each key on the node that its hash prefers.

A node that is gone costs misses: the first call to notice waits for its time limit, then the node's keys belong to the
others until it is tried again. pymemcache blocks, so its calls run in a few threads of their own, and no more of them
wait than can be answered soon: nobody ever waits longer than ``ANSWER_SECONDS``.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import structlog
from pymemcache.client.hash import HashClient
from pymemcache.client.rendezvous import RendezvousHash

from reader.cache.memory import MemoryCache
from reader.clock import Clock

T = TypeVar("T")
Node = tuple[str, int]
log = structlog.get_logger(__name__)

THREADS = 8
WAITING_MOST = 64  # calls under way and waiting for a thread; more are misses at once
CONNECT_SECONDS = 0.3
TIMEOUT_SECONDS = 0.4  # of one answer
ANSWER_SECONDS = 1.0  # of a call, with its wait for a thread
DEAD_SECONDS = 5.0  # then a node is tried again
TTL_MOST = 30 * 86_400  # memcached takes more for a date (protocol.txt, "Expiration times")
PLAIN_KEY = re.compile(r"[!-~]{1,180}")  # printable ASCII without spaces (protocol.txt, "Keys")


class _Nodes(HashClient):  # type: ignore[misc]
    """HashClient for many threads: who finds a node dead takes it out once, and it comes back once."""

    def __init__(self, nodes: Sequence[Node], **options: Any) -> None:
        self._lock = threading.RLock()
        super().__init__(nodes, hasher=lambda: RendezvousHash(hash_function=_weight), **options)

    def add_server(self, server: Node, port: int | None = None) -> None:
        with self._lock:
            key = self._make_client_key(server)
            if key in self.clients:  # it is tried again
                self.hasher.add_node(key)
            else:
                super().add_server(server, port)

    def remove_server(self, server: Node, port: int | None = None) -> None:
        with self._lock:
            key = self._make_client_key(server)
            self._failed_clients.setdefault(server, {"failed_time": time.time(), "attempts": 0})
            if key not in self.hasher.nodes:
                del self._failed_clients[server]
                return
            super().remove_server(server, port)
            self.clients[key].close()
        log.warning("a memcached node does not answer; its keys belong to the others for a while", node=key)

    def _get_client(self, key: str) -> Any:
        with self._lock:
            return super()._get_client(key)

    def _mark_failed_server(self, server: Node) -> None:
        with self._lock:
            self.remove_server(server)

    @property
    def dead(self) -> int:
        with self._lock:
            return len(self._dead_clients)


def node_of(text: str) -> Node:
    """(host, port) of "host:port"."""
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


def _weight(text: str, seed: int) -> int:
    """pymemcache's own hash is Python code of some 15 µs; this is one call."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest())


class MemcachedCache:
    """Cache over ``nodes``. ``prefix`` keeps installations apart that share them. Needs close()."""

    shared = True

    def __init__(self, nodes: Sequence[Node], prefix: str, clock: Clock, *, dead_seconds: float = DEAD_SECONDS) -> None:
        self._nodes = _Nodes(
            nodes,
            connect_timeout=CONNECT_SECONDS,
            timeout=TIMEOUT_SECONDS,
            no_delay=True,
            use_pooling=True,
            max_pool_size=THREADS,
            retry_attempts=0,
            dead_timeout=dead_seconds,
            ignore_exc=True,
            default_noreply=False,  # what was set is there for who asks next, on whatever connection
        )
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="memcached")
        self._prefix = prefix
        self._under_way = 0
        self._own = MemoryCache(clock)
        """Counters of this process alone, for while no node counts: limits get weaker then, they do not vanish."""

    @property
    def dead(self) -> int:
        """How many nodes do not answer at the moment."""
        return self._nodes.dead

    async def get(self, key: str) -> bytes | None:
        found = await self._call(None, self._nodes.get, self._key(key), None)
        return found if isinstance(found, bytes) else None

    async def set(self, key: str, value: bytes, ttl: int) -> None:
        await self._call(False, self._nodes.set, self._key(key), value, min(ttl, TTL_MOST))

    async def add(self, key: str, value: bytes, ttl: int) -> bool:
        return bool(await self._call(False, self._nodes.add, self._key(key), value, min(ttl, TTL_MOST)))

    async def delete(self, key: str) -> None:
        await self._call(False, self._nodes.delete, self._key(key))

    async def increment(self, key: str, ttl: int) -> int:
        count = await self._call(None, self._count, self._key(key), min(ttl, TTL_MOST))
        return count if count is not None else await self._own.increment(key, ttl)

    def _count(self, key: str, ttl: int) -> int | None:
        for _ in range(2):  # twice: between incr and add another process may have begun the counter, or it ended
            count = self._nodes.incr(key, 1)
            if isinstance(count, int) and not isinstance(count, bool):
                return count
            if self._nodes.add(key, b"1", ttl):
                return 1
        return None

    def _key(self, key: str) -> str:
        if PLAIN_KEY.fullmatch(key):
            return f"{self._prefix}:{key}"
        return f"{self._prefix}#{hashlib.blake2b(key.encode('utf-8', 'surrogatepass'), digest_size=32).hexdigest()}"

    async def _call(self, otherwise: T, function: Callable[..., T], *args: object) -> T:
        """In a thread; ``otherwise`` when too many calls are under way already, or when it takes too long."""
        if self._under_way >= WAITING_MOST:
            return otherwise
        self._under_way += 1
        future = asyncio.get_running_loop().run_in_executor(self._threads, function, *args)
        future.add_done_callback(self._done)
        try:
            return await asyncio.wait_for(asyncio.shield(future), ANSWER_SECONDS)
        except TimeoutError:
            future.cancel()  # if no thread has begun with it
            return otherwise

    def _done(self, future: asyncio.Future[Any]) -> None:
        self._under_way -= 1
        if not future.cancelled() and future.exception() is not None:
            log.error("a call to memcached failed", exc_info=future.exception())

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._nodes.close()
        await self._own.close()
