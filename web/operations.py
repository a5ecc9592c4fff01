"""What an operator sees, as a page writes it: rows, sentences, plots. Values in, values out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from reader.models.operations import (
    CpuStatus,
    HistoryPoint,
    JobStory,
    ManagerStatus,
    Overview,
    QueueFigures,
    QueueStatus,
    SettingInForce,
)
from web import charts
from web.charts import BUCKETS, DAY, STEP, Plot
from web.dates import Times
from web.draw import count

NEAR = 0.9  # of what is allowed: so much running, and more waiting, is near the limit
LABELS = {
    "max_running": "Most running",
    "buffer": "Buffer",
    "idle_seconds": "Idle time",
    "time_limit": "Time limit",
    "attempts": "Attempts",
    "workers": "Processes",
    "life_jobs": "Jobs in a life",
    "memory_mb": "Memory",
}
SOURCES = {"default": "the default", "file": "from the settings file", "store": "changed here"}
EMPTY = QueueFigures()


def seconds(value: float) -> str:
    """ "0.3 s", "41 s", "9 min", "2 h", "3 days"."""
    if value < 9.95:
        return f"{value:.1f} s" if value >= 0.05 else "0 s"
    if value < 99.5:
        return f"{value:.0f} s"
    if value < 99.5 * 60:
        return f"{value / 60:.0f} min"
    if value < 48 * 3600:
        return f"{value / 3600:.0f} h"
    return f"{value / 86_400:.0f} days"


def figure(value: float) -> str:
    """A setting or a rate without needless digits: "64", "0.4", "1,870"."""
    if value >= 9.95 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 0.05 else "0"


def megabytes(value: float) -> str:
    return f"{value / 1e6:,.0f} MB"


@dataclass(frozen=True, slots=True)
class QueueRow:
    status: QueueStatus
    oldest: str
    rate: str
    full: bool
    meter: Markup
    spark: Markup
    failed: int  # in the last hour


def queue_rows(overview: Overview, day: History, times: Times, *, sparks: bool) -> list[QueueRow]:
    """Without ``sparks`` the sparklines are left out: ``day`` need hold no more than the last hour."""
    return [_row(queue, day, times, sparks) for queue in overview.queues]


def _row(queue: QueueStatus, day: History, times: Times, sparks: bool) -> QueueRow:
    return QueueRow(
        queue,
        oldest=seconds(queue.oldest_age) if queue.oldest_age is not None else "–",
        rate=figure(queue.done_per_minute),
        full=is_full(queue),
        meter=charts.meter(queue.running / queue.allowed if queue.allowed else 0, full=is_full(queue)),
        spark=_spark(queue.name, day, times) if sparks else Markup(),
        failed=int(sum(day.queue(queue.name, "failed")[-12:])),
    )


def _spark(name: str, day: History, times: Times) -> Markup:
    values = charts.squeeze(day.queue(name, "done"), charts.SPARKS)
    return charts.spark(values, f"Rate over a day: {charts.shape(values, day.end, times)}")


def is_full(queue: QueueStatus) -> bool:
    return queue.waiting > 0 and queue.allowed > 0 and queue.running >= queue.allowed * NEAR


@dataclass(frozen=True, slots=True)
class Summary:
    """The sentence at the top, in parts: ``head`` is bold, ``warnings`` are coloured."""

    head: str
    leader: str
    updater: str
    warnings: tuple[str, ...]


def summary(overview: Overview, file_error: str | None = None) -> Summary:
    waiting = sum(queue.waiting for queue in overview.queues)
    running = sum(queue.running for queue in overview.queues)
    updater = overview.updater
    due = "no feed is due" if not updater.due else f"{count(updater.due, 'feed is', 'feeds are')} due"
    if updater.due and updater.late_seconds >= 1:
        due += f", the latest by {spoken(updater.late_seconds)}"
    full = [queue.name for queue in overview.queues if is_full(queue)]
    warnings = []
    if full:
        names = full[0] if len(full) == 1 else f"{', '.join(full[:-1])} and {full[-1]}"
        warnings.append(
            f"{names} {'is' if len(full) == 1 else 'are'} near {'its' if len(full) == 1 else 'their'} limit."
        )
    if not any(manager.queues for manager in overview.managers):
        warnings.append("No manager runs: jobs wait.")
    if updater.holder is None:
        warnings.append("No updater leads: feeds are not checked by themselves.")
    away = sum(manager.queue_up is False or manager.bus_up is False for manager in overview.managers)
    if away:
        warnings.append(
            f"NATS is out of reach for {away} of {count(len(overview.managers), 'process', 'processes')}: "
            "work goes on from the store, and pages look for news every few seconds."
        )
    if file_error:
        warnings.append(file_error)
    return Summary(f"{waiting:,} waiting, {running:,} running.", leader(overview), due, tuple(warnings))


def leader(overview: Overview) -> str:
    updater = overview.updater
    return process_name(updater.host or "?", updater.pid or 0) if updater.holder else ""


def process_name(host: str, pid: int) -> str:
    return f"{host} {pid}"


def spoken(value: float) -> str:
    """ "3 seconds", "5 minutes", "2 hours": for sentences."""
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if value >= size * 1.95:
            return f"{value / size:.0f} {unit}s"
    return count(max(1, round(value)), "second")


@dataclass(frozen=True, slots=True)
class ProcessRow:
    """A manager's process, or one of its CPU processes (``inner``)."""

    id: str
    name: str
    does: str
    jobs: str
    lag: str
    share: str
    memory: str
    inner: bool
    note: str = ""


