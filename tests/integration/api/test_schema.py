"""Schemathesis over the OpenAPI document: what is documented is what happens, and no input is a 500.

On SQLite: it is about what the program says and takes. A run on MongoDB found nothing and took more than all else here.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.python.asgi import shutdown_lifespans
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)
from starlette.types import Receive, Scope, Send

from api.docs import document
from tests.helpers.app import open_world
from tests.integration.api.routes import settle
from tests.integration.api.test_matrix import ROUTES

EXAMPLES = 12
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    unsupported_method,
]


TOKEN = "token-of-somebody-with-things"
SPARE = "token-of-somebody-who-may-lose-it"


class Program:
    """The app in the event loop of schemathesis, opened and closed by its lifespan. Two people have things in it."""

    def __init__(self) -> None:
        self._app: Any = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await self._app(scope, receive, send)
            return
        await receive()
        with TemporaryDirectory() as folder:
            async with open_world(Path(folder), discovery_wait=0) as world:
                ada, eve = await world.person("ada", admin=True), await world.person("eve")
                for name in ("one", "two"):
                    await settle(world, ada, name)
                for person, secret in ((ada, TOKEN), (eve, SPARE)):
                    digest = sha256(secret.encode()).digest()
                    await world.container.mappers.users.add_token(person.user.id, "schema", digest, now=0)
                self._app = world.app
                await send({"type": "lifespan.startup.complete"})
                await receive()
        await send({"type": "lifespan.shutdown.complete"})


@pytest.fixture(scope="module", autouse=True)
def program() -> Iterator[None]:
    yield
    shutdown_lifespans()


# The stream never ends; test_stream.py is about it.
schema = schemathesis.openapi.from_dict(document(ROUTES)).exclude(path="/api/v1/stream")
schema.app = Program()


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
    database=None,
)
def test_the_document_is_kept(case: Any) -> None:
    token = SPARE if case.operation.path == "/api/v1/tokens/{id}" else TOKEN
    case.call_and_validate(headers={"Authorization": f"Bearer {token}"}, checks=CHECKS)
