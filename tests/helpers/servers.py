"""memcached, nats-server and caddy as processes of a test, on free ports of loopback, to be killed, stopped and
restarted."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

import pytest

from tests.helpers import guard
from tests.helpers.victim import ROOT, free_port

START_SECONDS = 30.0
CADDYFILE = ROOT / "deploy" / "Caddyfile"


def where(name: str) -> str | None:
    """The path of an installed server."""
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin:/sbin")


def program(name: str) -> str:
    """The path of an installed server. A test that needs one is skipped where it lacks, unless all are required."""
    found = where(name)
    if found is None:
        message = f"{name} is not installed"
        if os.environ.get("EVANTR_TEST_REQUIRE") == "all":
            pytest.fail(message)
        pytest.skip(message)
    return found


class Server:
    """One process on ``port``. ``start`` again after ``kill`` brings it back on the same port."""

    def __init__(
        self,
        command: Sequence[str],
        port: int,
        log: Path,
        wipe: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Its input ends with this process: servers of ours that read it end, too."""
        self.port = port
        self._environment = {**os.environ, **(environment or {})}
        self._wipe = wipe
        self._command = list(command)
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def name(self) -> str:
        """Of its log, which tells two of a kind apart."""
        return self._log.stem

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self, *, empty: bool = False) -> Self:
        """Returns once it takes connections. ``empty``: without what it kept in files."""
        if empty and self._wipe is not None:
            shutil.rmtree(self._wipe, ignore_errors=True)
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, env=self._environment, stdin=subprocess.PIPE, stdout=log, stderr=subprocess.STDOUT,
                start_new_session=True,
            )  # fmt: skip
        guard.started(self._process.pid)
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

    def ask_to_end(self) -> None:
        """SIGTERM, without waiting."""
        if self.running:
            assert self._process is not None
            self._process.terminate()

    def stop(self, patience: float = 10) -> None:
        """SIGTERM, and kill -9 for one that does not heed it."""
        if self._process is not None:
            self.ask_to_end()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(patience)
            self.kill()

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


def caddy(folder: Path, port: int, webs: str, policy: str = "") -> Server:
    """The cluster's proxy with its Caddyfile, not started. ``webs``: host:port of each, separated by spaces;
    ``policy``: how it chooses between them, "" as the Caddyfile says."""
    environment = {
        "SITE": f"http://127.0.0.1:{port}, http://localhost:{port}",
        "BIND": "127.0.0.1",
        "WEB": webs,
        "XDG_CONFIG_HOME": str(folder / "caddy"),
        "XDG_DATA_HOME": str(folder / "caddy"),
        **({"PROXY_POLICY": policy} if policy else {}),
    }
    command = [program("caddy"), "run", "--config", str(CADDYFILE), "--adapter", "caddyfile"]
    return Server(command, port, folder / "proxy.log", environment=environment)
