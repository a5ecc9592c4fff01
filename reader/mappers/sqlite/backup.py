"""Backups: one plain file each, checked before it takes its name."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path

from reader.errors import Conflict, Invalid
from reader.mappers.sqlite.connection import APPLICATION_ID, BUSY_SECONDS
from reader.mappers.sqlite.migrations import MIGRATIONS, applied

SIDE_FILES = ("-wal", "-shm", "-journal")


def backup(source: Path, target: Path) -> None:
    """A consistent copy of an open database, while others read and write. ``target`` must not exist."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        target.touch(exist_ok=False, mode=0o600)  # reserves the name
    except FileExistsError:
        raise Conflict(f"{target} exists already.") from None
    try:
        _copy(source, target)
    except BaseException:
        target.unlink(missing_ok=True)
        raise


def restore(backup: Path, target: Path, *, replace: bool = False) -> None:
    """Puts a backup in the place of a database that nobody has open.

    Raises Invalid if the file is not a sound Evantr database, Conflict if ``target`` exists (unless ``replace``)
    or is in use.
    """
    if not backup.is_file():
        raise Invalid(f"{backup} is not a file.")
    _validate(backup)
    if target.exists():
        if not replace:
            raise Conflict(f"{target} exists already.")
        _fold_log(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    _copy(backup, target)


def _copy(source: Path, target: Path) -> None:
    """Copies through a temporary file, so that the name never stands for half a database."""
    part = target.with_name(f"{target.name}.part")
    _remove(part)
    try:
        with contextlib.closing(_open(source)) as con, contextlib.closing(sqlite3.connect(part)) as copy:
            con.backup(copy)  # all pages in one step: one snapshot, however much others write
            copy.execute("PRAGMA journal_mode = DELETE")  # one file, no log beside it
            _check(copy, source)
        part.chmod(0o600)
        _sync(part)
        part.replace(target)
        _sync(target.parent)
    finally:
        _remove(part)


def _open(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=rw", uri=True, timeout=BUSY_SECONDS, isolation_level=None)


def _remove(path: Path) -> None:
    for suffix in ("", *SIDE_FILES):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _sync(path: Path) -> None:
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _validate(path: Path) -> None:
    """Raises Invalid unless the file is a database of ours that this version understands."""
    try:
        with contextlib.closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as con:
            if con.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
                raise Invalid(f"{path} is not a backup of Evantr.")
            _check(con, path)
            done = applied(con)
    except sqlite3.DatabaseError as error:
        raise Invalid(f"{path} cannot be read as a database: {error}.") from error
    if MIGRATIONS[0][0] not in done:
        raise Invalid(f"{path} holds no data of Evantr.")
    unknown = done - {name for name, _ in MIGRATIONS}
    if unknown:
        raise Invalid(f"{path} was made by a newer version of Evantr ({', '.join(sorted(unknown))}).")


def _check(con: sqlite3.Connection, path: Path) -> None:
    problems = [problem for (problem,) in con.execute("PRAGMA integrity_check(5)")]
    if problems != ["ok"]:
        raise Invalid(f"{path} is damaged: {'; '.join(problems)}.")


def _fold_log(target: Path) -> None:
    """Leaves nothing of the old database but its one file: its log would be played into the new one."""
    try:
        with contextlib.closing(sqlite3.connect(target, timeout=1, isolation_level=None)) as con:
            con.execute("PRAGMA journal_mode = DELETE")  # refused while anybody has it open
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise Conflict(f"{target} is in use; stop Evantr first.") from error
    except sqlite3.DatabaseError:
        pass  # damaged beyond opening, which may be why it is replaced
    for suffix in SIDE_FILES:
        target.with_name(target.name + suffix).unlink(missing_ok=True)
