"""Imports as documents: ``import``, and an ``import_item`` ("import:number") for each place in the file.

``planted``: the item has its feed and subscription. A subscription that an import made bears ``made_by``, the ``_id``
of its item, and a folder ``made_by``, the import's id: so what a dead process made is known as the import's, even if
it did not come to note it. Unsubscribing and subscribing anew leaves no such mark.
"""

from __future__ import annotations

from reader.mappers.mongo.engine import Document
from reader.mappers.mongo.indexes import Index
from reader.models.imports import Import, ImportItem, Replacement

INDEXES = (
    Index("import", (("user_id", 1), ("state", 1), ("_id", -1))),
    Index("import", (("state", 1), ("_id", 1))),
    Index("import", (("state", 1), ("created_at", 1))),
    Index("import_item", (("import_id", 1), ("state", 1), ("planted", 1), ("number", 1))),
    Index("import_item", (("import_id", 1), ("kind", 1), ("number", 1))),
    Index("import_item", (("import_id", 1), ("number", 1))),
)
ITEM = (
    "number", "line", "kind", "chosen", "state", "url", "title", "html_url", "folders", "reason", "settled", "feed_id",
    "looking", "found", "since",
)  # fmt: skip
FINAL = ("done", "cancelled", "undone")
SHOWN = ("preview", "running", "paused", *FINAL)


def item_key(import_id: int, number: int) -> str:
    return f"{import_id}:{number}"


def import_of(stored: Document) -> Import:
    return Import(
        stored["_id"], stored["user_id"], stored["name"], stored["state"], stored["created_at"], stored["started_at"],
        stored["finished_at"], stored["resumed_at"], stored["resumed_count"], tuple(stored["folders"]),
    )  # fmt: skip


def item_of(stored: Document) -> ImportItem:
    values = {name: stored[name] for name in ITEM}
    values["folders"] = tuple(values["folders"])
    values["found"] = tuple(Replacement(*each) for each in values["found"])
    return ImportItem(**values)


def blank(user_id: int, name: str, now: float) -> Document:
    """A new import without its id."""
    return {
        "user_id": user_id, "name": name, "state": "filling", "created_at": now, "started_at": None,
        "finished_at": None, "resumed_at": None, "resumed_count": 0, "folders": [],
    }  # fmt: skip


def added(import_id: int, item: ImportItem) -> Document:
    """An item as the file has it: nothing was done with it yet."""
    return {
        "import_id": import_id, "number": item.number, "line": item.line, "kind": item.kind, "chosen": item.chosen,
        "state": item.state, "url": item.url, "title": item.title, "html_url": item.html_url,
        "folders": list(item.folders), "reason": item.reason, "settled": False, "feed_id": None, "looking": None,
        "found": [], "since": None, "planted": False, "made_rev": None,
    }  # fmt: skip
