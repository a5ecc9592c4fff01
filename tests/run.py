"""`make test`: all tests, in two runs side by side.

Contracts and browsers mostly wait for servers and pages, and are judged as a whole, so they have a process of their
own; everything else keeps the processor busy meanwhile, and gives way to it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
APART = ("tests/contract", "tests/browser")
WAITING = [*APART]
WORKERS = 2 * (os.cpu_count() or 1)  # much of a test is waiting for a process or a clock
BUSY = ["-n", str(WORKERS), "--dist", "loadfile", *(f"--ignore={folder}" for folder in APART)]


def start(arguments: list[str], output: object = None, *, gives_way: bool = False) -> subprocess.Popen[bytes]:
    nice = ["nice", "-n", "5"] if gives_way else []
    return subprocess.Popen([*nice, sys.executable, "-m", "pytest", *arguments], cwd=ROOT, stdout=output, stderr=output)  # type: ignore[call-overload, no-any-return]


def main() -> int:
    """0 if both runs passed. What the quiet one said follows when the other has ended."""
    began = time.monotonic()
    with tempfile.TemporaryFile() as said:
        waiting = start(WAITING, said)
        busy = start(BUSY, gives_way=True)
        try:
            codes = [busy.wait(), waiting.wait()]
        except KeyboardInterrupt:
            for process in (busy, waiting):
                process.terminate()
                process.wait()
            return 130
        said.seek(0)
        sys.stdout.write(f"\n{' and '.join(APART)}:\n")
        sys.stdout.flush()
        sys.stdout.buffer.write(said.read())
    sys.stdout.write(f"both runs: {time.monotonic() - began:.0f} s\n")
    return max(codes, key=abs)


if __name__ == "__main__":
    sys.exit(main())
