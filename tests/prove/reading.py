"""Random interleavings of arrivals, marks, undo, purges and paging in two processes' views, against a naive model.

Every other batch is of stories with several copies: shares, taken back and restored, mutes, subscriptions that come
and go.

Each of the total is one batch of 25 histories with its own seed, derived from the one that is printed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from hypothesis import HealthCheck, settings
from hypothesis import seed as seeded
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from tests.integration.reading.test_against_model import Reading
from tests.integration.reading.test_met_once import MetOnce

HISTORIES, STEPS = 25, 60
BATCHES, BATCHES_SHORT = 40, 2


async def prove(seed: int, short: bool, say: Callable[[str], None]) -> tuple[int, int]:
    """(batches that held, all batches)."""
    total = BATCHES_SHORT if short else BATCHES
    passed = 0
    for number in range(total):
        problem = await asyncio.to_thread(_batch, seed + number, MetOnce if number % 2 else Reading)
        passed += problem is None
        say(f"histories {number * HISTORIES + 1} to {(number + 1) * HISTORIES}: {problem or 'all is well'}")
    return passed, total


def _batch(seed: int, machine: type[RuleBasedStateMachine]) -> str | None:
    limits = settings(
        max_examples=HISTORIES,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    try:
        run_state_machine_as_test(seeded(seed)(type("Seeded", (machine,), {})), settings=limits)
    except AssertionError as error:
        return f"{error}"
    return None
