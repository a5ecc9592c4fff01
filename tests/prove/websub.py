"""websub: each required behaviour of the W3C Recommendation WebSub for subscriber, publisher and hub, as a named test
against a counterpart that is played (tests/integration/websub)."""

from __future__ import annotations

import inspect
import tempfile
from pathlib import Path
from types import ModuleType

from reader.log import configure
from tests.integration.websub import test_hub, test_publisher, test_subscriber
from tests.integration.websub.stage import Check, open_stage
from tests.prove import Say

ROLES: dict[str, ModuleType] = {"subscriber": test_subscriber, "publisher": test_publisher, "hub": test_hub}


def checks(role: ModuleType) -> dict[str, Check]:
    """Name → test, in the order of the file."""
    return {
        name.removeprefix("test_").replace("_", " "): function
        for name, function in vars(role).items()
        if name.startswith("test_") and inspect.iscoroutinefunction(function)
    }


async def prove(seed: int, short: bool, say: Say) -> tuple[int, int]:
    configure("error")
    passed = total = 0
    for role, module in ROLES.items():
        done = 0
        named = checks(module)
        for name, check in named.items():
            error = await _failure(check)
            done += error is None
            say(f"{'ok  ' if error is None else 'FAIL'} {name}" + (f": {error}" if error else ""))
        say(f"{role} {done}/{len(named)}")
        passed, total = passed + done, total + len(named)
    return passed, total


async def _failure(check: Check) -> str | None:
    """What a check says; None when it holds."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            if "stage" in inspect.signature(check).parameters:
                async with open_stage(Path(folder)) as stage:
                    await check(stage)
            else:  # it sets its own, on SQLite
                await check(tmp_path=Path(folder), store="")
        except Exception as error:  # a check that breaks has not held either
            return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
    return None
