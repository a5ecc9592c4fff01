"""Around every request, the pages' too: its id, its log line, its limits, its headers. Pure ASGI, some 20 µs."""

from __future__ import annotations

import re
import secrets
import time
from urllib.parse import unquote_to_bytes

import structlog
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from api.errors import Problem, Refused, answer, deny, log, problem_of
from api.facts import KEY, Facts
from api.metrics import RequestMetrics
from api.origin import Headers, believed, client_behind, foreign, place
from reader.settings import Settings

BODY_LIMIT = 2_000_000
UPLOAD_LIMIT = 20_200_000  # a file of 20 MB, and the form around it
PUSH_LIMIT = 5_000_000
PUSHES = "/websub/"
# Other servers speak there, without cookies: what counts is what they know.
FOR_SERVERS = ("/hub", PUSHES)
UPLOADS = frozenset({"/api/v1/imports", "/do/import"})
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
TOO_LARGE = "A request has at most {} MB."

FOREIGN = Problem(
    403,
    "This request does not come from a page of this Evantr. Open the page again, or send a token.",
    kind="foreign-origin",
)

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "media-src http: https:",
        "frame-src https:",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "manifest-src 'self'",
        "worker-src 'self'",
    )
)
DEFAULT_HEADERS = (
    (b"content-security-policy", CONTENT_SECURITY_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"private, no-store"),
)


class RequestMiddleware:
    """The outermost layer: what leaves it has all headers, whatever broke inside."""

    def __init__(self, app: ASGIApp, settings: Settings, metrics: RequestMetrics) -> None:
        self._app = app
        self._proxies = settings.trusted_proxies
        self._own = frozenset({place(settings.base_url.split("://")[-1].split("/")[0])} if settings.base_url else ())
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._socket(scope, receive, send)
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        headers: Headers = dict(scope["headers"])
        facts = self._facts(scope, headers)
        scope[KEY] = facts
        bare = scope["method"] == "HEAD"
        if bare:
            scope["method"] = "GET"  # same answer; the body is left out below
        status = 0
        request_id = (b"x-request-id", facts.request_id.encode())

        async def respond(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                out = list(message["headers"])
                names = {name for name, _ in out}
                out += [header for header in DEFAULT_HEADERS if header[0] not in names]
                out.append(request_id)
                message["headers"] = out
            elif bare:
                message = {**message, "body": b""}
            await send(message)

        structlog.contextvars.bind_contextvars(request_id=facts.request_id)
        try:
            problem = self._refusal(scope, headers)
            if problem is not None:
                request = Request(scope, receive)
                await (await answer(request, problem))(scope, receive, respond)
                return
            if scope["method"] not in SAFE_METHODS and b"content-length" not in headers:
                receive = _limited(receive, _limit(scope))
            await self._app(scope, receive, respond)
        except Exception as error:
            log.exception("request.broke", method=scope["method"], path=_path(scope))
            if status:
                raise  # half an answer is out: the server closes the connection
            await (await answer(Request(scope, receive), problem_of(error)))(scope, receive, respond)
        finally:
            self._done(scope, facts, status, time.perf_counter() - started)
            structlog.contextvars.unbind_contextvars("request_id")

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A WebSocket: its id, its log line, and where it comes from. Browsers open them for pages of any site."""
        started = time.perf_counter()
        headers: Headers = dict(scope["headers"])
        facts = self._facts(scope, headers)
        scope[KEY] = facts
        structlog.contextvars.bind_contextvars(request_id=facts.request_id)
        try:
            if b"authorization" not in headers and self._foreign(headers):
                await deny(WebSocket(scope, receive, send), FOREIGN)
                return
            await self._app(scope, receive, send)
        except Exception:
            log.exception("socket.broke", path=_path(scope))
            raise  # the server closes the connection
        finally:
            user = facts.actor.user_id if facts.actor else 0
            seconds = round(time.perf_counter() - started, 3)
            log.info("socket", path=_path(scope), seconds=seconds, client=facts.client, user=user)
            structlog.contextvars.unbind_contextvars("request_id")

    def _facts(self, scope: Scope, headers: Headers) -> Facts:
        peer = scope["client"][0] if scope.get("client") else ""
        proxied = bool(self._proxies) and believed(peer, self._proxies)
        request_id, client = b"", peer
        if proxied:
            lines = [v.decode("latin-1") for k, v in scope["headers"] if k == b"x-forwarded-for"]
            client = client_behind(peer, lines, self._proxies)
            if headers.get(b"x-forwarded-proto") in (b"http", b"https"):
                scheme = headers[b"x-forwarded-proto"].decode()
                scope["scheme"] = scheme.replace("http", "ws") if scope["type"] == "websocket" else scheme
            request_id = headers.get(b"x-request-id", b"")
        given = REQUEST_ID.fullmatch(request_id) is not None
        return Facts(
            request_id.decode() if given else secrets.token_hex(8), headers, client, scope["scheme"] in ("https", "wss")
        )

    def _refusal(self, scope: Scope, headers: Headers) -> Problem | None:
        """What is turned away before anything looks at it."""
        query = scope["query_string"]
        if "\0" in scope["path"] or (b"%" in query and not _readable(query)):
            return Problem(400, "The address holds characters that cannot be read. Send it as UTF-8 without NUL.")
        if scope["method"] in SAFE_METHODS:
            return None
        length = headers.get(b"content-length", b"0")
        if not length.isdigit():
            return Problem(400, "Content-Length is a number.")
        if int(length) > _limit(scope):
            return Problem(413, TOO_LARGE.format(_limit(scope) // 1_000_000))
        if scope["path"].startswith(FOR_SERVERS):
            return None
        if b"authorization" not in headers and self._foreign(headers):
            return FOREIGN
        return None

    def _foreign(self, headers: Headers) -> bool:
        own = self._own | {place(headers.get(b"host", b"").decode("latin-1"))}
        # A page of another site can send a form without asking, but not JSON; so a form has to say where it is from.
        form = not headers.get(b"content-type", b"application/json").startswith(b"application/json")
        return foreign(headers, own, strict=form or b"cookie" in headers)

    def _done(self, scope: Scope, facts: Facts, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "")
        self._metrics.observe(scope["method"], route, status, seconds)
        actor = facts.actor
        log.info(
            "request",
            method=scope["method"],
            path=_path(scope),
            status=status or 499,  # the client went away before an answer
            ms=round(seconds * 1000, 2),
            client=facts.client,
            user=actor.user_id if actor else 0,
        )


def _path(scope: Scope) -> str:
    """As sent, so that a line break in it stays encoded; without the query, which may hold what people type."""
    raw: bytes = scope.get("raw_path") or scope["path"].encode("utf-8", "replace")
    return ascii(raw.partition(b"?")[0][:200].decode("latin-1"))[1:-1]


def _readable(query: bytes) -> bool:
    """False for NUL and for what is no UTF-8, lone surrogates included."""
    raw = unquote_to_bytes(query)
    if b"\0" in raw:
        return False
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def _limit(scope: Scope) -> int:
    """Bytes that a request may bring."""
    if scope["path"].startswith(PUSHES):
        return PUSH_LIMIT
    return UPLOAD_LIMIT if scope["path"] in UPLOADS else BODY_LIMIT


def _limited(receive: Receive, limit: int) -> Receive:
    """Stops a body of unannounced length at the limit."""
    taken = 0

    async def limited() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > limit:
            raise Refused(413, TOO_LARGE.format(limit // 1_000_000))
        return message

    return limited
