"""Jobs, leases and the undo journal on SQLite."""

# Statements are put together from constants of this package alone; values are always parameters.
# ruff: noqa: S608

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from reader.mappers.sqlite.engine import Engine
from reader.models.job import Job, Lease
from reader.models.subscription import Undo

JOB = (
    "key, name, args, queue, state, attempts, run_at, lease_token, lease_until, result, error, created_at, finished_at,"
    " lost, story, lease_holder"
)
UNDO = "token, user_id, kind, label, payload, created_at, expires_at"
# Both states are named so that the partial index serves.
DUE = (
    "state IN ('waiting', 'running')"
    " AND (state = 'waiting' AND run_at <= :now OR state = 'running' AND lease_until <= :now)"
)
FAILED = "error = :error, story = json_insert(story, '$[#]', :error)"
HELD = "key = :key AND lease_token = :token AND state = 'running'"

PUT = f"""
INSERT INTO job (key, name, args, queue, state, attempts, run_at, lease_token, lease_until, created_at)
VALUES (:key, :name, :args, :queue, 'waiting', 0, :run_at, 0, 0, :now)
ON CONFLICT (key) DO UPDATE SET
    name = excluded.name, args = excluded.args, queue = excluded.queue, state = 'waiting', attempts = 0,
    run_at = excluded.run_at, lease_until = 0, lease_holder = '', lost = 0, story = '[]', result = NULL,
    error = NULL, created_at = excluded.created_at,
    finished_at = NULL
WHERE state IN ('done', 'failed', 'cancelled')
RETURNING {JOB}
"""
TAKE_LEASE = """
INSERT INTO lease (name, token, holder, until) VALUES (:name, 1, :holder, :until)
ON CONFLICT (name) DO UPDATE SET
    token = token + (holder <> excluded.holder OR until <= :now), holder = excluded.holder, until = excluded.until
WHERE holder = excluded.holder OR until <= :now OR until > :far
RETURNING name, token, holder, until
"""


def _job(con: sqlite3.Connection, sql: str, values: dict[str, object]) -> Job | None:
    row = con.execute(sql, values).fetchone()
    return Job(*row) if row else None


def _get_job(con: sqlite3.Connection, key: str) -> Job | None:
    return _job(con, f"SELECT {JOB} FROM job WHERE key = :key", {"key": key})


def _many(con: sqlite3.Connection, keys: list[str]) -> list[Job]:
    sql = f"SELECT {JOB} FROM job WHERE key IN (SELECT value FROM json_each(?))"
    return [Job(*row) for row in con.execute(sql, (json.dumps(keys),))]


def _put(con: sqlite3.Connection, values: dict[str, object]) -> tuple[Job, bool]:
    made = _job(con, PUT, values)
    if made is not None:
        return made, True
    return Job(*con.execute(f"SELECT {JOB} FROM job WHERE key = :key", values).fetchone()), False


def _due(con: sqlite3.Connection, now: float, limit: int) -> list[Job]:
    sql = f"SELECT {JOB} FROM job WHERE {DUE} ORDER BY created_at, key LIMIT :limit"
    return [Job(*row) for row in con.execute(sql, {"now": now, "limit": limit})]


def _start(con: sqlite3.Connection, key: str, now: float, until: float, holder: str) -> Job | None:
    sql = (
        "UPDATE job SET lost = lost + (state = 'running'), state = 'running', attempts = attempts + 1,"
        " lease_token = lease_token + 1, lease_until = :until, lease_holder = :holder"
        f" WHERE key = :key AND {DUE} RETURNING {JOB}"
    )
    return _job(con, sql, {"key": key, "now": now, "until": until, "holder": holder})


def _beat(con: sqlite3.Connection, held: Sequence[tuple[str, int]], until: float) -> list[str]:
    sql = f"UPDATE job SET lease_until = max(lease_until, :until) WHERE {HELD}"
    return [key for key, token in held if not con.execute(sql, {"key": key, "token": token, "until": until}).rowcount]


def _holders(con: sqlite3.Connection) -> list[str]:
    sql = "SELECT DISTINCT lease_holder FROM job WHERE state IN ('waiting', 'running') AND state = 'running'"
    return [holder for (holder,) in con.execute(sql) if holder]


