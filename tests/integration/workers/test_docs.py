"""What the documents tell an operator to type works as it stands there."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.victim import ROOT, Victim, free_port

BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Victim]:
    made = Victim(tmp_path_factory.mktemp("docs") / "data", free_port())
    made.start()
    made.command("user", "add", "ada", "--password", PASSWORD)
    yield made
    made.stop()


def typed(program: Victim, page: Path, part: str = "") -> str:
    """Runs every command of a page (of the part under one heading) in one shell; what they wrote."""
    text = page.read_text()
    if part:
        text = text.split(f"## {part}\n", 1)[1].split("\n## ", 1)[0]
    script = "\n".join(BLOCK.findall(text))
    assert script
    script = script.replace(".venv/bin/evantr", f"{sys.executable} -m evantr").replace(
        "http://127.0.0.1:8000", program.address
    )
    run = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=ROOT, env=program.environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


@pytest.mark.skipif(shutil.which("curl") is None, reason="install curl")
def test_jobs(program: Victim) -> None:
    said = typed(program, ROOT / "docs" / "jobs.md")
    assert said.count('"kind":"discover"') >= 5
    assert "event: end" in said
    assert '"cancelled":' in said


def test_operations(program: Victim) -> None:
    said = typed(program, ROOT / "docs" / "operations.md")
    assert "QUEUE" in said and "PROCESS" in said and "MEANING" in said
    assert "pull-sys max_running is 32, changed live." in said
    assert "pull-sys max_running is 200, the default." in said


def test_the_readme(program: Victim) -> None:
    said = typed(program, ROOT / "README.md", "Watching it work")
    assert "pull-sys max_running is 32, changed live." in said


def test_every_metric_is_in_the_document(program: Victim) -> None:
    from urllib.request import urlopen

    with urlopen(f"{program.address}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    page = (ROOT / "docs" / "operations.md").read_text()
    names = set(re.findall(r"^# TYPE (evantr_\w+?)(?:_created)? ", text, re.MULTILINE))
    assert len(names) > 20
    assert [name for name in sorted(names) if not named(name, page)] == []


def named(metric: str, page: str) -> bool:
    """Written out, or by its end after one that begins the same: `evantr_queue_waiting`, `_delayed`."""
    ends = (metric[at:] for at, letter in enumerate(metric) if letter == "_")
    return f"`{metric}`" in page or f"`{metric}_total`" in page or any(f"`{end}`" in page for end in ends)
