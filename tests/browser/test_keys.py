"""Every shortcut of the table is pressed, and does what the table says."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.program import Program
from tests.browser.reader import Reader
from tests.helpers.site import Site

Check = Callable[[Reader], None]
CHECKS: dict[str, Check] = {}


def shortcut(*acts: str) -> Callable[[Check], Check]:
    """Says which acts of the table a check drives."""

    def keep(check: Check) -> Check:
        CHECKS.update(dict.fromkeys(acts, check))
        return check

    return keep


@pytest.fixture(scope="module")
def desk(browser: Browser, program: Program, site: Site) -> Iterator[Reader]:
    """A window with three feeds: two in a folder, one alone; 6 entries each."""
    reader = Reader.open(browser, program)
    reader.join()
    for name, folder in (("Alpha", "Papers"), ("Beta", "Papers"), ("Gamma", None)):
        feed = site.feed(f"/{name}.xml", name)
        for number in range(6):
            feed.publish(f"{name} {number}", at=time.time() - 3600 * (10 - number))
        reader.wait_unread(reader.subscribe(feed, folder), 6)
    yield reader
    reader.close()
    assert reader.complaints == []


def table(page: Page) -> dict[str, list[str]]:
    rows = json.loads(page.locator("#keys-table").text_content() or "[]")
    return {row["act"]: row["keys"] for row in rows}


def test_every_shortcut_of_the_table_is_driven_here(desk: Reader) -> None:
    desk.page.goto("/")
    assert set(table(desk.page)) == set(CHECKS)


def titles(reader: Reader) -> list[str]:
    return reader.titles()


def focused(reader: Reader) -> str:
    return str(reader.page.evaluate("document.activeElement.textContent")).strip()


def opened(reader: Reader, title: str) -> None:
    expect(reader.page.locator("article.entry .title")).to_have_text(title)


@shortcut("next", "previous")
def _next_and_previous_open(reader: Reader) -> None:
    first, second = titles(reader)[:2]
    reader.press("j")
    opened(reader, first)
    reader.press("j")
    opened(reader, second)
    expect(reader.row(second)).not_to_have_class(re.compile("unread"))
    assert focused(reader) == second
    reader.press("k")
    opened(reader, first)


@shortcut("down", "up")
def _walk_without_opening(reader: Reader) -> None:
    first, second = titles(reader)[:2]
    reader.press("n", "n")
    expect(reader.row(second)).to_have_attribute("aria-current", "true")
    reader.press("p")
    expect(reader.row(first)).to_have_attribute("aria-current", "true")
    assert focused(reader) == first
    expect(reader.page.locator("article.entry")).to_have_count(0)


@shortcut("open")
def _open_and_close(reader: Reader) -> None:
    reader.press("n", "o")
    opened(reader, titles(reader)[0])
    reader.press("o")
    expect(reader.page.locator("article.entry")).to_have_count(0)
    reader.press("Enter")
    opened(reader, titles(reader)[0])
    expect(reader.page.locator("article.entry .title")).to_be_focused()


@shortcut("escape")
def _escape_gives_the_focus_back(reader: Reader) -> None:
    reader.press("n", "Enter")
    expect(reader.page.locator("article.entry .title")).to_be_focused()
    reader.press("Escape")
    expect(reader.page.locator("article.entry")).to_have_count(0)
    assert focused(reader) == titles(reader)[0]
    expect(reader.page).to_have_url(re.compile(r"/$"))


@shortcut("page-down", "page-up")
def _space_pages_then_goes_on(reader: Reader) -> None:
    first, second = titles(reader)[:2]
    reader.press("j")
    opened(reader, first)
    reader.press("Space")
    opened(reader, second)
    reader.press("Shift+Space")
    opened(reader, first)


@shortcut("share")
def _share_the_open_entry(reader: Reader) -> None:
    first = titles(reader)[0]
    reader.press("j")
    opened(reader, first)
    reader.press("Shift+S")
    reader.toast("Shared in")
    expect(reader.page.locator(".entrybar .composer")).to_be_visible()
    reader.press("z")
    reader.toast("Undone")
    expect(reader.page.locator(".entrybar").get_by_role("button", name="Share", exact=True)).to_be_visible()


@shortcut("chain")
def _look_at_the_chain(reader: Reader) -> None:
    first = titles(reader)[0]
    share = reader.api("POST", "/shares", {"entry_id": int(reader.row(first).get_attribute("data-id") or 0)})
    reader.row(first).locator("h2 a").click()
    reader.page.locator("#social").wait_for()
    reader.press("c")
    expect(reader.page).to_have_url(re.compile("/chain/"))
    reader.api("DELETE", f"/shares/{share['id']}")


@shortcut("share-note")
def _share_with_a_note_from_the_list(reader: Reader) -> None:
    second = titles(reader)[1]
    reader.press("n", "n", "Shift+N")
    note = reader.page.locator(".composer.over textarea")
    expect(note).to_be_focused()
    note.fill("Worth the walk")
    note.press("Control+Enter")
    reader.toast("Note kept")
    expect(reader.row(second).locator(".mine")).to_be_attached()
    reader.press("Shift+N")
    expect(note).to_have_value("Worth the walk")
    note.press("Escape")
    expect(reader.page.locator(".composer.over")).to_have_count(0)


@shortcut("go-people")
def _go_to_people(reader: Reader) -> None:
    reader.press("g", "p")
    expect(reader.page).to_have_url(re.compile("/people$"))


@shortcut("go-notifications")
def _go_to_notifications(reader: Reader) -> None:
    reader.press("g", "n")
    expect(reader.page).to_have_url(re.compile("/notifications$"))


@shortcut("next-unread")
def _next_unread(reader: Reader) -> None:
    first, _, third = titles(reader)[:3]
    reader.press("n", "n", "m", "p")
    expect(reader.rows().nth(1)).not_to_have_class(re.compile("unread"))
    reader.press("h")
    opened(reader, third)
    assert first != third


@shortcut("original")
def _original(reader: Reader) -> None:
    reader.press("j")
    opened(reader, titles(reader)[0])
    with reader.context.expect_page() as page:
        reader.press("v")
    assert "127.0.0.7" in page.value.url
    page.value.close()


@shortcut("read")
def _read_and_unread(reader: Reader) -> None:
    reader.press("n", "m")
    expect(reader.rows().first).not_to_have_class(re.compile("unread"))
    reader.press("m")
    expect(reader.rows().first).to_have_class(re.compile("unread"))


@shortcut("star", "later", "undo")
def _flags_and_undo(reader: Reader) -> None:
    row = reader.rows().first
    reader.press("n")
    for key, name in (("s", "starred"), ("l", "later")):
        reader.press(key)
        expect(row).to_have_class(re.compile(name))
        reader.until_total(name, 1)
        reader.press("z")
        expect(row).not_to_have_class(re.compile(name))
        reader.until_total(name, 0)


@shortcut("mark-all")
def _mark_all(reader: Reader) -> None:
    reader.press("Shift+A")
    reader.toast("18 entries marked as read")
    expect(reader.page.locator(".row.unread")).to_have_count(0)
    reader.press("z")
    expect(reader.page.locator(".row.unread")).to_have_count(18)


@shortcut("mark-below", "mark-above")
def _mark_below_and_above(reader: Reader) -> None:
    for key, left in (("Shift+B", 3), ("Shift+Y", 16)):
        reader.fresh_list()
        reader.press("n", "n", "n", key)
        expect(reader.page.locator(".row.unread")).to_have_count(left)
        reader.press("z")
        expect(reader.page.locator(".row.unread")).to_have_count(18)


def _goes(keys: str, path: str) -> Check:
    def check(reader: Reader) -> None:
        reader.page.goto("/starred" if path == "/" else "/")
        reader.ready()
        reader.press(*keys.split())
        expect(reader.page).to_have_url(re.compile(rf"{path}$"))

    return check


shortcut("go-all")(_goes("g a", "/"))
shortcut("go-starred")(_goes("g s", "/starred"))
shortcut("go-later")(_goes("g l", "/later"))
shortcut("add")(_goes("+", "/add"))


@shortcut("go-folders")
def _folders(reader: Reader) -> None:
    with reader.page.expect_response("**/folders"), reader.page.expect_navigation():
        reader.press("g", "f")


@shortcut("search")
def _search(reader: Reader) -> None:
    with reader.page.expect_navigation():
        reader.press("/")
    expect(reader.page.get_by_role("searchbox")).to_be_focused()


@shortcut("palette")
def _palette(reader: Reader) -> None:
    reader.press("Control+k")
    expect(reader.page.get_by_role("combobox")).to_be_focused()
    reader.page.keyboard.type("bet")
    expect(reader.page.get_by_role("option").first).to_contain_text("Beta")
    reader.press("Enter")
    expect(reader.page.locator("h1")).to_have_text("Beta")


@shortcut("next-feed", "previous-feed")
def _feeds_with_unread(reader: Reader) -> None:
    reader.press("Shift+J")
    expect(reader.page.locator("h1")).to_have_text("Alpha")
    reader.ready()
    reader.press("Shift+J")
    expect(reader.page.locator("h1")).to_have_text("Beta")
    reader.ready()
    reader.press("Shift+K")
    expect(reader.page.locator("h1")).to_have_text("Alpha")


@shortcut("move")
def _move(reader: Reader) -> None:
    reader.go_feed("Gamma")
    reader.press("Shift+M")
    expect(reader.page.get_by_role("combobox")).to_be_focused()
    reader.page.keyboard.type("pap")
    reader.press("Enter")
    reader.toast("Gamma moved to Papers")
    assert "Gamma" in reader.folder("Papers")
    reader.press("z")
    reader.eventually(lambda: "Gamma" not in reader.folder("Papers"))


@shortcut("rename")
def _rename(reader: Reader) -> None:
    reader.go_feed("Gamma")
    reader.press("Shift+R")
    expect(reader.page.get_by_role("dialog").get_by_role("textbox")).to_be_focused()
    reader.page.keyboard.type("Gamma rays")
    reader.press("Enter")
    expect(reader.side("Gamma rays")).to_be_visible()
    reader.press("z")
    expect(reader.side("Gamma")).to_be_visible()


@shortcut("unsubscribe")
def _unsubscribe(reader: Reader) -> None:
    reader.go_feed("Gamma")
    reader.press("#")
    reader.toast("Unsubscribed from Gamma")
    expect(reader.side("Gamma")).to_have_count(0)
    reader.press("z")
    expect(reader.side("Gamma")).to_be_visible()


@shortcut("health")
def _health(reader: Reader) -> None:
    reader.go_feed("Beta")
    reader.press("i")
    expect(reader.page).to_have_url(re.compile(r"/feed/\d+/health$"))


@shortcut("check")
def _check(reader: Reader) -> None:
    reader.go_feed("Beta")
    reader.press("r")
    reader.toast("Checking Beta")


@shortcut("sheet")
def _sheet(reader: Reader) -> None:
    reader.press("?")
    expect(reader.page.get_by_role("dialog")).to_contain_text("Next")
    reader.press("Escape")
    expect(reader.page.get_by_role("dialog")).to_have_count(0)


@shortcut("fresh")
def _fresh(reader: Reader) -> None:
    """Nothing is new here: the key must be harmless. test_reading drives it with something new."""
    before = titles(reader)
    reader.press(".")
    assert titles(reader) == before


@shortcut("sidebar")
def _sidebar(reader: Reader) -> None:
    aside = reader.page.locator("aside.side")
    reader.press("f")
    expect(aside).to_be_hidden()
    reader.press("f")
    expect(aside).to_be_visible()


@shortcut("layout")
def _layout(reader: Reader) -> None:
    root = reader.page.locator("html")
    reader.press("j")
    expect(reader.page.locator(".pane article.entry")).to_be_visible()
    reader.press("w")
    expect(root).to_have_attribute("data-layout", "place")
    expect(reader.page.locator(".rows .opened article.entry")).to_be_visible()
    reader.press("w")
    expect(root).to_have_attribute("data-layout", "beside")
    expect(reader.page.locator(".pane article.entry")).to_be_visible()


@shortcut("density")
def _density(reader: Reader) -> None:
    for key, density in (("1", "compact"), ("3", "roomy"), ("2", "balanced")):
        reader.press(key)
        expect(reader.page.locator("html")).to_have_attribute("data-density", density)
    reader.eventually(lambda: reader.api("GET", "/me")["preferences"]["density"] == "balanced")


@pytest.mark.parametrize("act", sorted(CHECKS))
def test_shortcut(desk: Reader, act: str) -> None:
    desk.fresh_list()
    CHECKS[act](desk)


def test_keys_work_by_position_on_any_layout(desk: Reader) -> None:
    """On a Greek layout the key at J writes ξ; it is still the next entry."""
    desk.fresh_list()
    desk.page.evaluate(
        "dispatchEvent(new KeyboardEvent('keydown', {code: 'KeyJ', key: 'ξ', bubbles: true, cancelable: true}))"
    )
    opened(desk, titles(desk)[0])


def test_typing_and_modifiers_are_no_shortcuts(desk: Reader) -> None:
    desk.page.goto("/add")
    desk.page.locator("[name=url]").fill("")
    desk.page.locator("[name=url]").press_sequentially("jgs#?")
    expect(desk.page.locator("[name=url]")).to_have_value("jgs#?")
    desk.fresh_list()
    desk.press("Alt+j")
    expect(desk.page.locator("article.entry")).to_have_count(0)


def test_keys_can_be_switched_off(desk: Reader) -> None:
    desk.api("PATCH", "/me", {"keys": False})
    desk.page.goto("/")
    desk.press("j", "?")
    expect(desk.page.get_by_role("dialog")).to_have_count(0)
    expect(desk.page.locator("article.entry")).to_have_count(0)
    desk.api("PATCH", "/me", {"keys": True})
