"""/u/NAME/STREAM.atom, .rss and .json: streams for other readers. Shared caches may keep what anybody may read."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from email.utils import formatdate, parsedate_to_datetime
from math import ceil

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.deps import container_of, identify
from api.encoding import pack
from reader.container import Container
from reader.errors import NotFound
from reader.ingest.publish import FORMATS, Format
from reader.models.share import DEFAULT_STREAM
from reader.models.user import Actor
from reader.services.publishing import Published

Handler = Callable[[Request], Awaitable[Response]]
FRESH_SECONDS = 60
NOTHING = "There is no such stream."


def base_of(request: Request) -> str:
    """The address of this instance that others know it by: the one of the settings, else that of the request."""
    return (container_of(request).settings.base_url or str(request.base_url)).rstrip("/")


def add_outputs(app: FastAPI, container: Container) -> None:
    for format in FORMATS:
        app.router.add_route(f"/u/{{name}}.{format}", _default(format), methods=["GET"], include_in_schema=False)
        path = f"/u/{{name}}/{{stream}}.{format}"
        app.router.add_route(path, _stream(container, format), methods=["GET"], include_in_schema=False)


def _default(format: Format) -> Handler:
    """A person's address with a format means their default stream."""

    async def send_on(request: Request) -> Response:
        name = request.path_params["name"]
        if not name.replace("-", "").replace("_", "").isalnum():
            raise NotFound(NOTHING)
        return RedirectResponse(f"/u/{name}/{DEFAULT_STREAM}.{format}", 301)

    return send_on


def _stream(container: Container, format: Format) -> Handler:
    async def show(request: Request) -> Response:
        actor = await identify(request)
        parameters = request.path_params
        published = await container.services.publishing.document(
            actor, parameters["name"], parameters["stream"], format, base_of(request), archive=_archive(request),
            key=request.query_params.get("key", ""),
        )  # fmt: skip
        return answer(request, published, actor)

    return show


def _archive(request: Request) -> int | None:
    written = request.query_params.get("archive")
    if written is None:
        return None
    if not written.isascii() or not written.isdigit() or len(written) > 9:
        raise NotFound(NOTHING)
    return int(written)


def answer(request: Request, published: Published, actor: Actor) -> Response:
    """The document, or 304 to who has it (RFC 9110, 13)."""
    rendered = published.rendered
    hub = [f'<{published.hub}>; rel="hub"'] if published.hub else []
    headers = {
        "ETag": f'W/"{rendered.etag}"',
        "Vary": "Accept-Encoding, Cookie, Authorization",
        "Link": ", ".join([f'<{published.address}>; rel="self"', *hub]),
        "Cache-Control": "private, no-store",
    }
    modified = ceil(rendered.updated_at)
    if modified <= container_of(request).clock.now():  # dates know whole seconds: this one must not hold more news
        headers["Last-Modified"] = formatdate(modified, usegmt=True)
    if published.public and not actor.signed_in:
        headers["Cache-Control"] = f"public, max-age={FRESH_SECONDS}"
        headers["Access-Control-Allow-Origin"] = "*"
        headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    if _has_it(request, rendered.etag, modified):
        return Response(status_code=304, headers=headers)
    body, encoding = pack(rendered.body, request.headers.get("accept-encoding", ""))
    if encoding:
        headers["Content-Encoding"] = encoding
    return Response(body, headers={**headers, "Content-Type": published.type})


def _has_it(request: Request, etag: str, modified: int) -> bool:
    known = request.headers.get("if-none-match")
    if known is not None:
        tags = {tag.strip().removeprefix("W/") for tag in known.split(",")}
        return f'"{etag}"' in tags or "*" in tags
    since = request.headers.get("if-modified-since")
    if since is None:
        return False
    try:
        return modified <= parsedate_to_datetime(since).timestamp()
    except (ValueError, TypeError, OverflowError):
        return False
