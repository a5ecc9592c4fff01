"""From an address to reading: what a person can do, in order, in one browser window."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.browser.program import ROOT, Program
from tests.browser.reader import NAME, PASSWORD, Reader
from tests.helpers.site import Site, SiteFeed

UNREAD = re.compile("unread")


@pytest.fixture(scope="module")
def window(browser: Browser, program: Program) -> Iterator[Reader]:
    """One window through all tests of this file; they build on each other."""
    reader = Reader.open(browser, program)
    yield reader
    reader.close()
    assert reader.complaints == []


@pytest.fixture(scope="module")
def radio(site: Site) -> SiteFeed:
    return site.feed("/radio.xml", "Radio")


@pytest.fixture(scope="module")
def tides(site: Site, radio: SiteFeed) -> SiteFeed:
    """A busy feed, announced in two formats by the site's front page, beside a quiet one."""
    busy = site.feed("/tides.atom", "Tidewater", format="atom")
    for number in range(120):
        busy.publish(f"Tide {number}", at=1_700_000_000 + number * 3600)
    twin = site.feed("/tides.xml", "Tidewater", format="rss")
    twin.items = busy.items
    twin.refresh()
    radio.publish("Episode 1")
    site.page("/", "/tides.atom", "/tides.xml", "/radio.xml", title="Oosthaven")
    site.page("/lonely", title="Only words")
    site.put("/favicon.ico", (ROOT / "web/static/icon-180.png").read_bytes(), "image/png", delay=1)
    return busy


def find(window: Reader, address: str) -> None:
    field = window.page.locator("form[data-find] [name=url]")
    field.fill(address)
    field.press("Enter")


def bar_count(window: Reader) -> Locator:
    return window.page.locator(".bar .count")


def test_the_first_visit_makes_the_first_account(window: Reader) -> None:
    window.page.goto("/")
    window.page.locator("[name=name]").fill(NAME)
    window.page.locator("[name=password]").fill(PASSWORD)
    window.page.locator("[name=password]").press("Enter")
    expect(window.page.locator("h1")).to_have_text("What do you like to read?")
    window.ready()


def test_an_address_shows_progress_and_gives_a_choice(window: Reader, tides: SiteFeed) -> None:
    front = tides.site.resource("/")
    assert front is not None
    front.delay = 1
    find(window, f"{tides.site.host}:{tides.site.port}")
    expect(window.page.get_by_role("progressbar")).to_be_visible()
    candidates = window.page.locator(".cand")
    expect(candidates).to_have_count(2, timeout=15_000)
    expect(candidates.first).to_contain_text("Tidewater")
    expect(candidates.first).to_contain_text("same content")
    expect(candidates.first.get_by_role("checkbox")).to_be_checked()
    expect(candidates.last.get_by_role("checkbox")).not_to_be_checked()


def test_the_same_address_again_comes_from_the_cache(window: Reader, tides: SiteFeed) -> None:
    before = len(tides.site.seen("/"))
    window.page.goto("/add")
    window.ready()
    find(window, f"{tides.site.host}:{tides.site.port}")
    expect(window.page.locator(".cand")).to_have_count(2)
    assert len(tides.site.seen("/")) == before


def test_failure_says_what_was_tried(window: Reader) -> None:
    nowhere = "http://127.0.0.9:9/lonely"
    find(window, nowhere)
    expect(window.page.locator(".found .note.bad")).to_be_visible(timeout=15_000)
    expect(window.page.locator(".found .tried")).to_contain_text(nowhere)
    find(window, "http://")
    expect(window.page.locator("#add-error")).to_be_visible()
    expect(window.page.locator("form[data-find] [name=url]")).to_be_focused()
    window.forgive("422")


def test_subscribe_into_a_new_folder_and_entries_appear(window: Reader, tides: SiteFeed, radio: SiteFeed) -> None:
    window.page.goto("/add")
    window.ready()
    find(window, tides.url)
    expect(window.page.locator(".cand")).to_have_count(1, timeout=15_000)
    window.page.locator("[name=folder]").select_option("new")
    window.page.locator("[name=new_folder]").fill("Making things")
    window.page.get_by_role("button", name="Subscribe").click()
    expect(window.page.locator("h1")).to_have_text("Tidewater")
    expect(window.page.locator(".row.unread")).to_have_count(20, timeout=15_000)
    expect(bar_count(window)).to_have_text("20 unread")
    expect(window.page.locator(".horizon")).to_be_visible()
    expect(window.side("Tidewater").locator("img.fav")).to_be_visible(timeout=15_000)
    window.wait_unread(window.subscribe(radio), 1)


