"""Shapes of what operators see; the values are those of reader/models/operations.py."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict
from typing import Any, Literal

import orjson
from pydantic import BaseModel, Field

from reader.models.operations import DeadLetter


class QueueSettingsOut(BaseModel):
    """Of one queue in each manager that serves it."""

    max_running: int = Field(description="Jobs at a time at most, in one process.", examples=[64])
    buffer: int = Field(description="Jobs that may wait in one process.", examples=[10_000])
    idle_seconds: float
    time_limit: float = Field(description="Seconds for one job.", examples=[120])
    attempts: int = Field(examples=[3])


class QueueOut(BaseModel):
    name: str = Field(examples=["pull-sys"])
    priority: Literal["user", "system"]
    waiting: int = Field(examples=[1204])
    delayed: int = Field(description="Waiting for another attempt.")
    running: int = Field(examples=[61])
    allowed: int = Field(description="How many may run now; follows the load.", examples=[64])
    done_per_minute: float
    failed_per_minute: float
    oldest_age: float | None = Field(description="Seconds that the oldest waits; null while none does.")
    done: int = Field(description="Since the managers started.")
    failed: int
    dead: int = Field(description="Dead letters of this queue.")
    settings: QueueSettingsOut
    done_now: int = Field(description="Since the last five minutes that the history holds.")
    failed_now: int
    took_counts: list[int] = Field(description="Runs that took up to 0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60 s, and longer.")
    took_seconds: float = Field(description="All of them together.")


class QueueList(BaseModel):
    queues: list[QueueOut]


class CpuOut(BaseModel):
    """A process that parses and cleans."""

    pid: int
    memory: int = Field(description="Bytes.")
    jobs: int = Field(description="Done in its life.")
    running: str | None = Field(description="What runs in it.")
    since: float | None
    seconds_idle: float


class StoryOut(BaseModel):
    """A job and how it went. ``lines`` tell it in words, oldest first."""

    key: str
    name: str = Field(examples=["pull"])
    args: str = Field(examples=["feed 12"])
    queue: str = Field(examples=["pull-sys"])
    state: Literal["waiting", "running", "done", "failed", "cancelled", "dead"]
    attempts: int
    started: float
    seconds: float
    error: str | None
    lines: list[str]


class StoryList(BaseModel):
    jobs: list[StoryOut]


class ManagerOut(BaseModel):
    """A process: its manager, unless it serves no queues, and its CPU processes."""

    holder: str
    pid: int
    host: str
    role: str = Field(examples=["serve"])
    started: float
    seen_at: float
    memory: int = Field(description="Bytes.")
    lag_ms: float = Field(description="How late its event loop runs, worst of the last seconds.")
    cpu_share: float = Field(description="Of one core, over the last seconds.")
    draining: bool = Field(description="It ends what it is doing.")
    leads: bool = Field(description="It is the updater.")
    leads_since: float | None
    queue_up: bool | None = Field(description="The broker of its jobs answers; null: it has none.")
    bus_up: bool | None = Field(description="The broker of its events answers; null: it has none.")
    queues: list[QueueOut]
    cpu: list[CpuOut]
    last_jobs: list[StoryOut]


class ManagerList(BaseModel):
    managers: list[ManagerOut]


class UpdaterOut(BaseModel):
    holder: str | None = Field(description="Who leads; null: nobody.")
    host: str | None
    pid: int | None
    since: float | None
    due: int = Field(description="Feeds that are due now.")
    late_seconds: float = Field(description="How long the longest due one is.")


class OverviewOut(BaseModel):
    at: float
    queues: list[QueueOut]
    managers: list[ManagerOut]
    updater: UpdaterOut
    dead: int
    feeds: dict[str, int] = Field(description="Feeds by state.", examples=[{"active": 900, "failing": 12}])


class LetterOut(BaseModel):
    """A job that was given up."""

    key: str
    name: str = Field(examples=["discover"])
    args: Any = Field(description="Its arguments.", examples=[{"address": "https://gazette.example/"}])
    queue: str
    error: str
    story: list[str]
    attempts: int
    died_at: float


def letter_json(letter: DeadLetter) -> dict[str, Any]:
    out = asdict(letter)
    with suppress(orjson.JSONDecodeError):  # else it is shown as it stands
        out["args"] = orjson.loads(letter.args)
    return out


class DeadPage(BaseModel):
    dead: list[LetterOut]
    next: str | None


class SettingOut(BaseModel):
    queue: str = Field(examples=["pull-sys"])
    name: str = Field(examples=["max_running"])
    value: float = Field(examples=[64])
    source: Literal["default", "file", "store"] = Field(description="`store`: changed while running.")
    least: float
    most: float
    whole: bool = Field(description="A whole number.")
    unit: str = Field(examples=["jobs"])
    meaning: str


class SettingList(BaseModel):
    settings: list[SettingOut]
    file: str = Field(description="Where the settings file is, or would be.")
    file_error: str | None = Field(description="Why it cannot be used.")


class FiguresOut(BaseModel):
    done: int
    failed: int
    waiting: int
    running: int


class PointOut(BaseModel):
    """Five minutes from ``at`` on, all managers together."""

    at: float
    queues: dict[str, FiguresOut]
    memory: dict[str, int] = Field(description="Bytes by process.", examples=[{"web-1/4711": 84_000_000}])
    lag_ms: float


class HistoryOut(BaseModel):
    points: list[PointOut]


class AuditOut(BaseModel):
    id: int
    at: float
    user_id: int
    user: str = Field(examples=["ada"])
    what: str = Field(examples=["pull-sys: max_running"])
    before: str = Field(examples=["64 jobs"])
    after: str = Field(examples=["96 jobs"])


class AuditPage(BaseModel):
    audit: list[AuditOut]
    next: int | None


class FeedHealthOut(BaseModel):
    feed_id: int
    title: str
    url: str
    state: Literal["new", "active", "failing", "gone"]
    error: str | None = Field(description="What went wrong last, in words.")
    errors: int = Field(description="Failures in a row.")
    sentence: str = Field(description="When it is checked next, and why; hours are UTC.")
    last_ok_at: float | None
    next_pull_at: float


class FeedPage(BaseModel):
    feeds: list[FeedHealthOut]
    next: int | None


class PersonOut(BaseModel):
    id: int
    name: str
    admin: bool
    created_at: float
    subscriptions: int


class PeopleOut(BaseModel):
    accounts: list[PersonOut]
