"""Adding, editing, moving, the table, health: all by forms."""

from __future__ import annotations

import pytest

from reader.ingest.rhythm import Rhythm
from reader.mappers.feeds import PullResult
from reader.models.feed import Pull
from reader.models.reading import Finding, FoundFeed, Tried
from reader.services.feeds import FeedService
from tests.helpers.app import Person, World
from tests.integration.web.page import Page, open_page, send
from tests.integration.web.test_pages import keeps_rules

SUBSCRIBE = "//form[@action='/do/subscribe']"


async def test_a_known_address_is_found_and_subscribed(world: World, ada: Person) -> None:
    await world.feed("gazette", entries=3)
    page = await send(
        ada.http, await open_page(ada.http, "/add"), "//form[@role='search']", url="https://gazette.example/feed.xml"
    )
    keeps_rules(page)
    assert "1 feed at gazette.example" in page.words("//p[@class='foundline']")
    assert len(page.all("//input[@name='feed' and @checked]")) == 1
    feeds = page.one("//input[@name='feed']").get("value")
    unnamed = await send(ada.http, page, SUBSCRIBE, feed=feeds, folder="new")
    assert unnamed.status == 422 and "Name the new folder" in unnamed.text
    nothing = Page(await ada.http.post("/do/subscribe", data={"typed": feeds, "folder": ""}))
    assert nothing.status == 422 and "Tick at least one feed" in nothing.text
    unproven = Page(await ada.http.post("/do/subscribe", data={"feed": "https://other.example/f", "folder": ""}))
    assert unproven.status == 422
    inside = await send(ada.http, page, SUBSCRIBE, feed=feeds, folder="new", new_folder="News")
    assert inside.words("//section[@class='list']//h1") == "Gazette"
    assert inside.words("//li[@class='folder']/a/span[@class='label']") == "News"


@pytest.mark.parametrize(
    "typed", ["%20", "nonsense%20words", "http%3A%2F%2F", "javascript%3Aalert(1)", "x" * 5000, "%3Cscript%3Ealert(1)"]
)
async def test_what_is_no_address(world: World, ada: Person, typed: str) -> None:
    page = await open_page(ada.http, f"/add?url={typed}")
    keeps_rules(page)
    if typed != "%20":
        assert page.status == 422
        assert page.one("//input[@id='url']").get("aria-describedby") == "add-error"
        assert page.words("//p[@id='add-error']")


async def test_waiting_refreshes_itself(world: World, ada: Person) -> None:
    page = await open_page(ada.http, "/add?url=slow.example")  # no worker runs: the discovery never ends
    keeps_rules(page)
    assert page.one("//meta[@http-equiv='refresh']").get("content") == "2"
    assert "Looking at slow.example" in page.words("//p[@class='foundline']")
    piece = await ada.http.get("/add?url=slow.example", headers={"X-Fragment": "1"})
    assert "<html" not in piece.text and "Looking at" in piece.text


