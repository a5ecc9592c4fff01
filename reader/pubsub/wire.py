"""Events as bytes between processes: the topic, the event's name, its fields.

Processes of two versions may run beside each other: an event that this version does not know, or whose fields do not
fit, becomes Missed, so that who gets it reads again.
"""

from __future__ import annotations

from dataclasses import fields
from typing import get_args

import orjson

from reader.events import Event, Missed

KINDS: dict[str, type[Event]] = {kind.__name__: kind for kind in get_args(Event)}
FIELDS = {name: frozenset(field.name for field in fields(kind)) for name, kind in KINDS.items()}


def encode(topic: str, event: Event) -> bytes:
    name = type(event).__name__
    return orjson.dumps([topic, name, {field: getattr(event, field) for field in FIELDS[name]}])


def decode(data: bytes) -> tuple[str, Event] | None:
    """(topic, event); None for what is no event at all."""
    try:
        topic, name, values = orjson.loads(data)
    except ValueError:
        return None
    if not isinstance(topic, str) or not isinstance(name, str) or not isinstance(values, dict):
        return None
    if values.keys() != FIELDS.get(name):
        return topic, Missed()
    return topic, KINDS[name](**values)
