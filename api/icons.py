"""/icons/{digest}: icons of feeds, from our own origin, named by what is in them and so never stale."""

from __future__ import annotations

import re

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from reader.container import Container
from reader.errors import NotFound
from reader.models.user import ANONYMOUS

DIGEST = re.compile(r"[0-9a-f]{64}")
# An icon is a stranger's file: even one that is opened by itself (an SVG with a script) may do nothing.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    "Cache-Control": "public, max-age=31536000, immutable",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def add_icons(app: FastAPI, container: Container) -> None:
    async def show(request: Request) -> Response:
        digest = request.path_params["digest"]
        if not DIGEST.fullmatch(digest):
            raise NotFound("There is no such icon.")
        etag = f'"{digest}"'
        if request.headers.get("if-none-match") == etag:
            return Response(status_code=304, headers={**HEADERS, "ETag": etag})
        icon = await container.services.feeds.icon(ANONYMOUS, digest)
        return Response(icon.body, media_type=icon.type, headers={**HEADERS, "ETag": etag})

    app.router.add_route("/icons/{digest}", show, methods=["GET"], include_in_schema=False)
