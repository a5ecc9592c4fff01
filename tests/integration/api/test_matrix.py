"""Every route × who asks × whose it is. The routes come from the OpenAPI document, so none can be forgotten."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute

from api.app import RESOURCES
from api.docs import document
from api.routing import RawRoute
from tests.helpers.app import Person, World, open_world
from tests.integration.api.routes import BODIES, Household, Ids, body_for, call, operations, settle

ROUTES = [route for module in RESOURCES for route in module.router.routes if isinstance(route, APIRoute)]
OPERATIONS = operations(document(ROUTES))
CLOSED = [o for o in OPERATIONS if not o.public and str(o) != "DELETE /api/v1/session"]
WITH_ID = [o for o in OPERATIONS if "{" in o.path]
NOWHERE = Ids(999_999, 999_999, 999_999, 999_999)
STREAM = "GET /api/v1/stream"


def test_every_route_is_in_the_document() -> None:
    assert len(OPERATIONS) == sum(len(route.methods or ()) for route in ROUTES)
    assert len(OPERATIONS) >= 36


def test_public_routes_are_these_alone() -> None:
    assert {str(o) for o in OPERATIONS if o.public} == {"POST /api/v1/session", "POST /api/v1/accounts"}


def test_every_body_has_an_example_here() -> None:
    for operation in OPERATIONS:
        assert (body_for(operation, NOWHERE) is not None) == operation.body, str(operation)


async def test_signed_out_is_401(anyone: httpx.AsyncClient) -> None:
    for operation in CLOSED:
        answer = await call(anyone, operation, NOWHERE)
        assert answer.status_code == 401, str(operation)
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["detail"] == "Sign in first."


@pytest.fixture
async def homes(world: World, ada: Person, bob: Person) -> tuple[Household, Household]:
    return await settle(world, ada, "hers"), await settle(world, bob, "his")


async def state(home: Household) -> Any:
    """All that somebody can see of their own."""
    out = []
    for path in ("me", "tokens", "sidebar", "folders", "subscriptions", "entries", "entries?scope=starred"):
        answer = await home.person.http.get(f"/api/v1/{path}")
        assert answer.status_code == 200
        out.append(answer.json())
    out[1]["tokens"] = [{**t, "used_at": None} for t in out[1]["tokens"]]
    return out


async def test_what_is_anothers_looks_absent(homes: tuple[Household, Household]) -> None:
    """Names are no secret among people signed in; what they stand for is in sharing/test_access.py."""
    hers, his = homes
    await hers.person.http.patch("/api/v1/profile", json={"private": True})
    before = await state(hers)
    for operation in WITH_ID:
        if operation.path.split("/")[3] in ("people", "requests"):
            continue
        foreign = await call(his.person.http, operation, hers.ids)
        absent = await call(his.person.http, operation, NOWHERE)
        assert foreign.status_code == absent.status_code == 404, f"{operation}: {foreign.text}"
        assert {**foreign.json(), "request_id": ""} == {**absent.json(), "request_id": ""}, str(operation)
    assert await state(hers) == before


async def test_ids_of_others_in_bodies_and_queries_look_absent(homes: tuple[Household, Household]) -> None:
    hers, his = homes
    await hers.person.http.patch("/api/v1/profile", json={"private": True})
    before, client = await state(hers), his.person.http
    for ids in (hers.ids, NOWHERE):
        mine = f"/api/v1/subscriptions/{his.ids.feed_id}"
        answers = [
            await client.post("/api/v1/entries/mark", json={"ids": [ids.entry_id]}),
            await client.post("/api/v1/mark-all", json={"scope": f"feed/{ids.feed_id}", "as_of": 10**9}),
            await client.post("/api/v1/mark-all", json={"scope": f"folder/{ids.folder_id}", "as_of": 10**9}),
            await client.post("/api/v1/mark-all", json={"scope": "all", "as_of": 9, "after_entry": ids.entry_id}),
            await client.post("/api/v1/mark-all", json={"scope": "all", "as_of": 9, "before_entry": ids.entry_id}),
            await client.get(f"/api/v1/entries?scope=feed/{ids.feed_id}"),
            await client.get(f"/api/v1/entries?scope=folder/{ids.folder_id}"),
            await client.get(f"/api/v1/entries/fresh?since=0&scope=feed/{ids.feed_id}"),
            await client.patch(mine, json={"folder_id": ids.folder_id}),
            await client.patch(mine, json={"before": ids.feed_id}),
            await client.patch(f"/api/v1/folders/{his.ids.folder_id}", json={"before": ids.folder_id}),
            await client.post("/api/v1/shares", json={"entry_id": ids.entry_id}),
            await client.post("/api/v1/shares", json={"entry_id": ids.share_id}),
            await client.post("/api/v1/shares", json={"entry_id": his.ids.entry_id, "stream_id": ids.stream_id}),
            await client.patch(f"/api/v1/streams/{his.ids.stream_id}", json={"before": ids.stream_id}),
            await client.put(f"/api/v1/streams/{his.ids.stream_id}/sources", json={"feed_ids": [ids.feed_id]}),
            await client.post("/api/v1/preview", json={"feed_id": ids.feed_id}),
            await client.post("/api/v1/undo", json={"token": f"read.{ids.entry_id}"}),
            await client.post("/api/v1/undo", json={"token": f"starred-on.{ids.entry_id}"}),
        ]
        assert [a.status_code for a in answers] == [404] * len(answers), [a.text for a in answers]
    assert await state(hers) == before


async def test_undo_tokens_of_others_are_unknown(homes: tuple[Household, Household]) -> None:
    hers, his = homes
    act = await hers.person.http.delete(f"/api/v1/subscriptions/{hers.ids.feed_id}")
    token = {"token": act.json()["undo"]}
    assert (await his.person.http.post("/api/v1/undo", json=token)).status_code == 404
    assert (await hers.person.http.post("/api/v1/undo", json=token)).status_code == 200


async def test_a_read_feed_of_another_can_be_subscribed_but_shows_nothing_of_theirs(
    homes: tuple[Household, Household],
) -> None:
    hers, his = homes
    await hers.person.http.put(f"/api/v1/entries/{hers.ids.entry_id}/star")
    made = await his.person.http.post("/api/v1/subscriptions", json={"feed_id": hers.ids.feed_id})
    assert made.status_code == 201
    assert made.json()["folder_id"] is None
    entry = (await his.person.http.get(f"/api/v1/entries/{hers.ids.entry_id}")).json()
    assert entry["starred"] is False


async def test_reading_changes_nothing(homes: tuple[Household, Household], world: World, tmp_path: Path) -> None:
    hers, _ = homes
    before = await dump(world, tmp_path / "before")
    for operation in OPERATIONS:
        if operation.method == "GET" and str(operation) != STREAM:
            answer = await call(hers.person.http, operation, hers.ids)
            assert answer.status_code == 200, f"{operation}: {answer.text}"
    assert await dump(world, tmp_path / "after") == before


async def dump(world: World, target: Path) -> list[object]:
    """Every row of the store, shadows of virtual tables among them. When the schema was made is no matter: a backup of
    MongoDB makes it anew."""
    import sqlite3

    await world.container.mappers.backup(target)

    def rows() -> list[object]:
        connection = sqlite3.connect(target)
        try:
            real = "type = 'table' AND name != 'migration' AND sql NOT LIKE 'CREATE VIRTUAL TABLE%'"
            names = [name for (name,) in connection.execute(f"SELECT name FROM sqlite_master WHERE {real}")]
            return [row for name in names for row in connection.execute(f'SELECT * FROM "{name}"')]
        finally:
            connection.close()

    return await asyncio.to_thread(rows)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://evantr.test.evil.example"},
        {"Origin": "http://evantr.test:81"},
        {"Origin": "", "Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Referer": "https://evil.example/http://evantr.test/"},
        {},
    ],
    ids=str,
)
async def test_a_page_of_another_site_changes_nothing(world: World, ada: Person, headers: dict[str, str]) -> None:
    async with world.client(session=ada.secret) as client:
        del client.headers["Origin"]
        for operation in OPERATIONS:
            if operation.method == "GET":
                continue
            answer = await call(client, operation, NOWHERE, headers=headers)
            assert answer.status_code == 403, str(operation)
            assert answer.json()["type"] == "urn:evantr:problem:foreign-origin"
            assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evantr.test"},
        {"Origin": "http://evantr.test:80"},
        {"Sec-Fetch-Site": "same-origin"},
        {"Referer": "http://evantr.test/feeds"},
    ],
    ids=str,
)
async def test_our_own_pages_may(world: World, ada: Person, headers: dict[str, str]) -> None:
    async with world.client(session=ada.secret) as client:
        del client.headers["Origin"]
        assert (await client.patch("/api/v1/me", json={"theme": "dark"}, headers=headers)).status_code == 200


async def test_programs_with_a_token_need_no_origin(ada: Person) -> None:
    assert (await ada.program.patch("/api/v1/me", json={"theme": "dark"})).status_code == 200


async def test_a_form_without_origin_is_refused_even_signed_out(ada: Person, anyone: httpx.AsyncClient) -> None:
    del anyone.headers["Origin"]
    answer = await anyone.post("/api/v1/session", data={"name": "ada"})
    assert answer.status_code == 403


async def test_the_public_address_counts_as_our_own(tmp_path: Path, store: str) -> None:
    async with open_world(tmp_path, store=store, base_url="https://read.example.org/") as world:
        ada = await world.person("ada")
        answer = await ada.http.patch(
            "/api/v1/me", json={"theme": "dark"}, headers={"Origin": "https://read.example.org"}
        )
        assert answer.status_code == 200


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"])
async def test_every_method_on_every_path_is_answered_below_500(
    world: World, ada: Person, anyone: httpx.AsyncClient, method: str
) -> None:
    paths = {o.path for o in OPERATIONS} | {"/healthz", "/readyz", "/metrics", "/api/openapi.json", "/", "/api/"}
    for path in paths - {"/api/v1/session", "/api/v1/stream"}:
        for client in (anyone, ada.http):
            answer = await client.request(method, path.replace("{id}", "1").replace("{feed_id}", "1"))
            assert answer.status_code < 500, f"{method} {path}: {answer.text}"
            if answer.status_code == 405:
                assert answer.headers["allow"]


def test_raw_routes_check_who_asks() -> None:
    """FastAPI's routes show their gate as a dependency; raw ones call signed_in first."""
    import inspect

    for route in ROUTES:
        source = inspect.getsource(route.endpoint)
        if isinstance(route, RawRoute):
            assert "await signed_in(request)" in source, route.path
        elif f"{next(iter(route.methods or ()))} {route.path}" not in (*BODIES, "DELETE /api/v1/session"):
            assert "actor: Me" in source, route.path
