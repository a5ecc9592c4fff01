"""import: kill -9 of the program, of a manager in a process of its own, and of CPU workers, again and again during an
import (check 1 of the threats).

The farm's hosts answer as slowly as busy sites do, so that an import lasts about a minute and kills come into the
middle of everything. At the end exactly the right feeds and entries are there, each once, within twice the time of an
undisturbed import; the bar never goes back, its numbers always add up, and it ends at the truth.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from reader.container import open_mappers
from reader.mappers import Mappers
from reader.models.imports import ImportItem
from reader.settings import Settings
from tests.helpers.farm import Farm
from tests.helpers.victim import Victim, free_port
from tests.prove import Say

FEEDS, SHORT_FEEDS = 1000, 120
KILLS, SHORT_KILLS = 20, 4
ENTRIES = 20
LATENCY, SHORT_LATENCY = 2.0, 0.5
SHORT_SLACK = 5.0  # seconds per kill that the short form forgives: starting a program takes longer than its import
PATIENCE = 600.0
LOOK = 0.1
PASSWORD = "correct horse battery"


@dataclass
class Run:
    """One import: two processes that work, and what was seen of it."""

    data: Path
    farm: Farm
    import_id: int = 0
    user_id: int = 0
    settled: int = 0
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        settings = {"fetch_timeout": "5", "log_level": "warning"}
        self.program = Victim(self.data, free_port(), **settings)
        self.manager = Victim(self.data, free_port(), name="worker", **settings)


async def prove(seed: int, short: bool, say: Say) -> tuple[int, int]:
    kills = SHORT_KILLS if short else KILLS
    with (
        tempfile.TemporaryDirectory(prefix="evantr-import-") as folder,
        Farm(SHORT_FEEDS if short else FEEDS, ENTRIES, seed, SHORT_LATENCY if short else LATENCY) as farm,
    ):
        calm = await _import(Run(Path(folder) / "calm" / "data", farm), 0, random.Random(seed), say)
        say(f"undisturbed: {calm.seconds:.1f} s; {calm.words}")
        hard = await _import(Run(Path(folder) / "hard" / "data", farm), kills, random.Random(seed), say)
        slower = hard.seconds / calm.seconds
        say(f"with {kills} kills: {hard.seconds:.1f} s, {slower:.2f} of the undisturbed; {hard.words}")
        in_time = hard.seconds <= 2.0 * calm.seconds + (SHORT_SLACK * kills if short else 0.0)
        if not in_time:
            say("it took more than twice as long")
        return kills + calm.passed + hard.passed + in_time - hard.lost, kills + 2 * CHECKS + 1


CHECKS = 4


@dataclass
class Ended:
    seconds: float
    passed: int
    lost: int  # kills after which something was wrong
    words: str


async def _import(run: Run, kills: int, chance: random.Random, say: Say) -> Ended:
    run.data.parent.mkdir(parents=True)
    run.program.command("user", "add", "ada", "--password", PASSWORD)
    token = run.program.command("token", "add", "ada").strip().splitlines()[-1]
    await asyncio.to_thread(run.program.start)
    run.manager.spawn("worker")
    mappers = await open_mappers(Settings(data=run.data))
    try:
        await _start(run, token, mappers)
        began = time.monotonic()
        total = len(run.farm.feeds)
        moments = [0.92 * total * (number + chance.random()) / kills for number in range(kills)]
        lost = 0
        for number, moment in enumerate(moments, 1):
            await _until(run, mappers, int(moment))
            before = len(run.wrong)
            what = await asyncio.to_thread(_kill, run, chance)
            await _look(run, mappers)
            lost += len(run.wrong) > before
            say(f"kill {number}: {what} at {run.settled} of {total}")
        await _until(run, mappers, total)
        seconds = time.monotonic() - began
        return await _judge(run, mappers, seconds, lost, say)
    finally:
        run.program.kill()
        run.manager.kill()
        await mappers.close()


async def _start(run: Run, token: str, mappers: Mappers) -> None:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "text/x-opml"}
    async with httpx.AsyncClient(base_url=run.program.address, headers=headers, timeout=60) as client:
        sent = (await client.post("/api/v1/imports", content=run.farm.opml())).raise_for_status().json()
        assert sent["counts"]["new"] == len(run.farm.feeds), sent
        run.import_id = sent["id"]
        (await client.post(f"/api/v1/imports/{run.import_id}/start")).raise_for_status()
    job = await mappers.imports.get(run.import_id)
    assert job is not None
    run.user_id = job.user_id


async def _until(run: Run, mappers: Mappers, settled: int) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        state = await _look(run, mappers)
        if run.settled >= settled and (settled < len(run.farm.feeds) or state == "done"):
            return
        await asyncio.sleep(LOOK)
    raise AssertionError(
        f"the import stands still at {run.settled}:\n{run.program.log[-2000:]}{run.manager.log[-2000:]}"
    )


async def _look(run: Run, mappers: Mappers) -> str:
    """The rows themselves: the numbers add up, and the bar has not gone back."""
    tally = await mappers.imports.tally(run.import_id)
    job = await mappers.imports.get(run.import_id)
    assert job is not None
    if tally.total != len(run.farm.feeds):
        run.wrong.append(f"{tally.total} feeds in all")
    if tally.settled < run.settled:
        run.wrong.append(f"the bar went back from {run.settled} to {tally.settled}")
    if tally.settled < tally.done + tally.need + tally.failed:
        run.wrong.append(f"the bar lags behind: {tally}")
    run.settled = tally.settled
    return job.state


def _kill(run: Run, chance: random.Random) -> str:
    """One of the three kinds, and what was killed is started again at once."""
    what = chance.choice(("program", "manager", "cpu worker", "cpu worker"))
    if what == "program":
        run.program.kill()
        run.program.start()
    elif what == "manager":
        run.manager.kill()
        run.manager.spawn("worker")
    else:
        pids = _cpu_workers(chance.choice((run.program, run.manager)).pid)
        if pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(chance.choice(pids), signal.SIGKILL)
    return what


def _cpu_workers(pid: int) -> list[int]:
    """Processes below the program: the pool's, their server and watcher."""
    parents: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parent = int(path.read_text().rpartition(")")[2].split()[1])
            parents.setdefault(parent, []).append(int(path.parent.name))
    below, todo = [], [pid]
    while todo:
        children = parents.get(todo.pop(), [])
        below += children
        todo += children
    return [one for one in below if one not in parents.get(pid, [])] or below


