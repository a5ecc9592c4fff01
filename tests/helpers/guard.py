"""Ends what a process started when that process is gone, however it went: `kill -9` leaves nothing behind.

    with guarding():
        ...  # who starts processes says so by started(pid); each leads a process group of its own

The guard is a process that holds the end of a pipe. Nothing can keep that from closing.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

GRACE_SECONDS = 12.0  # Evantr drains within 10

_pipe: IO[bytes] | None = None


@contextlib.contextmanager
def guarding() -> Iterator[None]:
    """From here on, to the end of the block or of this process."""
    global _pipe
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.helpers.guard"], stdin=subprocess.PIPE, start_new_session=True
    )
    _pipe = process.stdin
    assert _pipe is not None
    try:
        yield
    finally:
        _pipe.close()
        _pipe = None
        process.wait(GRACE_SECONDS + 5)


def started(pid: int) -> None:
    """That process leads a group, which is not to outlive this process. Does nothing where nobody guards."""
    if _pipe is not None:
        _pipe.write(b"%d\n" % pid)
        _pipe.flush()


def _tell(groups: list[int], number: signal.Signals) -> list[int]:
    """The groups that were still there."""
    there = []
    for group in groups:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, number)
            there.append(group)
    return there


def main() -> None:
    """Reads process numbers until its input ends; then those groups end, too."""
    left = _tell([int(line) for line in sys.stdin], signal.SIGTERM)
    until = time.monotonic() + GRACE_SECONDS
    while left and time.monotonic() < until:
        time.sleep(0.1)
        left = [group for group in left if _alive(group)]
    _tell(left, signal.SIGKILL)


def _alive(group: int) -> bool:
    """False for a leader that nobody has buried yet, too."""
    try:
        os.killpg(group, 0)
        return Path(f"/proc/{group}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


if __name__ == "__main__":
    main()
