"""People, sessions, tokens and invitations on SQLite."""

# Statements are put together from constants of this package alone; values are always parameters.
# ruff: noqa: S608

from __future__ import annotations

import dataclasses
import json
import sqlite3
from collections.abc import Sequence
from typing import Any

from reader.errors import Conflict, NotFound
from reader.mappers.sqlite.engine import Engine
from reader.mappers.sqlite.person import HERE
from reader.models.people import name_digest
from reader.models.user import Invitation, Preferences, Session, Token, User

USER = "user.id, user.name, user.admin, user.password_hash, user.created_at, user.preferences"
API_TOKEN = ", ".join(
    f"token.{name}" for name in ("id", "user_id", "name", "token_hash", "created_at", "used_at", "rights")
)
SESSION = "session.token_hash, session.user_id, session.created_at, session.expires_at"
INVITATION = "code, created_by, created_at, expires_at, used_by"
PREFERENCES = frozenset(each.name for each in dataclasses.fields(Preferences))


def _user(row: Sequence[Any]) -> User:
    id_, name, admin, password_hash, created_at, stored = row
    return User(id_, name, bool(admin), password_hash, created_at, _preferences(stored))


def _preferences(stored: str) -> Preferences:
    """What a newer or older version wrote and this one does not know is left out."""
    values: dict[str, Any] = json.loads(stored)
    return Preferences(**{name: value for name, value in values.items() if name in PREFERENCES})


def _insert_user(con: sqlite3.Connection, name: str, password_hash: str, now: float, admin: bool) -> User:
    key = name.casefold()
    taken = "SELECT 1 FROM user WHERE name_key = ? UNION ALL SELECT 1 FROM reserved_name WHERE digest = ?"
    if con.execute(taken, (key, name_digest(name))).fetchone():
        raise Conflict("This name is taken.")
    cursor = con.execute(
        "INSERT INTO user (name, name_key, admin, password_hash, created_at) VALUES (?, ?, ?, ?, ?)"
        " RETURNING " + USER.replace("user.", ""),
        (name, key, admin, password_hash, now),
    )
    return _user(cursor.fetchone())


def _create(con: sqlite3.Connection, name: str, password_hash: str, now: float, admin_if_first: bool) -> User:
    admin = admin_if_first and not con.execute("SELECT 1 FROM user WHERE admin LIMIT 1").fetchone()
    return _insert_user(con, name, password_hash, now, admin)


def _create_first(con: sqlite3.Connection, name: str, password_hash: str, now: float) -> User:
    if con.execute("SELECT 1 FROM user LIMIT 1").fetchone():
        raise Conflict("There is an account already.")
    return _insert_user(con, name, password_hash, now, True)


def _get(con: sqlite3.Connection, user_id: int) -> User | None:
    row = con.execute(f"SELECT {USER} FROM user WHERE id = ? AND {HERE}", (user_id,)).fetchone()
    return _user(row) if row else None


def _by_name(con: sqlite3.Connection, name: str) -> User | None:
    row = con.execute(f"SELECT {USER} FROM user WHERE name_key = ? AND {HERE}", (name.casefold(),)).fetchone()
    return _user(row) if row else None


def _all(con: sqlite3.Connection) -> list[User]:
    return [_user(row) for row in con.execute(f"SELECT {USER} FROM user WHERE {HERE} ORDER BY id")]


def _count(con: sqlite3.Connection) -> int:
    count: int = con.execute("SELECT count(*) FROM user").fetchone()[0]
    return count


def _set_password(con: sqlite3.Connection, user_id: int, password_hash: str) -> None:
    con.execute("UPDATE user SET password_hash = ? WHERE id = ?", (password_hash, user_id))
    con.execute("DELETE FROM session WHERE user_id = ?", (user_id,))


def _execute(con: sqlite3.Connection, sql: str, *values: object) -> int:
    """One statement; the number of rows that it changed."""
    return con.execute(sql, values).rowcount


def _require_user(con: sqlite3.Connection, user_id: int) -> None:
    if not con.execute(f"SELECT 1 FROM user WHERE id = ? AND {HERE}", (user_id,)).fetchone():
        raise NotFound("There is no such account.")


def _add_session(con: sqlite3.Connection, session: Session) -> None:
    _require_user(con, session.user_id)
    values = (session.token_hash, session.user_id, session.created_at, session.expires_at)
    con.execute("INSERT OR REPLACE INTO session VALUES (?, ?, ?, ?)", values)


def _session(con: sqlite3.Connection, token_hash: bytes) -> tuple[Session, User] | None:
    sql = f"SELECT {SESSION}, {USER} FROM session JOIN user ON user.id = session.user_id WHERE token_hash = ?"
    row = con.execute(sql, (token_hash,)).fetchone()
    return (Session(*row[:4]), _user(row[4:])) if row else None


def _api_token(row: Sequence[Any]) -> Token:
    id_, user_id, name, token_hash, created_at, used_at, rights = row
    return Token(id_, user_id, name, token_hash, created_at, used_at, tuple(rights.split()))


def _add_token(
    con: sqlite3.Connection, user_id: int, name: str, token_hash: bytes, now: float, rights: tuple[str, ...]
) -> Token:
    _require_user(con, user_id)
    sql = "INSERT INTO token (user_id, name, token_hash, created_at, rights) VALUES (?, ?, ?, ?, ?) RETURNING id"
    row = con.execute(sql, (user_id, name, token_hash, now, " ".join(rights))).fetchone()
    return Token(row[0], user_id, name, token_hash, now, None, rights)


