"""cluster: kill -9 of any one process of a cluster on MongoDB, of the database itself, of the broker (which comes back
with or without its files), or of a memcached node, again and again during an import: the outcome is that of one machine
(tests/prove/imports.py).

Two web, two worker and two updater processes share one store. What was killed is started again at once, but for the
database: it stays away until both web processes have said so. ``cluster-sqlite`` is the same on one SQLite file.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import httpx

from reader.container import open_mappers
from reader.errors import Away
from reader.mappers import Mappers
from tests.helpers.cluster import Cluster
from tests.helpers.farm import Farm
from tests.prove import Say
from tests.prove.imports import CHECKS, Ended, Run, _judge, _look, _start, _until

FEEDS, SHORT_FEEDS = 1000, 150
KILLS, SHORT_KILLS = 21, 7
ENTRIES = 20
LATENCY, SHORT_LATENCY = 2.0, 1.0
MOST = 2.0  # times the undisturbed, as on one machine; the short form is too short to say
KINDS = ("web", "worker", "updater", "broker", "broker, emptied", "memcached", "database")
DATABASE_PATIENCE = 5.0  # seconds for one operation, here; Evantr's own default would make it a long proof
SAID = "The database does not answer."


@dataclass
class ClusterRun(Run):
    mongo: bool = True
    away: float = 0.0  # seconds that the database was away, in all

    def __post_init__(self) -> None:
        self.cluster = Cluster(
            self.data.parent, mongo=self.mongo, patience=DATABASE_PATIENCE, fetch_timeout="5", log_level="warning"
        )
        self.program, self.manager = self.cluster.webs[0], self.cluster.workers[0]


async def prove(seed: int, short: bool, say: Say, *, mongo: bool = True) -> tuple[int, int]:
    with (
        tempfile.TemporaryDirectory(prefix="evantr-cluster-") as name,
        Farm(SHORT_FEEDS if short else FEEDS, ENTRIES, seed, SHORT_LATENCY if short else LATENCY) as farm,
    ):
        folder = Path(name)
        calm = None if short else await _import(ClusterRun(folder / "calm" / "data", farm, mongo=mongo), [], seed, say)
        kinds = KINDS if mongo else KINDS[:-1]
        kills = [kinds[number % len(kinds)] for number in range(SHORT_KILLS if short else KILLS)]
        run = ClusterRun(folder / "hard" / "data", farm, mongo=mongo)
        hard = await _import(run, kills, seed, say)
    away = f" ({run.away:.1f} s of it without a database)" if mongo else ""
    say(f"with {len(kills)} kills: {hard.seconds:.1f} s{away}; {hard.words}")
    passed, total = len(kills) - hard.lost + hard.passed, len(kills) + CHECKS
    if calm is None:
        return passed, total
    slower = (hard.seconds - run.away) / calm.seconds
    say(
        f"undisturbed: {calm.seconds:.1f} s; {calm.words}; with kills {slower:.2f} times as long, less the time without"
    )
    if slower > MOST:
        say(f"it took more than {MOST:g} times as long")
    return passed + calm.passed + (slower <= MOST), total + CHECKS + 1


async def _import(run: ClusterRun, kills: list[str], seed: int, say: Say) -> Ended:
    chance = random.Random(seed)
    with run.cluster:
        token = await asyncio.to_thread(run.cluster.start)
        mappers = await open_mappers(run.cluster.store)
        try:
            await _start(run, token, mappers)
            began, total, lost = time.monotonic(), len(run.farm.feeds), 0
            for number, kind in enumerate(kills):
                await _until(run, mappers, int(0.92 * total * (number + chance.random()) / len(kills)))
                before = len(run.wrong)
                if kind == "database":
                    await _kill_database(run, token)
                else:
                    await asyncio.to_thread(_kill, run.cluster, kind, chance)
                await _look_again(run, mappers)
                lost += len(run.wrong) > before
                say(f"kill {number + 1}: {kind} at {run.settled} of {total}")
            await _until(run, mappers, total)
            return await _judge(run, mappers, time.monotonic() - began, lost, say)
        except AssertionError:
            say(run.cluster.logs)
            raise
        finally:
            await mappers.close()


async def _look_again(run: ClusterRun, mappers: Mappers) -> None:
    """The database may just be coming back for us, too."""
    end = time.monotonic() + 30
    while True:
        try:
            await _look(run, mappers)
        except Away:
            if time.monotonic() > end:
                raise
        else:
            return


def _kill(cluster: Cluster, kind: str, chance: random.Random) -> None:
    """One of that kind, and it is started again at once."""
    groups = {"web": cluster.webs, "worker": cluster.workers, "updater": cluster.updaters}
    if kind in groups:
        process = chance.choice(groups[kind])
        process.kill()
        cluster.revive(process)
    elif kind == "memcached":
        node = chance.choice(cluster.nodes)
        node.kill()
        node.start()
    else:
        cluster.broker.kill()
        cluster.broker.start(empty=kind == "broker, emptied")


async def _kill_database(run: ClusterRun, token: str) -> None:
    """It comes back when both web processes have said that it is away, as page and to programs; then they go on."""
    database = run.cluster.database
    assert database is not None
    gone = time.monotonic()
    await asyncio.to_thread(database.kill)
    run.wrong += [
        each for each in await asyncio.gather(*(_told(web.address, token) for web in run.cluster.webs)) if each
    ]
    await asyncio.to_thread(database.start)
    run.away += time.monotonic() - gone
    run.wrong += [each for each in await asyncio.gather(*(_well(web.address) for web in run.cluster.webs)) if each]


async def _told(address: str, token: str) -> str:
    """What is wrong with what a web process says while the database is away; "" when nothing is."""
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=address, headers=headers, timeout=30) as client:
        page, program, ready, alive = await asyncio.gather(
            client.get("/", headers={"Accept": "text/html"}),
            client.get("/api/v1/entries"),
            client.get("/readyz"),
            client.get("/healthz"),
        )
    codes = [page.status_code, program.status_code, ready.status_code, alive.status_code]
    if codes != [503, 503, 503, 200]:
        return f"without a database {address} answers {codes}"
    if SAID not in page.text or program.json()["type"] != "urn:evantr:problem:store-away":
        return f"without a database {address} says {page.text[-500:]} and {program.text}"
    return ""


async def _well(address: str) -> str:
    """The same process serves on, soon after the database came back."""
    async with httpx.AsyncClient(base_url=address, timeout=30) as client:
        end = time.monotonic() + 15
        while (answer := await client.get("/readyz")).status_code != 200:
            if time.monotonic() > end:
                return f"with its database back {address} still says {answer.text}"
    return ""
