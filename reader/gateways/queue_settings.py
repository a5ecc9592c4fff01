"""Settings of queues and CPU processes: the environment's defaults, then the settings file, then live changes.

The later wins, setting by setting; where each comes from is kept.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from reader.errors import Invalid
from reader.jobs import SYSTEM_QUEUES, USER_QUEUES
from reader.models.operations import CpuSettings, QueueSettings, SettingInForce, Source
from reader.settings import Settings

CPU = "cpu"
ALL_QUEUES = (*USER_QUEUES, *SYSTEM_QUEUES)
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Rule:
    """What a setting may be."""

    least: float
    most: float
    whole: bool
    unit: str
    meaning: str


QUEUE_RULES = {
    "max_running": Rule(1, 1000, True, "jobs", "Jobs of this queue that run at a time in one process, at most."),
    "buffer": Rule(1, 1_000_000, True, "jobs", "Jobs that may wait in one process; more stay in the store."),
    "idle_seconds": Rule(1, 86_400, False, "seconds", "Without a job for so long, the actual limit starts afresh."),
    "time_limit": Rule(1, 86_400, False, "seconds", "A job that runs longer is cancelled."),
    "attempts": Rule(1, 20, True, "attempts", "After so many a job becomes a dead letter."),
}
CPU_RULES = {
    "workers": Rule(1, 64, True, "processes", "Processes that parse and clean."),
    "life_jobs": Rule(1, 1_000_000, True, "jobs", "A process is replaced after so many jobs."),
    "memory_mb": Rule(300, 1_000_000, True, "MB", "Address space of one process; a document that needs more fails."),
    "idle_seconds": Rule(1, 86_400, False, "seconds", "Idle for so long, the processes end."),
}


def rules_of(queue: str) -> dict[str, Rule]:
    """The settings of a queue, or of "cpu"; raises Invalid for anything else."""
    if queue == CPU:
        return CPU_RULES
    if queue in ALL_QUEUES:
        return QUEUE_RULES
    raise Invalid(f"There is no queue “{queue}”. There are: {', '.join((*ALL_QUEUES, CPU))}.", {"queue": "unknown"})


def checked(queue: str, name: str, value: object) -> float:
    """``value`` as a number that the setting may have; raises Invalid in words."""
    rules = rules_of(queue)
    if name not in rules:
        raise Invalid(f"“{queue}” has no setting “{name}”. It has: {', '.join(rules)}.", {"name": "unknown"})
    rule = rules[name]
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            raise Invalid(f"{name} has to be a number.", {"value": "not a number"}) from None
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        raise Invalid(f"{name} has to be a number.", {"value": "not a number"})
    if rule.whole and value not in (float("inf"), float("-inf")) and int(value) != value:
        raise Invalid(f"{name} has to be a whole number.", {"value": "not a whole number"})
    if not rule.least <= value <= rule.most:
        words = f"from {rule.least:g} to {rule.most:g} {rule.unit}"
        raise Invalid(f"{name} goes {words}.", {"value": words})
    return float(value)


def defaults(settings: Settings) -> dict[Key, float]:
    """What the environment's settings make of every queue setting."""
    wide = settings.fetch_concurrency
    pull_seconds = settings.fetch_timeout * 2 + 60  # the wait for a place at the host included
    queues = {
        "pull": QueueSettings(max(4, wide // 4), 10_000, 60, pull_seconds, 3),
        "discovery": QueueSettings(max(4, wide // 4), 10_000, 60, settings.fetch_timeout * 2 + 30, 2),
        "pull-sys": QueueSettings(wide, 10_000, 60, pull_seconds, 3),
        "import": QueueSettings(wide, 10_000, 60, pull_seconds, 3),
        "icon": QueueSettings(max(2, wide // 8), 10_000, 60, settings.fetch_timeout * 2, 3),
        "crawl": QueueSettings(2, 1000, 60, 240, 2),
        "share": QueueSettings(4, 10_000, 60, 300, 5),
        "webhook": QueueSettings(max(2, wide // 8), 10_000, 60, settings.fetch_timeout * 2, 3),
        "websub": QueueSettings(max(2, wide // 4), 10_000, 60, settings.fetch_timeout * 2, 3),
        "push": QueueSettings(max(2, wide // 8), 10_000, 60, pull_seconds, 3),
        "upkeep": QueueSettings(1, 100, 60, 1800, 3),
    }
    made = {(queue, field.name): float(getattr(of, field.name)) for queue, of in queues.items() for field in fields(of)}
    cpu = CpuSettings(settings.pool_workers, 2000, 1430, 30)
    return made | {(CPU, field.name): float(getattr(cpu, field.name)) for field in fields(cpu)}


def read_file(path: Path) -> dict[Key, float]:
    """A TOML file with one table per queue (and "cpu"); {} when there is none. Raises Invalid in words."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(f"The settings file {path} cannot be read: {error}.") from None
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Invalid(f"The settings file {path} is no TOML: {error}.") from None
    found: dict[Key, float] = {}
    for queue, table in tables.items():
        if not isinstance(table, dict):
            raise Invalid(f"The settings file {path}: “{queue}” has to be a table such as [pull-sys].")
        for name, value in table.items():
            try:
                found[queue, name] = checked(queue, name, value)
            except Invalid as error:
                raise Invalid(f"The settings file {path}, [{queue}]: {error}") from None
    return found


@dataclass(frozen=True, slots=True)
class InForce:
    """The settings that managers go by."""

    values: Mapping[Key, float]
    sources: Mapping[Key, Source]

    def queue(self, name: str) -> QueueSettings:
        of = {field: self.values[name, field] for field in QUEUE_RULES}
        return QueueSettings(
            int(of["max_running"]), int(of["buffer"]), of["idle_seconds"], of["time_limit"], int(of["attempts"])
        )

    def cpu(self) -> CpuSettings:
        of = {field: self.values[CPU, field] for field in CPU_RULES}
        return CpuSettings(int(of["workers"]), int(of["life_jobs"]), int(of["memory_mb"]), of["idle_seconds"])

    def listed(self) -> list[SettingInForce]:
        """All of them, user queues first, the CPU processes last."""
        return [
            SettingInForce(
                queue, name, self.values[queue, name], self.sources[queue, name], rule.least, rule.most, rule.whole,
                rule.unit, rule.meaning,
            )
            for queue in (*ALL_QUEUES, CPU)
            for name, rule in rules_of(queue).items()
        ]  # fmt: skip


def in_force(default: Mapping[Key, float], file: Mapping[Key, float], store: Mapping[Key, float]) -> InForce:
    """The later wins. What the store holds for a queue or setting that is no more is left out."""
    values, sources = dict(default), dict.fromkeys(default, "default")
    for layer, source in ((file, "file"), (store, "store")):
        for key in layer.keys() & default.keys():
            values[key], sources[key] = layer[key], source
    return InForce(values, sources)  # type: ignore[arg-type]  # the three words are Sources
