"""Tests that need a real MongoDB are listed for operators, with what they need."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| (.*`test_\w+`.*) \| .* \| (.+) \|$", re.MULTILINE)
NAME = re.compile(r"`(test_\w+)`")


def marked() -> dict[str, str]:
    """Name of a test → "mongod" if it has to start one, else "either"."""
    found = {}
    for path in (ROOT / "tests").rglob("test_*.py"):
        for node in ast.parse(path.read_text()).body:
            for mark in getattr(node, "decorator_list", ()):
                text = ast.unparse(mark)
                if text.startswith("pytest.mark.real_mongo"):
                    assert isinstance(node, ast.AsyncFunctionDef)
                    found[node.name] = "mongod" if "mongod" in text else "either"
    return found


def test_each_is_listed() -> None:
    manual = (ROOT / "docs" / "operations.md").read_text()
    listed = {name: needs.strip("`").split(";")[0] for row, needs in ROW.findall(manual) for name in NAME.findall(row)}
    tests = marked()
    assert len(tests) > 5
    assert listed == tests


def test_none_is_left_out() -> None:
    """Whatever is in tests/real_mongo bears the mark."""
    functions = [
        node.name
        for path in (ROOT / "tests" / "real_mongo").glob("test_*.py")
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    ]
    assert functions and {*functions} <= marked().keys()
