"""What an operator sees and steers: queues, managers, CPU workers, dead letters, settings, history.

Times are UTC seconds since 1970 (float), durations seconds, memory bytes, shares 0 to 1 (of one core).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Source = Literal["default", "file", "store"]
"""Where a setting in force comes from: the environment's defaults, the settings file, or a live change."""
QueueClass = Literal["user", "system"]


TOOK_SECONDS = (0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0)
"""Bounds by which the runs of jobs are counted; one more count is for all that took longer."""


@dataclass(frozen=True, slots=True)
class QueueSettings:
    """Of one queue in each manager that serves it."""

    max_running: int  # jobs at a time at most; the actual number follows the load
    buffer: int  # jobs that may wait in one process; more stay in the store until there is room
    idle_seconds: float  # without a job for so long, the actual number starts afresh
    time_limit: float  # seconds for one job; then it is cancelled
    attempts: int  # then it becomes a dead letter


@dataclass(frozen=True, slots=True)
class CpuSettings:
    """Of the CPU processes of each manager."""

    workers: int
    life_jobs: int  # a process is replaced after so many jobs
    memory_mb: int  # address space of one process
    idle_seconds: float  # idle for so long, the processes end


@dataclass(frozen=True, slots=True)
class SettingInForce:
    """One setting. ``queue`` is a queue's name, or "cpu"; ``value`` is what managers use."""

    queue: str
    name: str
    value: float
    source: Source
    least: float
    most: float
    whole: bool  # a whole number
    unit: str  # "jobs", "seconds", "MB", "processes", "attempts"
    meaning: str  # a sentence


@dataclass(frozen=True, slots=True)
class QueueStatus:
    name: str
    priority: QueueClass
    waiting: int
    delayed: int  # wait for their time: retries
    running: int
    allowed: int  # how many may run at the moment: follows the load, at most settings.max_running
    done_per_minute: float
    failed_per_minute: float
    oldest_age: float | None  # seconds that the oldest waiting job waits; None while none does
    done: int  # since the managers started
    failed: int
    dead: int  # dead letters of this queue; counted by the overview alone
    settings: QueueSettings
    done_now: int = 0  # since the last five minutes that the history holds
    failed_now: int = 0
    took_counts: tuple[int, ...] = ()  # runs that took up to each of TOOK_SECONDS, and longer ones; not cumulated
    took_seconds: float = 0.0  # all of them together
    shared: bool = False  # a broker carries it: waiting and oldest_age are those of all managers together


@dataclass(frozen=True, slots=True)
class CpuStatus:
    """One CPU process."""

    pid: int
    memory: int
    jobs: int  # done in its life
    running: str | None  # name of the function that runs
    since: float | None  # when that began
    seconds_idle: float


@dataclass(frozen=True, slots=True)
class JobStory:
    """One job and how it went. ``lines`` tell it in words, oldest first."""

    key: str
    name: str
    args: str  # in a line, such as "feed 12"
    queue: str
    state: Literal["waiting", "running", "done", "failed", "cancelled", "dead"]
    attempts: int
    started: float
    seconds: float
    error: str | None
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ManagerStatus:
    """One process that reports: its manager (queues may be empty: web or updater alone) and its CPU processes."""

    holder: str  # identifies the process: machine/pid/start
    pid: int
    host: str
    role: str  # "serve", "web", "worker", "updater"
    started: float
    seen_at: float
    memory: int
    lag_ms: float  # how late the event loop runs, worst of the last seconds
    cpu_share: float  # of one core, over the last seconds
    draining: bool
    leads: bool  # it is the updater
    leads_since: float | None
    queues: tuple[QueueStatus, ...]
    cpu: tuple[CpuStatus, ...]
    last_jobs: tuple[JobStory, ...]
    queue_up: bool | None = None  # whether the broker that carries its jobs answers; None: it has none
    bus_up: bool | None = None  # the same of what carries events between processes


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A job that was given up: after its last attempt, or because it ended its process too often."""

    key: str
    name: str
    args: str  # JSON object
    queue: str
    error: str
    story: tuple[str, ...]
    attempts: int
    died_at: float


@dataclass(frozen=True, slots=True)
class UpdaterStatus:
    holder: str | None  # who leads; None: nobody
    host: str | None
    pid: int | None
    since: float | None
    due: int  # feeds that are due now
    late_seconds: float  # how long the longest due one is


@dataclass(frozen=True, slots=True)
class QueueFigures:
    """Of one queue in one bucket of the history: jobs done and failed in it, waiting and running at its end."""

    done: int = 0
    failed: int = 0
    waiting: int = 0
    running: int = 0


@dataclass(frozen=True, slots=True)
class HistoryPoint:
    """Five minutes from ``at`` on, all managers together."""

    at: float
    queues: dict[str, QueueFigures]
    memory: dict[str, int]  # bytes per process, "host/pid" → at the bucket's end
    lag_ms: float  # worst of all processes


@dataclass(frozen=True, slots=True)
class AuditLine:
    """Who changed what. ``before`` and ``after`` in words; empty where there is none."""

    id: int
    at: float
    user_id: int
    user: str
    what: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything that the admin page shows at a glance."""

    at: float
    queues: tuple[QueueStatus, ...]  # summed over managers; user queues first
    managers: tuple[ManagerStatus, ...]
    updater: UpdaterStatus
    dead: int
    feeds: dict[str, int]  # feeds by state, e.g. {"active": 900, "failing": 12, "gone": 3, "new": 1}


JobState = Literal["waiting", "running", "done", "failed", "cancelled"]


@dataclass(frozen=True, slots=True)
class JobView:
    """A job as its owner sees it over HTTP. ``result`` is plain data."""

    key: str
    kind: str  # "pull", "discover", "import"
    args: dict[str, object]
    state: Literal["waiting", "running", "done", "failed", "cancelled"]
    attempts: int
    submitted_at: float
    finished_at: float | None
    result: object | None
    error: str | None

    @property
    def ended(self) -> bool:
        return self.state in ("done", "failed", "cancelled")


@dataclass(frozen=True, slots=True)
class Owned:
    """Somebody's wish for a job. One job may have several owners."""

    user_id: int
    key: str
    name: str
    args: str  # JSON object
    submitted_at: float
    mark: float = 0.0  # of a pull: when the feed had been pulled last; what ends the wish is a later one
