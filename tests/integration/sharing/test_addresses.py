"""Addresses of this instance's own streams: typed, imported, exported."""

from __future__ import annotations

import httpx
import pytest

from reader.ingest.opml import parse_opml
from tests.helpers.app import Person, World
from tests.integration.sharing.society import follow, share

OPML = """<opml><body>
<outline text="Ada" xmlUrl="http://evantr.test/u/ada/shared.atom"/>
<outline text="Again" xmlUrl="http://evantr.test/u/ada"/>
<outline text="Secret" xmlUrl="http://evantr.test/u/cy"/>
<outline text="Stored" xmlUrl="evantr:/u/3/shared"/>
</body></opml>"""


@pytest.mark.parametrize("typed", ["/u/ada", "http://evantr.test/u/ada/shared.atom", "@ada"])
async def test_an_address_of_our_own_is_known_at_once(world: World, ada: Person, bob: Person, typed: str) -> None:
    await share(world, ada)
    found = (await bob.http.post("/api/v1/discover", json={"url": typed})).json()
    assert (found["wait"], found["problem"]) == (False, None)
    [feed] = found["feeds"]
    assert (feed["title"], feed["url"], feed["subscribed"]) == ("ada", typed, False)
    made = await bob.http.post("/api/v1/subscriptions", json={"url": feed["url"]})
    assert (made.status_code, made.json()["feed_id"]) == (201, feed["feed_id"])
    assert (await bob.http.post("/api/v1/discover", json={"url": typed})).json()["feeds"][0]["subscribed"] is True
    assert (await bob.http.get("/api/v1/people/ada")).json()["way"] == "following"


@pytest.mark.parametrize("typed", ["/u/ada", "/u/nobody", "http://evantr.test/u/ada/other"])
async def test_one_that_may_not_be_seen_is_as_one_that_is_not_there(
    world: World, ada: Person, bob: Person, typed: str
) -> None:
    await share(world, ada)
    await ada.http.patch("/api/v1/profile", json={"private": True})
    found = (await bob.http.post("/api/v1/discover", json={"url": typed})).json()
    assert found["feeds"] == []
    assert found["problem"] == "There is no such stream here, or its owner shows it to people whom they approved."
    assert (await bob.http.post("/api/v1/subscriptions", json={"url": typed})).status_code == 404


async def test_a_file_with_our_own_streams_is_imported(world: World, ada: Person, bob: Person) -> None:
    cy = await world.person("cy")
    await share(world, ada)
    await share(world, cy, "other")
    await cy.http.patch("/api/v1/profile", json={"private": True})
    headers = {"Content-Type": "text/x-opml"}
    sent = (await bob.http.post("/api/v1/imports", content=OPML, headers=headers)).json()
    items = (await bob.http.get(f"/api/v1/imports/{sent['id']}/items")).json()["items"]
    assert [(item["title"], item["kind"]) for item in items] == [
        ("Ada", "new"), ("Again", "twice"), ("Secret", "new"), ("Stored", "refused"),
    ]  # fmt: skip
    await bob.http.post(f"/api/v1/imports/{sent['id']}/choose", json={"items": [1]})
    async with world.working():
        await bob.http.post(f"/api/v1/imports/{sent['id']}/start")
        importing = world.container.gateways.importing
        for job in await importing.running():
            await importing.step(job)
            await importing.step(job)
    progress = (await bob.http.get(f"/api/v1/imports/{sent['id']}")).json()
    assert progress["state"] == "done"
    assert len(await world.entry_ids(bob)) == 1
    assert (await bob.http.get("/api/v1/people/ada")).json()["way"] == "following"


async def test_an_export_has_addresses_that_others_understand(world: World, ada: Person, bob: Person) -> None:
    await follow(world, bob, ada)
    body = (await bob.http.get("/api/v1/export/opml")).content
    [outline] = parse_opml(body).outlines
    assert (outline.xml_url, outline.html_url) == (
        "http://evantr.test/u/ada/shared.atom",
        "http://evantr.test/u/ada/shared",
    )
    await bob.http.delete("/api/v1/people/ada/follow")
    again = await bob.http.post("/api/v1/imports", content=body, headers={"Content-Type": "text/x-opml"})
    items = (await bob.http.get(f"/api/v1/imports/{again.json()['id']}/items")).json()["items"]
    assert [(item["title"], item["kind"]) for item in items] == [("ada", "new")]


async def test_there_is_nothing_to_check_about_a_stream(world: World, ada: Person, bob: Person) -> None:
    feed_id = (await follow(world, bob, ada)).feed_id
    answers: list[httpx.Response] = [
        await bob.http.post(f"/api/v1/feeds/{feed_id}/check"),
        await bob.http.post("/api/v1/jobs", json={"kind": "pull", "args": {"feed_id": feed_id}}),
    ]
    assert [answer.status_code for answer in answers] == [422, 422]
    schedule = await world.container.mappers.feeds.schedule(feed_id or 0)
    assert schedule is not None and schedule.next_pull_at > 3e9
