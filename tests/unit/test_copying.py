"""Copies between databases: every kind of row, both ways, cut off anywhere, and compared."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any, cast

import pytest
import pytest_asyncio

from reader.errors import Conflict
from reader.mappers import Mappers
from reader.mappers.copying import KINDS, NOT_COPIED, Copyable, Kind, Place, Record, State, copy, digest, verify
from reader.mappers.mongo import open_store as open_mongo
from reader.mappers.mongo.copying import MongoCopying
from reader.mappers.mongo.engine import connect
from reader.mappers.sqlite import open_store as open_sqlite
from reader.mappers.sqlite.copying import SqliteCopying
from reader.mappers.sqlite.migrations import migrate
from tests.contract.mappers.society import add_person, add_share

ROWS = 7  # of each kind; batches are smaller here
REFERENCES = {"user_id", "feed_id", "owner_id", "created_by", "import_id", "stream_id", "entry_id"}
WHOLE: dict[str, Callable[[int], Any]] = {  # fields that are no plain numbers or texts
    "digest": lambda n: bytes([n]) * 16, "token_hash": lambda n: bytes([n]) * 32, "uid_hash": lambda n: bytes([n]) * 16,
    "story": lambda n: bytes([n]) * 16, "body": lambda n: b"\x00body" * n, "read": lambda n: b"\x01\x02" * n,
    "added": lambda n: b"a" * n, "removed": lambda n: b"", "rhythm": lambda n: b"r", "withdrawn": lambda n: b"w" * n,
    "keys": lambda n: b"k" * n, "body_digest": lambda n: None, "preferences": lambda n: {"theme": "dark", "b": n},
    "tags": lambda n: ["ä", "b"], "enclosures": lambda n: [["https://x.example/a.mp3", None, 1.0]],
    "source": lambda n: ["Gazette", None, None, n],
    "found": lambda n: [["https://x.example/", "X"]], "folders": lambda n: ["A", "B"], "rights": lambda n: "jobs",
    "error": lambda n: None if n % 2 else "Broken.", "parent_id": lambda n: n - 1 or None,
    "seq": lambda n: n, "value": lambda n: n * 10, "folder_id": lambda n: n,
}  # fmt: skip


def schema() -> dict[str, dict[str, str]]:
    """Table → column → type."""
    with contextlib.closing(sqlite3.connect(":memory:")) as con:
        migrate(con)
        tables = [name for (name,) in con.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: {row[1]: row[2] for row in con.execute(f'PRAGMA table_info("{name}")')} for name in tables}


SCHEMA = schema()
NUMBERED = [
    "user", "token", "feed", "folder", "import", "stream", "comment", "notification", "hub_subscription", "hub_request",
    "push", "webhook",
]  # fmt: skip


def value(kind: Kind, field: str, n: int) -> Any:
    if kind.name == "feed_alias" and field == "url":
        return f"https://alias.example/{n}"
    if kind.name == "icon" and field == "digest":
        return f"{n:064x}"
    if kind.name in ("job", "dead_letter") and field == "story":
        return ["It broke.", f"Again {n}."]
    if kind.name == "dead_letter" and field == "error":
        return "It broke."
    if field in kind.flags:
        return n % 2 == 0
    if field in WHOLE:
        return WHOLE[field](n)
    if SCHEMA[kind.name].get(field) == "TEXT":
        return f"{field} {n} ü"
    if field in REFERENCES:
        return (n - 1) % ROWS + 1
    return n + (0.5 if field.endswith("at") or field in ("until", "since", "mark") else 0)


class Made:
    """A source of rows of every kind, all fields filled."""

    label = "made"

    def rows(self, kind: Kind) -> list[Record]:
        if kind.name == "counter":
            return [("entry", 900), ("feed_rev", 70), *((name, 40) for name in NUMBERED)]
        rows = [{field: value(kind, field, n) for field in kind.fields} for n in range(1, ROWS + 1)]
        if kind.name == "feed":
            rows = [row | {"seq": ROWS, "floor": 0, "kind": "site", "state": "active"} for row in rows]
        if kind.name == "entry":
            rows[0]["seq"] = 0  # kept by a star alone
        return [kind.record(row) for row in rows]

    async def count(self, kind: Kind) -> int:
        return len(self.rows(kind))

    async def busy(self, since: float) -> bool:
        return False

    async def read(self, kind: Kind, after: Place | None) -> tuple[list[Record], Place | None]:
        at = after[0] if after else 0
        rows = self.rows(kind)
        return rows[at : at + 3], [at + 3] if at + 3 < len(rows) else None

    async def begin(self, source: str) -> dict[str, State]:
        raise NotImplementedError

    async def write(self, kind: Kind, records: Sequence[Record], state: State) -> None:
        raise NotImplementedError

    async def finish(self) -> int:
        raise NotImplementedError


class CutOff(Exception):
    """The process died."""


class Mortal(Made):
    """Reads of a store that end with the process after a while."""

    def __init__(self, store: Copyable, reads: int) -> None:
        self._store = store
        self.left = reads

    @property
    def label(self) -> str:  # type: ignore[override]
        return self._store.label

    async def read(self, kind: Kind, after: Place | None) -> tuple[list[Record], Place | None]:
        if self.left == 0:
            raise CutOff
        self.left -= 1
        return await self._store.read(kind, after)


def ignore(_: int) -> None: ...


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in KINDS:
        object.__setattr__(kind, "batch", 3)


@pytest_asyncio.fixture
async def local(tmp_path: Path) -> AsyncIterator[SqliteCopying]:
    store = SqliteCopying(tmp_path / "one.sqlite")
    yield store
    await store.close()


@pytest_asyncio.fixture
async def remote(mongo_url: str) -> AsyncIterator[MongoCopying]:
    store = MongoCopying(await connect(mongo_url))
    yield store
    await store.close()


def test_every_table_and_column_is_copied_or_made_anew() -> None:
    ours = {name for name in SCHEMA if not name.startswith(("sqlite_", "entry_words_"))}
    assert ours == {kind.name for kind in KINDS} | NOT_COPIED.keys() | {"trace"}
    made_anew = {"user": {"name_key"}, "folder": {"title_key"}, "entry": {"uid_hash"}}
    for kind in KINDS:
        of_trace = {"keys", "changes"} if kind.name == "entry" else set()
        columns = SCHEMA[kind.name].keys() - made_anew.get(kind.name, set())
        assert set(kind.fields) == columns | of_trace, kind.name


async def test_there_and_back(local: SqliteCopying, remote: MongoCopying, tmp_path: Path) -> None:
    made, back = Made(), SqliteCopying(tmp_path / "back.sqlite")
    steps: list[int] = []
    await copy(made, local, steps.append)
    assert sum(steps) == sum([await made.count(kind) for kind in KINDS])
    await copy(local, remote, ignore)
    await copy(remote, back, ignore)
    for one, other in ((made, local), (local, remote), (remote, back)):
        assert await verify(one, other, ignore) == sum(steps)
    assert await remote.finish() == 0
    # Rows that belong to nothing here: a chain of parents, folders that are numbers in other tables.
    assert await local.finish() == await back.finish()
    await back.close()


@pytest.mark.parametrize("reads", [1, 20, 60, 90])
async def test_a_copy_that_was_cut_off_goes_on(local: SqliteCopying, remote: MongoCopying, reads: int) -> None:
    await copy(Made(), local, ignore)
    with pytest.raises(CutOff):
        await copy(Mortal(local, reads), remote, ignore)
    rest = Mortal(local, 10_000)
    steps: list[int] = []
    await copy(rest, remote, steps.append)
    assert 10_000 - rest.left + reads <= sum([-(-await local.count(kind) // 3) + 1 for kind in KINDS])
    assert sum(steps) == await verify(local, remote, ignore)


@pytest.mark.parametrize("reads", [2, 40])
async def test_back_again_cut_off(local: SqliteCopying, remote: MongoCopying, reads: int) -> None:
    await copy(Made(), remote, ignore)
    with pytest.raises(CutOff):
        await copy(Mortal(remote, reads), local, ignore)
    await copy(remote, local, ignore)
    await verify(remote, local, ignore)


async def test_a_difference_is_told(local: SqliteCopying, remote: MongoCopying, mongo_url: str) -> None:
    await copy(Made(), local, ignore)
    await copy(local, remote, ignore)
    engine = await connect(mongo_url)
    await engine.db.subscription.update_one({}, {"$set": {"read": b"other"}})
    with pytest.raises(Conflict, match="subscription differs"):
        await verify(local, remote, ignore)
    await engine.db.subscription.delete_one({})
    with pytest.raises(Conflict, match=r"subscription differs \(7 and 6 rows\)"):
        await verify(local, remote, ignore)
    await engine.close()


async def test_nothing_is_copied_into_what_is_not_empty(local: SqliteCopying, remote: MongoCopying) -> None:
    await copy(Made(), local, ignore)
    await copy(Made(), remote, ignore)
    with pytest.raises(Conflict, match="another store"):
        await copy(local, remote, ignore)
    await remote.finish()
    await local.finish()
    with pytest.raises(Conflict, match="not empty"):
        await copy(local, remote, ignore)
    with pytest.raises(Conflict, match="not empty"):
        await copy(remote, local, ignore)


async def test_rows_that_belong_to_nothing_do_not_stay(
    local: SqliteCopying, remote: MongoCopying, mongo_url: str, tmp_path: Path
) -> None:
    await copy(Made(), remote, ignore)
    engine = await connect(mongo_url)
    await engine.db.feed.delete_one({"_id": 3})
    await engine.db.entry.delete_many({"feed_id": 3})
    await engine.close()
    await copy(remote, local, ignore)
    await verify(remote, local, ignore)
    assert await local.finish() > 0
    with contextlib.closing(sqlite3.connect(tmp_path / "one.sqlite")) as con:
        assert con.execute("PRAGMA foreign_key_check").fetchall() == []
        assert con.execute("SELECT count(*) FROM user").fetchone() == (ROWS,)
        assert con.execute("SELECT count(*) FROM feed").fetchone() == (ROWS - 1,)


def test_digests_know_rows_apart_and_databases_not() -> None:
    assert digest((1, True, 2.0, [1], {"a": 1, "b": 2})) == digest((1.0, 1, 2, (1,), {"b": 2.0, "a": True}))
    rows: list[Record] = [(1, None), (1, ""), (1, b""), ("1", None), (2, None), (None, 1)]
    assert len({digest(row) for row in rows}) == len(rows)


async def test_what_was_shared_goes_on_in_the_other_store(
    local: SqliteCopying, remote: MongoCopying, mongo_url: str, tmp_path: Path
) -> None:
    """The owner's next share comes behind the copied ones, and what was copied can be taken back."""
    here = await open_sqlite(tmp_path / "one.sqlite")
    await here.migrate()
    ann = await add_person(here, "ann")
    first = await add_share(here, ann, "first")
    await here.close()
    await copy(local, remote, ignore)
    await verify(local, remote, ignore)
    await remote.finish()
    there = await open_mongo(mongo_url)
    assert await there.shares.get(first.id) == first
    second = await add_share(cast(Mappers, there), ann, "second", now=20.0)
    assert (second.seq, second.feed_id) == (2, first.feed_id)
    assert await there.shares.remove(ann, first.id, now=30.0) == first
    assert [share.id for share, _ in await there.shares.page(first.feed_id, below=None, limit=9)] == [second.id]
    await there.close()
