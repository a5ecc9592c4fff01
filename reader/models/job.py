"""Jobs that are rows: discoveries and icon fetches. (Pulls are due by feed.next_pull_at and need none.)"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

JobState = Literal["waiting", "running", "done", "failed", "cancelled"]


@dataclass(frozen=True, slots=True)
class Job:
    """``key`` is the hex digest of name and arguments: unique while the job waits or runs."""

    key: str
    name: str
    args: str  # JSON object
    queue: str
    state: JobState
    attempts: int
    run_at: float  # not before
    lease_token: int
    lease_until: float
    result: str | None  # JSON
    error: str | None  # in words
    created_at: float
    finished_at: float | None
    lost: int = 0  # runs that ended with their process, not by themselves; counted in attempts too
    story: str = "[]"  # JSON list: the error of each attempt that failed, oldest first
    lease_holder: str = ""  # process.holder_name of who runs it


@dataclass(frozen=True, slots=True)
class Lease:
    """A named lease; ``token`` rises with every holder and fences the ones before."""

    name: str
    token: int
    holder: str
    until: float
