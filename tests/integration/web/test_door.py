"""First account, signing in and out, joining."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from tests.helpers.app import PASSWORD, Person, World, open_world
from tests.integration.web.page import Page, open_page, send
from tests.integration.web.test_pages import keeps_rules
from web.app import create_app

FORM = "//form[@class='doorform']"


async def test_the_first_visitor_makes_the_account(world: World, anyone: httpx.AsyncClient) -> None:
    assert (await anyone.get("/")).headers["location"] == "/welcome"
    assert (await anyone.get("/signin")).headers["location"] == "/welcome"
    page = await open_page(anyone, "/welcome")
    keeps_rules(page)
    wrong = await send(anyone, page, FORM, name="no good!", password="short")
    assert wrong.status == 422
    keeps_rules(wrong)
    assert wrong.one("//input[@id='name']").get("value") == "no good!"
    assert wrong.one("//input[@id='password']").get("value") is None
    assert [e.get("aria-describedby") for e in wrong.all("//input[@aria-invalid='true']")] == [
        "name-error",
        "password-error",
    ]
    inside = await send(anyone, wrong, FORM, name="ada", password=PASSWORD)
    assert inside.status == 200 and inside.words("//h1") == "What do you like to read?"
    assert (await anyone.get("/welcome")).headers["location"] == "/"
    late = await anyone.post("/do/welcome", data={"name": "eve", "password": PASSWORD})
    assert late.headers["location"] == "/signin"


async def test_sign_in_goes_on_where_one_wanted_to(world: World, ada: Person, anyone: httpx.AsyncClient) -> None:
    answer = await anyone.get("/settings/account?x=1")
    assert answer.headers["location"] == "/signin?next=%2Fsettings%2Faccount%3Fx%3D1"
    page = await open_page(anyone, answer.headers["location"])
    keeps_rules(page)
    wrong = await send(anyone, page, FORM, name="ada", password="not this one")
    assert wrong.status == 403
    assert "do not match" in wrong.words("//p[@role='alert']")
    assert wrong.one("//input[@id='name']").get("value") == "ada"
    _, address, fields = wrong.form(FORM, name="ada", password="correct")
    await world.container.services.accounts.set_password(ada.actor, "ada", PASSWORD)
    answer = await anyone.post(address, data=fields | {"password": PASSWORD})
    assert answer.headers["location"] == "/settings/account?x=1"
    assert "HttpOnly" in answer.headers["set-cookie"] and "SameSite=lax" in answer.headers["set-cookie"]
    assert (await anyone.get("/signin")).headers["location"] == "/"


async def test_sign_out(world: World, ada: Person) -> None:
    page = await open_page(ada.http, "/settings/account")
    _, address, fields = page.form("//section//form[@action='/do/signout']")
    assert (await ada.http.post(address, data=fields)).headers["location"] == "/signin"
    assert (
        await ada.http.get("/settings/account", headers={"Cookie": f"evantr_session={ada.secret}"})
    ).status_code == 303


async def test_too_many_tries(world: World, ada: Person, anyone: httpx.AsyncClient) -> None:
    page = await open_page(anyone, "/signin")
    statuses = []
    for _ in range(12):
        wrong = await send(anyone, page, FORM, name="ada", password="guess guess")
        statuses.append(wrong.status)
    assert statuses[0] == 403 and statuses[-1] == 429
    assert wrong.words("//p[@role='alert']")


@pytest.mark.parametrize("path", ["/join", "/join/whatever"])
async def test_closed_is_closed(world: World, ada: Person, anyone: httpx.AsyncClient, path: str) -> None:
    page = await open_page(anyone, path)
    assert page.status == 403
    keeps_rules(page)
    page = Page(await anyone.post("/do/join", data={"name": "eve", "password": PASSWORD}))
    assert page.status == 403


@pytest_asyncio.fixture
async def inviting(tmp_path: Path, store: str) -> AsyncIterator[World]:
    async with open_world(tmp_path / "inviting", create_app, store=store, signup="invitation") as opened:
        yield opened


async def test_by_invitation(inviting: World) -> None:
    ada = await inviting.person("ada", admin=True)
    page = await send(ada.http, await open_page(ada.http, "/settings/account"), "//form[@action='/do/invite']")
    address = page.words("//section[@id='invitations']//code")
    async with inviting.client() as eve:
        assert (await eve.get("/join/wrong")).status_code == 404
        assert (await eve.get("/join")).status_code == 403
        page = await open_page(eve, address.removeprefix("http://evantr.test"))
        keeps_rules(page)
        wrong = await send(eve, page, FORM, name="ada", password=PASSWORD)
        assert wrong.status == 409 and wrong.words("//p[@role='alert']")
        inside = await send(eve, wrong, FORM, name="eve", password=PASSWORD)
        assert inside.words("//aside//footer//b") == "eve"
    async with inviting.client() as second:
        assert (await second.get(address.removeprefix("http://evantr.test"))).status_code == 404


async def test_open_to_all(tmp_path: Path, store: str) -> None:
    async with open_world(tmp_path / "open", create_app, store=store, signup="open") as world:
        await world.person("ada", admin=True)
        async with world.client() as eve:
            assert (await open_page(eve, "/signin")).one("//a[@href='/join']").text == "Make one"
            inside = await send(eve, await open_page(eve, "/join"), FORM, name="eve", password=PASSWORD)
            assert inside.words("//aside//footer//b") == "eve"
            assert "/do/invite" not in (await open_page(eve, "/settings/account")).text


async def test_offline_needs_no_account(world: World, anyone: httpx.AsyncClient) -> None:
    page = await open_page(anyone, "/offline")
    assert page.status == 200
    keeps_rules(page)


async def test_errors_for_strangers_have_no_frame(world: World, ada: Person, anyone: httpx.AsyncClient) -> None:
    page = await open_page(anyone, "/nothing")
    assert page.status == 404 and not page.all("//aside")
    keeps_rules(page)
