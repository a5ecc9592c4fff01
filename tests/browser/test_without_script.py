"""The essentials with scripts off: links, forms and what they answer."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.program import Program
from tests.browser.reader import NAME, PASSWORD, PHONE, WIDE, Reader
from tests.helpers.site import Site


@pytest.fixture(scope="module")
def plain(browser: Browser, program: Program) -> Iterator[Page]:
    """A window that runs no scripts, in order through the tests of this file."""
    reader = Reader.open(browser, program, java_script_enabled=False)
    yield reader.page
    reader.close()


def rows(page: Page) -> list[str]:
    return page.locator(".rows > .row h2 a").all_inner_texts()


def test_the_first_visit_makes_the_first_account(plain: Page) -> None:
    plain.goto("/")
    plain.locator("[name=name]").fill(NAME)
    plain.locator("[name=password]").fill(PASSWORD)
    plain.locator("[name=password]").press("Enter")
    expect(plain).to_have_url(re.compile("/add"))


def test_add_choose_and_subscribe_into_a_new_folder(plain: Page, site: Site) -> None:
    letters = site.feed("/letters.xml", "Letters")
    letters.publish_many(60)
    site.page("/", "/letters.xml")
    plain.goto("/add")
    plain.locator("form[data-find] [name=url]").fill(f"{site.host}:{site.port}")
    plain.locator("form[data-find] [name=url]").press("Enter")
    expect(plain.locator("[name=feed]")).to_have_count(1, timeout=15_000)
    expect(plain.locator("[name=feed]")).to_be_checked()
    plain.locator("form[data-subscribe] [name=folder]").select_option("new")
    plain.locator("[name=new_folder]").fill("Post")
    plain.locator("form[data-subscribe] button").last.click()
    expect(plain.locator("h1")).to_have_text("Letters")


def test_what_is_no_address_is_refused_in_words(plain: Page) -> None:
    plain.goto("/add")
    plain.locator("form[data-find] [name=url]").fill("http://")
    plain.locator("form[data-find] [name=url]").press("Enter")
    expect(plain.locator(".err")).to_be_visible()


def go_letters(page: Page) -> None:
    """To the list of the feed: by its folder, which is opened first where it is closed."""
    page.goto("/")
    side = page.get_by_role("complementary")
    if not side.get_by_role("link", name="Letters").is_visible():
        side.get_by_role("button", name="Post: show feeds").click()
    side.get_by_role("link", name="Letters").click()


def test_the_page_fills_itself_and_pages_go_on(plain: Page) -> None:
    go_letters(plain)
    expect(plain.locator(".row").first).to_be_visible(timeout=10_000)
    expect(plain.locator(".bar .count")).to_have_text("20 unread")
    first = rows(plain)
    assert len(first) == 50
    plain.get_by_role("link", name="Older entries").click()
    assert len(set(first + rows(plain))) == 60


def test_reading_marks_and_keeping_unread_takes_it_back(plain: Page) -> None:
    plain.goto("/")
    plain.locator(".row.unread h2 a").first.click()
    expect(plain.locator("article.entry")).to_contain_text("Text of entry 60")
    expect(plain.locator(".bar .count")).to_have_text("20 unread")
    plain.goto("/")
    expect(plain.locator(".bar .count")).to_have_text("19 unread")
    plain.locator(".row:not(.unread) h2 a").first.click()
    plain.locator(".entrybar").get_by_role("button", name="Keep unread").click()
    plain.goto("/")
    expect(plain.locator(".bar .count")).to_have_text("20 unread")


def test_star_and_undo(plain: Page) -> None:
    plain.goto("/")
    plain.locator(".row h2 a").first.click()
    plain.locator(".entrybar").get_by_role("button", name="Star").click()
    expect(plain.locator(".toast")).to_contain_text("Starred")
    plain.locator(".toast button").click()
    plain.goto("/starred")
    expect(plain.locator(".row")).to_have_count(0)


def test_mark_all_and_undo(plain: Page) -> None:
    plain.goto("/")
    plain.locator(".horizon button").click()
    expect(plain.locator(".toast")).to_contain_text("marked as read")
    expect(plain.locator(".row.unread")).to_have_count(0)
    plain.locator(".toast button").click()
    expect(plain.locator(".row.unread")).not_to_have_count(0)


def test_only_unread_says_so_and_offers_the_rest(plain: Page) -> None:
    plain.goto("/")
    plain.locator("details[data-menu=sort] summary").click()
    plain.get_by_role("link", name="Only unread").click()
    expect(plain.locator(".rows")).to_contain_text("Only unread is shown")
    plain.get_by_role("link", name=re.compile("^Show the .* read")).first.click()
    expect(plain.locator(".row:not(.unread)").first).to_be_visible()


def test_rename_by_form(plain: Page) -> None:
    go_letters(plain)
    plain.locator("details[data-menu=more] summary").click()
    plain.get_by_role("link", name="Rename, move").click()
    plain.locator("[name=title]").fill("Old letters")
    plain.locator("[name=title]").press("Enter")
    expect(plain.get_by_role("complementary").get_by_role("link", name="Old letters")).to_be_visible()


def test_move_and_search_in_the_list_of_feeds(plain: Page) -> None:
    plain.goto("/manage")
    plain.locator("input[type=search]").fill("letters")
    plain.locator("input[type=search]").press("Enter")
    expect(plain.locator("[name=feed]")).to_have_count(1)
    plain.locator("[name=feed]").check()
    plain.locator("select[name=folder]").select_option(label="No folder")
    plain.locator("button[value=move]").click()
    expect(plain.locator(".side .folder li[data-feed]")).to_have_count(0)
    expect(plain.locator(".side li[data-feed]")).to_have_count(1)
    plain.goto("/manage?q=nothing-like-that")
    expect(plain.locator("[name=feed]")).to_have_count(0)


def test_a_phone_has_its_tabs_and_folders(browser: Browser, program: Program) -> None:
    reader = Reader.open(browser, program, java_script_enabled=False, viewport=PHONE)
    reader.join()
    reader.page.goto("/")
    reader.page.get_by_role("navigation", name="Main").get_by_role("link", name="Folders").click()
    expect(reader.page.get_by_role("link", name="Old letters")).to_be_visible()
    reader.page.set_viewport_size(WIDE)
    reader.close()


def test_signing_out_and_in(plain: Page) -> None:
    plain.goto("/")
    plain.locator("details[data-menu=account] summary").click()
    plain.get_by_role("button", name="Sign out").click()
    expect(plain).to_have_url(re.compile("/signin"))
    plain.locator("[name=name]").fill(NAME)
    plain.locator("[name=password]").fill("not this one")
    plain.locator("[name=password]").press("Enter")
    expect(plain.locator("main")).to_contain_text("do not match")
    plain.locator("[name=password]").fill(PASSWORD)
    plain.locator("[name=password]").press("Enter")
    expect(plain.locator(".rows")).to_be_visible()
