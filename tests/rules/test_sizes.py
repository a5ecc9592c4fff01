"""Small files: asked about at 300 lines, refused at 500 (tests 800)."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def files() -> list[Path]:
    tops = ("reader", "workers", "api", "web", "tests", "benchmarks")
    return [p for top in tops for kind in ("py", "js") for p in (ROOT / top).rglob(f"*.{kind}")]


@pytest.mark.parametrize("path", files(), ids=lambda p: str(p.relative_to(ROOT)))
def test_file_is_small(path: Path) -> None:
    limit = 800 if "tests" in path.parts else 500
    lines = path.read_text().count("\n")
    assert lines <= limit, f"{path.relative_to(ROOT)} has {lines} lines"
