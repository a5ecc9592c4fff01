from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

from reader.mappers.sqlite import open_store

ROOT = Path(__file__).parents[3]


async def child(path: Path, prefix: str, count: int) -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.unit.sqlite.child",
        str(path),
        prefix,
        str(count),
        cwd=ROOT,
        stdout=PIPE,
        stderr=PIPE,
    )


async def test_processes_that_start_at_once_share_one_file(path: Path) -> None:
    """Each opens the new file, switches it to WAL, migrates and writes."""
    children = [await child(path, f"p{number}", 60) for number in range(4)]
    outputs = await asyncio.gather(*(each.communicate() for each in children))
    assert [(each.returncode, errors) for each, (_, errors) in zip(children, outputs, strict=True)] == [(0, b"")] * 4
    store = await open_store(path)
    feeds = await store.feeds.page(after=0, limit=1000)
    await store.close()
    assert {feed.url for feed in feeds} == {line for out, _ in outputs for line in out.decode().split()}
    assert len({feed.rev for feed in feeds}) == len(feeds) == 240


async def test_what_was_acknowledged_survives_a_kill(path: Path) -> None:
    for round_ in range(3):
        process = await child(path, f"r{round_}", 1_000_000)
        assert process.stdout is not None
        acknowledged = [(await process.stdout.readline()).decode().strip() for _ in range(100)]
        process.kill()
        rest, _ = await process.communicate()
        acknowledged += [line for line in rest.decode().splitlines(keepends=False)[:-1] if line]
        store = await open_store(path)
        found = {feed.url for feed in await store.feeds.page(after=0, limit=1_000_000)}
        ok = await store.engine.read(lambda con: con.execute("PRAGMA integrity_check").fetchone()[0])
        await store.close()
        assert set(acknowledged) <= found
        assert ok == "ok"
