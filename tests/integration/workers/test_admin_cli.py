"""``evantr admin`` as a person runs it, against the real program in a process of its own."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from reader.container import open_mappers
from reader.models.operations import DeadLetter
from reader.settings import Settings
from tests.helpers.site import Site
from tests.helpers.victim import Victim, free_port

Run = Callable[..., subprocess.CompletedProcess[str]]
PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Victim]:
    made = Victim(tmp_path_factory.mktemp("cli") / "data", free_port())
    made.start()
    made.command("user", "add", "ada", "--password", PASSWORD)
    made.command("user", "add", "bob", "--password", PASSWORD)
    yield made
    made.stop()


@pytest.fixture(scope="module")
def token(program: Victim) -> str:
    return program.command("token", "add", "ada", "--label", "admin").strip()


def evantr(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("EVANTR_")} | settings
    return subprocess.run(
        [sys.executable, "-m", "evantr", *arguments],
        env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def admin(program: Victim, token: str) -> Run:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return evantr("admin", *arguments, EVANTR_ADMIN_URL=program.address, EVANTR_ADMIN_TOKEN=token)

    return run


def bury(program: Victim, data: Path, *letters: DeadLetter) -> None:
    async def main() -> None:
        mappers = await open_mappers(Settings(_env_file=None, data=data))
        try:
            for letter in letters:
                await mappers.operations.bury(letter)
        finally:
            await mappers.close()

    asyncio.run(main())


def data_of(program: Victim) -> Path:
    return program.log_file.with_name("data")


def test_queues_and_managers(program: Victim, admin: Run) -> None:
    said = admin("queues")
    assert said.returncode == 0, said.stderr
    lines = said.stdout.splitlines()
    assert lines[0].split()[:4] == ["QUEUE", "CLASS", "WAITING", "RUNNING"]
    assert [line.split()[0] for line in lines[1:3]] == ["pull", "discovery"]
    assert f"The updater is process {program.pid}" in said.stdout
    seen = json.loads(admin("queues", "--json").stdout)
    assert {q["name"] for q in seen["queues"]} >= {"pull", "pull-sys", "import"}
    managers = admin("managers")
    assert str(program.pid) in managers.stdout and "serve, updater" in managers.stdout and " MB" in managers.stdout
    assert json.loads(admin("--json", "managers").stdout)["managers"][0]["pid"] == program.pid


def test_a_running_manager_is_steered(admin: Run) -> None:
    """What a command sets is in force in the running process, and `default` takes it back."""

    def allowed() -> int:
        found = json.loads(admin("queues", "--json").stdout)["queues"]
        return next(int(q["allowed"]) for q in found if q["name"] == "pull-sys")

    assert allowed() > 3
    said = admin("set", "pull-sys", "max_running", "3")
    assert (said.returncode, said.stdout) == (0, "pull-sys max_running is 3, changed live.\n")
    until = time.monotonic() + 10
    while allowed() > 3:
        assert time.monotonic() < until, "the manager did not follow"
        time.sleep(0.2)
    shown = admin("set", "pull-sys")
    assert "max_running" in shown.stdout and "changed live" in shown.stdout and "icon" not in shown.stdout
    assert admin("set", "pull-sys", "max_running", "default").returncode == 0
    assert "the default" in admin("set", "pull-sys", "max_running").stdout
    for wrong, code, words in (
        (("set", "pull-sys", "max_running", "0"), 1, "goes from"),
        (("set", "pull-sys", "colour", "3"), 1, "no setting"),
        (("set", "nonsense", "max_running", "3"), 1, "no queue"),
        (("set", "pull-sys", "max_running", "many"), 2, "VALUE is a number"),
        (("set", "nonsense"), 1, "no setting"),
    ):
        refused = admin(*wrong)
        assert (refused.returncode, words in refused.stderr) == (code, True), refused.stderr


def test_dead_letters(program: Victim, admin: Run) -> None:
    assert admin("dead").stdout == "There are no dead letters.\n"
    letters = [
        DeadLetter(f"{n:032x}", "upkeep", "{}", "upkeep", f"Too slow {n}.", ("It began.",), 3, 1000.0 + n)
        for n in range(1, 6)
    ]
    bury(program, data_of(program), *letters)
    listed = admin("dead", "list", "--story")
    assert listed.stdout.count("Too slow") == 5 and "    It began." in listed.stdout
    assert listed.stdout.index("Too slow 5") < listed.stdout.index("Too slow 1")
    assert "more than these 2" in admin("dead", "list", "--limit", "2").stdout
    first = letters[0].key
    assert admin("dead", "retry", first).stdout == f"upkeep {first} is tried again.\n"
    again = admin("dead", "retry", first)
    assert (again.returncode, again.stderr) == (1, "Error: There is no such dead letter.\n")
    assert admin("dead", "drop", letters[1].key).stdout == f"upkeep {letters[1].key} is dropped.\n"
    assert admin("dead", "retry", "--all").stdout == "3 jobs are tried again.\n"
    assert admin("dead", "drop", "--all").stdout == "0 jobs are dropped.\n"
    assert json.loads(admin("dead", "list", "--json").stdout)["dead"] == []
    for wrong in (("dead", "retry"), ("dead", "drop", "x", "--all")):
        assert admin(*wrong).returncode == 2


def test_jobs_tell_their_story(program: Victim, token: str, admin: Run) -> None:
    with Site("127.0.0.6") as site:
        site.feed("/feed.xml", "Gazette").publish_many(2)
        program.command("feed", "pull", "--all")
        found = _discover(program, token, site.url("/feed.xml"))
        assert found["feeds"]
        until = time.monotonic() + 10
        while "discover" not in (said := admin("jobs", "--queue", "discovery", "--story")).stdout:
            assert time.monotonic() < until
            time.sleep(0.2)
    assert site.url("/feed.xml") in said.stdout and "done" in said.stdout
    with urlopen(f"{program.address}/metrics", timeout=10) as answer:
        metrics = answer.read().decode()
    assert re.search(r'evantr_job_seconds_bucket{le="\+Inf",queue="discovery"} [1-9]', metrics), metrics[-3000:]
    assert re.search(r'evantr_job_seconds_sum{queue="discovery"} 0?\.?\d', metrics)
    last = _ask(program, token, "/api/v1/admin/history")["points"][-1]  # the five minutes that run, up to now
    assert last["queues"]["discovery"]["done"] >= 1
    assert last["memory"] and time.time() - last["at"] < 301
    assert any(line.startswith("    ") for line in said.stdout.splitlines())
    assert "No such job" in admin("jobs", "--queue", "nonsense").stdout
    assert json.loads(admin("jobs", "--limit", "1", "--json").stdout)["jobs"][0]["state"]


def _discover(program: Victim, token: str, url: str) -> Any:
    return _ask(program, token, "/api/v1/discover", {"url": url, "wait": 20})


def _ask(program: Victim, token: str, path: str, body: object = None) -> Any:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    with urlopen(Request(program.address + path, data, headers), timeout=30) as answer:
        return json.loads(answer.read())


def test_errors_are_words_and_exit_codes(program: Victim, token: str) -> None:
    none = evantr("admin", "queues", EVANTR_ADMIN_URL=program.address)
    assert none.returncode == 2 and "evantr token add" in none.stderr
    wrong = evantr("admin", "--url", program.address, "--token", "evt_" + "x" * 40, "queues")
    assert wrong.returncode == 1 and "not valid" in wrong.stderr
    bobs = program.command("token", "add", "bob").strip()
    other = evantr("admin", "queues", "--url", program.address, "--token", bobs)
    assert other.returncode == 1 and "not an administrator's" in other.stderr
    away = evantr("admin", "queues", "--url", f"127.0.0.1:{free_port()}", "--token", token)
    assert away.returncode == 3 and "No Evantr answers" in away.stderr
    nonsense = evantr("admin", "queues", "--url", "ftp://x", "--token", token)
    assert nonsense.returncode == 2
    with Site("127.0.0.6") as site:
        site.page("/")
        elsewhere = evantr("admin", "queues", "--url", site.url("").rstrip("/"), "--token", token)
        assert elsewhere.returncode == 1 and "no Evantr" in elsewhere.stderr
    assert all("Traceback" not in each.stderr for each in (none, wrong, other, away, nonsense, elsewhere))


def test_the_port_of_the_settings_is_where_it_looks(program: Victim, token: str) -> None:
    port = program.address.rpartition(":")[2]
    said = evantr("admin", "managers", EVANTR_PORT=port, EVANTR_ADMIN_TOKEN=token)
    assert said.returncode == 0, said.stderr
