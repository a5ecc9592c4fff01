"""memcached and nats-server as processes of a test, on free ports of loopback, to be killed, stopped and restarted."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import pytest

from tests.helpers.victim import free_port

START_SECONDS = 30.0


def program(name: str) -> str:
    """The path of an installed server. A test that needs one is skipped where it lacks, unless all are required."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin:/sbin")
    if found is None:
        message = f"{name} is not installed"
        if os.environ.get("EVANTR_TEST_REQUIRE") == "all":
            pytest.fail(message)
        pytest.skip(message)
    return found


class Server:
    """One process on ``port``. ``start`` again after ``kill`` brings it back on the same port."""

    def __init__(self, command: Sequence[str], port: int, log: Path, wipe: Path | None = None) -> None:
        """Its input ends with this process: servers of ours that read it end, too."""
        self.port = port
        self._wipe = wipe
        self._command = list(command)
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process is not None

    def start(self, *, empty: bool = False) -> Self:
        """Returns once it takes connections. ``empty``: without what it kept in files."""
        if empty and self._wipe is not None:
            shutil.rmtree(self._wipe, ignore_errors=True)
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=log, stderr=subprocess.STDOUT)
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and self._process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return self
            time.sleep(0.01)
        raise AssertionError(f"{self._command[0]} did not start: {self._log.read_text(errors='replace')[-2000:]}")

    def kill(self) -> None:
        """kill -9; nothing happens to one that is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            assert self._process.stdin is not None
            self._process.stdin.close()
            self._process = None

    def freeze(self) -> None:
        """It takes connections and never answers, as a machine behind a broken network does."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        tasks = Path(f"/proc/{self._process.pid}/task")
        while any(_state(task) != "T" for task in tasks.iterdir()):
            time.sleep(0.001)

    def thaw(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)


def _state(task: Path) -> str:
    return (task / "stat").read_text().rpartition(")")[2].split()[0]


def memcached(folder: Path, port: int | None = None) -> Server:
    port = port or free_port()
    command = [program("memcached"), "-l", "127.0.0.1", "-p", str(port), "-U", "0", "-m", "32", "-t", "1"]
    if os.geteuid() == 0:
        command += ["-u", "nobody"]
    return Server(command, port, folder / f"memcached-{port}.log").start()


def nats_server(folder: Path, port: int | None = None, *, empty: bool = False) -> Server:
    """With JetStream, whose files are in ``folder``: they outlive a kill unless it starts ``empty``."""
    port = port or free_port()
    store = folder / f"jetstream-{port}"
    command = [program("nats-server"), "-a", "127.0.0.1", "-p", str(port), "-js", "-sd", str(store)]
    server = Server(command, port, folder / f"nats-{port}.log", wipe=store)
    return server.start(empty=empty)
