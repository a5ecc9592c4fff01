"""Every write of one document on MongoDB, and every query that is asked often, names its shard key. Runs last."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from reader.mappers.mongo.indexes import Index
from reader.mappers.mongo.schema import INDEXES
from reader.mappers.mongo.shards import SHARD_KEYS, WHOLE
from tests.helpers.mongo_watch import WATCH, Shape

OPERATIONS = Path(__file__).parents[3] / "docs" / "operations.md"
ROW = re.compile(r"^\| `(\w+)` \| (`.+?`) \|", re.MULTILINE)
LINE = re.compile(r"^  (\w+): \[([^]]+)\]", re.MULTILINE)
# Queries that every shard is asked, by collection and fields that are compared, and why that may be.
ASKED_EVERYWHERE = {
    "entries whose feed this process does not know": {("entry", "id")},
    "changed feeds: asked when the counter of revisions moved": {("feed", "rev"), ("feed", "$or")},
    "publishing: a process does so once at a time": {("feed", "pending")},
    "the updater: there is one": {
        ("feed", "$or lease_until next_pull_at pullable"), ("feed", "lease_until next_pull_at pullable"),
        ("feed", "lease_holder lease_until next_pull_at pullable"), ("feed", "lease_until pullable"),
        ("feed", "pullable"),
    },
    "a host asks for a pause": {("feed", "host next_pull_at pullable")},
    "people look for feeds by words": {("feed_words", "$and")},
    "figures and lists for administrators": {
        ("feed", "state"), ("feed", "_id state"), ("subscription", "rev user_id"),
    },
    "upkeep": {
        ("feed", "size"), ("flag", "entry_id"), ("flag", "entry_id kind"), ("subscription", "feed_id"),
        ("read_journal", "at"),
        ("session", "expires_at"), ("entry_words", "filled id"), ("user", "open.token"), ("user_change", "token"),
        ("subscription", "gone"), ("folder", "gone"), ("reader", "gone"),
        ("share", "removed_at story"), ("share", "story"), ("share", "removed_at wiped"), ("share", "_id parent_id"),
        ("notification", "at"), ("share", "hides"),
    },
    "two feeds become one": {("feed_alias", "feed_id")},
    "an account is removed": {
        ("session", "user_id"), ("first_unread", "user_id"), ("reader", "user_id"), ("user", "leaving_at"),
        ("share", "user_id"), ("share", "root_id user_id"), ("share", "parent_id"), ("comment", "user_id"),
        ("liking", "user_id"), ("notification", "actor_id"),
    },
    "a story is shared for the first time": {("entry", "story")},
    "whether what a pull brought is shared anywhere: stories alone, from an index": {("copy", "story")},
    "one share by its number, as somebody opens it, likes it or says something; those above it in its chain": {
        ("share", "_id"), ("share", "_id user_id"), ("share", "_id removed_at user_id"),
        ("share", "_id removed_at user_id wiped"), ("share", "_id removed_at"),
        ("share", "_id hides"),
    },
    "the tree of a chain, when it is looked at, and what it counts, when somebody passes a share on": {
        ("share", "root_id"),
    },
    "somebody shares a story: whether the stream has it": {
        ("share", "removed_at story stream_id"), ("share", "story stream_id"),
    },
    "a stream is removed, or comes back": {("share", "removed_at stream_id"), ("share", "hides stream_id")},
    "the newest shares of all, for suggestions": {("share", "_id created_at passed"),
        ("share", "_id passed removed_at wiped")},
    "a comment by its number, when it is answered or deleted": {("comment", "_id")},
    "what is told of a comment that is deleted": {("notification", "comment_id")},
    "somebody takes their archive": {
        ("comment", "_id user_id"), ("liking", "share_id user_id"),
    },
    "an account becomes private or public": {("user", "turning.at"), ("user", "_id private")},
    "copies": {("user_name", "making.user._id")},
}  # fmt: skip
# Copies and backups read all of a collection in order of _id, and what belongs to some rows by their ids.
COPIED = {"", "_id"}


def names_shard_key(shape: Shape) -> bool:
    return _names(SHARD_KEYS[shape.collection], shape.filter)


def _names(key: str, found: dict[str, Any]) -> bool:
    if "$or" in found and key not in found:
        return all(_names(key, each) for each in found["$or"])
    value = found.get(key)
    return value is not None and (not isinstance(value, dict) or bool(value.keys() & {"$eq", "$in"}))


def fields(shape: Shape) -> str:
    return " ".join(sorted(shape.filter))


def test_every_write_of_one_document_names_its_shard() -> None:
    assert len(WATCH.shapes) > 50, "the suite ran on MongoDB before"
    sharded = [shape for shape in WATCH.shapes.values() if shape.collection in SHARD_KEYS]
    lost = [f"{s.collection}.{s.command} {fields(s)}" for s in sharded if s.one and not names_shard_key(s)]
    assert not lost, "\n".join(lost)


def test_what_asks_every_shard_has_its_reason() -> None:
    sharded = [shape for shape in WATCH.shapes.values() if shape.collection in SHARD_KEYS and not shape.one]
    everywhere = {(s.collection, fields(s)) for s in sharded if s.command != "count" and not names_shard_key(s)}
    known = set().union(*ASKED_EVERYWHERE.values())
    new = sorted(f"{where}: {what}" for where, what in everywhere - known if what not in COPIED)
    assert not new, "\n".join(new)
    assert known <= everywhere, "asked no more"


def test_what_decides_never_changes() -> None:
    """MongoDB refuses it for several documents at once, and moves single ones only in a transaction."""
    sharded = [shape for shape in WATCH.shapes.values() if shape.collection in SHARD_KEYS]
    moved = [f"{s.collection}.{s.command} {fields(s)}" for s in sharded if SHARD_KEYS[s.collection] in s.changed]
    assert not moved, "\n".join(moved)


def test_every_collection_has_its_place() -> None:
    whole = [name for names in WHOLE.values() for name in names]
    assert len(whole) == len(set(whole)) and not SHARD_KEYS.keys() & {*whole}
    used = {shape.collection for shape in WATCH.shapes.values()} | {index.collection for index in INDEXES}
    assert used - {"copying"} == {*SHARD_KEYS, *whole} - {"copying"}


@pytest.mark.parametrize("index", [i for i in INDEXES if i.unique], ids=lambda i: f"{i.collection}:{i.name}")
def test_a_unique_index_begins_with_what_decides(index: Index) -> None:
    """Else MongoDB refuses to shard the collection. (The one of _id it keeps within each shard.)"""
    deciding = SHARD_KEYS.get(index.collection)
    assert deciding is None or index.keys[0][0] == deciding


def test_the_manual_says_how_it_is_set_up() -> None:
    manual = OPERATIONS.read_text()
    assert manual.count("shardCollection(") == 1, "one list"
    told = {name: key for key, names in ROW.findall(manual) for name in re.findall(r"`(\w+)`", names)}
    assert told == SHARD_KEYS
    set_up = {name: key for key, names in LINE.findall(manual) for name in re.findall(r'"(\w+)"', names)}
    assert set_up == SHARD_KEYS
    for reason, names in WHOLE.items():
        for name in names:
            assert f"`{name}`" in manual, f"{name}: {reason}"
