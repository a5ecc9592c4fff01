"""How a connection is opened, and the few idioms that every mapper here uses."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

BUSY_SECONDS = 10
APPLICATION_ID = 0x45764E74  # "EvNt": tells our files from other SQLite databases

# NORMAL syncs the log at checkpoints only: kill -9 of the process loses nothing, since the kernel has the pages;
# a power cut may lose the last commits but never harms the file. FULL syncs every commit, where that matters more
# than a millisecond.
PRAGMAS = (
    "PRAGMA synchronous = NORMAL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA cache_size = -4000",  # kB per connection; the pages behind it are shared through mmap
    "PRAGMA mmap_size = 268435456",
    "PRAGMA wal_autocheckpoint = 1000",
    "PRAGMA journal_size_limit = 67108864",
)


def connect(path: Path, *, query_only: bool = False, busy_seconds: float = BUSY_SECONDS) -> sqlite3.Connection:
    """A connection with our pragmas; transactions are begun and ended by hand."""
    con = sqlite3.connect(
        path, timeout=busy_seconds, isolation_level=None, check_same_thread=False, cached_statements=512
    )
    try:
        _use_wal(con)
        for pragma in PRAGMAS:
            con.execute(pragma)
        if query_only:
            con.execute("PRAGMA query_only = ON")
    except sqlite3.Error:
        con.close()
        raise
    return con


def _use_wal(con: sqlite3.Connection) -> None:
    """Switching a new file to WAL fails at once, whatever busy_timeout says, while another process does the same."""
    for attempt in range(100):
        try:
            con.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or attempt == 99:
                raise
            time.sleep(0.02)


@contextmanager
def snapshot(con: sqlite3.Connection) -> Iterator[None]:
    """Several SELECTs that see the same state. (A task that raises is rolled back by the engine.)"""
    con.execute("BEGIN")
    yield
    con.execute("COMMIT")


def ids_json(ids: Iterable[int]) -> str:
    """A list of numbers as one parameter for json_each: no limit of variables, one prepared statement."""
    return json.dumps(list(ids))
