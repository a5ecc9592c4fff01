"""Reports of processes, and many of them as one picture."""

from __future__ import annotations

from dataclasses import replace

from reader.gateways.queue_settings import ALL_QUEUES, defaults, in_force
from reader.gateways.reports import merge_history, read_report, sum_queues, write_report
from reader.mappers.operations import Figures
from reader.models.operations import (
    CpuStatus,
    JobStory,
    ManagerStatus,
    QueueFigures,
    QueueSettings,
    QueueStatus,
)
from reader.settings import Settings

SETTINGS = QueueSettings(8, 100, 60, 60, 3)
QUEUE = QueueStatus("icon", "system", 3, 1, 2, 8, 60.0, 6.0, 5.0, 40, 4, 0, SETTINGS)
STORY = JobStory("k", "icon", "feed 1", "icon", "done", 1, 1.0, 0.5, None, ("done",))
MANAGER = ManagerStatus(
    "vm:x/12/34", 12, "vm", "worker", 1.0, 2.0, 1000, 1.5, 0.25, False, True, 1.0, (QUEUE,),
    (CpuStatus(13, 500, 7, "digest_feed", 1.0, 0.0),), (STORY,),
)  # fmt: skip


def test_a_report_comes_back_as_it_went() -> None:
    assert read_report(write_report(MANAGER)) == MANAGER


def test_a_report_of_another_version_is_left_out() -> None:
    for text in ("", "{}", "[]", '{"holder": 1}', write_report(MANAGER).replace('"lag_ms"', '"lag"')):
        assert read_report(text) is None


def test_queues_are_summed_over_managers_and_rows() -> None:
    other = replace(MANAGER, queues=(replace(QUEUE, waiting=1, running=1, oldest_age=9.0),))
    rule = in_force(defaults(Settings(_env_file=None)), {}, {})
    found = sum_queues([MANAGER, other], rule, {"icon": (10, 2, 80.0), "discovery": (1, 0, 99.0)}, {"icon": 4}, 100.0)
    assert [queue.name for queue in found] == list(ALL_QUEUES)
    icon = next(queue for queue in found if queue.name == "icon")
    assert (icon.waiting, icon.delayed, icon.running, icon.allowed) == (10, 2, 3, 16)
    assert (icon.done_per_minute, icon.failed_per_minute, icon.done, icon.failed) == (120, 12, 80, 8)
    assert (icon.oldest_age, icon.dead) == (20.0, 4)
    discovery = next(queue for queue in found if queue.name == "discovery")
    assert (discovery.waiting, discovery.oldest_age, discovery.priority) == (1, 1.0, "user")


def test_history_of_many_processes_is_one_line() -> None:
    rows = [
        Figures(300.0, "vm:x/1/1", '{"queues":{"icon":{"done":2,"failed":1}},"memory":10,"lag_ms":5}'),
        Figures(300.0, "vm:x/2/1", '{"queues":{"icon":{"done":3,"waiting":7}},"memory":20,"lag_ms":9}'),
        Figures(600.0, "vm:x/1/1", '{"queues":{},"memory":11,"lag_ms":1}'),
    ]
    first, second = merge_history(rows)
    assert (first.at, first.queues, first.memory, first.lag_ms) == (
        300.0, {"icon": QueueFigures(5, 1, 7, 0)}, {"vm/1": 10, "vm/2": 20}, 9,
    )  # fmt: skip
    assert (second.at, second.queues, second.memory) == (600.0, {}, {"vm/1": 11})


def test_what_the_store_holds_for_a_setting_that_is_no_more_is_left_out() -> None:
    rule = in_force(defaults(Settings(_env_file=None)), {}, {("old", "x"): 1.0, ("icon", "buffer"): 5.0})
    assert rule.queue("icon").buffer == 5
    assert ("old", "x") not in rule.values
