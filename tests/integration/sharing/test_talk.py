"""Comments, answers and likes below shares, and what is told of them."""

from __future__ import annotations

from typing import Any

import pytest

from reader.errors import Forbidden, Limited, NotFound
from reader.events import TalkChanged, feed_topic
from reader.models.user import ANONYMOUS
from tests.helpers.app import Person, World
from tests.integration.sharing.society import follow, kinds, pass_on, share


@pytest.fixture
async def cy(world: World, bob: Person) -> Person:
    return await world.person("cy")


async def say(person: Person, share_id: int, text: str = "Good", parent_id: int | None = None) -> int:
    body = {"text": text, "parent_id": parent_id}
    answer = await person.http.post(f"/api/v1/shares/{share_id}/comments", json=body)
    assert answer.status_code == 201, answer.text
    made: int = answer.json()["id"]
    return made


async def talk(person: Person, share_id: int) -> dict[str, Any]:
    answer = await person.http.get(f"/api/v1/shares/{share_id}/comments")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def said(person: Person, share_id: int) -> list[tuple[str, list[str]]]:
    """Texts with those of their answers."""
    comments = (await talk(person, share_id))["comments"]
    return [(each["text"], [answer["text"] for answer in each["answers"]]) for each in comments]


async def test_comments_stand_in_order_with_their_answers(world: World, ada: Person, bob: Person, cy: Person) -> None:
    share_id = await share(world, ada)
    first = await say(bob, share_id, "  <b>Is it</b> so?\r\n\r\n\r\nReally? ")
    await say(cy, share_id, "Second")
    answer = await say(ada, share_id, "It is", first)
    await say(bob, share_id, "Thanks", answer)
    assert await said(cy, share_id) == [("<b>Is it</b> so?\n\nReally?", ["It is", "Thanks"]), ("Second", [])]
    top = (await talk(bob, share_id))["comments"][0]
    assert (top["person"]["name"], top["mine"], top["deletable"]) == ("bob", True, True)
    assert not top["answers"][0]["deletable"]
    assert all(each["deletable"] for each in (await talk(ada, share_id))["comments"]), "the owner of the share"
    view = await world.container.services.talk.comments(ANONYMOUS, share_id)
    assert len(view.comments) == 2 and not view.may_comment and view.why_not == "Sign in to comment."


@pytest.mark.parametrize("text", ["", "   ", "x" * 2001, "a\u0007b"])
async def test_a_comment_is_plain_text_of_bearable_length(world: World, ada: Person, text: str) -> None:
    share_id = await share(world, ada)
    answer = await ada.http.post(f"/api/v1/shares/{share_id}/comments", json={"text": text})
    assert answer.status_code == 422
    assert await said(ada, share_id) == []


async def test_what_is_answered_is_of_the_same_share_and_seen(
    world: World, ada: Person, bob: Person, cy: Person
) -> None:
    one, two = await share(world, ada, "one"), await share(world, ada, "two")
    elsewhere = await say(bob, two, "Elsewhere")
    of_blocked = await say(bob, one, "Of somebody blocked")
    await cy.http.put("/api/v1/people/bob/block")
    for parent_id in (elsewhere, of_blocked, 999):
        answer = await cy.http.post(f"/api/v1/shares/{one}/comments", json={"text": "Hm", "parent_id": parent_id})
        assert (answer.status_code, answer.json()["detail"]) == (404, "There is no such comment.")


async def test_the_owner_says_who_may_comment(world: World, ada: Person, bob: Person, cy: Person) -> None:
    share_id = await share(world, ada)
    await follow(world, bob, ada)
    for setting, may in (("all", [True, True, True]), ("followers", [True, True, False]), ("nobody", [False] * 3)):
        await ada.http.patch("/api/v1/profile", json={"talk": setting})
        assert [(await talk(each, share_id))["may_comment"] for each in (ada, bob, cy)] == may
        for person, allowed in zip((ada, bob, cy), may, strict=True):
            answer = await person.http.post(f"/api/v1/shares/{share_id}/comments", json={"text": setting})
            assert answer.status_code == (201 if allowed else 403), setting
    assert (await talk(cy, share_id))["why_not"] == "ada takes no comments."


async def test_a_comment_is_deleted_by_its_writer_and_by_who_shared(
    world: World, ada: Person, bob: Person, cy: Person
) -> None:
    share_id = await share(world, bob)
    mine, hers, kept = await say(cy, share_id, "1"), await say(ada, share_id, "2"), await say(cy, share_id, "3")
    await say(ada, share_id, "Answer", kept)
    dot = await world.person("dot")
    for absent in (hers, 999):
        answer = await dot.http.delete(f"/api/v1/comments/{absent}")
        assert (answer.status_code, answer.json()["detail"]) == (404, "There is no such comment.")
    assert (await cy.http.delete(f"/api/v1/comments/{mine}")).json()["label"] == "Comment deleted"
    assert (await bob.http.delete(f"/api/v1/comments/{hers}")).status_code == 200
    assert (await ada.http.delete(f"/api/v1/comments/{kept}")).status_code == 200, "administrators may"
    assert (await cy.http.delete(f"/api/v1/comments/{kept}")).status_code == 404
    assert await said(dot, share_id) == [("", ["Answer"])]
    gone = (await talk(dot, share_id))["comments"][0]
    assert (gone["deleted"], gone["deletable"]) == (True, False)
    assert await kinds(world, bob) == ["comment"], "what was deleted is told no more; the answer is"


