"""Contract for what operators see and steer: dead letters, owners of jobs, reports, settings, audit, history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from reader.models.operations import AuditLine, DeadLetter, Owned


@dataclass(frozen=True, slots=True)
class Report:
    """What a process last said of itself. ``status`` is JSON of a ManagerStatus."""

    holder: str
    seen_at: float
    status: str


@dataclass(frozen=True, slots=True)
class Figures:
    """Five minutes of one process from ``at`` on. ``figures`` is JSON."""

    at: float
    holder: str
    figures: str


class OperationsMapper(Protocol):
    # ---- dead letters

    async def bury(self, letter: DeadLetter) -> None:
        """Stores it; one of the same key is replaced."""
        ...

    async def dead(self, *, before: tuple[float, str] | None = None, limit: int) -> list[DeadLetter]:
        """The newest first; ``before``: (died_at, key) of the last one of the page before."""
        ...

    async def dead_letter(self, key: str) -> DeadLetter | None: ...
    async def dead_counts(self) -> dict[str, int]:
        """Queue → number of its dead letters; queues without any are left out."""
        ...

    async def unbury(self, keys: Sequence[str]) -> list[DeadLetter]:
        """Removes and returns those that were there: of many callers one gets each."""
        ...

    # ---- owners

    async def own(self, owned: Owned) -> None:
        """Stores the wish; the same user's earlier one for the key is replaced."""
        ...

    async def owned(self, user_id: int, keys: Sequence[str]) -> list[Owned]:
        """Those of ``keys`` that are the user's, in no order."""
        ...

    async def owned_page(self, user_id: int, limit: int) -> list[Owned]:
        """The user's newest wishes first."""
        ...

    async def trim_owned(self, before: float) -> int: ...

    # ---- reports of processes

    async def report(self, report: Report) -> int:
        """Stores the newest word of a process; returns the revision of settings (see setting_rev)."""
        ...

    async def reports(self, since: float) -> list[Report]:
        """Of processes heard of at ``since`` or later, in order of holder."""
        ...

    async def holders(self, since: float) -> list[str]:
        """Names of these processes alone, in order."""
        ...

    async def forget(self, holder: str) -> None:
        """The process has ended."""
        ...

    # ---- settings and the audit

    async def settings(self) -> tuple[int, dict[tuple[str, str], float]]:
        """(revision, {(queue, name): value}) of live changes."""
        ...

    async def setting_rev(self) -> int:
        """Rises with every change of a setting."""
        ...

    async def set_setting(self, queue: str, name: str, value: float | None, audit: AuditLine) -> None:
        """Stores a live change (None: back to file or default) and its audit line in one write."""
        ...

    async def note(self, audit: AuditLine) -> None:
        """An audit line alone. The line's own ``id`` is ignored: the store numbers them."""
        ...

    async def audit(self, *, before: int | None = None, limit: int) -> list[AuditLine]:
        """The newest first; ``before``: id of the last one of the page before."""
        ...

    async def trim_audit(self, keep: int) -> int: ...

    # ---- history

    async def record(self, figures: Figures, before: float) -> None:
        """Stores (replaces) one bucket of a process and removes all buckets that begin before ``before``."""
        ...

    async def history(self, since: float) -> list[Figures]:
        """Buckets that begin at ``since`` or later, in order of time and holder."""
        ...
