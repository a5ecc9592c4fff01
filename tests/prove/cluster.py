"""cluster: kill -9 of any one process of a cluster, of its broker (which comes back with or without its files), or of a
memcached node, again and again during an import: the outcome is that of one machine (tests/prove/imports.py).

Two web, two worker and two updater processes share one store. What was killed is started again at once.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from reader.container import open_mappers
from reader.settings import Settings
from tests.helpers.cluster import Cluster
from tests.helpers.farm import Farm
from tests.prove import Say
from tests.prove.imports import CHECKS, Run, _judge, _look, _start, _until

FEEDS, SHORT_FEEDS = 1000, 300
KILLS, SHORT_KILLS = 16, 6
ENTRIES = 20
LATENCY, SHORT_LATENCY = 2.0, 2.0
KINDS = ("web", "worker", "updater", "broker", "broker, emptied", "memcached")


@dataclass
class ClusterRun(Run):
    def __post_init__(self) -> None:
        self.cluster = Cluster(self.data.parent, fetch_timeout="5", log_level="warning")
        self.program, self.manager = self.cluster.webs[0], self.cluster.workers[0]


async def prove(seed: int, short: bool, say: Say) -> tuple[int, int]:
    kills, chance = SHORT_KILLS if short else KILLS, random.Random(seed)
    with (
        tempfile.TemporaryDirectory(prefix="evantr-cluster-") as folder,
        Farm(SHORT_FEEDS if short else FEEDS, ENTRIES, seed, SHORT_LATENCY if short else LATENCY) as farm,
    ):
        run = ClusterRun(Path(folder) / "cluster" / "data", farm)
        with run.cluster:
            token = await asyncio.to_thread(run.cluster.start)
            mappers = await open_mappers(Settings(data=run.data))
            try:
                await _start(run, token, mappers)
                began, total, lost = time.monotonic(), len(farm.feeds), 0
                for number in range(kills):
                    await _until(run, mappers, int(0.92 * total * (number + chance.random()) / kills))
                    before = len(run.wrong)
                    what = await asyncio.to_thread(_kill, run.cluster, KINDS[number % len(KINDS)], chance)
                    await _look(run, mappers)
                    lost += len(run.wrong) > before
                    say(f"kill {number + 1}: {what} at {run.settled} of {total}")
                await _until(run, mappers, total)
                ended = await _judge(run, mappers, time.monotonic() - began, lost, say)
            finally:
                await mappers.close()
        say(f"with {kills} kills: {ended.seconds:.1f} s; {ended.words}")
        return kills + ended.passed - lost, kills + CHECKS


def _kill(cluster: Cluster, kind: str, chance: random.Random) -> str:
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
    return kind
