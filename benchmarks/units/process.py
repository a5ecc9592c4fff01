"""The process that is measured: started, told what to do, and its processor time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.client import Connection
from benchmarks.servers import descendants, free_port, memory_mb


def processor_ns(pid: int) -> int:
    """Nanoseconds on a processor of a process, its threads and its descendants. Threads that ended are not in it."""
    total = 0
    for one in [pid, *descendants(pid)]:
        for task in Path(f"/proc/{one}/task").glob("*/schedstat"):
            try:
                total += int(task.read_text().split()[0])
            except (OSError, IndexError):
                continue
    return total


class Process:
    """benchmarks.units.serve on a store."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self._process = process
        self.port = port

    def connect(self) -> Connection:
        return Connection("127.0.0.1", self.port)

    def do(self, what: str, *values: int) -> int:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps([what, *values]) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the process that is measured has ended")
        done: int = json.loads(line)
        return done

    def cpu(self) -> int:
        return processor_ns(self._process.pid)

    def memory(self) -> float:
        """MB."""
        return memory_mb(self._process.pid)


@contextmanager
def serving(folder: Path, store: str, **settings: str) -> Iterator[Process]:
    """On the SQLite file in ``folder``, or on the MongoDB at ``store``."""
    port = free_port()
    env = {"DATA": str(folder), "STORE": store, "FETCH_ALLOW": "127.0.0.0/8", **settings}
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.units.serve", str(port)],
        env={**os.environ, **{f"EVANTR_{name.upper()}": value for name, value in env.items()}},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None and process.stdout is not None
    try:
        _wait(process, port)
        yield Process(process, port)
    finally:
        process.stdin.close()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


def _wait(process: subprocess.Popen[str], port: int) -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end and process.poll() is None:
        try:
            Connection("127.0.0.1", port).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("the process that is to be measured did not start")
