"""Proofs that take too long for every test run, in the spirit of SQLite's torture tests.

Run them by ``make prove`` or ``python -m tests.prove [--only NAME] [--seed N] [--short]``. Each prints
``name passed/total seed``; all together they go to build/prove.json. To add one: a module here with

    async def prove(seed: int, short: bool, say: Say) -> tuple[int, int]   # (passed, total)

and its name in PROOFS.
"""

from __future__ import annotations

from collections.abc import Callable

Say = Callable[[str], None]

PROOFS = ("crash", "reading", "sharing", "import", "fuzz", "threats", "websub", "cluster")
ALSO = ("cluster-sqlite",)  # when asked for by name
