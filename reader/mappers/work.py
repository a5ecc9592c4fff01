"""Contract for jobs that are rows, named leases, and the undo journal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from reader.models.job import Job, Lease
from reader.models.subscription import Undo


class JobMapper(Protocol):
    async def put(self, key: str, name: str, args: str, queue: str, *, now: float, run_at: float) -> tuple[Job, bool]:
        """The job with that key; True if this call made it wait. One that waits or runs is left as it is; a finished
        one starts anew (attempts 0)."""
        ...

    async def get(self, key: str) -> Job | None: ...
    async def many(self, keys: Sequence[str]) -> list[Job]:
        """Those of ``keys`` that are there, in no order."""
        ...

    async def due(self, now: float, limit: int) -> list[Job]:
        """Waiting with run_at ≤ now, or running with a lease that ran out; oldest first."""
        ...

    async def start(self, key: str, now: float, until: float, holder: str = "") -> Job | None:
        """Takes the job: state running, attempts + 1, a new lease token. None when it is not due (any more).

        ``lost`` + 1 when the run before never ended: its process died with it, or hung until its lease ran out.
        """
        ...

    async def beat(self, held: Sequence[tuple[str, int]], until: float) -> list[str]:
        """Extends leases of (key, token) until then; returns the keys whose lease is lost (fenced, cancelled)."""
        ...

    async def holders(self) -> list[str]:
        """Who holds leases of running jobs, those without a name left out."""
        ...

    async def hold(self, key: str, token: int, holder: str) -> bool:
        """Writes another name into the lease. False when fenced."""
        ...

    async def free(self, holder: str, *, counts: bool = True) -> int:
        """What a dead holder ran waits again, ``lost`` + 1 if it ``counts``; returns how many."""
        ...

    async def cancel(self, key: str, now: float) -> bool:
        """A waiting or running job is over, fenced; False when it is neither."""
        ...

    async def finish(self, key: str, token: int, result: str, now: float) -> bool:
        """It is done; a dead letter of the key is removed. False when fenced."""
        ...

    async def fail(self, key: str, token: int, error: str, now: float, retry_at: float | None) -> bool:
        """Waits again until retry_at, or has failed for good; ``error`` joins its story. False when fenced."""
        ...

    async def give_back(self, key: str, token: int, *, lost: bool = False) -> bool:
        """Waiting again, the attempt not counted: the process is shutting down.

        With ``lost`` it counts: a process that ran it for the holder died.
        """
        ...

    async def trust(self, key: str, token: int) -> bool:
        """Runs that ended with their process count no more. False when fenced."""
        ...

    async def remove_finished(self, before: float, names: Sequence[str] | None = None) -> int:
        """Removes jobs that ended before then (of those names, if given); returns how many."""
        ...

    async def open_counts(self, now: float) -> dict[str, tuple[int, int, float]]:
        """Queue → (waiting, running, created_at of the oldest that waits; 0 while none does)."""
        ...


class LeaseMapper(Protocol):
    async def take(self, name: str, holder: str, now: float, until: float) -> Lease | None:
        """Takes or extends; None while another holder has it at ``now``. The token rises when the holder changes
        or the lease had run out. A lease that lasts more than five times as long as the one asked for, and a minute,
        was given by a clock that has been set back since: it counts as run out."""
        ...

    async def drop(self, name: str, token: int) -> None: ...
    async def get(self, name: str) -> Lease | None: ...


class UndoMapper(Protocol):
    async def add(self, undo: Undo) -> None: ...
    async def take(self, user_id: int, token: str, now: float) -> Undo | None:
        """Removes and returns it; None if absent, another's, expired or taken already."""
        ...

    async def latest(self, user_id: int, kind: str, now: float) -> Undo | None: ...
    async def trim(self, before: float) -> int: ...
