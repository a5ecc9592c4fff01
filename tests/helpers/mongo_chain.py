"""Round trips of a call to MongoDB: the longest chain of commands of which each waits for the one before.

Commands that are under way at once are one round trip, but which of them overlap is chance: the same call would take
eight today and nine tomorrow. Who waits for whom is not chance. A task begins with the length its maker had, and who
made it has at least its length once it is done.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Generator, Iterator
from contextlib import contextmanager
from contextvars import Context, ContextVar, copy_context
from dataclasses import dataclass
from typing import Any

from pymongo import monitoring

from tests.helpers.mongo_watch import CONTROL


@dataclass
class Chain:
    length: int = 0


_CHAIN: ContextVar[Chain | None] = ContextVar("chain", default=None)


class _Links(monitoring.CommandListener):
    def started(self, event: monitoring.CommandStartedEvent) -> None:
        mine = _CHAIN.get()
        if mine is not None and event.command_name not in CONTROL:
            mine.length += 1

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None: ...
    def failed(self, event: monitoring.CommandFailedEvent) -> None: ...


monitoring.register(_Links())


@contextmanager
def chain() -> Iterator[Chain]:
    """Its ``length`` grows with what the running task and the tasks it makes send to MongoDB."""
    loop = asyncio.get_running_loop()
    before, begun = loop.get_task_factory(), Chain()
    loop.set_task_factory(_task)
    token = _CHAIN.set(begun)
    try:
        yield begun
    finally:
        _CHAIN.reset(token)
        loop.set_task_factory(before)


def _task(
    loop: asyncio.AbstractEventLoop,
    work: Coroutine[Any, Any, Any] | Generator[Any, None, Any],
    *,
    context: Context | None = None,
) -> asyncio.Task[Any]:
    context = context or copy_context()
    task: asyncio.Task[Any] = asyncio.Task(work, loop=loop, context=context)
    mine = _CHAIN.get()
    if mine is not None:
        inner = Chain(mine.length)
        context.run(_CHAIN.set, inner)
        # The first callback of all: whoever waits for the task runs after it.
        task.add_done_callback(lambda _task: _join(mine, inner))
    return task


def _join(mine: Chain, inner: Chain) -> None:
    mine.length = max(mine.length, inner.length)
