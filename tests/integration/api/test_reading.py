"""Lists, counters, marks and undo over HTTP."""

from __future__ import annotations

import httpx
import pytest

from tests.helpers.app import Person, World


async def make_folder(person: Person, title: str = "News") -> int:
    answer = await person.http.post("/api/v1/folders", json={"title": title})
    assert answer.status_code == 201
    return int(answer.json()["id"])


async def test_an_entry_has_what_a_reader_needs(world: World, ada: Person) -> None:
    feed_id = await world.feed(entries=1, readers=[ada])
    page = (await ada.http.get("/api/v1/entries")).json()
    [entry] = page["entries"]
    assert entry["feed_id"] == feed_id
    assert entry["feed_title"] == "Gazette"
    assert entry["content"] == "<p>Text</p>"
    assert entry["enclosures"] == [
        {"url": f"https://feed{feed_id}.example/0.mp3", "type": "audio/mpeg", "length": 1234}
    ]
    assert entry["tags"] == ["harbour"]
    assert (entry["read"], entry["starred"], entry["later"], entry["above"]) == (False, False, False, True)
    assert (page["scope"], page["title"], page["unread"], page["total"], page["fresh"]) == (
        "all",
        "All entries",
        1,
        1,
        0,
    )
    one = (await ada.http.get(f"/api/v1/entries/{entry['id']}")).json()
    assert one["content"] == "<p>Text</p>"


async def test_content_can_be_left_out(world: World, ada: Person) -> None:
    await world.feed(entries=1, readers=[ada])
    [entry] = (await ada.http.get("/api/v1/entries?content=false")).json()["entries"]
    assert "content" not in entry


async def test_pages_follow_each_other_while_entries_arrive(world: World, ada: Person) -> None:
    feed_id = await world.feed(entries=25, readers=[ada])
    seen: list[int] = []
    after = None
    while True:
        query = {"limit": "10", **({"after": after} if after else {})}
        page = (await ada.http.get("/api/v1/entries", params=query)).json()
        seen += [e["id"] for e in page["entries"]]
        await world.publish(feed_id, 2)
        after = page["next"]
        if after is None:
            break
    assert len(seen) == len(set(seen)) == 25
    assert seen == sorted(seen, reverse=True)
    assert page["fresh"] == 4
    fresh = (await ada.http.get("/api/v1/entries/fresh", params={"since": page["as_of"]})).json()
    assert len(fresh["entries"]) == 6
    assert not {e["id"] for e in fresh["entries"]} & set(seen)


async def test_oldest_first_and_unread_only(world: World, ada: Person) -> None:
    await world.feed(entries=3, readers=[ada])
    ids = await world.entry_ids(ada)
    await ada.http.post("/api/v1/entries/mark", json={"ids": ids[:1]})
    oldest = (await ada.http.get("/api/v1/entries?order=oldest&show=unread")).json()
    assert [e["id"] for e in oldest["entries"]] == ids[:0:-1]
    both = (await ada.http.get("/api/v1/entries")).json()
    assert [e["id"] for e in both["entries"]] == [*ids[1:], ids[0]]
    assert [e["above"] for e in both["entries"]] == [True, True, False]


async def test_a_list_is_not_sent_twice(world: World, ada: Person) -> None:
    feed_id = await world.feed(entries=2, readers=[ada])
    for path in ("/api/v1/entries", "/api/v1/counters", "/api/v1/sidebar", f"/api/v1/entries?scope=feed/{feed_id}"):
        first = await ada.http.get(path)
        etag = first.headers["etag"]
        assert etag.startswith('W/"')
        again = await ada.http.get(path, headers={"If-None-Match": f'"other", {etag}'})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == etag
        assert "no-cache" in again.headers["cache-control"] and "private" in again.headers["cache-control"]
        await world.publish(feed_id)
        assert (await ada.http.get(path, headers={"If-None-Match": etag})).status_code == 200


async def test_counters_name_only_what_is_unread(world: World, ada: Person) -> None:
    folder_id = await make_folder(ada)
    one = await world.feed("one", entries=3, readers=[ada], folder_id=folder_id)
    two = await world.feed("two", entries=2, readers=[ada])
    await world.feed("three", entries=0, readers=[ada])
    counters = (await ada.http.get("/api/v1/counters")).json()
    assert counters["unread"] == 5
    assert counters["feeds"] == {str(one): 3, str(two): 2}
    assert counters["folders"] == {str(folder_id): 3}
    ids = await world.entry_ids(ada, f"folder/{folder_id}")
    await ada.http.post("/api/v1/entries/mark", json={"ids": ids})
    after = (await ada.http.get("/api/v1/counters")).json()
    assert (after["unread"], after["feeds"], after["folders"]) == (2, {str(two): 2}, {})
    assert after["rev"] > counters["rev"]


