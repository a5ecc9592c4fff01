"""What a person sees and does on the pages, in words of the interface."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Locator, Page, ViewportSize, expect

from tests.browser.program import Program
from tests.helpers.site import SiteFeed

NAME, PASSWORD = "ada", "a harbour with two clocks"
# Said by the browser itself, not by a script, when a page was drawn before it came to fade it in: a busy machine.
NO_TRANSITION = "Transition was aborted because of invalid state. Page already revealed"
WIDE = ViewportSize(width=1280, height=800)
PHONE = ViewportSize(width=390, height=844)


@dataclass
class Reader:
    """One browser window on the program. ``complaints`` gathers what the page's script did wrong."""

    program: Program
    context: BrowserContext
    page: Page
    complaints: list[str] = field(default_factory=list)

    @classmethod
    def open(cls, browser: Browser, program: Program, **options: Any) -> Reader:
        context = browser.new_context(base_url=program.address, **({"viewport": WIDE} | options))
        context.set_default_timeout(15_000)
        reader = cls(program, context, context.new_page())
        reader.page.on("pageerror", lambda error: reader._failed(str(error)))
        reader.page.on("console", lambda line: reader._heard(line.type, line.text))
        return reader

    def _failed(self, error: str) -> None:
        if error != NO_TRANSITION:
            self.complaints.append(f"error: {error}")

    def _heard(self, kind: str, text: str) -> None:
        if kind == "error":
            self.complaints.append(f"console: {text}")

    def forgive(self, words: str) -> None:
        """The browser itself notes failed requests; those that a test made on purpose are no fault."""
        self.complaints[:] = [line for line in self.complaints if words not in line]

    def close(self) -> None:
        self.context.close()

    def api(self, method: str, path: str, body: object = None) -> Any:
        """The JSON API with this window's session."""
        answer = self.context.request.fetch(
            f"{self.program.address}/api/v1{path}",
            method=method,
            data=None if body is None else json.dumps(body),
            headers={"Origin": self.program.address, "Content-Type": "application/json"},
        )
        assert answer.ok, f"{method} {path}: {answer.status} {answer.text()}"
        return answer.json() if answer.body() else None

    def join(self) -> None:
        """The first account, or the same one again, without a form."""
        body = {"name": NAME, "password": PASSWORD}
        made = self.context.request.post(
            f"{self.program.address}/api/v1/accounts", data=body, headers={"Origin": self.program.address}
        )
        if not made.ok:
            self.api("POST", "/session", body)

    def subscribe(self, feed: SiteFeed, folder: str | None = None) -> int:
        """Subscribes by the API and waits for its entries; gives the feed's id."""
        self.api("POST", "/discover", {"url": feed.url, "wait": 20})
        row = self.api(
            "POST", "/subscriptions", {"url": feed.url, "new_folder": folder} if folder else {"url": feed.url}
        )
        return int(row["feed_id"])

    def rows(self) -> Locator:
        return self.page.locator(".rows > .row")

    def row(self, title: str) -> Locator:
        return self.rows().filter(has=self.page.get_by_role("link", name=title, exact=True))

    def titles(self) -> list[str]:
        return [text.strip() for text in self.page.locator(".rows > .row h2 a").all_inner_texts()]

    def toast(self, text: str) -> None:
        """Waits until the toast says ``text``."""
        expect(self.page.locator(".toast")).to_contain_text(text)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def eventually(self, true: Callable[[], bool], patience: float = 8) -> None:
        """Waits until ``true`` is; the page's events go on meanwhile."""
        until = time.monotonic() + patience
        while not true():
            assert time.monotonic() < until, "it did not become so"
            self.page.wait_for_timeout(50)

    def total(self, scope: str) -> int:
        return int(self.api("GET", f"/entries?scope={scope}&content=false")["total"])

    def until_total(self, scope: str, number: int) -> None:
        self.eventually(lambda: self.total(scope) == number)

    def wait_unread(self, feed_id: int, number: int) -> None:
        """Waits until a feed's entries are there."""
        self.eventually(lambda: self.api("GET", "/counters")["feeds"].get(str(feed_id), 0) == number, 20)

    def ready(self) -> None:
        """Waits until the page's behaviours listen, and until it was painted: Chromium drops keys pressed before."""
        self.page.locator("html[data-ready]").wait_for(state="attached")
        # Not wait_for_function: it asks again by eval within the page, which the policy of our pages forbids.
        self.eventually(lambda: bool(self.page.evaluate("performance.getEntriesByType('paint').length > 0")))

    def fresh_list(self) -> None:
        """The list of everything, all of it unread, nothing open."""
        ids = [entry["id"] for entry in self.api("GET", "/entries?limit=200&content=false")["entries"]]
        self.api("POST", "/entries/mark", {"ids": ids, "read": False})
        self.page.goto("/")
        self.ready()

    def side(self, title: str) -> Locator:
        """A feed or folder of the left column."""
        return self.page.locator(".side a.nav").filter(has=self.page.locator(".label").get_by_text(title, exact=True))

    def feed_id(self, title: str) -> int:
        rows = self.api("GET", "/subscriptions")["subscriptions"]
        return int(next(row["feed_id"] for row in rows if row["title"] == title))

    def folder(self, title: str) -> list[str]:
        """Names of the feeds in a folder, as the server has them."""
        folders = self.api("GET", "/sidebar")["folders"]
        return [feed["title"] for folder in folders if folder["title"] == title for feed in folder["feeds"]]

    def go_feed(self, title: str) -> None:
        self.page.goto(f"/feed/{self.feed_id(title)}")
        self.ready()
