"""The tables of docs/scaling.md and of "Sizing" in docs/operations.md."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from benchmarks.scaling.assumptions import CLASSES, LARGE, SMALL, rows
from benchmarks.scaling.model import DOCS, Model, Units
from benchmarks.units.report import Section, read_tables
from reader.gateways.lists import MAX_SUBSCRIPTIONS
from reader.mappers.mongo.shards import SHARD_KEYS

GB, TB = 1e9, 1e12
MIDDLE = replace(LARGE, users=100_000, feeds=1_000_000)
SHARD = 2 * TB  # what one shard is to hold
FILE = 1 * TB  # what a SQLite file is to grow to: a copy of it takes hours
FEW = 0.0005  # part of all, below which a collection is none to look at
ONE_DOCUMENT = 1000.0  # updates a second of one document of MongoDB; not measured here
ROUND_TRIPS = 3  # of publishing, between reading the counter and having moved it
IN_A_ROUND = 500  # feeds
PUT = "the same, as the updater puts them"
Column = tuple[str, Model]


def assumptions() -> Section:
    section = Section("assumed", ["value"])
    for says, value in rows(LARGE):
        section.add(says, {"value": value})
    return section


def classes(units: Units) -> Section:
    section = Section("feeds", ["part", "entries a day", "pulls a day"])
    for of in CLASSES:
        numbers = {"part": of.part, "entries a day": of.entries, "pulls a day": units.pulls[of.kind]}
        section.add(f"{of.name} (pulled as “{of.kind}”)", numbers)
    return section


def takes(columns: Sequence[Column]) -> Section:
    """What systems of several sizes take."""
    section = Section("it takes", [name for name, _ in columns])
    each: dict[str, Callable[[Model], float]] = {
        "pulls a second, on average": lambda m: m.pulls,
        "pulls a second, busiest minutes": lambda m: m.pulls * m.a.peak_pulls,
        "of these with new entries": lambda m: m.changes * m.a.peak_pulls,
        "new entries a second, on average": lambda m: m.entries,
        "entries in the store, millions": lambda m: m.kept / 1e6,
        "requests of readers a second, busiest hour": lambda m: sum(m.rates().values()),
        "marks a second, busiest hour": lambda m: m.rates()["mark one entry"],
        "open channels, busiest hour": lambda m: m.open_pages,
        "events a second on them": lambda m: m.channel_events,
        "MongoDB: documents and keys, TB, nothing compressed": lambda m: sum(map(sum, m.storage().values())) / TB,
        "MongoDB: files of one copy, TB": lambda m: m.in_files() / TB,
        "MongoDB: files of all copies, TB": lambda m: m.in_files() * m.a.copies / TB,
        "MongoDB: shards for that": shards,
        "MongoDB: reads a second": lambda m: m.commands()[0],
        "MongoDB: writes a second": lambda m: m.commands()[1],
        "web: cores, busiest hour": lambda m: m.web_cores(),
        "web: processes for these cores": lambda m: m.web_by_cores(),
        "web: processes for shelves that fit": lambda m: m.web_by_shelves(),
        "web: memory of all, GB": lambda m: m.web_memory() / GB,
        "workers: cores, busiest minutes": lambda m: m.worker_cores(),
        "workers: processes": lambda m: m.workers(),
        "workers: memory of all, GB": lambda m: m.workers() * m.a.worker_base / GB,
        "NATS: messages in a second": lambda m: m.messages()[0],
        "NATS: messages out a second": lambda m: m.messages()[1],
        "memcached: MB": lambda m: m.cached() / 1e6,
        "memcached: questions a second": lambda m: m.cache_gets(),
        "from servers of feeds, Mbit/s": lambda m: m.download() * 8 / 1e6,
        "to readers, Mbit/s": lambda m: m.upload() * 8 / 1e6,
        "pictures, in and out each, Mbit/s": lambda m: m.picture_bytes() * 8 / 1e6,
    }
    for what, value in each.items():
        section.add(what, {name: float(value(model)) for name, model in columns})
    return section


def shards(model: Model) -> float:
    return float(max(1, -(-model.in_files() // SHARD)))


def by_collection(model: Model) -> Section:
    section = Section("collection", ["documents, TB", "keys, TB", "in files, TB", "part of all"])
    whole = model.in_files()
    others = [0.0, 0.0]

    def add(name: str, data: float, keys: float) -> None:
        files = data * model.a.compressed + keys * model.a.prefixed
        numbers = {"documents, TB": data / TB, "keys, TB": keys / TB, "in files, TB": files / TB}
        section.add(name, numbers | {"part of all": files / whole})

    for name, (data, keys) in model.storage().items():
        if data + keys < FEW * whole:
            others = [others[0] + data, others[1] + keys]
        else:
            add(name, data, keys)
    add("all others", *others)
    return section


@dataclass(frozen=True)
class Limit:
    """``load`` of the whole system meets ``limit`` of something there is one of."""

    name: str
    load: float
    limit: float


def limits(model: Model, fetched: float) -> list[Limit]:
    """``fetched``: jobs a second that one process took from a stream and acknowledged."""
    peak, changes = model.pulls * model.a.peak_pulls, model.changes * model.a.peak_pulls
    heard = model.units.message["an event heard that nobody here follows"]["µs"] / 1e6
    marks = model.units.message["a change of a feed, read by a process that does not know it"]["µs"] / 1e6
    alone = sum(
        data * model.a.compressed + keys * model.a.prefixed
        for name, (data, keys) in model.storage().items()
        if name not in SHARD_KEYS
    )
    rounds = 1000 / (ROUND_TRIPS * model.a.trip_ms)
    return [
        Limit(
            "subscriptions of all readers at hand, if any process gets any request", model.at_hand(), MAX_SUBSCRIPTIONS
        ),
        Limit(
            "due feeds a second that the one updater enqueues",
            peak,
            1e6 / model.units.message[PUT]["µs"],
        ),
        Limit("updates a second of the document that numbers entries", changes + model.rates()["share"], ONE_DOCUMENT),
        Limit("bytes of collections that stay on the first shard", alone, SHARD),
        Limit("jobs a second through the one stream of system jobs", peak, fetched),
        Limit("changed feeds a second whose revisions are published", changes, rounds * IN_A_ROUND),
        Limit("events of feeds that every web process hears, cores of each", (peak + changes) * heard, 1.0),
        Limit("changes of feeds that every web process reads, cores of each", changes * marks, 1.0),
    ]


def bottlenecks(model: Model, fetched: float) -> Section:
    section = Section("one of its kind", ["load", "limit", "load / limit"])
    for each in sorted(limits(model, fetched), key=lambda limit: -limit.load / limit.limit):
        numbers = {"load": each.load, "limit": each.limit, "load / limit": each.load / each.limit}
        section.add(each.name, numbers)
    return section


def sizing(units: Units) -> Section:
    """Per 1,000 accounts, on one machine and in a cluster."""
    section = Section("per 1,000 accounts", ["one machine, SQLite", "cluster"])
    alone, cluster = Model(units, SMALL, cluster=False), Model(units, SMALL)

    def add(what: str, sqlite: float, mongo: float) -> None:
        section.add(what, {"one machine, SQLite": sqlite, "cluster": mongo})

    files = cluster.in_files() * cluster.a.copies
    add("pulls a second, busiest minutes", alone.pulls * alone.a.peak_pulls, cluster.pulls * cluster.a.peak_pulls)
    add("disk a year, GB (cluster: three copies)", alone.on_sqlite() / GB, files / GB)
    add("cores for readers, busiest hour", alone.web_cores(), cluster.web_cores())
    add("cores for pulls, busiest minutes", alone.worker_cores(), cluster.worker_cores())
    add("open channels, busiest hour", alone.open_pages, cluster.open_pages)
    add("memory beside the processes' own, MB", _more_memory(alone) / 1e6, _more_memory(cluster) / 1e6)
    add("from servers of feeds, Mbit/s", alone.download() * 8 / 1e6, cluster.download() * 8 / 1e6)
    add("to readers, Mbit/s", alone.upload() * 8 / 1e6, cluster.upload() * 8 / 1e6)
    pictures = alone.picture_bytes() * 8 / 1e6, cluster.picture_bytes() * 8 / 1e6
    add("pictures, in and out each, Mbit/s", *pictures)
    return section


def _more_memory(model: Model) -> float:
    return model.web_memory() - model.web_processes() * model.a.web_base


def rules(units: Units) -> Section:
    """What one of each serves in a cluster."""
    section = Section("in a cluster, one", ["serves"])
    model = Model(units, LARGE)
    peak = model.pulls * model.a.peak_pulls
    section.add("web process: accounts", {"serves": model.a.users / model.web_processes()})
    section.add("web process: open channels", {"serves": model.open_pages / model.web_processes()})
    section.add("worker: pulls a second", {"serves": peak * model.a.busy / model.worker_cores()})
    section.add("shard of 2 TB: million entries", {"serves": SHARD / model.in_files() * model.kept / 1e6})
    section.add("updater that leads: pulls a second", {"serves": 1e6 / model.units.message[PUT]["µs"]})
    return section


def until(units: Units) -> Section:
    """How far one machine on SQLite goes."""
    section = Section("one machine on SQLite is full at", ["accounts"])
    model = Model(units, SMALL, cluster=False)
    section.add("a file of 1 TB, a year of entries", {"accounts": SMALL.users * FILE / model.on_sqlite()})
    lists = Model(units, replace(SMALL, days=90), cluster=False)
    section.add("a file of 1 TB, 90 days of entries", {"accounts": SMALL.users * FILE / lists.on_sqlite()})
    busy = SMALL.users * SMALL.busy / (model.web_cores() + _pulls_on_the_loop(model))
    section.add("half a core of its one event loop", {"accounts": busy})
    return section


def _pulls_on_the_loop(model: Model) -> float:
    """Cores: parsing is done elsewhere, all else of a pull is as of one that brought nothing."""
    return model.pulls * model.a.peak_pulls * model.units.work["pull, 304"]["SQLite µs"] / 1e6


def all_tables() -> dict[str, str]:
    """By the name of its place in the pages."""
    units = Units.of_docs()
    cluster = read_tables((DOCS / "benchmarks-cluster.md").read_text())["what"]
    fetched = cluster["empty jobs through one worker"]["floor"]
    large = Model(units, LARGE)
    columns = [
        ("1,000 accounts", Model(units, SMALL)),
        ("100,000", Model(units, MIDDLE)),
        ("1,000,000", large),
    ]
    return {
        "assumptions": assumptions().table(),
        "classes": classes(units).table(),
        "takes": takes(columns).table(),
        "collections": by_collection(large).table(),
        "bottlenecks": bottlenecks(large, fetched).table(),
        "sizing": sizing(units).table(),
        "rules": rules(units).table(),
        "until": until(units).table(),
    }