async def test_marking_and_taking_it_back(world: World, ada: Person) -> None:
    await world.feed(entries=3, readers=[ada])
    ids = await world.entry_ids(ada)
    act = (await ada.http.post("/api/v1/entries/mark", json={"ids": ids[:2], "read": True})).json()
    assert act == {"label": "2 entries marked as read", "undo": act["undo"], "changed": 2}
    assert (await ada.http.get("/api/v1/counters")).json()["unread"] == 1
    again = (await ada.http.post("/api/v1/entries/mark", json={"ids": ids[:2]})).json()
    assert (again["changed"], again["undo"]) == (0, None)
    undone = await ada.http.post("/api/v1/undo", json={"token": act["undo"]})
    assert undone.status_code == 200
    assert (await ada.http.get("/api/v1/counters")).json()["unread"] == 3


async def test_a_thousand_at_once_and_not_one_more(world: World, ada: Person) -> None:
    feed_id = await world.feed(entries=0, readers=[ada])
    ids = await world.publish(feed_id, 1001)
    act = await ada.http.post("/api/v1/entries/mark", json={"ids": ids[:1000]})
    assert act.json()["changed"] == 1000
    undone = await ada.http.post("/api/v1/undo", json={"token": act.json()["undo"]})
    assert undone.json()["changed"] == 1000
    assert (await ada.http.post("/api/v1/undo", json={"token": act.json()["undo"]})).status_code == 404
    assert (await ada.http.post("/api/v1/entries/mark", json={"ids": ids})).status_code == 422


async def test_star_and_later(world: World, ada: Person) -> None:
    await world.feed(entries=2, readers=[ada])
    entry_id = (await world.entry_ids(ada))[0]
    for word, scope, counter in (("star", "starred", "starred"), ("later", "later", "later")):
        on = await ada.http.put(f"/api/v1/entries/{entry_id}/{word}")
        assert (on.status_code, on.json()["changed"]) == (200, 1)
        assert (await ada.http.put(f"/api/v1/entries/{entry_id}/{word}")).json()["changed"] == 0
        assert await world.entry_ids(ada, scope) == [entry_id]
        assert (await ada.http.get("/api/v1/sidebar")).json()[counter] == 1
        assert (await ada.http.get(f"/api/v1/entries/{entry_id}")).json()[scope] is True
        off = await ada.http.delete(f"/api/v1/entries/{entry_id}/{word}")
        assert off.json()["changed"] == 1
        assert await world.entry_ids(ada, scope) == []
        await ada.http.post("/api/v1/undo", json={"token": off.json()["undo"]})
        assert await world.entry_ids(ada, scope) == [entry_id]


async def test_mark_all_spares_what_came_later(world: World, ada: Person) -> None:
    feed_id = await world.feed(entries=5, readers=[ada])
    page = (await ada.http.get(f"/api/v1/entries?scope=feed/{feed_id}")).json()
    await world.publish(feed_id, 2)
    body = {"scope": f"feed/{feed_id}", "as_of": page["as_of"]}
    act = (await ada.http.post("/api/v1/mark-all", json=body)).json()
    assert act["changed"] == 5
    assert (await ada.http.get("/api/v1/counters")).json()["unread"] == 2
    world.hands.ahead += 23 * 3600
    assert (await ada.http.post("/api/v1/undo", json={"token": act["undo"]})).json()["changed"] == 5
    assert (await ada.http.get("/api/v1/counters")).json()["unread"] == 7


async def test_mark_all_above_below_and_older(world: World, ada: Person) -> None:
    feed_id = await world.feed(entries=5, readers=[ada])
    page = (await ada.http.get("/api/v1/entries")).json()
    ids = [e["id"] for e in page["entries"]]
    body = {"scope": f"feed/{feed_id}", "as_of": page["as_of"]}
    older = await ada.http.post("/api/v1/mark-all", json={**body, "older_than": 86_400.0})
    assert older.json()["changed"] == 0
    below = await ada.http.post("/api/v1/mark-all", json={**body, "after_entry": ids[2]})
    assert below.json()["changed"] == 2
    above = await ada.http.post("/api/v1/mark-all", json={**body, "before_entry": ids[2]})
    assert above.json()["changed"] == 2
    left = (await ada.http.get("/api/v1/entries?show=unread")).json()
    assert [e["id"] for e in left["entries"]] == [ids[2]]


