"""Nobody is led elsewhere: only paths of our own are gone back to."""

from __future__ import annotations

from urllib.parse import unquote, urljoin, urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.app import PASSWORD, Person, World
from web.paths import own_path, with_query

EVIL = [
    *(
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
    ),
    *("https://evil.example/", "http:evil.example", "javascript:alert(1)", "data:text/html,x", "evil.example"),
    *(" //evil.example", "/%2f/evil.example", "/%2F%2Fevil.example", "/%5cevil.example", "/%09/evil.example"),
    *("/%0d%0aSet-Cookie:x=y", "/\r\nX: y", "/.//evil.example", "/..//evil.example", "/;//evil.example", "/a//b"),
    *("/@evil.example\\", "/\x00", "/ü", "/ a", "?x=//e", "#x", "/do/undo", "/do/signout?x=1", "/x/do/y"),
    *("/" + "a" * 3000, "", "*", "/<script>", '/"', "/'"),
]

GOOD = [
    "/",
    "/folder/3",
    "/feed/7?show=unread&order=oldest",
    "/entry/9?in=folder%2F3#e9",
    "/manage?q=a+b",
    "/entry/9?in=feed/3",
]


FORGED = "%7B%22label%22%3A%22%3Cb%3E%22%2C%22undo%22%3A%22token%22%7D"


@pytest.mark.parametrize("path", EVIL)
def test_evil_is_refused(path: str) -> None:
    assert own_path(path) == "/"


@pytest.mark.parametrize("path", GOOD)
def test_good_is_kept(path: str) -> None:
    assert own_path(path) == path


@given(st.text(alphabet="/\\.:@?#%2fF5cC09aeh \t\n\r;&=é\x00", max_size=14))
def test_never_another_host(path: str) -> None:
    target = own_path(path)
    for base in ("http://evantr.test/x/y", "https://evantr.test:8000/"):
        there = urlsplit(urljoin(base, target))
        assert there.netloc == urlsplit(base).netloc
        assert "//" not in unquote(there.path) and "\\" not in unquote(target.partition("?")[0])


@pytest.mark.parametrize("path", EVIL)
async def test_acts_stay_at_home(world: World, ada: Person, path: str) -> None:
    await world.feed(entries=1, readers=[ada])
    entry = (await world.entry_ids(ada))[0]
    answer = await ada.http.post("/do/entry", data={"read": str(entry), "back": path})
    if answer.status_code == 422:
        assert "\x00" in path
        return
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/?undo=") or answer.headers["location"] == "/?said=1"


@pytest.mark.parametrize("path", EVIL[:16])
async def test_signing_in_stays_at_home(world: World, ada: Person, anyone: httpx.AsyncClient, path: str) -> None:
    await world.container.services.accounts.set_password(ada.actor, "ada", PASSWORD)
    answer = await anyone.post("/do/signin", data={"name": "ada", "password": PASSWORD, "next": path})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


@pytest.mark.parametrize(
    "referer", ["https://evil.example/x", "http://evantr.test.evil.example/", "http://evantr.test//evil.example"]
)
async def test_a_strange_referer_is_not_gone_back_to(world: World, ada: Person, referer: str) -> None:
    folder = await world.container.services.folders.add(ada.actor, "F")
    answer = await ada.http.post("/do/fold", data={"folder": str(folder.id), "open": "1"}, headers={"Referer": referer})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


def test_flashes_do_not_pile_up() -> None:
    assert with_query("/x?undo=a&said=1&kept=1&show=unread#e1", undo="b") == "/x?show=unread&undo=b#e1"


async def test_nobody_puts_words_into_the_toast(world: World, ada: Person) -> None:
    await world.feed(entries=1, readers=[ada])
    page = await ada.http.get("/?undo=token&said=<b>words</b>")
    assert "words" not in page.text
    forged = await ada.http.get(
        "/?undo=token",
        headers={"Cookie": f"evantr_session={ada.secret}; evantr_said={FORGED}"},
    )
    assert "&lt;b&gt;" in forged.text and "<span><b>" not in forged.text
    broken = await ada.http.get("/?undo=token", headers={"Cookie": f"evantr_session={ada.secret}; evantr_said=%ZZ[["})
    assert broken.status_code == 200
