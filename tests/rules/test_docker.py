"""The image: what a linter of Dockerfiles would say, and that it holds what the program needs and nothing secret."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "Dockerfile").read_text()


def instructions() -> list[tuple[str, str]]:
    """(instruction, arguments), continued lines joined, comments left out."""
    lines = [line for line in TEXT.splitlines() if line.strip() and not line.startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [(line.split(None, 1)[0], line.split(None, 1)[1]) for line in joined.splitlines()]


def of(name: str) -> list[str]:
    return [arguments for instruction, arguments in instructions() if instruction == name]


def test_base_images_are_slim_and_pinned_to_a_release() -> None:
    for arguments in of("FROM"):
        image, _, tag = arguments.split()[0].partition(":")
        assert image == "python" and re.fullmatch(r"3\.\d+-slim-[a-z]+", tag), arguments


def test_it_runs_as_nobody_in_particular() -> None:
    last_stage = [name for name, _ in instructions()]
    last_stage = last_stage[len(last_stage) - last_stage[::-1].index("FROM") :]
    assert last_stage.index("USER") < last_stage.index("ENTRYPOINT")
    assert of("USER") == ["10001"]  # a number: an orchestrator can see that it is not root


def test_one_image_for_all_roles() -> None:
    assert of("ENTRYPOINT") == ['["evantr"]']
    assert of("CMD")[-1] == '["serve"]'


def test_commands_get_signals_and_health_is_asked() -> None:
    for arguments in of("ENTRYPOINT") + of("CMD"):
        assert arguments.startswith("["), "a shell between would swallow SIGTERM"
    (health,) = of("HEALTHCHECK")
    assert "/readyz" in health and "CMD [" in health


@pytest.mark.parametrize("word", ["sudo", "ADD ", ":latest", "apt-get upgrade", "chmod 777", "--index-url", "curl "])
def test_nothing_that_linters_warn_of(word: str) -> None:
    assert word not in TEXT


def test_libraries_are_those_that_are_pinned() -> None:
    installs = [arguments for arguments in of("RUN") if "pip install" in arguments]
    assert installs and all("--no-cache-dir" in each for each in installs)
    assert all("--require-hashes" in each or "--no-deps" in each for each in installs)


def test_each_path_that_is_copied_exists_and_is_let_in() -> None:
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    for arguments in of("COPY"):
        if arguments.startswith("--from"):
            continue
        for path in arguments.split()[:-1]:
            assert (ROOT / path).exists(), path
            assert path in allowed, path
    assert not {name for name in allowed if name.startswith((".env", "data", ".git", "tests"))}


def test_whole_packages_are_in_it() -> None:
    """Those of pyproject.toml, and the module of the command."""
    copied = {path for arguments in of("COPY") for path in arguments.split()[:-1]}
    assert {"reader", "workers", "api", "web", "evantr.py"} <= copied
