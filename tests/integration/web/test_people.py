"""Pages of people: profiles, following, requests, blocks, finding, notifications, streams and their settings."""

from __future__ import annotations

import pytest
import pytest_asyncio

from tests.helpers.app import PASSWORD, World
from tests.integration.web.page import open_page, send
from tests.integration.web.village import NOTE, Village, settle


@pytest_asyncio.fixture
async def village(world: World) -> Village:
    return await settle(world)


# ---- a person's page


async def test_following_by_page_and_leaving_again(village: Village) -> None:
    http = village.dan.http
    page = await open_page(http, "/u/ada")
    assert page.words("//header[@class='who-head']//p").startswith("1 follower · follows 0")
    followed = await send(http, page, "//header[@class='who-head']//form", button="act")
    assert "You follow ada" in followed.words("//div[@class='toast']")
    assert followed.one("//header[@class='who-head']//form/button").get("aria-pressed") == "true"
    assert followed.all("//nav[@aria-label='Feeds']//span[contains(@class,'av')]"), "a face among the feeds"
    assert "2 followers" in followed.text
    left = await send(http, followed, "//header[@class='who-head']//form", button="act")
    assert left.one("//header[@class='who-head']//form/button").get("value") == "follow"
    assert (await send(http, left, "//div[@class='toast']//form")).all("//button[@value='unfollow']"), "undone"


async def test_a_private_account_is_asked_and_approves(village: Village) -> None:
    await village.private(village.ada)
    page = await open_page(village.dan.http, "/u/ada")
    asked = await send(village.dan.http, page, "//header[@class='who-head']//form", button="act")
    assert "Asked" in asked.words("//header[@class='who-head']//form")
    assert NOTE not in asked.text
    people = await open_page(village.ada.http, "/people")
    assert people.words("//section[@aria-labelledby='asks']//a") == "dan"
    approve = "//section[@aria-labelledby='asks']//form[button[@value='approve']]"
    approved = await send(village.ada.http, people, approve, button="act")
    assert not approved.all("//section[@aria-labelledby='asks']")
    assert NOTE in (await open_page(village.dan.http, "/u/ada")).text
    told = await open_page(village.dan.http, "/notifications")
    assert "ada lets you follow" in told.words("//ol[@class='deeds']")


async def test_refusing_and_removing_a_follower(village: Village) -> None:
    await village.private(village.ada)
    await village.follow(village.dan, "ada")
    notices = await open_page(village.ada.http, "/notifications")
    refuse = "//ol[@class='deeds']//form[button[@value='refuse']]"
    refused = await send(village.ada.http, notices, refuse, button="act")
    assert "dan asks" not in refused.text
    followers = await open_page(village.ada.http, "/people/followers")
    assert [a.text for a in followers.all("//ul[@class='folk']//div[@class='who']/a")] == ["bob"]
    gone = await send(village.ada.http, followers, "//ul[@class='folk']//form", button="act")
    assert "No followers yet" in gone.text
    assert not (await open_page(village.bob.http, "/people")).all("//section[@aria-labelledby='followed']//ul")


async def test_block_and_mute_from_the_menu(village: Village) -> None:
    http = village.bob.http
    page = await open_page(http, "/u/ada")
    muted = await send(http, page, "//details[@data-menu='person']//form[button[@value='mute']]", button="act")
    assert "You muted ada" in muted.text
    blocked = await send(http, muted, "//details[@data-menu='person']//form[button[@value='block']]", button="act")
    assert "You blocked ada" in blocked.text and NOTE not in blocked.text
    assert (await open_page(village.ada.http, "/u/bob")).status == 404
    settings = await open_page(http, "/settings/sharing")
    assert [a.text for a in settings.all("//section[@id='blocked']//div[@class='who']/a")] == ["ada"]
    free = await send(http, settings, "//section[@id='blocked']//form", button="act")
    assert not free.all("//section[@id='blocked']")