def process_rows(managers: Iterable[ManagerStatus], now: float) -> list[ProcessRow]:
    rows = []
    for manager in managers:
        rows.append(_manager(manager, now))
        rows += [_cpu(manager, cpu, now) for cpu in manager.cpu]
    return rows


def _manager(manager: ManagerStatus, now: float) -> ProcessRow:
    does = [manager.role]
    if manager.leads:
        does.append("updater")
    running = sum(queue.running for queue in manager.queues)
    note = "ends what it is doing" if manager.draining else f"up {seconds(max(0, now - manager.started))}"
    return ProcessRow(
        f"p-{manager.host}-{manager.pid}",
        process_name(manager.host, manager.pid),
        ", ".join(does),
        f"{running:,}" if manager.queues else "–",
        f"{manager.lag_ms:,.0f} ms",
        f"{manager.cpu_share * 100:.0f} %",
        megabytes(manager.memory),
        inner=False,
        note=note,
    )


def _cpu(manager: ManagerStatus, cpu: CpuStatus, now: float) -> ProcessRow:
    busy = cpu.running is not None
    for_ = f" for {seconds(now - cpu.since)}" if busy and cpu.since is not None else ""
    does = f"runs {cpu.running}{for_}" if busy else f"idle for {seconds(cpu.seconds_idle)}"
    return ProcessRow(
        f"c-{manager.host}-{manager.pid}-{cpu.pid}",
        f"CPU process {cpu.pid}",
        does,
        f"{cpu.jobs:,}",
        "",
        "",
        megabytes(cpu.memory),
        inner=True,
    )


@dataclass(frozen=True, slots=True)
class StoryRow:
    id: str
    what: str
    queue: str
    sign: str
    kind: str  # ok, bad, warn, or ""
    state: str
    when: str
    took: str
    error: str | None
    lines: tuple[str, ...]


STATES = {
    "waiting": ("clock", "", "Waits for another attempt"),
    "running": ("play", "", "Running"),
    "done": ("ok", "ok", "Done"),
    "failed": ("warn", "warn", "Failed"),
    "cancelled": ("close", "", "Cancelled"),
    "dead": ("stop", "bad", "Dead letter"),
}


def stories(jobs: Iterable[JobStory], times: Times) -> list[StoryRow]:
    return [_story(job, times) for job in jobs]


def _story(job: JobStory, times: Times) -> StoryRow:
    sign, kind, state = STATES.get(job.state, ("clock", "", job.state))
    if job.error and job.state == "done":  # it did what there was to do, and that was to note what went wrong
        sign, kind, state = "warn", "warn", "Done, with a problem"
    when = times.at(job.started)
    return StoryRow(
        f"j-{job.key[:16]}-{int(job.started * 1000)}",
        f"{job.name} {job.args}".strip(),
        job.queue,
        sign,
        kind,
        state,
        f"{when:%H:%M:%S}" if times.now - job.started < DAY / 2 else times.near(job.started),
        took(job.seconds),
        job.error,
        job.lines,
    )


