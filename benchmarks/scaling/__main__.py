"""Writes the tables of docs/scaling.md and docs/operations.md anew, from docs/benchmarks-units.md and the assumptions.

    python -m benchmarks.scaling [--write]

A table stands between ``<!-- figures: NAME -->`` and ``<!-- end of figures -->``.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping

from benchmarks.scaling.model import DOCS
from benchmarks.scaling.tables import all_tables

PAGES = ("scaling.md", "operations.md")
PLACE = re.compile(r"(<!-- figures: (\w+) -->\n).*?(<!-- end of figures -->)", re.S)


def filled(page: str, tables: Mapping[str, str]) -> str:
    """The page with its tables put in anew. Raises KeyError for a place that no table is for."""
    return PLACE.sub(lambda found: f"{found[1]}{tables[found[2]]}\n{found[3]}", page)


def places(page: str) -> set[str]:
    return {found[2] for found in PLACE.finditer(page)}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scaling", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write them into the pages")
    arguments = parser.parse_args()
    tables = all_tables()
    for name, table in tables.items():
        print(f"{name}\n\n{table}\n")
    if arguments.write:
        for name in PAGES:
            path = DOCS / name
            path.write_text(filled(path.read_text(), tables))


if __name__ == "__main__":
    main()
