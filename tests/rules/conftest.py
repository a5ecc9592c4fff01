"""Empty databases for what is counted on each kind of store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import cast

import pytest

from tests.helpers.mongo import Mongo

NewStore = Callable[[], str]


@pytest.fixture(params=["sqlite", "mongo"])
def store_name(request: pytest.FixtureRequest) -> str:
    return cast(str, request.param)


@pytest.fixture
def new_store(store_name: str, request: pytest.FixtureRequest) -> Iterator[NewStore]:
    """Gives an address for ``Settings.store`` at each call: of an empty database, or none for SQLite in the folder."""
    with ExitStack() as stack:
        if store_name == "sqlite":
            yield lambda: ""
        else:
            mongo: Mongo = request.getfixturevalue("mongo")
            yield lambda: stack.enter_context(mongo.database())
