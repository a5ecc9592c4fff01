"""One entry: its page, its fragment, and when opening marks it read (decision 0003)."""

from __future__ import annotations

import pytest

from reader.models.entry import Enclosure, NewEntry, SafeHtml
from tests.helpers.app import ORIGIN, Person, World
from tests.integration.web.page import open_page, send
from web.prose import reachable

CLICK = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": "document", "Sec-Fetch-Mode": "navigate"}


async def unread(world: World, ada: Person) -> int:
    return (await world.container.services.reading.sidebar(ada.actor)).unread


@pytest.mark.parametrize(
    ("headers", "marks"),
    [
        (CLICK, True),
        ({"Referer": f"{ORIGIN}/feed/1"}, True),
        ({}, False),
        ({**CLICK, "Sec-Purpose": "prefetch;prerender"}, False),
        ({**CLICK, "Purpose": "prefetch"}, False),
        ({**CLICK, "Sec-Fetch-Site": "cross-site"}, False),
        ({**CLICK, "Sec-Fetch-Site": "none"}, False),
        ({**CLICK, "Sec-Fetch-Dest": "iframe"}, False),
        ({**CLICK, "Sec-Fetch-Dest": "image"}, False),
        ({"Referer": "https://evil.example/"}, False),
        ({"Referer": f"{ORIGIN}.evil.example/"}, False),
        ({**CLICK, "X-Fragment": "1"}, False),
    ],
)
async def test_only_an_own_click_marks(world: World, ada: Person, headers: dict[str, str], marks: bool) -> None:
    feed = await world.feed(entries=2, readers=[ada])
    entry = (await world.entry_ids(ada))[0]
    page = await open_page(ada.http, f"/entry/{entry}?in=feed/{feed}", **headers)
    assert page.status == 200
    assert await unread(world, ada) == (1 if marks else 2)


async def test_who_wants_to_mark_by_hand_does(world: World, ada: Person) -> None:
    await world.feed(entries=2, readers=[ada])
    await world.container.services.accounts.set_preferences(ada.actor, {"marking": "never"})
    entry = (await world.entry_ids(ada))[0]
    page = await open_page(ada.http, f"/entry/{entry}", **CLICK)
    assert await unread(world, ada) == 2
    after = await send(ada.http, page, "//div[@class='entrybar']/form[@action='/do/entry']", "read")
    assert await unread(world, ada) == 1
    assert after.all("//article")


async def test_the_page_holds_list_and_entry(world: World, ada: Person) -> None:
    feed = await world.feed(entries=3, readers=[ada])
    ids = await world.entry_ids(ada)
    page = await open_page(ada.http, f"/entry/{ids[1]}?in=feed/{feed}", **CLICK)
    assert page.one("//li[@aria-current='true']").get("id") == f"e{ids[1]}"
    assert page.one("//section[@class='pane']/article").get("data-entry") == str(ids[1])
    assert "data-open" in page.root.attrib
    assert page.one("//a[@data-command='previous']").get("href") == f"/entry/{ids[0]}?in=feed%2F{feed}#e{ids[0]}"
    assert page.one("//a[@data-command='next']").get("href").startswith(f"/entry/{ids[2]}?")
    # It stays above the line, read, until the list is drawn again.
    assert [li.get("class") for li in page.all("//ol[@class='rows']/li")] == [
        "row unread",
        "row",
        "row unread",
        "horizon",
    ]
    assert page.words("//aside//a[@data-count-of='all']/span[@class='count']") == "2"


async def test_in_place_it_opens_below_its_row(world: World, ada: Person) -> None:
    feed = await world.feed(entries=3, readers=[ada])
    await world.container.services.accounts.set_preferences(ada.actor, {"layout": "place"})
    ids = await world.entry_ids(ada)
    page = await open_page(ada.http, f"/entry/{ids[1]}?in=feed/{feed}")
    kinds = [li.get("class") for li in page.all("//ol[@class='rows']/li")]
    assert kinds == ["row unread", "row unread", "opened", "row unread", "horizon"]
    assert page.all("//li[@class='opened']/article")


async def test_keep_unread_keeps(world: World, ada: Person) -> None:
    feed = await world.feed(entries=2, readers=[ada])
    entry = (await world.entry_ids(ada))[0]
    page = await open_page(ada.http, f"/entry/{entry}?in=feed/{feed}", **CLICK)
    _, address, fields = page.form("//div[@class='entrybar']/form[@action='/do/entry']", "unread")
    answer = await ada.http.post(address, data=fields)
    assert answer.status_code == 303 and "kept=1" in answer.headers["location"]
    page = await open_page(ada.http, answer.headers["location"], **CLICK)
    assert await unread(world, ada) == 2
    assert page.one("//div[@class='entrybar']//button[@data-act='keep']").get("aria-pressed") == "true"


