"""Words over one's own subscriptions."""

from __future__ import annotations

from typing import Any

from tests.helpers.app import Person, World


async def found(person: Person, **query: str) -> list[int]:
    answer = await person.http.get("/api/v1/search", params=query)
    assert answer.status_code == 200, answer.text
    return [entry["id"] for entry in answer.json()["entries"]]


async def test_only_what_one_subscribes_to(world: World, ada: Person, bob: Person) -> None:
    hers = await world.feed("hers", entries=2, readers=[ada], content="<p>The quick walnut</p>")
    his = await world.feed("his", entries=1, readers=[bob], content="<p>A slow walnut</p>")
    assert len(await found(ada, q="walnut")) == 2
    assert await found(ada, q="slow walnut") == []
    assert len(await found(bob, q='"slow walnut"')) == 1
    assert await found(ada, q="walnut", scope=f"feed/{hers}") == await found(ada, q="walnut")
    assert (await ada.http.get("/api/v1/search", params={"q": "walnut", "scope": f"feed/{his}"})).status_code == 404


async def test_pages_follow_each_other(world: World, ada: Person) -> None:
    await world.feed(entries=25, readers=[ada], content="<p>walnut</p>")
    seen: list[int] = []
    query = {"q": "walnut", "limit": "10"}
    while True:
        page = (await ada.http.get("/api/v1/search", params=query)).json()
        seen += [entry["id"] for entry in page["entries"]]
        if page["next"] is None:
            break
        query["before"] = str(page["next"])
    assert len(seen) == len(set(seen)) == 25
    assert seen == sorted(seen, reverse=True)


async def test_far_apart_matches_are_reached(world: World, store: str, ada: Person, bob: Person) -> None:
    """Thousands of matches of others lie between two of one's own; no request looks at all of them."""
    mine = await world.feed("mine", entries=1, readers=[ada], content="<p>walnut</p>")
    others = await world.feed("others", entries=0, readers=[bob])
    for _ in range(2 if store else 10):  # a thousand take MongoDB's stand-in long
        await world.publish(others, 1000, content="<p>walnut</p>")
    await world.publish(mine, 1, content="<p>walnut</p>")
    query = {"q": "walnut"}
    pages: list[Any] = []
    while "before" not in query or pages[-1]["next"]:
        pages.append((await ada.http.get("/api/v1/search", params=query)).json())
        query["before"] = str(pages[-1]["next"])
    # SQLite's index is one of words over all feeds, that of MongoDB begins with the feed.
    assert [len(page["entries"]) for page in pages] == ([2] if store else [1, 1])


async def test_bad_queries_are_told_in_words(ada: Person) -> None:
    for words in ("-only", "!!", " ".join("abcdefghijklmnopqrstuvw")):
        answer = await ada.http.get("/api/v1/search", params={"q": words})
        assert answer.status_code == 422
        assert "word" in answer.json()["detail"]
    assert (await ada.http.get("/api/v1/search", params={"q": "a", "scope": "starred"})).status_code == 422


async def test_everything_can_be_indexed_anew(world: World, ada: Person) -> None:
    await world.feed(entries=3, readers=[ada], content="<p>walnut</p>")
    await world.container.mappers.search.restart()
    assert await found(ada, q="walnut") == []
    await world.container.gateways.upkeep.run()
    assert len(await found(ada, q="walnut")) == 3
