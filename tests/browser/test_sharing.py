"""Sharing between people in windows of their own: live, met once, chains, taking back, private, blocked, gone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.browser.program import Program, running
from tests.browser.reader import NAME, PASSWORD, PHONE, Reader
from tests.helpers.site import Site

TITLE = "The harbour that keeps two clocks"
NOTE = "Read to the end, the tide table is real."


@dataclass
class Three:
    """ada subscribes, bob follows ada, carol follows bob and reads the paper herself."""

    ada: Reader
    bob: Reader
    carol: Reader
    paper: int  # feed


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    with running(tmp_path_factory.mktemp("evantr"), signup="open") as made:
        yield made


def join(browser: Browser, program: Program, name: str) -> Reader:
    reader = Reader.open(browser, program)
    body = {"name": name, "password": PASSWORD}
    answer = reader.context.request.post(
        f"{program.address}/api/v1/accounts", data=body, headers={"Origin": program.address}
    )
    assert answer.ok, answer.text()
    return reader


@pytest.fixture(scope="module")
def three(browser: Browser, program: Program, site: Site) -> Iterator[Three]:
    """In order through the tests of this file."""
    ada, bob, carol = [join(browser, program, name) for name in (NAME, "bob", "carol")]
    site.page("/", "/tide.xml")
    paper = site.feed("/tide.xml", "Tidewater Notes")
    paper.publish("Older one", "<p>Old</p>")
    paper.publish(TITLE, "<p>There are two clocks on the tower.</p>")
    feed = ada.subscribe(paper)
    ada.wait_unread(feed, 2)
    carol.subscribe(paper)
    yield Three(ada, bob, carol, feed)
    for reader in (ada, bob, carol):
        reader.close()
        assert reader.complaints == []


def said(reader: Reader) -> Locator:
    return reader.row(TITLE).locator(".said")


def badge(reader: Reader) -> Locator:
    return reader.page.locator(".side .badge")


def unread(reader: Reader) -> int:
    return int(reader.api("GET", "/counters")["unread"])


def test_following_by_name_puts_a_face_among_the_feeds(three: Three) -> None:
    bob = three.bob
    bob.page.goto("/people")
    bob.ready()
    bob.page.get_by_label("A name or an address").fill("@ada")
    bob.page.get_by_label("A name or an address").press("Enter")
    expect(bob.page).to_have_url(re.compile("/u/ada$"))
    bob.ready()
    bob.page.get_by_role("button", name="Follow ada").click()
    expect(bob.page.get_by_role("button", name="Following ada")).to_be_visible()
    bob.toast("You follow ada")
    expect(bob.side("ada").locator(".av")).to_be_visible()
    three.carol.page.goto("/u/bob")
    three.carol.ready()
    three.carol.page.get_by_role("button", name="Follow bob").click()
    three.carol.toast("You follow bob")


def test_a_share_comes_live_to_who_follows(three: Three) -> None:
    ada, bob = three.ada, three.bob
    bob.page.goto("/")
    bob.ready()
    expect(bob.page.locator(".rows")).to_contain_text("No entries yet")
    ada.page.goto("/")
    ada.ready()
    ada.press("j")
    expect(ada.page.locator("article.entry")).to_contain_text("two clocks on the tower")
    ada.press("Shift+S")
    ada.toast("Shared in “Shared items”")
    expect(ada.page.locator(".entrybar summary.btn")).to_have_text("Shared")
    expect(ada.row(TITLE).locator(".mine")).to_be_attached()
    ada.page.get_by_placeholder("Say why, if you like").fill(NOTE)
    ada.page.get_by_role("button", name="Add note").click()
    ada.toast("Note kept")
    expect(bob.row(TITLE)).to_be_visible()
    expect(said(bob)).to_contain_text("ada")
    expect(bob.side("ada").locator(".count")).to_have_text("1")
    bob.page.reload()
    expect(said(bob)).to_contain_text(NOTE)


def test_sharing_on_with_a_note_tells_the_one_before(three: Three) -> None:
    ada, bob = three.ada, three.bob
    bob.page.goto("/")
    bob.ready()
    bob.press("j")
    expect(bob.page.locator(".passed")).to_contain_text(NOTE)
    bob.press("Shift+N")
    note = bob.page.get_by_placeholder("Say why, if you like")
    expect(note).to_be_focused()
    note.fill("The ferry obeys the moon.")
    note.press("Control+Enter")
    bob.toast("Note kept")
    expect(badge(ada)).to_have_text("2")  # bob follows, bob passed it on
    ada.press("g", "n")
    expect(ada.page.locator(".deeds")).to_contain_text(f"bob passed on “{TITLE}” from you")
    expect(ada.page.locator(".deeds .unseen")).to_have_count(2)
    ada.page.goto("/")
    ada.ready()
    expect(badge(ada)).to_have_text("")


def test_who_reads_the_source_too_meets_it_once(three: Three) -> None:
    carol = three.carol
    carol.page.goto("/")
    carol.ready()
    expect(carol.row(TITLE)).to_have_count(1)
    expect(said(carol)).to_contain_text("The ferry obeys the moon.")
    assert unread(carol) == 2
    carol.row(TITLE).locator("h2 a").click()
    expect(carol.page.locator(".passed")).to_contain_text("bob")
    expect(carol.page.locator(".crumb")).to_contain_text("from ada via bob · 2 shares")
    carol.eventually(lambda: unread(carol) == 1)
    carol.page.goto(f"/feed/{carol.feed_id('bob')}")
    expect(carol.row(TITLE)).not_to_have_class(re.compile("unread"))


def test_the_chain_shows_the_way_and_shares_on(three: Three) -> None:
    carol = three.carol
    carol.page.goto("/")
    carol.ready()
    carol.row(TITLE).locator("h2 a").click()
    carol.page.locator(".crumb").wait_for()
    carol.press("c")
    expect(carol.page).to_have_url(re.compile("/chain/"))
    expect(carol.page.locator(".tree .by > :first-child")).to_have_text(["ada", "bob", "You"])
    expect(carol.page.locator(".sumline").first).to_contain_text("2 people have shared it, in at most 1 step")
    carol.page.get_by_role("button", name="Share it on").click()
    carol.page.wait_for_load_state()
    expect(carol.page.locator(".tree .by > :first-child")).to_have_text(["ada", "bob", "You"])
    expect(carol.page.locator(".sumline").first).to_contain_text("3 people have shared it, in at most 2 steps")
    three.bob.page.goto("/u/ada/shared")
    three.bob.eventually(lambda: credit_shown(three.bob) == "3 shares")


def credit_shown(reader: Reader) -> str:
    reader.page.reload()
    return reader.page.locator(".pass .does a[href^='/chain/']").first.inner_text().strip()


def test_talk_is_live_under_the_entry(three: Three) -> None:
    ada, bob = three.ada, three.bob
    bob.page.goto("/")
    bob.ready()
    bob.row(TITLE).locator("h2 a").click()
    bob.page.locator("#social").get_by_placeholder("Your comment").fill("I checked it with string.")
    bob.page.locator("#social").get_by_role("button", name="Comment").click()
    expect(bob.page.locator(".talk li")).to_contain_text("I checked it with string.")
    expect(badge(ada)).not_to_have_text("")
    ada.page.goto("/notifications")
    ada.page.locator(".deeds a[href*='#c']").first.click()
    ada.ready()
    ada.page.locator(".talk summary").click()
    ada.page.get_by_placeholder("Your answer").fill("So did I.")
    ada.page.get_by_role("button", name="Answer", exact=True).click()
    expect(ada.page.locator(".talk li li")).to_contain_text("So did I.")
    expect(bob.page.locator(".talk li li")).to_contain_text("So did I.")  # live
    bob.page.locator("#social .does").get_by_role("button", name="Like").click()
    expect(bob.page.locator("#social .does [aria-pressed=true]")).to_contain_text("1")


def test_taking_back_is_right_everywhere(three: Three) -> None:
    ada, bob, carol = three.ada, three.bob, three.carol
    bob.api("POST", "/entries/mark", {"ids": [entry_of(bob, "ada")], "read": False})
    bob.page.goto("/")
    bob.ready()
    expect(bob.side("ada").locator(".count")).to_have_text("1")
    ada.page.goto("/")
    ada.ready()
    ada.row(TITLE).locator("h2 a").click()
    ada.page.locator(".entrybar summary.btn").filter(has_text="Shared").click()
    ada.page.get_by_role("button", name="Take back").click()
    ada.toast("Taken back")
    expect(ada.page.locator(".entrybar").get_by_role("button", name="Share", exact=True)).to_be_visible()
    expect(ada.row(TITLE).locator(".mine")).to_have_count(0)
    expect(bob.side("ada").locator(".count")).to_have_text("")  # live
    bob.page.reload()
    expect(bob.row(TITLE)).to_have_count(0)
    assert unread(bob) == 0
    carol.page.goto("/")
    expect(carol.row(TITLE)).to_have_count(1)
    chain = carol.page.request.get(f"{carol.program.address}/u/ada/shared").text()
    assert TITLE not in chain
    carol.page.goto(f"/chain/{entry_of(carol, 'bob')}")
    expect(carol.page.locator(".tree .by > :first-child")).to_have_text(["Share taken back", "bob", "You"])
    expect(carol.page.locator(".tree")).not_to_contain_text(NOTE)
    ada.press("z")
    ada.toast("Undone")
    expect(bob.side("ada").locator(".count")).to_have_text("1")  # live
    bob.page.reload()
    expect(bob.row(TITLE)).to_have_count(1)


def entry_of(reader: Reader, person: str) -> int:
    """The newest entry of somebody's stream."""
    return int(reader.api("GET", f"/entries?scope=feed/{reader.feed_id(person)}&content=false")["entries"][0]["id"])


