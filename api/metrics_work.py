"""Figures of the work for Prometheus: queues, managers, CPU processes, dead letters, updater, feeds.

They are those of the whole system as the store knows it, the same from every process: scrape one, or take the max.
Built anew for each scrape, so a process that is gone leaves no figure behind.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from reader.models.imports import Tally
from reader.models.operations import TOOK_SECONDS, ManagerStatus, Overview, QueueStatus, UpdaterStatus

FEED_STATES = ("new", "active", "failing", "gone")


class WorkFigures(Collector):
    """One scrape's figures."""

    def __init__(self, overview: Overview, imports: Sequence[Tally]) -> None:
        self._overview = overview
        self._imports = imports

    def collect(self) -> Iterator[Metric]:
        yield from queue_figures(self._overview.queues)
        yield from process_figures(self._overview.managers)
        yield from updater_figures(self._overview.updater)
        yield GaugeMetricFamily("evantr_dead_letters", "Jobs that were given up.", self._overview.dead)
        feeds = GaugeMetricFamily("evantr_feeds", "Feeds by state.", labels=["state"])
        for state in sorted({*FEED_STATES, *self._overview.feeds}):
            feeds.add_metric([state], self._overview.feeds.get(state, 0))
        yield feeds
        yield from import_figures(self._imports)


def expose(overview: Overview, imports: Sequence[Tally]) -> bytes:
    """The figures as Prometheus reads them."""
    registry = CollectorRegistry()
    registry.register(WorkFigures(overview, imports))
    return generate_latest(registry)


def queue_figures(queues: Sequence[QueueStatus]) -> list[Metric]:
    waiting = _gauge("queue_waiting", "Jobs that wait.", "queue", "priority")
    delayed = _gauge("queue_delayed", "Jobs that wait for another attempt.", "queue", "priority")
    running = _gauge("queue_running", "Jobs that run.", "queue", "priority")
    allowed = _gauge("queue_allowed", "Jobs that may run at the moment; follows the load.", "queue", "priority")
    most = _gauge("queue_max_running", "Jobs that may run at most in one manager.", "queue", "priority")
    oldest = _gauge("queue_oldest_seconds", "How long the oldest job waits; 0 while none does.", "queue", "priority")
    dead = _gauge("queue_dead_letters", "Jobs that were given up.", "queue", "priority")
    done = _counter("queue_done", "Jobs that were done.", "queue", "priority")
    failed = _counter("queue_failed", "Attempts that failed.", "queue", "priority")
    for queue in queues:
        labels = [queue.name, queue.priority]
        waiting.add_metric(labels, queue.waiting)
        delayed.add_metric(labels, queue.delayed)
        running.add_metric(labels, queue.running)
        allowed.add_metric(labels, queue.allowed)
        most.add_metric(labels, queue.settings.max_running)
        oldest.add_metric(labels, queue.oldest_age or 0.0)
        dead.add_metric(labels, queue.dead)
        done.add_metric(labels, queue.done)
        failed.add_metric(labels, queue.failed)
    return [waiting, delayed, running, allowed, most, oldest, dead, done, failed, run_times(queues)]


def run_times(queues: Iterable[QueueStatus]) -> Metric:
    """A histogram of how long jobs ran, from what each manager counted since it was started."""
    family = HistogramMetricFamily("evantr_job_seconds", "How long jobs ran.", labels=["queue"])
    bounds = [*(f"{bound:g}" for bound in TOOK_SECONDS), "+Inf"]
    for queue in queues:
        if queue.took_counts:
            buckets = list(zip(bounds, map(float, accumulate(queue.took_counts)), strict=True))
            family.add_metric([queue.name], buckets, queue.took_seconds)
    return family


def process_figures(managers: Iterable[ManagerStatus]) -> list[Metric]:
    memory = _gauge("process_memory_bytes", "Resident memory, its CPU processes included.", "process", "role")
    lag = _gauge("loop_lag_seconds", "How late the event loop runs, worst of the last seconds.", "process", "role")
    share = _gauge("cpu_share", "Processor time over the last seconds, of one core.", "process", "role")
    draining = _gauge("draining", "1 while the process ends what it is doing.", "process", "role")
    workers = _gauge("cpu_workers", "CPU processes.", "process")
    busy = _gauge("cpu_workers_busy", "CPU processes at work.", "process")
    worker_memory = _gauge("cpu_worker_memory_bytes", "Resident memory of CPU processes together.", "process")
    broker = _gauge("broker_up", "1 while NATS answers, 0 while it is out of reach.", "process", "role", "port")
    largest = _gauge("cpu_worker_memory_max_bytes", "Resident memory of the largest CPU process.", "process")
    for each in managers:
        name = f"{each.host}/{each.pid}"
        memory.add_metric([name, each.role], each.memory)
        lag.add_metric([name, each.role], each.lag_ms / 1000)
        share.add_metric([name, each.role], each.cpu_share)
        draining.add_metric([name, each.role], int(each.draining))
        for port, up in (("queue", each.queue_up), ("bus", each.bus_up)):
            if up is not None:
                broker.add_metric([name, each.role, port], int(up))
        workers.add_metric([name], len(each.cpu))
        busy.add_metric([name], sum(cpu.running is not None for cpu in each.cpu))
        worker_memory.add_metric([name], sum(cpu.memory for cpu in each.cpu))
        largest.add_metric([name], max((cpu.memory for cpu in each.cpu), default=0))
    return [memory, lag, share, draining, broker, workers, busy, worker_memory, largest]


def updater_figures(updater: UpdaterStatus) -> list[Metric]:
    leads = _gauge("updater_leads", "1 for the process that leads; none while nobody does.", "process")
    if updater.holder is not None:
        leads.add_metric([f"{updater.host}/{updater.pid}"], 1)
    due = GaugeMetricFamily("evantr_updater_due", "Feeds that are due now.", updater.due)
    late = GaugeMetricFamily("evantr_updater_late_seconds", "How long the longest due feed is.", updater.late_seconds)
    return [leads, due, late]


def import_figures(imports: Sequence[Tally]) -> list[Metric]:
    feeds = _gauge("import_feeds", "Feeds of imports that run.", "state")
    for state in ("waiting", "running", "done", "need", "failed"):
        feeds.add_metric([state], sum(getattr(each, state) for each in imports))
    return [GaugeMetricFamily("evantr_imports", "Imports that run.", len(imports)), feeds]


def _gauge(name: str, about: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"evantr_{name}", about, labels=labels)


def _counter(name: str, about: str, *labels: str) -> CounterMetricFamily:
    return CounterMetricFamily(f"evantr_{name}", f"{about} Since the managers that run were started.", labels=labels)
