"""Contract for removing accounts: first it is gone for everybody, then what it holds goes bit by bit, its row last."""

from __future__ import annotations

from typing import Protocol


class DepartureMapper(Protocol):
    async def begin(self, user_id: int, digest: bytes, *, now: float) -> bool:
        """In one write: the account counts as absent from now on, its password, sessions, tokens, webhooks and undo
        journal are gone, and its name (``digest``: name_digest of models.people) is reserved. False when there is no
        such account, or its removal has begun already."""
        ...

    async def leaving(self, limit: int) -> list[int]:
        """Ids of accounts that are being removed, those whose removal began first."""
        ...

    async def is_leaving(self, user_id: int) -> bool:
        """Whether the account's removal has begun and not ended."""
        ...

    async def release(self, digest: bytes) -> bool:
        """A reserved name may be taken again; False when it was not reserved."""
        ...

    async def roots(self, user_id: int, *, after: int, limit: int) -> list[int]:
        """Ids of the chains in which the user has shares, above ``after``, in order: their credit is counted anew."""
        ...

    async def clear(self, user_id: int, limit: int, *, now: float) -> int:
        """Removes about ``limit`` rows of what an account that is leaving holds, streams and shares left aside; how
        many it were, 0 when nothing is left. Comments with answers of others stay, without their text, and of nobody.
        Idempotent."""
        ...

    async def finish(self, user_id: int) -> bool:
        """Removes the account's own row, with what little came meanwhile. False while it has streams or shares, or
        clear() has something to do; True when it is gone, or was gone before. The audit keeps what administrators did,
        without their name."""
        ...