def test_without_script_the_same_forms_lead_on(browser: Browser, program: Program, three: Three) -> None:
    plain = Reader.open(browser, program, java_script_enabled=False)
    plain.api("POST", "/session", {"name": "bob", "password": PASSWORD})
    plain.page.goto("/")
    plain.row(TITLE).locator("h2 a").click()
    plain.page.locator(".entrybar summary.btn").filter(has_text="Shared").click()
    plain.page.get_by_role("button", name="Take back").click()
    expect(plain.page.locator(".toast")).to_contain_text("Taken back")
    plain.page.locator(".entrybar").get_by_role("button", name="Share", exact=True).click()
    expect(plain.page.locator(".toast")).to_contain_text("Shared in")
    plain.page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(plain.page.locator(".entrybar").get_by_role("button", name="Share", exact=True)).to_be_visible()
    plain.close()


def test_swipes_on_a_phone_double_the_buttons(browser: Browser, program: Program, three: Three) -> None:
    phone = Reader.open(browser, program, viewport=PHONE, has_touch=True, is_mobile=True)
    phone.api("POST", "/session", {"name": "carol", "password": PASSWORD})
    phone.page.goto("/")
    phone.ready()
    row = phone.row("Older one")
    expect(row).to_have_class(re.compile("unread"))
    swipe(phone, row, 120)
    expect(row).not_to_have_class(re.compile("unread"))
    swipe(phone, row, -120)
    expect(row.locator(".mine")).to_be_attached()
    expect(phone.page.locator(".composer.over")).to_be_visible()
    phone.page.locator(".composer.over").get_by_role("button", name="Take back").click()
    expect(row.locator(".mine")).to_have_count(0)
    expect(phone.page.get_by_role("navigation", name="Main").get_by_role("link", name="People")).to_be_visible()
    phone.close()


