"""For all tests: with EVANTR_TEST_REQUIRE=all a skip for something missing is a failure."""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path

import pytest


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, None]:
    outcome = yield
    report: pytest.TestReport = outcome.get_result()
    if report.skipped and os.environ.get("EVANTR_TEST_REQUIRE") == "all" and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, and EVANTR_TEST_REQUIRE=all allows no skip: {report.longrepr}"


WHOLE = ("contract/mappers", "contract/queue", "browser")
"""Folders that one process does as a whole: the first tell at the end whether every method was called, the last shares
a browser and a program."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """With several processes (make test) each file stays in one."""
    for item in items:
        place = str(item.path.relative_to(Path(__file__).parent))
        group = next((folder for folder in WHOLE if place.startswith(folder)), place)
        item.add_marker(pytest.mark.xdist_group(group))