async def test_acts_on_people_say_what_is_wrong(village: Village) -> None:
    assert (await village.bob.http.post("/do/person", data={"who": "ada", "act": "sing"})).status_code == 422
    assert (await village.bob.http.post("/do/person", data={"who": "nobody", "act": "follow"})).status_code == 404
    assert (await village.bob.http.post("/do/person", data={"who": "bob", "act": "follow"})).status_code == 422


async def test_stream_pages_name_their_feeds_and_page(village: Village) -> None:
    entries = await village.world.publish(village.feed, 60)
    for entry in entries:
        await village.share(village.ada, entry)
    async with village.world.client() as anyone:
        page = await open_page(anyone, "/u/ada/shared")
        types = page.all("//link[@rel='alternate']/@type")
        assert types == ["application/atom+xml", "application/rss+xml", "application/feed+json"]
        assert page.all("//link[@rel='alternate']/@href")[0].endswith("/u/ada/shared.atom")
        assert page.all("//meta[@property='og:title']/@content") == ["Shared items by ada"]
        seen = page.all("//li[@class='pass']/@id")
        while older := page.all("//a[contains(@class,'older')]/@href"):
            page = await open_page(anyone, older[0])
            seen += page.all("//li[@class='pass']/@id")
        assert (len(seen), len(set(seen))) == (61, 61)
        assert (await open_page(anyone, "/u/ada/nothing")).status == 404
        assert (await open_page(anyone, "/u/nobody")).status == 404


async def test_shares_go_on_from_a_stream_page(village: Village) -> None:
    page = await open_page(village.dan.http, "/u/ada/shared")
    form = "//li[@class='pass']//form[@action='/do/share']"
    shared = await send(village.dan.http, page, form)
    assert "Shared in" in shared.words("//div[@class='toast']") and not shared.all(form)
    mine = await open_page(village.dan.http, "/u/dan/shared")
    assert "from ada" in mine.words("//li[@class='pass']//p[@class='by']")
    told = await open_page(village.ada.http, "/notifications")
    assert "dan passed on “Entry 2 of feed 1” from you" in told.words("//ol[@class='deeds']/li[1]/p")


# ---- people, finding


async def test_people_shows_whom_one_follows_and_may_like(village: Village) -> None:
    page = await open_page(village.carol.http, "/people")
    assert page.words("//section[@aria-labelledby='followed']//div[@class='who']/a") == "bob"
    assert page.all("//section[@aria-labelledby='followed']//p/a[starts-with(@href,'/feed/')]")
    assert page.words("//section[@aria-labelledby='maybe']//div[@class='who']/a") == "ada"
    assert "Followed by bob" in page.words("//section[@aria-labelledby='maybe']")


@pytest.mark.parametrize(
    ("typed", "where"),
    [
        ("@ada", "/u/ada"),
        ("ada", "/u/ada"),
        ("/u/ada", "/u/ada"),
        ("http://evantr.test/u/ada/shared.atom", "/u/ada/shared"),
        ("gazette.example/feed", "/add?url=gazette.example%2Ffeed"),
        ("", "/people"),
    ],
)
async def test_finding_somebody(village: Village, typed: str, where: str) -> None:
    answer = await village.dan.http.get("/people/find", params={"q": typed})
    assert (answer.status_code, answer.headers["location"]) == (303, where)


async def test_nobody_of_that_name_is_said_beside_the_field(village: Village) -> None:
    page = await open_page(village.dan.http, "/people/find?q=@nobody")
    assert page.status == 422 and "nobody of that name" in page.words("//p[@id='find-error']")
    assert page.one("//input[@id='q']").get("value") == "@nobody"


