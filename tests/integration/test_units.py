"""The benchmark of unit costs runs: every kind of thing is made in both stores, and takes some bytes."""

from __future__ import annotations

import asyncio
from pathlib import Path

from bson import ObjectId

from benchmarks.units.__main__ import Run, a_world
from benchmarks.units.process import serving
from benchmarks.units.report import read_tables
from benchmarks.units.sizes import RECORD_ID, Size, keys_of, of_mongo, per_one
from benchmarks.units.stores import Grown, grow, kinds, look_at, read_sets, storage
from benchmarks.units.work import Requests, lists_cost, reader_of, requests_cost
from reader.mappers.mongo.indexes import Index

PART = 0.02


async def test_bytes_and_processor_time_on_sqlite(tmp_path: Path) -> None:
    async with a_world(tmp_path, "") as world:
        found = await grow(world, look_at(tmp_path, ""), PART, lambda _: None)
        reader = await reader_of(world)
        with serving(tmp_path, "") as process:
            connection = process.connect()
            requests = Requests(connection, process.port, reader, world)
            names = requests.all().keys() - {"subscribe", "share"}  # there are too few of these here
            costs = await asyncio.to_thread(requests_cost, process, requests, connection, PART, names)
            costs |= await lists_cost(process, connection, requests, world, 2)
            connection.close()
    assert 2000 < bytes_of("sqlite", found, "SQLite") < 20_000
    assert costs.keys() > names
    assert min(costs.values()) > 10, "microseconds"
    assert costs["list of 20 entries, cold"] > costs["unread counters"]


async def test_bytes_on_mongodb(tmp_path: Path, mongo_url: str) -> None:
    async with a_world(tmp_path, mongo_url) as world:
        found = await grow(world, look_at(tmp_path, mongo_url), PART, lambda _: None)
    assert 2000 < bytes_of("mongo", found, "MongoDB documents") < 20_000
    assert all(sum(map(sum, tables.values())) > 0 for tables in found.values())
    assert {"entry", "entry_words", "trace"} <= found["entry"].keys()
    assert await of_mongo(mongo_url)


def bytes_of(store: str, found: dict[str, Grown], column: str) -> float:
    """Of an entry, as the page shows it."""
    assert found.keys() == {kind.name for kind in kinds(PART)}
    return read_tables(storage({store: found})[0].table())["one"]["entry"][column]


def test_keys_of_an_index() -> None:
    index = Index("entry_words", (("feed_id", 1), ("words", 1), ("id", -1)))
    one = 3 + (1 + 1) + 1 + RECORD_ID  # type bytes, two small numbers, the end, the record
    stored = {"feed_id": 7, "words": ["a", "bcd", "a"], "id": 5}
    assert keys_of(stored, index) == 2 * one + len("a\0") + len("bcd\0")
    assert keys_of({"feed_id": 7, "words": [], "id": 5}, index) == one
    open_change = Index("user", (("open.token", 1),), sparse=True)
    assert keys_of({"_id": 1}, open_change) == keys_of({"open": {}}, open_change) == 0
    assert keys_of({"open": {"token": ObjectId()}}, open_change) == 1 + 12 + 1 + RECORD_ID


def test_what_is_there_anyway_drops_out() -> None:
    half = {"entry": Size(1000, 100), "counter": Size(50, 20)}
    whole = {"entry": Size(3000, 500), "counter": Size(50, 20), "late": Size(200, 0)}
    expected: Grown = {"entry": (200.0, 40.0), "late": (20.0, 0.0)}
    assert per_one(half, whole, 10) == expected


def test_read_sets_stay_small() -> None:
    sizes = [row["bytes"] for row in read_tables(read_sets().table())["read set of"].values()]
    assert sizes == sorted(sizes)
    assert sizes[-1] < 10_000


def test_a_run_knows_what_it_could_not_measure() -> None:
    run = Run(PART)
    run.work = {"sqlite": {"pull, 304": 400.0}}
    assert "| pull, 304 | 400 |  |  |  |  |" in run.work_section().table()
