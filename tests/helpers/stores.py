"""Stores for tests that open several, or open them themselves. The fixtures ``store`` and ``new_store`` of
tests/conftest.py say which: the value of the setting ``store``, empty for SQLite in the data folder."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from reader.container import open_mappers
from reader.mappers import Mappers
from reader.settings import Settings

NewStore = Callable[[], AbstractContextManager[str]]


def sqlite() -> AbstractContextManager[str]:
    """NewStore of tests that are not told otherwise."""
    return nullcontext("")


async def open_store(folder: Path, store: str) -> Mappers:
    """Opened and migrated."""
    mappers = await open_mappers(Settings(_env_file=None, data=folder, store=store))
    await mappers.migrate()
    return mappers


def check_histories(machine: type[RuleBasedStateMachine], new_store: NewStore, examples: int, steps: int) -> None:
    """Random histories of a machine that opens a store of its attribute ``new_store``; the same ones each time:
    `make prove` looks for others."""
    limits = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=True,
        database=None,
    )
    on_it = type(machine.__name__, (machine,), {"new_store": staticmethod(new_store)})
    run_state_machine_as_test(on_it, settings=limits)
