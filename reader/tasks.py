"""Ending tasks for sure."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

AGAIN_SECONDS = 0.5


async def end(tasks: Iterable[asyncio.Future[Any]]) -> None:
    """Cancel tasks until they are over; what they raised is let go. Once is not enough: before Python 3.12
    asyncio.wait_for, which nats-py and PyMongo use, may swallow a cancellation that comes together with what it waits
    for, and a loop that goes on after errors then never ends."""
    every = set(tasks)
    pending = {task for task in every if not task.done()}
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=AGAIN_SECONDS)
    await asyncio.gather(*every, return_exceptions=True)
