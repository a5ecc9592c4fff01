"""A feed's move for good on its health page and in the API, and taking it back; what tells its entries apart."""

from __future__ import annotations

from dataclasses import replace

from reader.models.feed import Identity
from tests.contract.mappers.make import pull_result, take
from tests.helpers.app import Person, World

NEW = "https://new.example/feed.xml"
OLD = "https://gazette.example/feed.xml"


async def moved(world: World, ada: Person) -> int:
    feed_id = await world.feed(readers=[ada])
    feeds = world.container.mappers.feeds
    now = world.hands.now()
    assert await feeds.move(feed_id, await take(world.container.mappers, feed_id, now), NEW, now=now) == feed_id
    return feed_id


async def test_the_page_tells_of_a_move_and_takes_it_back(world: World, ada: Person) -> None:
    feed_id = await moved(world, ada)
    page = (await ada.http.get(f"/feed/{feed_id}/health")).text
    assert "moved the feed for good" in page
    assert f"/do/feed/{feed_id}/undo-move" in page
    answer = await ada.http.post(f"/do/feed/{feed_id}/undo-move", data={"back": f"/feed/{feed_id}/health"})
    assert answer.status_code == 303
    page = (await ada.http.get(f"/feed/{feed_id}/health")).text
    assert "This was taken back" in page
    assert f"/do/feed/{feed_id}/undo-move" not in page
    feed = await world.container.mappers.feeds.get(feed_id)
    assert feed is not None
    assert feed.url == OLD
    again = await ada.http.post(f"/do/feed/{feed_id}/undo-move", data={})
    assert again.status_code == 303


async def test_the_api_tells_of_a_move_and_takes_it_back(world: World, ada: Person, bob: Person) -> None:
    feed_id = await moved(world, ada)
    told = (await ada.http.get(f"/api/v1/feeds/{feed_id}/health")).json()
    assert [(move["from_url"], move["to_url"], move["undone_at"]) for move in told["moves"]] == [(OLD, NEW, None)]
    assert (told["criterion"], told["criterion_note"], told["paused_until"]) == ("id", "", None)
    path = f"/api/v1/feeds/{feed_id}/undo-move"
    assert (await bob.http.post(path)).status_code == 404, "who does not read it"
    assert (await ada.http.post(path)).status_code == 204
    assert (await ada.http.post(path)).status_code == 422
    told = (await ada.http.get(f"/api/v1/feeds/{feed_id}/health")).json()
    assert told["moves"][0]["undone_at"]


async def test_why_entries_are_told_apart_by_something_else(world: World, ada: Person) -> None:
    feed_id = await world.feed(readers=[ada])
    mappers, now = world.container.mappers, world.hands.now()
    note = "The ids of its entries repeat, so Evantr tells them apart by their links."
    result = replace(pull_result(feed_id, now, next_pull_at=now + 600), identity=Identity("link", note))
    assert await mappers.feeds.record_pull(feed_id, await take(mappers, feed_id, now), result)
    assert note in (await ada.http.get(f"/feed/{feed_id}/health")).text
    told = (await ada.http.get(f"/api/v1/feeds/{feed_id}/health")).json()
    assert (told["criterion"], told["criterion_note"]) == ("link", note)


async def test_a_paused_host_is_told(world: World, ada: Person) -> None:
    feed_id = await world.feed(readers=[ada])
    now = world.hands.now()
    await world.container.mappers.feeds.pause_host("gazette.example", now + 7200, "paused 7200", now=now)
    told = (await ada.http.get(f"/api/v1/feeds/{feed_id}/health")).json()
    assert told["paused_until"] == now + 7200
    assert "asked Evantr for a pause of 2 hours" in told["sentence"]
    check = await ada.http.post(f"/api/v1/feeds/{feed_id}/check")
    assert check.status_code == 429
    assert "leave it alone" in check.text
