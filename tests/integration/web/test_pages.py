"""Every page: it draws, it is closed to strangers, it keeps to the rules of markup."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import httpx
import pytest

from tests.helpers.app import Person, World
from tests.integration.web.page import Page, open_page
from web.keys import SHEET
from web.pages import routes

PAGES = (
    *(
        "/",
        "/folder/{folder}",
        "/feed/{feed}",
        "/starred",
        "/later",
        "/entry/{entry}",
        "/entry/{entry}?in=folder/{folder}",
    ),
    *("/add?url={url}", "/folders", "/manage", "/manage?q=gaz", "/feed/{feed}/health", "/feed/{feed}/edit"),
    *("/folder/{folder}/edit", "/settings/reading", "/settings/account", "/keys", "/add"),
    *("/?show=unread", "/?order=oldest", "/nothing-here", "/feed/999", "/folder/999"),
)
FRAGMENTS = (
    "/list?scope=all",
    "/fresh/all?since=1",
    "/fresh/feed/{feed}?since=1",
    "/sidebar",
    "/sidebar?all=1",
    "/sidebar?folder={folder}",
)
OPEN = {
    "/welcome",
    "/signin",
    "/join",
    "/join/{code}",
    "/offline",
    "/do/welcome",
    "/do/signin",
    "/do/signout",
    "/do/join",
    "/u/{name}",
    "/u/{name}/{stream}",
    "/share/{id}",
    "/chain/{id}",
}
CANARY = "<script>alert('x')</script><img src=x onerror=alert(1)>\"'&"


async def fill(world: World, ada: Person, *, entries: int = 5) -> Callable[[str], str]:
    """A feed in a folder, named and written by somebody hostile."""
    folder = (await world.container.services.folders.add(ada.actor, f"Folder {CANARY}")).id
    feed = await world.feed("gazette", entries=entries, readers=[ada], folder_id=folder)
    await world.container.services.feeds.rename(ada.actor, feed, f"Gazette {CANARY}")
    entry = (await world.entry_ids(ada))[0]
    names = {"folder": folder, "feed": feed, "entry": entry, "url": "https%3A%2F%2Fgazette.example%2Ffeed.xml"}
    return lambda path: path.format(**names)


@pytest.mark.parametrize("path", PAGES)
async def test_page_keeps_the_rules(world: World, ada: Person, path: str) -> None:
    page = await open_page(ada.http, (await fill(world, ada))(path))
    missing = "999" in path or "nothing" in path
    assert page.status == (404 if missing else 200), page.text[:500]
    assert page.answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "no-store" in page.answer.headers["cache-control"]
    assert "script-src 'self'" in page.answer.headers["content-security-policy"]
    keeps_rules(page)


def keeps_rules(page: Page) -> None:
    assert not page.all("//*[@style]"), "a style attribute"
    scripts = page.all("//script[not(@src)]")
    assert all(script.get("type") == "application/json" for script in scripts), "an inline script"
    assert not page.all("//style"), "an inline style sheet"
    assert not [a for e in page.root.iter() if isinstance(e.tag, str) for a in e.attrib if str(a).startswith("on")]
    assert len(page.all("//h1")) == 1
    assert page.all("//main[@id='main']") and page.all("//a[@class='skip' and @href='#main']")
    ids = [e.get("id") for e in page.all("//*[@id]")]
    assert len(ids) == len(set(ids)), [i for i in ids if ids.count(i) > 1]
    assert "onerror=alert" not in re.sub(r"&lt;.*?&gt;", "", page.text)
    assert "<script>alert" not in page.text
    for field in page.all("//input[not(@type='hidden')]|//select|//textarea"):
        named = (
            field.get("aria-label")
            or field.getparent().tag == "label"
            or page.all(f"//label[@for='{field.get('id')}']")
        )
        assert named, f"no label: {field.attrib}"
    for link in page.all("//a[@href]"):
        assert not link.get("href").startswith(("javascript:", "data:")), link.get("href")
    for form in page.all("//p//form"):
        raise AssertionError(f"a form inside a paragraph: {form.get('action')}")


@pytest.mark.parametrize("path", [*PAGES, *FRAGMENTS])
async def test_signed_out_goes_to_the_door(world: World, ada: Person, anyone: httpx.AsyncClient, path: str) -> None:
    answer = await anyone.get((await fill(world, ada))(path))
    if "nothing" in path:
        assert answer.status_code == 404
        return
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/signin")


@pytest.mark.parametrize("path", [p for p in (*PAGES, *FRAGMENTS) if "{" in p and "url=" not in p])
async def test_of_others_looks_absent(world: World, ada: Person, bob: Person, path: str) -> None:
    answer = await bob.http.get((await fill(world, ada))(path))
    if path == "/sidebar?folder={folder}":
        assert answer.text == ""
        return
    assert answer.status_code == 404, path


@pytest.mark.parametrize("path", FRAGMENTS)
async def test_fragments(world: World, ada: Person, path: str) -> None:
    answer = await ada.http.get((await fill(world, ada))(path))
    assert answer.status_code == 200
    assert "<html" not in answer.text and "<script>alert" not in answer.text


def test_open_routes_are_the_known_ones() -> None:
    assert {route.path for route in routes() if route.open_to_all} == OPEN  # type: ignore[attr-defined]


async def test_every_act_needs_an_account(world: World, ada: Person, anyone: httpx.AsyncClient) -> None:
    for route in routes():
        if "POST" not in (route.methods or ()) or route.path in OPEN:
            continue
        answer = await anyone.post(re.sub(r"\{\w+\}", "1", route.path), data={"back": "/"})
        assert (answer.status_code, answer.headers.get("location")) == (303, "/signin"), route.path


async def test_every_act_refuses_other_origins(world: World, ada: Person) -> None:
    for route in routes():
        if "POST" not in (route.methods or ()):
            continue
        path = re.sub(r"\{\w+\}", "1", route.path)
        for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": ""}):
            answer = await ada.http.post(path, data={"back": "/"}, headers=headers)
            assert answer.status_code == 403, (route.path, headers)


async def test_a_whole_sidebar_is_drawn(world: World, ada: Person) -> None:
    await fill(world, ada)
    loose = await world.feed("loose", entries=2, readers=[ada])
    await fold(ada)
    page = await open_page(ada.http, "/")
    assert page.words("//a[@data-count-of='all']//span[@class='count']") == "7"
    folder = page.one("//li[@class='folder']")
    assert folder.get("data-feeds")
    assert folder.xpath(".//ul[@hidden]") and not folder.xpath(".//ul/li")
    assert folder.xpath(".//button[@aria-expanded='false']")
    assert page.one(f"//li[@data-feed='{loose}']/a").get("data-count") == "2"
    whole = Page(await ada.http.get("/sidebar?all=1"))
    assert len(whole.all("//li[@class='folder']//li[@data-feed]")) == 1


async def fold(person: Person) -> None:
    """Presses the button that closes the only folder, or opens it again."""
    page = await open_page(person.http, "/")
    _, address, fields = page.form("//form[@class='folding']", "open")
    answer = await person.http.post(address, data=fields, headers={"Referer": "http://evantr.test/later"})
    assert answer.headers["location"] == "/later"


async def test_folders_close_and_open_by_form(world: World, ada: Person) -> None:
    await fill(world, ada)
    feeds_shown = []
    for _ in range(3):
        page = await open_page(ada.http, "/")
        feeds_shown.append(len(page.all("//li[@class='folder']//li[@data-feed]")))
        await fold(ada)
    assert feeds_shown == [1, 0, 1], "a new folder is open, then closed, then open again"


async def test_a_feed_in_trouble_says_so(world: World, ada: Person) -> None:
    feed = await world.feed(entries=1, readers=[ada])
    await fail(world, feed, "The server answered 500 <b>.")
    page = await open_page(ada.http, "/")
    link = page.one(f"//li[@data-feed='{feed}']/a[@class='ail']")
    assert link.get("title") == "The server answered 500 <b>."
    health = await open_page(ada.http, f"/feed/{feed}/health")
    assert "The server answered 500 <b>." in health.words("//p[@role='note']")


async def fail(world: World, feed: int, error: str) -> None:
    from reader.mappers.feeds import PullResult
    from reader.models.feed import Pull

    now = world.hands.now()
    feeds = world.container.mappers.feeds
    token = await feeds.lease(feed, now + 100, now + 200)
    assert token is not None
    pull = Pull(feed, now, 500, 0, 12, 0, 0, error)
    assert await feeds.record_pull(feed, token, PullResult(pull, "failing", now + 600, "It waits.", 1, error))


async def test_the_table_of_keys_is_in_the_page(world: World, ada: Person) -> None:
    await fill(world, ada)
    page = await open_page(ada.http, "/")
    rows = json.loads(page.one("//script[@id='keys-table']").text)
    assert {row["act"] for row in rows} == {key.act for _, lines in SHEET for line in lines for key in line.keys}
    every = [keys for row in rows for keys in row["keys"]]
    assert len(every) == len(set(every))


async def test_errors_of_the_form_come_in_the_frame(world: World, ada: Person) -> None:
    await fill(world, ada)
    answer = await ada.http.post("/do/undo", data={"token": "nonsense"})
    page = Page(answer)
    assert page.status == 404
    assert page.all("//aside") and page.all("//a[contains(@class,'main') and @href='/']")


async def test_a_fault_shows_a_number_and_nothing_else(
    world: World, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(world, ada)

    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("secret inside")

    monkeypatch.setattr(type(world.container.services.reading), "page", broken)
    page = await open_page(ada.http, "/")
    assert page.status == 500
    assert "secret inside" not in page.text
    assert page.answer.headers["x-request-id"] in page.text
