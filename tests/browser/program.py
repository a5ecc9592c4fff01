"""The real program as a process of its own, and what tests ask of it besides a browser."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Program:
    """A running Evantr. ``log`` is what it wrote so far."""

    address: str
    data: Path
    environment: dict[str, str]
    log_file: Path

    @property
    def log(self) -> str:
        return self.log_file.read_text(errors="replace")

    def command(self, *arguments: str, typed: str = "") -> str:
        """Runs another command of the program on the same data, with ``typed`` as what a person types."""
        run = subprocess.run(
            [sys.executable, "-m", "evantr", *arguments],
            cwd=ROOT,
            env=self.environment,
            input=typed,
            capture_output=True,
            text=True,
            check=True,
            timeout=30,
        )
        return run.stdout


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_ready(address: str, process: subprocess.Popen[bytes], log_file: Path, patience: float = 30) -> None:
    until = time.monotonic() + patience
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        try:
            with urlopen(f"{address}/readyz", timeout=1) as answer:
                if answer.status == 200:
                    return
        except (URLError, OSError):
            time.sleep(0.05)
    raise AssertionError(f"the program did not start:\n{log_file.read_text(errors='replace')}")


@contextmanager
def running(folder: Path, **settings: str) -> Iterator[Program]:
    """The program on a free port with its data in ``folder``; ``settings`` are EVANTR_* without the prefix."""
    address, log_file = f"http://127.0.0.1:{(port := free_port())}", folder / "log.txt"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("EVANTR_")} | {
        "EVANTR_HOST": "127.0.0.1",
        "EVANTR_PORT": str(port),
        "EVANTR_DATA": str(folder / "data"),
        "EVANTR_CRAWL_PAUSE": "0",
        "EVANTR_FETCH_ALLOW": "127.0.0.0/8",
        **{f"EVANTR_{name.upper()}": value for name, value in settings.items()},
    }
    with log_file.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "evantr", "serve"], cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT
        )
    try:
        _wait_ready(address, process, log_file)
        yield Program(address, folder / "data", environment, log_file)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
