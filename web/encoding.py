"""HTML packed for the client."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from api.encoding import pack


def html_response(request: Request, html: str, status: int = 200) -> Response:
    """``html`` packed as the client likes it. Pages hold no secrets that a length could betray: acts are guarded by
    where a request comes from, not by tokens in forms."""
    body, encoding = pack(html.encode("utf-8", "replace"), request.headers.get("accept-encoding", ""))
    headers = {"Vary": "Accept-Encoding, X-Fragment, Cookie"}
    if encoding:
        headers["Content-Encoding"] = encoding
    return HTMLResponse(body, status, headers)
