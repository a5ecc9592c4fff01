"""Contract for stars and read-later."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from reader.models.entry import FlagKind, Flags


class FlagMapper(Protocol):
    async def set(self, user_id: int, entry_id: int, kind: FlagKind, on: bool, *, now: float) -> bool:
        """True if it changed; the user's revision then rises. An existing flag keeps its time."""
        ...

    async def many(self, user_id: int, entry_ids: Sequence[int]) -> dict[int, Flags]:
        """Only entries with a flag. One round trip."""
        ...

    async def page(
        self, user_id: int, kind: FlagKind, *, before: tuple[float, int] | None, limit: int
    ) -> list[tuple[float, int]]:
        """(when, entry id), newest flag first, those below the keyset ``before``."""
        ...

    async def count(self, user_id: int, kind: FlagKind) -> int: ...
