"""Lists without script: the line, paging, only unread, marking with undo."""

from __future__ import annotations

from tests.helpers.app import Person, World
from tests.integration.web.page import Page, open_page, send

MARK_ABOVE = "//li[@id='horizon']//form[@action='/do/mark-all']"


async def test_unread_stands_above_the_line(world: World, ada: Person) -> None:
    await world.feed(entries=6, readers=[ada])
    ids = await world.entry_ids(ada)
    await world.container.services.reading.mark(ada.actor, ids[2:], True)
    page = await open_page(ada.http, "/")
    kinds = [li.get("class") for li in page.all("//ol[@class='rows']/li")]
    assert kinds == ["row unread", "row unread", "horizon", "row", "row", "row", "row"]
    assert page.words("//section/header//p[@class='count']") == "2 unread"
    assert "Mark 2 above as read" in page.words("//li[@id='horizon']")
    assert page.words("//head/title").startswith("(2) All entries")
    row = page.all("//li[contains(@class,'unread')]")[0]
    assert row.xpath("./h2/span[@class='vh']")[0].text == "Unread: "


async def test_marking_above_and_taking_it_back(world: World, ada: Person) -> None:
    feed = await world.feed(entries=3, readers=[ada])
    page = await open_page(ada.http, f"/feed/{feed}")
    await world.publish(feed, 1)  # after the page was drawn: stays unread
    after = await send(ada.http, page, MARK_ABOVE)
    assert "3 entries marked as read" in after.words("//div[@class='toast']")
    assert after.words("//section/header//p[@class='count']") == "1 unread"
    undone = await send(ada.http, after, "//div[@class='toast']//form")
    assert "Undone" in undone.words("//div[@class='toast']")
    assert undone.words("//section/header//p[@class='count']") == "4 unread"
    again = await open_page(ada.http, f"/feed/{feed}")
    assert not again.all("//div[@class='toast']"), "a toast is for the answer to a form alone"


async def test_the_menu_undoes_the_last_mark_all(world: World, ada: Person) -> None:
    feed = await world.feed(entries=3, readers=[ada])
    page = await open_page(ada.http, f"/feed/{feed}")
    await send(ada.http, page, "(//details[@data-menu='mark']//form)[1]")
    later = await open_page(ada.http, f"/feed/{feed}")
    menu = "//details[@data-menu='mark']//form[@action='/do/undo']"
    assert "3 entries marked as read" in later.words(menu)
    undone = await send(ada.http, later, menu)
    assert undone.words("//section/header//p[@class='count']") == "3 unread"


async def test_older_than_spares_the_young(world: World, ada: Person) -> None:
    feed = await world.feed(entries=3, readers=[ada])
    page = await open_page(ada.http, f"/feed/{feed}")
    after = await send(ada.http, page, "(//details[@data-menu='mark']//form)[2]")
    assert "Nothing here was unread" in after.words("//div[@class='toast']")
    assert after.words("//section/header//p[@class='count']") == "3 unread"


async def test_paging_shows_each_once_and_one_line(world: World, ada: Person) -> None:
    await world.feed("one", entries=70, readers=[ada])
    await world.feed("two", entries=60, readers=[ada])
    ids = await world.entry_ids(ada)
    await world.container.services.reading.mark(ada.actor, ids[50:], True)  # the line falls between two pages
    seen: list[str] = []
    lines = 0
    path: str | None = "/"
    while path:
        page = await open_page(ada.http, path)
        seen += [li.get("id") for li in page.all("//li[@data-id]")]
        lines += len(page.all("//li[@id='horizon']"))
        older = page.all("//a[contains(@class,'older')]")
        path = older[0].get("href") if older else None
        await world.publish(1, 1)
    assert len(seen) == len(set(seen)) == 130
    assert lines == 1


async def test_nothing_unread_puts_the_line_on_top(world: World, ada: Person) -> None:
    feed = await world.feed(entries=2, readers=[ada])
    await world.container.services.reading.mark(ada.actor, await world.entry_ids(ada), True)
    page = await open_page(ada.http, f"/feed/{feed}")
    assert [li.get("class") for li in page.all("//ol[@class='rows']/li")] == ["empty", "horizon set", "row", "row"]
    assert "You have read everything in Gazette" in page.words("//li[@class='empty']")
    assert not page.all("//li[@id='horizon']//form")


async def test_only_unread_never_leaves_an_empty_page(world: World, ada: Person) -> None:
    feed = await world.feed(entries=3, readers=[ada])
    ids = await world.entry_ids(ada)
    await world.container.services.reading.mark(ada.actor, ids[1:], True)
    page = await open_page(ada.http, f"/feed/{feed}?show=unread")
    assert len(page.all("//li[@data-id]")) == 1
    assert page.words("//li[@id='horizon']") == "Only unread is shown. Show the 2 read"
    await world.container.services.reading.mark(ada.actor, ids, True)
    page = await open_page(ada.http, f"/feed/{feed}?show=unread&order=oldest")
    assert "Nothing unread" in page.words("//li[@class='empty']")
    rest = page.one("//li[@class='empty']/a").get("href")
    assert rest == f"/feed/{feed}?order=oldest"
    assert len((await open_page(ada.http, rest)).all("//li[@data-id]")) == 3