@pytest.mark.parametrize(("typed", "where"), [("@ada", "/u/ada"), ("/u/ada/shared.rss", "/u/ada/shared")])
async def test_the_add_page_finds_people_too(village: Village, typed: str, where: str) -> None:
    answer = await village.dan.http.get("/add", params={"url": typed})
    assert (answer.status_code, answer.headers["location"]) == (303, where)
    missing = await open_page(village.dan.http, "/add?url=@nobody")
    assert missing.status == 422 and "nobody of that name" in missing.text


# ---- notifications


async def test_notifications_are_told_together_and_seen(village: Village) -> None:
    services = village.world.container.services
    for who in (village.bob, village.dan):
        await services.talk.like(who.actor, village.first, True)
    await services.talk.comment(village.bob.actor, village.first, "A <b>bold</b> word")
    page = await open_page(village.ada.http, "/")
    assert page.words("//header/a[@href='/notifications']/span") == "5"
    page = await open_page(village.ada.http, "/notifications")
    deeds = [" ".join(li.text_content().split()) for li in page.all("//ol[@class='deeds']/li")]
    assert "bob commented on “Entry 2 of feed 1”" in deeds[0] and "A <b>bold</b> word" in deeds[0]
    assert "dan and bob like “Entry 2 of feed 1”" in deeds[1]
    assert page.all("//li[@class='unseen']") and page.one("//p[@data-seen]").get("data-seen") != "0"
    up_to = page.one("//p[@data-seen]").get("data-seen")
    answer = await village.ada.http.post("/do/seen", data={"up_to": up_to})
    assert answer.headers["location"] == "/notifications"
    seen = await open_page(village.ada.http, "/notifications")
    assert not seen.all("//li[@class='unseen']")
    assert seen.words("//header/a[@href='/notifications']") == ""


# ---- settings


async def test_privacy_and_about_are_kept(village: Village) -> None:
    page = await open_page(village.ada.http, "/settings/sharing")
    form = "//form[@action='/do/settings/sharing']"
    kept = await send(village.ada.http, page, form, about="Harbours", private="1", talk="nobody")
    assert kept.one("//textarea[@id='about']").text == "Harbours"
    checked = kept.all("//input[@type='radio' and @checked]/@value")
    assert checked == ["1", "nobody"]
    quiet = await send(village.ada.http, kept, form, quiet="1")
    assert not quiet.all("//a[@href='/people']")
    assert (await send(village.ada.http, quiet, form, about="x" * 501)).status == 422


async def test_streams_are_added_edited_ordered_and_removed(village: Village) -> None:
    http = village.ada.http
    page = await open_page(http, "/settings/sharing")
    made = await send(http, page, "//form[@action='/do/stream']", title="Wood & glue")
    assert made.words("//h1") == "Wood & glue" and "/u/ada/wood-glue" in made.text
    saved = await send(http, made, "//form[.//button[@value='save']]", act="save", title="Glue", description="Sticky")
    assert saved.words("//h1") == "Glue"
    assert "Sticky" in (await open_page(village.bob.http, "/u/ada/wood-glue")).text
    lists = await open_page(http, "/settings/sharing")
    names = [a.text for a in lists.all("//section[@id='streams']//li/a")]
    assert names == ["Shared items", "Glue"]
    lists = await send(http, lists, "//section[@id='streams']//li[2]//form[button[@value='up']]", button="act")
    assert [a.text for a in lists.all("//section[@id='streams']//li/a")] == ["Glue", "Shared items"]
    lists = await send(http, lists, "//section[@id='streams']//li[1]//form[button[@value='down']]", button="act")
    assert [a.text for a in lists.all("//section[@id='streams']//li/a")] == ["Shared items", "Glue"]
    again = await send(http, lists, "//form[@action='/do/stream']", title="Other", name="wood-glue")
    assert again.status == 422 and "already" in again.words("//p[@id='name-error']")
    gone = await send(http, saved, "//form[.//button[@value='remove']]", button="act")
    assert [a.text for a in gone.all("//section[@id='streams']//li/a")] == ["Shared items"]
    back = await send(http, gone, "//div[@class='toast']//form")
    assert len(back.all("//section[@id='streams']//li/a")) == 2
    assert (await open_page(village.bob.http, made.answer.url.path)).status == 404, "another's stream"


