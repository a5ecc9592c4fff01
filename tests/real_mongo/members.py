"""A replica set of three on loopback, whose members are killed, stopped and started again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pymongo import MongoClient

from tests.helpers.servers import Server, program
from tests.helpers.victim import free_port

NAME = "evantr"
ELECTION_MILLISECONDS = 2000


class Members:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.servers = [self._member() for _ in range(3)]

    def _member(self) -> Server:
        port = free_port()
        data = self._folder / str(port)
        data.mkdir()
        command = [program("mongod"), "--replSet", NAME, "--dbpath", str(data), "--bind_ip", "127.0.0.1"]
        command += ["--port", str(port), "--nounixsocket", "--wiredTigerCacheSizeGB", "0.25"]
        return Server(command, port, self._folder / f"{port}.log").start()

    def initiate(self) -> None:
        members = [{"_id": number, "host": server.address} for number, server in enumerate(self.servers)]
        settings = {"electionTimeoutMillis": ELECTION_MILLISECONDS}
        with MongoClient[dict[str, Any]](self.servers[0].address, directConnection=True) as client:
            client.admin.command("replSetInitiate", {"_id": NAME, "members": members, "settings": settings})
        self.primary()

    def url(self, **options: object) -> str:
        """Of a database; ``options`` go into the address."""
        told = "".join(f"&{name}={value}" for name, value in options.items())
        return f"mongodb://{','.join(server.address for server in self.servers)}/evantr?replicaSet={NAME}{told}"

    def primary(self) -> Server:
        """Waits until there is one."""
        with MongoClient[dict[str, Any]](self.url()) as client:
            client.admin.command("ping")
            assert client.primary is not None
            port = client.primary[1]
        return next(server for server in self.servers if server.port == port)

    def secondaries(self) -> list[Server]:
        primary = self.primary()
        return [server for server in self.servers if server is not primary]


@contextmanager
def three(folder: Path) -> Iterator[Members]:
    members = Members(folder)
    try:
        members.initiate()
        yield members
    finally:
        for server in members.servers:
            server.kill()
