"""The cache port. What is in it can vanish at any moment; nothing rests on it.

A key names what it holds, the version of its shape, and the user where the value is a user's: ``signin:1:…``,
``session:1:…``, ``check:1:USER:FEED``. docs/caching.md lists them all.
"""

from __future__ import annotations

from typing import Protocol


class Cache(Protocol):
    """``shared``: every process of the installation sees the same values (else each has its own)."""

    @property
    def shared(self) -> bool: ...

    async def get(self, key: str) -> bytes | None: ...
    async def set(self, key: str, value: bytes, ttl: int) -> None:
        """``ttl`` in seconds, at least 1."""
        ...

    async def add(self, key: str, value: bytes, ttl: int) -> bool:
        """As set, but only where nothing is; whether it was stored. False too when the cache is out of reach."""
        ...

    async def delete(self, key: str) -> None: ...
    async def increment(self, key: str, ttl: int) -> int:
        """Adds one to a counter that starts at 0 and lives ``ttl`` seconds from its first increment; returns it."""
        ...

    async def close(self) -> None: ...
