"""cluster-sqlite: the proof of the cluster with its processes on one SQLite file, which has no process to kill."""

from __future__ import annotations

from tests.prove import Say, cluster


async def prove(seed: int, short: bool, say: Say) -> tuple[int, int]:
    return await cluster.prove(seed, short, say, mongo=False)
