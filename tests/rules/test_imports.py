"""The import rules of pyproject.toml hold, and each library stays in its one home."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HOMES = {
    "sqlite3": ("reader/mappers/sqlite/",),
    "pymongo": ("reader/mappers/mongo/",),
    "bson": ("reader/mappers/mongo/",),
    "fastapi": ("api/", "web/"),
    "starlette": ("api/", "web/"),
    "sse_starlette": ("api/",),
    "uvicorn": (
        "workers/serve.py",
        "workers/farewell.py",
    ),
    "aiohttp": ("reader/ingest/fetch.py", "reader/ingest/connect.py", "reader/ingest/failures.py", "workers/demo/"),
    "pymemcache": ("reader/cache/memcached.py",),
    "nats": ("reader/pubsub/connection.py",),
    "pebble": ("workers/",),
    "jinja2": ("web/",),
    "feedparser": ("reader/ingest/",),
    "nh3": ("reader/ingest/",),
    "selectolax": ("reader/ingest/",),
    "argon2": ("reader/gateways/",),
    "httpx": ("workers/cli/admin_client.py",),
    "click": ("workers/cli/", "evantr.py"),
}


def sources() -> list[Path]:
    return [ROOT / "evantr.py", *(p for top in ("reader", "workers", "api", "web") for p in (ROOT / top).rglob("*.py"))]


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("path", sources(), ids=lambda p: str(p.relative_to(ROOT)))
def test_libraries_stay_at_home(path: Path) -> None:
    place = str(path.relative_to(ROOT))
    for name in imported(path) & HOMES.keys():
        assert place.startswith(HOMES[name]), f"{place} imports {name}"


def test_import_directions() -> None:
    run = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports"))], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout
