"""People, sessions, tokens and invitations on MongoDB. How accounts are made is in accounts.py."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from pymongo.errors import DuplicateKeyError

from reader.errors import Conflict, NotFound
from reader.mappers.mongo import accounts
from reader.mappers.mongo.engine import ALL, Document, Engine, guarded
from reader.mappers.mongo.indexes import Index
from reader.mappers.mongo.person import HERE
from reader.models.user import Invitation, Preferences, Session, Token, User

INDEXES = (
    Index("user_name", (("making.user._id", 1),), sparse=True),
    Index("session", (("user_id", 1),)),
    Index("session", (("expires_at", 1),)),
    Index("token", (("user_id", 1), ("id", 1))),
    Index("token", (("id", 1),)),
    Index("invitation", (("created_by", 1), ("created_at", 1), ("_id", 1))),
)
PREFERENCES = frozenset(each.name for each in dataclasses.fields(Preferences))


def _user(stored: Document) -> User:
    """Preferences that a newer or older version wrote and this one does not know are left out."""
    known = {name: value for name, value in stored["preferences"].items() if name in PREFERENCES}
    return User(
        stored["_id"],
        stored["name"],
        stored["admin"],
        stored["password_hash"],
        stored["created_at"],
        Preferences(**known),
    )


def _session(stored: Document) -> Session:
    return Session(stored["_id"], stored["user_id"], stored["created_at"], stored["expires_at"])


def _token(stored: Document) -> Token:
    return Token(
        stored["id"],
        stored["user_id"],
        stored["name"],
        stored["_id"],
        stored["created_at"],
        stored["used_at"],
        tuple(stored["rights"]),
    )


def _invitation(stored: Document) -> Invitation:
    return Invitation(
        stored["_id"], stored["created_by"], stored["created_at"], stored["expires_at"], stored["used_by"]
    )


@guarded
class MongoUsers:
    """UserMapper."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._db = engine.db

    async def create(self, name: str, password_hash: str, *, now: float, admin_if_first: bool) -> User:
        return _user(await accounts.create(self._engine, name, password_hash, now, claims=admin_if_first, alone=False))

    async def create_first(self, name: str, password_hash: str, *, now: float) -> User:
        return _user(await accounts.create(self._engine, name, password_hash, now, claims=True, alone=True))

    async def get(self, user_id: int) -> User | None:
        stored = await self._db.user.find_one({"_id": user_id, **HERE})
        return _user(stored) if stored else None

    async def by_name(self, name: str) -> User | None:
        user_id = await accounts.of_name(self._engine, name.casefold())
        return None if user_id is None else await self.get(user_id)

    async def list(self) -> list[User]:
        """In order of ids, as the index of these has them; who is being removed is left out here: few."""
        everybody = self._db.user.find({}, batch_size=ALL).sort("_id", 1)
        return [_user(stored) async for stored in everybody if stored.get("leaving_at") is None]

    async def count(self) -> int:
        """Of the names: an account whose maker died counts, as it will be finished."""
        return await self._db.user_name.estimated_document_count()

    async def set_password(self, user_id: int, password_hash: str) -> None:
        """The epoch ends all sessions in the same write; then their documents go."""
        fields = {"$set": {"password_hash": password_hash}, "$inc": {"epoch": 1}}
        await self._db.user.update_one({"_id": user_id}, fields)
        await self._db.session.delete_many({"user_id": user_id})

    async def set_preferences(self, user_id: int, preferences: Preferences) -> None:
        await self._db.user.update_one({"_id": user_id}, {"$set": {"preferences": dataclasses.asdict(preferences)}})

    async def add_session(self, session: Session) -> None:
        user = await self._require(session.user_id)
        fields = {
            "user_id": session.user_id,
            "created_at": session.created_at,
            "expires_at": session.expires_at,
            "epoch": user["epoch"],
        }
        await self._db.session.replace_one({"_id": session.token_hash}, fields, upsert=True)

    async def session(self, token_hash: bytes) -> tuple[Session, User] | None:
        stored = await self._db.session.find_one({"_id": token_hash})
        user = await self._db.user.find_one({"_id": stored["user_id"], **HERE}) if stored else None
        if stored is None or user is None or stored["epoch"] != user["epoch"]:
            return None
        return _session(stored), _user(user)

    async def extend_session(self, token_hash: bytes, expires_at: float) -> None:
        await self._db.session.update_one({"_id": token_hash}, {"$set": {"expires_at": expires_at}})

    async def end_session(self, token_hash: bytes) -> None:
        await self._db.session.delete_one({"_id": token_hash})

    async def end_sessions_before(self, now: float) -> int:
        return (await self._db.session.delete_many({"expires_at": {"$lte": now}})).deleted_count

    async def add_token(
        self, user_id: int, name: str, token_hash: bytes, *, now: float, rights: Sequence[str] = ()
    ) -> Token:
        await self._require(user_id)
        stored: Document = {
            "_id": token_hash,
            "id": await self._engine.next_id("token"),
            "user_id": user_id,
            "name": name,
            "created_at": now,
            "used_at": None,
            "rights": [*rights],
        }
        await self._db.token.insert_one(stored)
        return _token(stored)

    async def token(self, token_hash: bytes) -> tuple[Token, User] | None:
        stored = await self._db.token.find_one({"_id": token_hash})
        user = await self.get(stored["user_id"]) if stored else None
        return (_token(stored), user) if stored and user else None

    async def touch_token(self, token_id: int, now: float) -> None:
        await self._db.token.update_one({"id": token_id}, {"$set": {"used_at": now}})

    async def tokens(self, user_id: int) -> Sequence[Token]:
        found = self._db.token.find({"user_id": user_id}, batch_size=ALL).sort("id", 1)
        return [_token(stored) async for stored in found]

    async def remove_token(self, user_id: int, token_id: int) -> bool:
        return (await self._db.token.delete_one({"user_id": user_id, "id": token_id})).deleted_count > 0

    async def add_invitation(self, invitation: Invitation) -> None:
        await self._require(invitation.created_by)
        stored = dataclasses.asdict(invitation)
        try:
            await self._db.invitation.insert_one({"_id": stored.pop("code"), **stored})
        except DuplicateKeyError:
            raise Conflict("There is an invitation of that code.") from None

    async def invitation(self, code: str) -> Invitation | None:
        stored = await self._db.invitation.find_one({"_id": code})
        return _invitation(stored) if stored else None

    async def use_invitation(self, code: str, user_id: int, now: float) -> bool:
        free = {"_id": code, "used_by": None, "expires_at": {"$gt": now}}
        return (await self._db.invitation.update_one(free, {"$set": {"used_by": user_id}})).matched_count > 0

    async def release_invitation(self, code: str, user_id: int) -> None:
        await self._db.invitation.update_one({"_id": code, "used_by": user_id}, {"$set": {"used_by": None}})

    async def remove_invitation(self, code: str, created_by: int) -> bool:
        unused = {"_id": code, "created_by": created_by, "used_by": None}
        return (await self._db.invitation.delete_one(unused)).deleted_count > 0

    async def invitations(self, created_by: int) -> Sequence[Invitation]:
        found = self._db.invitation.find({"created_by": created_by}, batch_size=ALL)
        return [_invitation(stored) async for stored in found.sort([("created_at", 1), ("_id", 1)])]

    async def _require(self, user_id: int) -> Document:
        user = await self._db.user.find_one({"_id": user_id, **HERE}, {"epoch": 1})
        if user is None:
            raise NotFound("There is no such account.")
        return user
