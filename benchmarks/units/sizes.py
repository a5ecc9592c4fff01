"""How many bytes a store takes, table by table.

SQLite: the pages of each table and of its indexes, as dbstat counts them. MongoDB: the BSON of each document, and the
keys of the declared indexes, computed: what its files take depends on compression, which only a real server has.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import bson
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase

from reader.mappers.mongo.indexes import Index
from reader.mappers.mongo.schema import INDEXES

RECORD_ID = 5  # bytes of the number that ends each key and leads to its document
WORDS = "entry_words"  # the index of words: several tables on SQLite, one collection on MongoDB


class Size(NamedTuple):
    """Bytes of rows or documents, and of indexes."""

    data: int
    indexes: int


Sizes = Mapping[str, Size]
"""By table or collection."""


def of_sqlite(database: Path) -> Sizes:
    """Raises sqlite3.OperationalError where SQLite was built without dbstat."""
    con = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        kinds = {
            name: (kind, table) for name, kind, table in con.execute("SELECT name, type, tbl_name FROM sqlite_schema")
        }
        pages = con.execute("SELECT name, sum(pgsize) FROM dbstat GROUP BY name").fetchall()
    finally:
        con.close()
    data, indexes = Counter[str](), Counter[str]()
    for name, size in pages:
        kind, table = kinds.get(name, ("table", name))
        table = WORDS if table.startswith(WORDS) else table
        (indexes if kind == "index" else data)[table] += size
    return {name: Size(data[name], indexes[name]) for name in data.keys() | indexes.keys()}


async def of_mongo(url: str) -> Sizes:
    async with AsyncMongoClient[dict[str, Any]](url) as client:
        return await _of_database(client.get_default_database())


async def _of_database(database: AsyncDatabase[dict[str, Any]]) -> Sizes:
    declared: dict[str, list[Index]] = {}
    for index in INDEXES:
        declared.setdefault(index.collection, []).append(index)
    out = {}
    for name in await database.list_collection_names():
        data = keys = 0
        async for stored in database[name].find({}, batch_size=500):
            data += len(bson.encode(stored))
            keys += _key([stored["_id"]]) + sum(keys_of(stored, index) for index in declared.get(name, ()))
        out[name] = Size(data, keys)
    return out


def keys_of(stored: Mapping[str, Any], index: Index) -> int:
    """Bytes of the keys of one document in an index: one key for each combination of values of its lists."""
    values = [_at(stored, field) for field, _ in index.keys]
    if index.sparse and all(value is _ABSENT for value in values):
        return 0
    lists = [list(dict.fromkeys(value)) or [None] if isinstance(value, list) else [value] for value in values]
    return sum(_key(combination) for combination in product(*lists))


_ABSENT = object()


def _at(stored: Mapping[str, Any], field: str) -> Any:
    value: Any = stored
    for name in field.split("."):
        if not isinstance(value, Mapping) or name not in value:
            return _ABSENT
        value = value[name]
    return value


def _key(values: Any) -> int:
    """A type byte and the value for each, an end, and the number of the document."""
    return sum(1 + _length(value) for value in values) + 1 + RECORD_ID


def _length(value: Any) -> int:
    if isinstance(value, bool) or value is None or value is _ABSENT:
        return 0
    if isinstance(value, str):
        return len(value.encode()) + 1
    if isinstance(value, bytes):
        return len(value) + 2
    if isinstance(value, int):
        return max(1, (value.bit_length() + 8) // 8)
    if isinstance(value, float):
        return 8
    return len(bson.encode({"": value})) - 7  # an ObjectId, or a document as a value


def per_one(half: Sizes, whole: Sizes, count: int) -> dict[str, tuple[float, float]]:
    """Bytes for each of the ``count`` things that came between two looks, by table; those that did not grow are left
    out."""
    nothing = Size(0, 0)
    grown = {
        name: (
            (size.data - half.get(name, nothing).data) / count,
            (size.indexes - half.get(name, nothing).indexes) / count,
        )
        for name, size in whole.items()
    }
    return {name: each for name, each in sorted(grown.items()) if sum(each) >= 0.5}
