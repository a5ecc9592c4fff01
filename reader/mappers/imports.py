"""Contract for imports. The rows are the truth of where an import is; any number of processes may drive it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from reader.models.imports import Import, ImportItem, ImportState, ItemState, Replacement, Tally


@dataclass(frozen=True, slots=True)
class Waiting:
    """An item that can be started."""

    number: int
    feed_id: int
    url: str


@dataclass(frozen=True, slots=True)
class Watched:
    """A running item beside what its feed's row says. ``known`` is False when the feed is no more (merged into
    another)."""

    item: ImportItem
    known: bool
    new: bool = False  # never pulled
    next_pull_at: float = 0.0
    error: str | None = None
    status: int | None = None  # HTTP status of the last pull
    reason: str = ""
    site_url: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an item becomes. ``looking`` keeps it running until a discovery has looked at that address."""

    number: int
    state: ItemState
    reason: str | None = None
    looking: str | None = None
    found: tuple[Replacement, ...] = ()


class ImportMapper(Protocol):
    async def create(self, user_id: int, name: str, now: float) -> Import:
        """A new import, state "filling"."""
        ...

    async def add_items(self, import_id: int, items: Sequence[ImportItem]) -> None:
        """Idempotent by number."""
        ...

    async def get(self, import_id: int) -> Import | None: ...
    async def of_user(self, user_id: int, limit: int) -> list[Import]:
        """Newest first, without those still filling."""
        ...

    async def running(self) -> list[Import]:
        """All that are in state "running", or paused or cancelled with items that still run; oldest first."""
        ...

    async def switch(self, import_id: int, before: Sequence[ImportState], after: ImportState, now: float) -> bool:
        """Another state, if it is in one of ``before``. Into "running" notes the time and the count of settled items
        (and the start, the first time); into a final state the end."""
        ...

    async def tally(self, import_id: int) -> Tally: ...
    async def items(
        self, import_id: int, *, states: Sequence[ItemState] = (), after: int = 0, limit: int = 1000
    ) -> list[ImportItem]:
        """In order of number, those above ``after``; all states without ``states``."""
        ...

    async def item(self, import_id: int, number: int) -> ImportItem | None: ...
    async def choose(self, import_id: int, numbers: Sequence[int]) -> int:
        """Exactly these items are chosen, of those that are new; the others are skipped. Returns how many are."""
        ...

    async def known(self, user_id: int, urls: Sequence[str]) -> dict[str, bool]:
        """Those URLs (or aliases) at which the store has a feed → whether the user subscribes to it."""
        ...

    async def plant(self, import_id: int, limit: int, *, unread: int, now: float, due_at: float) -> int:
        """For the next ``limit`` chosen items that wait without a feed: the feed (new ones due at ``due_at``), the
        folders of its path, and the subscription, in one atomic write. What is there already stays as it is.
        Returns how many were done; 0 at the end, or when the import does not run."""
        ...

    async def waiting(self, import_id: int, limit: int) -> list[Waiting]:
        """Planted items that wait, in order."""
        ...

    async def take(self, import_id: int, numbers: Sequence[int], *, now: float, stale: float) -> list[int]:
        """Starts items that still wait, if the import runs; returns the ids of feeds to pull, which are due from now.

        Items of a feed that works and has entries are done at once; it is made due if it was pulled before
        ``stale``.
        """
        ...

    async def watch(self, import_id: int) -> list[Watched]:
        """Running items, in order."""
        ...

    async def again(self, import_id: int, numbers: Sequence[int], now: float) -> None:
        """Running items begin anew: their feeds are due from now (the clock went back)."""
        ...

    async def settle(self, import_id: int, outcomes: Sequence[Outcome]) -> int:
        """Ends running items (or notes where a discovery looks); returns how many changed."""
        ...

    async def put_back(self, import_id: int, number: int, url: str | None) -> bool:
        """A failed item, or one that needs the person, waits again; with ``url`` it stands for another feed, and the
        subscription that the import made goes. False if it is in another state."""
        ...

    async def finish(self, import_id: int, now: float) -> bool:
        """Running → done, if nothing waits or runs any more. Names from the file that turned out to be the publishers'
        are dropped then."""
        ...

    async def take_back(self, import_id: int, *, waiting_only: bool = False) -> tuple[int, int]:
        """Removes the subscriptions that the import made and nobody made anew since, and those of its folders that are
        empty then; returns how many of each. ``waiting_only``: those of items that wait, which become "skipped"."""
        ...

    async def trim(self, previews_before: float, done_before: float) -> int:
        """Removes previews (and files half stored) and ended imports made before these times."""
        ...
