"""Tables of unit costs: as Markdown for people, and read back from there by what reckons with them.

Whoever reckons takes what the page shows, so that a reader can follow every step with the page at hand.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

Numbers = Mapping[str, float]
"""By name of the column."""


@dataclass
class Section:
    """One table. ``rows``: (what, numbers by column); a number that is not there was not measured."""

    name: str
    columns: Sequence[str]
    rows: list[tuple[str, Numbers]] = field(default_factory=list)

    def add(self, what: str, numbers: Numbers) -> None:
        unknown = numbers.keys() - set(self.columns)
        if unknown:
            raise ValueError(f"{self.name} has no column {', '.join(sorted(unknown))}")
        self.rows.append((what, numbers))

    def table(self) -> str:
        head = f"| {self.name} | {' | '.join(self.columns)} |\n|{'---|' * (len(self.columns) + 1)}"
        lines = [
            f"| {what} | {' | '.join(shown(numbers[c]) if c in numbers else '' for c in self.columns)} |"
            for what, numbers in self.rows
        ]
        return "\n".join([head, *lines])


def shown(value: float) -> str:
    """Three digits, and all those before the point."""
    if value == 0:
        return "0"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def read_tables(text: str) -> dict[str, dict[str, dict[str, float]]]:
    """All tables of a page: head of the first column → row → column → number. Those with
    the same head are one."""
    found: dict[str, dict[str, dict[str, float]]] = {}
    columns: list[str] = []
    name = ""
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")] if line.startswith("|") else []
        if not cells:
            columns = []
        elif not columns:
            name, *columns = cells
            found.setdefault(name, {})
        elif not re.fullmatch(r"-+", cells[0]):
            values = zip(columns, cells[1:], strict=True)
            found[name][cells[0]] = {column: number for column, cell in values if (number := _number(cell)) is not None}
    return found


def _number(cell: str) -> float | None:
    try:
        return float(cell.replace(",", ""))
    except ValueError:
        return None


def as_json(sections: Iterable[Section]) -> dict[str, dict[str, Numbers]]:
    return {section.name: dict(section.rows) for section in sections}