async def test_star_and_later_by_form(world: World, ada: Person) -> None:
    await world.feed(entries=1, readers=[ada])
    entry = (await world.entry_ids(ada))[0]
    page = await open_page(ada.http, f"/entry/{entry}")
    form = "//div[@class='entrybar']/form[@action='/do/entry']"
    page = await send(ada.http, page, form, "star")
    assert page.one("//div[@class='entrybar']//button[@data-act='star']").get("aria-pressed") == "true"
    page = await send(ada.http, page, form, "unstar")
    assert page.one("//div[@class='entrybar']//button[@data-act='star']").get("aria-pressed") == "false"
    page = await send(ada.http, page, form, "later")
    assert page.one("//div[@class='entrybar']//button[@data-act='later']").get("aria-pressed") == "true"


async def test_text_settings_by_form(world: World, ada: Person) -> None:
    await world.feed(entries=1, readers=[ada])
    page = await open_page(ada.http, f"/entry/{(await world.entry_ids(ada))[0]}")
    assert page.one("//form[@class='textform']").get("action") == "/do/text"
    page = await send(ada.http, page, "//form[@class='textform']", text_size="21", text_width="60", text_face="sans")
    assert (page.root.get("data-size"), page.root.get("data-measure"), page.root.get("data-face")) == (
        "21",
        "60",
        "sans",
    )


async def test_a_fragment_is_its_text_and_little_more(world: World, ada: Person) -> None:
    text = "<p>" + "All work and no play. " * 100 + "</p>"
    await world.feed(entries=1, readers=[ada], content=text)
    entry = (await world.entry_ids(ada))[0]
    answer = await ada.http.get(f"/entry/{entry}?fragment=1", headers={"Accept-Encoding": "br"})
    assert answer.num_bytes_downloaded <= 2000
    assert text in answer.text and "<html" not in answer.text
    assert answer.text.lstrip().startswith('<div class="entrybar"')


async def test_hostile_parts_of_an_entry(world: World, ada: Person) -> None:
    """The publisher decides these; the cleaner made the content, all else is escaped or refused."""
    canary = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    feed = await world.feed(entries=0, readers=[ada])
    hostile = NewEntry(
        uid="x", digest=b"x", url="javascript:alert(1)", title=canary, author=canary, published_at=None,
        updated_at=None, summary=canary, content=SafeHtml("<p>fine</p>"), tags=(canary,),
        comments_url="data:text/html,x", enclosures=(
            Enclosure("javascript:alert(1)", "audio/mpeg", 1),
            Enclosure(f"https://a.example/{canary}", canary, 5),
            Enclosure("https://a.example/%3Cb%3E.mp3", "audio/mpeg", None),
        ),
    )  # fmt: skip
    now = world.hands.now()
    token = await world.container.mappers.feeds.lease(feed, now + 100, now + 200)
    assert token is not None
    await world.container.mappers.entries.append(feed, token, [hostile], renewed={}, now=now)
    await world.container.services.accounts.set_preferences(ada.actor, {"density": "roomy"})
    entry = (await world.entry_ids(ada))[0]
    for path in ("/", f"/entry/{entry}", f"/entry/{entry}?fragment=1", "/list?scope=all"):
        page = await open_page(ada.http, path)
        assert page.status == 200
        assert "<script>alert" not in page.text
        assert not page.all("//img[@onerror]") and not page.all("//*[@onerror]")
        for name in ("href", "src"):
            assert not [v for v in page.all(f"//@{name}") if str(v).startswith(("javascript:", "data:"))]
    assert len((await open_page(ada.http, f"/entry/{entry}")).all("//audio")) == 1


async def test_an_entry_without_title_shows_its_beginning(world: World, ada: Person) -> None:
    feed = await world.feed(entries=0, readers=[ada])
    now = world.hands.now()
    token = await world.container.mappers.feeds.lease(feed, now + 100, now + 200)
    assert token is not None
    bare = NewEntry(
        uid="x",
        digest=b"x",
        url=None,
        title="",
        author=None,
        published_at=-9e15,
        updated_at=None,
        summary="Só.",
        content=SafeHtml(""),
    )
    await world.container.mappers.entries.append(feed, token, [bare], renewed={}, now=now)
    page = await open_page(ada.http, "/")
    assert page.titles == ["Só."]
    page = await open_page(ada.http, page.one("//li[@data-id]/h2/a").get("href"))
    assert page.words("//h2[@class='title']") == "Só."


@pytest.mark.parametrize("scope", ["feed/999", "folder/999", "nonsense", "feed/-1", "starred", "later"])
async def test_a_scope_that_does_not_fit(world: World, ada: Person, scope: str) -> None:
    await world.feed(entries=1, readers=[ada])
    entry = (await world.entry_ids(ada))[0]
    page = await open_page(ada.http, f"/entry/{entry}?in={scope}")
    assert page.status == {"nonsense": 422, "feed/-1": 422, "starred": 200, "later": 200}.get(scope, 404)


def test_what_scrolls_can_be_reached() -> None:
    html = SafeHtml(
        '<p title="&lt;pre&gt; <pre> <table>">a</p><pre class="x">b</pre><table><tr><td>c</td></tr></table>'
    )
    assert reachable(html) == (
        '<p title="&lt;pre&gt; <pre> <table>">a</p><pre tabindex="0" class="x">b</pre>'
        '<div class="scroll" tabindex="0" role="region" aria-label="Table"><table><tr><td>c</td></tr></table></div>'
    )
