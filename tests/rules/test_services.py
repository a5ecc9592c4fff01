"""Every public service method takes the actor first and passes it through the gate."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2] / "reader" / "services"
FILES = (
    *("accounts.py", "feeds.py", "folders.py", "reading.py", "operations.py", "jobs.py"),
    *("people.py", "talk.py", "departure.py", "publishing.py", "hub.py", "websub.py", "sharing.py", "streams.py"),
)
METHODS = [
    (name, node)
    for name in FILES
    for cls in ast.parse((ROOT / name).read_text()).body
    if isinstance(cls, ast.ClassDef) and cls.name.endswith("Service")
    for node in cls.body
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and not node.name.startswith("_")
]


def passes_gate(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """It calls self._access.…(actor, …), or another public method of its own with the actor."""
    for call in ast.walk(node):
        if not isinstance(call, ast.Call) or not call.args:
            continue
        first, target = call.args[0], ast.unparse(call.func)
        if isinstance(first, ast.Name) and first.id == "actor" and target.startswith("self."):
            return True
    return False


@pytest.mark.parametrize(("file", "node"), METHODS, ids=[f"{f}:{n.name}" for f, n in METHODS])
def test_actor_first_and_gated(file: str, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
    arguments = [a.arg for a in node.args.args]
    assert arguments[:2] == ["self", "actor"], f"{file}: {node.name} does not take the actor first"
    assert passes_gate(node), f"{file}: {node.name} does not ask the gate"
