"""Who holds a cookie, asked at every request: from the cache where processes share one, else from the store.

Two values: ``session:1:FINGERPRINT`` says whose it is, ``user:1:ID`` what pages need of that person, never the
password's hash. What changes or ends in the store leaves a *mark* in the cache for a while: who finds it asks the
store, and who asked the store just before cannot put the old value back, since values are only added where nothing
is. Where a cache node cannot be reached when something ends, the old value dies with its time, ``SECONDS``.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from typing import Any

import orjson
import structlog

from reader.cache import Cache
from reader.mappers.users import UserMapper
from reader.models.user import Preferences, Session, User

log = structlog.get_logger(__name__)

SECONDS = 60  # open streams look at their session as often
MARK = b"-"
MARK_SECONDS = 120  # longer than any request reads before it writes, and than a value lives


class SessionLookup:
    def __init__(self, users: UserMapper, cache: Cache) -> None:
        self._users = users
        self._cache = cache if cache.shared else None
        """A cache of one process would not hear of what others end; and a store in the process needs none."""

    async def find(self, fingerprint: bytes) -> tuple[Session, User] | None:
        """The session with its user, expired or not. The user's password hash may be empty."""
        if self._cache is None:
            return await self._users.session(fingerprint)
        known = await self._cached(self._cache, fingerprint)
        if known is not None:
            return known
        found = await self._users.session(fingerprint)
        if found is not None:
            await self._keep(self._cache, *found)
        return found

    async def _cached(self, cache: Cache, fingerprint: bytes) -> tuple[Session, User] | None:
        held = await cache.get(session_key(fingerprint))
        if held is None or held == MARK:
            return None
        try:
            session: dict[str, Any] = orjson.loads(held)
            person = await cache.get(user_key(session["user_id"]))
            return None if person is None or person == MARK else _joined(fingerprint, session, orjson.loads(person))
        except (ValueError, TypeError, KeyError) as error:  # another version's shape under the same number
            log.warning("a cached session cannot be read", error=str(error))
            return None

    async def _keep(self, cache: Cache, session: Session, user: User) -> None:
        stamp = hashlib.sha256(user.password_hash.encode()).hexdigest()[:16]
        whose = {"user_id": user.id, "created_at": session.created_at, "expires_at": session.expires_at}
        person = {
            "id": user.id,
            "name": user.name,
            "admin": user.admin,
            "created_at": user.created_at,
            "preferences": asdict(user.preferences),
        }
        await cache.add(session_key(session.token_hash), orjson.dumps(whose | {"stamp": stamp}), SECONDS)
        await cache.add(user_key(user.id), orjson.dumps(person | {"stamp": stamp}), SECONDS)

    async def session_changed(self, fingerprint: bytes) -> None:
        """The store knows something new of this session: its end, or a later one."""
        if self._cache is not None:
            await self._cache.set(session_key(fingerprint), MARK, MARK_SECONDS)

    async def user_changed(self, user_id: int) -> None:
        """The store knows something new of this user; with a new password, all their sessions have ended."""
        if self._cache is not None:
            await self._cache.set(user_key(user_id), MARK, MARK_SECONDS)


def _joined(fingerprint: bytes, session: dict[str, Any], user: dict[str, Any]) -> tuple[Session, User] | None:
    if user.pop("stamp") != session.pop("stamp") or user["id"] != session["user_id"]:
        return None  # the password was changed since
    preferences = Preferences(**user.pop("preferences"))
    return Session(fingerprint, **session), User(**user, password_hash="", preferences=preferences)


def session_key(fingerprint: bytes) -> str:
    return f"session:1:{fingerprint.hex()}"


def user_key(user_id: int) -> str:
    return f"user:1:{user_id}"