def took(value: float) -> str:
    return f"{value * 1000:,.0f} ms" if value < 1 else seconds(value)


def last_jobs(managers: Iterable[ManagerStatus]) -> list[JobStory]:
    """Of all processes, the newest first."""
    return sorted((job for manager in managers for job in manager.last_jobs), key=lambda job: -job.started)


class History:
    """The last day in steps of five minutes, the oldest first; what no process reported is nothing."""

    def __init__(self, points: Sequence[HistoryPoint], now: float) -> None:
        self.end = (now // STEP + 1) * STEP
        start = self.end - DAY
        self._spots: list[HistoryPoint | None] = [None] * BUCKETS
        for point in points:
            place = int((point.at - start) // STEP)
            if 0 <= place < BUCKETS:
                self._spots[place] = point
        self.known = len(points)

    def queue(self, name: str, what: str) -> list[float]:
        return [float(getattr(spot.queues.get(name, EMPTY), what)) if spot else 0.0 for spot in self._spots]

    def all(self, what: str) -> list[float]:
        return [float(sum(getattr(q, what) for q in spot.queues.values())) if spot else 0.0 for spot in self._spots]

    def memory(self) -> list[float]:
        return [float(sum(spot.memory.values())) if spot else 0.0 for spot in self._spots]

    def lag(self) -> list[float]:
        return [spot.lag_ms if spot else 0.0 for spot in self._spots]


def plots(day: History, times: Times) -> list[Markup]:
    """Jobs, what waited, memory and how late the loops ran, over the last day."""
    done, failed, waiting = day.all("done"), day.all("failed"), day.all("waiting")
    memory, lag = day.memory(), day.lag()
    total = int(sum(done))
    made = [
        Plot(
            "jobs", "Jobs", done, day.end, figure, sum,
            f"{count(total, 'job was', 'jobs were')} done, {int(sum(failed)):,} failed; "
            f"{charts.shape(done, day.end, times)}. Each step is five minutes.",
            "Done", failed, "Failed",
        ),
        Plot(
            "waiting", "Waiting", waiting, day.end, figure, max,
            "Nothing had to wait." if not any(waiting) else f"At most {int(max(waiting)):,} jobs waited at a time.",
            "Most waiting",
        ),
        Plot(
            "memory", "Memory", memory, day.end, megabytes, max,
            f"All processes together, at most {megabytes(max(memory))}.", "Most",
        ),
        Plot(
            "lag", "Lateness of the event loops", lag, day.end, lambda ms: f"{ms:,.0f} ms", max,
            f"At worst a process answered {max(lag):,.0f} ms late.", "Worst",
        ),
    ]  # fmt: skip
    return [charts.draw(plot, times) for plot in made]


@dataclass(frozen=True, slots=True)
class Field:
    """One setting as a field. ``shown``: its value as it is typed; ``problem``: what is wrong with what was."""

    name: str
    label: str
    shown: str
    now: str
    meaning: str
    changed: bool
    problem: str


def field_of(each: SettingInForce, typed: Mapping[str, str], problems: Mapping[str, str]) -> Field:
    value = plain(each.value)
    return Field(
        each.name,
        LABELS.get(each.name, each.name),
        typed.get(each.name, value),
        f"now {grouped(each.value)} {unit(each)}, {SOURCES[each.source]}",
        f"{each.meaning} From {plain(each.least)} to {plain(each.most)}.",
        each.source == "store",
        problems.get(each.name, ""),
    )


def unit(each: SettingInForce) -> str:
    """ "jobs", "job" for one."""
    if each.value != 1 or not each.unit.endswith("s"):
        return each.unit
    return each.unit.removesuffix("es") if each.unit == "processes" else each.unit.removesuffix("s")


def grouped(value: float) -> str:
    """A setting as one reads it: "10,000", "0.5"."""
    return f"{value:,.0f}" if value == int(value) else f"{value:g}"


def plain(value: float) -> str:
    """A setting as one types it: "64", "0.5"."""
    return f"{value:.0f}" if value == int(value) else f"{value:g}"
