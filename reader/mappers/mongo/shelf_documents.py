"""What a user has, as documents: subscription ("user:feed"), folder (its id), read_journal ("user:rev:number").

All are children of the user's document and change by changes.py alone. ``written`` is the user's revision that wrote a
child last. A subscription or folder that is gone has nothing but that, so no query for a feed, a revision or a position
finds it.
"""

from __future__ import annotations

from collections.abc import Sequence

from reader.mappers.bitmaps import pack
from reader.mappers.mongo.changes import Draft
from reader.mappers.mongo.engine import ALL, Document, Engine
from reader.mappers.mongo.indexes import Index
from reader.models.subscription import Folder, ReadChange, Subscription

INDEXES = (
    Index("subscription", (("user_id", 1), ("rev", 1))),
    Index("subscription", (("user_id", 1), ("folder_id", 1), ("position", 1))),
    Index("subscription", (("feed_id", 1), ("user_id", 1))),
    Index("folder", (("user_id", 1), ("position", 1))),
    Index("read_journal", (("user_id", 1), ("rev", 1), ("number", 1))),
    Index("read_journal", (("at", 1),)),
    Index("first_unread", (("feed_id", 1),)),
)
SUBSCRIPTION = (
    "user_id", "feed_id", "folder_id", "title", "position", "read", "rev", "created_rev", "created_at", "muted",
)  # fmt: skip
FOLDER = ("user_id", "title", "position", "open", "parent_id")
WHOLE = {"_id": 0, **dict.fromkeys(SUBSCRIPTION, 1)}


def key(user_id: int, feed_id: int) -> str:
    """The ``_id`` of a subscription."""
    return f"{user_id}:{feed_id}"


def journal_key(user_id: int, rev: int, number: int) -> str:
    return f"{user_id}:{rev}:{number}"


def subscription_of(stored: Document) -> Subscription:
    return Subscription(*[stored[name] for name in SUBSCRIPTION])


def folder_of(stored: Document) -> Folder:
    return Folder(stored["_id"], *[stored[name] for name in FOLDER])


async def subscription(engine: Engine, user_id: int, feed_id: int) -> Subscription | None:
    stored = await engine.db.subscription.find_one({"_id": key(user_id, feed_id), "user_id": user_id}, WHOLE)
    return subscription_of(stored) if stored and "feed_id" in stored else None


async def subscriptions(
    engine: Engine, user_id: int, feed_ids: Sequence[int], fields: Document = WHOLE
) -> dict[int, Document]:
    """Feed → the stored subscription, of those that the user has. One round trip."""
    keys = [key(user_id, feed_id) for feed_id in feed_ids]
    found = await engine.db.subscription.find(
        {"_id": {"$in": keys}, "user_id": user_id}, fields, batch_size=ALL
    ).to_list()
    return {stored["feed_id"]: stored for stored in found if "feed_id" in stored}


async def folders_of(engine: Engine, user_id: int) -> list[Folder]:
    """In their order."""
    found = (
        await engine.db.folder.find({"user_id": user_id, "position": {"$gte": 0}}, batch_size=ALL)
        .sort("position", 1)
        .to_list()
    )
    return sorted(map(folder_of, found), key=lambda each: (each.position, each.id))


def put_subscription(draft: Draft, made: Subscription) -> None:
    """Stores a subscription as it is."""
    fields = {name: getattr(made, name) for name in SUBSCRIPTION}
    draft.put("subscription", key(made.user_id, made.feed_id), fields)


def write_journal(draft: Draft, changes: Sequence[ReadChange], now: float) -> None:
    """Notes what is applied at the draft's revision, in order."""
    for number, change in enumerate(changes):
        row = {
            "user_id": draft.user_id, "rev": draft.rev, "number": number, "feed_id": change.feed_id, "at": now,
            "added": pack(change.add), "removed": pack(change.remove),
        }  # fmt: skip
        draft.put("read_journal", journal_key(draft.user_id, draft.rev, number), row)
