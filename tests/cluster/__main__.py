"""Starts the services of docker-compose.yml on loopback, says what runs where, and ends them all at Ctrl-C.

    make cluster                                # http://127.0.0.1:8000
    EVANTR_PORT=8080 EVANTR_FETCH_ALLOW=127.0.0.0/8 make cluster

Settings are those of cluster.env; variables of the environment win. With EVANTR_STORE everything is kept there; else in
a MongoDB started for this run, and gone afterwards. What ends by itself is started again, as the compose file has it.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from tests.helpers import compose, mongo
from tests.helpers.cluster import PREFIX, Composed
from tests.helpers.guard import guarding
from tests.helpers.servers import where
from tests.helpers.victim import ROOT

FOLDER = ROOT / "build" / "cluster"
SERVERS = {"memcached": "memcached", "nats": "nats-server", "caddy": "caddy"}  # by image
MONGO, EVANTR = "mongo", "evantr"
LOOK_SECONDS = 0.5
ECHO_SECONDS = 1.0  # a signal to the group comes once more from make, and when make ends
PR_SET_PDEATHSIG = 1
CANNOT_START = 3


class Cannot(Exception):
    """A sentence that says what is in the way."""


def say(line: str = "") -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _step(what: str) -> None:
    """What is being started: in one line that changes, on a terminal; "" clears it."""
    if sys.stdout.isatty():
        sys.stdout.write(f"\r\x1b[KStarting {what} …" if what else "\r\x1b[K")
        sys.stdout.flush()
    elif what:
        say(f"Starting {what} …")


def main(folder: Path = FOLDER) -> int:
    """``folder``: where logs go, and what processes keep in files while they run; emptied first."""
    _end_with_make()
    stop = _signals()
    try:
        _check()
        with _alone(folder), guarding(), _store() as (store, about):
            _step("NATS and memcached")
            variables = {name: value for name, value in os.environ.items() if name.startswith((PREFIX, "PROXY_"))}
            port = int(variables.pop("EVANTR_PORT", "8000"))
            with Composed(folder, store, port, variables) as cluster:
                cluster.up(_step)
                _step("")
                say(_words(cluster, about))
                _watch(cluster, stop)
                say("\nEverything ends what it is doing; press Ctrl-C again to end at once.")
                cluster.down()
    except (Cannot, mongo.Missing, AssertionError) as error:
        _step("")
        say(str(error))
        return CANNOT_START
    return 0


def _end_with_make() -> None:
    """When `make` is killed, it does not hand that on; the kernel does."""
    if "MAKELEVEL" in os.environ:
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _signals() -> threading.Event:
    """An event that the first Ctrl-C, SIGTERM or SIGHUP sets. The second one ends at once; the guard does the rest."""
    stop = threading.Event()
    first = 0.0

    def on_signal(number: int, frame: object) -> None:
        nonlocal first
        if not stop.is_set():
            first = time.monotonic()
            stop.set()
        elif time.monotonic() - first > ECHO_SECONDS:
            os._exit(130)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, on_signal)
    return stop


def _check() -> None:
    """Raises Cannot unless everything that the compose file names can be started here."""
    kinds = {service.kind for service in compose.services().values() if not service.once}
    if unknown := kinds - {*SERVERS, MONGO, EVANTR}:
        names = ", ".join(sorted(unknown))
        raise Cannot(f"docker-compose.yml names {names}; make cluster does not know how to start it.")
    if lacking := [SERVERS[kind] for kind in sorted(kinds & SERVERS.keys()) if where(SERVERS[kind]) is None]:
        raise Cannot(f"Not installed: {', '.join(lacking)}. On Debian: apt-get install {' '.join(lacking)}")


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """The folder, emptied, for this run alone."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(f"{folder.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Cannot("A cluster of this checkout runs already.") from None
        shutil.rmtree(folder, ignore_errors=True)
        yield


@contextlib.contextmanager
def _store() -> Iterator[tuple[str, str]]:
    """Address of the store, and what is to be known about it."""
    if given := os.environ.get("EVANTR_STORE"):
        yield given, "as EVANTR_STORE says"
        return
    _step("MongoDB" if mongo.is_there() else "the stand-in for MongoDB, which is built the first time")
    with mongo.running() as server, server.database() as url:
        about = "empties itself at the end" if server.real else "a stand-in for MongoDB, to try it: nothing is kept"
        yield url, about


def _words(cluster: Composed, about: str) -> str:
    """What runs where."""
    rows = [("proxy", "Caddy", cluster.address)]
    rows += [(cluster.names[process], "evantr web", process.address) for process in cluster.webs]
    others = [*cluster.workers, *cluster.updaters]
    rows += [(cluster.names[process], f"evantr {cluster.role(process)}", f"pid {process.pid}") for process in others]
    rows += [("nats", "NATS, JetStream", cluster.broker.address)]
    rows += [(f"memcached-{n}", "memcached", node.address) for n, node in enumerate(cluster.nodes, 1)]
    rows += [("mongo", "MongoDB", about)]
    table = "\n".join(f"  {name:<13} {what:<16} {there}" for name, what, there in rows)
    logs = Path(os.path.relpath(cluster.folder))
    return f"\nEvantr is at {cluster.address}\n\n{table}\n\nLogs are in {logs}. Ctrl-C ends everything."


def _watch(cluster: Composed, stop: threading.Event) -> None:
    """Until somebody wants it to end: what ended by itself is started again, as `restart: unless-stopped` does."""
    while not stop.wait(LOOK_SECONDS):
        for process in cluster.processes:
            if not process.running:
                say(f"{cluster.names[process]} ended; it is started again.")
                process.kill()  # what it left
                cluster.spawn(process)
        for server in cluster.servers:
            if not server.running:
                say(f"{server.name} ended; it is started again.")
                server.kill()
                server.start()


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:])))
