"""evantr opml as a person runs it, with and without a server beside it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from reader.ingest.opml import parse_opml
from tests.helpers.site import Site
from tests.helpers.victim import Victim, free_port

PASSWORD = "correct horse battery"


@pytest.fixture
def site() -> Iterator[Site]:
    with Site("127.0.0.3") as made:
        for n in range(6):
            made.feed(f"/{n}.xml", title=f"Feed {n}").publish_many(3)
        yield made


def evantr(data: Path, *arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("EVANTR_")}
    settings = {"EVANTR_FETCH_ALLOW": "127.0.0.0/8", "EVANTR_DATA": str(data), "EVANTR_LOG_LEVEL": "error"}
    return subprocess.run(
        [sys.executable, "-m", "evantr", *arguments],
        env=clean | settings, input=given, capture_output=True, timeout=90, check=False,
    )  # fmt: skip


def file(site: Site, *more: str) -> bytes:
    rows = "".join(f'<outline text="Feed {n}" xmlUrl="{site.url(f"/{n}.xml")}"/>' for n in range(6))
    inside = f'<outline text="A"><outline text="B">{rows}</outline></outline>'
    return f"<opml><body>{inside}{''.join(more)}</body></opml>".encode()


def test_import_without_a_server_and_export(tmp_path: Path, site: Site) -> None:
    data, path = tmp_path / "data", tmp_path / "subs.opml"
    evantr(data, "user", "add", "ada", "--password", PASSWORD)
    path.write_bytes(file(site))
    said = evantr(data, "opml", "import", str(path), "--user", "ada", "--wait")
    assert said.returncode == 0, said.stdout + said.stderr
    assert b"6 found: 6 new" in said.stdout and b"6 done, 0 need a look, 0 failed." in said.stdout
    out = tmp_path / "out.opml"
    assert evantr(data, "opml", "export", "--user", "ada", "-o", str(out)).returncode == 0
    exported = evantr(data, "opml", "export", "--user", "ada").stdout
    assert out.read_bytes().split(b"<body>")[1] == exported.split(b"<body>")[1]
    outlines = parse_opml(exported, None, ()).skipped  # addresses of this machine are skipped without leave
    assert [each.folders for each in outlines] == [("A", "B")] * 6
    again = evantr(data, "opml", "import", "-", "--user", "ada", "--wait", given=exported)
    assert again.returncode == 0 and b"0 new, 6 subscribed to already" in again.stdout


def test_failures_are_told_and_are_the_answer(tmp_path: Path, site: Site) -> None:
    data = tmp_path / "data"
    evantr(data, "user", "add", "ada", "--password", PASSWORD)
    lost = f'<outline text="Lost" xmlUrl="{site.url("/lost.xml")}"/>'
    said = evantr(data, "opml", "import", "-", "--user", "ada", "--wait", given=file(site, lost))
    assert said.returncode == 1
    assert b"6 done, 0 need a look, 1 failed." in said.stdout and b"Lost: There is nothing" in said.stdout
    wrong = evantr(data, "opml", "import", "-", "--user", "ada", given=b"PK\x03\x04")
    assert wrong.returncode == 1 and b"may be a zip" in wrong.stderr and b"Traceback" not in wrong.stderr
    nobody = evantr(data, "opml", "export", "--user", "bob")
    assert nobody.returncode == 1 and b"no user bob" in nobody.stderr
    assert evantr(data, "opml", "import", str(tmp_path / "none"), "--user", "ada").returncode == 2


def test_a_running_server_does_the_work(tmp_path: Path, site: Site) -> None:
    data = tmp_path / "data"
    victim = Victim(data, free_port(), log_level="warning")
    victim.command("user", "add", "ada", "--password", PASSWORD)
    victim.start()
    try:
        said = evantr(data, "opml", "import", "-", "--user", "ada", "--wait", given=file(site))
        assert said.returncode == 0, said.stdout + said.stderr
        assert b"6 done" in said.stdout
    finally:
        victim.stop()
