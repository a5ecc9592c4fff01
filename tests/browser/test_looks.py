"""Every page in light and dark, wide and narrow: axe, no sideways scroll, nothing that shifts, what it weighs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import brotli
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route, ViewportSize, expect

from tests.browser.pages import SIGNED_OUT, signed_in
from tests.browser.program import ROOT, Program
from tests.browser.reader import PHONE, WIDE, Reader
from tests.helpers.site import Site
from web.kit import LATE

SERIOUS = ("serious", "critical")
FIRST_VISIT = 60_000
LATER_VISIT = 10_000
FIRST_SCRIPTS = 10_000
SHIFTS = """
  window.shifted = [];
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const what = entry.sources.map((source) => source.node?.outerHTML?.slice(0, 120));
      if (!entry.hadRecentInput) window.shifted.push([entry.value, what]);
    }
  }).observe({ type: "layout-shift", buffered: true });
"""
RICH = """<h1>A heading</h1><p>Text with <a href="https://other.example/">a link</a> and <code>code</code>.</p>
<blockquote><p>A quotation</p></blockquote><pre><code>x = """ + "1 + " * 80 + """1</code></pre>
<table><tr><th>Soil</th><th>Water</th></tr><tr><td>Dry</td><td>0</td></tr></table>
<p>Averyverylongwordwithoutanyspace""" + "abcdefghij" * 30 + """</p><ul><li>One</li></ul>
<iframe src="https://www.youtube-nocookie.com/embed/aqz-KE-bpKQ" title="A film"></iframe>"""  # fmt: skip


@pytest.fixture(scope="module")
def addresses(browser: Browser, program: Program, site: Site) -> Iterator[list[str]]:
    """Every page, of an account with a busy feed, a quiet one, and one in trouble."""
    reader = Reader.open(browser, program)
    reader.join()
    site.page("/", "/busy.xml")
    busy = site.feed("/busy.xml", "Busy paper")
    busy.publish_many(30)
    busy.publish("Everything an article can hold", RICH)
    quiet = site.feed("/quiet.xml", "A feed with a name that is a good deal longer than the column it has to stand in")
    quiet.publish("Only one")
    feed = reader.subscribe(busy, "Papers")
    reader.wait_unread(feed, 20)
    reader.subscribe(quiet)
    entries = reader.api("GET", f"/entries?scope=feed/{feed}&content=false")["entries"]
    reader.api("PUT", f"/entries/{entries[0]['id']}/star")
    reader.api("PUT", f"/entries/{entries[1]['id']}/later")
    folder = reader.api("GET", "/folders")["folders"][0]["id"]
    note = "A note of some length, so that it has to be cut short in the row of the list that it stands in"
    shared = reader.api("POST", "/shares", {"entry_id": entries[0]["id"], "note": note})
    said = reader.api("POST", f"/shares/{shared['id']}/comments", {"text": "A comment with a " + "long" * 40})
    reader.api("POST", f"/shares/{shared['id']}/comments", {"text": "An answer", "parent_id": said["id"]})
    reader.api("PUT", f"/shares/{shared['id']}/like")
    hook = reader.api("POST", "/webhooks", {"url": site.url("/a-program?with-a-token=" + "0123456789" * 6)})
    reader.api("POST", f"/webhooks/{hook['id']}/try")  # the site takes no such thing
    reader.eventually(lambda: bool(reader.api("GET", "/webhooks")["webhooks"][0]["error"]))
    yield signed_in(reader, feed, folder, entries[0]["id"], shared["id"], shared["stream_id"])
    reader.close()


def look(page: Page, dark: bool) -> None:
    page.emulate_media(color_scheme="dark" if dark else "light", reduced_motion="reduce")


def violations(page: Page) -> list[str]:
    """What axe finds serious, one line each."""
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [
        f"{page.url}: {bad['id']}: {bad['help']}: {[node['html'][:160] for node in bad['nodes'][:3]]}"
        for bad in found
        if bad["impact"] in SERIOUS
    ]


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_axe_finds_nothing_serious(
    browser: Browser, program: Program, addresses: list[str], size: ViewportSize
) -> None:
    reader = Reader.open(browser, program, viewport=size)
    reader.join()
    found = []
    for address in addresses:
        reader.page.goto(address)
        for dark in (False, True):
            look(reader.page, dark)
            found += violations(reader.page)
    reader.context.clear_cookies()
    for address in [*SIGNED_OUT, *filter(is_public, addresses)]:
        reader.page.goto(address)
        found += violations(reader.page)
    reader.close()
    assert found == []


def is_public(address: str) -> bool:
    return address.startswith(("/u/", "/share/", "/chain/"))


LATE_LINE = """(text) => {
  const line = document.querySelector("#offline");
  line.hidden = false;
  line.textContent = text;
  return parseFloat(getComputedStyle(document.querySelector(".app")).paddingBottom);
}"""


def test_phones_say_that_news_is_late(browser: Browser, program: Program, addresses: list[str]) -> None:
    """Above what is at the bottom, not under it, and over nothing at the page's end."""
    reader = Reader.open(browser, program, viewport=PHONE)
    reader.join()
    reader.page.route("**/static/js.*/**", lambda route: route.abort())  # they would say that all is well
    for address, bottom in (("/", ".tabs"), ("/manage", ".tabs"), ("/folders", ".tabs"), (addresses[6], ".entrybar")):
        reader.page.goto(address)
        expect(reader.page.locator("#offline")).to_be_hidden()
        room = reader.page.evaluate(LATE_LINE, LATE)  # below the end of the page
        line, below = (reader.page.locator(each).first.bounding_box() for each in ("#offline", bottom))
        assert line and below and line["width"] == PHONE["width"] and line["y"] + line["height"] <= below["y"] + 1
        assert room >= PHONE["height"] - line["y"]
        assert reader.page.locator(".side > header").is_visible() == (address == "/folders")
        for dark in (False, True):
            look(reader.page, dark)
            assert violations(reader.page) == []
    reader.close()


