"""A wheel built from the tree runs the same in another folder, pages and pictures included."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parents[2]
PARTS = ("reader", "workers", "api", "web")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, installed into a folder that holds nothing else."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    for part in PARTS:
        shutil.copytree(ROOT / part, source / part, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("evantr.py", "pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, source / name)
    run = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder / "dist"), str(source)]
    subprocess.run(run, check=True, capture_output=True)
    (wheel,) = (folder / "dist").glob("*.whl")
    install = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(folder / "site"), str(wheel)]
    subprocess.run(install, check=True, capture_output=True)
    return folder / "site"


@pytest.fixture
def address(site: Path, tmp_path: Path) -> Iterator[str]:
    """The installed program, serving from an empty folder."""
    env = {**os.environ, "PYTHONPATH": str(site), "EVANTR_PORT": "0", "EVANTR_DATA": str(tmp_path / "data")}
    code = "import evantr, sys; assert evantr.__file__.startswith(sys.argv.pop(1)), evantr.__file__; evantr.main()"
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(site), "serve"], cwd=tmp_path, env=env, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        found = re.search(r"http://\S+", process.stdout.readline())
        assert found is not None, "it did not say where it is"
        yield found[0]
    finally:
        process.send_signal(signal.SIGTERM)
        started = time.monotonic()
        process.wait(15)
        assert time.monotonic() - started < 10, "it took more than 10 s to drain"
        assert process.stdout is not None
        process.stdout.close()


def test_installed_wheel_serves_pages_and_pictures(address: str) -> None:
    with httpx.Client(base_url=address, follow_redirects=True) as client:
        welcome = client.get("/")
        assert welcome.status_code == 200
        assert welcome.url.path == "/welcome"
        linked = re.findall(r'(?:href|src)="(/static/[^"]+)"', welcome.text)
        assert any(name.endswith(".css") for name in linked)
        for name in linked:
            answer = client.get(name)
            assert answer.status_code == 200, name
            assert answer.content, name
        assert client.get("/api/openapi.json").json()["info"]["title"]