async def test_comments_of_whom_one_does_not_see_are_not_there(
    world: World, ada: Person, bob: Person, cy: Person
) -> None:
    share_id = await share(world, ada)
    asked = await say(bob, share_id, "From bob")
    await say(ada, share_id, "To bob", asked)
    everything = [("From bob", ["To bob"])]
    await cy.http.put("/api/v1/people/bob/mute")
    assert await said(cy, share_id) == []
    assert await said(bob, share_id) == everything
    await cy.http.delete("/api/v1/people/bob/mute")
    await bob.http.put("/api/v1/people/cy/block")
    assert await said(cy, share_id) == []
    await bob.http.delete("/api/v1/people/cy/block")
    await bob.http.patch("/api/v1/profile", json={"private": True})
    assert await said(cy, share_id) == []
    assert await said(ada, share_id) == everything, "who shared answers for what stands there"
    assert (await talk(ada, share_id))["comments"][0]["person"]["about"] == ""


async def test_what_cannot_be_seen_cannot_be_talked_about(world: World, ada: Person, bob: Person) -> None:
    share_id = await share(world, ada)
    await ada.http.patch("/api/v1/profile", json={"private": True})
    for absent in (share_id, 999):
        path = f"/api/v1/shares/{absent}"
        answers = [
            await bob.http.get(f"{path}/comments"),
            await bob.http.post(f"{path}/comments", json={"text": "Hm"}),
            await bob.http.put(f"{path}/like"),
            await bob.http.delete(f"{path}/like"),
        ]
        assert [(a.status_code, a.json()["detail"]) for a in answers] == [(404, "There is no such share.")] * 4
    await ada.http.patch("/api/v1/profile", json={"private": False})
    await world.container.services.sharing.unshare(ada.actor, share_id)
    assert (await bob.http.get(f"/api/v1/shares/{share_id}/comments")).status_code == 404
    with pytest.raises(NotFound):
        await world.container.services.talk.comments(ANONYMOUS, share_id)


async def test_too_many_comments_are_refused_in_words(world: World, ada: Person, bob: Person) -> None:
    share_id = await share(world, ada)
    for n in range(10):
        await say(bob, share_id, str(n))
    answer = await bob.http.post(f"/api/v1/shares/{share_id}/comments", json={"text": "One more"})
    assert answer.status_code == 429
    assert answer.json()["detail"] == "You may write 10 comments a minute. Wait a little."
    assert answer.headers["retry-after"] == "60"
    await say(ada, share_id, "Others may")
    world.hands.ahead += 61
    await say(bob, share_id, "Later")


async def test_likes(world: World, ada: Person, bob: Person, cy: Person) -> None:
    share_id = await share(world, ada)
    for person in (bob, cy, ada):
        assert (await person.http.put(f"/api/v1/shares/{share_id}/like")).json()["changed"] == 1
    assert (await bob.http.put(f"/api/v1/shares/{share_id}/like")).json()["changed"] == 0
    found = await talk(bob, share_id)
    assert (found["likes"], found["liked"]) == (3, True)
    assert [person["name"] for person in found["likers"]] == ["ada", "cy", "bob"]
    notices = (await world.container.services.people.notifications(ada.actor)).notices
    assert [(notice.kind, [person.name for person in notice.people]) for notice in notices] == [("like", ["cy", "bob"])]
    await cy.http.delete(f"/api/v1/shares/{share_id}/like")
    await bob.http.patch("/api/v1/profile", json={"private": True})
    found = await talk(cy, share_id)
    assert (found["likes"], found["liked"], [person["name"] for person in found["likers"]]) == (1, False, ["ada"])
    assert await kinds(world, ada) == ["like"], "bob's alone"
    service = world.container.services.talk
    with pytest.raises(Limited):
        for _ in range(70):
            await service.like(cy.actor, share_id, True)
    with pytest.raises(Forbidden):
        await service.like(ANONYMOUS, share_id, True)


