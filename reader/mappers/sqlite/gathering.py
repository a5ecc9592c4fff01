"""A queue for one thread that takes what has come together meanwhile."""

from __future__ import annotations

import threading
from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")

MOST_IN_A_BATCH = 256
PATIENCE = 0.02


class Gathering(Generic[T]):
    """What waits for the writer. An urgent write wakes it at once; patient ones are let gather for
    ``patience`` seconds.

    A thousand pulls that end within a second thus share fifty commits, and hardly ever wake the thread.
    """

    def __init__(self, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._calls: deque[T] = deque()
        self._some = threading.Event()
        self._urgent = threading.Event()
        self._closing = False

    def __len__(self) -> int:
        return len(self._calls)

    def put(self, call: T, *, patient: bool) -> None:
        self._calls.append(call)
        if not patient:
            self._urgent.set()
        if not self._some.is_set():
            self._some.set()

    def close(self) -> None:
        """take() returns what is left, then None."""
        self._closing = True
        self._urgent.set()
        self._some.set()

    def take(self) -> list[T] | None:
        """Waits for calls, MOST_IN_A_BATCH at most; None at the end."""
        self._some.wait()
        if len(self._calls) < MOST_IN_A_BATCH:
            self._urgent.wait(self._patience)
        # Cleared before the calls are taken: one that comes meanwhile is taken now or wakes the next round.
        self._some.clear()
        self._urgent.clear()
        calls: list[T] = []
        while self._calls and len(calls) < MOST_IN_A_BATCH:
            calls.append(self._calls.popleft())
        if self._calls or self._closing:
            self._urgent.set()
            self._some.set()
        return calls if calls or not self._closing else None
