"""An import as a person goes through it: upload, preview, choice, the bar, leaving and coming back, what is left to do,
undo. With scripts and without."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.browser.program import Program
from tests.browser.reader import PHONE, Reader
from tests.helpers.site import Site

FEEDS = 32


@pytest.fixture(scope="module")
def list_of(tmp_path_factory: pytest.TempPathFactory, site: Site) -> Iterator[Path]:
    """A file with two folders, slow feeds, one that moved, one that fails, a double, and what is refused."""
    for n in range(FEEDS):
        site.feed(f"/i{n}.xml", f"Import {n}", delay=0.8).publish_many(3)
    with Site("127.0.0.8") as other:
        other.feed("/new.xml", "Moved here").publish_many(2)
        other.page("/", "/new.xml")
        rows = [f'<outline text="Import {n}" xmlUrl="{site.url(f"/i{n}.xml")}"/>' for n in range(FEEDS)]
        body = (
            f'<opml><body><outline text="Making things">{"".join(rows[:3])}'
            f'<outline text="Deeper">{"".join(rows[3:5])}</outline></outline>'
            f'<outline text="Slow ones">{"".join(rows[5:])}</outline>'
            f'<outline text="Old" xmlUrl="{site.url("/old.xml")}" htmlUrl="{other.url("/")}"/>'
            f'<outline text="Lost" xmlUrl="{site.url("/lost.xml")}"/>{rows[0]}'
            '<outline text="Inside" xmlUrl="http://10.0.0.1/f"/></body></opml>'
        )
        path = tmp_path_factory.mktemp("opml") / "subscriptions.opml"
        path.write_text(body)
        yield path


def serious(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{each['id']}: {each['nodes'][0]['html']}" for each in found if each["impact"] in ("serious", "critical")]


def sideways(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > innerWidth"))


def send_file(page: Page, path: Path) -> None:
    page.goto("/import")
    page.set_input_files("[name=file]", path)
    page.get_by_role("button", name="Look into the file").click()
    expect(page).to_have_url(re.compile(r"/import/\d+"))


def test_from_upload_to_undo(reader: Reader, list_of: Path) -> None:
    page = reader.page
    send_file(page, list_of)
    expect(page.locator(".lead")).to_contain_text(f"{FEEDS + 2} new feeds in 3 folders")
    button = page.locator(".act .main")
    expect(button).to_have_text(f"Import {FEEDS + 2} feeds")
    assert serious(page) == []
    # A box of a folder stands for what is in it, and shows when only a part is chosen.
    making = page.locator(".grp").first
    making.locator("[name=item]").nth(1).uncheck()
    assert making.locator("[name=group]").evaluate("box => box.indeterminate")
    expect(button).to_have_text(f"Import {FEEDS + 1} feeds")
    making.locator("[name=group]").click()
    expect(making.locator("[name=item]:checked")).to_have_count(5)
    making.locator("[name=group]").click()
    expect(making.locator("[name=item]:checked")).to_have_count(0)
    making.locator("[name=group]").click()
    button.click()
    bar = page.locator("progress")
    expect(page.locator("[data-state=running]")).to_be_visible()
    expect(page.locator("[data-now]")).to_contain_text("Now at ")
    first = float(bar.evaluate("bar => bar.value"))
    reader.eventually(lambda: float(bar.evaluate("bar => bar.value")) > first, 15)
    # Leave, come back: it went on.
    left_at = float(bar.evaluate("bar => bar.value"))
    address = page.url
    page.goto("/")
    page.wait_for_timeout(500)
    page.goto(address)
    assert float(bar.evaluate("bar => bar.value")) >= left_at
    seen = []
    for _ in range(200):
        seen.append(float(bar.evaluate("bar => bar.value")))
        if page.locator("[data-state=done]").count():
            break
        page.wait_for_timeout(100)
    assert seen == sorted(seen), "the bar went back"
    expect(page.locator("[data-state=done]")).to_be_visible(timeout=20_000)
    assert bar.evaluate("bar => bar.value === bar.max")
    expect(page.locator("[data-figure=done]")).to_have_text(str(FEEDS))
    expect(page.locator("h2", has_text="These need you")).to_be_visible()
    expect(page.locator(".fails.bad li")).to_contain_text("Lost")
    assert serious(page) == []
    page.set_viewport_size(PHONE)
    assert not sideways(page)
    page.get_by_role("button", name="Use the new one").click()
    expect(page.locator("[data-figure=done]")).to_have_text(str(FEEDS + 1), timeout=15_000)
    expect(page.locator("[data-figure=need]")).to_have_text("0")
    page.get_by_role("button", name="Undo the import").click()
    expect(page.locator("[data-state=undone]")).to_be_visible()
    page.goto("/folders")
    expect(page.locator("li.folder")).to_have_count(0)


def test_without_script(browser: Browser, program: Program, list_of: Path) -> None:
    plain = Reader.open(browser, program, java_script_enabled=False, viewport=PHONE)
    plain.join()
    page = plain.page
    send_file(page, list_of)
    page.locator(".grp").nth(1).locator("[name=group]").uncheck()
    page.locator(".act .main").click()
    expect(page.locator("#g")).to_contain_text("of 7")
    expect(page.locator("[data-state=done]")).to_be_visible(timeout=30_000)  # the page refreshes itself
    expect(page.locator("[data-figure=done]")).to_have_text("5")
    page.get_by_role("button", name="Try again").first.click()
    expect(page.locator(".toast")).to_contain_text("Trying again")
    plain.close()
