"""Imports and exports as pages, the way a browser without script goes."""

from __future__ import annotations

from html import escape

import httpx

from tests.helpers.app import Person, World
from tests.integration.api.test_imports import drive, opml, outline
from tests.integration.web.page import Page, open_page, send


async def upload(client: httpx.AsyncClient, body: bytes, name: str = "subs.opml") -> Page:
    answer = await client.post("/do/import", files={"file": (name, body, "text/x-opml")})
    if answer.status_code != 303:
        return Page(answer)
    return await open_page(client, answer.headers["location"])


def folder(title: str, *inner: str) -> str:
    return f'<outline text="{escape(title)}">{"".join(inner)}</outline>'


async def test_preview_choose_and_import(world: World, ada: Person) -> None:
    for name in ("one", "two", "three"):
        await world.feed(name)
    yours = await world.feed("yours", readers=[ada])
    await world.container.services.folders.add(ada.actor, "making")
    at = "https://{}.example/feed.xml".format
    page = await upload(
        ada.http,
        opml(
            folder("Making", outline("One & <b>only</b> \"x\"", at("one")), folder("In", outline("Two", at("two")))),
            outline("Three", at("three")), outline("Three", at("three")), outline("Yours", at("yours")),
            outline("Bad", "http://10.0.0.1/"), outline("Worse", "javascript:alert(1)"),
        ),
    )  # fmt: skip
    assert page.status == 200 and page.words("//p[@class='lead']").startswith("3 new feeds in 2 folders")
    assert [dd.text for dd in page.all("//dl[@class='sums']//dd")] == ["7", "3", "1", "1", "2"]
    assert "into your folder of that name" in page.text and "1 inside this network, 1 no address" in page.text
    assert "<b>One &amp; only &#34;x&#34;</b>" in page.text
    assert page.words("//button[contains(@class,'main')]") == "Import 3 feeds"
    form = "//form[contains(@action,'/start')]"
    nothing = await send(ada.http, page, form, group=[], item=[])
    assert nothing.status == 422 and "Tick at least one feed" in nothing.text
    page = await open_page(ada.http, str(page.answer.url.path))
    page = await send(ada.http, page, form, group=["1"], item=["1", "2", "3"])  # the box of those outside is not ticked
    assert page.all("//progress") and page.one("//b[@id='g']").text_content() == "0 of 2"
    assert page.all("//noscript/meta[@http-equiv='refresh']")
    await drive(world)
    page = await open_page(ada.http, str(page.answer.url.path))
    assert page.one("//b[@id='g']").text_content() == "2 of 2" and not page.all("//noscript/meta")
    side = await world.container.services.reading.sidebar(ada.actor)
    assert [(f.title, f.depth, len(f.feeds)) for f in side.folders] == [("making", 0, 1), ("In", 1, 1)]
    assert [row.feed_id for row in side.feeds] == [yours]
    listed = await open_page(ada.http, "/import")
    assert listed.words("//ul[@class='lines']").startswith("subs.opml2 done")
    page = await send(ada.http, page, "//form[contains(@action,'/undo')]")
    assert "Import undone: 2 feeds and 1 folder removed" in page.text
    side = await world.container.services.reading.sidebar(ada.actor)
    assert [f.title for f in side.folders] == ["making"]


async def test_pause_go_on_cancel(world: World, ada: Person, bob: Person) -> None:
    page = await upload(ada.http, opml(outline("New", "https://new.example/f")))
    page = await send(ada.http, page, "//form[contains(@action,'/start')]")
    path = page.answer.url.path
    page = await send(ada.http, page, "//form[contains(@action,'/pause')]")
    assert "Nothing more is fetched until you go on" in page.text
    page = await send(ada.http, page, "//form[contains(@action,'/resume')]")
    page = await send(ada.http, page, "//form[contains(@action,'/cancel')]")
    assert "Import cancelled" in page.text
    number = path.rpartition("/")[2]
    assert (await bob.http.get(f"/import/{number}")).status_code == 404
    for act in (
        f"/do/import/{number}/start", f"/do/import/{number}/pause", f"/do/import/{number}/resume",
        f"/do/import/{number}/cancel", f"/do/import/{number}/undo", f"/do/import/{number}/retry",
        f"/do/import/{number}/accept",
    ):  # fmt: skip
        answer = await bob.http.post(act, data={"item": "1"})
        assert answer.status_code == 404, act