def _free(con: sqlite3.Connection, holder: str, counts: bool) -> int:
    sql = (
        "UPDATE job SET state = 'waiting', lost = lost + ?, attempts = attempts - 1 + ?, lease_until = 0,"
        " lease_holder = ''"
        " WHERE state IN ('waiting', 'running') AND state = 'running' AND lease_holder = ?"
    )
    return con.execute(sql, (counts, counts, holder)).rowcount


def _cancel(con: sqlite3.Connection, key: str, now: float) -> bool:
    sql = (
        "UPDATE job SET state = 'cancelled', lease_token = lease_token + 1, lease_until = 0, lease_holder = '',"
        " finished_at = ? WHERE key = ? AND state IN ('waiting', 'running')"
    )
    return con.execute(sql, (now, key)).rowcount > 0


def _open_counts(con: sqlite3.Connection, now: float) -> dict[str, tuple[int, int, float]]:
    sql = (
        "SELECT queue, sum(state = 'waiting' AND run_at <= :now), sum(state = 'running'),"
        " coalesce(min(CASE WHEN state = 'waiting' AND run_at <= :now THEN created_at END), 0)"
        " FROM job WHERE state IN ('waiting', 'running') GROUP BY queue"
    )
    return {queue: (waiting, running, oldest) for queue, waiting, running, oldest in con.execute(sql, {"now": now})}


def _end(con: sqlite3.Connection, sets: str, values: dict[str, object]) -> bool:
    """Ends a run, unless it is fenced."""
    return con.execute(f"UPDATE job SET {sets}, lease_until = 0, lease_holder = '' WHERE {HELD}", values).rowcount > 0


def _finish(con: sqlite3.Connection, sets: str, values: dict[str, object]) -> bool:
    if not _end(con, sets, values):
        return False
    con.execute("DELETE FROM dead_letter WHERE key = ?", (values["key"],))
    return True


def _change(con: sqlite3.Connection, sql: str, values: dict[str, object]) -> bool:
    return con.execute(sql, values).rowcount > 0


def _remove_finished(con: sqlite3.Connection, before: float, names: Sequence[str] | None) -> int:
    if names is None:
        return con.execute("DELETE FROM job WHERE finished_at < ?", (before,)).rowcount
    sql = "DELETE FROM job WHERE finished_at < ? AND name IN (SELECT value FROM json_each(?))"
    return con.execute(sql, (before, json.dumps(list(names)))).rowcount


