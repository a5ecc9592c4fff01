"""The cache port. What is in it can vanish at any moment; nothing rests on it."""

from __future__ import annotations

from typing import Protocol


class Cache(Protocol):
    async def get(self, key: str) -> bytes | None: ...
    async def set(self, key: str, value: bytes, ttl: int) -> None:
        """``ttl`` in seconds, at least 1."""
        ...

    async def delete(self, key: str) -> None: ...
    async def increment(self, key: str, ttl: int) -> int:
        """Adds one to a counter that starts at 0 and lives ``ttl`` seconds from its first increment; returns it."""
        ...

    async def close(self) -> None: ...
