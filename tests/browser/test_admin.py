"""Pages of administrators in a real browser: they steer the running manager, are live, and work without script."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, ViewportSize, expect

from reader.container import open_mappers
from reader.models.operations import DeadLetter
from reader.settings import Settings
from tests.browser.program import Program
from tests.browser.reader import PHONE, Reader

SMALL = ViewportSize(width=360, height=740)
ADDRESSES = (
    "/admin/queues",
    "/admin/queues?open=pull-sys",
    "/admin/jobs",
    "/admin/dead",
    "/admin/feeds",
    "/admin/feeds?state=active",
    "/admin/accounts",
    "/admin/settings",
)


def bury(settings: Settings, *numbers: int, name: str = "upkeep") -> None:
    """Dead letters, written beside the running program."""

    async def main() -> None:
        mappers = await open_mappers(settings)
        try:
            for number in numbers:
                story = ("11:02:03 attempt 1 began", "11:03:03 it ran over 60 seconds")
                letter = DeadLetter(
                    f"{number:032x}", name, "{}", "upkeep", f"Too slow {number}.", story, 3, 1e9 + number
                )
                await mappers.operations.bury(letter)
        finally:
            await mappers.close()

    apart = threading.Thread(target=asyncio.run, args=(main(),))  # Playwright's own loop runs in this one
    apart.start()
    apart.join()


def queue(reader: Reader, name: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = reader.api("GET", "/admin/queues")["queues"]
    return next(each for each in found if each["name"] == name)


@pytest.fixture
def plain(browser: Browser, program: Program) -> Iterator[Page]:
    """A signed-in window that runs no scripts."""
    reader = Reader.open(browser, program, java_script_enabled=False)
    reader.join()
    yield reader.page
    reader.close()


def test_a_setting_changed_on_the_page_is_in_force(reader: Reader) -> None:
    page = reader.page
    page.goto("/admin/queues")
    reader.ready()
    expect(page.locator("[data-live-word]")).to_have_text("live")
    allowed = 5 * reader.program.managers
    assert queue(reader, "pull-sys")["allowed"] > allowed
    page.get_by_role("link", name="Settings of pull-sys").click()
    field = page.get_by_label("Most running")
    expect(field).to_be_focused()  # the row opens without leaving the page
    field.fill("5")
    page.get_by_role("button", name="Apply").click()
    reader.toast("pull-sys: Most running is 5")
    expect(page.locator("#h-pull-sys-max_running")).to_have_text("now 5 jobs, changed here")
    expect(page.locator("#qr-pull-sys")).to_contain_text(f"of {allowed}")  # what the managers themselves report
    reader.eventually(lambda: queue(reader, "pull-sys")["allowed"] == allowed)
    expect(page.locator(".audit li").first).to_contain_text("ada pull-sys: max_running 200 jobs")
    page.locator(".audit li").first.get_by_role("button").click()
    expect(page.locator("#qr-pull-sys")).not_to_contain_text(f"of {allowed}")
    reader.eventually(lambda: queue(reader, "pull-sys")["allowed"] > allowed)


def test_settings_open_and_close_by_keyboard(reader: Reader) -> None:
    page = reader.page
    page.goto("/admin/queues")
    reader.ready()
    link = page.get_by_role("link", name="Settings of icon")
    link.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#set-icon")).to_be_visible()
    expect(page).to_have_url(re.compile(r"\?open=icon"))
    expect(link).to_have_attribute("aria-expanded", "true")
    link.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#set-icon")).to_have_count(0)
    expect(link).to_be_focused()


def test_figures_change_where_they_stand_and_lists_wait(reader: Reader, program: Program) -> None:
    page = reader.page
    page.goto("/admin/dead")
    reader.ready()
    expect(page.locator("#letters")).to_contain_text("No dead letters")
    bury(program.settings, 1, 2)
    expect(page.locator("#dead-count")).to_have_text("2")
    expect(page.locator("#letters")).to_contain_text("No dead letters")  # nothing moves by itself
    page.get_by_role("button", name="Show the newest").click()
    expect(page.locator("#letters > ul > li")).to_have_count(2)
    expect(page.get_by_role("button", name="Show the newest")).to_have_count(0)
    first = page.locator("#letters > ul > li").first
    first.get_by_text("Its story and arguments").click()
    expect(first.get_by_text("attempt 1 began")).to_be_visible()
    first.get_by_role("button", name="Retry").click()
    reader.toast("upkeep is tried again")
    expect(page.locator("#letters > ul > li")).to_have_count(1)
    page.get_by_role("button", name="Retry all 1").click()
    expect(page.locator("#letters")).to_contain_text("No dead letters")
    page.goto("/admin/jobs?queue=upkeep")
    reader.eventually(lambda: "upkeep" in page.goto("/admin/jobs?queue=upkeep").text())  # type: ignore[union-attr]
    expect(page.locator(".stories li").first).to_contain_text("upkeep")


def test_it_says_when_it_is_not_live(reader: Reader) -> None:
    page = reader.page
    page.goto("/admin/queues")
    reader.ready()
    reader.context.set_offline(True)
    expect(page.locator("#offline")).to_contain_text("Not connected")
    expect(page.locator("[data-live-word]")).to_have_text("")
    reader.context.set_offline(False)
    expect(page.locator("[data-live-word]")).to_have_text("live")
    expect(page.locator("#offline")).to_be_hidden()
    reader.forgive("ERR_INTERNET_DISCONNECTED")


def test_everything_by_forms_alone(plain: Page, program: Program) -> None:
    bury(program.settings, 7, 8, 9)
    plain.goto("/admin/queues")
    plain.get_by_role("link", name="Settings of discovery").click()
    plain.get_by_label("Attempts").fill("4")
    plain.get_by_role("button", name="Apply").click()
    expect(plain.locator(".toast")).to_contain_text("discovery: Attempts is 4")
    expect(plain.locator("#h-discovery-attempts")).to_have_text("now 4 attempts, changed here")
    plain.get_by_label("Attempts").fill("lots")
    plain.get_by_role("button", name="Apply").click()
    expect(plain.locator("#h-discovery-attempts")).to_contain_text("number")
    plain.get_by_role("button", name="Take back all changes").click()
    expect(plain.locator("#h-discovery-attempts")).to_have_text("now 2 attempts, the default")
    plain.goto("/admin/dead")
    plain.locator("li", has_text="Too slow 7").get_by_role("button", name="Retry").click()
    expect(plain.locator("#letters > ul > li")).to_have_count(2)
    plain.locator("li", has_text="Too slow 8").get_by_role("button", name="Drop").click()
    expect(plain.locator("#letters > ul > li")).to_have_count(1)
    plain.get_by_role("button", name="Drop all 1").click()
    expect(plain.locator("#letters")).to_contain_text("No dead letters")
    assert plain.locator("[data-live-word]").inner_text() == ""  # without script it does not say that it is live


def test_on_a_small_phone_every_page_is_within_reach(browser: Browser, program: Program) -> None:
    bury(program.settings, 21, name="a kind with a name that is a good deal longer than the column it stands in")
    reader = Reader.open(browser, program, viewport=SMALL)
    reader.join()
    reader.page.goto("/folders")
    reader.page.get_by_role("link", name="Administration").first.click()
    nav = reader.page.get_by_role("navigation", name="Administration, on small screens")
    for name in ("Jobs", "Dead letters", "Feeds by health", "Accounts", "Settings", "Queues"):
        nav.get_by_role("link", name=name).click()
        expect(reader.page.locator("h1")).to_have_text(name)
        assert reader.page.evaluate("document.documentElement.scrollWidth") <= 360, name
    reader.api("DELETE", f"/admin/dead/{21:032x}")
    reader.close()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing_serious(browser: Browser, program: Program, dark: bool) -> None:
    bury(program.settings, 31, 32)
    found = []
    for size in ({}, {"viewport": PHONE}):
        reader = Reader.open(browser, program, **size)
        reader.join()
        reader.page.emulate_media(color_scheme="dark" if dark else "light", reduced_motion="reduce")
        for address in ADDRESSES:
            reader.page.goto(address)
            reader.ready()
            run = Axe().run(reader.page, options={"resultTypes": ["violations"]}).response["violations"]
            found += [
                f"{address}: {bad['id']}: {[node['html'][:160] for node in bad['nodes'][:2]]}"
                for bad in run
                if bad["impact"] in ("serious", "critical")
            ]
        reader.close()
    assert found == []
