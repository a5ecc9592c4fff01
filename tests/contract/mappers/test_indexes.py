"""Everything that the contract suite looked for on MongoDB is served by a declared index. Runs last."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reader.mappers.mongo.indexes import Index
from reader.mappers.mongo.schema import INDEXES
from tests.helpers.mongo_plan import serving
from tests.helpers.mongo_watch import WATCH, Shape

# Collections that are read as a whole now and then, because all of it is wanted.
WHOLE = {
    ("migration", "find"): "a handful of names, at the start",
    ("user", "find"): "the list of accounts, for administrators",
    ("user_name", "find"): "whether there is any account: one document",
    ("queue_setting", "find"): "every live setting, when one changed",
    ("dead_letter", "aggregate"): "dead letters by queue",
    ("hub_subscription", "aggregate"): "figures of our hub",
    ("hub_lease", "aggregate"): "figures of other people's hubs",
}
# Fields that find few documents; what is compared besides is looked at in those.
FEW = {
    "entry": {"id"},  # its own
    "feed_move": {"feed_id"},  # a feed moves now and then
    "feed": {"pullable", "lease_until"},  # those that are pulled at the moment
}
# Serve what the contract suite has no occasion for; the tests named do.
ELSEWHERE = {"user_change": "changes too large for the user's document: tests/unit/mongo"}
# estimated_document_count() and the like ask for no documents.
COUNTS = {"count"}


def is_served(shape: Shape) -> bool:
    if serving(shape, INDEXES) is not None:
        return True
    if not shape.filter and not shape.sort:
        return shape.command in COUNTS or (shape.collection, shape.command) in WHOLE
    few = {name: value for name, value in shape.filter.items() if name in FEW.get(shape.collection, ())}
    return few.keys() == FEW.get(shape.collection) and serving(replace(shape, filter=few), INDEXES) is not None


def test_every_command_is_served_by_an_index() -> None:
    assert len(WATCH.shapes) > 50, "the suite ran on MongoDB before"
    unserved = [
        f"{shape.collection}.{shape.command} {shape.filter} sort {dict(shape.sort)}"
        for shape in WATCH.shapes.values()
        if not is_served(shape)
    ]
    assert not unserved, "\n".join(unserved)


@pytest.mark.parametrize("index", INDEXES, ids=lambda index: f"{index.collection}:{index.name}")
def test_every_index_serves_something(index: Index) -> None:
    if index.collection not in ELSEWHERE:
        assert index in {serving(shape, INDEXES) for shape in WATCH.shapes.values()}
