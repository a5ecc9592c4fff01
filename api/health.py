"""/healthz: the process answers. /readyz: it can do its work."""

from __future__ import annotations

import structlog
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from api.errors import Problem, answer
from reader.container import Container
from reader.models.user import ANONYMOUS

log = structlog.get_logger("evantr.web")


def add_health(app: FastAPI, container: Container) -> None:
    async def healthz(request: Request) -> Response:
        return Response(b'{"status":"ok"}', media_type="application/json")

    async def readyz(request: Request) -> Response:
        try:
            await container.services.accounts.first_needed(ANONYMOUS)  # the cheapest read there is
        except Exception:  # whatever it is, this process cannot serve now; the log says why
            log.exception("store.unreadable")
            return await answer(request, Problem(503, "The store cannot be read. The log says why."))
        return Response(b'{"status":"ready"}', media_type="application/json")

    for path, handler in (("/healthz", healthz), ("/readyz", readyz)):
        app.router.add_route(path, handler, methods=["GET"], include_in_schema=False)
