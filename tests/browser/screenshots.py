"""`make screenshots`: the README's pictures, made by driving the real demo in a real browser."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.conftest import ARGUMENTS, CHROMIUM, MISSING
from tests.browser.reader import NAME, PASSWORD, PHONE, WIDE
from tests.helpers.victim import free_port

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
OPENED, BUSY = "In praise of the second draft", "Harbour Log"


@contextmanager
def demo(folder: Path) -> Iterator[tuple[str, str]]:
    """(Evantr's address, the address of the demo's site)."""
    process = subprocess.Popen(
        [sys.executable, "-m", "evantr", "demo", "--port", str(free_port()), "--data", str(folder)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        text=True,
    )
    try:
        assert process.stdout is not None
        found: list[str] = []
        while len(found) < 2:
            found += re.findall(r"http://\S+", process.stdout.readline())
        yield found[0], found[1]
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(15)


def fill(page: Page, site: str) -> None:
    """First account, then everything that the demo's front page names, in two folders."""
    page.goto("/welcome")
    page.fill("[name=name]", NAME)
    page.fill("[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/add**")
    page.fill("[name=url]", site)
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-subscribe]")
    picture(page, "add")
    for box in page.query_selector_all("[data-subscribe] input[type=checkbox]"):
        if not box.is_checked():
            box.evaluate("box => box.click()")
    page.select_option("[name=folder]", "new")
    page.fill("[name=new_folder]", "Making things")
    page.click("[data-subscribe] .btn.main")
    page.wait_for_url("**/folder/*")
    page.wait_for_timeout(5000)  # entries and icons come from background work


def picture(page: Page, name: str) -> None:
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.wait_for_timeout(250)
        page.screenshot(path=PICTURES / f"{name}-{scheme}.png")
    page.emulate_media(color_scheme="light")


FOLDERS = {
    "Making things": ("Clockwork Almanac", "Glue and Grain", "Shed Weekly", "Workbench Radio"),
    "Letters": ("Paper Boats", "Second Drafts", "The Slow Post"),
    "Science": ("Tidewater Notes", "Small Machines", "Bureau of Tides", "Field Recordings"),
}


def preview_of_import(page: Page) -> None:
    """A file of another reader, before anything of it is imported."""
    rows = []
    for folder, titles in FOLDERS.items():
        feeds = "".join(
            f'<outline text="{title}" xmlUrl="https://{title.lower().replace(" ", "")}.example/feed.xml"/>'
            for title in titles
        )
        rows.append(f'<outline text="{folder}">{feeds}</outline>')
    rows.append('<outline text="Router" xmlUrl="http://192.168.1.1/rss"/>')
    body = f'<opml version="2.0"><body>{"".join(rows)}</body></opml>'
    page.goto("/import")
    page.set_input_files(
        "[name=file]", {"name": "subscriptions.opml", "mimeType": "text/x-opml", "buffer": body.encode()}
    )
    page.get_by_role("button", name="Look into the file").click()
    page.wait_for_url("**/import/*")
    page.locator("[name=item]").nth(2).uncheck()
    picture(page, "import")


class Sharer:
    """Somebody else, by the API."""

    def __init__(self, browser: Browser, address: str, folder: Path, name: str) -> None:
        command = [sys.executable, "-m", "evantr", "user", "add", name, "--password", PASSWORD]
        subprocess.run(command, env={**os.environ, "EVANTR_DATA": str(folder)}, check=True, stdout=subprocess.DEVNULL)
        self._asks = browser.new_context(base_url=address, extra_http_headers={"Origin": address}).request
        self.post("session", name=name, password=PASSWORD)

    def post(self, path: str, **body: object) -> dict[str, Any]:
        answer = self._asks.post(f"/api/v1/{path}", data=body)
        assert answer.ok, answer.text()
        return cast(dict[str, Any], answer.json())


def chain(browser: Browser, page: Page, address: str, folder: Path) -> None:
    """A story that goes from hand to hand until it reaches the reader."""
    feeds = page.request.get("/api/v1/subscriptions").json()["subscriptions"]
    entries = page.request.get("/api/v1/entries?limit=200&content=false").json()["entries"]
    entry = next(each for each in entries if each["title"] == OPENED)
    feed = next(each["url"] for each in feeds if each["feed_id"] == entry["feed_id"])
    tobin, ines, mara, priya = (Sharer(browser, address, folder, name) for name in ("tobin", "ines", "mara", "priya"))
    tobin.post("subscriptions", url=feed)
    first = tobin.post("shares", entry_id=entry["id"], note="For everybody who sends the first one.")["id"]
    ines.post("follow", target="@tobin")
    second = ines.post("shares", entry_id=first, note="The part about reading it aloud is the best of it.")["id"]
    priya.post("follow", target="@tobin")
    priya.post("shares", entry_id=first)
    mara.post("follow", target="@ines")
    third = mara.post("shares", entry_id=second, note="Ines is right: aloud.")["id"]
    headers = {"Origin": address}
    assert page.request.post("/api/v1/follow", data={"target": "@mara"}, headers=headers).ok
    page.goto(f"/chain/{third}")
    picture(page, "chain")


def take(browser: Browser, address: str, site: str, folder: Path) -> None:
    context = browser.new_context(base_url=address, viewport=WIDE)
    page = context.new_page()
    fill(page, site)
    page.goto("/folder/1")
    for _ in range(3):
        page.keyboard.press("j")
        page.wait_for_timeout(400)
    page.goto("/folder/1")
    page.locator(".rows h2 a", has_text=OPENED).first.click()
    page.mouse.move(900, 700)  # off the row, whose actions show while it is pointed at
    page.wait_for_timeout(2500)
    picture(page, "reading")
    page.goto(page.locator("[data-feed-row]", has_text=BUSY).get_attribute("href") + "/health")  # type: ignore[operator]
    picture(page, "health")
    page.goto("/keys")
    picture(page, "keys")
    chain(browser, page, address, folder)
    preview_of_import(page)
    page.goto("/admin/queues?open=pull-sys")
    page.wait_for_timeout(2500)  # figures that a manager reports
    picture(page, "admin")
    page.set_viewport_size(PHONE)
    page.goto("/folder/1")
    picture(page, "phone")
    page.goto("/admin/queues")
    picture(page, "admin-phone")
    context.close()


def main() -> int:
    if not Path(CHROMIUM).exists():
        sys.stderr.write(f"{MISSING}\n")
        return 1
    PICTURES.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        demo(Path(folder)) as (address, site),
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        take(browser, address, site, Path(folder))
        browser.close()
    sys.stdout.write(f"Pictures are in {PICTURES}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
