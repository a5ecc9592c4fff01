"""People as documents to each other: profiles are in ``user``; ``approval`` ("owner:user"), ``relation``
("user:other:kind")."""

from __future__ import annotations

from reader.mappers.mongo.engine import Document
from reader.mappers.mongo.indexes import Index
from reader.models.people import Person, RelationKind

INDEXES = (
    Index("approval", (("owner_id", 1), ("state", 1), ("user_id", -1))),
    Index("approval", (("user_id", 1), ("state", 1))),
    Index("approval", (("state", 1), ("_id", 1))),
    Index("relation", (("user_id", 1), ("kind", 1), ("other_id", -1))),
    Index("relation", (("other_id", 1), ("kind", 1))),
    Index("relation", (("kind", 1), ("_id", 1))),
    Index("user", (("leaving_at", 1),), sparse=True),
)
HERE: Document = {"leaving_at": None}  # who is being removed counts as absent
PERSON = {"name": 1, "about": 1, "private": 1, "talk": 1, "created_at": 1}


def person_of(stored: Document) -> Person:
    return Person(
        stored["_id"], stored["name"], stored["about"], stored["private"], stored["talk"], stored["created_at"]
    )


def approval_key(owner_id: int, user_id: int) -> str:
    return f"{owner_id}:{user_id}"


def relation_key(user_id: int, other_id: int, kind: RelationKind) -> str:
    return f"{user_id}:{other_id}:{kind}"