async def test_a_stream_feeds_itself_by_a_rule_with_a_preview(village: Village) -> None:
    http = village.ada.http
    stream = (await village.world.container.services.sharing.streams(village.ada.actor))[0]
    page = await open_page(http, f"/settings/stream/{stream.id}")
    tried = await send(http, page, "//form[@class='rule']", words='"Entry 1"', **{"try": "1"})
    assert "1 of the last 3 entries of Gazette" in tried.words("//div[contains(@class,'preview')]")
    assert "Entry 1 of feed 1" in tried.words("//ul[@class='hits']")
    attached = await send(http, tried, "//form[.//button[@value='attach']]", button="act")
    assert "with “Entry 1”" in attached.words("//ul[@class='sources']/li")
    detached = await send(http, attached, "//ul[@class='sources']//form", button="act")
    assert not detached.all("//ul[@class='sources']")
    assert (await send(http, detached, "//div[@class='toast']//form")).all("//ul[@class='sources']"), "undone"


# ---- leaving


async def test_leaving_asks_for_name_and_password(village: Village) -> None:
    http = village.bob.http
    assert (await open_page(http, "/settings/account")).all("//a[@href='/settings/departure']")
    page = await open_page(http, "/settings/departure")
    form = "//form[@action='/do/departure']"
    wrong = await send(http, page, form, name="ada", password=PASSWORD)
    assert wrong.status == 422 and "not your name" in wrong.words("//p[@id='name-error']")
    wrong = await send(http, page, form, name="bob", password="something else")
    assert wrong.status == 422 and "not your password" in wrong.words("//p[@id='password-error']")
    gone = await http.post("/do/departure", data={"name": "bob", "password": PASSWORD})
    assert (gone.status_code, gone.headers["location"]) == (303, "/signin")
    assert gone.headers["clear-site-data"] == '"storage"'
    assert (await open_page(village.ada.http, "/u/bob")).status == 404
    chain = await open_page(village.ada.http, f"/chain/{village.first}")
    assert "bob" not in chain.words("//ol[@class='tree']")


async def test_the_only_administrator_stays(village: Village) -> None:
    page = await open_page(village.ada.http, "/settings/departure")
    stays = await send(village.ada.http, page, "//form[@action='/do/departure']", name="ada", password=PASSWORD)
    assert stays.status == 422 and "only administrator" in stays.words("//p[@role='alert']")


async def test_streams_look_like_people_among_the_feeds(village: Village) -> None:
    page = await open_page(village.bob.http, "/")
    item = page.one("//nav[@aria-label='Feeds']//a[span[contains(@class,'av')]]")
    feed = item.get("data-feed-row")
    assert item.get("title") == "ada"
    listed = await open_page(village.bob.http, f"/feed/{feed}")
    assert listed.words("//h1") == "ada" and listed.all("//a[@href='/u/ada' and contains(., 'Page of ada')]")
    assert not listed.all("//a[contains(@href, '/health')]")
    for path in ("/manage", f"/feed/{feed}/edit"):
        shown = await open_page(village.bob.http, path)
        assert "evantr:" not in shown.text and "/u/ada" in shown.text, path
    links = await village.world.container.services.sharing.add_stream(village.ada.actor, "Links")
    await village.world.container.services.people.follow(village.bob.actor, "/u/ada/links")
    page = await open_page(village.bob.http, f"/feed/{links.feed_id}")
    assert page.words("//h1") == "ada: Links" and "What ada shares appears here." in page.text
    await village.world.container.services.people.mute(village.bob.actor, "ada")
    muted = await open_page(village.bob.http, "/")
    assert len(muted.all("//nav[@aria-label='Feeds']//span[@class='off']")) == 2
