"""kill -9 of who starts processes ends these, too; so does a block that ends."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

PROGRAM = """
import subprocess, sys, time
from tests.helpers.guard import guarding, started
with guarding():
    child = subprocess.Popen(["bash", "-c", "sleep 100 & sleep 100"], start_new_session=True)
    started(child.pid)
    print(child.pid, flush=True)
    time.sleep(100 if sys.argv[1] == "killed" else 0)
"""


def members(group: int) -> list[str]:
    """Processes of that group that run."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it ended meanwhile
        if int(fields[2]) == group and fields[0] != "Z":
            found.append(path.parent.name)
    return found


@pytest.mark.parametrize("how", ["killed", "ended"])
def test_nothing_outlives_who_started_it(how: str) -> None:
    command = [sys.executable, "-c", PROGRAM, how]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        group = int(process.stdout.readline())
        if how == "killed":
            assert members(group)
            process.kill()
        process.wait(10)
    until = time.monotonic() + 10
    while members(group):
        assert time.monotonic() < until
        time.sleep(0.02)
