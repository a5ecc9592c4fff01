"""How an account comes into being: names are taken once, one administrator is the first, and nothing stays half made.

A name is a document of its own: a collection that is spread over several machines by the user's id can have no unique
index over names. The name is inserted first, with the whole account in it as ``making``: from then on the account will
be there, whoever dies. Whoever meets a name with ``making`` finishes it. The claim to be administrator is a document
of which there can be only one.
"""

from __future__ import annotations

from pymongo.errors import DuplicateKeyError

from reader.errors import Conflict
from reader.mappers.mongo.engine import Document, Engine
from reader.models.people import name_digest

ADMINISTRATOR = "administrator"


async def create(engine: Engine, name: str, password_hash: str, now: float, *, claims: bool, alone: bool) -> Document:
    """The new account's document. ``claims``: it becomes administrator if there is none; ``alone``: it becomes the
    administrator or nothing. Raises Conflict."""
    if alone and await engine.db.user_name.find_one({}, {"_id": 1}):
        raise Conflict("There is an account already.")
    key = name.casefold()
    if await engine.db.reserved_name.find_one({"_id": name_digest(name)}, {"_id": 1}):
        raise Conflict("This name is taken.")
    user: Document = {
        "_id": await engine.next_id("user"),
        "name": name,
        "name_key": key,
        "admin": False,
        "password_hash": password_hash,
        "created_at": now,
        "preferences": {},
        "epoch": 0,  # sessions of an earlier one have ended
        "rev": 1,
        "shape_rev": 1,
        "journal_floor": 0,
        "about": "",
        "private": False,
        "talk": "all",
    }
    making = {"user": user, "claims": claims, "alone": alone}
    try:
        await engine.db.user_name.insert_one({"_id": key, "user_id": user["_id"], "making": making})
    except DuplicateKeyError:
        await of_name(engine, key)
        raise Conflict("There is an account already." if alone else "This name is taken.") from None
    made = await _finish(engine, key, making)
    if made is None:
        raise Conflict("There is an account already.")
    return made


async def of_name(engine: Engine, key: str) -> int | None:
    """Id of the account of that name (case folded), which is finished where its maker died."""
    stored = await engine.db.user_name.find_one({"_id": key})
    if stored is None:
        return None
    if "making" in stored and await _finish(engine, key, stored["making"]) is None:
        return None
    user_id: int = stored["user_id"]
    return user_id


async def _finish(engine: Engine, key: str, making: Document) -> Document | None:
    """Makes the account whose name is taken; None if it is to be administrator and another one is. Idempotent."""
    user: Document = making["user"]
    mine = {"_id": key, "user_id": user["_id"]}
    if (making["claims"] or making["alone"]) and await _claim(engine, user["_id"]):
        user = user | {"admin": True}
    elif making["alone"]:
        await engine.db.user_name.delete_one(mine | {"making.alone": True})
        return None
    await engine.db.user.update_one({"_id": user["_id"]}, {"$setOnInsert": user}, upsert=True)
    await engine.db.user_name.update_one(mine, {"$unset": {"making": ""}})
    return user


async def _claim(engine: Engine, user_id: int) -> bool:
    try:
        await engine.db.claim.insert_one({"_id": ADMINISTRATOR, "user_id": user_id})
    except DuplicateKeyError:
        return await engine.db.claim.find_one({"_id": ADMINISTRATOR, "user_id": user_id}) is not None
    return True