def test_unread_are_above_the_line_and_pages_never_repeat(window: Reader) -> None:
    window.page.goto("/")
    window.ready()
    above = window.page.locator(".horizon").evaluate(
        "line => [...line.parentElement.children].slice(0, [...line.parentElement.children].indexOf(line))"
        ".filter(row => row.classList.contains('row')).length"
    )
    assert above == 21
    while window.page.locator(".rows > .more").count():
        rows = window.rows().count()
        window.rows().last.scroll_into_view_if_needed()
        expect(window.rows()).not_to_have_count(rows)
    titles = window.titles()
    assert len(titles) == len(set(titles)) == 121


def test_an_entry_published_meanwhile_appears_live(window: Reader, tides: SiteFeed) -> None:
    window.page.goto("/")
    window.ready()
    shown = window.titles()
    tides.publish("Breaking: low water")
    window.api("POST", f"/feeds/{window.feed_id('Tidewater')}/check")
    pill = window.page.locator(".fresh")
    expect(pill).to_have_text("1 new", timeout=15_000)
    assert window.titles() == shown  # nothing moved
    expect(window.page).to_have_title("(22) All entries · Evantr")
    expect(window.page.locator(".side [data-count-of=all] .count")).to_have_text("22")
    expect(bar_count(window)).to_have_text("21 unread")
    window.press(".")
    expect(window.rows().first).to_contain_text("Breaking: low water")
    expect(window.rows().first.get_by_role("link")).to_be_focused()
    expect(bar_count(window)).to_have_text("22 unread")
    expect(pill).to_be_hidden()


def test_opening_marks_read_beside_and_keeping_unread_takes_it_back(window: Reader) -> None:
    first = window.rows().first
    first.get_by_role("link").click()
    expect(window.page.locator(".pane article.entry .title")).to_have_text("Breaking: low water")
    expect(first).not_to_have_class(UNREAD)
    expect(bar_count(window)).to_have_text("21 unread")
    window.page.locator(".entrybar [data-act=keep]").click()
    expect(first).to_have_class(UNREAD)
    expect(bar_count(window)).to_have_text("22 unread")
    window.page.go_back()
    expect(window.page.locator("article.entry")).to_have_count(0)
    expect(window.page).to_have_url(re.compile("/$"))


def test_star_and_later_from_the_plate_and_the_bar(window: Reader) -> None:
    row = window.rows().nth(1)
    row.hover()
    row.locator(".acts [data-act=star]").click()
    expect(row).to_have_class(re.compile("starred"))
    window.toast("Starred")
    row.get_by_role("link").click()
    window.page.locator(".entrybar [data-act=later]").click()
    expect(window.page.locator(".entrybar [data-act=later]")).to_have_attribute("aria-pressed", "true")
    window.page.goto("/later")
    expect(window.rows()).to_have_count(1)
    window.page.goto("/starred")
    expect(window.rows()).to_have_count(1)


def test_acts_that_wait_their_turn_show_on_the_next_page(window: Reader) -> None:
    """They are sent one after the other; whoever goes on faster than a slow server finds them there nevertheless."""
    page = window.page
    page.goto("/")
    window.ready()
    before = window.total("later")
    page.route("**/api/v1/entries/*/star", lambda route: None)  # the first one gets no answer
    window.rows().nth(3).hover()
    window.rows().nth(3).locator(".acts [data-act=star]").click()
    window.rows().nth(4).get_by_role("link").click()
    page.locator(".entrybar [data-act=later]").click()
    expect(page.locator(".entrybar [data-act=later]")).to_have_attribute("aria-pressed", "true")
    assert window.total("later") == before
    page.unroute("**/api/v1/entries/*/star")
    page.goto("/later")
    expect(window.rows()).to_have_count(before + 1)


def test_mark_all_as_drawn_and_undo(window: Reader, radio: SiteFeed) -> None:
    """What came after the list was drawn stays unread."""
    window.page.goto("/")
    window.ready()
    before = window.page.locator(".row.unread").count()
    radio.publish("After the list was drawn")
    window.api("POST", f"/feeds/{window.feed_id('Radio')}/check")
    expect(window.page.locator(".fresh")).to_have_text("1 new", timeout=15_000)
    window.page.locator(".horizon button").click()
    window.toast(f"{before} entries marked as read")
    expect(window.page.locator(".row.unread")).to_have_count(0)
    window.eventually(lambda: window.api("GET", "/counters")["unread"] == 1)
    window.page.locator(".toast button").click()
    expect(window.page.locator(".row.unread")).to_have_count(before)
    window.eventually(lambda: window.api("GET", "/counters")["unread"] == before + 1)