async def test_a_preview_is_left(ada: Person) -> None:
    page = await upload(ada.http, opml(outline("New", "https://new.example/f")))
    answer = await ada.http.post(f"/do{page.answer.url.path}/cancel")
    assert answer.headers["location"].startswith("/import?")


async def test_failed_ones_and_replacements(world: World, ada: Person) -> None:
    from reader.mappers.imports import Outcome
    from reader.models.imports import Replacement

    page = await upload(ada.http, opml(*(outline(f"F{n}", f"https://f{n}.example/f") for n in range(4))))
    every = [str(number) for number in range(1, 5)]
    page = await send(ada.http, page, "//form[contains(@action,'/start')]", item=every)
    path, imports = page.answer.url.path, world.container.mappers.imports
    import_id = int(path.rpartition("/")[2])
    await world.container.gateways.importing.step((await imports.running())[0])
    await world.container.gateways.importing.step((await imports.running())[0])
    two = (Replacement("https://new.example/a", "A"), Replacement("https://new.example/b", "B"))
    await imports.settle(
        import_id,
        [
            Outcome(1, "need", "The site has taken this down for good (410).", None, two[:1]),
            Outcome(2, "need", "A page.", None, two),
            Outcome(3, "failed", "There is no such host: f2.example."),
            Outcome(4, "failed", "The server wants a name and a password (401)."),
        ],
    )
    page = await open_page(ada.http, path)
    assert [h2.text for h2 in page.all("//main//h2")] == ["These need you", "Failed"]
    assert len(page.all("//select[@name='url']/option")) == 2
    page = await send(ada.http, page, "(//form[contains(@action,'/accept')])[1]")
    assert "The new address is used" in page.text
    answer = await ada.http.post(f"/do{path}/accept", data={"item": "2", "url": "https://evil.example/"})
    assert (await open_page(ada.http, answer.headers["location"])).status == 200
    answer = await ada.http.post(f"/do{path}/retry", data={"item": "3"})
    items = (await ada.http.get(f"/api/v1{path.replace('/import/', '/imports/')}/items")).json()["items"]
    assert [item["state"] for item in items] == ["waiting", "need", "waiting", "failed"]
    assert items[0]["url"] == "https://new.example/a"
    fragment = await ada.http.get(path, headers={"X-Fragment": "1"})
    assert fragment.text.lstrip().startswith("<div") and "<html" not in fragment.text


async def test_what_is_no_opml_is_told_beside_the_field(ada: Person) -> None:
    page = await upload(ada.http, b"PK\x03\x04")
    assert page.status == 422
    assert "it may be a zip. Unpack it and try again." in page.words("//p[@id='file-error']")
    empty = Page(await ada.http.post("/do/import", files={"other": ("", b"")}))
    assert empty.status == 422


async def test_large_files_are_chosen_by_folder(world: World, ada: Person) -> None:
    body = opml(
        folder("A", *(outline(f"A{n}", f"https://a{n}.example/f") for n in range(2000))),
        folder("B", *(outline(f"B{n}", f"https://b{n}.example/f") for n in range(2000))),
    )
    page = await upload(ada.http, body)
    assert len(page.all("//input[@name='group']")) == 2 and not page.all("//input[@name='item']")
    page = await send(ada.http, page, "//form[contains(@action,'/start')]", group=["2"])
    assert page.one("//b[@id='g']").text_content() == "0 of 2,000"


async def test_the_export_page(ada: Person) -> None:
    page = await open_page(ada.http, "/settings/export")
    links = [a.get("href") for a in page.all("//main//a[@download]")]
    assert links == ["/api/v1/export/opml", "/api/v1/export/starred", "/api/v1/export/later", "/api/v1/export"]
    for link in links:
        assert (await ada.http.get(link)).status_code == 200
