"""The real program as a process of its own, and what tests ask of it besides a browser."""

from __future__ import annotations

import atexit
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from reader.settings import Settings
from tests.helpers import mongo
from tests.helpers.cluster import Composed
from tests.helpers.victim import free_port

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Program:
    """A running Evantr. ``settings`` lead to its store; ``managers``: how many processes serve the queues."""

    address: str
    settings: Settings
    environment: dict[str, str]
    managers: int

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


def running(folder: Path, **settings: str) -> AbstractContextManager[Program]:
    """The program with its data in ``folder``; ``settings`` are EVANTR_* without the prefix.

    With EVANTR_TEST_TARGET=cluster that is all that docker-compose.yml names, with a new store, through its proxy.
    """
    settings = {"crawl_pause": "0", "fetch_allow": "127.0.0.0/8", **settings}
    if os.environ.get("EVANTR_TEST_TARGET") == "cluster":
        return _cluster(folder, settings)
    return _one_process(folder, settings)


@cache
def _mongo() -> mongo.Mongo:
    """One server for all clusters of this run."""
    server = mongo.running()
    made = server.__enter__()
    atexit.register(server.__exit__, None, None, None)
    return made


@contextmanager
def _cluster(folder: Path, settings: dict[str, str]) -> Iterator[Program]:
    variables = {f"EVANTR_{name.upper()}": value for name, value in settings.items()} | {"PROXY_POLICY": "random"}
    with _mongo().database() as store, Composed(folder, store, free_port(), variables) as cluster:
        cluster.up()
        settings_of_store = Settings(_env_file=None, store=store)
        yield Program(cluster.address, settings_of_store, cluster.webs[0].environment, len(cluster.workers))
        cluster.down()


@contextmanager
def _one_process(folder: Path, settings: dict[str, str]) -> Iterator[Program]:
    address, log_file = f"http://127.0.0.1:{(port := free_port())}", folder / "log.txt"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("EVANTR_")} | {
        "EVANTR_HOST": "127.0.0.1",
        "EVANTR_PORT": str(port),
        "EVANTR_DATA": str(folder / "data"),
        **{f"EVANTR_{name.upper()}": value for name, value in settings.items()},
    }
    with log_file.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "evantr", "serve"], cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT
        )
    try:
        _wait_ready(address, process, log_file)
        yield Program(address, Settings(_env_file=None, data=folder / "data"), environment, 1)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
