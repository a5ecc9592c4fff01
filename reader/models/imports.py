"""Imports: a file with feeds on its way to subscriptions. Times are UTC seconds since 1970."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ImportState = Literal["filling", "preview", "running", "paused", "done", "cancelled", "undone"]
ItemKind = Literal["new", "yours", "twice", "refused"]
ItemState = Literal["waiting", "running", "done", "need", "failed", "skipped"]


@dataclass(frozen=True, slots=True)
class Import:
    """``name`` is the file's. ``resumed_at`` and ``resumed_count``: when it last began to run, and how many items were
    settled then; the time that is left is reckoned from them. ``folders``: ids of folders that it made."""

    id: int
    user_id: int
    name: str
    state: ImportState
    created_at: float
    started_at: float | None = None
    finished_at: float | None = None
    resumed_at: float | None = None
    resumed_count: int = 0
    folders: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Replacement:
    """A feed that works, found where another does not."""

    url: str
    title: str


@dataclass(frozen=True, slots=True)
class ImportItem:
    """One place where a feed stands in the file; ``number`` from 1 in document order.

    ``kind`` is what the preview says: new, yours (subscribed to already), twice (stands further up as well), refused.
    ``settled``: it was done, failed or in need of the person once, so that the bar never goes back when it is tried
    again. ``looking``: the address where a discovery looks for a replacement; ``since``: when it began to run.
    """

    number: int
    line: int
    kind: ItemKind
    chosen: bool
    state: ItemState
    url: str
    title: str | None
    html_url: str | None
    folders: tuple[str, ...]
    reason: str | None = None
    settled: bool = False
    feed_id: int | None = None
    looking: str | None = None
    found: tuple[Replacement, ...] = ()
    since: float | None = None


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of an import's items. By kind over all of them; by state over the chosen ones, which add up to
    ``total``; ``settled`` of them were finished once."""

    new: int = 0
    yours: int = 0
    twice: int = 0
    refused: int = 0
    waiting: int = 0
    running: int = 0
    done: int = 0
    need: int = 0
    failed: int = 0
    skipped: int = 0
    settled: int = 0

    @property
    def found(self) -> int:
        return self.new + self.yours + self.twice + self.refused

    @property
    def total(self) -> int:
        return self.waiting + self.running + self.done + self.need + self.failed + self.skipped

    @property
    def open(self) -> int:
        return self.waiting + self.running


@dataclass(frozen=True, slots=True)
class Progress:
    """A running import as its page shows it. ``left``: seconds to go, None while that cannot be told; ``now``: the
    feed at hand."""

    job: Import
    tally: Tally
    left: float | None = None
    now: str | None = None

    @property
    def percent(self) -> float:
        return 100.0 if not self.tally.total else 100.0 * self.tally.settled / self.tally.total
