"""For all tests: the databases they run on; with EVANTR_TEST_REQUIRE=all a skip for something missing is a failure."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Generator, Iterator
from multiprocessing import forkserver
from typing import cast

import pytest
import structlog
from pymongo.uri_parser import parse_uri

from tests.helpers.mongo import Missing, Mongo, is_there, running
from tests.helpers.stores import NewStore, sqlite

STORES = ["sqlite", "mongo"]

# httpx asks of each request whether trio runs, by importing it: there is none, and it is looked for in vain each time.
sys.modules.setdefault("trio", None)  # type: ignore[arg-type]

# As structlog has it, a traceback shows all variables of all its frames, which takes 70 ms for each line of the log.
PLAIN = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
structlog.configure(processors=[*structlog.get_config()["processors"][:-1], PLAIN])


@pytest.fixture(scope="session", autouse=True)
def fork_server() -> None:
    """CPU processes of these tests come from a server that has imported what they need: hundreds of tests start one,
    and the imports take half a second. Programs that tests start have servers of their own, which imported nothing."""
    multiprocessing.set_forkserver_preload(["reader.ingest.work", "workers.cpu_process"])
    forkserver.ensure_running()


# PyMongo leaves a socket to the garbage collector when a task is cancelled while it connects (4.20, pool_shared.py).
LEFT_BY_PYMONGO = "ignore:Exception ignored in. <socket.socket .*{port}.>:pytest.PytestUnraisableExceptionWarning"


@pytest.fixture(scope="session")
def mongo(request: pytest.FixtureRequest) -> Iterator[Mongo]:
    """A MongoDB, started at the first test that asks for one."""
    try:
        server = running()
        opened = server.__enter__()
    except Missing as missing:
        pytest.skip(f"MongoDB: {missing}")
    for _, port in parse_uri(opened.url)["nodelist"]:
        request.config.addinivalue_line("filterwarnings", LEFT_BY_PYMONGO.format(port=port))
    yield opened
    server.__exit__(None, None, None)


@pytest.fixture
def mongo_url(mongo: Mongo) -> Iterator[str]:
    """Address of a database of the test's own in which nothing ever was, for tests of migrations and copies."""
    with mongo.database() as url:
        yield url


@pytest.fixture
def mongo_store(mongo: Mongo) -> Iterator[str]:
    """Address of an empty database of the test's own, which may be migrated already."""
    with mongo.store() as url:
        yield url


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest) -> str:
    """Where a program of the test's own keeps all, as the setting ``store`` says it, once for each database: for SQLite
    it is empty, and the file lies in the data folder. A module whose tests are of one of them says so:
    ``pytestmark = pytest.mark.parametrize("store", ["sqlite"], indirect=True)``."""
    return cast(str, request.getfixturevalue("mongo_store")) if request.param == "mongo" else ""


@pytest.fixture
def new_store(store: str, request: pytest.FixtureRequest) -> NewStore:
    """More stores of the same kind."""
    return cast(Mongo, request.getfixturevalue("mongo")).store if store else sqlite


@pytest.hookimpl(trylast=True)  # folders put their tests in order before
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What only a real MongoDB can show is chosen where there is one. Elsewhere it is deselected and not skipped: there
    is nothing that this machine ought to have."""
    marked = [(item, item.get_closest_marker("real_mongo")) for item in items]
    later = [item for item, mark in marked if mark is not None and not is_there(*mark.args)]
    if later:
        items[:] = [item for item in items if item not in later]
        config.hook.pytest_deselected(items=later)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, None]:
    outcome = yield
    report: pytest.TestReport = outcome.get_result()
    if report.skipped and os.environ.get("EVANTR_TEST_REQUIRE") == "all" and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, and EVANTR_TEST_REQUIRE=all allows no skip: {report.longrepr}"