async def test_open_pages_hear_of_talk(world: World, ada: Person, bob: Person) -> None:
    share_id = await share(world, ada)
    found = await world.container.mappers.shares.get(share_id)
    assert found is not None
    async with world.container.bus.subscribe([feed_topic(found.feed_id)]) as channel:
        comment_id = await say(bob, share_id)
        await bob.http.put(f"/api/v1/shares/{share_id}/like")
        await bob.http.delete(f"/api/v1/comments/{comment_id}")
        events = aiter(channel)
        heard = [await anext(events) for _ in range(3)]
    assert heard == [TalkChanged(found.feed_id, share_id)] * 3


# ---- notifications


async def test_each_side_is_told_what_concerns_it(world: World, ada: Person, bob: Person, cy: Person) -> None:
    share_id = await share(world, ada)
    asked = await say(bob, share_id, "Is it so?" + " really" * 50)
    await say(cy, share_id, "It is", asked)
    await say(ada, share_id, "Yes", asked)
    await follow(world, cy, ada)
    passed = await pass_on(world, cy, share_id)
    assert await kinds(world, ada) == ["reshare", "follow", "comment", "comment"]
    assert await kinds(world, bob) == ["answer", "answer"]
    assert await kinds(world, cy) == []
    notices = (await ada.http.get("/api/v1/notifications")).json()["notifications"]
    assert notices[0]["share_id"] == passed and notices[0]["title"].startswith("Entry 0 of feed")
    assert notices[3]["text"] == ("Is it so?" + " really" * 50)[:200]
    assert [person["name"] for person in notices[2]["people"]] == ["cy"]


async def test_likes_are_told_together_and_can_be_seen(world: World, ada: Person) -> None:
    one, two = await share(world, ada, "one"), await share(world, ada, "two")
    people = [await world.person(f"p{n}") for n in range(5)]
    for person in people:
        await person.http.put(f"/api/v1/shares/{one}/like")
    await people[0].http.put(f"/api/v1/shares/{two}/like")
    page = (await ada.http.get("/api/v1/notifications")).json()
    told = [(each["share_id"], [p["name"] for p in each["people"]], each["others"]) for each in page["notifications"]]
    assert told == [(two, ["p0"], 0), (one, ["p4", "p3", "p2"], 2)]
    assert page["unseen"] == (await ada.http.get("/api/v1/notifications/unseen")).json()["unseen"] == 6
    up_to = page["notifications"][1]["id"]
    assert (await ada.http.post("/api/v1/notifications/seen", json={"up_to": up_to})).json() == {"unseen": 1}
    page = (await ada.http.get("/api/v1/notifications")).json()
    assert [each["seen"] for each in page["notifications"]] == [False, True]
    first = (await ada.http.get("/api/v1/notifications?limit=2")).json()
    rest = (await ada.http.get(f"/api/v1/notifications?before={first['next']}")).json()
    counted = [len(each["people"]) + each["others"] for each in first["notifications"] + rest["notifications"]]
    assert counted == [1, 1, 4] and rest["next"] is None


@pytest.mark.parametrize("tie", ["block", "mute"])
async def test_nothing_is_told_of_whom_one_blocked_or_muted(
    world: World, ada: Person, bob: Person, cy: Person, tie: str
) -> None:
    share_id, other = await share(world, ada), await share(world, cy, "other")
    asked = await say(ada, other, "Is it so?")
    await ada.http.put(f"/api/v1/people/bob/{tie}")
    await bob.http.post("/api/v1/follow", json={"target": "@ada"})
    await bob.http.put(f"/api/v1/shares/{share_id}/like")
    await bob.http.post(f"/api/v1/shares/{share_id}/comments", json={"text": "Hm"})
    await bob.http.post(f"/api/v1/shares/{other}/comments", json={"text": "Hm", "parent_id": asked})
    assert await kinds(world, ada) == []
    assert (await ada.http.get("/api/v1/notifications/unseen")).json() == {"unseen": 0}


async def test_who_went_private_is_told_of_no_more(world: World, ada: Person, bob: Person, cy: Person) -> None:
    share_id = await share(world, cy)
    asked = await say(ada, share_id, "Is it so?")
    await say(bob, share_id, "It is", asked)
    assert await kinds(world, ada) == ["answer"]
    await bob.http.patch("/api/v1/profile", json={"private": True})
    assert await kinds(world, ada) == []
    await bob.http.patch("/api/v1/profile", json={"private": False})
    await cy.http.patch("/api/v1/profile", json={"private": True})
    assert await kinds(world, ada) == []
    asked = await say(cy, share_id, "Hm")
    await say(cy, share_id, "Nobody else sees this", asked)
    assert await kinds(world, ada) == []


async def test_upkeep_trims_what_is_older_than_90_days(world: World, ada: Person, bob: Person) -> None:
    await follow(world, bob, ada)
    world.hands.ahead += 89 * 86_400
    assert (await world.container.gateways.upkeep.run())["notifications"] == 0
    world.hands.ahead += 2 * 86_400
    assert (await world.container.gateways.upkeep.run())["notifications"] == 1
    assert await kinds(world, ada) == []
