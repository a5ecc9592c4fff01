"""A MongoDB for tests: EVANTR_TEST_MONGO_URL if set; else `mongod` if installed; else a stand-in in Java, built once.

``Mongo.real`` tells the stand-in (tests/servers/mongo) from the others: it knows no sessions, so no retries either.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from pymongo import MongoClient

from tests.helpers.mongo_watch import WATCH

SOURCE = Path(__file__).parents[1] / "servers" / "mongo"
BUILD = SOURCE / "build"
MIGRATIONS = "migration"
QUICK = ("-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")


class Missing(Exception):
    """There is no MongoDB to be had here; the text says what is lacking."""


@dataclass(frozen=True)
class Mongo:
    url: str
    real: bool
    client: MongoClient[dict[str, Any]]

    spare: list[str] = field(default_factory=list)  # names of databases that are migrated and empty

    @contextmanager
    def database(self) -> Iterator[str]:
        """Address of a new database, gone afterwards."""
        name = _new_name()
        yield self.address(name)
        self.client.drop_database(name)

    @contextmanager
    def store(self) -> Iterator[str]:
        """Address of a database that is empty, and migrated if another test had it before: to make collections and
        indexes anew takes longer than most tests do."""
        name = self.spare.pop() if self.spare else _new_name()
        WATCH.written.pop(name, None)
        yield self.address(name)
        with WATCH.unseen():
            self._empty(name)

    def address(self, database: str) -> str:
        parts = urlsplit(self.url)
        return urlunsplit((parts.scheme, parts.netloc, f"/{database}", parts.query, ""))

    def _empty(self, name: str) -> None:
        """For the next test, if nothing but the migrations is left; else the database goes."""
        database = self.client[name]
        for collection in WATCH.written.pop(name, set()) - {MIGRATIONS}:
            database[collection].delete_many({})
        done = database[MIGRATIONS].count_documents({})
        if done and database.command("dbStats")["objects"] == done:
            self.spare.append(name)
        else:  # another process wrote, or it never was migrated
            self.client.drop_database(name)


def _new_name() -> str:
    return f"evantr_test_{uuid.uuid4().hex[:16]}"


def is_there(program: str = "") -> bool:
    """Whether there is a real MongoDB. ``program`` "mongod": one whose processes a test can start and kill."""
    return shutil.which("mongod") is not None or (not program and bool(os.environ.get("EVANTR_TEST_MONGO_URL")))


@contextmanager
def running() -> Iterator[Mongo]:
    """The server for this session; one that was started here ends with it. Raises Missing."""
    if url := os.environ.get("EVANTR_TEST_MONGO_URL"):
        with MongoClient[dict[str, Any]](url) as client:
            yield Mongo(url, _has_sessions(client), client)
    elif mongod := shutil.which("mongod"):
        with _replica_set_of_one(mongod) as url, MongoClient[dict[str, Any]](url) as client:
            yield Mongo(url, True, client)
    else:
        with stand_in() as url, MongoClient[dict[str, Any]](url) as client:
            yield Mongo(url, False, client)


def _has_sessions(client: MongoClient[dict[str, Any]]) -> bool:
    client.admin.command("ping")
    return client.topology_description.logical_session_timeout_minutes is not None


@contextmanager
def _replica_set_of_one(mongod: str) -> Iterator[str]:
    """Alone it would take no retryable writes."""
    from tests.helpers.victim import free_port

    with tempfile.TemporaryDirectory(prefix="evantr-mongod-") as folder:
        port = free_port()
        command = [mongod, "--replSet", "rs0", "--dbpath", folder, "--bind_ip", "127.0.0.1", "--port", str(port)]
        with Path(folder, "log.txt").open("w") as log:
            process = subprocess.Popen([*command, "--nounixsocket"], stdout=log, stderr=log)
        try:
            member = f"127.0.0.1:{port}"
            with MongoClient[dict[str, Any]](member, directConnection=True) as client:
                members = [{"_id": 0, "host": member}]
                client.admin.command("replSetInitiate", {"_id": "rs0", "members": members})
            yield f"mongodb://{member}/?replicaSet=rs0"
        finally:
            process.kill()
            process.wait()


@contextmanager
def stand_in(file: Path | None = None, port: int = 0) -> Iterator[str]:
    """The stand-in on a free port of loopback, in memory unless a file is named. Ends with this process in any case:
    it reads its input to the end. Raises Missing."""
    classes = build()
    command = ["java", *QUICK, "-cp", f"{classes}/mongo-1.jar:{classes}/lib/*", "Server", str(port)]
    process = subprocess.Popen(
        command + ([str(file)] if file else []), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None and process.stdout is not None
    try:
        said = process.stdout.readline().strip()
        if not said:
            raise RuntimeError("the stand-in for MongoDB did not start")
        yield f"mongodb://127.0.0.1:{said}/"
    finally:
        process.stdin.close()  # it ends, with its file written
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


def build() -> Path:
    """Folder of the built stand-in, made once for each state of its source."""
    lacking = [name for name in ("java", "javac", "mvn") if shutil.which(name) is None]
    if lacking:
        raise Missing(f"no EVANTR_TEST_MONGO_URL, no mongod, and for the stand-in no {', '.join(lacking)}")
    sources = [SOURCE / "pom.xml", *sorted(SOURCE.glob("src/**/*.java"))]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()
    stamp = BUILD / "built"
    BUILD.mkdir(exist_ok=True)
    with (BUILD / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # test processes run side by side
        if not stamp.exists() or stamp.read_text() != digest:
            command = ["mvn", "-q", "-B", "package"]
            run = subprocess.run(command, cwd=SOURCE, capture_output=True, text=True, check=False)
            if run.returncode:
                raise Missing(f"the stand-in for MongoDB could not be built: {run.stdout[-2000:]}")
            stamp.write_text(digest)
    return BUILD