async def test_candidates_and_failures_in_words(world: World, ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    now = world.hands.now()
    found = FoundFeed(
        "https://o.example/a", "A <b>", None, None, "atom 1.0", ("rss 2.0",), now - 86_400, 3.0, ("One <i>", "Two")
    )
    tried = (Tried("The page <u>", "https://o.example/", 404, False, 12, "gone <s>"),)
    answers = {
        "o": Finding("https://o.example/", False, (found,)),
        "n": Finding("https://n.example/", False, (), tried, "No <b> host."),
    }

    async def find(
        self: FeedService, actor: object, typed: str, *, wait: float | None = None, host: str = ""
    ) -> Finding:
        return answers[typed]

    monkeypatch.setattr(FeedService, "find", find)
    page = await open_page(ada.http, "/add?url=o")
    keeps_rules(page)
    assert page.words("//p[@class='facts']") == "About 3 a week · newest yesterday · also as RSS, same content"
    assert page.words("//li[@class='cand']//label") == "A <b>"
    page = await open_page(ada.http, "/add?url=n")
    keeps_rules(page)
    assert page.words("//p[@role='alert']") == "No <b> host."
    assert "gone <s>" in page.words("//details[@class='tried']")


async def test_a_crawl_goes_on_and_a_made_feed_is_named(
    world: World, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = FoundFeed("https://m.example/", "Letters", None, None, "generated", titles=("One",), generated=True)
    answers = {
        "c": Finding("https://c.example/", False, problem="The page names no feed.", more=True),
        "m": Finding("https://m.example/", False, (made,)),
    }

    async def find(
        self: FeedService, actor: object, typed: str, *, wait: float | None = None, host: str = ""
    ) -> Finding:
        return answers[typed]

    monkeypatch.setattr(FeedService, "find", find)
    page = await open_page(ada.http, "/add?url=c")
    keeps_rules(page)
    assert page.one("//meta[@http-equiv='refresh']").get("content") == "5"  # without script it looks again by itself
    assert "The page names no feed. You can go on" in page.words("//p[@class='foundline']")
    assert not page.all("//p[@role='alert']")
    page = await open_page(ada.http, "/add?url=m")
    keeps_rules(page)
    assert page.words("//p[@class='facts']") == "Made by Evantr from the page"
    assert "can make one from the list on the page" in page.words("//p[@class='foundline']")
    assert not page.all("//li[@class='cand']//input[@checked]"), "a made feed is never chosen by itself"
    seen = (await ada.http.post("/api/v1/discover", json={"url": "m"})).json()
    assert (seen["more"], [feed["generated"] for feed in seen["feeds"]]) == (False, [True])


async def test_a_made_feed_is_marked_where_it_is_read(world: World, ada: Person) -> None:
    feed, _ = await world.container.mappers.feeds.create(
        "https://m.example/news",
        title="News",
        site_url=None,
        description=None,
        now=world.hands.now(),
        format="generated",
    )
    plain = await world.feed("plain", entries=1, readers=[ada])
    await world.container.services.feeds.subscribe(ada.actor, feed_id=feed.id)
    words = "made by Evantr from the page"
    assert words in (await open_page(ada.http, f"/feed/{feed.id}")).words("//div[@class='head']")
    assert words not in (await open_page(ada.http, f"/feed/{plain}")).words("//div[@class='head']")
    health = await open_page(ada.http, f"/feed/{feed.id}/health")
    assert "Made by Evantr from the list on that page" in health.words("//header[@class='feedhead']")
    listed = (await ada.http.get("/api/v1/subscriptions")).json()
    assert '"generated": true' in str(listed).replace("'", '"').replace("True", "true")


async def test_rename_move_unsubscribe(world: World, ada: Person) -> None:
    feed = await world.feed(entries=1, readers=[ada])
    folder = await world.container.services.folders.add(ada.actor, "Letters")
    edit = f"/feed/{feed}/edit"
    page = await send(
        ada.http, await open_page(ada.http, edit), f"//form[@action='/do/feed/{feed}/rename']", title="Mine"
    )
    assert page.words("//div[@class='feedhead']|//header[@class='feedhead']//h2") == "Mine"
    undone = await send(ada.http, page, "//div[@class='toast']//form")
    assert undone.words("//header[@class='feedhead']//h2") == "Gazette"
    page = await send(ada.http, page, f"//form[@action='/do/feed/{feed}/move']", folder=str(folder.id))
    assert "moved to Letters" in page.words("//div[@class='toast']")
    assert page.one("//select[@id='folder']/option[@selected]").text == "Letters"
    page = await send(ada.http, page, f"//form[@action='/do/feed/{feed}/move']", folder="new", new_folder="Fresh")
    assert page.one("//select[@id='folder']/option[@selected]").text == "Fresh"
    page = await send(ada.http, page, f"//form[@action='/do/feed/{feed}/unsubscribe']")
    assert "Unsubscribed from Gazette" in page.words("//div[@class='toast']")
    assert not page.all(f"//li[@data-feed='{feed}']") and (await ada.http.get(f"/feed/{feed}")).status_code == 404
    await send(ada.http, page, "//div[@class='toast']//form")
    assert (await ada.http.get(f"/feed/{feed}")).status_code == 200


async def test_the_table_searches_moves_and_unsubscribes(world: World, ada: Person) -> None:
    ids = [await world.feed(name, entries=1, readers=[ada]) for name in ("alpha", "beta", "gamma")]
    page = await open_page(ada.http, "/manage?q=ALPH")
    assert [a.text for a in page.all("//td[@class='name']//a")] == ["Alpha"]
    page = await open_page(ada.http, "/manage?q=<b>nothing")
    assert "Nothing in your feeds for “<b>nothing”" in page.words("//div[@class='empty']")
    page = await open_page(ada.http, "/manage")
    form = "//form[@action='/do/manage']"
    page = await send(
        ada.http, page, form, act="move", folder="new", new_folder="Greek", feed=[str(i) for i in ids[:2]]
    )
    assert "2 feeds moved to Greek" in page.words("//div[@class='toast']")
    page = await send(ada.http, page, form, act="unsubscribe", feed=[str(i) for i in ids])
    assert "Unsubscribed from 3 feeds" in page.words("//div[@class='toast']")
    assert "No subscriptions" in page.words("//div[@class='empty']")
    page = await send(ada.http, page, "//div[@class='toast']//form")
    assert len(page.all("//td[@class='name']")) == 3
    page = await send(ada.http, page, form, act="move")
    assert "Tick at least one feed first" in page.words("//div[@class='toast']")
    page = await send(ada.http, page, form, act="explode", feed=str(ids[0]))
    assert page.status == 422
    page = await send(ada.http, await open_page(ada.http, "/manage"), form, act="move", feed="999")
    assert page.status == 404


async def test_folders_by_form(world: World, ada: Person) -> None:
    page = await open_page(ada.http, "/folders")
    add = "//form[@action='/do/folder/add']"
    page = await send(ada.http, page, add, title="One <b>")
    page = await send(ada.http, page, add, title="Two")
    assert [e.text for e in page.all("//li[@class='folder']/a/span[@class='label']")] == ["One <b>", "Two"]
    page = await send(ada.http, page, add, title="Two")
    assert page.words("//div[@class='toast']") and len(page.all("//li[@class='folder']")) == 2
    first, second = [li.get("data-folder") for li in page.all("//li[@class='folder']")]
    page = await open_page(ada.http, "/manage")
    page = await send(ada.http, page, f"//form[@action='/do/folder/{second}/move']")
    assert [li.get("data-folder") for li in page.all("//li[@class='folder']")] == [second, first]
    page = await send(ada.http, page, f"//form[@action='/do/folder/{second}/move']")
    assert [li.get("data-folder") for li in page.all("//li[@class='folder']")] == [first, second]
    page = await open_page(ada.http, f"/folder/{first}/edit")
    page = await send(ada.http, page, f"//form[@action='/do/folder/{first}/rename']", title="New")
    assert page.one("//input[@id='title']").get("value") == "New"
    taken = await send(ada.http, page, f"//form[@action='/do/folder/{first}/rename']", title="Two")
    assert taken.words("//div[@class='toast']")
    page = await send(ada.http, page, f"//form[@action='/do/folder/{first}/remove']")
    assert "Folder New removed" in page.words("//div[@class='toast']")
    page = await send(ada.http, page, "//div[@class='toast']//form")
    assert len(page.all("//li[@class='folder']")) == 2


async def test_health_tells_why(world: World, ada: Person) -> None:
    feed = await world.feed(entries=3, readers=[ada])
    page = await open_page(ada.http, f"/feed/{feed}/health")
    assert "The next check is in 10 minutes. It publishes every 10 minutes." in page.words(
        "//p[@class='lead nextline']"
    )
    assert "brought 3 entries" in page.words("//p[@class='lead nextline']")
    assert len(page.all("//figure[@class='rhythm']//rect[starts-with(@class,'b')]")) == 24
    assert len(page.all("//figure//*[local-name()='svg'][@role='img' and @aria-label]")) == 2
    assert len(page.all("//figure//tbody/tr")) == 24
    assert page.words("(//table[contains(@class,'looks')]//td)[2]") == "New entries"
    check = f"//form[@action='/do/feed/{feed}/check']"
    page = await send(ada.http, page, check)
    assert "Evantr is checking this feed" in page.words("//div[@class='toast']")
    page = await send(ada.http, page, check)
    assert "checked a moment ago" in page.words("//div[@class='toast']")


async def test_settings_are_kept_and_refused_with_words(world: World, ada: Person) -> None:
    page = await open_page(ada.http, "/settings/reading")
    form = "//form[@action='/do/settings']"
    page = await send(
        ada.http,
        page,
        form,
        theme="dark",
        density="compact",
        layout="place",
        marking="never",
        timezone="Asia/Tokyo",
        text_face="sans",
        text_size="20",
        text_width="60",
    )
    assert page.root.get("data-theme") == "dark" and page.root.get("data-density") == "compact"
    assert page.root.get("data-keys") == "on"
    await ada.http.post("/do/settings", data={"theme": "dark"})  # a box that is not ticked is not sent
    assert (await open_page(ada.http, "/keys")).root.get("data-keys") == "off"
    assert page.one("//input[@name='marking' and @checked]").get("value") == "never"
    page = await send(ada.http, page, form, timezone="Mars/Olympus", text_size="99")
    assert page.status == 422
    keeps_rules(page)
    assert {e.get("id") for e in page.all("//input[@aria-invalid='true']")} == {"timezone", "text_size"}


async def test_password_tokens(world: World, ada: Person) -> None:
    await world.container.services.accounts.set_password(ada.actor, "ada", "an old password")
    secret = await world.container.services.accounts.start_session(ada.actor)
    ada.http.cookies.clear()
    ada.http.cookies.set("evantr_session", secret)
    page = await open_page(ada.http, "/settings/account")
    wrong = await send(ada.http, page, "//form[@action='/do/password']", old="wrong", new="a new password")
    assert wrong.status == 422 and wrong.all("//p[@id='old-error']")
    page = await send(ada.http, page, "//form[@action='/do/password']", old="an old password", new="a new password")
    assert "The password is changed" in page.words("//div[@class='toast']")
    page = await send(ada.http, page, "//form[@action='/do/token']", name="Reader <b>")
    keeps_rules(page)
    token = page.words("//section[@id='tokens']//code")
    assert (await ada.http.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"})).status_code == 200
    page = await open_page(ada.http, "/settings/account")
    assert token not in page.text
    names = [li.text_content() for li in page.all("//section[@id='tokens']//li/span[1]")]
    assert "Reader <b>" in names
    page = await send(ada.http, page, "(//form[@action='/do/token/remove'])[last()]", "token")
    refused = await send(ada.http, page, "//form[@action='/do/token']", name=" ")
    assert refused.status == 422


async def test_health_tells_hours_of_the_readers_zone(world: World, ada: Person) -> None:
    feed = await world.feed(readers=[ada])
    await ada.http.post("/do/settings", data={"timezone": "Asia/Kolkata"})
    mapper, now = world.container.mappers.feeds, world.container.clock.now()
    await mapper.make_due(feed, now)
    token = await mapper.lease(feed, now, now + 60)
    assert token is not None
    counts = bytes(6 if n % 24 < 12 else 0 for n in range(240))
    rhythm = Rhythm(counts, int(now), int(now) - 600, workday=1.4, weekend=0.1)
    pull = Pull(feed, now, 304, 0, 12, 0, 0, None)
    plan = PullResult(pull, "active", now + 300, "rhythm 11 540 250", 0, None, rhythm=rhythm.pack())
    assert await mapper.record_pull(feed, token, plan)
    page = await open_page(ada.http, f"/feed/{feed}/health")
    assert "in 5 minutes. Between 16:30 and 17:30 it publishes about every 9 minutes." in page.words(
        "//p[@class='lead nextline']"
    )
    assert "seven days are shown" in page.words("//p[@id='rt']")
    assert len(page.all("//div[@class='dayl']/span")) == 7
