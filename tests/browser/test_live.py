"""A page hears what happens: by a stream, by questions that stay open, or by asking now and then."""

from __future__ import annotations

from playwright.sync_api import Browser, Route, expect

from tests.browser.program import Program
from tests.browser.reader import Reader
from tests.helpers.site import Site


def cut(reader: Reader, pattern: str) -> None:
    """Nothing that matches gets through, as behind a proxy that holds answers back."""

    def refuse(route: Route) -> None:
        route.abort()

    reader.page.route(pattern, refuse)


def hears_of_an_entry(browser: Browser, program: Program, site: Site, name: str, *blocked: str) -> Reader:
    """Opens a feed's page with some ways cut off, publishes an entry, and waits for the page to say so."""
    reader = Reader.open(browser, program)
    reader.join()
    feed = site.feed(f"/{name}.xml", name.title())
    feed.publish_many(3)
    feed_id = reader.subscribe(feed)
    for pattern in blocked:
        cut(reader, pattern)
    reader.page.goto(f"/feed/{feed_id}")
    expect(reader.rows()).to_have_count(3)
    reader.page.wait_for_timeout(3000)  # the stream is tried and given up
    feed.publish("News from the harbour")
    reader.api("POST", f"/feeds/{feed_id}/check")
    expect(reader.page.locator(".fresh")).to_have_text("1 new", timeout=40_000)
    reader.forgive("Failed to load resource")
    return reader


def test_where_streams_do_not_get_through_a_long_poll_does(browser: Browser, program: Program, site: Site) -> None:
    reader = hears_of_an_entry(browser, program, site, "long", "**/api/v1/stream")
    asked = reader.page.evaluate("performance.getEntriesByType('resource').map(each => each.name)")
    assert any("/poll?" in name and "wait=25" in name for name in asked), asked
    assert not reader.complaints
    reader.close()


def test_where_neither_does_a_poll_now_and_then_is_enough(browser: Browser, program: Program, site: Site) -> None:
    reader = hears_of_an_entry(browser, program, site, "short", "**/api/v1/stream", "**/api/v1/poll?*wait=25*")
    assert not reader.complaints
    reader.close()
