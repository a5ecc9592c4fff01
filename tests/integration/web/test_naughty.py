"""Bad input in every field of every form: a clear answer, never a fault."""

from __future__ import annotations

import re

import pytest

from tests.helpers.app import Person, World
from web.pages import routes

FIELDS = (
    *(
        "name",
        "password",
        "next",
        "code",
        "back",
        "read",
        "star",
        "later",
        "scope",
        "as_of",
        "older_than",
        "before_entry",
    ),
    *(
        "token",
        "folder",
        "open",
        "text_size",
        "text_width",
        "text_face",
        "url",
        "feed",
        "typed",
        "new_folder",
        "title",
        "act",
    ),
    *("before", "theme", "density", "timezone", "old", "new"),
)
NAUGHTY = {
    "nul": "a\0b",
    "rtl": "\u202eabc\u2066",
    "emoji": "\U0001f469\u200d\U0001f467",
    "quotes": "\"'`<>&",
    "big": "x" * 200_000,
    "number": "9" * 40,
    "negative": "-1",
    "digits": "\u0661\u0662",
    "path": "../../etc/passwd",
    "crlf": "a\r\nSet-Cookie: x=y",
    "empty": "",
    "format": "{0}%s%n${x}{{7*7}}",
}
POSTS = [route.path for route in routes() if "POST" in (route.methods or ())]


@pytest.mark.parametrize("kind", NAUGHTY)
async def test_no_form_breaks(world: World, ada: Person, kind: str) -> None:
    await world.feed(entries=2, readers=[ada])
    folder = await world.container.services.folders.add(ada.actor, "F")
    for path in POSTS:
        if path in ("/do/signout", "/do/feed/{id}/unsubscribe", "/do/folder/{id}/remove"):
            continue
        address = re.sub(r"\{id\}", str(folder.id if "folder" in path else 1), path)
        answer = await ada.http.post(address, data=dict.fromkeys(FIELDS, NAUGHTY[kind]))
        assert answer.status_code < 500, (address, answer.text[:300])
        if answer.status_code == 303:
            assert re.fullmatch(r"/[!-~]*", answer.headers["location"])


@pytest.mark.parametrize("kind", NAUGHTY)
async def test_no_address_breaks(world: World, ada: Person, kind: str) -> None:
    await world.feed(entries=2, readers=[ada])
    words = {
        "q": NAUGHTY[kind][:3000],
        "url": NAUGHTY[kind][:3000],
        "show": NAUGHTY[kind][:300],
        "after": NAUGHTY[kind][:3000],
        "in": NAUGHTY[kind][:300],
        "undo": NAUGHTY[kind][:300],
        "next": NAUGHTY[kind][:300],
        "folder": NAUGHTY[kind][:300],
        "since": NAUGHTY[kind][:300],
        "scope": NAUGHTY[kind][:300],
    }
    for path in (
        "/",
        "/feed/1",
        "/entry/1",
        "/manage",
        "/add",
        "/signin",
        "/sidebar",
        "/list",
        "/fresh/all",
        "/feed/1/health",
    ):
        answer = await ada.http.get(path, params=words)
        assert answer.status_code < 500, (path, answer.text[:300])


@pytest.mark.parametrize(
    "body", [b"\xff\xfe=\xff", b"a=%ff%fe&back=%80", b"back=%ED%A0%80&read=%ED%A0%80", b"&&&===", b"%"]
)
async def test_bytes_that_are_no_text(world: World, ada: Person, body: bytes) -> None:
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    for path in ("/do/entry", "/do/signin", "/do/folder/add", "/do/settings"):
        assert (await ada.http.post(path, content=body, headers=kind)).status_code < 500


async def test_other_bodies(world: World, ada: Person) -> None:
    for kind, body in (
        ("multipart/form-data; boundary=x", b"--x\r\ngarbage"),
        ("multipart/form-data", b"no boundary"),
        ("application/json", b'{"read": 1}'),
        ("text/plain", b"read=1"),
    ):
        answer = await ada.http.post("/do/entry", content=body, headers={"Content-Type": kind})
        assert 400 <= answer.status_code < 500, (kind, answer.status_code)
    answer = await ada.http.post("/do/folder/add", data={"title": "x"}, files={"title": ("a.txt", b"file")})
    assert answer.status_code < 500
