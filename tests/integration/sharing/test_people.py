"""Profiles, following, approval, blocks and mutes, as people meet them."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from reader.errors import Conflict, Invalid, Limited, NotFound
from reader.events import Event, Notified, ReadingChanged, user_topic
from reader.models.user import ANONYMOUS
from tests.helpers.app import Person, World
from tests.integration.sharing.society import follow, kinds, pass_on, share


@pytest.fixture
async def cy(world: World, bob: Person) -> Person:
    return await world.person("cy")


async def names(client: httpx.AsyncClient, path: str) -> list[str]:
    answer = await client.get(f"/api/v1/{path}")
    assert answer.status_code == 200, answer.text
    return [person["name"] for person in answer.json()["people"]]


# ---- profiles


async def test_a_profile_says_who_somebody_is(world: World, ada: Person, bob: Person) -> None:
    await share(world, ada)
    answer = await ada.http.patch(
        "/api/v1/profile", json={"about": " Boats.\r\n\r\n\r\nAnd maps. ", "talk": "followers"}
    )
    assert answer.status_code == 200
    await bob.http.post("/api/v1/follow", json={"target": "@ADA"})
    seen = (await bob.http.get("/api/v1/people/ada")).json()
    assert seen["person"]["about"] == "Boats.\n\nAnd maps."
    assert (seen["way"], seen["followers"], seen["following"], seen["requests"]) == ("following", 1, 0, None)
    assert (seen["talk"], seen["open"], seen["follows_me"]) == ("followers", True, False)
    assert [(each["name"], each["path"]) for each in seen["streams"]] == [("shared", "/u/ada/shared")]
    mine = (await ada.http.get("/api/v1/people/ada")).json()
    assert (mine["way"], mine["requests"], mine["follows_me"]) == ("self", 0, False)
    assert (await ada.http.get("/api/v1/people/bob")).json()["follows_me"] is True
    assert (await world.container.services.people.profile(ANONYMOUS, "ada")).open
    for absent in ("nobody", "@nobody", "%20", "a" * 90):
        assert (await bob.http.get(f"/api/v1/people/{absent}")).status_code == 404


@pytest.mark.parametrize(
    "body", [{"about": "x" * 501}, {"about": "a\u0007b"}, {"talk": "friends"}, {"private": "yes"}], ids=str
)
async def test_a_profile_takes_what_can_be_shown(ada: Person, body: dict[str, object]) -> None:
    before = (await ada.http.get("/api/v1/people/ada")).json()
    assert (await ada.http.patch("/api/v1/profile", json=body)).status_code == 422
    assert (await ada.http.get("/api/v1/people/ada")).json() == before


# ---- following


@pytest.mark.parametrize(
    "target",
    ["@ada", "ada", " @Ada ", "/u/ada", "/u/ada/shared", "/u/ada/shared.atom", "/u/@ada/", "/u/ada.json",
     "http://evantr.test/u/ada", "https://EVANTR.test/u/ada/shared.rss?x=1", "evantr.test/u/ada"],
)  # fmt: skip
async def test_people_are_followed_by_name_and_by_address(world: World, ada: Person, bob: Person, target: str) -> None:
    answer = await bob.http.post("/api/v1/follow", json={"target": target})
    assert answer.status_code == 201, answer.text
    assert answer.json()["way"] == "following"
    feed_id = answer.json()["feed_id"]
    share_id = await share(world, ada)
    assert await world.entry_ids(bob, f"feed/{feed_id}") == [share_id]
    again = await bob.http.post("/api/v1/follow", json={"target": target})
    assert again.json() == answer.json()
    assert await kinds(world, ada) == ["follow"]


@pytest.mark.parametrize(
    ("target", "status"),
    [("@nobody", 404), ("/u/nobody", 404), ("/u/ada/other", 404), ("https://else.example/u/ada", 422), ("/feed/1", 422),
     ("@a@else.example", 422), ("ftp://evantr.test/u/ada", 422), ("@bob", 422), ("\u0000", 400), ("", 422)],
)  # fmt: skip
async def test_what_is_nobody_here_is_not_followed(ada: Person, bob: Person, target: str, status: int) -> None:
    answer = await bob.http.post("/api/v1/follow", json={"target": target})
    assert answer.status_code == status, answer.text
    assert await names(bob.http, "people/bob/following") == []


async def test_a_stream_by_its_own_name_goes_into_a_folder(world: World, ada: Person, bob: Person) -> None:
    await share(world, ada)
    await world.container.services.sharing.add_stream(ada.actor, "Boats", name="boats")
    folder = (await bob.http.post("/api/v1/folders", json={"title": "People"})).json()["id"]
    made = await bob.http.post("/api/v1/follow", json={"target": "/u/ada/boats", "folder_id": folder})
    row = (await bob.http.get("/api/v1/subscriptions")).json()["subscriptions"][0]
    assert (row["feed_id"], row["folder_id"], row["title"]) == (made.json()["feed_id"], folder, "ada: Boats")
    theirs = (await ada.http.post("/api/v1/folders", json={"title": "Mine"})).json()["id"]
    other = await bob.http.post("/api/v1/follow", json={"target": "@ada", "folder_id": theirs})
    assert other.status_code == 404


async def test_unfollowing_can_be_undone(world: World, ada: Person, bob: Person) -> None:
    followed = await follow(world, bob, ada)
    done = (await bob.http.delete("/api/v1/people/ada/follow")).json()
    assert done["label"] == "You no longer follow ada"
    assert await names(ada.http, "people/ada/followers") == []
    assert (await bob.http.post("/api/v1/undo", json={"token": done["undo"]})).status_code == 200
    assert await names(ada.http, "people/ada/followers") == ["bob"]
    assert followed.feed_id is not None
    assert (await bob.http.delete("/api/v1/people/cy/follow")).status_code == 404


async def test_a_stream_subscribed_to_by_its_feed_is_followed(world: World, ada: Person, bob: Person) -> None:
    feed_id = (await follow(world, bob, ada)).feed_id
    await bob.http.delete(f"/api/v1/subscriptions/{feed_id}")
    assert (await bob.http.get("/api/v1/people/ada")).json()["way"] == "none"
    await bob.http.put("/api/v1/people/ada/mute")
    made = await bob.http.post("/api/v1/subscriptions", json={"feed_id": feed_id})
    assert made.status_code == 201
    assert (await bob.http.get("/api/v1/people/ada")).json()["way"] == "following"
    assert await kinds(world, ada) == ["follow"]
    sub = await world.container.mappers.subscriptions.get(bob.user.id, feed_id or 0)
    assert sub is not None and sub.muted


async def test_following_many_has_an_end(world: World, ada: Person, bob: Person) -> None:
    await world.container.cache.set(f"follow:1:{bob.user.id}", b"0", 3600)
    for _ in range(200):
        await world.container.cache.increment(f"follow:1:{bob.user.id}", 3600)
    with pytest.raises(Limited):
        await follow(world, bob, ada)


async def test_lists_leave_out_whom_one_may_not_see(world: World, ada: Person, bob: Person, cy: Person) -> None:
    for person in (bob, cy):
        await follow(world, person, ada)
        await follow(world, ada, person)
    await cy.http.patch("/api/v1/profile", json={"private": True})
    for path in ("followers", "following"):
        assert await names(bob.http, f"people/ada/{path}") == ["bob"]
        assert await names(ada.http, f"people/ada/{path}") == ["cy", "bob"], "cy approved ada, who followed before"
    await bob.http.put("/api/v1/people/ada/block")
    assert (await ada.http.get("/api/v1/people/bob/followers")).status_code == 404


async def test_lists_go_on_by_their_cursor(world: World, ada: Person) -> None:
    others = [await world.person(f"p{n}") for n in range(5)]
    for other in others:
        await follow(world, other, ada)
    first = (await ada.http.get("/api/v1/people/ada/followers?limit=2")).json()
    rest = (await ada.http.get(f"/api/v1/people/ada/followers?limit=100&before={first['next']}")).json()
    assert [p["name"] for p in first["people"] + rest["people"]] == ["p4", "p3", "p2", "p1", "p0"]
    assert rest["next"] is None


# ---- private accounts


async def test_a_private_account_is_asked(world: World, ada: Person, bob: Person) -> None:
    await ada.http.patch("/api/v1/profile", json={"private": True, "about": "Secret things"})
    await share(world, ada)
    made = await bob.http.post("/api/v1/follow", json={"target": "@ada"})
    assert (made.json()["way"], made.json()["feed_id"]) == ("asked", None)
    assert "Secret" not in made.text
    stub = (await bob.http.get("/api/v1/people/ada")).json()
    assert (stub["open"], stub["way"], stub["streams"], stub["followers"]) == (False, "asked", [], None)
    assert (stub["person"]["about"], stub["talk"]) == ("", None)
    assert await kinds(world, ada) == ["ask"]
    [request] = (await ada.http.get("/api/v1/requests")).json()["requests"]
    assert request["person"]["name"] == "bob"
    assert (await ada.http.post("/api/v1/requests/bob")).json()["label"] == "bob may follow you"
    assert (await bob.http.get("/api/v1/people/ada")).json()["way"] == "following"
    assert len(await world.entry_ids(bob)) == 1
    assert await kinds(world, ada) == [], "the request is answered"
    assert await kinds(world, bob) == ["approved"]
    assert (await ada.http.post("/api/v1/requests/bob")).status_code == 404


async def test_anonymous_people_do_not_learn_that_a_private_account_is_there(world: World, ada: Person) -> None:
    await ada.http.patch("/api/v1/profile", json={"private": True})
    people = world.container.services.people
    for name in ("ada", "nobody"):
        with pytest.raises(NotFound) as refused:
            await people.profile(ANONYMOUS, name)
        assert str(refused.value) == "There is nobody of that name."


async def test_a_request_can_be_refused_and_taken_back(world: World, ada: Person, bob: Person, cy: Person) -> None:
    await ada.http.patch("/api/v1/profile", json={"private": True})
    for person in (bob, cy):
        assert (await follow(world, person, ada)).way == "asked"
    assert (await bob.http.delete("/api/v1/people/ada/follow")).json()["label"] == "You no longer ask to follow ada"
    assert (await ada.http.delete("/api/v1/requests/cy")).status_code == 200
    assert (await ada.http.get("/api/v1/requests")).json()["requests"] == []
    assert await kinds(world, ada) == await kinds(world, bob) == await kinds(world, cy) == []
    assert (await cy.http.get("/api/v1/people/ada")).json()["way"] == "none"
    assert (await follow(world, cy, ada)).way == "asked", "they may ask again"


async def test_a_follower_can_be_removed(world: World, ada: Person, bob: Person) -> None:
    share_id = await share(world, ada)
    await follow(world, bob, ada)
    await ada.http.patch("/api/v1/profile", json={"private": True})
    assert await world.entry_ids(bob) == [share_id], "who follows already is approved"
    await ada.http.delete("/api/v1/requests/bob")
    assert await world.entry_ids(bob) == []
    assert (await bob.http.get(f"/api/v1/entries/{share_id}")).status_code == 404


async def test_going_public_approves_who_asks(world: World, ada: Person, bob: Person, cy: Person) -> None:
    await ada.http.patch("/api/v1/profile", json={"private": True})
    for person in (bob, cy):
        await follow(world, person, ada)
    await ada.http.patch("/api/v1/profile", json={"private": False})
    assert await names(ada.http, "people/ada/followers") == ["cy", "bob"]
    assert await kinds(world, bob) == ["approved"]
    assert (await ada.http.get("/api/v1/requests")).json()["requests"] == []


async def test_a_request_that_a_crash_left_open_is_approved_by_upkeep(world: World, ada: Person, bob: Person) -> None:
    await ada.http.patch("/api/v1/profile", json={"private": True})
    await follow(world, bob, ada)
    await world.container.mappers.people.set_private(ada.user.id, False, now=1.0)  # and here it died
    counts = await world.container.gateways.upkeep.run()
    assert counts["ties"] == 1
    assert await names(ada.http, "people/ada/followers") == ["bob"]


# ---- blocks and mutes


async def test_a_block_parts_two_people(world: World, ada: Person, bob: Person) -> None:
    hers = await share(world, ada)
    await follow(world, bob, ada)
    await follow(world, ada, bob)
    undo = (await bob.http.delete("/api/v1/people/ada/follow")).json()["undo"]
    await follow(world, bob, ada)
    await bob.http.put(f"/api/v1/entries/{hers}/star")
    assert (await ada.http.put("/api/v1/people/bob/block")).json()["label"] == "bob is blocked"
    assert await world.entry_ids(bob) == []
    assert await world.entry_ids(bob, "starred") == []
    assert (await bob.http.get(f"/api/v1/entries/{hers}")).status_code == 404
    absent = await bob.http.get("/api/v1/people/nobody")
    hidden = await bob.http.get("/api/v1/people/ada")
    assert {**absent.json(), "request_id": ""} == {**hidden.json(), "request_id": ""}
    for call in (bob.http.post("/api/v1/follow", json={"target": "@ada"}), bob.http.put("/api/v1/people/ada/mute")):
        assert (await call).status_code == 404
    assert (await bob.http.post("/api/v1/undo", json={"token": undo})).status_code == 200
    assert await names(ada.http, "people/ada/followers") == [], "undo does not get around a block"
    assert await kinds(world, ada) == await kinds(world, bob) == []
    stub = (await ada.http.get("/api/v1/people/bob")).json()
    assert (stub["blocked"], stub["open"]) == (True, False)
    assert (await ada.http.post("/api/v1/follow", json={"target": "@bob"})).status_code == 409
    assert await names(ada.http, "blocked") == ["bob"]


async def test_a_block_can_be_answered_and_lifted(ada: Person, bob: Person) -> None:
    await ada.http.put("/api/v1/people/bob/block")
    assert (await bob.http.put("/api/v1/people/ada/block")).status_code == 200
    await ada.http.delete("/api/v1/people/bob/block")
    assert (await ada.http.get("/api/v1/people/bob")).status_code == 404
    assert await names(ada.http, "blocked") == []
    await bob.http.delete("/api/v1/people/ada/block")
    assert (await ada.http.get("/api/v1/people/bob")).json()["open"] is True
    assert (await ada.http.put("/api/v1/people/ada/block")).status_code == 422
    assert (await ada.http.put("/api/v1/people/nobody/block")).status_code == 404


async def test_muting_is_quiet(world: World, ada: Person, bob: Person) -> None:
    share_id = await share(world, ada)
    await follow(world, bob, ada)
    assert (await bob.http.get("/api/v1/sidebar")).json()["unread"] == 1
    await bob.http.put("/api/v1/people/ada/mute")
    assert (await bob.http.get("/api/v1/sidebar")).json()["unread"] == 0
    assert (await bob.http.get("/api/v1/people/ada")).json()["muted"] is True
    assert await names(bob.http, "muted") == ["ada"]
    passed = await pass_on(world, ada, share_id)
    assert passed == share_id
    assert await kinds(world, bob) == []
    await bob.http.delete("/api/v1/people/ada/mute")
    assert (await bob.http.get("/api/v1/sidebar")).json()["unread"] == 1


async def test_suggestions_over_http(world: World, ada: Person, bob: Person, cy: Person) -> None:
    await follow(world, ada, bob)
    await follow(world, bob, cy)
    feed_id = await world.feed("gazette", entries=1, readers=[ada])
    dot = await world.person("dot")
    await world.subscribe(dot, feed_id)
    entry_id = (await world.entry_ids(dot, f"feed/{feed_id}"))[0]
    await world.container.services.sharing.share(dot.actor, entry_id)
    found = (await ada.http.get("/api/v1/suggestions")).json()["people"]
    assert [(each["person"]["name"], each["through"], each["shares"]) for each in found] == [
        ("cy", ["bob"], 0),
        ("dot", [], 1),
    ]


# ---- live


async def test_open_pages_hear_of_it(world: World, ada: Person, bob: Person) -> None:
    topics = [user_topic(ada.user.id), user_topic(bob.user.id)]
    async with world.container.bus.subscribe(topics) as channel:
        await follow(world, bob, ada)
        await world.container.services.people.block(ada.actor, "bob")
        heard: list[Event] = []
        events = aiter(channel)
        async with asyncio.timeout(5):
            while len(heard) < 4:
                heard.append(await anext(events))
    assert Notified(ada.user.id) in heard
    assert {event.user_id for event in heard if isinstance(event, ReadingChanged)} == {ada.user.id, bob.user.id}


async def test_services_speak_in_errors_of_the_tree(world: World, ada: Person, bob: Person) -> None:
    people = world.container.services.people
    with pytest.raises(Invalid):
        await people.follow(ada.actor, "no name at all")
    with pytest.raises(Conflict):
        await people.block(ada.actor, "bob")
        await people.follow(ada.actor, "bob")
    assert people.target(ANONYMOUS, "/u/ada/boats") == ("ada", "boats")
    assert people.target(ANONYMOUS, "gazette.example") is None
