"""Calls of one process that go to the database together: what comes while one is under way waits for the next.

A lone call waits for nobody. However many pulls run at once, what all of them ask is one command at a time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from typing import Generic, TypeVar

from reader.mappers.mongo.engine import Engine

Ask = TypeVar("Ask")
Answer = TypeVar("Answer")
AT_ONCE = 500


class Together(Generic[Ask, Answer]):
    """``work`` answers several asks at once, in their order; if it fails, it fails for all of them."""

    def __init__(self, engine: Engine, work: Callable[[list[Ask]], Awaitable[Sequence[Answer]]]) -> None:
        self._engine = engine
        self._work = work
        self._waiting: list[tuple[Ask, asyncio.Future[Answer]]] = []
        self._running: asyncio.Task[None] | None = None

    async def ask(self, ask: Ask) -> Answer:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Answer] = loop.create_future()
        self._waiting.append((ask, answer))
        if self._running is None:
            # In a context of its own: time limits of who happens to come first are not those of the others.
            self._running = loop.create_task(self._run(), context=Context())
        return await answer

    async def _run(self) -> None:
        try:
            while self._waiting:
                some, self._waiting = self._waiting[:AT_ONCE], self._waiting[AT_ONCE:]
                await self._round(some)
        finally:
            self._running = None

    async def _round(self, some: list[tuple[Ask, asyncio.Future[Answer]]]) -> None:
        try:
            with self._engine.patience():
                answers = await self._work([ask for ask, _ in some])
        except Exception as error:
            for _, future in some:
                if not future.done():
                    future.set_exception(error)
        else:
            for (_, future), answer in zip(some, answers, strict=True):
                if not future.done():  # who asked may have been cancelled
                    future.set_result(answer)
        finally:
            for _, future in some:
                future.cancel()  # if we are: then nobody answers any more
