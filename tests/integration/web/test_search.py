"""The search page, without script."""

from __future__ import annotations

from tests.helpers.app import Person, World
from tests.integration.web.page import open_page


async def test_words_are_found_and_lead_to_the_entry(world: World, ada: Person) -> None:
    feed = await world.feed(entries=2, readers=[ada], content="<p>walnut</p>")
    empty = await open_page(ada.http, "/search")
    assert empty.all("//form[@role='search']//input[@name='q']")
    page = await open_page(ada.http, "/search?q=walnut")
    links = page.all("//ol[@class='rows']//h2/a")
    assert len(links) == 2
    opened = await open_page(ada.http, links[0].get("href"))
    assert "walnut" in opened.words("//article")
    within = await open_page(ada.http, f"/search?q=walnut&in=feed/{feed}")
    assert within.all("//select/option[@selected]")[0].get("value") == f"feed/{feed}"


async def test_nothing_found_says_so(ada: Person) -> None:
    page = await open_page(ada.http, "/search?q=%3Cb%3Elathe%20chuck")
    assert "Nothing in your feeds for “<b>lathe chuck”" in page.words("//main")


async def test_what_cannot_be_searched_is_told_beside_the_field(ada: Person) -> None:
    answer = await ada.http.get("/search?q=-a")
    assert answer.status_code == 422
    assert "at least one word" in answer.text
    assert 'aria-invalid="true"' in answer.text


async def test_older_matches_have_a_link(world: World, ada: Person) -> None:
    await world.feed(entries=60, readers=[ada], content="<p>walnut</p>")
    page = await open_page(ada.http, "/search?q=walnut")
    older = page.all("//a[contains(@class,'older')]")[0].get("href")
    rest = await open_page(ada.http, older)
    assert len(rest.all("//li[@data-id]")) == 10