def test_the_card_of_a_share_is_well_made(browser: Browser, program: Program, addresses: list[str]) -> None:
    """Open in the bar of an entry, and over a list."""
    for size in (WIDE, PHONE):
        reader = Reader.open(browser, program, viewport=size)
        reader.join()
        reader.page.goto(addresses[6])
        reader.ready()
        reader.page.locator(".sharing summary").click()
        found = violations(reader.page)
        reader.page.goto("/")
        reader.ready()
        reader.press("n", "n", "n", "Shift+N")
        expect(reader.page.locator(".composer.over textarea")).to_be_focused()
        reader.page.evaluate("Promise.all(document.getAnimations().map((each) => each.finished))")
        found += violations(reader.page)
        reader.page.locator(".composer.over").get_by_role("button", name="Take back").click()
        reader.toast("Taken back")
        reader.close()
        assert found == []


def test_axe_finds_nothing_serious_in_dialogs(browser: Browser, program: Program, addresses: list[str]) -> None:
    reader = Reader.open(browser, program)
    reader.join()
    reader.page.goto("/")
    reader.ready()
    found = []
    for key in ("?", "Control+k", "Shift+M", "Shift+R"):
        reader.press("n", key)
        reader.page.get_by_role("dialog").wait_for()
        found += violations(reader.page)
        reader.press("Escape")
    reader.close()
    assert found == []


def test_nothing_scrolls_sideways_at_360(browser: Browser, program: Program, addresses: list[str]) -> None:
    reader = Reader.open(browser, program, viewport=ViewportSize(width=360, height=740))
    reader.join()
    wide = []
    for address in [*addresses, *SIGNED_OUT]:
        reader.page.goto(address)
        width = reader.page.evaluate("document.documentElement.scrollWidth")
        if width > 360:
            wide.append((address, width, reader.page.evaluate(WIDEST)))
    reader.close()
    assert wide == []


WIDEST = """[...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > 361)
  .slice(0, 4).map((e) => `${e.tagName}.${e.className} ${Math.round(e.getBoundingClientRect().right)}`)"""


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_nothing_shifts_when_icons_and_counts_come_late(
    browser: Browser, program: Program, addresses: list[str], size: ViewportSize
) -> None:
    reader = Reader.open(browser, program, viewport=size)
    reader.join()
    reader.page.add_init_script(SHIFTS)
    reader.page.route("**/icons/**", later)
    feed = reader.feed_id("Busy paper")
    ids = [entry["id"] for entry in reader.api("GET", f"/entries?scope=feed/{feed}&content=false")["entries"]][-3:]
    for address in addresses[:3]:
        reader.api("POST", "/entries/mark", {"ids": ids, "read": True})
        reader.page.goto(address)
        reader.ready()
        before = reader.page.title()
        reader.api("POST", "/entries/mark", {"ids": ids, "read": False})
        expect(reader.page).not_to_have_title(before)  # the counts came
        assert reader.page.evaluate("window.shifted") == []
    reader.close()


def later(route: Route) -> None:
    """Holds a picture back until the page has long been drawn."""
    route.request.frame.page.wait_for_timeout(300)
    route.continue_()


class Weigher:
    """Bytes on the wire by kind, from the browser's own events."""

    def __init__(self, page: Page) -> None:
        self._kinds: dict[str, str] = {}
        self.urls: dict[str, tuple[str, int]] = {}
        self._session = page.context.new_cdp_session(page)
        self._session.send("Network.enable")
        self._session.on("Network.responseReceived", self._received)
        self._session.on("Network.loadingFinished", self._finished)

    def _received(self, event: dict[str, Any]) -> None:
        if not event["response"].get("fromDiskCache"):
            self._kinds[event["requestId"]] = event["response"]["url"]

    def _finished(self, event: dict[str, Any]) -> None:
        url = self._kinds.get(event["requestId"])
        if url is not None:
            self.urls[event["requestId"]] = (url, int(event["encodedDataLength"]))

    def take(self) -> Counter[str]:
        """What came since the last call: path without hash → bytes."""
        out: Counter[str] = Counter()
        for url, size in self.urls.values():
            out["/" + url.split("/", 3)[3]] += size
        self.urls.clear()
        return out


def test_scripts_of_the_first_paint_are_light() -> None:
    """What a list needs before anything is pressed; the rest comes with its first use."""
    names = ("main", "dom", "api", "rows", "list", "live", "counts", "keys", "fold", "drag")
    files = [ROOT / f"web/static/js/{name}.js" for name in names]
    assert sum(len(brotli.compress(file.read_bytes())) for file in files) <= FIRST_SCRIPTS


def test_first_and_later_visits_are_light(browser: Browser, program: Program, addresses: list[str]) -> None:
    reader = Reader.open(browser, program)
    reader.join()
    weigher = Weigher(reader.page)
    reader.page.goto("/")
    reader.ready()
    reader.page.wait_for_timeout(700)
    first = weigher.take()
    own = Counter({path: size for path, size in first.items() if not path.startswith("/img/")})
    reader.page.goto(addresses[1])
    reader.ready()
    reader.page.wait_for_timeout(700)
    later = weigher.take()
    assets = Counter({path: size for path, size in later.items() if path.startswith(("/static/", "/icons/", "/api/"))})
    reader.close()
    assert own.total() <= FIRST_VISIT, own.most_common()
    assert assets.total() <= LATER_VISIT, assets.most_common()
