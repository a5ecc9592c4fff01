"""A real browser on the real program, which reads a site of its own on another loopback address."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, expect, sync_playwright

from tests.browser.program import Program, running
from tests.browser.reader import Reader
from tests.helpers.site import Site

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
MISSING = "install chromium (apt-get install chromium)"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for the tests of a file. It ends with the file: its event loop would be in the way of others."""
    if not Path(CHROMIUM).exists():
        pytest.skip(MISSING)
    expect.set_options(timeout=12_000)  # a busy machine takes its time
    with sync_playwright() as playwright:
        try:
            made = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        except Error as error:
            pytest.skip(f"{MISSING}: {error}")
        yield made
        made.close()


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site("127.0.0.7") as made:
        yield made


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    with running(tmp_path_factory.mktemp("evantr")) as made:
        yield made


@pytest.fixture
def reader(browser: Browser, program: Program) -> Iterator[Reader]:
    """A signed-in window. Errors in the page's script fail the test."""
    made = Reader.open(browser, program)
    made.join()
    yield made
    made.close()
    assert made.complaints == []
