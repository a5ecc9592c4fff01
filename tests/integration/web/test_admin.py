"""Pages of administrators without script: what they show, what their forms do, and that others see nothing."""

from __future__ import annotations

import pytest

from reader.mappers.feeds import PullResult
from reader.models.feed import Pull
from reader.models.operations import DeadLetter, QueueFigures
from tests.helpers.app import Person, World
from tests.integration.web.page import Page, open_page, send
from tests.integration.web.test_pages import keeps_rules

PAGES = (
    "/admin/queues",
    "/admin/queues?open=pull-sys",
    "/admin/jobs",
    "/admin/dead",
    "/admin/feeds",
    "/admin/feeds?state=gone",
    "/admin/accounts",
    "/admin/settings",
)
ACTS = (
    "/do/admin/set",
    "/do/admin/dead/retry",
    "/do/admin/dead/drop",
    "/do/admin/dead/retry-all",
    "/do/admin/dead/drop-all",
    "/do/admin/feed/1/check",
    "/do/admin/invite",
    "/do/admin/invitation/remove",
)
HOSTILE = "<script>alert(1)</script>\" onload='x"


async def bury(world: World, number: int, name: str = "discover", address: str = "https://a.example/") -> str:
    key = f"{number:032x}"
    args = f'{{"address": "{address}", "typed": ""}}' if '"' not in address else "not json"
    letter = DeadLetter(
        key, name, args, "discovery", f"Too slow. {address}", (f"It began {address}.",), 3, 1000.0 + number
    )
    await world.container.gateways.operations.bury(letter)
    return key


async def failing(world: World, error: str) -> int:
    feed_id = await world.feed("sick")
    feeds, now = world.container.mappers.feeds, world.hands.now()
    token = await feeds.lease(feed_id, now, now + 60)
    assert token is not None
    pull = Pull(feed_id, now, 500, 0, 10, 0, 0, error)
    assert await feeds.record_pull(feed_id, token, PullResult(pull, "failing", now + 600, "It failed.", 3, error))
    return feed_id


@pytest.mark.parametrize("path", [*PAGES, "/admin", "/admin/feeds/1"])
async def test_to_others_there_is_nothing(world: World, bob: Person, path: str) -> None:
    await world.feed("gazette")
    page = await open_page(bob.http, path)
    assert page.status == 404
    assert "Queues" not in page.text
    async with world.client() as anyone:
        assert (await anyone.get(path)).status_code == 303


@pytest.mark.parametrize("path", ACTS)
async def test_others_change_nothing(world: World, bob: Person, path: str) -> None:
    await world.feed("gazette")
    key = await bury(world, 1)
    answer = await bob.http.post(path, data={"queue": "pull", "max_running": "1", "key": key, "code": "x"})
    assert answer.status_code == 404
    assert await world.container.gateways.operations.dead_letter(key) is not None
    assert await world.container.gateways.operations.audit(None, 9) == []


@pytest.mark.parametrize("path", PAGES)
async def test_pages_keep_the_rules_whatever_is_in_them(world: World, ada: Person, path: str) -> None:
    await bury(world, 1, address=HOSTILE)
    await failing(world, HOSTILE)
    page = await open_page(ada.http, path)
    keeps_rules(page)
    assert page.status == 200
    assert "<script>alert" not in page.text
    assert len(page.all("//aside//a[@aria-current='page']")) == 1


