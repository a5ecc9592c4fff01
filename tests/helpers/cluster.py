"""A whole cluster on loopback: broker, caches, and processes of each role on one store, to be ill-treated.

with Cluster(folder, mongo=True) as cluster:
    cluster.start()
    cluster.webs[0].address

Composed is the same as docker-compose.yml has it, with MongoDB below and Caddy in front.
"""

from __future__ import annotations

import contextlib
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from reader.settings import Settings
from tests.helpers import compose
from tests.helpers.mongo import MongoServer, own_mongo
from tests.helpers.servers import Server, caddy, memcached, nats_server
from tests.helpers.victim import Victim, free_port

PASSWORD = "correct horse battery"
PREFIX = "EVANTR_"


class Group:
    """Processes and what they stand on, up or down together. ``settings`` as Victim takes them."""

    folder: Path
    broker: Server
    nodes: tuple[Server, ...]
    database: MongoServer | None = None
    settings: dict[str, str]

    def __init__(self) -> None:
        self._commands: dict[Victim, Sequence[str]] = {}

    def _add(self, process: Victim, command: Sequence[str]) -> None:
        self._commands[process] = command

    def _of(self, role: str) -> list[Victim]:
        return [process for process, command in self._commands.items() if command[0] == role]

    @property
    def webs(self) -> list[Victim]:
        return self._of("web")

    @property
    def workers(self) -> list[Victim]:
        return self._of("worker")

    @property
    def updaters(self) -> list[Victim]:
        return self._of("updater")

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
    def logs(self) -> str:
        """The end of each process's log, for who has to find out what went wrong."""
        return "\n".join(f"== {p.log_file.name}\n{p.log[-1500:]}" for p in self.processes if p.log_file.exists())

    def up(self, told: Callable[[str], object] = lambda what: None) -> None:
        """Everything runs, and every web process answers. ``told`` hears what is being waited for."""
        for process in self.processes:
            self.spawn(process)
        for number, web in enumerate(self.webs, 1):
            told(f"Evantr, {number} of {len(self.webs)} web processes")
            web.wait_ready()

    def role(self, process: Victim) -> str:
        return self._commands[process][0]

    def spawn(self, process: Victim) -> None:
        """Start it in its role, without waiting."""
        process.spawn(*self._commands[process])

    def revive(self, process: Victim) -> None:
        """Start a process again that was killed, in its role; a web process answers afterwards."""
        self.spawn(process)
        if process in self.webs:
            process.wait_ready()


class Cluster(Group):
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
        super().__init__()
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.database = own_mongo(folder, keeps=keeps) if mongo else None
        if self.database is not None:
            options = {} if patience is None else {"timeoutMS": f"{patience * 1000:.0f}"}
            settings = {"store": self.database.store("evantr", **options), **settings}
        self.broker = nats_server(folder)
        self.nodes = memcached(folder), memcached(folder)
        self.settings = {
            "queue": f"nats://{self.broker.address}",
            "bus": f"nats://{self.broker.address}",
            "cache": ",".join(node.address for node in self.nodes),
            "log_level": "info",
            **settings,
        }
        commands = [["web"]] * webs
        commands += [["worker", *(["--queues", queues] if queues else [])] for queues in workers]
        commands += [["updater"]] * updaters
        for number, command in enumerate(commands):
            name = f"{command[0]}-{number}"
            self._add(Victim(self.folder / "data", free_port(), name=name, **self.settings), command)

    @property
    def store(self) -> Settings:
        """Settings that open the store of this cluster (reader.container.open_mappers)."""
        store = self.database.store("evantr") if self.database is not None else ""
        return Settings(_env_file=None, data=self.folder / "data", store=store)

    def start(self) -> str:
        """Everything runs afterwards; returns a token of ada, who is the administrator."""
        self.webs[0].command("user", "add", "ada", "--password", PASSWORD)
        token = self.webs[0].command("token", "add", "ada").strip().splitlines()[-1]
        self.up()
        return token


class Composed(Group):
    """What docker-compose.yml names, with the settings of cluster.env, on free ports; the store is given.

    ``port``: the proxy's. ``variables``: of the environment, which win over those of cluster.env. Where these name a
    service and its port, its address here is put in. The proxy is reached at ``address``.
    """

    def __init__(self, folder: Path, store: str, port: int, variables: Mapping[str, str]) -> None:
        super().__init__()
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        nats, caches = compose.lasting("nats"), compose.lasting("memcached")
        servers = {service.name: nats_server(folder) for service in nats}
        servers |= {service.name: memcached(folder) for service in caches}
        self.broker, self.nodes = servers[nats[0].name], tuple(servers[each.name] for each in caches)
        variables = compose.environment() | dict(variables)
        here = {name: server.address for name, server in servers.items()}
        evantr = [(service, name) for service in compose.lasting("evantr") for name in service.names]
        ports = {name: free_port() for _, name in evantr}
        here |= {name: f"127.0.0.1:{number}" for name, number in ports.items()}
        variables = {name: _placed(value, here) for name, value in variables.items()}
        own = {"store": store, "secret": secrets.token_hex(32), "trusted_proxies": "127.0.0.1/32"}
        self.settings = _settings(variables) | own
        self.names: dict[Victim, str] = {}
        for service, name in evantr:
            own = {"alive_file": str(folder / name / "alive")} if "EVANTR_ALIVE_FILE" in service.variables else {}
            process = Victim(folder / name, ports[name], name=name, **self.settings | own)
            self._add(process, service.command)
            self.names[process] = name
        self.proxy = caddy(folder, port, variables["WEB"], variables.get("PROXY_POLICY", ""))
        self.address = f"http://127.0.0.1:{port}"

    @property
    def servers(self) -> list[Server]:
        return [self.proxy, *super().servers]

    def up(self, told: Callable[[str], object] = lambda what: None) -> None:
        super().up(told)
        told("the proxy")
        self.proxy.start()

    def down(self) -> None:
        """In order, as with Ctrl-C: who answers and works first, then what they stand on."""
        for process in self.processes:
            process.ask_to_end()
        self.proxy.stop()
        for process in self.processes:
            if process.running:
                process.stop()
        for server in super().servers:
            server.stop()


def _placed(value: str, here: Mapping[str, str]) -> str:
    """``value`` with each service:port replaced by where that service is."""
    names = "|".join(map(re.escape, here))
    return re.sub(rf"(?<![\w.-])({names}):\d+", lambda found: here[found[1]], value)


def _settings(variables: Mapping[str, str]) -> dict[str, str]:
    """Those of Evantr as Victim takes them. Nothing private may be fetched unless they say so."""
    given = {name.removeprefix(PREFIX).lower(): value for name, value in variables.items() if name.startswith(PREFIX)}
    return {"fetch_allow": "", "log_level": "info", **given}
