"""Every write of one document on MongoDB, and every query that is asked often, names its shard key. Runs last."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from reader.mappers.mongo.shards import SHARD_KEYS
from tests.helpers.mongo_watch import WATCH, Shape

OPERATIONS = Path(__file__).parents[3] / "docs" / "operations.md"
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
    },
    "two feeds become one": {("feed_alias", "feed_id")},
    "an account is removed": {
        ("session", "user_id"), ("first_unread", "user_id"), ("reader", "user_id"), ("user", "leaving_at"),
    },
    "a story is shared for the first time": {("entry", "story")},
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


def test_the_manual_says_how_it_is_set_up() -> None:
    lines = re.findall(r'^sh\.shardCollection\("evantr\.(\w+)", \{ (\w+): "hashed" \}\)$', OPERATIONS.read_text(), re.M)
    assert dict(lines) == SHARD_KEYS
