"""The tables of docs/scaling.md and of "Sizing" are what follows from what was measured; the arithmetic is right."""

from __future__ import annotations

import math
from dataclasses import fields, replace

import pytest

from benchmarks.scaling.__main__ import PAGES, filled, places
from benchmarks.scaling.assumptions import CLASSES, LARGE
from benchmarks.scaling.model import DOCS, Model, Units
from benchmarks.scaling.tables import all_tables
from benchmarks.units.report import Section, read_tables, shown


@pytest.mark.parametrize("page", PAGES)
def test_tables_are_what_the_script_reckons(page: str) -> None:
    text = (DOCS / page).read_text()
    assert filled(text, all_tables()) == text, "run: python -m benchmarks.scaling --write"


def test_every_table_stands_somewhere() -> None:
    assert set().union(*(places((DOCS / page).read_text()) for page in PAGES)) == all_tables().keys()


def test_classes_of_feeds_are_all_feeds() -> None:
    assert math.isclose(sum(of.part for of in CLASSES), 1)


def test_tables_are_read_as_they_are_written() -> None:
    section = Section("what", ["one", "two"])
    section.add("a", {"one": 1234.5, "two": 0.01234})
    section.add("b", {"two": 0})
    read = read_tables(f"Text\n\n{section.table()}\n\nmore text | with a bar\n")
    assert read == {"what": {"a": {"one": 1234, "two": 0.0123}, "b": {"two": 0}}}
    assert [shown(value) for value in (99.96, 100.0, 12_345_678.0, 0.5)] == ["100", "100", "12,345,678", "0.5"]
    with pytest.raises(ValueError, match="no column three"):
        section.add("c", {"three": 1})


@pytest.fixture
def units() -> Units:
    """Figures that make sums one can do in the head."""
    work = {"SQLite µs": 100.0, "cluster µs": 1000.0, "commands": 4.0, "writes": 1.0, "round trips": 2.0}
    names = (
        "page of a folder, HTML", "list of 20 entries", "list of 20 entries, after news", "unread counters",
        "mark one entry", "subscribe", "share", "pull, 304", "pull with 2 new entries of 22",
    )  # fmt: skip
    return Units(
        one={},
        collections={
            "entry, entry": {"documents": 1000.0, "keys": 100.0},
            "entry_words, entry": {"documents": 2000.0, "keys": 300.0},
            "subscription, subscription": {"documents": 100.0, "keys": 50.0},
        },
        sets={"who reads a third of 300, here and there": {"bytes": 200.0}},
        work=dict.fromkeys(names, work),
        kept={
            "an open channel": {"bytes": 1000.0},
            "a subscription on a shelf": {"bytes": 10.0},
            "a feed in the book": {"bytes": 5.0},
            "a session in memcached": {"bytes": 500.0},
            "a minute of an idle channel": {"µs": 60.0},
            "an event on a channel": {"µs": 0.0},
        },
        message={"an empty job, taken and run": {"µs": 0.0}, "a feed's document, compressed": {"bytes": 1000.0}},
        pulls={of.kind: 24.0 for of in CLASSES},
    )


def test_the_arithmetic(units: Units) -> None:
    """All feeds are read and pulled hourly; half of 1,728 people come, each for one list a day and nothing else."""
    idle = dict.fromkeys(("pages", "counters", "marks", "stars", "shares", "new_subscriptions", "pictures"), 0.0)
    assumed = replace(
        LARGE, feeds=3600, users=1728, read_feeds=1.0, daily=0.5, online=0.5, lists=1.0, subscriptions=10,
        peak_people=1.0, peak_pulls=2.0, busy=0.5, days=0.0, at_first=20, compressed=0.5, prefixed=0.5, together=1.0,
        **idle,
    )  # fmt: skip
    model = Model(units, assumed)
    assert model.pulls == pytest.approx(1)
    assert sum(model.pull_rates().values()) == pytest.approx(2)
    assert model.kept == pytest.approx(72_000)
    assert model.storage()["entry_words"] == pytest.approx((144e6, 21.6e6))
    assert model.storage()["subscription"] == (17_280 * 300, 17_280 * 50)
    assert model.in_files() == pytest.approx((216e6 + 28.8e6 + 17_280 * 350) / 2)
    assert sum(model.rates().values()) == pytest.approx(0.01)
    assert model.open_pages == 432
    assert model.web_cores() == pytest.approx(0.01 * 0.001 + 432 * 1e-6)
    assert model.worker_cores() == pytest.approx(2 * 0.001)
    assert Model(units, assumed, cluster=False).worker_cores() == pytest.approx(2 * 0.0001)
    assert (model.web_processes(), model.workers()) == (1, 1)
    assert model.commands() == pytest.approx((2.01 * 3, 2.01))
    assert model.download() == pytest.approx(2 * (600 + 0.3 * 1000))


def test_what_grows_tenfold_takes_tenfold() -> None:
    units = Units.of_docs()
    larger = replace(LARGE, feeds=LARGE.feeds * 10, users=LARGE.users * 10)
    small, large = Model(units, LARGE), Model(units, larger)
    for each in ("pulls", "entries", "kept", "open_pages", "channel_events"):
        assert getattr(large, each) == pytest.approx(10 * getattr(small, each))
    assert large.in_files() == pytest.approx(10 * small.in_files())
    assert {field.name for field in fields(LARGE)} >= {"feeds", "users"}
