"""Faults during an import: checks 4, 6, 7 and 22 of the threats, each by its number."""

from __future__ import annotations

import asyncio
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from reader.clock import Clock
from reader.container import Container, build
from reader.models.user import Actor
from reader.tasks import end as end_tasks
from tests.helpers.farm import Farm
from tests.integration.workers.conftest import settings_in
from workers.cpu import CpuPool
from workers.importer import importer
from workers.local import LocalQueue
from workers.manager import Manager
from workers.transport import ALL_QUEUES

PASSWORD = "correct horse battery"


@asynccontextmanager
async def working(folder: Path, cpu: CpuPool, clock: Clock | None = None, drivers: int = 1) -> AsyncIterator[Container]:
    """A manager and so many drivers of imports, without an updater."""
    queue = LocalQueue()
    container = await build(settings_in(folder, fetch_timeout=5), queue=queue, cpu=cpu, clock=clock)
    await container.mappers.migrate()
    await container.fetcher.start()
    manager = Manager(container, queue, ALL_QUEUES)
    tasks = [asyncio.create_task(manager.run()), *(asyncio.create_task(importer(container)) for _ in range(drivers))]
    try:
        yield container
    finally:
        await manager.stop()
        await end_tasks(tasks)
        await container.close()


async def begin(container: Container, farm: Farm) -> tuple[Actor, int]:
    user = await container.mappers.users.create("ada", "x", now=time.time(), admin_if_first=True)
    actor = Actor(user.id)
    preview = await container.services.imports.upload(actor, "farm.opml", farm.opml())
    await container.services.imports.start(actor, preview.job.id)
    return actor, preview.job.id


async def end(container: Container, actor: Actor, import_id: int, seconds: float = 60.0) -> None:
    until = time.monotonic() + seconds
    settled = 0
    while (progress := await container.services.imports.get(actor, import_id)).job.state != "done":
        assert progress.tally.settled >= settled
        settled = progress.tally.settled
        assert time.monotonic() < until, progress
        await asyncio.sleep(0.05)


async def right(container: Container, farm: Farm) -> None:
    """Exactly the feeds and entries of the farm, each once."""
    assert (await container.mappers.feeds.stats(time.time()))["feeds"] == len(farm.feeds)
    for planned in farm.feeds:
        feed = await container.mappers.feeds.by_url(planned.url)
        assert feed is not None
        spots = (await container.mappers.entries.positions([(feed.id, 1, feed.seq)])).get(feed.id, [])
        uids = [entry.uid for entry in await container.mappers.entries.many([spot.id for spot in spots])]
        assert len(uids) == len(set(uids)) and set(uids) == farm.uids(planned), planned


async def test_check_4_ten_drivers_of_one_import_have_one_effect(tmp_path: Path, cpu: CpuPool) -> None:
    with Farm(60, 5, 4) as farm:
        async with working(tmp_path, cpu, drivers=10) as container:
            actor, import_id = await begin(container, farm)
            await end(container, actor, import_id)
            await right(container, farm)
            delta = await container.mappers.subscriptions.delta(actor.user_id, -1, -1)
            assert len(delta.subscriptions) == len(farm.feeds)
            assert len({(folder.parent_id, folder.title) for folder in delta.folders}) == len(delta.folders)


@pytest.mark.parametrize("jump", [-86_400.0, 315_360_000.0], ids=["a day back", "ten years ahead"])
async def test_check_22_the_clock_jumps_during_an_import(tmp_path: Path, cpu: CpuPool, jump: float) -> None:
    ahead = 0.0
    with Farm(60, 5, 22, latency=0.3) as farm:
        async with working(tmp_path, cpu, Clock(now=lambda: time.time() + ahead)) as container:
            actor, import_id = await begin(container, farm)
            await asyncio.sleep(0.4)
            ahead = jump
            await asyncio.sleep(0.5)
            ahead = 0.0 if jump > 0 else jump
            await end(container, actor, import_id)
            await right(container, farm)


def evantr(data: Path, *arguments: str, given: bytes = b"", file_bytes: int = 0) -> subprocess.CompletedProcess[bytes]:
    """``file_bytes``: no file of that process may grow beyond (a write fails with EFBIG, as on a broken disk)."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("EVANTR_")}
    settings = {"EVANTR_FETCH_ALLOW": "127.0.0.0/8", "EVANTR_DATA": str(data), "EVANTR_LOG_LEVEL": "error"}

    def limit() -> None:
        import signal

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes))

    return subprocess.run(
        [sys.executable, "-m", "evantr", *arguments],
        env=clean | settings, input=given, capture_output=True, timeout=90, check=False,
        preexec_fn=limit if file_bytes else None,
    )  # fmt: skip


def sound(data: Path) -> bool:
    with sqlite3.connect(data / "evantr.sqlite") as con:
        answer: str = con.execute("PRAGMA integrity_check").fetchone()[0]
    con.close()
    return answer == "ok"


def numbers(data: Path) -> tuple[int, int]:
    """(feeds, entries) of the store."""
    con = sqlite3.connect(data / "evantr.sqlite")
    try:
        feeds: int = con.execute("SELECT count(*) FROM feed").fetchone()[0]
        entries: int = con.execute("SELECT count(*) FROM entry").fetchone()[0]
        return feeds, entries
    finally:
        con.close()


def test_check_7_writes_fail_during_an_import(tmp_path: Path) -> None:
    """At different sizes a write fails: never corruption, and afterwards the import goes on to its end."""
    with Farm(40, 10, 7) as farm:
        refused = 0
        for number, size in enumerate((33_000, 50_000, 70_000, 100_000, 200_000)):
            data = tmp_path / str(number) / "data"
            data.parent.mkdir()
            evantr(data, "user", "add", "ada", "--password", PASSWORD)
            said = evantr(data, "opml", "import", "-", "--user", "ada", given=farm.opml(), file_bytes=size)
            assert b"Traceback" not in said.stderr, said.stderr.decode()[-2000:]
            refused += said.returncode != 0
            assert sound(data)
            again = evantr(data, "opml", "import", "-", "--user", "ada", "--wait", given=farm.opml())
            assert b"Traceback" not in again.stderr
            assert sound(data)
            assert numbers(data)[0] == len(farm.feeds), said.stdout + said.stderr + again.stdout + again.stderr
        assert refused, "no write failed: choose smaller sizes"


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("mount") is None, reason="needs root to mount a small tmpfs")
def test_check_6_the_disk_is_full_during_an_import(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", str(data)], capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip(f"no tmpfs can be mounted here: {made.stderr.decode()}")
    try:
        with Farm(40, 20, 6) as farm:
            evantr(data, "user", "add", "ada", "--password", PASSWORD)
            ballast = data / "ballast"
            with ballast.open("wb") as file:
                free = shutil.disk_usage(data).free
                file.write(b"\0" * max(0, free - 61_440))
            said = evantr(data, "opml", "import", "-", "--user", "ada", given=farm.opml())
            assert said.returncode != 0 and b"Traceback" not in said.stderr
            assert b"full" in said.stderr, said.stderr
            assert sound(data)
            assert (
                evantr(data, "user", "list").stdout.startswith(b"ada") or b"ada" in evantr(data, "user", "list").stdout
            )
            ballast.unlink()
            again = evantr(data, "opml", "import", "-", "--user", "ada", "--wait", given=farm.opml())
            assert b"Traceback" not in again.stderr
            works = sum(feed.works for feed in farm.feeds)
            assert numbers(data) == (len(farm.feeds), works * 20)
            assert sound(data)
    finally:
        subprocess.run(["umount", str(data)], check=False)
