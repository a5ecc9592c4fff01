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
from typing import Any, Self
from urllib.parse import urlsplit, urlunsplit

import pytest
from pymongo import MongoClient

from tests.helpers.mongo_watch import WATCH
from tests.helpers.servers import Server
from tests.helpers.victim import free_port

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
        WATCH.begin()
        yield self.address(name)
        self.client.drop_database(name)

    @contextmanager
    def store(self) -> Iterator[str]:
        """Address of a database that is empty, and migrated if another test had it before: to make collections and
        indexes anew takes longer than most tests do."""
        name = self.spare.pop() if self.spare else _new_name()
        WATCH.written.pop(name, None)
        WATCH.begin()
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
    else:
        with tempfile.TemporaryDirectory(prefix="evantr-mongo-") as folder:
            server = MongoServer(Path(folder), keeps=False)
            try:
                server.start()
                with MongoClient[dict[str, Any]](server.url) as client:
                    yield Mongo(server.url, server.real, client)
            finally:
                server.kill()


def _has_sessions(client: MongoClient[dict[str, Any]]) -> bool:
    client.admin.command("ping")
    return client.topology_description.logical_session_timeout_minutes is not None


class MongoServer(Server):
    """A MongoDB of one's own, to be killed and started again: mongod as a replica set of one (alone it would take no
    retryable writes), else the stand-in, with its content in a file if it ``keeps`` it. Raises Missing."""

    def __init__(self, folder: Path, *, keeps: bool = True) -> None:
        port, mongod = free_port(), shutil.which("mongod")
        self.real = mongod is not None
        self.url = f"mongodb://127.0.0.1:{port}/" + ("?replicaSet=rs0" if self.real else "")
        self._initiated = False
        files = folder / f"mongo-{port}"
        if mongod is not None:
            files.mkdir()
            command = [mongod, "--replSet", "rs0", "--dbpath", str(files), "--bind_ip", "127.0.0.1"]
            command += ["--port", str(port), "--nounixsocket"]
        else:
            classes = build()
            command = ["java", *QUICK, "-cp", f"{classes}/mongo-1.jar:{classes}/lib/*", "Server", str(port)]
            command += [str(files)] if keeps else []
        super().__init__(command, port, folder / f"mongo-{port}.log")

    def store(self, database: str, **options: str) -> str:
        """Address of a database for EVANTR_STORE."""
        query = "&".join([*(["replicaSet=rs0"] if self.real else []), *(f"{k}={v}" for k, v in options.items())])
        return f"mongodb://{self.address}/{database}?{query}"

    def start(self, *, empty: bool = False) -> Self:
        super().start(empty=empty)
        if self.real and not self._initiated:
            with MongoClient[dict[str, Any]](self.address, directConnection=True) as client:
                members = [{"_id": 0, "host": self.address}]
                client.admin.command("replSetInitiate", {"_id": "rs0", "members": members})
            self._initiated = True
        return self


def own_mongo(folder: Path, *, keeps: bool = True) -> MongoServer:
    """One that runs, to be killed by its caller. A test that needs it is skipped where none can be had."""
    try:
        return MongoServer(folder, keeps=keeps).start()
    except Missing as missing:
        pytest.skip(f"MongoDB: {missing}")


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
