"""Commands as a person runs them: each in a process of its own, with its exit code."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers.site import Site

COMMANDS = (
    "serve", "web", "worker", "updater", "user", "user add", "user passwd", "user remove", "user free",
    "user list", "token", "token add", "feed",
    "opml", "opml import", "opml export",
    "feed list", "feed pull", "check", "migrate", "recount", "backup", "restore", "copy", "demo",
    "admin", "admin queues", "admin managers", "admin jobs", "admin dead", "admin dead list", "admin dead retry",
    "admin dead drop", "admin set",
)  # fmt: skip
PASSWORD = "correct horse battery"

Run = Callable[..., subprocess.CompletedProcess[str]]


def environment(**settings: str) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("EVANTR_")}
    return clean | {"EVANTR_FETCH_ALLOW": "127.0.0.0/8"} | settings


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs ``evantr …`` on a data folder of its own."""

    def command(*arguments: str, typed: str = "", **settings: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "evantr", *arguments],
            env=environment(EVANTR_DATA=str(tmp_path / "data"), **settings),
            input=typed, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    return command


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_its_exit_codes(run: Run, command: str) -> None:
    said = run(*command.split(), "--help")
    assert said.returncode == 0
    assert "Exit codes" in said.stdout


def test_people_and_tokens(run: Run) -> None:
    assert "no account yet" in run("user", "list").stdout
    assert run("user", "add", "ada", typed=f"{PASSWORD}\n{PASSWORD}\n").returncode == 0
    again = run("user", "add", "ada", "--password", PASSWORD)
    assert again.returncode == 1 and again.stderr.startswith("Error: ")
    assert "administrator" in run("user", "list").stdout
    assert run("user", "passwd", "ada", "--password", "another long one").returncode == 0
    token = run("token", "add", "ada")
    assert token.returncode == 0 and len(token.stdout.strip()) >= 20
    assert run("token", "add", "nobody").returncode == 1
    assert run("user", "add", "x y", "--password", "1").returncode == 1


def test_an_account_is_removed_and_its_name_given_back(run: Run) -> None:
    for name in ("ada", "bob"):
        run("user", "add", name, "--password", PASSWORD)
    asked = run("user", "remove", "ada", typed="n\n")
    assert asked.returncode == 1 and "for good" in asked.stdout
    assert "ada" in run("user", "list").stdout
    assert run("user", "remove", "ada", "--yes").stdout == "ada is removed.\n"
    assert run("user", "remove", "ada", "--yes").returncode == 1
    assert "ada" not in run("user", "list").stdout
    assert "taken" in run("user", "add", "ada", "--password", PASSWORD).stderr
    assert run("user", "free", "Ada").stdout == "Ada can be taken again.\n"
    assert run("user", "free", "Ada").returncode == 1
    assert run("user", "add", "ada", "--password", PASSWORD).returncode == 0
    assert "administrator" in run("user", "list").stdout, "the first who comes where there is none"


def test_a_new_database_is_made_by_hand_too(run: Run) -> None:
    assert "Ran 0001" in run("migrate").stdout
    assert run("migrate").stdout == "Nothing to do.\n"
    assert run("recount").returncode == 0


def test_backup_and_restore(run: Run, tmp_path: Path) -> None:
    assert run("backup", str(tmp_path / "none")).returncode == 1
    run("user", "add", "ada", "--password", PASSWORD)
    copy = tmp_path / "copy.sqlite"
    assert run("backup", str(copy)).returncode == 0
    assert run("backup", str(copy)).returncode == 1  # it exists
    run("user", "add", "bob", "--password", PASSWORD)
    assert run("restore", str(copy)).returncode == 1  # there is a database
    assert run("restore", str(copy), "--replace").returncode == 0
    people = run("user", "list").stdout
    assert "ada" in people and "bob" not in people
    (tmp_path / "junk").write_text("junk" * 1000)
    assert run("restore", str(tmp_path / "junk"), "--replace").returncode == 1


def test_the_feed_doctor(run: Run, tmp_path: Path) -> None:
    with Site("127.0.0.5") as site:
        site.feed(title="Quiet Letters").publish_many(3)
        site.page("/", "/feed.xml")
        said = run("check", site.url("/"))
        assert said.returncode == 0, said.stdout + said.stderr
        for part in ("Quiet Letters", "rss 2.0", "3 entries", "304 after", "etag", "The feed works"):
            assert part in said.stdout
        site.fail("/feed.xml", 503, {"Retry-After": "120"})
        said = run("check", site.url("/feed.xml"))
        assert said.returncode == 1 and "Verdict" in said.stdout and "2 minutes" in said.stdout
    assert run("check", "no address").returncode == 1
    assert "inside this network" in run("check", "http://127.0.0.1/", EVANTR_FETCH_ALLOW="").stdout
    assert not (tmp_path / "data").exists()  # it writes nothing


def test_feeds_are_listed_and_pulled(run: Run, tmp_path: Path) -> None:
    with Site("127.0.0.5") as site:
        site.feed().publish_many(3)
        run("migrate")
        _subscribe(tmp_path / "data", site.url("/feed.xml"), site.url("/missing.xml"))
        assert "3 new" in run("feed", "pull", "1").stdout
        assert "0 new" in run("feed", "pull", site.url("/feed.xml")).stdout
        everything = run("feed", "pull", "--all")
        assert everything.returncode == 1 and "1 of 2 failed" in everything.stderr
        assert "[2/2]" in everything.stdout
        assert "active" in run("feed", "list").stdout
        failing = run("feed", "list", "--failing").stdout
        assert "missing.xml" in failing and "404" in failing and "/feed.xml" not in failing
    assert run("feed", "pull", "99").returncode == 1
    assert run("feed", "pull").returncode == 2


def _subscribe(data: Path, *urls: str) -> None:
    code = (
        "import asyncio, sys\nfrom pathlib import Path\nfrom reader.mappers.sqlite import open_store\n"
        "async def main():\n    store = await open_store(Path(sys.argv[1]))\n    for url in sys.argv[2:]:\n"
        "        await store.feeds.create(url, title='', site_url=None, description=None, now=0.0)\n"
        "    await store.close()\nasyncio.run(main())"
    )
    subprocess.run([sys.executable, "-c", code, str(data / "evantr.sqlite"), *urls], check=True)


def test_what_is_in_the_way_is_said(run: Run, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = run("serve", "--port", str(port))
        assert (said.returncode, f"Port {port}" in said.stderr) == (3, True)
    (tmp_path / "file").touch()
    said = run("serve", "--port", "0", "--data", str(tmp_path / "file" / "data"))
    assert said.returncode == 3 and "cannot write" in said.stderr
    said = run("migrate", EVANTR_SIGNUP="perhaps")
    assert said.returncode == 2 and "EVANTR_SIGNUP" in said.stderr
    said = run("migrate", EVANTR_STORE_FILE=str(tmp_path / "secret"))
    assert said.returncode == 2 and "EVANTR_STORE_FILE" in said.stderr and "cannot be read" in said.stderr
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "evantr.sqlite").write_text("this is no database " * 100)
    said = run("user", "list", "--data", str(tmp_path / "other"))
    assert said.returncode == 3 and "Traceback" not in said.stderr


@pytest.mark.parametrize("command", ["worker", "updater"])
def test_workers_run_alone_and_end_on_a_signal(tmp_path: Path, command: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "evantr", command],
        env=environment(EVANTR_DATA=str(tmp_path / "data")),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert any("runs" in line for line in iter(process.stdout.readline, ""))
    start = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0
    assert time.monotonic() - start < 5
    process.stdout.close()
