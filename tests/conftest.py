"""For all tests: with EVANTR_TEST_REQUIRE=all a skip for something missing is a failure; a MongoDB for who asks."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator

import pytest

from tests.helpers.mongo import Missing, Mongo, running


@pytest.fixture(scope="session")
def mongo() -> Iterator[Mongo]:
    """A MongoDB, started at the first test that asks for one."""
    try:
        server = running()
        opened = server.__enter__()
    except Missing as missing:
        pytest.skip(f"MongoDB: {missing}")
    yield opened
    server.__exit__(None, None, None)


@pytest.fixture
def mongo_url(mongo: Mongo) -> Iterator[str]:
    """Address of an empty database of the test's own."""
    with mongo.database() as url:
        yield url


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, None]:
    outcome = yield
    report: pytest.TestReport = outcome.get_result()
    if report.skipped and os.environ.get("EVANTR_TEST_REQUIRE") == "all" and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, and EVANTR_TEST_REQUIRE=all allows no skip: {report.longrepr}"
