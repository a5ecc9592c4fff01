"""Records of a copy as documents, and back.

A document holds the fields of its record by their names, but for the one that is its ``_id``. What differs stands here,
kind by kind: keys made of several fields, fields that follow from others, and documents that are no rows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reader.mappers.copying import Kind
from reader.mappers.keys import uid_hash
from reader.mappers.mongo import entry_documents, first, flags, sharing, shelf_documents
from reader.mappers.mongo.engine import Document
from reader.mappers.mongo.feed_search import words_of
from reader.mappers.mongo.import_documents import item_key
from reader.mappers.mongo.person import approval_key, relation_key
from reader.mappers.mongo.readers import reader_key
from reader.mappers.mongo.schedule import pull_key
from reader.mappers.mongo.share_documents import copy_key
from reader.mappers.mongo.stream_sources import source_key
from reader.mappers.mongo.talk import liking_key
from reader.models.share import Copy, is_stream_url

Values = dict[str, Any]

# Kinds of several keys → their ``_id``.
IDS: dict[str, Callable[[Values], Any]] = {
    "feed_move": lambda v: pull_key(v["feed_id"], v["at"]),
    "pull": lambda v: pull_key(v["feed_id"], v["at"]),
    "entry": lambda v: _place(v["feed_id"], v["seq"], v["id"]),
    "tombstone": lambda v: entry_documents.tombstone_key(v["feed_id"], v["uid_hash"]),
    "subscription": lambda v: shelf_documents.key(v["user_id"], v["feed_id"]),
    "first_unread": lambda v: first.first_key(v["feed_id"], v["user_id"]),
    "read_journal": lambda v: shelf_documents.journal_key(v["user_id"], v["rev"], v["number"]),
    "flag": lambda v: flags.key(v["user_id"], v["kind"].removeprefix(sharing.WITHDRAWN), v["entry_id"]),
    "job_owner": lambda v: f"{v['user_id']}:{v['key']}",
    "queue_setting": lambda v: f"{v['queue']}/{v['name']}",
    "history": lambda v: f"{float(v['at'])!r}/{v['holder']}",
    "import_item": lambda v: item_key(v["import_id"], v["number"]),
    "stream_source": lambda v: source_key(v["stream_id"], v["feed_id"]),
    "copy": lambda v: copy_key(Copy(v["story"], v["entry_id"], v["feed_id"], v["seq"])),
    "approval": lambda v: approval_key(v["owner_id"], v["user_id"]),
    "relation": lambda v: relation_key(v["user_id"], v["other_id"], v["kind"]),
    "liking": lambda v: liking_key(v["share_id"], v["user_id"]),
}
ID_FIELD = {"token": "token_hash"}  # where it is not the key


def owner_of(url: str) -> int | None:
    """Whose stream a feed is, by its address (models: stream_url)."""
    parts = url.split("/")
    return int(parts[2]) if is_stream_url(url) and len(parts) > 2 and parts[2].isdigit() else None


def documents(kind: Kind, values: Values) -> list[tuple[str, Document]]:
    """The documents of a record, each with its collection."""
    make = TO.get(kind.name)
    if make is not None:
        return make(values)
    return [(kind.name, plain(kind.name, kind.key, values))]


def plain(name: str, key: tuple[str, ...], values: Values) -> Document:
    if name in IDS:
        return {"_id": IDS[name](values), **values}
    id_field = ID_FIELD.get(name, key[0])
    return {"_id": values[id_field], **{field: value for field, value in values.items() if field != id_field}}


def of_document(kind: Kind, stored: Document, besides: dict[Any, Document]) -> Values | None:
    """The values of a record; None for a document that is no row."""
    if kind.name not in IDS:
        stored = stored | {ID_FIELD.get(kind.name, kind.key[0]): stored["_id"]}
    change = FROM.get(kind.name)
    return change(stored, besides) if change else stored


# ---- to documents


def _user(v: Values) -> list[tuple[str, Document]]:
    key = v["name"].casefold()
    user = plain("user", ("id",), v) | {"name_key": key, "epoch": 0}
    if user["leaving_at"] is None:
        del user["leaving_at"]
    return [("user_name", {"_id": key, "user_id": v["id"]}), ("user", user)]


def _session(v: Values) -> list[tuple[str, Document]]:
    return [("session", plain("session", ("token_hash",), v) | {"epoch": 0})]


def _token(v: Values) -> list[tuple[str, Document]]:
    return [("token", plain("token", ("id",), v) | {"rights": v["rights"].split()})]


def _feed(v: Values) -> list[tuple[str, Document]]:
    pullable = v["kind"] == "site" and v["state"] != "gone"
    feed = plain("feed", ("id",), v) | {"pullable": pullable, "size": v["seq"] - v["floor"]}
    if v["kind"] == "stream":
        owned = feed | {"user_id": owner_of(v["url"]), "written": 0}
        return [("feed_alias", {"_id": v["url"], "feed_id": v["id"]}), ("feed", owned)]
    words = {"_id": v["id"], **words_of(v["title"], v["url"], v["site_url"])}
    return [("feed_alias", {"_id": v["url"], "feed_id": v["id"]}), ("feed_words", words), ("feed", feed)]


def _share(v: Values) -> list[tuple[str, Document]]:
    """Its path is added by who knows the shares above."""
    return [("share", plain("share", ("id",), v) | {"written": 0, "passed": v["parent_id"] is not None})]


def _stream(v: Values) -> list[tuple[str, Document]]:
    return [("stream", plain("stream", ("id",), v) | {"written": 0})]


def _entry(v: Values) -> list[tuple[str, Document]]:
    """Token 0: any pull may write over it."""
    key = _place(v["feed_id"], v["seq"], v["id"])
    entry = {field: value for field, value in v.items() if field not in ("keys", "changes")}
    seen = ("id", "feed_id", "seq", "sort_at", "arrived_at", "uid", "digest", "keys", "changes", "published_at",
            "updated_at")  # fmt: skip
    trace = {field: v[field] for field in seen} | {"uid_hash": uid_hash(v["uid"])}
    return [("trace", {"_id": key, **trace, "token": 0}), ("entry", {"_id": key, **entry, "token": 0})]


def _place(feed_id: int, seq: int, entry_id: int) -> str:
    return entry_documents.key(feed_id, seq) if seq else entry_documents.kept_key(feed_id, entry_id)


def _folder(v: Values) -> list[tuple[str, Document]]:
    return [("folder", plain("folder", ("id",), v) | {"written": 0})]


def _subscription(v: Values) -> list[tuple[str, Document]]:
    at = {"_id": reader_key(v["feed_id"], v["user_id"]), "feed_id": v["feed_id"], "user_id": v["user_id"]}
    return [
        ("reader", at | {"written": v["rev"]}),
        ("subscription", plain("subscription", (), v) | {"written": v["rev"]}),
    ]


def _journal(v: Values) -> list[tuple[str, Document]]:
    return [("read_journal", plain("read_journal", (), v) | {"written": v["rev"]})]


def _job(v: Values) -> list[tuple[str, Document]]:
    job = plain("job", ("key",), v)
    if job["finished_at"] is None:
        del job["finished_at"]
    return [("job", job)]


def _setting(v: Values) -> list[tuple[str, Document]]:
    return [("queue_setting", plain("queue_setting", (), v) | {"rev": 0})]


def _audit(v: Values) -> list[tuple[str, Document]]:
    line = plain("audit", ("id",), v)
    line["user"] = line.pop("user_name")
    return [("audit", line)]


def _item(v: Values) -> list[tuple[str, Document]]:
    return [("import_item", plain("import_item", (), v) | {"planted": v["feed_id"] is not None})]


TO: dict[str, Callable[[Values], list[tuple[str, Document]]]] = {
    "user": _user, "session": _session, "token": _token, "feed": _feed, "entry": _entry, "folder": _folder,
    "subscription": _subscription, "read_journal": _journal, "job": _job, "queue_setting": _setting, "audit": _audit,
    "import_item": _item, "share": _share, "stream": _stream,
}  # fmt: skip


# ---- from documents


def _of_user(v: Values, _: dict[Any, Document]) -> Values:
    return v | {"leaving_at": v.get("leaving_at")}


def _of_session(v: Values, users: dict[Any, Document]) -> Values | None:
    user = users.get(v["user_id"])
    return v if user is not None and user["epoch"] == v["epoch"] else None


def _of_token(v: Values, _: dict[Any, Document]) -> Values:
    return v | {"rights": " ".join(v["rights"])}


def _of_alias(v: Values, feeds: dict[Any, Document]) -> Values | None:
    """A feed's own URL is in the feed; a claim without a feed is nothing."""
    feed = feeds.get(v["feed_id"])
    return v if feed is not None and feed["url"] != v["url"] else None


def _of_entry(v: Values, besides: dict[Any, Document]) -> Values | None:
    feed = besides.get(v["feed_id"])
    if feed is None or v["seq"] > feed["seq"]:
        return None
    trace = besides.get(v["_id"], {})
    return v | {"keys": trace.get("keys", b""), "changes": trace.get("changes", 0)}


def _of_child(v: Values, _: dict[Any, Document]) -> Values | None:
    return None if "gone" in v else v


def _of_job(v: Values, _: dict[Any, Document]) -> Values:
    return v | {"finished_at": v.get("finished_at")}


def _of_setting(v: Values, _: dict[Any, Document]) -> Values | None:
    return v if v["value"] is not None else None


def _of_audit(v: Values, _: dict[Any, Document]) -> Values:
    return v | {"user_name": v["user"]}


FROM: dict[str, Callable[[Values, dict[Any, Document]], Values | None]] = {
    "user": _of_user, "session": _of_session, "token": _of_token, "feed_alias": _of_alias, "entry": _of_entry,
    "folder": _of_child, "stream": _of_child, "subscription": _of_child,
    "job": _of_job, "queue_setting": _of_setting, "audit": _of_audit,
}  # fmt: skip
