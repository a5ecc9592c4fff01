"""What MongoDB itself says of the commands that the contract suite sent: each is served by an index, and none is sorted
afterwards. Runs last, on a real one; elsewhere test_indexes.py reasons in its place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from reader.mappers.mongo import open_store
from reader.mappers.mongo.engine import Engine
from tests.contract.mappers.test_indexes import COUNTS, WHOLE
from tests.helpers.mongo_watch import WATCH, Shape

SLOW = {"COLLSCAN", "SORT"}  # SORT_MERGE is the merging of ranges that are in order


def stages(plan: Any) -> Iterator[str]:
    """Names of all stages, in trees of any form: they differ between versions and on shards."""
    if isinstance(plan, dict):
        if isinstance(plan.get("stage"), str):
            yield plan["stage"]
        for inner in plan.values():
            yield from stages(inner)
    elif isinstance(plan, list):
        for inner in plan:
            yield from stages(inner)


def winning(explained: Any) -> Iterator[Any]:
    """The plans that were chosen, not those that were rejected."""
    if isinstance(explained, dict):
        for name, inner in explained.items():
            if name == "winningPlan":
                yield inner
            elif name != "rejectedPlans":
                yield from winning(inner)
    elif isinstance(explained, list):
        for inner in explained:
            yield from winning(inner)


async def used(engine: Engine, shape: Shape) -> set[str]:
    """Stages of the plan for what a command looks for. Limited: an unlimited sort in memory would be one, too."""
    find: dict[str, Any] = {"find": shape.collection, "filter": shape.filter, "limit": 50}
    if shape.sort:
        find["sort"] = dict(shape.sort)
    told = await engine.db.command("explain", find, verbosity="queryPlanner")
    plans = list(winning(told))
    assert plans, told
    return set(stages(plans))


def is_whole(shape: Shape) -> bool:
    every = not shape.filter and not shape.sort
    return every and (shape.command in COUNTS or (shape.collection, shape.command) in WHOLE)


@pytest.mark.real_mongo
async def test_mongodb_uses_an_index_for_every_command(mongo_url: str) -> None:
    shapes = [shape for shape in WATCH.shapes.values() if not is_whole(shape)]
    assert len(shapes) > 50, "the suite ran on MongoDB before"
    store = await open_store(mongo_url)
    await store.migrate()
    slow = []
    with WATCH.unseen():
        for shape in shapes:
            if found := await used(store.engine, shape) & SLOW:
                slow.append(f"{shape.collection}.{shape.command} {shape.filter} sort {dict(shape.sort)}: {found}")
    await store.close()
    assert not slow, "\n".join(slow)