class SqliteJobs:
    """JobMapper."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def put(self, key: str, name: str, args: str, queue: str, *, now: float, run_at: float) -> tuple[Job, bool]:
        values = {"key": key, "name": name, "args": args, "queue": queue, "now": now, "run_at": run_at}
        return await self._engine.write(_put, values)

    async def get(self, key: str) -> Job | None:
        return await self._engine.near(_get_job, key)

    async def many(self, keys: Sequence[str]) -> list[Job]:
        return await self._engine.read(_many, list(keys))

    async def due(self, now: float, limit: int) -> list[Job]:
        return await self._engine.read(_due, now, limit)

    async def start(self, key: str, now: float, until: float, holder: str = "") -> Job | None:
        return await self._engine.write(_start, key, now, until, holder)

    async def beat(self, held: Sequence[tuple[str, int]], until: float) -> list[str]:
        return await self._engine.write(_beat, held, until)

    async def holders(self) -> list[str]:
        return await self._engine.read(_holders)

    async def hold(self, key: str, token: int, holder: str) -> bool:
        sql = f"UPDATE job SET lease_holder = :holder WHERE {HELD}"
        return await self._engine.write(_change, sql, {"key": key, "token": token, "holder": holder})

    async def free(self, holder: str, *, counts: bool = True) -> int:
        return await self._engine.write(_free, holder, counts)

    async def cancel(self, key: str, now: float) -> bool:
        return await self._engine.write(_cancel, key, now)

    async def open_counts(self, now: float) -> dict[str, tuple[int, int, float]]:
        return await self._engine.read(_open_counts, now)

    async def finish(self, key: str, token: int, result: str, now: float) -> bool:
        sets = "state = 'done', result = :result, error = NULL, finished_at = :now"
        values: dict[str, object] = {"key": key, "token": token, "result": result, "now": now}
        return await self._engine.write(_finish, sets, values)

    async def fail(self, key: str, token: int, error: str, now: float, retry_at: float | None) -> bool:
        values = {"key": key, "token": token, "error": error, "now": now, "retry_at": retry_at}
        if retry_at is None:
            return await self._engine.write(_end, FAILED + ", state = 'failed', finished_at = :now", values)
        return await self._engine.write(_end, FAILED + ", state = 'waiting', run_at = :retry_at", values)

    async def trust(self, key: str, token: int) -> bool:
        sql = f"UPDATE job SET attempts = attempts - lost, lost = 0 WHERE {HELD}"
        return await self._engine.write(_change, sql, {"key": key, "token": token})

    async def give_back(self, key: str, token: int, *, lost: bool = False) -> bool:
        sets = "state = 'waiting', " + ("lost = lost + 1" if lost else "attempts = attempts - 1")
        return await self._engine.write(_end, sets, {"key": key, "token": token})

    async def remove_finished(self, before: float, names: Sequence[str] | None = None) -> int:
        return await self._engine.write(_remove_finished, before, names)


def _take_lease(con: sqlite3.Connection, values: dict[str, object]) -> Lease | None:
    row = con.execute(TAKE_LEASE, values).fetchone()
    return Lease(*row) if row else None


def _drop_lease(con: sqlite3.Connection, name: str, token: int) -> None:
    """The row stays: its token must go on rising."""
    con.execute("UPDATE lease SET holder = '', until = 0 WHERE name = ? AND token = ?", (name, token))


def _get_lease(con: sqlite3.Connection, name: str) -> Lease | None:
    row = con.execute("SELECT name, token, holder, until FROM lease WHERE name = ? AND until > 0", (name,)).fetchone()
    return Lease(*row) if row else None


class SqliteLeases:
    """LeaseMapper."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def take(self, name: str, holder: str, now: float, until: float) -> Lease | None:
        # Nobody who takes it for as long can have it for so much longer, unless a clock was set back since.
        far = until + 4 * (until - now) + 60
        values: dict[str, object] = {"name": name, "holder": holder, "now": now, "until": until, "far": far}
        return await self._engine.write(_take_lease, values)

    async def drop(self, name: str, token: int) -> None:
        await self._engine.write(_drop_lease, name, token)

    async def get(self, name: str) -> Lease | None:
        return await self._engine.read(_get_lease, name)


def _add_undo(con: sqlite3.Connection, undo: Undo) -> None:
    values = (undo.token, undo.user_id, undo.kind, undo.label, undo.payload, undo.created_at, undo.expires_at)
    con.execute(f"INSERT OR REPLACE INTO undo ({UNDO}) VALUES (?, ?, ?, ?, ?, ?, ?)", values)


def _take_undo(con: sqlite3.Connection, user_id: int, token: str, now: float) -> Undo | None:
    sql = f"DELETE FROM undo WHERE token = ? AND user_id = ? AND expires_at > ? RETURNING {UNDO}"
    row = con.execute(sql, (token, user_id, now)).fetchone()
    return Undo(*row) if row else None


def _latest_undo(con: sqlite3.Connection, user_id: int, kind: str, now: float) -> Undo | None:
    sql = (
        f"SELECT {UNDO} FROM undo WHERE user_id = ? AND kind = ? AND expires_at > ?"
        " ORDER BY created_at DESC, token DESC LIMIT 1"
    )
    row = con.execute(sql, (user_id, kind, now)).fetchone()
    return Undo(*row) if row else None


def _trim_undo(con: sqlite3.Connection, before: float) -> int:
    return con.execute("DELETE FROM undo WHERE expires_at < ?", (before,)).rowcount


class SqliteUndo:
    """UndoMapper."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def add(self, undo: Undo) -> None:
        await self._engine.write(_add_undo, undo)

    async def take(self, user_id: int, token: str, now: float) -> Undo | None:
        return await self._engine.write(_take_undo, user_id, token, now)

    async def latest(self, user_id: int, kind: str, now: float) -> Undo | None:
        return await self._engine.read(_latest_undo, user_id, kind, now)

    async def trim(self, before: float) -> int:
        return await self._engine.write(_trim_undo, before)
