# ruff: noqa: E501  # tables as they are
"""Feeds made from saved pages (pages/), and pages of which none may be made."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reader.errors import Upstream
from reader.ingest.generate import generate, is_generated, parse_or_generate
from reader.ingest.parse import ParsedEntry

PAGES = Path(__file__).parent / "pages"
HERE = "https://site.example/list"
SITE = "https://site.example"
NOW = 1_790_000_000.0


def made(name: str) -> list[ParsedEntry]:
    return generate((PAGES / f"{name}.html").read_bytes(), url=HERE, content_type="text/html; charset=utf-8").entries


def day(at: float | None) -> str | None:
    return None if at is None else datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d")


# page: how many, the first title, its address, its day, the last title
MADE = [
    ("blog_cards", 4, "The first frost on the quay", f"{SITE}/2026/09/21/first-frost", "2026-09-21", "After the regatta"),
    ("news_list", 5, "Bridge over the Linn reopens after three years", f"{SITE}/news.php?id=1041", "2026-09-14",
     "School year begins with a song"),
    ("changelog_sections", 4, "2.4.0 – 2026-09-18", f"{HERE}#v2-4-0", "2026-09-18", "2.2.0 – 2026-05-12"),
    ("changelog_boxes", 4, "September 10, 2026", f"{HERE}#sep-2026", "2026-09-10", "June 11, 2026"),
    ("shop", 5, "Gusskanne Grün 0,8 l", f"{SITE}/p/kanne-gruen", None, "Emaillekanne Weiß"),
    ("release_notes", 3, "Kettle 3.1 whistles", f"{SITE}/kettle/releases/tag/v3.1.0", "2026-09-09", "Kettle 3 holds more water"),
    ("jobs", 4, "Senior Optician", f"{SITE}/careers/4411-senior-optician", None, "Keeper of the Lighthouse"),
    ("forum", 4, "Which stove for a hut at 2,400 metres?", f"{SITE}/viewtopic.php?t=9001", "2026-09-17",
     "Wood delivery by helicopter in autumn"),
    ("events", 3, "Bal de la farine", f"{SITE}/agenda/bal-de-la-farine", "2026-10-03", "Contes de la roue"),
    ("aggregator", 4, "Why old engines were repaired with leather", "https://quiet.example/engines", "2026-09-18",
     "Building an oven into a bicycle trailer"),
    ("days", 5, "The ring nebula through thin clouds", f"{SITE}/log/ring-nebula", "2026-09-19",
     "The owl is back in the second dome"),
    ("archive_years", 5, "On bells and the people who ring them", f"{SITE}/2026/on-bells.html", "2026-09-02",
     "On maps that are wrong"),
    ("undated_news", 4, "秋の読書週間のお知らせ", f"{SITE}/news/20260918.html", "2026-09-18", "子ども向けおはなし会の参加者募集"),
    ("headlines", 5, "Ferry strike ends after nine days of talks", f"{SITE}/stories/ferry-strike-ends-after-nine-days", None,
     "Bees on the roof of the town hall"),
    ("link_cards", 4, "A desk of walnut, from a tree that fell", f"{SITE}/journal/walnut-desk", "2026-08-28",
     "How sharp is sharp enough"),
    ("long_posts", 4, "What the lamp saw in September", f"{SITE}/2026/post-0.html", "2026-09-20", "The gull that would not leave"),
    ("bootstrap_cards", 4, "Neue Fähre getauft", f"{SITE}/aktuelles/faehre", "2026-09-18", "Eis im Becken"),
    ("press_table", 4, "Third quarter: more of the same, and a little better", "https://cdn.example/press/2026-q3.pdf",
     "2026-09-15", "An award for quiet machines"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "count", "title", "url", "published", "last"), MADE, ids=[one[0] for one in MADE])
def test_lists(name: str, count: int, title: str, url: str, published: str | None, last: str) -> None:
    entries = made(name)
    first = entries[0]
    assert (len(entries), first.title, first.url, day(first.published_at), entries[-1].title) == (
        count, title, url, published, last,
    )  # fmt: skip
    assert [entry.uid for entry in entries] == [entry.url for entry in entries]
    assert len({entry.uid for entry in entries}) == count


@pytest.mark.parametrize("name", sorted(path.stem for path in PAGES.glob("none_*.html")))
def test_pages_without_a_list(name: str) -> None:
    with pytest.raises(Upstream) as error:
        made(name)
    assert error.value.kind == "not_a_feed"


def test_every_page_is_expected_something_of() -> None:
    names = {path.stem for path in PAGES.glob("*.html") if not path.stem.startswith("none_")}
    assert names == {one[0] for one in MADE} and len(list(PAGES.glob("none_*.html"))) >= 6


def test_excerpts_pictures_and_content() -> None:
    card = made("blog_cards")[0]
    assert card.summary_html is not None and card.summary_html.startswith("<p>The ropes were stiff this morning")
    assert '<img src="https://site.example/img/gruen.jpg"' in (made("shop")[0].summary_html or "")
    section = made("changelog_sections")[2].content_html or ""
    assert "A big release" in section and "Candles" not in section and "href=" in section


def test_what_the_feed_says_of_itself() -> None:
    feed = generate((PAGES / "blog_cards.html").read_bytes(), url=HERE)
    assert (feed.title, feed.description, feed.language, feed.site_url, feed.format) == (
        "Harbour Notes", "Letters from a small port.", "en", HERE, "generated",
    )  # fmt: skip
    assert is_generated(feed.format) and not is_generated("rss 2.0") and not is_generated(None)


def test_a_new_item_leaves_the_others_as_they_are() -> None:
    page = (PAGES / "news_list.html").read_text()
    before = {entry.uid: entry for entry in made("news_list")}
    item = '<li><span class="date">15.09.2026</span> <a href="news.php?id=1042">A heron moves into the park</a></li>\n'
    after = generate(page.replace("<li>", item + "<li>", 1).encode(), url=HERE).entries
    assert after[0].title == "A heron moves into the park"
    assert {entry.uid: entry for entry in after[1:]} == before


def test_events_to_come_are_not_published_in_the_future() -> None:
    body = (PAGES / "events.html").read_bytes()
    entries = generate(body, url=HERE, content_type="text/html", now=NOW).entries
    assert [entry.published_at for entry in entries] == [None, None, None]


def test_only_a_generated_feed_reads_a_page() -> None:
    body = (PAGES / "news_list.html").read_bytes()
    assert parse_or_generate("generated", body, url=HERE, content_type="text/html").format == "generated"
    with pytest.raises(Upstream):
        parse_or_generate("rss 2.0", body, url=HERE, content_type="text/html")
    rss = b"<rss version='2.0'><channel><title>T</title><item><title>A</title></item></channel></rss>"
    assert parse_or_generate("generated", rss, url=HERE, content_type="text/xml").format == "rss 2.0"


@pytest.mark.parametrize(
    "unit",
    ["<div>", "<li><a href=/news/x>A headline of words</a> 2026-09-01</li>", "<div><a href=/x>hello world", "<h2>1.2.3</h2>x",
     "<tr><td><a href=/news/a>hello world now</a>", "word ", "<b>", "<p hidden>x", '<a class="date" href=/1>1 Jan 202 '],
)  # fmt: skip
def test_hostile_pages_take_bounded_time(unit: str) -> None:
    body = (unit * (2_900_000 // len(unit))).encode()
    start = time.process_time()
    try:
        assert len(generate(body, url=HERE).entries) <= 100
    except Upstream as error:
        assert error.kind == "not_a_feed"
    assert time.process_time() - start < 10  # a tenth of it on an idle machine


def test_too_large() -> None:
    with pytest.raises(Upstream) as error:
        generate(b"x" * 3_000_001, url=HERE)
    assert error.value.kind == "too_large"


TOKENS = ["<li>", "</li>", '<a href="/news/', "1", '">', "Some title of an item", "</a>", "2026-09-01", "<h2>", "</h2>", "<p>",
          "1.2.3", "<table><tr><td>", "</td>", "&#0;", "\x00", "<time datetime='", "<nav>", "</div>", "é", "<dl><dt>", "<dd>"]  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(TOKENS), max_size=80))
def test_nothing_but_upstream_is_raised(parts: list[str]) -> None:
    try:
        feed = generate("".join(parts).encode(), url=HERE, now=NOW)
    except Upstream:
        return
    assert len(feed.entries) >= 3 and all(entry.url and entry.title for entry in feed.entries)
