"""Live settings of queues and the audit of what operators changed.

The audit line is the change: it is inserted with the new value as ``pending``, then the value is put into
``queue_setting`` and the mark goes. Whoever reads the settings first does what a dead process left pending. Lines are
numbered without holes, each by the insert itself, so that nobody sees number 6 before number 5: the highest number is
the revision of the settings.
"""

from __future__ import annotations

from contextlib import suppress

from pymongo.errors import DuplicateKeyError

from reader.mappers.errors import StoreError
from reader.mappers.mongo.engine import ALL, Document, Engine
from reader.mappers.mongo.indexes import Index
from reader.mappers.mongo.patience import ATTEMPTS, pause
from reader.models.operations import AuditLine

INDEXES = (Index("audit", (("pending_id", 1),), sparse=True),)


async def rev(engine: Engine) -> int:
    """The revision: number of the newest line."""
    newest = await engine.db.audit.find_one({}, {"_id": 1}, sort=[("_id", -1)])
    return newest["_id"] if newest else 0


async def in_force(engine: Engine) -> tuple[int, dict[tuple[str, str], float]]:
    """(revision, {(queue, name): value}). A value may be newer than the revision, never older."""
    at = await rev(engine)
    await _finish(engine)
    values: dict[tuple[str, str], float] = {}
    async for stored in engine.db.queue_setting.find({}, batch_size=1000):
        if stored["value"] is not None:
            values[stored["queue"], stored["name"]] = stored["value"]
    return at, values


async def change(engine: Engine, line: AuditLine, setting: Document | None) -> None:
    """Adds a line, and with ``setting`` ({queue, name, value}) makes its change."""
    stored: Document = {
        "at": line.at,
        "user_id": line.user_id,
        "user": line.user,
        "what": line.what,
        "before": line.before,
        "after": line.after,
    }
    for attempt in range(ATTEMPTS):
        number = await rev(engine) + 1
        pending = {"pending": setting, "pending_id": number} if setting else {}
        try:
            await engine.db.audit.insert_one({"_id": number, **stored, **pending})
        except DuplicateKeyError:  # somebody else's line has this number
            await pause(attempt)
            continue
        await _finish(engine)
        return
    raise StoreError("The change could not be made: others kept being quicker.")


async def _finish(engine: Engine) -> None:
    """Makes the changes that are pending, in order. Idempotent: a setting knows the number of its last change."""
    pending = engine.db.audit.find({"pending_id": {"$gt": 0}}, {"pending": 1}, batch_size=ALL).sort("pending_id", 1)
    for line in await pending.to_list():
        setting, number = line["pending"], line["_id"]
        which = {"_id": f"{setting['queue']}/{setting['name']}", "rev": {"$lt": number}}
        with suppress(DuplicateKeyError):  # then it was changed by this line or a later one
            await engine.db.queue_setting.update_one(which, {"$set": {**setting, "rev": number}}, upsert=True)
        await engine.db.audit.update_one({"_id": number}, {"$unset": {"pending": "", "pending_id": ""}})


async def audit(engine: Engine, before: int | None, limit: int) -> list[AuditLine]:
    """The newest lines first."""
    which = {} if before is None else {"_id": {"$lt": before}}
    found = engine.db.audit.find(which, batch_size=limit + 1).sort("_id", -1).limit(limit)
    return [
        AuditLine(line["_id"], line["at"], line["user_id"], line["user"], line["what"], line["before"], line["after"])
        async for line in found
    ]


async def trim(engine: Engine, keep: int) -> int:
    """Keeps the newest lines, and one in any case: its number is the revision."""
    last = await rev(engine) - max(keep, 1)
    return (await engine.db.audit.delete_many({"_id": {"$lte": last}})).deleted_count