def swipe(reader: Reader, row: Locator, by: int) -> None:
    """A finger across a row."""
    box = row.bounding_box()
    assert box is not None
    session = reader.context.new_cdp_session(reader.page)
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    session.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for step in range(1, 7):
        points = [{"x": x + by * step / 6, "y": y + 1}]
        session.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": points})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_a_private_account_asks_first(three: Three) -> None:
    ada, carol = three.ada, three.carol
    ada.page.goto("/settings/sharing")
    ada.page.get_by_label("Only people you approve").check()
    ada.page.get_by_role("button", name="Save").click()
    ada.toast("Saved")
    expect(ada.page.get_by_label("Only people you approve")).to_be_checked()
    carol.page.goto("/u/ada")
    carol.ready()
    expect(carol.page.locator("main")).to_contain_text("ada is private")
    carol.page.get_by_role("button", name="Ask to follow ada").click()
    expect(carol.page.get_by_role("button", name="Asked to follow ada")).to_be_visible()
    expect(badge(ada)).not_to_have_text("")
    ada.page.goto("/people")
    ada.ready()
    ada.page.get_by_role("button", name="Approve carol").click()
    ada.toast("carol may follow you")
    carol.page.reload()
    expect(carol.page.locator(".pass")).to_have_count(1)


def test_a_block_takes_each_out_of_the_other_s_pages(three: Three) -> None:
    ada, carol = three.ada, three.carol
    ada.page.goto("/u/carol")
    ada.ready()
    ada.page.locator("[data-menu=person] summary").click()
    ada.page.get_by_role("button", name="Block: neither sees the other").click()
    ada.toast("carol is blocked")
    expect(ada.page.locator("main")).to_contain_text("You blocked carol")
    carol.forgive("404")
    answer = carol.page.goto("/u/ada")
    assert answer is not None and answer.status == 404
    carol.forgive("404")
    expect(carol.side("ada")).to_have_count(0)


def test_quiet_mode_takes_people_off_the_pages(three: Three) -> None:
    bob = three.bob
    bob.page.goto("/settings/sharing")
    bob.page.get_by_label("Show nothing about people on my pages").check()
    bob.page.get_by_role("button", name="Save").click()
    bob.page.goto("/")
    bob.ready()
    expect(bob.row(TITLE)).to_be_visible()
    expect(bob.page.locator(".said, .badge, .side a[href='/people'], [data-act=share]")).to_have_count(0)
    bob.row(TITLE).locator("h2 a").click()
    expect(bob.page.locator("article.entry")).to_contain_text("two clocks on the tower")
    expect(bob.page.locator(".passed, #social, .sharing")).to_have_count(0)
    bob.page.goto("/settings/sharing")
    bob.page.get_by_label("Show nothing about people on my pages").uncheck()
    bob.page.get_by_role("button", name="Save").click()


def test_an_account_that_leaves_is_a_knot(three: Three) -> None:
    bob, ada, carol = three.bob, three.ada, three.carol
    bob.page.goto("/settings/departure")
    bob.page.get_by_label("Your name, to be sure").fill("bob")
    bob.page.get_by_label("Password").fill(PASSWORD)
    bob.page.get_by_role("button", name="Remove bob").click()
    expect(bob.page).to_have_url(re.compile("/signin"))
    ada.forgive("404")
    answer = ada.page.goto("/u/bob")
    assert answer is not None and answer.status == 404
    ada.forgive("404")
    carol.page.goto("/shared")
    carol.page.locator(".pass .does a[href^='/chain/']").first.click()
    expect(carol.page.locator(".tree")).to_contain_text("A removed account")
    expect(carol.page.locator(".tree")).not_to_contain_text("bob")
