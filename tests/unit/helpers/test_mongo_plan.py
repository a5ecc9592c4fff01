"""The judge of indexes can say no."""

from __future__ import annotations

from typing import Any

import pytest

from reader.mappers.mongo.indexes import Index
from tests.helpers.mongo_plan import serving
from tests.helpers.mongo_watch import Shape

NAMED = Index("c", (("a", 1), ("at", -1), ("b", 1)))
UNIQUE = Index("c", (("u", 1),), unique=True)
SPARSE = Index("c", (("s", 1),), sparse=True)


def served(found: dict[str, Any], *sort: tuple[str, int]) -> bool:
    return serving(Shape("c", "find", found, sort), [NAMED, UNIQUE, SPARSE]) is not None


@pytest.mark.parametrize(
    ("found", "sort"),
    [
        ({"_id": 1, "z": 2}, []),  # one document: what else is asked is looked at in it
        ({"u": {"$in": [1, 2]}, "z": {"$gt": 2}}, []),
        ({"a": 1}, []),
        ({"a": 1}, [("at", -1)]),
        ({"a": 1}, [("at", 1)]),
        ({"a": {"$in": [1, 2]}, "b": {"$gt": 3}}, [("at", -1)]),
        ({"a": 1, "at": {"$lte": 5}, "$or": [{"at": {"$lt": 5}}, {"b": {"$lt": 1}}]}, [("at", -1)]),
        ({"a": 1, "z": {"$regex": "x"}}, []),
        ({"$or": [{"a": 1}, {"u": 2}]}, []),
        ({}, [("_id", -1)]),
        ({"s": {"$gt": 0}}, []),
    ],
)
def test_served(found: dict[str, Any], sort: list[tuple[str, int]]) -> None:
    assert served(found, *sort)


@pytest.mark.parametrize(
    ("found", "sort"),
    [
        ({}, []),
        ({"z": 1}, []),
        ({"a": 1, "z": 1}, []),  # a field that is compared and not in the index
        ({"at": 1}, []),  # not the first of the index
        ({"at": {"$gt": 1}}, []),
        ({"a": 1}, [("b", 1)]),  # another order than the index has
        ({"a": {"$gt": 1}}, [("at", -1)]),  # a range before the sort
        ({"a": 1}, [("at", -1), ("b", -1)]),  # directions that the index has neither forwards nor backwards
        ({"$or": [{"a": 1}, {"z": 2}]}, []),  # one branch would read everything
        ({}, [("s", 1)]),  # a sparse index lacks documents
        ({"z": {"$regex": "x"}}, []),
    ],
)
def test_not_served(found: dict[str, Any], sort: list[tuple[str, int]]) -> None:
    assert not served(found, *sort)


def test_an_operator_that_nobody_thought_of_is_asked_about() -> None:
    with pytest.raises(AssertionError, match=r"\$near"):
        served({"a": {"$near": 1}})
