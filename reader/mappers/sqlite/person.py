"""What a person's row looks like to every statement about people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reader.models.people import Person

PERSON = "user.id, user.name, user.about, user.private, user.talk, user.created_at"
HERE = "user.leaving_at IS NULL"


def as_person(row: Sequence[Any]) -> Person:
    """The first columns of a row that begins with PERSON."""
    return Person(row[0], row[1], row[2], bool(row[3]), row[4], row[5])
