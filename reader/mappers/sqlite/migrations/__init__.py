"""The schema, as numbered migrations that run once each, in order, under the write lock."""

from __future__ import annotations

import sqlite3

from reader.mappers.schema import check_newer
from reader.mappers.sqlite.connection import APPLICATION_ID
from reader.mappers.sqlite.migrations import (
    m0001_start,
    m0002_ingest,
    m0003_jobs,
    m0004_imports,
    m0005_search,
    m0006_updater,
    m0007_tokens,
    m0008_sharing,
    m0009_shares,
    m0010_departure,
    m0011_websub,
    m0012_recent_shares,
)

MIGRATIONS: tuple[tuple[str, str], ...] = (
    ("0001_start", m0001_start.SQL),
    ("0002_ingest", m0002_ingest.SQL),
    ("0003_jobs", m0003_jobs.SQL),
    ("0004_imports", m0004_imports.SQL),
    ("0005_search", m0005_search.SQL),
    ("0006_updater", m0006_updater.SQL),
    ("0007_tokens", m0007_tokens.SQL),
    ("0008_sharing", m0008_sharing.SQL),
    ("0009_shares", m0009_shares.SQL),
    ("0010_departure", m0010_departure.SQL),
    ("0011_websub", m0011_websub.SQL),
    ("0012_recent_shares", m0012_recent_shares.SQL),
)


def migrate(con: sqlite3.Connection) -> list[str]:
    """Runs what is missing, in the caller's transaction; returns the names of what ran. Raises StoreError for a store
    that is too new for us."""
    con.execute("CREATE TABLE IF NOT EXISTS migration (name TEXT PRIMARY KEY, at REAL NOT NULL) WITHOUT ROWID")
    done = applied(con)
    check_newer(done, [name for name, _ in MIGRATIONS])
    ran = []
    for name, script in MIGRATIONS:
        if name in done:
            continue
        for statement in _statements(script):
            con.execute(statement)
        # The one place that asks the database for the time: it is a note for operators, nothing reads it.
        con.execute("INSERT INTO migration (name, at) VALUES (?, unixepoch())", (name,))
        ran.append(name)
    if ran:
        con.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    return ran


def applied(con: sqlite3.Connection) -> set[str]:
    """Names of the migrations that a database has seen."""
    return {name for (name,) in con.execute("SELECT name FROM migration")}


def _statements(script: str) -> list[str]:
    """Splits a script: executescript() would commit the transaction that guards the migration."""
    out: list[str] = []
    pending = ""
    for line in script.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            out.append(pending.strip())
            pending = ""
    if pending.strip():
        raise ValueError(f"unfinished statement in a migration: {pending.strip()[:80]}")
    return out
