"""What the driver sends to MongoDB, as every client of this process tells it: round trips, commands, their shapes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pymongo import monitoring

CONTROL = frozenset({"hello", "ismaster", "ping", "endSessions", "dropDatabase", "createIndexes", "killCursors"})
WRITES = frozenset({"insert", "update", "findAndModify"})  # deletions aside: what they leave somebody else put there
CHANGES = WRITES | {"delete"}
FILTERS = {"find": "filter", "count": "query", "distinct": "query", "findAndModify": "query"}


@dataclass(frozen=True)
class Shape:
    """What a command asks a collection to find: ``filter`` and ``sort`` with their values, of the first of its kind.
    ``changed``: names of fields that a write gives a value which its filter does not name."""

    collection: str
    command: str
    filter: dict[str, Any]
    sort: tuple[tuple[str, int], ...]
    one: bool = False  # a write that is for one document
    changed: frozenset[str] = frozenset()


class Watch(monitoring.CommandListener, monitoring.ConnectionPoolListener):
    """``trips``: a round trip is one or more commands that are under way together. ``commands``: how many were sent;
    ``changes``: how many of these change something. ``written``: collections that may hold something, by database."""

    def __init__(self) -> None:
        self.trips = 0
        self.commands = 0
        self.changes = 0
        self.shapes: dict[str, Shape] = {}
        self.written: defaultdict[str, set[str]] = defaultdict(set)
        self._under_way = 0

    @contextmanager
    def unseen(self) -> Iterator[None]:
        """What is sent meanwhile is no part of what is tested: it leaves no shapes."""
        shapes, self.shapes = self.shapes, {}
        yield
        self.shapes = shapes

    # ---- round trips

    def begin(self) -> None:
        """A test begins. PyMongo tells nothing of a check-out that was cancelled while it connected."""
        self._under_way = 0

    def connection_check_out_started(self, event: monitoring.ConnectionCheckOutStartedEvent) -> None:
        self.trips += self._under_way == 0
        self._under_way += 1

    def connection_check_out_failed(self, event: monitoring.ConnectionCheckOutFailedEvent) -> None:
        self._under_way = max(0, self._under_way - 1)

    def connection_checked_in(self, event: monitoring.ConnectionCheckedInEvent) -> None:
        self._under_way = max(0, self._under_way - 1)

    # ---- commands

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        if event.command_name in CONTROL:
            return
        self.commands += 1
        if event.command_name in WRITES:
            self.written[event.database_name].add(event.command[event.command_name])
        self.changes += event.command_name in CHANGES
        for shape in shapes(event.command_name, event.command):
            which = (shape.collection, shape.command, _keys(shape.filter), shape.sort, shape.one, shape.changed)
            self.shapes.setdefault(repr(which), shape)

    # ---- what else the driver tells, and nobody here needs

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None: ...
    def failed(self, event: monitoring.CommandFailedEvent) -> None: ...
    def pool_created(self, event: monitoring.PoolCreatedEvent) -> None: ...
    def pool_ready(self, event: monitoring.PoolReadyEvent) -> None: ...
    def pool_cleared(self, event: monitoring.PoolClearedEvent) -> None: ...
    def pool_closed(self, event: monitoring.PoolClosedEvent) -> None: ...
    def connection_created(self, event: monitoring.ConnectionCreatedEvent) -> None: ...
    def connection_ready(self, event: monitoring.ConnectionReadyEvent) -> None: ...
    def connection_closed(self, event: monitoring.ConnectionClosedEvent) -> None: ...
    def connection_checked_out(self, event: monitoring.ConnectionCheckedOutEvent) -> None: ...


def shapes(name: str, command: Any) -> list[Shape]:
    """What a command looks for: one for each statement of a bulk; none for inserts and the like."""
    if name in ("update", "delete"):
        return [
            _shape(
                name,
                command[name],
                each["q"],
                each.get("sort"),
                one=_is_for_one(each),
                changed=_changed(each, "q", "u"),
            )
            for each in command[name + "s"]
        ]
    if name == "aggregate":
        return [_of_pipeline(command["aggregate"], command["pipeline"])]
    if name in FILTERS:
        one = name == "findAndModify"
        changed = _changed(command, "query", "update") if one else frozenset()
        found = command.get(FILTERS[name], {})
        return [_shape(name, command[name], found, command.get("sort"), one=one, changed=changed)]
    return []


def _of_pipeline(collection: str, pipeline: list[dict[str, Any]]) -> Shape:
    """The stages that an index can serve: $match and $sort where they come first."""
    stages = iter([*pipeline, {}])
    stage = next(stages)
    found = stage.get("$match", {})
    if "$match" in stage:
        stage = next(stages)
    return _shape("aggregate", collection, found, stage.get("$sort"))


def _changed(statement: Any, which: str, what: str) -> frozenset[str]:
    """Inserts by an upsert are no changes."""
    update = statement.get(what, {})
    found = dict(statement[which])
    if not any(name.startswith("$") for name in update):
        return frozenset(name for name, value in update.items() if found.get(name, value) != value)
    given = {name: value for kind, fields in update.items() if kind != "$setOnInsert" for name, value in fields.items()}
    return frozenset(name for name, value in given.items() if name not in found or found[name] != value)


def _is_for_one(statement: dict[str, Any]) -> bool:
    return statement.get("limit") == 1 or ("u" in statement and not statement.get("multi"))


def _shape(
    name: str,
    collection: str,
    found: dict[str, Any],
    sort: dict[str, int] | None,
    *,
    one: bool = False,
    changed: frozenset[str] = frozenset(),
) -> Shape:
    return Shape(collection, name, dict(found), tuple((sort or {}).items()), one, changed)


def _keys(value: Any) -> Any:
    """A filter without its values."""
    if isinstance(value, dict):
        return {key: _keys(inner) for key, inner in sorted(value.items())}
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return [_keys(inner) for inner in value]
    return None


WATCH = Watch()
monitoring.register(WATCH)