async def test_the_start_page_tells_everything(world: World, ada: Person) -> None:
    feed_id = await failing(world, "No such host.")
    await bury(world, 1)
    operations, now = world.container.gateways.operations, world.hands.now()
    figures = {"pull-sys": QueueFigures(done=120, failed=4, waiting=9, running=3)}
    await operations.record("host:x/77/1", now // 300 * 300, figures, 84_000_000, 12.0)
    assert (await ada.http.get("/admin")).headers["location"] == "/admin/queues"
    page = await open_page(ada.http, "/admin/queues")
    assert "No manager runs" in page.words("//p[@id='summary']")
    assert page.words("//td[@id='qf-pull-sys']") == "4"
    label = page.one("//td[@id='qs-pull-sys']/*[local-name()='svg']").get("aria-label")
    assert label.startswith("Rate over a day: nothing until")
    assert "discover https://a.example/" in page.words("//ul[@class='fails bad']")
    assert page.words("//dl[@class='states']").startswith("In trouble1")
    assert len(page.all("//figure[@class='dayplot']")) == 4
    assert "120 jobs were done, 4 failed" in page.words("//p[@id='plot-jobs-t']")
    assert "84 MB" in page.words("//p[@id='plot-memory-t']")
    rows = page.all("//figure[@id='plot-jobs']//tbody/tr")
    assert len(rows) in (24, 25)
    assert "120" in rows[0].text_content()
    light = await open_page(ada.http, "/admin/queues", **{"X-Fragment": "1"})
    assert light.all("//figure[@class='dayplot']") == []
    feeds = await open_page(ada.http, "/admin/feeds")
    assert "No such host. This was so 3 times in a row." in feeds.words(f"//li[@id='f-{feed_id}']")
    health = await open_page(ada.http, f"/admin/feeds/{feed_id}")
    keeps_rules(health)
    assert "No such host." in health.words("//p[@class='note bad']")


async def test_a_setting_is_changed_under_its_row(world: World, ada: Person) -> None:
    page = await open_page(ada.http, "/admin/queues?open=pull-sys")
    form = "//tr[@id='set-pull-sys']//form"
    done = await send(ada.http, page, form, max_running="96 jobs", time_limit="60 s")
    assert done.status == 200
    assert done.words("//div[@class='toast']//span") == "pull-sys: Most running is 96, Time limit is 60"
    assert done.words("//p[@id='h-pull-sys-max_running']") == "now 96 jobs, changed here"
    audit = done.words("//ol[@class='audit']/li[1]")
    assert "ada pull-sys: time_limit 120 seconds" in audit and "60 seconds" in audit
    same = await send(ada.http, done, form)
    assert "Nothing was different" in same.words("//div[@class='toast']//span")
    back = await send(ada.http, same, "//ol[@class='audit']/li[2]/form", button="max_running")
    assert back.words("//tr[@id='q-pull-sys']//td[@id='qr-pull-sys']").startswith("0 of")
    again = await open_page(ada.http, "/admin/queues?open=pull-sys")
    assert again.words("//p[@id='h-pull-sys-max_running']").startswith("now 200 jobs")
    reset = await send(ada.http, again, form, button="reset")
    assert reset.words("//p[@id='h-pull-sys-time_limit']").endswith("the default")


async def test_what_cannot_be_is_said_beside_the_field(world: World, ada: Person) -> None:
    for start, form in (
        ("/admin/queues?open=pull", "//tr[@id='set-pull']//form"),
        ("/admin/settings", "//form[.//input[@id='s-pull-max_running']]"),
    ):
        page = await open_page(ada.http, start)
        refused = await send(ada.http, page, form, max_running="0", attempts="lots")
        keeps_rules(refused)
        assert refused.status == 422
        field = refused.one("//input[@id='s-pull-max_running']")
        assert (field.get("value"), field.get("aria-invalid")) == ("0", "true")
        assert "goes from 1 to" in refused.words("//p[@id='h-pull-max_running']")
        assert refused.one("//input[@id='s-pull-attempts']").get("value") == "lots"
    assert await world.container.gateways.operations.audit(None, 9) == []
    unknown = await ada.http.post("/do/admin/set", data={"queue": "nonsense", "max_running": "3"})
    assert unknown.status_code == 422


async def test_dead_letters_are_retried_and_dropped(world: World, ada: Person) -> None:
    keys = [await bury(world, n, address=f"https://a{n}.example/") for n in range(1, 5)]
    page = await open_page(ada.http, "/admin/dead")
    assert page.words("//span[@id='dead-count']") == "4"
    row = f"//li[@id='d-{keys[3]}']"
    retried = await send(ada.http, page, row + "//form[@action='/do/admin/dead/retry']", button="key")
    assert retried.words("//div[@class='toast']//span") == "discover https://a4.example/ is tried again"
    assert retried.all(row) == []
    twice = await ada.http.post("/do/admin/dead/retry", data={"key": keys[3]})
    assert twice.status_code == 303
    dropped = await send(
        ada.http, retried, f"//li[@id='d-{keys[2]}']//form[@action='/do/admin/dead/drop']", button="key"
    )
    assert "is dropped" in dropped.words("//div[@class='toast']//span")
    every = await send(ada.http, dropped, "//form[@action='/do/admin/dead/retry-all']")
    assert every.words("//div[@class='toast']//span") == "2 jobs are tried again"
    assert "No dead letters" in every.text
    await bury(world, 9)
    gone = await send(ada.http, await open_page(ada.http, "/admin/dead"), "//form[@action='/do/admin/dead/drop-all']")
    assert gone.words("//div[@class='toast']//span") == "1 job is dropped"
    lines = [line.what for line in await world.container.gateways.operations.audit(None, 9)]
    assert lines == [
        "dead letters: drop all", "dead letters: retry all", "dead letter: drop", "dead letter: retry"
    ]  # fmt: skip


async def test_many_letters_come_page_by_page(world: World, ada: Person) -> None:
    for number in range(1, 61):
        await bury(world, number)
    first = await open_page(ada.http, "/admin/dead")
    assert len(first.all("//ul[@class='fails bad']/li")) == 50
    older = first.one("//a[text()='Older dead letters']").get("href")
    assert len((await open_page(ada.http, older)).all("//ul[@class='fails bad']/li")) == 10
    assert (await open_page(ada.http, "/admin/dead?before=%3Cb%3E")).status == 200


async def test_a_feed_is_checked_by_an_operator(world: World, ada: Person) -> None:
    feed_id = await failing(world, "No such host.")
    page = await open_page(ada.http, "/admin/feeds")
    asked = await send(ada.http, page, f"//form[@action='/do/admin/feed/{feed_id}/check']")
    assert asked.words("//div[@class='toast']//span") == "Evantr is checking this feed"
    again = await send(ada.http, asked, f"//form[@action='/do/admin/feed/{feed_id}/check']")
    assert "a moment ago" in again.words("//div[@class='toast']//span")
    assert (await ada.http.post("/do/admin/feed/999/check")).status_code == 404


async def test_accounts_and_invitations(world: World, ada: Person, bob: Person) -> None:
    await world.feed("gazette", readers=[bob])
    page = await open_page(ada.http, "/admin/accounts")
    assert [row.text_content() for row in page.all("//table//tbody/tr/td[1]")] == ["ada", "bob"]
    made = await send(ada.http, page, "//form[@action='/do/admin/invite']")
    [code] = [each.text_content() for each in made.all("//code[@class='secret']")]
    assert code.startswith("http://evantr.test/join/")
    gone = await send(ada.http, made, "//form[@action='/do/admin/invitation/remove']", button="code")
    assert gone.all("//code[@class='secret']") == []
    assert (await ada.http.post("/do/admin/invitation/remove", data={"code": "x"})).status_code == 404


async def test_secrets_of_the_environment_are_not_shown(world: World, ada: Person) -> None:
    page = await open_page(ada.http, "/admin/settings")
    assert "EVANTR_HEARTBEAT_SECRET" in page.text
    from web.pages.admin.settings import environment

    secrets = {
        "heartbeat_secret": "s3cret",
        "admin_token": "evt_x",
        "secret": "x" * 32,
        "store": "mongodb://evantr:pw@db/evantr",
    }
    rows = {name: value for name, value, _ in environment(world.container.settings.model_copy(update=secrets))}
    assert rows["EVANTR_STORE"] == "mongodb://…@db/evantr"
    assert rows["EVANTR_HEARTBEAT_SECRET"] == rows["EVANTR_ADMIN_TOKEN"] == rows["EVANTR_SECRET"] == "set, not shown"


async def test_the_way_in_is_for_administrators(world: World, ada: Person, bob: Person) -> None:
    for path in ("/manage", "/folders"):
        assert (await open_page(ada.http, path)).all("//a[@href='/admin/queues']")
        assert (await open_page(bob.http, path)).all("//a[@href='/admin/queues']") == []


async def test_a_token_that_may_submit_jobs_is_made_by_a_form(world: World, bob: Person) -> None:
    page = await open_page(bob.http, "/settings/account")
    made = Page(await bob.http.post("/do/token", data={"name": "script", "right": "jobs"}))
    assert made.words("//code[@class='secret']").startswith("evt_")
    assert "may submit jobs" in made.words("//section[@id='tokens']//ul")
    assert page.one("//input[@name='right']").get("value") == "jobs"
    wrong = await bob.http.post("/do/token", data={"name": "script", "right": "everything"})
    assert wrong.status_code == 422