def test_undo_of_mark_all_is_kept_after_leaving(window: Reader) -> None:
    with window.page.expect_response("**/mark-all"):
        window.press("Shift+A")
    window.page.goto("/")
    window.page.locator("details[data-menu=mark] summary").click()
    window.page.get_by_role("button", name=re.compile("^Undo: ")).click()
    expect(window.page.locator(".row.unread").first).to_be_visible()


def test_a_week_can_be_spared(window: Reader) -> None:
    window.page.goto("/")
    window.ready()
    window.page.locator("details[data-menu=mark] summary").click()
    window.page.get_by_role("button", name="Mark what is older than a week").click()
    window.toast("entries marked as read")
    young = {"Breaking: low water", "After the list was drawn", "Episode 1"}
    left = window.page.locator(".row.unread h2 a").all_inner_texts()
    assert set(left) <= young
    assert left
    window.press("z")
    expect(window.page.locator(".row.unread").nth(10)).to_be_visible()


def test_only_unread_and_oldest_first(window: Reader) -> None:
    window.page.goto("/?show=unread")
    expect(window.page.locator(".rows")).to_contain_text("Only unread is shown")
    expect(window.page.locator(".row:not(.unread)")).to_have_count(0)
    window.page.goto("/?order=oldest")
    titles = window.page.locator(".row.unread h2 a").all_inner_texts()
    assert titles[-1] == "After the list was drawn"


def test_a_mark_on_another_device_shows_where_it_stands(window: Reader) -> None:
    window.page.goto("/")
    window.ready()
    order = window.titles()
    row = window.rows().first
    number = int(row.get_attribute("data-id") or 0)
    window.api("POST", "/entries/mark", {"ids": [number], "read": True})
    expect(row).not_to_have_class(UNREAD)
    assert window.titles() == order


def test_a_feed_is_dragged_to_another_place(window: Reader) -> None:
    window.page.goto("/")
    window.ready()
    drag(window, window.side("Radio"), window.side("Making things"))
    window.toast("Radio moved to Making things")
    window.eventually(lambda: window.folder("Making things") == ["Tidewater", "Radio"])
    window.page.locator(".toast button").click()
    window.eventually(lambda: window.folder("Making things") == ["Tidewater"])
    expect(window.side("Radio")).to_be_visible()


def drag(window: Reader, what: Locator, to: Locator) -> None:
    begin, end = what.bounding_box(), to.bounding_box()
    assert begin is not None
    assert end is not None
    mouse = window.page.mouse
    what.hover()
    mouse.move(begin["x"] + 60, begin["y"] + 15)
    mouse.down()
    mouse.move(begin["x"] + 60, begin["y"] + 4)
    mouse.move(end["x"] + 60, end["y"] + end["height"] / 2, steps=5)
    expect(window.page.locator(".side .drop")).to_be_visible()
    mouse.up()


def test_a_folder_opens_closes_and_stays_so(window: Reader) -> None:
    button = window.page.get_by_role("button", name="Making things: show feeds")
    was = button.get_attribute("aria-expanded") == "true"
    button.click()
    expect(button).to_have_attribute("aria-expanded", str(not was).lower())
    window.eventually(lambda: window.api("GET", "/folders")["folders"][0]["open"] is not was)
    window.page.reload()
    expect(button).to_have_attribute("aria-expanded", str(not was).lower())


def test_health_says_why_and_checks_now(window: Reader, site: Site) -> None:
    quiet = site.feed("/quiet.xml", "A quiet one")
    quiet.publish("The only one")
    feed = window.subscribe(quiet)
    window.wait_unread(feed, 1)
    window.page.goto(f"/feed/{feed}/health")
    window.ready()
    expect(window.page.locator(".nextline")).to_contain_text(re.compile("next check", re.IGNORECASE))
    expect(window.page.locator("main svg[role=img]").first).to_be_visible()
    checks = window.page.locator(".looks tbody tr")
    expect(checks).to_have_count(1)
    quiet.publish("One more")
    window.page.get_by_role("button", name="Check now").click()
    window.toast("Checking A quiet one")
    expect(checks).to_have_count(2, timeout=15_000)
    expect(checks.first.locator("td").nth(2)).to_have_text("1")


