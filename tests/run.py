"""`make test`: all tests. Browsers first and alone, for people do not wait either, and the main ways of a person once
more on a whole cluster; then contracts, which are judged as a whole, in a process of their own beside everything else,
which is spread over workers.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
BROWSERS, CONTRACTS = "tests/browser", "tests/contract"
IN_BROWSERS = [BROWSERS, "-n", "2", "--dist", "loadfile"]
ON_CLUSTER = [f"{BROWSERS}/test_reading.py", f"{BROWSERS}/test_import.py"]  # all of them: make test-cluster
WORKERS = (os.cpu_count() or 1) + 1  # much of a test is waiting for a process or a clock
REST = ["-n", str(WORKERS), "--dist", "loadfile", f"--ignore={BROWSERS}", f"--ignore={CONTRACTS}"]


def start(arguments: list[str], output: object = None, **variables: str) -> subprocess.Popen[bytes]:
    command, environment = [sys.executable, "-m", "pytest", "--durations=15", *arguments], os.environ | variables
    return subprocess.Popen(  # type: ignore[call-overload, no-any-return]
        command, cwd=ROOT, env=environment, stdout=output, stderr=output
    )


def main() -> int:
    """0 if all passed. What the contracts said follows when everything has ended."""
    began = time.monotonic()
    codes = [start(IN_BROWSERS).wait(), start(ON_CLUSTER, EVANTR_TEST_TARGET="cluster").wait()]
    with tempfile.TemporaryFile() as said:
        quiet, loud = start([CONTRACTS], said), start(REST)
        try:
            codes += [loud.wait(), quiet.wait()]
        except KeyboardInterrupt:
            for process in (loud, quiet):
                process.terminate()
                process.wait()
            return 130
        said.seek(0)
        sys.stdout.write(f"\n{CONTRACTS}:\n")
        sys.stdout.flush()
        sys.stdout.buffer.write(said.read())
    sys.stdout.write(f"all runs: {time.monotonic() - began:.0f} s\n")
    return max(codes, key=abs)


if __name__ == "__main__":
    sys.exit(main())
