"""Where time, ids and secrets come from: handed in, so that tests can hold them still."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Clock:
    """``now()`` is UTC seconds since 1970; ``monotonic()`` never jumps; ``secret()`` is unguessable text."""

    now: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic
    secret: Callable[[], str] = field(default=lambda: secrets.token_urlsafe(32))
