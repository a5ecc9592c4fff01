"""What operators see and steer, on SQLite."""

# Statements are put together from constants of this package alone; values are always parameters.
# ruff: noqa: S608

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import orjson

from reader.mappers.operations import Figures, Report
from reader.mappers.sqlite.engine import Engine
from reader.models.operations import AuditLine, DeadLetter, Owned

DEAD = "key, name, args, queue, error, story, attempts, died_at"
OWNED = "user_id, key, name, args, submitted_at, mark"
AUDIT = "id, at, user_id, user_name, what, before, after"
REPORT = """
INSERT INTO manager (holder, seen_at, status) VALUES (?, ?, ?)
ON CONFLICT (holder) DO UPDATE SET seen_at = excluded.seen_at, status = excluded.status
"""


def _letter(row: tuple[str, str, str, str, str, str, int, float]) -> DeadLetter:
    key, name, args, queue, error, story, attempts, died_at = row
    return DeadLetter(key, name, args, queue, error, tuple(orjson.loads(story)), attempts, died_at)


def _bury(con: sqlite3.Connection, letter: DeadLetter) -> None:
    values = (
        letter.key, letter.name, letter.args, letter.queue, letter.error, orjson.dumps(letter.story).decode(),
        letter.attempts, letter.died_at,
    )  # fmt: skip
    con.execute(f"INSERT OR REPLACE INTO dead_letter ({DEAD}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)


def _dead(con: sqlite3.Connection, before: tuple[float, str] | None, limit: int) -> list[DeadLetter]:
    where, values = ("WHERE (died_at, key) < (?, ?)", before) if before else ("", ())
    sql = f"SELECT {DEAD} FROM dead_letter {where} ORDER BY died_at DESC, key DESC LIMIT ?"
    return [_letter(row) for row in con.execute(sql, (*values, limit))]


def _dead_letter(con: sqlite3.Connection, key: str) -> DeadLetter | None:
    row = con.execute(f"SELECT {DEAD} FROM dead_letter WHERE key = ?", (key,)).fetchone()
    return _letter(row) if row else None


def _dead_counts(con: sqlite3.Connection) -> dict[str, int]:
    return dict(con.execute("SELECT queue, count(*) FROM dead_letter GROUP BY queue"))


def _unbury(con: sqlite3.Connection, keys: Sequence[str]) -> list[DeadLetter]:
    sql = f"DELETE FROM dead_letter WHERE key IN (SELECT value FROM json_each(?)) RETURNING {DEAD}"
    return [_letter(row) for row in con.execute(sql, (_list(keys),)).fetchall()]


def _list(keys: Sequence[str]) -> str:
    return orjson.dumps(list(keys)).decode()


def _own(con: sqlite3.Connection, owned: Owned) -> None:
    values = (owned.user_id, owned.key, owned.name, owned.args, owned.submitted_at, owned.mark)
    con.execute(f"INSERT OR REPLACE INTO job_owner ({OWNED}) VALUES (?, ?, ?, ?, ?, ?)", values)


def _owned(con: sqlite3.Connection, user_id: int, keys: Sequence[str]) -> list[Owned]:
    sql = f"SELECT {OWNED} FROM job_owner WHERE user_id = ? AND key IN (SELECT value FROM json_each(?))"
    return [Owned(*row) for row in con.execute(sql, (user_id, _list(keys)))]


def _owned_page(con: sqlite3.Connection, user_id: int, limit: int) -> list[Owned]:
    sql = f"SELECT {OWNED} FROM job_owner WHERE user_id = ? ORDER BY submitted_at DESC, key LIMIT ?"
    return [Owned(*row) for row in con.execute(sql, (user_id, limit))]


def _report(con: sqlite3.Connection, report: Report) -> int:
    con.execute(REPORT, (report.holder, report.seen_at, report.status))
    return _setting_rev(con)


def _reports(con: sqlite3.Connection, since: float) -> list[Report]:
    sql = "SELECT holder, seen_at, status FROM manager WHERE seen_at >= ? ORDER BY holder"
    return [Report(*row) for row in con.execute(sql, (since,))]


def _holders(con: sqlite3.Connection, since: float) -> list[str]:
    sql = "SELECT holder FROM manager WHERE seen_at >= ? ORDER BY holder"
    return [holder for (holder,) in con.execute(sql, (since,))]


def _change(con: sqlite3.Connection, sql: str, values: tuple[object, ...]) -> int:
    return con.execute(sql, values).rowcount


def _setting_rev(con: sqlite3.Connection) -> int:
    row = con.execute("SELECT coalesce(max(id), 0) FROM audit").fetchone()
    rev: int = row[0]
    return rev


def _settings(con: sqlite3.Connection) -> tuple[int, dict[tuple[str, str], float]]:
    rows = con.execute("SELECT queue, name, value FROM queue_setting").fetchall()
    return _setting_rev(con), {(queue, name): value for queue, name, value in rows}


def _set_setting(con: sqlite3.Connection, queue: str, name: str, value: float | None, audit: AuditLine) -> None:
    if value is None:
        con.execute("DELETE FROM queue_setting WHERE queue = ? AND name = ?", (queue, name))
    else:
        con.execute("INSERT OR REPLACE INTO queue_setting (queue, name, value) VALUES (?, ?, ?)", (queue, name, value))
    _note(con, audit)


def _note(con: sqlite3.Connection, audit: AuditLine) -> None:
    values = (audit.at, audit.user_id, audit.user, audit.what, audit.before, audit.after)
    con.execute("INSERT INTO audit (at, user_id, user_name, what, before, after) VALUES (?, ?, ?, ?, ?, ?)", values)


def _audit(con: sqlite3.Connection, before: int | None, limit: int) -> list[AuditLine]:
    where, values = ("WHERE id < ?", (before,)) if before is not None else ("", ())
    sql = f"SELECT {AUDIT} FROM audit {where} ORDER BY id DESC LIMIT ?"
    return [AuditLine(*row) for row in con.execute(sql, (*values, limit))]


def _record(con: sqlite3.Connection, figures: Figures, before: float) -> None:
    values = (figures.at, figures.holder, figures.figures)
    con.execute("INSERT OR REPLACE INTO history (at, holder, figures) VALUES (?, ?, ?)", values)
    con.execute("DELETE FROM history WHERE at < ?", (before,))


def _history(con: sqlite3.Connection, since: float) -> list[Figures]:
    sql = "SELECT at, holder, figures FROM history WHERE at >= ? ORDER BY at, holder"
    return [Figures(*row) for row in con.execute(sql, (since,))]


class SqliteOperations:
    """OperationsMapper."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def bury(self, letter: DeadLetter) -> None:
        await self._engine.write(_bury, letter)

    async def dead(self, *, before: tuple[float, str] | None = None, limit: int) -> list[DeadLetter]:
        return await self._engine.read(_dead, before, limit)

    async def dead_letter(self, key: str) -> DeadLetter | None:
        return await self._engine.read(_dead_letter, key)

    async def dead_counts(self) -> dict[str, int]:
        return await self._engine.read(_dead_counts)

    async def unbury(self, keys: Sequence[str]) -> list[DeadLetter]:
        return await self._engine.write(_unbury, keys)

    async def own(self, owned: Owned) -> None:
        await self._engine.write(_own, owned)

    async def owned(self, user_id: int, keys: Sequence[str]) -> list[Owned]:
        return await self._engine.read(_owned, user_id, keys)

    async def owned_page(self, user_id: int, limit: int) -> list[Owned]:
        return await self._engine.read(_owned_page, user_id, limit)

    async def trim_owned(self, before: float) -> int:
        return await self._engine.write(_change, "DELETE FROM job_owner WHERE submitted_at < ?", (before,))

    async def report(self, report: Report) -> int:
        return await self._engine.write(_report, report)

    async def reports(self, since: float) -> list[Report]:
        return await self._engine.read(_reports, since)

    async def holders(self, since: float) -> list[str]:
        return await self._engine.read(_holders, since)

    async def forget(self, holder: str) -> None:
        await self._engine.write(_change, "DELETE FROM manager WHERE holder = ?", (holder,))

    async def settings(self) -> tuple[int, dict[tuple[str, str], float]]:
        return await self._engine.read(_settings)

    async def setting_rev(self) -> int:
        return await self._engine.read(_setting_rev)

    async def set_setting(self, queue: str, name: str, value: float | None, audit: AuditLine) -> None:
        await self._engine.write(_set_setting, queue, name, value, audit)

    async def note(self, audit: AuditLine) -> None:
        await self._engine.write(_note, audit)

    async def audit(self, *, before: int | None = None, limit: int) -> list[AuditLine]:
        return await self._engine.read(_audit, before, limit)

    async def trim_audit(self, keep: int) -> int:
        # The newest line stays in any case: its number is the revision of settings.
        sql = "DELETE FROM audit WHERE id <= (SELECT max(id) FROM audit) - ?"
        return await self._engine.write(_change, sql, (max(keep, 1),))

    async def record(self, figures: Figures, before: float) -> None:
        await self._engine.write(_record, figures, before)

    async def history(self, since: float) -> list[Figures]:
        return await self._engine.read(_history, since)
