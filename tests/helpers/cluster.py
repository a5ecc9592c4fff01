"""A whole cluster on loopback: broker, caches, and processes of each role on one store, to be ill-treated.

with Cluster(folder, mongo=True) as cluster:
    cluster.start()
    cluster.webs[0].address
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from reader.settings import Settings
from tests.helpers.mongo import own_mongo
from tests.helpers.servers import Server, memcached, nats_server
from tests.helpers.victim import Victim, free_port

PASSWORD = "correct horse battery"


class Cluster:
    """``webs``, ``workers`` and ``updaters``: how many of each. ``settings`` as Victim takes them.

    ``mongo``: its store is a MongoDB of its own, ``database``, which keeps what it has in files if it ``keeps`` it, and
    gives an operation up after ``patience`` seconds (None: as Evantr has it); else all share a SQLite file.
    """

    def __init__(
        self,
        folder: Path,
        *,
        webs: int = 2,
        workers: Sequence[str] = ("", ""),
        updaters: int = 2,
        mongo: bool = False,
        keeps: bool = True,
        patience: float | None = None,
        **settings: str,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.database = own_mongo(folder, keeps=keeps) if mongo else None
        if self.database is not None:
            options = {} if patience is None else {"timeoutMS": f"{patience * 1000:.0f}"}
            settings = {"store": self.database.store("evantr", **options), **settings}
        self.broker: Server = nats_server(folder)
        self.nodes = memcached(folder), memcached(folder)
        self.settings = {
            "queue": f"nats://{self.broker.address}",
            "bus": f"nats://{self.broker.address}",
            "cache": ",".join(node.address for node in self.nodes),
            "log_level": "info",
            **settings,
        }
        self.webs = [self._process("web", number) for number in range(webs)]
        self.workers = [self._process("worker", number) for number in range(len(workers))]
        self.updaters = [self._process("updater", number) for number in range(updaters)]
        self._queues = list(workers)

    def _process(self, role: str, number: int) -> Victim:
        return Victim(self.folder / "data", free_port(), name=f"{role}-{number}", **self.settings)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self.processes:
            process.kill()
        for server in self.servers:
            with contextlib.suppress(AssertionError, ProcessLookupError):
                server.thaw()
            server.kill()

    @property
    def processes(self) -> list[Victim]:
        return [*self.webs, *self.workers, *self.updaters]

    @property
    def servers(self) -> list[Server]:
        """Broker, caches, and the database if it is one."""
        return [self.broker, *self.nodes, *([self.database] if self.database is not None else [])]

    @property
    def store(self) -> Settings:
        """Settings that open the store of this cluster (reader.container.open_mappers)."""
        store = self.database.store("evantr") if self.database is not None else ""
        return Settings(_env_file=None, data=self.folder / "data", store=store)

    @property
    def logs(self) -> str:
        """The end of each process's log, for who has to find out what went wrong."""
        return "\n".join(f"== {p.log_file.name}\n{p.log[-1500:]}" for p in self.processes if p.log_file.exists())

    def start(self) -> str:
        """Everything runs afterwards; returns a token of ada, who is the administrator."""
        self.webs[0].command("user", "add", "ada", "--password", PASSWORD)
        token = self.webs[0].command("token", "add", "ada").strip().splitlines()[-1]
        for process in [*self.workers, *self.updaters]:
            self.revive(process)
        for web in self.webs:
            web.start(command="web")
        return token

    def revive(self, process: Victim) -> None:
        """Start a process again that was killed, in its role."""
        if process in self.webs:
            process.start(command="web")
        elif process in self.updaters:
            process.spawn("updater")
        else:
            queues = self._queues[self.workers.index(process)]
            process.spawn("worker", *(["--queues", queues] if queues else []))
