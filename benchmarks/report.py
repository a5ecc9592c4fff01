"""Figures, as a table for people and as JSON for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass
class Figure:
    """``floor`` in the same unit, ``ratio`` = value / floor; ``holds`` is None without a target."""

    name: str
    value: float
    unit: str
    floor: float | None
    ratio: float | None
    target: float | None
    holds: bool | None = field(init=False)

    def __post_init__(self) -> None:
        self.holds = None if self.target is None else self.value <= self.target

    def row(self) -> str:
        def shown(value: float | None) -> str:
            return "" if value is None else f"{value:.3g}" if value < 100 else f"{value:.0f}"

        holds = {None: "", True: "yes", False: "no"}[self.holds]
        cells = [self.name, f"{shown(self.value)} {self.unit}", shown(self.floor), shown(self.ratio)]
        return f"| {' | '.join([*cells, shown(self.target), holds])} |"


HEAD = "| what | median | floor | multiple | target | holds |\n|---|---|---|---|---|---|"


def table(figures: list[Figure]) -> str:
    return "\n".join([HEAD, *(f.row() for f in figures)])


def write_json(figures: list[Figure], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([asdict(f) for f in figures], indent=1) + "\n")


def progress(what: str) -> Callable[[float], None]:
    """A bar on the terminal's error stream; one line a tenth where that is no terminal."""
    state = {"tenth": -1}

    def show(part: float) -> None:
        if sys.stderr.isatty():
            done = round(part * 30)
            sys.stderr.write(f"\r{what} {'#' * done}{'.' * (30 - done)} {part:4.0%}" + ("\n" if part >= 1 else ""))
        elif int(part * 10) > state["tenth"]:
            state["tenth"] = int(part * 10)
            sys.stderr.write(f"{what}: {part:.0%}\n")
        sys.stderr.flush()

    return show