async def test_choices_stay_in_links(world: World, ada: Person) -> None:
    feed = await world.feed(entries=60, readers=[ada])
    page = await open_page(ada.http, f"/feed/{feed}?show=unread&order=oldest")
    assert page.titles[0].startswith("Entry 0")
    link = page.all("//li[@data-id]/h2/a")[0].get("href")
    assert f"?in=feed/{feed}&show=unread&order=oldest#e" in link
    assert "show=unread" in page.one("//a[contains(@class,'older')]").get("href")
    current = [a.text for a in page.all("//details[@data-menu='sort']//a[@aria-current]")]
    assert current == ["Oldest first", "Only unread"]


async def test_words_for_own_lists(world: World, ada: Person) -> None:
    await world.feed(entries=2, readers=[ada])
    for path, words in (("/starred", "Nothing starred"), ("/later", "Nothing kept for later")):
        page = await open_page(ada.http, path)
        assert words in page.words("//li[@class='empty']")
        assert not page.all("//li[@id='horizon']") and not page.all("//details[@data-menu='mark']")


async def test_row_buttons_are_forms(world: World, ada: Person) -> None:
    await world.feed(entries=2, readers=[ada])
    page = await open_page(ada.http, "/")
    after = await send(ada.http, page, "//form[@id='row-acts']", "star")
    assert "Starred" in after.words("//div[@class='toast']")
    assert len(after.all("//li[contains(@class,'starred')]")) == 1
    starred = await open_page(ada.http, "/starred")
    assert len(starred.all("//li[@data-id]")) == 1
    await send(ada.http, after, "//div[@class='toast']//form")
    assert not (await open_page(ada.http, "/starred")).all("//li[@data-id]")
    after = await send(ada.http, page, "//form[@id='row-acts']", "later")
    assert (await open_page(ada.http, "/")).one("//a[@data-count-of='later']").get("data-count") == "1"
    after = await send(ada.http, page, "//form[@id='row-acts']", "read")
    assert after.words("//section/header//p[@class='count']") == "1 unread"


async def test_an_empty_account_is_led_to_add(world: World, ada: Person) -> None:
    answer = await ada.http.get("/")
    assert (answer.status_code, answer.headers["location"]) == (303, "/add")
    page = await open_page(ada.http, "/add")
    assert page.words("//h1") == "What do you like to read?"


async def test_a_new_feed_says_that_it_is_being_fetched(world: World, ada: Person) -> None:
    feed, _ = await world.container.mappers.feeds.create(
        "https://new.example/feed", title="New", site_url=None, description=None, now=world.hands.now()
    )
    await world.subscribe(ada, feed.id)
    page = await open_page(ada.http, f"/feed/{feed.id}")
    assert "Evantr is fetching this feed" in page.words("//li[@class='empty']")
    assert page.all("//noscript/meta[@http-equiv='refresh']")


async def test_fragments_of_a_list(world: World, ada: Person) -> None:
    feed = await world.feed(entries=60, readers=[ada])
    page = await open_page(ada.http, f"/feed/{feed}")
    section = page.one("//section[@data-behaviour='list']")
    older = page.one("//a[contains(@class,'older')]").get("href")
    rows = await ada.http.get(older, headers={"X-Fragment": "1"})
    assert rows.text.count('<li class="row') == 10 and "<html" not in rows.text
    same = await ada.http.get("/list", params={"scope": f"feed/{feed}"})
    assert same.text.count('<li class="row') == 50
    new = await world.publish(feed, 2)
    fresh = Page(await ada.http.get(f"{section.get('data-fresh-href')}?since={section.get('data-as-of')}"))
    assert [int(li.get("data-id")) for li in fresh.all("//li[@data-id]")] == new[::-1]
    assert int(fresh.all("//li")[0].get("data-as-of")) >= new[-1]


async def test_parameters_that_make_no_sense(world: World, ada: Person) -> None:
    feed = await world.feed(entries=2, readers=[ada])
    for path, status in (
        (f"/feed/{feed}?show=nonsense&order=backwards", 200),
        (f"/feed/{feed}?after=garbage", 422),
        ("/list?scope=garbage", 422),
        ("/fresh/all?since=soon", 422),
        ("/fresh/garbage?since=1", 422),
        ("/feed/x", 404),
        ("/feed/99999999999999999999", 404),
        ("/feed/١", 404),
        ("/sidebar?current=x", 422),
        ("/sidebar?folder=x", 200),
    ):
        assert (await ada.http.get(path)).status_code == status, path
