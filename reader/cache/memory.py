"""The embedded cache: a bounded dictionary, the least recently used leaves first."""

from __future__ import annotations

from collections import OrderedDict

from reader.clock import Clock


class MemoryCache:
    shared = False

    def __init__(self, clock: Clock, max_entries: int = 10_000, max_bytes: int = 16_000_000) -> None:
        self._clock = clock
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._bytes = 0
        self._items: OrderedDict[str, tuple[float, bytes]] = OrderedDict()

    async def get(self, key: str) -> bytes | None:
        return self._get(key)

    def _get(self, key: str) -> bytes | None:
        item = self._items.get(key)
        if item is None:
            return None
        if item[0] <= self._clock.monotonic():
            self._drop(key)
            return None
        self._items.move_to_end(key)
        return item[1]

    async def set(self, key: str, value: bytes, ttl: int) -> None:
        self._put(key, value, self._clock.monotonic() + ttl)

    def _put(self, key: str, value: bytes, until: float) -> None:
        self._drop(key)
        self._items[key] = (until, value)
        self._bytes += len(value)
        while self._items and (len(self._items) > self._max_entries or self._bytes > self._max_bytes):
            self._drop(next(iter(self._items)))

    async def add(self, key: str, value: bytes, ttl: int) -> bool:
        if self._get(key) is not None:
            return False
        self._put(key, value, self._clock.monotonic() + ttl)
        return True

    async def delete(self, key: str) -> None:
        self._drop(key)

    def _drop(self, key: str) -> None:
        item = self._items.pop(key, None)
        if item is not None:
            self._bytes -= len(item[1])

    async def increment(self, key: str, ttl: int) -> int:
        current = self._get(key)
        if current is None:
            self._put(key, b"1", self._clock.monotonic() + ttl)
            return 1
        count = int(current) + 1
        self._put(key, str(count).encode(), self._items[key][0])
        return count

    async def close(self) -> None:
        self._items.clear()
        self._bytes = 0