def _token(con: sqlite3.Connection, token_hash: bytes) -> tuple[Token, User] | None:
    sql = f"SELECT {API_TOKEN}, {USER} FROM token JOIN user ON user.id = token.user_id WHERE token_hash = ?"
    row = con.execute(sql, (token_hash,)).fetchone()
    return (_api_token(row[:7]), _user(row[7:])) if row else None


def _tokens(con: sqlite3.Connection, user_id: int) -> list[Token]:
    return [
        _api_token(row)
        for row in con.execute(f"SELECT {API_TOKEN} FROM token WHERE user_id = ? ORDER BY id", (user_id,))
    ]


def _add_invitation(con: sqlite3.Connection, invitation: Invitation) -> None:
    _require_user(con, invitation.created_by)
    if con.execute("SELECT 1 FROM invitation WHERE code = ?", (invitation.code,)).fetchone():
        raise Conflict("There is an invitation of that code.")
    values = (invitation.code, invitation.created_by, invitation.created_at, invitation.expires_at, invitation.used_by)
    con.execute(f"INSERT INTO invitation ({INVITATION}) VALUES (?, ?, ?, ?, ?)", values)


def _invitation(con: sqlite3.Connection, code: str) -> Invitation | None:
    row = con.execute(f"SELECT {INVITATION} FROM invitation WHERE code = ?", (code,)).fetchone()
    return Invitation(*row) if row else None


def _invitations(con: sqlite3.Connection, created_by: int) -> list[Invitation]:
    sql = f"SELECT {INVITATION} FROM invitation WHERE created_by = ? ORDER BY created_at, code"
    return [Invitation(*row) for row in con.execute(sql, (created_by,))]


class SqliteUsers:
    """UserMapper."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def create(self, name: str, password_hash: str, *, now: float, admin_if_first: bool) -> User:
        return await self._engine.write(_create, name, password_hash, now, admin_if_first)

    async def create_first(self, name: str, password_hash: str, *, now: float) -> User:
        return await self._engine.write(_create_first, name, password_hash, now)

    async def get(self, user_id: int) -> User | None:
        return await self._engine.read(_get, user_id)

    async def by_name(self, name: str) -> User | None:
        return await self._engine.read(_by_name, name)

    async def list(self) -> list[User]:
        return await self._engine.read(_all)

    async def count(self) -> int:
        return await self._engine.read(_count)

    async def set_password(self, user_id: int, password_hash: str) -> None:
        await self._engine.write(_set_password, user_id, password_hash)

    async def set_preferences(self, user_id: int, preferences: Preferences) -> None:
        stored = json.dumps(dataclasses.asdict(preferences))
        await self._engine.write(_execute, "UPDATE user SET preferences = ? WHERE id = ?", stored, user_id)

    async def add_session(self, session: Session) -> None:
        await self._engine.write(_add_session, session)

    async def session(self, token_hash: bytes) -> tuple[Session, User] | None:
        return await self._engine.near(_session, token_hash)

    async def extend_session(self, token_hash: bytes, expires_at: float) -> None:
        sql = "UPDATE session SET expires_at = ? WHERE token_hash = ?"
        await self._engine.write(_execute, sql, expires_at, token_hash)

    async def end_session(self, token_hash: bytes) -> None:
        await self._engine.write(_execute, "DELETE FROM session WHERE token_hash = ?", token_hash)

    async def end_sessions_before(self, now: float) -> int:
        return await self._engine.write(_execute, "DELETE FROM session WHERE expires_at <= ?", now)

    async def add_token(
        self, user_id: int, name: str, token_hash: bytes, *, now: float, rights: Sequence[str] = ()
    ) -> Token:
        return await self._engine.write(_add_token, user_id, name, token_hash, now, tuple(rights))

    async def token(self, token_hash: bytes) -> tuple[Token, User] | None:
        return await self._engine.near(_token, token_hash)

    async def touch_token(self, token_id: int, now: float) -> None:
        await self._engine.write(_execute, "UPDATE token SET used_at = ? WHERE id = ?", now, token_id)

    async def tokens(self, user_id: int) -> Sequence[Token]:
        return await self._engine.read(_tokens, user_id)

    async def remove_token(self, user_id: int, token_id: int) -> bool:
        sql = "DELETE FROM token WHERE user_id = ? AND id = ?"
        return await self._engine.write(_execute, sql, user_id, token_id) > 0

    async def add_invitation(self, invitation: Invitation) -> None:
        await self._engine.write(_add_invitation, invitation)

    async def invitation(self, code: str) -> Invitation | None:
        return await self._engine.read(_invitation, code)

    async def use_invitation(self, code: str, user_id: int, now: float) -> bool:
        sql = "UPDATE invitation SET used_by = ? WHERE code = ? AND used_by IS NULL AND expires_at > ?"
        return await self._engine.write(_execute, sql, user_id, code, now) > 0

    async def release_invitation(self, code: str, user_id: int) -> None:
        sql = "UPDATE invitation SET used_by = NULL WHERE code = ? AND used_by = ?"
        await self._engine.write(_execute, sql, code, user_id)

    async def remove_invitation(self, code: str, created_by: int) -> bool:
        sql = "DELETE FROM invitation WHERE code = ? AND created_by = ? AND used_by IS NULL"
        return await self._engine.write(_execute, sql, code, created_by) > 0

    async def invitations(self, created_by: int) -> Sequence[Invitation]:
        return await self._engine.read(_invitations, created_by)
