"""`evantr copy`: to MongoDB and back, as a person does it."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from reader.mappers.sqlite import open_store
from tests.contract.mappers.make import add_reader
from tests.helpers.mongo import Mongo
from tests.integration.workers.test_cli import environment
from tests.unit.test_copying import SCHEMA


def evantr(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "evantr", *arguments],
        env=environment(**settings), capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


@pytest.fixture
async def filled(tmp_path: Path) -> Path:
    """A database with something of everything that readers have."""
    file = tmp_path / "data" / "evantr.sqlite"
    store = await open_store(file)
    await store.migrate()
    for name in ("ada", "bob"):
        reader = await add_reader(store, name=name)
        await store.flags.set(reader.user.id, reader.ids[1], "starred", True, now=5.0)
    await store.close()
    return file


def contents(file: Path) -> dict[str, list[tuple[object, ...]]]:
    """All rows but those of indexes."""
    con = sqlite3.connect(file)
    left_out = ("sqlite_", "entry_words", "migration")
    rows = {
        name: sorted(con.execute(f'SELECT * FROM "{name}"').fetchall(), key=repr)
        for name in SCHEMA
        if not name.startswith(left_out)
    }
    con.close()
    return rows


async def test_to_mongodb_and_back(filled: Path, mongo_url: str, tmp_path: Path) -> None:
    before = contents(filled)
    there = evantr("copy", "--from", f"sqlite:{filled}", "--to", mongo_url)
    assert there.returncode == 0, there.stderr
    assert "the same in both" in there.stdout
    again = evantr("copy", "--from", f"sqlite:{filled}", "--to", mongo_url)
    assert (again.returncode, "not empty" in again.stderr) == (1, True)
    back = tmp_path / "back.sqlite"
    said = evantr("copy", "--from", mongo_url, "--to", f"sqlite:{back}")
    assert said.returncode == 0, said.stderr
    assert contents(back) == before
    store = await open_store(back)
    await store.migrate()
    assert await store.search.fill(1) == 0, "words are indexed"
    await store.close()


def test_a_backup_of_mongodb_goes_back_into_either(filled: Path, mongo: Mongo, mongo_url: str, tmp_path: Path) -> None:
    """One private file, taken by the program's own command, from which MongoDB and SQLite are made again."""
    before = contents(filled)
    assert evantr("copy", "--from", f"sqlite:{filled}", "--to", mongo_url).returncode == 0
    folder = tmp_path / "backups"
    folder.mkdir()
    file = folder / "backup.sqlite"
    taken = evantr("backup", str(file), EVANTR_STORE=mongo_url)
    assert taken.returncode == 0, taken.stderr
    assert [each.name for each in folder.iterdir()] == [file.name]
    assert file.stat().st_mode & 0o077 == 0, "password hashes are in it"
    again = evantr("backup", str(file), EVANTR_STORE=mongo_url)
    assert (again.returncode, "exists" in again.stderr) == (1, True)
    with mongo.database() as fresh:
        there = evantr("copy", "--from", f"sqlite:{file}", "--to", fresh)
        assert there.returncode == 0, there.stderr
        back = tmp_path / "back.sqlite"
        assert evantr("copy", "--from", fresh, "--to", f"sqlite:{back}").returncode == 0
    assert contents(back) == before
    new = tmp_path / "new"
    restored = evantr("restore", str(file), EVANTR_DATA=str(new))
    assert restored.returncode == 0, restored.stderr
    assert contents(new / "evantr.sqlite") == before


def test_killed_and_begun_again(filled: Path, mongo_url: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "evantr", "copy", "--from", f"sqlite:{filled}", "--to", mongo_url]
    process = subprocess.Popen(command, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(0.6)  # wherever it is by then
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    rest = evantr("copy", "--from", f"sqlite:{filled}", "--to", mongo_url)
    assert rest.returncode == 0 or "not empty" in rest.stderr, rest.stderr  # the first one was quicker
    back = tmp_path / "back.sqlite"
    assert evantr("copy", "--from", mongo_url, "--to", f"sqlite:{back}").returncode == 0
    assert contents(back) == contents(filled)


@pytest.mark.parametrize(
    ("source", "target", "code", "said"),
    [
        ("sqlite:{none}", "sqlite:{other}", 2, "no database"),
        ("{file}", "sqlite:{other}", 2, "neither"),
        ("sqlite:{file}", "sqlite:{file}", 2, "the same"),
        ("sqlite:{file}", "mongodb://127.0.0.1:9/x?timeoutMS=300", 3, "No MongoDB answers"),
    ],
)
def test_wrong_use_is_told(filled: Path, tmp_path: Path, source: str, target: str, code: int, said: str) -> None:
    names = {"none": tmp_path / "none.sqlite", "other": tmp_path / "other.sqlite", "file": filled}
    result = evantr("copy", "--from", source.format(**names), "--to", target.format(**names))
    assert (result.returncode, said in result.stderr) == (code, True), result.stderr


def test_a_store_in_use_is_left_alone(filled: Path, tmp_path: Path) -> None:
    with sqlite3.connect(filled) as con:
        con.execute("INSERT INTO manager (holder, seen_at, status) VALUES ('here/1/1', ?, '{}')", (time.time(),))
    con.close()
    arguments = ("copy", "--from", f"sqlite:{filled}", "--to", f"sqlite:{tmp_path / 'other.sqlite'}")
    refused = evantr(*arguments)
    assert (refused.returncode, "stop it first" in refused.stderr) == (1, True)
    assert evantr(*arguments, "--anyway").returncode == 0
