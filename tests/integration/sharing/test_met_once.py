"""Over HTTP: a story of several copies is one, what is taken back is gone everywhere, a muted feed is quiet."""

from __future__ import annotations

from typing import Any

from tests.helpers.app import Person, World


async def get(person: Person, path: str) -> Any:
    answer = await person.http.get(f"/api/v1/{path}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def shared(world: World, ada: Person, bob: Person) -> tuple[int, list[int], int]:
    """(feed, its entries, a share of the oldest): ada reads the feed, and follows bob who shares."""
    feed_id = await world.feed(entries=2, readers=[ada, bob])
    entries = sorted(await world.entry_ids(ada))
    await world.container.services.people.follow(ada.actor, "bob")
    done = await world.container.services.sharing.share(bob.actor, entries[0])
    return feed_id, entries, done.share.id


async def test_one_card_one_count_one_mark(world: World, ada: Person, bob: Person) -> None:
    feed_id, entries, share = await shared(world, ada, bob)
    page = await get(ada, "entries")
    assert [(e["id"], e["copies"]) for e in page["entries"]] == [(entries[1], []), (entries[0], [share])]
    assert (page["unread"], page["total"]) == (2, 2)
    assert (await get(ada, "counters"))["feeds"] == {str(feed_id): 2}
    found = await get(ada, "search?q=entry")
    assert {e["id"] for e in found["entries"]} in ({entries[1], entries[0]}, {entries[1], share})
    answer = await ada.http.post("/api/v1/entries/mark", json={"ids": [share], "read": True})
    assert (await get(ada, "counters"))["unread"] == 1
    assert (await get(ada, f"entries/{entries[0]}"))["read"]
    await ada.http.post("/api/v1/undo", json={"token": answer.json()["undo"]})
    assert (await get(ada, "counters"))["unread"] == 2
    answer = await ada.http.post("/api/v1/mark-all", json={"scope": "all", "as_of": page["as_of"]})
    assert answer.json()["changed"] == 2
    assert (await get(ada, "counters"))["unread"] == 0


async def test_what_is_taken_back_is_reached_nowhere(world: World, ada: Person, bob: Person) -> None:
    feed_id, _, share = await shared(world, ada, bob)
    stream = (await get(ada, f"entries/{share}"))["feed_id"]
    for kind in ("star", "later"):
        assert (await ada.http.put(f"/api/v1/entries/{share}/{kind}")).status_code == 200
    answer = await ada.http.delete(f"/api/v1/subscriptions/{feed_id}")
    undo = answer.json()["undo"]
    assert [e["id"] for e in (await get(ada, "search?q=entry"))["entries"]] == [share]
    done = await world.container.services.sharing.unshare(bob.actor, share)
    for path in (f"scope=feed/{stream}", "scope=all", "scope=starred", "scope=later"):
        assert (await get(ada, f"entries?{path}"))["entries"] == []
    assert (await get(ada, "search?q=entry"))["entries"] == []
    counters = await get(ada, "counters")
    assert (counters["unread"], counters["starred"], counters["later"]) == (0, 0, 0)
    assert (await ada.http.get(f"/api/v1/entries/{share}")).status_code == 404
    assert (await ada.http.put(f"/api/v1/entries/{share}/star")).status_code == 404
    answer = await ada.http.post("/api/v1/entries/mark", json={"ids": [share], "read": True})
    assert answer.status_code == 404
    for kind in ("starred", "later"):
        assert (await get(ada, f"export/{kind}"))["items"] == []
    assert done.undo is not None
    await world.container.services.reading.undo(bob.actor, done.undo)
    assert [e["id"] for e in (await get(ada, "entries?scope=starred"))["entries"]] == [share]
    await ada.http.post("/api/v1/undo", json={"token": undo})
    assert (await get(ada, "counters"))["unread"] == 2


async def test_muting_a_feed(world: World, ada: Person, bob: Person) -> None:
    feed_id, entries, share = await shared(world, ada, bob)
    answer = await ada.http.patch(f"/api/v1/subscriptions/{feed_id}", json={"muted": True})
    assert answer.json()["changed"] == 1
    row = await get(ada, f"subscriptions/{feed_id}")
    assert (row["muted"], row["unread"], row["total"], row["kind"]) == (True, 0, 2, "site")
    assert [e["id"] for e in (await get(ada, "entries"))["entries"]] == [share]
    assert [e["id"] for e in (await get(ada, f"entries?scope=feed/{feed_id}"))["entries"]] == entries[::-1]
    again = await ada.http.patch(f"/api/v1/subscriptions/{feed_id}", json={"muted": True})
    assert again.json()["undo"] is None
    both = await ada.http.patch(f"/api/v1/subscriptions/{feed_id}", json={"muted": False, "title": "x"})
    assert both.status_code == 422
    await ada.http.post("/api/v1/undo", json={"token": answer.json()["undo"]})
    assert not (await get(ada, f"subscriptions/{feed_id}"))["muted"]
    assert [e["id"] for e in (await get(ada, "entries"))["entries"]] == entries[::-1]
    stranger = await bob.http.patch("/api/v1/subscriptions/999", json={"muted": True})
    assert stranger.status_code == 404


async def test_what_was_read_stays_read_when_people_part(world: World, ada: Person, bob: Person) -> None:
    await world.feed(entries=1, readers=[bob])
    cleo = await world.person("cleo")
    services = world.container.services
    for name in ("bob", "cleo"):
        await services.people.follow(ada.actor, name)
    await services.people.follow(cleo.actor, "bob")
    [entry] = await world.entry_ids(bob)
    share = (await services.sharing.share(bob.actor, entry)).share.id
    await ada.http.post("/api/v1/entries/mark", json={"ids": [share], "read": True})
    again = (await services.sharing.share(cleo.actor, share)).share.id
    await services.people.block(bob.actor, "ada")
    page = await get(ada, "entries")
    assert [(e["id"], e["read"], e["above"]) for e in page["entries"]] == [(again, True, False)]
    assert page["unread"] == 0
