"""What finding and enqueuing a due feed costs, among a thousand feeds and among a million."""

from __future__ import annotations

import asyncio
import sqlite3
import statistics
import tempfile
import time
from pathlib import Path

from benchmarks.report import Figure, progress
from reader.container import build
from reader.mappers.sqlite.engine import Engine
from reader.settings import Settings
from workers.cpu import CpuPool
from workers.local import LocalQueue
from workers.sweep import Sweeper

DUE = 1000  # at once
ROUNDS = 7
RATIO = 1.3

FILL = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count)
INSERT INTO feed (rev, kind, state, created_at, url, title, next_pull_at, reason)
SELECT -i, 'site', 'active', 0, 'https://site' || i || '.example/feed.xml', 'Feed ' || i, :later + i % 3600, 'new'
FROM n
"""
MAKE_DUE = """
UPDATE feed SET next_pull_at = :now - 10 WHERE id IN
    (SELECT id FROM feed WHERE id % :every = 0 ORDER BY id LIMIT :due)
"""
PUT_OFF = "UPDATE feed SET next_pull_at = :later + id % 3600 WHERE next_pull_at < :later"


def settle(database: Path) -> None:
    """Move what was just written from the log into the file: feeds become due by time, not by being written."""
    con = sqlite3.connect(database)
    con.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    con.close()


async def sweep_cost(feeds: int, folder: Path) -> float:
    """Median microseconds to find and enqueue one of DUE due feeds in a store of ``feeds``."""
    settings = Settings(_env_file=None, data=folder)
    cpu = CpuPool()
    container = await build(settings, queue=LocalQueue(), cpu=cpu)
    try:
        await container.mappers.migrate()
        engine = container.mappers.feeds._engine  # type: ignore[attr-defined]
        assert isinstance(engine, Engine)
        values = {"count": feeds, "later": time.time() + 7200, "every": max(1, feeds // DUE), "due": DUE}
        await engine.write(lambda con: con.execute(FILL, values))
        costs = []
        for _ in range(ROUNDS + 1):
            values["now"] = time.time()
            await engine.write(lambda con: con.execute(MAKE_DUE, values))
            await asyncio.to_thread(settle, settings.data / "evantr.sqlite")
            queue = LocalQueue()
            sweeper = Sweeper(container, queue)
            begin = time.perf_counter()
            put, _ = await sweeper.feeds()
            costs.append((time.perf_counter() - begin) / put * 1e6)
            if put != DUE:
                raise RuntimeError(f"{put} of {DUE} due feeds were found")
            await engine.write(lambda con: con.execute(PUT_OFF, values))
        return statistics.median(costs[1:])  # the first one warms the caches
    finally:
        await cpu.close()
        await container.close()


def bench_due(sizes: tuple[int, int] = (1000, 1_000_000)) -> list[Figure]:
    """Microseconds for each due feed in a small and a large store, and their ratio."""
    show = progress("due feeds")
    figures = []
    for number, size in enumerate(sizes, 1):
        with tempfile.TemporaryDirectory() as folder:
            cost = asyncio.run(sweep_cost(size, Path(folder)))
        figures.append(Figure(f"find and enqueue a due feed, {size:,} feeds", cost, "µs", None, None, None))
        show(number / len(sizes))
    small, large = figures[0].value, figures[1].value
    name = f"find and enqueue a due feed: {sizes[1]:,} feeds against {sizes[0]:,}"
    return [*figures, Figure(name, large / small, "×", None, large / small, RATIO)]


if __name__ == "__main__":
    from benchmarks.report import table

    print(table(bench_due()))
