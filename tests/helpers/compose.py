"""docker-compose.yml and cluster.env as values, for who starts the same services without Docker, and for tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
COMPOSE, ENVIRONMENT = ROOT / "docker-compose.yml", ROOT / "cluster.env"


@dataclass(frozen=True)
class Service:
    """``kind``: its image without tag. ``once``: it does something at the start and ends."""

    name: str
    kind: str
    command: tuple[str, ...]
    replicas: int
    once: bool
    variables: frozenset[str]

    @property
    def names(self) -> list[str]:
        """One name per replica; the service's own where there is one."""
        return [self.name] if self.replicas == 1 else [f"{self.name}-{n + 1}" for n in range(self.replicas)]


def document(text: str | None = None) -> dict[str, Any]:
    """The file, or ``text`` in its place, with its anchors resolved."""
    loaded = yaml.safe_load(COMPOSE.read_text() if text is None else text)
    assert isinstance(loaded, dict)
    return loaded


@cache
def services() -> Mapping[str, Service]:
    """By name, in the order of the file."""
    return {name: _service(name, about) for name, about in document()["services"].items()}


def _service(name: str, about: Mapping[str, Any]) -> Service:
    return Service(
        name=name,
        kind=about["image"].partition(":")[0],
        command=tuple(about.get("command", ())),
        replicas=about.get("deploy", {}).get("replicas", 1),
        once=about["restart"] == "on-failure",
        variables=frozenset(about.get("environment", ())),
    )


def lasting(kind: str) -> list[Service]:
    """The services of that image that run on."""
    return [service for service in services().values() if service.kind == kind and not service.once]


def environment() -> dict[str, str]:
    """What every process gets."""
    lines = [line.strip() for line in ENVIRONMENT.read_text().splitlines()]
    pairs = [line.partition("=") for line in lines if line and not line.startswith("#")]
    return {name: value for name, _, value in pairs}
