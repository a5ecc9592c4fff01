"""The history up to this moment: buckets that were written, and what managers did since."""

from __future__ import annotations

from dataclasses import replace

from reader.gateways.queue_settings import defaults, in_force
from reader.gateways.reports import point_now, sum_queues, with_now
from reader.models.operations import HistoryPoint, JobStory, ManagerStatus, QueueFigures, QueueSettings, QueueStatus
from reader.settings import Settings
from workers.figures import Figures

SETTINGS = QueueSettings(8, 100, 60, 120, 3)


def manager(pid: int, *, done: int, failed: int = 0, queues: bool = True) -> ManagerStatus:
    status = QueueStatus(
        "pull", "user", 2, 0, 1, 8, 0.0, 0.0, None, 900, 9, 0, SETTINGS, done_now=done, failed_now=failed
    )
    return ManagerStatus(
        f"host:x/{pid}/1", pid, "host", "serve", 0.0, 0.0, 1000 * pid, float(pid), 0.1, False, False, None,
        (status,) if queues else (), (), (),
    )  # fmt: skip


def test_what_managers_did_since_is_the_last_point() -> None:
    now = point_now([manager(1, done=3), manager(2, done=4, failed=1), manager(3, done=5, queues=False)], 600.0)
    assert now == HistoryPoint(600.0, {"pull": QueueFigures(7, 1, 4, 2)}, {"host/1": 1000, "host/2": 2000}, 2.0)
    before = HistoryPoint(300.0, {"pull": QueueFigures(1)}, {"host/1": 5}, 0.0)
    assert with_now([before], now) == [before, now]
    assert with_now([], now) == [now]


def test_run_times_are_counted_by_their_length_and_added_up() -> None:
    one, other = Figures(), Figures()
    for figures, seconds in ((one, 0.004), (one, 0.01), (one, 70.0), (other, 0.3)):
        figures.tell(JobStory("k", "pull", "feed 1", "pull", "done", 1, 0.0, seconds, None))
    assert one.took("pull") == ((2, 0, 0, 0, 0, 0, 0, 0, 1), 70.014)
    assert one.took("icon") == ((), 0.0)
    parts = []
    for figures in (one, other):
        counts, total = figures.took("pull")
        [queue] = manager(1, done=0).queues
        parts.append(replace(manager(1, done=0), queues=(replace(queue, took_counts=counts, took_seconds=total),)))
    in_force_now = in_force(defaults(Settings(_env_file=None)), {}, {})
    pull, *rest = sum_queues(parts, in_force_now, {}, {}, 0.0)
    assert (pull.took_counts, round(pull.took_seconds, 3)) == ((2, 0, 0, 1, 0, 0, 0, 0, 1), 70.314)
    assert {queue.took_counts for queue in rest} == {()}


def test_a_bucket_that_was_written_is_added_to() -> None:
    """A process that ended within these minutes wrote its part."""
    written = HistoryPoint(600.0, {"pull": QueueFigures(10, 2), "icon": QueueFigures(1)}, {"host/9": 7}, 50.0)
    [point] = with_now([written], point_now([manager(1, done=3)], 600.0))
    assert point.queues == {"pull": QueueFigures(13, 2, 2, 1), "icon": QueueFigures(1)}
    assert (point.memory, point.lag_ms) == ({"host/9": 7, "host/1": 1000}, 50.0)


def test_without_managers_there_is_nothing_to_add() -> None:
    written = HistoryPoint(300.0, {"pull": QueueFigures(10, 2)}, {}, 0.0)
    assert with_now([written], point_now([], 600.0)) == [written]