async def test_undo_of_a_mark_all_ends_after_a_day(world: World, ada: Person) -> None:
    await world.feed(entries=1, readers=[ada])
    as_of = (await ada.http.get("/api/v1/entries")).json()["as_of"]
    act = (await ada.http.post("/api/v1/mark-all", json={"scope": "all", "as_of": as_of})).json()
    world.hands.ahead += 25 * 3600
    assert (await ada.http.post("/api/v1/undo", json={"token": act["undo"]})).status_code == 404


@pytest.mark.parametrize("scope", ["starred", "later"])
async def test_only_lists_of_feeds_are_marked_at_once(ada: Person, scope: str) -> None:
    answer = await ada.http.post("/api/v1/mark-all", json={"scope": scope, "as_of": 0})
    assert answer.status_code == 422


@pytest.mark.parametrize(
    "query",
    [
        "scope=nothing",
        "scope=feed/0",
        "scope=feed/-1",
        "scope=feed/x",
        "scope=folder/99999999999999999999",
        "scope=feed/1%0a",
        "scope=",
        "limit=0",
        "limit=201",
        "limit=1e3",
        "limit=",
        "show=some",
        "order=random",
        "after=nonsense",
        "after=%F0%9F%98%80",
        "after=" + "A" * 5000,
        "content=maybe",
    ],
)
async def test_bad_queries_are_refused_in_words(ada: Person, query: str) -> None:
    answer = await ada.http.get(f"/api/v1/entries?{query}")
    assert answer.status_code == 422, answer.text
    problem = answer.json()
    assert list(problem["fields"]) == [query.partition("=")[0]]
    assert problem["detail"]


@pytest.mark.parametrize(
    "query", ["", "since=", "since=-1", "since=x", "since=1&scope=x", "since=99999999999999999999"]
)
async def test_bad_queries_of_fresh(ada: Person, query: str) -> None:
    assert (await ada.http.get(f"/api/v1/entries/fresh?{query}")).status_code == 422


@pytest.mark.parametrize("entry_id", ["0", "-1", "x", "1.0", "999", "9" * 30, "٣", "1%00"])
async def test_no_such_entry(ada: Person, entry_id: str) -> None:
    answer = await ada.http.get(f"/api/v1/entries/{entry_id}")
    assert answer.status_code in (400, 404)
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 422),
        (b"null", 422),
        (b'"ids"', 422),
        (b"{}", 422),
        (b'{"ids":null}', 422),
        (b'{"ids":[0]}', 422),
        (b'{"ids":[1.5]}', 422),
        (b'{"ids":["1"]}', 422),
        (b'{"ids":[true]}', 422),
        (b'{"ids":[1000000000000000]}', 422),
        (b'{"ids":[1],"read":"yes"}', 422),
        (b'{"ids":[1]}', 404),
        (b'{"ids":[NaN]}', 400),
        (b'{"ids":[1e999]}', 400),
        (b'{"ids":"\\ud800"}', 400),
        (b'{"ids":"\\u0000"}', 400),
        (b"\xff\xfe{\x00", 400),
        (b"[" * 100_000, 400),
        (b'{"ids":[]}', 200),
    ],
)
async def test_bad_bodies_of_mark(ada: Person, content: bytes, status: int) -> None:
    answer = await ada.http.post("/api/v1/entries/mark", content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code == status, answer.text


async def test_a_body_that_says_it_is_something_else(ada: Person) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        answer = await ada.http.post("/api/v1/entries/mark", content=b'{"ids":[]}', headers={"Content-Type": kind})
        assert answer.status_code == 415


async def test_one_foreign_id_marks_nothing(world: World, ada: Person, bob: Person) -> None:
    await world.feed("one", entries=2, readers=[ada])
    await world.feed("two", entries=2, readers=[bob])
    mine, theirs = await world.entry_ids(ada), await world.entry_ids(bob)
    answer = await ada.http.post("/api/v1/entries/mark", json={"ids": [*mine, theirs[0]]})
    assert answer.status_code == 404
    assert (await ada.http.get("/api/v1/counters")).json()["unread"] == 2
    assert (await bob.http.get("/api/v1/counters")).json()["unread"] == 2


async def test_signed_out(anyone: httpx.AsyncClient, world: World) -> None:
    answer = await anyone.get("/api/v1/entries")
    assert answer.status_code == 401
    assert answer.json()["detail"] == "Sign in first."
