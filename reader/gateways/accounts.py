"""Rules of accounts: passwords, sessions, tokens, invitations. Secrets are stored as SHA-256 only."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from reader.cache import Cache
from reader.clock import Clock
from reader.errors import Limited
from reader.gateways.sessions import SessionLookup
from reader.mappers import Mappers
from reader.models.user import Invitation, Preferences, Session, Token, User
from reader.settings import Settings

DAY = 86400.0
TRIES, PAUSE = 10, 600  # wrong passwords per account and address, and the seconds they count for
TRIES_PER_ADDRESS = 100
INVITATION_DAYS = 14
PARALLEL_HASHES = 2  # each takes 19 MiB for its moment

# OWASP password storage cheat sheet: Argon2id with 19 MiB, two passes, one lane.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


def fingerprint(secret: str) -> bytes:
    """What is stored of a session's or token's secret (32 bytes). Secrets are random, so no salt is needed."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


class AccountGateway:
    def __init__(self, mappers: Mappers, cache: Cache, clock: Clock, settings: Settings) -> None:
        self._users = mappers.users
        self._subscriptions = mappers.subscriptions
        self._cache = cache
        self._sessions = SessionLookup(mappers.users, cache)
        self._clock = clock
        self._settings = settings
        self._hashing = asyncio.Semaphore(PARALLEL_HASHES)
        self._decoy: str | None = None

    async def _hash(self, password: str) -> str:
        async with self._hashing:
            return await asyncio.to_thread(_HASHER.hash, password)

    async def _verify(self, stored: str, password: str) -> bool:
        async with self._hashing:
            try:
                return await asyncio.to_thread(_HASHER.verify, stored, password)
            except (VerificationError, InvalidHashError):
                return False

    async def count(self) -> int:
        return await self._users.count()

    async def create_first(self, name: str, password: str) -> User:
        return await self._users.create_first(name, await self._hash(password), now=self._clock.now())

    async def create(self, name: str, password: str, *, admin_if_first: bool = False) -> User:
        hashed = await self._hash(password)
        return await self._users.create(name, hashed, now=self._clock.now(), admin_if_first=admin_if_first)

    async def create_invited(self, name: str, password: str, code: str) -> User | None:
        """None when the invitation is not valid (any more). A name that is taken does not use it up."""
        now = self._clock.now()
        if not await self._users.use_invitation(code, 0, now):
            return None
        try:
            return await self.create(name, password)
        except BaseException:
            await self._users.release_invitation(code, 0)
            raise

    async def authenticate(self, name: str, password: str, address: str) -> User | None:
        """The user, or None for a wrong name or password: both cost one hash. Limited after too many tries.

        Tries are counted per account and address, so that nobody can lock somebody else out.
        """
        ours = f"signin:1:{address}:{name.casefold()}"
        if (
            await self._cache.increment(f"signin:1:{address}", PAUSE) > TRIES_PER_ADDRESS
            or await self._cache.increment(ours, PAUSE) > TRIES
        ):
            raise Limited("Too many tries. Signing in pauses for 10 minutes.", PAUSE)
        user = await self._users.by_name(name)
        if user is None and self._decoy is None:
            self._decoy = await self._hash(self._clock.secret())
        stored = user.password_hash if user is not None else self._decoy or ""
        if not await self._verify(stored, password) or user is None:
            return None
        await self._cache.delete(ours)
        return user

    async def start_session(self, user: User) -> str:
        """The secret for the cookie."""
        secret, now = self._clock.secret(), self._clock.now()
        until = now + self._settings.session_days * DAY
        await self._users.add_session(Session(fingerprint(secret), user.id, now, until))
        return secret

    async def session_user(self, secret: str) -> User | None:
        """The user of a live session, which is extended at most once a day."""
        key = fingerprint(secret)
        found = await self._sessions.find(key)
        now = self._clock.now()
        if found is None or found[0].expires_at <= now:
            return None
        session, user = found
        until = now + self._settings.session_days * DAY
        if until - session.expires_at > DAY:
            await self._users.extend_session(key, until)
            await self._sessions.session_changed(key)
        return user

    async def end_session(self, secret: str) -> None:
        key = fingerprint(secret)
        await self._users.end_session(key)
        await self._sessions.session_changed(key)

    async def token_user(self, secret: str) -> tuple[Token, User] | None:
        """A token that is valid, and whose it is."""
        found = await self._users.token(fingerprint(secret))
        if found is None:
            return None
        token, _ = found
        now = self._clock.now()
        if token.used_at is None or now - token.used_at > 3600:  # an hour's precision spares a write per call
            await self._users.touch_token(token.id, now)
        return found

    async def get(self, user_id: int) -> User | None:
        return await self._users.get(user_id)

    async def by_name(self, name: str) -> User | None:
        return await self._users.by_name(name)

    async def list(self) -> list[User]:
        return await self._users.list()

    async def set_preferences(self, user_id: int, preferences: Preferences) -> None:
        await self._users.set_preferences(user_id, preferences)
        await self._sessions.user_changed(user_id)

    async def check_password(self, user: User, password: str) -> bool:
        return await self._verify(user.password_hash, password)

    async def set_password(self, user_id: int, password: str) -> None:
        """Ends all sessions of the user."""
        await self._users.set_password(user_id, await self._hash(password))
        await self._sessions.user_changed(user_id)

    async def add_token(self, user_id: int, name: str, rights: Sequence[str] = ()) -> tuple[Token, str]:
        """(token, its secret, which is stored nowhere)."""
        secret, now = "evt_" + self._clock.secret(), self._clock.now()
        return await self._users.add_token(user_id, name, fingerprint(secret), now=now, rights=rights), secret

    async def tokens(self, user_id: int) -> Sequence[Token]:
        return await self._users.tokens(user_id)

    async def remove_token(self, user_id: int, token_id: int) -> bool:
        return await self._users.remove_token(user_id, token_id)

    async def invite(self, user_id: int) -> Invitation:
        now = self._clock.now()
        invitation = Invitation(self._clock.secret()[:22], user_id, now, now + INVITATION_DAYS * DAY)
        await self._users.add_invitation(invitation)
        return invitation

    async def invitation(self, code: str) -> Invitation | None:
        """Only while it can be used."""
        found = await self._users.invitation(code)
        if found is None or found.used_by is not None or found.expires_at <= self._clock.now():
            return None
        return found

    async def remove_invitation(self, user_id: int, code: str) -> bool:
        return await self._users.remove_invitation(code, user_id)

    async def subscription_counts(self) -> dict[int, int]:
        return await self._subscriptions.counts()

    async def invitations(self, user_id: int) -> Sequence[Invitation]:
        return await self._users.invitations(user_id)
