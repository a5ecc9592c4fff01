"""Each route is gated, shows nobody what is another's, and is named by a test."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.app import Person, World, open_world
from web.app import create_app

ROOT = Path(__file__).parents[1]
PUBLIC = {
    "/api/openapi.json": "the document of the API",
    "/healthz": "for load balancers",
    "/readyz": "for load balancers",
    "/metrics": "its own rule: loopback only",
    "/icons/{digest}": "icons were found on public pages",
    "/static/{name:path}": "our own files",
    "/favicon.ico": "our own file",
    "/img/{signature}/{source}": "the address is signed by us",
    "/offline": "says nothing about anybody",
    "/welcome": "sends on to the sign-in once there is an account",
    "/signin": "is where one signs in",
    "/join": "sign-up, where it is open",
    "/join/{code}": "sign-up by invitation",
    **{f"/u/{{name}}.{format}": "sends on to the default stream" for format in ("atom", "rss", "json")},
    **{f"/u/{{name}}/{{stream}}.{format}": "public streams, for other readers" for format in ("atom", "rss", "json")},
    "/hub": "other servers subscribe to public streams",
    "/websub/{token}": "hubs call there: the token is unguessable, what they bring is signed",
    "/do/welcome": "refused once there is an account",
    "/do/signin": "is where one signs in",
    "/do/signout": "signs out",
    "/do/join": "sign-up",
    "/u/{name}": "streams are public, as far as their owners want",
    "/u/{name}/{stream}": "streams are public, as far as their owners want",
    "/share/{id}": "a share can be seen by whoever may see its owner",
    "/chain/{id}": "a chain can be seen as far as its shares are public",
}
PUBLIC_CALLS = {("POST", "/api/v1/session"), ("DELETE", "/api/v1/session"), ("POST", "/api/v1/accounts")}
Route = tuple[str, str]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path, create_app) as opened:
        yield opened


def walk(routes: Iterable[Any], prefix: str = "") -> Iterator[Route]:
    """(method, path) of all routes, groups included."""
    for route in routes:
        if hasattr(route, "routes") and not hasattr(route, "endpoint"):
            yield from walk(route.routes, prefix + getattr(route, "path", ""))
        else:
            for method in sorted((getattr(route, "methods", None) or set()) - {"HEAD"}):
                yield method, prefix + route.path


def filled(path: str, **values: object) -> str:
    known = {"kind": "folder", "digest": "0" * 64, "code": "x", "signature": "x", "source": "x", "name": "x", **values}
    return re.sub(r"{(\w+)(?::\w+)?}", lambda m: str(known.get(m[1], 1)), path)


async def test_signed_out_gets_nothing(world: World) -> None:
    await world.person("ada", admin=True)
    async with world.client() as anyone:
        for method, path in walk(world.app.routes):
            if path in PUBLIC or (method, path) in PUBLIC_CALLS:
                continue
            answer = await anyone.request(method, filled(path))
            if answer.status_code == 303:
                assert answer.headers["location"].startswith("/signin"), f"{method} {path}"
            else:
                assert answer.status_code in (401, 403), f"{method} {path} answers {answer.status_code}"


async def test_pages_show_nothing_of_others(world: World) -> None:
    """What is another's looks just like what does not exist."""
    ada, bob = await world.person("ada", admin=True), await world.person("bob")
    theirs = await something_of(world, ada)
    checked = 0
    for method, path in walk(world.app.routes):
        if "{id}" not in path or path.startswith("/api/"):
            continue
        own = next((value for part, value in theirs.items() if part in path), theirs["folder"])
        foreign = await bob.http.request(method, filled(path, id=own) + "?since=0")
        absent = await bob.http.request(method, filled(path, id=999_999) + "?since=0")
        assert foreign.status_code == absent.status_code, f"{method} {path}"
        if method == "GET":
            assert foreign.status_code == 404, f"{method} {path} answers {foreign.status_code}"
        assert "Gazette" not in foreign.text, f"{method} {path}"
        checked += 1
    assert checked >= 10
    sidebar = (await ada.http.get("/api/v1/sidebar")).json()
    assert [f["title"] for f in sidebar["folders"]] == ["Letters"]
    assert sidebar["folders"][0]["feeds"][0]["unread"] == 3


async def something_of(world: World, person: Person) -> dict[str, int]:
    """Ids of a folder, a feed and an entry, by the part of the address that they fill."""
    folder = (await person.http.post("/api/v1/folders", json={"title": "Letters"})).json()["id"]
    feed = await world.feed("gazette", entries=3, readers=[person], folder_id=folder)
    entry = (await person.http.get("/api/v1/entries?scope=all")).json()["entries"][0]["id"]
    return {"folder": folder, "feed": feed, "entry": entry}


def named(path: str, text: str) -> bool:
    """Whether a test writes this address, with anything in the place of its arguments."""
    pattern = re.escape(path)
    pattern = re.sub(r"\\{\w+(?::\w+)?\\}", r"[^\"'\\s?]+", pattern)
    return re.search(rf"[\"'`}}]{pattern}(?=[\"'`?{{\s#])", text) is not None


async def test_every_route_is_named_by_a_test(world: World) -> None:
    text = "\n".join(p.read_text() for p in ROOT.rglob("*.py") if p != Path(__file__))
    # The API's own tests go through its whole document, route by route.
    pages = {path for _, path in walk(world.app.routes) if not path.startswith("/api/v1/")}
    missing = sorted(path for path in pages if not named(path, text))
    assert missing == []
