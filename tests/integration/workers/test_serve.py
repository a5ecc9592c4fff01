"""The whole program as a process: starting, ending, memory, and several processes on one file."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from tests.helpers.site import Site
from tests.helpers.victim import Victim, free_port

IDLE_KB = 120 * 1024
PASSWORD = "correct horse battery"


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Victim]:
    made = Victim(tmp_path / "data", free_port())
    yield made
    made.kill()


def call(program: Victim, token: str, path: str, body: object = None) -> dict[str, object]:
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    with urlopen(Request(program.address + path, data, headers), timeout=30) as answer:
        said: dict[str, object] = json.loads(answer.read())
    return said


def token_for(program: Victim) -> str:
    program.command("user", "add", "ada", "--password", PASSWORD)
    return program.command("token", "add", "ada").strip()


def test_a_second_start_is_quick_and_sigterm_ends_it(program: Victim) -> None:
    program.start()
    code, seconds = program.stop()
    assert code == 0 and seconds < 10
    assert program.start() < 8
    assert f"Evantr is at {program.address}" in program.log


def test_it_drains_while_a_page_listens_and_a_pull_hangs(program: Victim) -> None:
    with Site("127.0.0.6") as site:
        site.feed("/slow.xml", delay=25)
        program.start()
        token = token_for(program)
        found = call(program, token, "/api/v1/discover", {"url": site.url("/slow.xml"), "wait": 0})
        assert found["wait"]
        headers = {"Authorization": f"Bearer {token}", "Accept": "text/event-stream"}
        with urlopen(Request(program.address + "/api/v1/stream", headers=headers), timeout=30):
            code, seconds = program.stop()
        assert code == 0 and seconds < 10


def test_a_second_signal_ends_it_at_once(program: Victim) -> None:
    with Site("127.0.0.6") as site:
        site.feed("/slow.xml", delay=25)
        program.start()
        token = token_for(program)
        call(program, token, "/api/v1/discover", {"url": site.url("/slow.xml"), "wait": 0})
        time.sleep(0.3)
        os.kill(program.pid, signal.SIGTERM)
        time.sleep(0.3)
        code, seconds = program.stop()
        assert code == 130 and seconds < 1


def test_an_idle_program_is_small(program: Victim) -> None:
    program.start()
    time.sleep(1)
    assert sum(_proportional_kb(pid) for pid in _family(program.pid)) < IDLE_KB


def test_web_and_worker_as_two_processes(tmp_path: Path, program: Victim) -> None:
    worker = Victim(tmp_path / "data", free_port(), name="worker")
    with Site("127.0.0.6") as site:
        feed = site.feed()
        feed.publish_many(3)
        program.start(command="web")
        token = token_for(program)
        worker.spawn("worker")
        try:
            found = call(program, token, "/api/v1/discover", {"url": feed.url, "wait": 5})
            assert len(found["feeds"]) == 1  # type: ignore[arg-type]
            call(program, token, "/api/v1/subscriptions", {"url": feed.url})
            until = time.monotonic() + 10
            while call(program, token, "/api/v1/counters")["unread"] != 3:
                assert time.monotonic() < until, worker.log
                time.sleep(0.1)
        finally:
            worker.kill()


def _family(pid: int) -> list[int]:
    listed = subprocess.run(["ps", "-eo", "pid,ppid"], capture_output=True, text=True, check=True).stdout
    parents = {int(a): int(b) for a, b in (line.split() for line in listed.splitlines()[1:])}
    family = [pid]
    for one in family:
        family += [child for child, parent in parents.items() if parent == one]
    return family


def _proportional_kb(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
