"""The program in a process group of its own, to be killed without warning."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from tests.helpers import guard

ROOT = Path(__file__).parents[2]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Victim:
    """``evantr serve`` on ``port`` with its data in ``data``; ``settings`` are EVANTR_* without the prefix."""

    def __init__(self, data: Path, port: int, name: str = "program", **settings: str) -> None:
        self.address = f"http://127.0.0.1:{port}"
        self.log_file = data.with_name(f"{name}.log")
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("EVANTR_")} | {
            "EVANTR_HOST": "127.0.0.1",
            "EVANTR_PORT": str(port),
            "EVANTR_DATA": str(data),
            "EVANTR_FETCH_ALLOW": "127.0.0.0/8",
            **{f"EVANTR_{name.upper()}": value for name, value in settings.items()},
        }
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        return self.log_file.read_text(errors="replace")

    def spawn(self, *command: str) -> subprocess.Popen[bytes]:
        """Start it without waiting."""
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "evantr", *command],
                cwd=ROOT, env=self.environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        guard.started(self._process.pid)
        return self._process

    def start(self, patience: float = 30, command: str = "serve") -> float:
        """Start it and wait until it is ready; returns the seconds that took."""
        self.spawn(command)
        return self.wait_ready(patience)

    def wait_ready(self, patience: float = 30) -> float:
        """Wait for a web server that was spawned; returns the seconds that took."""
        start = time.monotonic()
        while time.monotonic() - start < patience and self.running:
            if self._ready():
                return time.monotonic() - start
            time.sleep(0.02)
        raise AssertionError(f"the program did not start:\n{self.log[-4000:]}")

    def command(self, *arguments: str, typed: str = "") -> str:
        """Run another command of the program on the same data."""
        run = subprocess.run(
            [sys.executable, "-m", "evantr", *arguments],
            cwd=ROOT, env=self.environment, input=typed, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert run.returncode == 0, run.stdout + run.stderr
        return run.stdout

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def kill(self) -> None:
        """kill -9 of the process and everything it started, all at once."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):  # it ended by itself and left nothing
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def ask_to_end(self) -> None:
        """SIGTERM, without waiting."""
        if self.running:
            assert self._process is not None
            self._process.send_signal(signal.SIGTERM)

    def stop(self, patience: float = 15) -> tuple[int, float]:
        """SIGTERM; returns exit code and seconds until the end."""
        assert self._process is not None
        start = time.monotonic()
        self.ask_to_end()
        code = self._process.wait(patience)
        self._process = None
        return code, time.monotonic() - start

    def _ready(self) -> bool:
        try:
            with urlopen(f"{self.address}/readyz", timeout=1) as answer:
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False
