"""Indexes as values: each module declares those of its collections, migrations make them, a rules test reads them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from pymongo import IndexModel

from reader.mappers.mongo.engine import Engine


@dataclass(frozen=True, slots=True)
class Index:
    """``keys``: (field, 1 or -1) in order. Sparse: documents without the field are left out. No partial ones: not
    everything that speaks MongoDB's protocol honours them. ``since``: name of the migration that makes it."""

    collection: str
    keys: tuple[tuple[str, int], ...]
    unique: bool = False
    sparse: bool = False
    since: str = "0001_start"

    @property
    def name(self) -> str:
        return "_".join(f"{field}_{direction}" for field, direction in self.keys)


async def make(engine: Engine, indexes: Iterable[Index]) -> None:
    """Makes those that are missing; builds may take as long as they need. Idempotent."""
    models: defaultdict[str, list[IndexModel]] = defaultdict(list)
    for index in indexes:
        model = IndexModel(list(index.keys), name=index.name, unique=index.unique, sparse=index.sparse)
        models[index.collection].append(model)
    for collection, wanted in models.items():  # those of a collection together: it is gone through once
        await engine.db[collection].create_indexes(wanted)
