"""Finding, subscribing, folders, health, icons over HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.helpers.app import Person, World
from tests.helpers.site import Site
from workers.local import LocalQueue


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as served:
        yield served


async def test_subscribe_rename_move_and_unsubscribe(world: World, ada: Person) -> None:
    feed_id = await world.feed(entries=25)
    made = await ada.http.post("/api/v1/subscriptions", json={"feed_id": feed_id, "new_folder": "News"})
    assert made.status_code == 201, made.text
    row = made.json()
    assert (row["feed_id"], row["title"], row["unread"], row["total"]) == (feed_id, "Gazette", 20, 25)
    again = await ada.http.post("/api/v1/subscriptions", json={"feed_id": feed_id})
    assert again.status_code == 201
    path = f"/api/v1/subscriptions/{feed_id}"
    renamed = await ada.http.patch(path, json={"title": "My Gazette"})
    assert renamed.json()["label"] == "Renamed to My Gazette"
    assert (await ada.http.get(path)).json()["title"] == "My Gazette"
    await ada.http.post("/api/v1/undo", json={"token": renamed.json()["undo"]})
    assert (await ada.http.get(path)).json()["title"] == "Gazette"
    moved = await ada.http.patch(path, json={"folder_id": None})
    assert moved.status_code == 200
    assert (await ada.http.get(path)).json()["folder_id"] is None
    gone = await ada.http.delete(path)
    assert gone.json()["label"] == "Unsubscribed from Gazette"
    assert (await ada.http.get(path)).status_code == 404
    back = await ada.http.post("/api/v1/undo", json={"token": gone.json()["undo"]})
    assert back.status_code == 200
    assert (await ada.http.get(path)).json()["unread"] == 20
    listed = (await ada.http.get("/api/v1/subscriptions")).json()["subscriptions"]
    assert [s["feed_id"] for s in listed] == [feed_id]


async def test_the_own_name_goes_back_to_the_publishers(world: World, ada: Person) -> None:
    feed_id = await world.feed(readers=[ada])
    path = f"/api/v1/subscriptions/{feed_id}"
    await ada.http.patch(path, json={"title": "Mine"})
    await ada.http.patch(path, json={"title": None})
    assert (await ada.http.get(path)).json()["title"] == "Gazette"
    nothing = await ada.http.patch(path, json={})
    assert nothing.json() == {"label": "Nothing to change", "undo": None, "changed": 0}


async def test_feeds_stand_where_they_are_put(world: World, ada: Person) -> None:
    ids = [await world.feed(name, readers=[ada]) for name in ("one", "two", "three")]
    await ada.http.patch(f"/api/v1/subscriptions/{ids[2]}", json={"before": ids[0]})
    side = (await ada.http.get("/api/v1/sidebar")).json()
    assert [f["feed_id"] for f in side["feeds"]] == [ids[2], ids[0], ids[1]]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"feed_id": 999}, 404),
        ({"feed_id": -1}, 422),
        ({"url": "https://never-seen.example/feed"}, 422),
        ({"url": "javascript:alert(1)"}, 422),
        ({"url": "file:///etc/passwd"}, 422),
        ({"url": ""}, 422),
        ({"url": 5}, 422),
    ],
)
async def test_subscriptions_that_cannot_be(world: World, ada: Person, body: dict[str, object], status: int) -> None:
    answer = await ada.http.post("/api/v1/subscriptions", json=body)
    assert answer.status_code == status, answer.text


async def test_a_foreign_folder_is_no_folder(world: World, ada: Person, bob: Person) -> None:
    feed_id = await world.feed(readers=[bob])
    folder = (await ada.http.post("/api/v1/folders", json={"title": "Hers"})).json()
    for answer in (
        await bob.http.post("/api/v1/subscriptions", json={"feed_id": feed_id, "folder_id": folder["id"]}),
        await bob.http.patch(f"/api/v1/subscriptions/{feed_id}", json={"folder_id": folder["id"]}),
        await bob.http.get(f"/api/v1/entries?scope=folder/{folder['id']}"),
        await bob.http.post("/api/v1/mark-all", json={"scope": f"folder/{folder['id']}", "as_of": 1}),
    ):
        assert answer.status_code == 404


async def test_folders(world: World, ada: Person) -> None:
    ids = [(await ada.http.post("/api/v1/folders", json={"title": title})).json()["id"] for title in ("A", "B", "C")]
    taken = await ada.http.post("/api/v1/folders", json={"title": " a "})
    assert taken.status_code == 409
    moved = await ada.http.patch(f"/api/v1/folders/{ids[2]}", json={"before": ids[0]})
    assert moved.status_code == 200
    feed_id = await world.feed(readers=[ada], folder_id=ids[0])
    await ada.http.patch(f"/api/v1/folders/{ids[0]}", json={"open": True, "title": "Alpha"})
    folders = (await ada.http.get("/api/v1/folders")).json()["folders"]
    assert [f["title"] for f in folders] == ["C", "Alpha", "B"]
    assert (folders[1]["open"], folders[1]["feed_ids"], folders[1]["unread"]) == (True, [feed_id], 3)
    removed = await ada.http.delete(f"/api/v1/folders/{ids[0]}")
    assert (await ada.http.get(f"/api/v1/subscriptions/{feed_id}")).json()["folder_id"] is None
    await ada.http.post("/api/v1/undo", json={"token": removed.json()["undo"]})
    assert (await ada.http.get(f"/api/v1/subscriptions/{feed_id}")).json()["folder_id"] == ids[0]


async def test_one_change_at_a_time(world: World, ada: Person) -> None:
    folder = (await ada.http.post("/api/v1/folders", json={"title": "A"})).json()["id"]
    feed_id = await world.feed(readers=[ada])
    both = await ada.http.patch(f"/api/v1/folders/{folder}", json={"title": "B", "before": None})
    assert both.status_code == 422
    both = await ada.http.patch(f"/api/v1/subscriptions/{feed_id}", json={"title": "B", "folder_id": folder})
    assert both.status_code == 422


async def test_discovery_waits_then_answers_from_its_cache(world: World, ada: Person, site: Site) -> None:
    site.feed("/feed.xml", title="The Gazette").publish("First")
    asked = {"url": site.url("/feed.xml"), "wait": 0}
    first = await ada.http.post("/api/v1/discover", json=asked)
    assert first.status_code == 200, first.text
    assert (first.json()["wait"], first.json()["feeds"]) == (True, [])
    async with world.working():
        for _ in range(100):
            second = (await ada.http.post("/api/v1/discover", json={"url": asked["url"]})).json()
            if not second["wait"]:
                break
    assert second["wait"] is False
    assert [f["title"] for f in second["feeds"]] == ["The Gazette"]
    made = await ada.http.post("/api/v1/subscriptions", json={"url": second["feeds"][0]["url"]})
    assert made.status_code == 201, made.text
    known = (await ada.http.post("/api/v1/discover", json=asked)).json()
    assert (known["wait"], known["feeds"][0]["subscribed"]) == (False, True)


@pytest.mark.parametrize("typed", ["", "   ", "no address", "javascript:alert(1)", "file:///etc/passwd", "x" * 9000])
async def test_what_is_no_address(ada: Person, typed: str) -> None:
    answer = await ada.http.post("/api/v1/discover", json={"url": typed})
    assert answer.status_code == 422
    assert answer.json()["detail"]


async def test_search_of_known_feeds(world: World, ada: Person) -> None:
    one = await world.feed("harbour", readers=[ada])
    await world.feed("gazette")
    found = (await ada.http.get("/api/v1/feeds", params={"q": "HARB"})).json()["feeds"]
    assert [(f["feed_id"], f["subscribed"]) for f in found] == [(one, True)]
    assert (await ada.http.get("/api/v1/feeds")).json() == {"feeds": []}
    assert (await ada.http.get("/api/v1/feeds?q=%25")).json() == {"feeds": []}


async def test_health_says_why_and_when(world: World, ada: Person, bob: Person) -> None:
    feed_id = await world.feed(readers=[ada])
    health = (await ada.http.get(f"/api/v1/feeds/{feed_id}/health")).json()
    assert health["sentence"].startswith("The next check is in 10 minutes.")
    assert health["readers"] == 1
    assert len(health["hours"]) == 24
    assert [len(day) for day in health["grid"]] == [24] * 10
    assert health["pulls"][0]["new"] == 3
    assert (await bob.http.get(f"/api/v1/feeds/{feed_id}/health")).status_code == 404


async def test_check_now_is_limited(world: World, ada: Person, bob: Person) -> None:
    feed_id = await world.feed(readers=[ada])
    assert (await ada.http.post(f"/api/v1/feeds/{feed_id}/check")).status_code == 202
    again = await ada.http.post(f"/api/v1/feeds/{feed_id}/check")
    assert (again.status_code, again.headers["retry-after"]) == (429, "10")
    assert (await bob.http.post(f"/api/v1/feeds/{feed_id}/check")).status_code == 404
    queue = world.container.queue
    assert isinstance(queue, LocalQueue)
    assert queue.waiting("pull") == 1


async def test_icons_are_public_immutable_and_harmless(world: World, ada: Person, anyone: httpx.AsyncClient) -> None:
    feed_id = await world.feed(readers=[ada])
    body = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
    digest = await world.icon(feed_id, "image/svg+xml", body)
    row = (await ada.http.get(f"/api/v1/subscriptions/{feed_id}")).json()
    assert row["icon"] == f"/icons/{digest}"
    answer = await anyone.get(row["icon"])
    assert (answer.status_code, answer.content) == (200, body)
    assert answer.headers["content-type"].startswith("image/svg+xml")
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "sandbox" in policy and "script-src" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "set-cookie" not in answer.headers
    again = await anyone.get(row["icon"], headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


@pytest.mark.parametrize("digest", ["0" * 64, "x", "..%2F..%2Fetc%2Fpasswd", "%00", "A" * 64, "é"])
async def test_no_such_icon(anyone: httpx.AsyncClient, digest: str) -> None:
    assert (await anyone.get(f"/icons/{digest}")).status_code in (400, 404)