async def _judge(run: Run, mappers: Mappers, seconds: float, lost: int, say: Say) -> Ended:
    """Feeds, entries, states, and the bar."""
    tally = await mappers.imports.tally(run.import_id)
    planned = {feed.url: feed for feed in run.farm.feeds}
    items: list[ImportItem] = []
    while page := await mappers.imports.items(run.import_id, after=items[-1].number if items else 0):
        items += page
    states = [f"{each.url}: {each.state}, {each.reason}" for each in items if each.state != planned[each.url].state]
    delta = await mappers.subscriptions.delta(run.user_id, -1, -1)
    feeds = {url: await mappers.feeds.by_url(url) for url in planned}
    ids = {feed.id for feed in feeds.values() if feed is not None}
    subscribed = [each.feed_id for each in delta.subscriptions]
    set_right = set(subscribed) == ids and len(subscribed) == len(planned) == len(ids) and None not in feeds.values()
    entries = 0
    wrong = []
    for url, feed in feeds.items():
        assert feed is not None
        spots = (await mappers.entries.positions([(feed.id, 1, feed.seq)])).get(feed.id, [])
        uids = [entry.uid for entry in await mappers.entries.many([spot.id for spot in spots])]
        entries += len(uids)
        if len(uids) != len(set(uids)) or set(uids) != run.farm.uids(planned[url]):
            wrong.append(f"{url} ({planned[url].kind}) holds {len(uids)} entries")
    true_end = tally.settled == tally.total == len(planned) and not tally.open and not run.wrong
    for complaint in (*states[:5], *wrong[:5], *run.wrong[:5]):
        say(complaint)
    checks = (set_right, not wrong, not states, true_end)
    words = f"{len(subscribed)} feeds, {entries} entries; checks of feeds, entries, states, bar: {checks}"
    return Ended(seconds, sum(checks), lost, words)
