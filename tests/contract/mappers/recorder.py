"""Notes which methods of the contracts were called, so that none stays untested."""

from __future__ import annotations

from typing import Any, get_type_hints

from reader.mappers import Mappers

PARTS = tuple(name for name, member in vars(Mappers).items() if isinstance(member, property))
BUNDLE = ("migrate", "backup", "ready", "close")


class Recorder:
    """Stands before one mapper and notes each method that is asked for."""

    def __init__(self, target: object, prefix: str, called: set[str]) -> None:
        self._target = target
        self._prefix = prefix
        self._called = called

    def __getattr__(self, name: str) -> Any:
        self._called.add(self._prefix + name)
        return getattr(self._target, name)


class RecordedMappers(Recorder):
    """Mappers whose parts record too."""

    def __init__(self, target: Mappers, called: set[str]) -> None:
        super().__init__(target, "", called)
        for part in PARTS:
            setattr(self, part, Recorder(getattr(target, part), f"{part}.", called))


def contract_methods() -> set[str]:
    """Names of all public methods of the protocols."""
    names = set(BUNDLE)
    for part in PARTS:
        protocol = get_type_hints(getattr(Mappers, part).fget)["return"]
        names |= {f"{part}.{name}" for name, member in vars(protocol).items() if _is_method(name, member)}
    return names


def _is_method(name: str, member: object) -> bool:
    return callable(member) and not name.startswith("_")
