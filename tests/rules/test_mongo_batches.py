"""What a mapper reads into memory comes in one answer: a cursor's own first batch is 101 documents, and each further
one a round trip, so that round trips would grow with what there is."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

MAPPERS = Path(__file__).parents[2] / "reader" / "mappers" / "mongo"
WALKED = {
    ("copying.py", "find"): "work that was left open, finished one by one",
    ("departure.py", "find"): "imports of an account that goes, one by one",
    ("recount.py", "find"): "upkeep walks readers of a feed and its entries, however many",
    ("jobs.py", "aggregate"): "a document for each queue",
    ("operations.py", "aggregate"): "a document for each queue",
    ("hub.py", "aggregate"): "one document of figures",
    ("pushes.py", "aggregate"): "one document of figures",
    ("readers.py", "aggregate"): "one number",
}


def reads(path: Path) -> Iterator[tuple[str, int, bool]]:
    """(find or aggregate, line, whether the size of its batches is named)."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            name = node.func.attr
            if name in ("find", "aggregate") and "db" in ast.unparse(node.func.value):
                yield name, node.lineno, any(word.arg in ("batch_size", "batchSize") for word in node.keywords)


def test_batches_are_named() -> None:
    unnamed = [
        (path.name, name, line) for path in MAPPERS.rglob("*.py") for name, line, named in reads(path) if not named
    ]
    assert not [f"{file}:{line}: {name}" for file, name, line in unnamed if (file, name) not in WALKED]
    assert {(file, name) for file, name, _ in unnamed} == WALKED.keys()
