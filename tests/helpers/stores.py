"""Stores for tests that open several, or open them themselves. The fixtures ``store`` and ``new_store`` of
tests/conftest.py say which: the value of the setting ``store``, empty for SQLite in the data folder."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from reader.container import open_mappers
from reader.mappers import Mappers
from reader.mappers.sqlite.connection import connect
from reader.mappers.sqlite.migrations import migrate
from reader.settings import Settings

NewStore = Callable[[], AbstractContextManager[str]]


def sqlite() -> AbstractContextManager[str]:
    """NewStore of tests that are not told otherwise."""
    return nullcontext("")


@cache
def _migrated() -> bytes:
    """The file of an empty SQLite store: to write it takes a tenth of what making it does, and thousands of tests want
    one. That the program makes it is for tests of migrations and of commands."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "evantr.sqlite"
        con = connect(path)
        con.execute("BEGIN IMMEDIATE")
        migrate(con)
        con.execute("COMMIT")
        con.close()
        return path.read_bytes()


def lay_out(folder: Path, store: str = "") -> None:
    """What a program finds in the data folder whose store was migrated before; nothing where it is elsewhere."""
    path = folder / "evantr.sqlite"
    if not store and not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_bytes(_migrated())


async def open_store(folder: Path, store: str) -> Mappers:
    """Opened and migrated."""
    lay_out(folder, store)
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
