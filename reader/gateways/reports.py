"""Reports of processes as text, and many of them as one picture."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import orjson

from reader.gateways.queue_settings import ALL_QUEUES, InForce
from reader.jobs import USER_QUEUES
from reader.mappers.operations import Figures
from reader.models.operations import (
    CpuStatus,
    HistoryPoint,
    JobStory,
    ManagerStatus,
    QueueFigures,
    QueueSettings,
    QueueStatus,
)
from reader.process import host_and_pid


def write_report(status: ManagerStatus) -> str:
    return orjson.dumps(status).decode()


def read_report(text: str) -> ManagerStatus | None:
    """None for a report of another version, whose shape we do not know."""
    try:
        raw: dict[str, Any] = orjson.loads(text)
        raw["queues"] = tuple(map(_queue, raw["queues"]))
        raw["cpu"] = tuple(CpuStatus(**each) for each in raw["cpu"])
        raw["last_jobs"] = tuple(JobStory(**each | {"lines": tuple(each["lines"])}) for each in raw["last_jobs"])
        return ManagerStatus(**raw)
    except (ValueError, TypeError, KeyError):
        return None


def _queue(raw: dict[str, Any]) -> QueueStatus:
    whole = {"settings": QueueSettings(**raw["settings"]), "took_counts": tuple(raw.get("took_counts", ()))}
    return QueueStatus(**raw | whole)


def sum_queues(
    managers: Iterable[ManagerStatus],
    in_force: InForce,
    rows: Mapping[str, tuple[int, int, float]],
    dead: Mapping[str, int],
    now: float,
) -> tuple[QueueStatus, ...]:
    """Each queue over all managers; ``rows``: what waits in the store, which a transport may not have heard of."""
    by_name: dict[str, list[QueueStatus]] = defaultdict(list)
    for manager in managers:
        for queue in manager.queues:
            by_name[queue.name].append(queue)
    return tuple(_sum(name, by_name[name], in_force, rows.get(name), dead.get(name, 0), now) for name in ALL_QUEUES)


def _sum(
    name: str,
    parts: Sequence[QueueStatus],
    in_force: InForce,
    row: tuple[int, int, float] | None,
    dead: int,
    now: float,
) -> QueueStatus:
    waiting, running, oldest = row or (0, 0, 0.0)
    own = [part.waiting for part in parts if not part.shared]
    shared = [part.waiting for part in parts if part.shared]  # each manager sees the same ones
    ages = [part.oldest_age for part in parts if part.oldest_age is not None]
    if waiting and oldest:
        ages.append(max(0.0, now - oldest))
    return QueueStatus(
        name=name,
        priority="user" if name in USER_QUEUES else "system",
        waiting=max(waiting, sum(own), *shared),
        delayed=sum(part.delayed for part in parts),
        running=max(running, sum(part.running for part in parts)),
        allowed=sum(part.allowed for part in parts),
        done_per_minute=sum(part.done_per_minute for part in parts),
        failed_per_minute=sum(part.failed_per_minute for part in parts),
        oldest_age=max(ages, default=None),
        done=sum(part.done for part in parts),
        failed=sum(part.failed for part in parts),
        dead=dead,
        settings=in_force.queue(name),
        done_now=sum(part.done_now for part in parts),
        failed_now=sum(part.failed_now for part in parts),
        took_counts=tuple(map(sum, zip(*(part.took_counts for part in parts if part.took_counts), strict=False))),
        took_seconds=sum(part.took_seconds for part in parts),
    )


def point_now(managers: Iterable[ManagerStatus], at: float) -> HistoryPoint:
    """The five minutes that run, from ``at`` on: what managers did since they last wrote a bucket."""
    queues: dict[str, QueueFigures] = {}
    memory: dict[str, int] = {}
    lag = 0.0
    for manager in managers:
        if not manager.queues:
            continue
        memory[f"{manager.host}/{manager.pid}"] = manager.memory
        lag = max(lag, manager.lag_ms)
        for each in manager.queues:
            now = {"done": each.done_now, "failed": each.failed_now, "waiting": each.waiting, "running": each.running}
            queues[each.name] = _plus(queues.get(each.name, QueueFigures()), now)
    return HistoryPoint(at, queues, memory, lag)


def with_now(points: list[HistoryPoint], now: HistoryPoint) -> list[HistoryPoint]:
    """The history up to this moment. A process that ended in these minutes has written its part of them already."""
    if not points or points[-1].at < now.at:
        return [*points, now] if now.queues else points
    last = points[-1]
    queues = dict(last.queues)
    for name, each in now.queues.items():
        queues[name] = _plus(queues.get(name, QueueFigures()), asdict(each))
    return [*points[:-1], HistoryPoint(last.at, queues, last.memory | now.memory, max(last.lag_ms, now.lag_ms))]


def merge_history(rows: Iterable[Figures]) -> list[HistoryPoint]:
    """One point per bucket, in order of time."""
    points: dict[float, HistoryPoint] = {}
    for row in rows:
        raw = orjson.loads(row.figures)
        point = points.setdefault(row.at, HistoryPoint(row.at, {}, {}, 0.0))
        for name, figures in raw["queues"].items():
            point.queues[name] = _plus(point.queues.get(name, QueueFigures()), figures)
        point.memory["{}/{}".format(*host_and_pid(row.holder))] = raw["memory"]
        lag = max(point.lag_ms, raw["lag_ms"])
        points[row.at] = HistoryPoint(row.at, point.queues, point.memory, lag)
    return list(points.values())


def _plus(one: QueueFigures, other: Mapping[str, int]) -> QueueFigures:
    """Spelled out: a day of history adds thousands of them."""
    more = other.get
    return QueueFigures(
        one.done + more("done", 0), one.failed + more("failed", 0),
        one.waiting + more("waiting", 0), one.running + more("running", 0),
    )  # fmt: skip
