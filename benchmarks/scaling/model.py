"""The arithmetic: what follows for a whole system from unit costs and assumptions. Per second, bytes, cores."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from benchmarks.scaling.assumptions import CLASSES, Assumptions, FeedClass
from benchmarks.units.report import read_tables
from reader.gateways.lists import MAX_SUBSCRIPTIONS
from reader.settings import Settings

DOCS = Path(__file__).parents[2] / "docs"
DAY = 86_400.0
UNREAD_SLOWER = 6
Table = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class Units:
    """The tables of docs/benchmarks-units.md, and pulls a day by kind of feed from docs/updater.md."""

    one: Table
    collections: Table
    sets: Table
    work: Table
    kept: Table
    message: Table
    pulls: Mapping[str, float]

    @classmethod
    def read(cls, units: str, updater: str) -> Units:
        """From the texts of the two pages. Raises KeyError where a table is gone."""
        tables = read_tables(units)
        kinds = read_tables(updater)["feeds"]
        pulls = {name: row["by default: requests a day"] for name, row in kinds.items()}
        return cls(
            tables["one"], tables["collection, for one"], tables["read set of"], tables["work"],
            tables["kept or open"], tables["message"], pulls,
        )  # fmt: skip

    @classmethod
    def of_docs(cls) -> Units:
        return cls.read((DOCS / "benchmarks-units.md").read_text(), (DOCS / "updater.md").read_text())


@dataclass(frozen=True)
class Model:
    """``cluster``: MongoDB, memcached, NATS; else one machine on SQLite."""

    units: Units
    a: Assumptions
    cluster: bool = True

    # ---- feeds

    def _pulls_a_day(self, of: FeedClass) -> float:
        each = self.units.pulls[of.kind]
        return each * (self.a.read_feeds + (1 - self.a.read_feeds) / UNREAD_SLOWER)

    @cached_property
    def pulls(self) -> float:
        """A second, on average."""
        return self.a.feeds * sum(of.part * self._pulls_a_day(of) for of in CLASSES) / DAY

    @cached_property
    def entries(self) -> float:
        """New ones a second."""
        return self.a.feeds * sum(of.part * of.entries for of in CLASSES) / DAY

    @property
    def changes(self) -> float:
        """Pulls a second that bring something."""
        return self.entries / self.a.together

    @cached_property
    def kept(self) -> float:
        """Entries in the store after ``days``."""
        most = Settings(_env_file=None).feed_keep
        each = sum(of.part * min(self.a.at_first + of.entries * self.a.days, most) for of in CLASSES)
        return self.a.feeds * each

    # ---- people

    @property
    def all_subscriptions(self) -> float:
        return self.a.users * self.a.subscriptions

    @property
    def come(self) -> float:
        return self.a.users * self.a.daily

    def acts(self, a_day: float) -> float:
        """A second in the busiest hour, of what one who comes does so often a day."""
        return self.come * a_day * self.a.peak_people / DAY

    @property
    def open_pages(self) -> float:
        return self.come * self.a.online

    @property
    def channel_events(self) -> float:
        """A second on all open channels: the end of each pull, and what it brought, of the feeds that each follows."""
        pulled = sum(of.part * self.units.pulls[of.kind] for of in CLASSES)
        came = sum(of.part * of.entries for of in CLASSES) / self.a.together
        return self.open_pages * self.a.subscriptions * (pulled + came) / DAY

    # ---- storage

    def counts(self) -> dict[str, float]:
        """How many of each kind of benchmarks/units stand in the store."""
        shared = self.come * self.a.shares * self.a.days
        return {
            "entry": self.kept, "feed": self.a.feeds, "pull": self.a.feeds * 50, "account": self.a.users,
            "session": self.a.users * self.a.sessions, "subscription": self.all_subscriptions,
            "job": self.a.feeds,  # the row of each feed's icon job stays for a week
            "mark": self.come * self.a.marks * 7, "star": self.come * self.a.stars * self.a.days, "share": shared,
        }  # fmt: skip

    def storage(self) -> dict[str, tuple[float, float]]:
        """Bytes of documents and of keys on MongoDB by collection, as they are without compression."""
        counts, out = self.counts(), dict[str, tuple[float, float]]()
        for name, row in self.units.collections.items():
            collection, _, kind = name.partition(", ")
            if kind not in counts or (collection, kind) in (("pull", "feed"), ("read_journal", "subscription")):
                continue
            data, keys = out.get(collection, (0.0, 0.0))
            number = counts[kind] / (self.a.days if collection == "undo" else 1)  # kept for a day
            grown = self._read_set() if (collection, kind) == ("subscription", "subscription") else 0.0
            out[collection] = data + number * (row.get("documents", 0) + grown), keys + number * row.get("keys", 0)
        return dict(sorted(out.items(), key=lambda each: -sum(each[1])))

    def _read_set(self) -> float:
        return self.units.sets["who reads a third of 300, here and there"]["bytes"]

    def on_sqlite(self) -> float:
        """Bytes of the file."""
        counts = self.counts()
        rest = sum(number * self.units.one[kind]["SQLite"] for kind, number in counts.items())
        return rest + self._read_set() * self.all_subscriptions

    def in_files(self) -> float:
        """Bytes of MongoDB's files on one member of each shard."""
        return sum(d * self.a.compressed + k * self.a.prefixed for d, k in self.storage().values())

    # ---- work

    def _cost(self, what: str) -> float:
        """Seconds of a core."""
        return self.units.work[what]["cluster µs" if self.cluster else "SQLite µs"] / 1e6

    def _settling(self) -> float:
        """Seconds of a core that a look takes more, on average, because some of the reader's feeds changed since the
        look before. Measured with one that did, its positions loaded."""
        more = self._cost("list of 20 entries, after news") - self._cost("list of 20 entries")
        of_feed = self.changes / self.a.feeds
        return max(0.0, more) * (1 - math.exp(-of_feed * self.a.subscriptions * self.a.between))

    def rates(self) -> dict[str, float]:
        """What people do, by row of the table of work; a second in the busiest hour."""
        a = self.a
        return {
            "page of a folder, HTML": self.acts(a.pages),
            "list of 20 entries": self.acts(a.lists),
            "unread counters": self.acts(a.counters),
            "mark one entry": self.acts(a.marks),
            "subscribe": self.acts(a.new_subscriptions),
            "share": self.acts(a.shares),
        }

    def pull_rates(self) -> dict[str, float]:
        """In the busiest minutes."""
        changed = self.changes * self.a.peak_pulls
        return {
            "pull, 304": self.pulls * self.a.peak_pulls - changed,
            "pull with 2 new entries of 22": changed,
        }

    def web_cores(self) -> float:
        rates = self.rates()
        reading = sum(rates[what] for what in ("page of a folder, HTML", "list of 20 entries", "unread counters"))
        cpu = sum(rate * self._cost(what) for what, rate in rates.items()) + reading * self._settling()
        kept = self.units.kept
        cpu += self.open_pages * kept["a minute of an idle channel"]["µs"] / 60e6
        cpu += self.channel_events * kept["an event on a channel"]["µs"] / 1e6
        return cpu

    def worker_cores(self) -> float:
        cpu = sum(rate * self._cost(what) for what, rate in self.pull_rates().items())
        if self.cluster:
            cpu += self.pulls * self.a.peak_pulls * self._message("an empty job, taken and run")
        return cpu

    def _message(self, what: str) -> float:
        return self.units.message[what]["µs"] / 1e6

    def web_by_cores(self) -> int:
        """Processes, for each uses one core."""
        return max(1, math.ceil(self.web_cores() / self.a.busy))

    def at_hand(self) -> float:
        """Subscriptions of all who read in the busiest hour."""
        return self.open_pages * self.a.subscriptions

    def web_by_shelves(self) -> int:
        """Processes, so that each keeps the shelves of its readers."""
        return max(1, math.ceil(self.at_hand() / MAX_SUBSCRIPTIONS))

    def web_processes(self) -> int:
        return max(self.web_by_cores(), self.web_by_shelves())

    def workers(self) -> int:
        return max(1, math.ceil(self.worker_cores() / self.a.busy))

    def processes(self) -> int:
        return self.web_processes() + self.workers() + 2

    # ---- memory

    def web_memory(self) -> float:
        """Bytes of all web processes in the busiest hour: themselves, shelves, feeds in their books, channels."""
        kept = self.units.kept
        book = self.book_feeds() * self.web_processes()
        return (
            self.web_processes() * self.a.web_base
            + self.at_hand() * kept["a subscription on a shelf"]["bytes"]
            + book * kept["a feed in the book"]["bytes"]
            + self.open_pages * kept["an open channel"]["bytes"]
        )

    def book_feeds(self) -> float:
        """Different feeds that the readers of one web process have in the busiest hour: each of their subscriptions
        is one of the feeds that are read, by chance."""
        read = self.a.feeds * self.a.read_feeds
        drawn = self.at_hand() / self.web_processes()
        return read * (1 - math.exp(-drawn / read))

    # ---- the database, messages, the network

    def commands(self) -> tuple[float, float]:
        """Reads and writes a second sent to MongoDB, in the busiest hour of both people and pulls."""
        reads = writes = 0.0
        for what, rate in (self.rates() | self.pull_rates()).items():
            row = self.units.work[what]
            writes += rate * row["writes"]
            reads += rate * (row["commands"] - row["writes"])
        return reads, writes

    def published(self) -> float:
        """Events a second: the end of each pull twice (its feed, its job), what came, what people did."""
        pulls = self.pulls * self.a.peak_pulls
        rates = self.rates()
        return 2 * pulls + self.changes * self.a.peak_pulls + rates["mark one entry"] + rates["share"]

    def messages(self) -> tuple[float, float]:
        """(into NATS, out of it) a second. Each web process hears the events of feeds."""
        jobs = self.pulls * self.a.peak_pulls
        heard = (jobs + self.changes * self.a.peak_pulls) * self.web_processes()
        return 2 * jobs + self.published(), jobs + heard

    def cached(self) -> float:
        """Bytes in memcached: sessions of those who have a page open, and as many more."""
        return 2 * self.open_pages * self.units.kept["a session in memcached"]["bytes"]

    def cache_gets(self) -> float:
        """A second: two for each request, and for each channel once a minute."""
        return 2 * (sum(self.rates().values()) + self.open_pages / 60)

    def download(self) -> float:
        """Bytes a second from the servers of feeds."""
        body = self.units.message["a feed's document, compressed"]["bytes"]
        return self.pulls * self.a.peak_pulls * (self.a.small + self.a.bodies * body)

    def picture_bytes(self) -> float:
        """Bytes a second of pictures that web processes fetch and hand on."""
        return self.acts(self.a.pictures) * self.a.picture_bytes

    def upload(self) -> float:
        """Bytes a second to readers."""
        return sum(self.rates().values()) * self.a.page_bytes
