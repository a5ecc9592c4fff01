"""Trying again when somebody else was quicker: bounded, and with jitter so that two do not keep step."""

from __future__ import annotations

import asyncio
import random

ATTEMPTS = 40
SHORTEST, LONGEST = 0.002, 0.25  # seconds


async def pause(attempt: int) -> None:
    """The wait after the attempt of this number, 0 first. All ATTEMPTS together wait five seconds on average."""
    longest = min(LONGEST, SHORTEST * 2.0 ** min(attempt, 20))
    await asyncio.sleep(random.uniform(0, longest))  # noqa: S311 -- no secret
