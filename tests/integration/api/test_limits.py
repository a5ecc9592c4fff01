"""What surrounds every request: headers, ids, sizes, log lines, faults."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from structlog.testing import capture_logs

from api.errors import Problem, register_html_errors
from api.middleware import BODY_LIMIT
from tests.helpers.app import Person, World, open_world
from tests.integration.api.routes import Ids, call
from tests.integration.api.test_matrix import OPERATIONS, STREAM

ALWAYS = (
    "content-security-policy",
    "x-content-type-options",
    "x-frame-options",
    "referrer-policy",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
    "cache-control",
    "x-request-id",
)


def check_headers(answer: httpx.Response) -> None:
    for name in ALWAYS:
        assert len(answer.headers.get_list(name)) == 1, f"{name} of {answer.request.url}"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_all_headers_on_every_answer(world: World, ada: Person, anyone: httpx.AsyncClient) -> None:
    feed_id = await world.feed(readers=[ada])
    ids = Ids(feed_id, 1, 1, 1)
    for operation in OPERATIONS:
        if str(operation) in (STREAM, "DELETE /api/v1/session"):
            continue
        for client in (anyone, ada.program):
            answer = await call(client, operation, ids)
            check_headers(answer)
            assert "private" in answer.headers["cache-control"]
            if not operation.tagged:
                assert answer.headers["cache-control"] == "private, no-store"
    for path in ("/healthz", "/readyz", "/metrics", "/api/openapi.json", "/nothing", "/api/v1/nothing", "/icons/x"):
        check_headers(await anyone.get(path))
    check_headers(await anyone.request("BREW", "/healthz"))
    check_headers(await anyone.post("/api/v1/session", content=b"x" * (BODY_LIMIT + 1)))


async def test_a_body_above_the_limit_is_refused(ada: Person) -> None:
    json = {"Content-Type": "application/json"}
    answer = await ada.http.post("/api/v1/folders", content=b" " * (BODY_LIMIT + 1), headers=json)
    assert answer.status_code == 413
    assert answer.json()["detail"] == "A request has at most 2 MB."

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(30):
            yield b" " * 100_000

    for path in ("/api/v1/folders", "/api/v1/entries/mark"):
        answer = await ada.http.post(path, content=chunks(), headers=json)
        assert answer.status_code == 413, answer.text
        check_headers(answer)
    fits = b'{"title": "' + b"x" * 1_900_000 + b'"}'
    assert (await ada.http.post("/api/v1/folders", content=fits, headers=json)).status_code == 422


@pytest.mark.parametrize("length", ["-1", "x", "1e3", "", "9" * 40])
async def test_a_length_that_is_none(ada: Person, length: str) -> None:
    answer = await ada.http.post("/api/v1/folders", content=b"{}", headers={"Content-Length": length})
    assert answer.status_code in (400, 413)


async def test_each_request_has_its_number_and_one_line(ada: Person) -> None:
    with capture_logs() as lines:
        answers = [await ada.http.get("/api/v1/me?q=secret%0aline") for _ in range(2)]
    numbers = [a.headers["x-request-id"] for a in answers]
    assert len(set(numbers)) == 2
    lines = [line for line in lines if line["event"] == "request"]
    assert [(line["method"], line["path"], line["status"], line["user"]) for line in lines] == [
        ("GET", "/api/v1/me", 200, ada.user.id)
    ] * 2
    assert "secret" not in str(lines) and ada.secret not in str(lines)


async def test_a_line_break_in_a_path_stays_encoded(anyone: httpx.AsyncClient) -> None:
    with capture_logs() as lines:
        await anyone.get("/x%0d%0aSet-Cookie:%20a=b%1b[31m")
    [line] = [line for line in lines if line["event"] == "request"]
    assert not set(line["path"]) & set("\r\n\x1b")


async def test_no_password_or_token_reaches_the_log(world: World, ada: Person, anyone: httpx.AsyncClient) -> None:
    canary = "canary-password-4711"
    with capture_logs() as lines:
        await anyone.post("/api/v1/session", json={"name": "ada", "password": canary})
        await anyone.post("/api/v1/session", json={"name": canary, "password": [canary]})
        await anyone.get("/api/v1/me", headers={"Authorization": f"Bearer {canary}-{canary}"})
        await ada.http.post("/api/v1/me/password", json={"old": canary, "new": canary})
    assert lines
    assert canary not in str(lines)


async def test_a_request_id_is_taken_from_our_proxy_only(tmp_path: Path, store: str, anyone: httpx.AsyncClient) -> None:
    given = {"X-Request-Id": "from-the-proxy-1"}
    assert (await anyone.get("/healthz", headers=given)).headers["x-request-id"] != given["X-Request-Id"]
    async with open_world(tmp_path, store=store, trusted_proxies="127.0.0.0/8") as world, world.client() as client:
        assert (await client.get("/healthz", headers=given)).headers["x-request-id"] == given["X-Request-Id"]
        bad = await client.get("/healthz", headers={"X-Request-Id": "x" * 65})
        assert len(bad.headers["x-request-id"]) == 16


async def test_an_unknown_fault_is_a_number_and_a_traceback_in_the_log(world: World, anyone: httpx.AsyncClient) -> None:
    async def broken(request: Request) -> Response:
        raise RuntimeError("secret inside")

    world.app.router.add_route("/api/broken", broken)
    with capture_logs() as lines:
        answer = await anyone.get("/api/broken")
    assert answer.status_code == 500
    problem = answer.json()
    assert problem["request_id"] == answer.headers["x-request-id"]
    assert problem["request_id"] in problem["detail"]
    assert "secret" not in answer.text
    check_headers(answer)
    [line] = [line for line in lines if line["event"] == "request.broke"]
    assert line["exc_info"]


async def test_half_an_answer_is_not_followed_by_another(world: World, anyone: httpx.AsyncClient) -> None:
    from starlette.responses import StreamingResponse

    async def parts() -> AsyncIterator[bytes]:
        yield b"half"
        raise RuntimeError("broke off")

    async def broken(request: Request) -> Response:
        return StreamingResponse(parts())

    world.app.router.add_route("/api/half", broken)
    with pytest.raises(RuntimeError, match="broke off"):
        await anyone.get("/api/half")


async def test_pages_render_their_own_errors(world: World, anyone: httpx.AsyncClient) -> None:
    async def render(request: Request, problem: Problem) -> Response:
        return HTMLResponse(f"<p>{problem.status} {problem.detail} {problem.request_id}</p>", problem.status)

    register_html_errors(world.app, render)
    page = await anyone.get("/nothing", headers={"Accept": "text/html,*/*"})
    assert page.status_code == 404
    assert page.text == f"<p>404 There is nothing at this address. {page.headers['x-request-id']}</p>"
    for path, accept in (("/nothing", "application/json"), ("/api/v1/nothing", "text/html"), ("/icons/x", "text/html")):
        answer = await anyone.get(path, headers={"Accept": accept})
        assert answer.headers["content-type"] == "application/problem+json"


async def test_pages_without_a_renderer_get_json(anyone: httpx.AsyncClient) -> None:
    answer = await anyone.get("/nothing", headers={"Accept": "text/html"})
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("method", ["HEAD", "GET"])
async def test_head_is_get_without_its_body(ada: Person, method: str) -> None:
    answer = await ada.http.request(method, "/api/v1/me")
    assert answer.status_code == 200
    assert (answer.content == b"") == (method == "HEAD")
    assert int(answer.headers["content-length"]) > 0


@pytest.mark.parametrize(
    "path", ["//evil.example/", "/\\evil.example", "/api/v1/me/", "/healthz/", "/%2f%2fevil.example"]
)
async def test_no_redirect_leads_away(anyone: httpx.AsyncClient, path: str) -> None:
    answer = await anyone.get(httpx.URL(path=path, host="evantr.test", scheme="http"), headers={"Host": "evil.example"})
    assert answer.status_code == 404
    assert "location" not in answer.headers


@pytest.mark.parametrize("query", ["q=%00", "q=%ED%A0%80", "q=%FF", "%00=1", "q=%c0%80"])
async def test_queries_that_are_no_text(ada: Person, query: str) -> None:
    answer = await ada.http.get(f"/api/v1/feeds?{query}")
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith("The address holds characters")


async def test_metrics_are_for_loopback(world: World, ada: Person, anyone: httpx.AsyncClient) -> None:
    await ada.http.get("/api/v1/entries/1")
    await anyone.get("/made-up-path")
    text = (await anyone.get("/metrics")).text
    assert 'evantr_requests_total{method="GET",route="/api/v1/entries/{id}",status="404"} 1.0' in text
    assert "made-up-path" not in text
    assert 'evantr_store{what="feeds"} 0.0' in text
    assert "process_resident_memory_bytes" in text
    async with world.client(address="192.0.2.7") as stranger:
        assert (await stranger.get("/metrics")).status_code == 404
        assert (await stranger.get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"})).status_code == 404


async def test_metrics_can_be_opened(tmp_path: Path, store: str) -> None:
    async with (
        open_world(tmp_path, store=store, metrics_public=True) as world,
        world.client(address="192.0.2.7") as stranger,
    ):
        assert (await stranger.get("/metrics")).status_code == 200


async def test_ready_until_the_store_is_gone(tmp_path: Path, store: str) -> None:
    async with open_world(tmp_path, store=store) as world, world.client() as client:
        assert (await client.get("/healthz")).json() == {"status": "ok"}
        assert (await client.get("/readyz")).json() == {"status": "ready"}
        await world.container.mappers.close()
        answer = await client.get("/readyz")
        assert answer.status_code == 503
        assert answer.headers["content-type"] == "application/problem+json"
        assert (await client.get("/healthz")).status_code == 200
