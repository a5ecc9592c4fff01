"""Whether a declared index serves what a command looks for. It stands in for MongoDB's explain, which the stand-in for
MongoDB lacks, and is stricter: every field that is compared has to be in the index, equality first, then the sort, then
ranges (mongodb.com/docs, "The ESR Guideline")."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from reader.mappers.mongo.indexes import Index
from tests.helpers.mongo_watch import Shape

EQUAL = frozenset({"$eq", "$in", "$all"})
RANGE = frozenset({"$gt", "$gte", "$lt", "$lte", "$elemMatch"})
LOOKED_AT = frozenset({"$regex", "$ne", "$nin", "$not", "$exists"})  # no index narrows these: documents are looked at
GROUPS = frozenset({"$or", "$nor", "$and"})


@dataclass
class Needs:
    """Fields of a filter by how they are compared. ``looked_at``: something is left that no index can decide."""

    equal: set[str] = field(default_factory=set)
    ranged: set[str] = field(default_factory=set)
    looked_at: bool = False
    either: list[dict[str, Any]] = field(default_factory=list)


def needs(found: dict[str, Any]) -> Needs:
    out = Needs()
    for name, value in _conditions(found):
        if name == "$or" and not out.either:
            out.either = value
        elif name in GROUPS:
            out.looked_at = True
        elif isinstance(value, dict) and any(key.startswith("$") for key in value):
            unknown = value.keys() - EQUAL - RANGE - LOOKED_AT
            assert not unknown, f"{name}: how does an index serve {unknown}?"
            if value.keys() & EQUAL:
                out.equal.add(name)
            elif value.keys() & RANGE:
                out.ranged.add(name)
            out.looked_at |= bool(value.keys() & LOOKED_AT)
        else:
            out.equal.add(name)
    out.ranged -= out.equal
    return out


def _conditions(found: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in found.items():
        if name == "$and":
            for inner in value:
                yield from _conditions(inner)
        else:
            yield name, value


def serving(shape: Shape, indexes: Iterable[Index]) -> Index | None:
    """The index that serves it, or None. An alternative ("$or") beside other conditions is looked at in the documents
    that those find; alone, each of its branches needs an index."""
    mine = [index for index in indexes if index.collection == shape.collection]
    mine.append(Index(shape.collection, (("_id", 1),), unique=True))
    wanted = needs(shape.filter)
    if wanted.either and not (wanted.equal or wanted.ranged):
        branches = [Shape(shape.collection, shape.command, branch, shape.sort) for branch in wanted.either]
        served = [serving(branch, indexes) for branch in branches]
        return served[0] if all(served) else None
    return next((index for index in mine if _serves(index, wanted, shape.sort)), None)


def _serves(index: Index, wanted: Needs, sort: Sequence[tuple[str, int]]) -> bool:
    names = [name for name, _ in index.keys]
    if index.unique and set(names) <= wanted.equal:
        return True  # one document for each value: the rest is looked at in that
    if index.sparse and not (set(names) & (wanted.equal | wanted.ranged)):
        return False  # it lacks documents
    if not (wanted.equal or wanted.ranged or sort):
        return False
    lead = 0
    while lead < len(names) and names[lead] in wanted.equal:
        lead += 1
    if not wanted.equal <= set(names[:lead]):
        return False
    rest = [*index.keys][lead:]
    if not _sorted_by(rest, [each for each in sort if each[0] not in wanted.equal]):
        return False
    left = [name for name in wanted.ranged if name not in names[:lead]]
    if not all(name in names for name in left):
        return False
    # Without equality and sort a range has to bound the index itself.
    return bool(lead or sort) or (not left or names[0] in left)


def _sorted_by(keys: Sequence[tuple[str, int]], sort: Sequence[tuple[str, int]]) -> bool:
    """Whether index keys in this order, read forwards or backwards, are in the order of the sort."""
    if [name for name, _ in sort] != [name for name, _ in keys[: len(sort)]]:
        return False
    return len({mine * theirs for (_, mine), (_, theirs) in zip(keys, sort, strict=False)}) <= 1