def test_acts_made_offline_are_sent_when_the_connection_is_back(window: Reader) -> None:
    window.page.goto("/")
    window.ready()
    row = window.rows().first
    window.press("n")
    expect(row).to_have_attribute("aria-current", "true")
    was = window.total("starred")
    window.context.set_offline(True)
    window.press("s")
    expect(row).to_have_class(re.compile("starred"))
    window.eventually(lambda: bool(window.page.evaluate("localStorage.getItem('evantr.waiting')")))
    window.context.set_offline(False)
    window.until_total("starred", was + 1)
    window.forgive("ERR_INTERNET_DISCONNECTED")


def test_in_place_the_head_of_the_entry_comes_to_the_top(window: Reader) -> None:
    window.api("PATCH", "/me", {"layout": "place"})
    window.page.goto("/")
    window.ready()
    window.press("j", "j", "j", "j", "j")
    title = window.page.locator(".rows .opened article.entry .title")
    expect(title).to_have_text(window.titles()[4])
    box = window.rows().nth(4).bounding_box()
    assert box is not None
    assert 0 <= box["y"] <= 120
    expect(window.rows().nth(4).get_by_role("link")).to_have_attribute("aria-expanded", "true")
    window.api("PATCH", "/me", {"layout": "beside"})


def test_back_brings_the_list_as_it_was_left(window: Reader) -> None:
    window.page.goto("/")
    window.ready()
    window.rows().last.scroll_into_view_if_needed()
    expect(window.rows()).not_to_have_count(50)
    count, place = window.rows().count(), window.page.locator("section.list").evaluate("list => list.scrollTop")
    window.page.goto("/manage")
    window.page.go_back()
    window.ready()
    expect(window.rows()).to_have_count(count)
    again = window.page.locator("section.list").evaluate("list => list.scrollTop")
    assert abs(again - place) < 5


def test_an_embed_loads_its_frame_on_a_click(window: Reader, site: Site) -> None:
    films = site.feed("/films.xml", "Films")
    films.publish("A film", '<iframe src="https://www.youtube-nocookie.com/embed/aqz-KE-bpKQ" title="Short"></iframe>')
    feed = window.subscribe(films)
    window.wait_unread(feed, 1)
    window.page.goto(f"/feed/{feed}")
    window.ready()
    window.press("j")
    card = window.page.locator("figure.embed")
    expect(card).to_be_visible()
    before = card.bounding_box()
    card.get_by_role("link").click()
    frame = card.locator("iframe")
    expect(frame).to_have_attribute("sandbox", re.compile("allow-scripts"))
    after = card.bounding_box()
    assert before is not None
    assert after is not None
    assert abs(before["height"] - after["height"]) < 2
    window.forgive("ERR_")


def test_scrolling_past_marks_only_for_those_who_chose_it(window: Reader) -> None:
    window.press("z")
    for chosen, mark in (("open", False), ("scroll", True)):
        window.api("PATCH", "/me", {"marking": chosen})
        window.page.goto("/")
        window.ready()
        unread = window.api("GET", "/counters")["unread"]
        window.page.locator("section.list").evaluate("list => { list.scrollTop = 500; }")
        if mark:
            window.eventually(lambda unread=unread: window.api("GET", "/counters")["unread"] < unread)  # type: ignore[misc]
        else:
            window.page.wait_for_timeout(900)  # longer than such marks are gathered
            assert window.api("GET", "/counters")["unread"] == unread
    window.api("PATCH", "/me", {"marking": "open"})


def test_a_long_press_drags_by_touch(browser: Browser, program: Program, window: Reader) -> None:
    touch = Reader.open(browser, program, has_touch=True)
    touch.join()
    touch.page.goto("/")
    touch.ready()
    begin, end = touch.side("Radio").bounding_box(), touch.side("Making things").bounding_box()
    assert begin is not None
    assert end is not None
    session = touch.context.new_cdp_session(touch.page)

    def finger(kind: str, y: float | None = None) -> None:
        points = [] if y is None else [{"x": end["x"] + 60, "y": y}]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    finger("touchStart", begin["y"] + 10)
    expect(touch.page.locator(".dragged")).to_be_visible()
    for step in range(6):
        finger("touchMove", begin["y"] + 10 + (end["y"] - begin["y"]) * step / 5)
    expect(touch.page.locator(".side .drop")).to_be_visible()
    finger("touchEnd")
    touch.toast("Radio moved to Making things")
    assert "Radio" in touch.folder("Making things")
    assert touch.complaints == []
    touch.close()
