"""The floor: a bare ASGI route that sends as many bytes as it is asked for, on the same server software."""

from __future__ import annotations

import sys
from typing import Any

import uvicorn

BODIES: dict[bytes, bytes] = {}


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """GET /?SIZE answers SIZE bytes."""
    if scope["type"] != "http":
        return
    size = scope["query_string"] or b"0"
    body = BODIES.setdefault(size, b"x" * int(size))
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="error", access_log=False, lifespan="off")
