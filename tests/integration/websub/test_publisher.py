"""We as a publisher, by the W3C Recommendation WebSub (23 January 2018): public streams name their hub (4)."""

from __future__ import annotations

from lxml import html

from reader.ingest.websub import links
from tests.helpers.formats import ATOM, judge_atom, judge_json_feed, judge_rss
from tests.integration.websub.stage import BASE, Stage

HUB = f"{BASE}/hub"


async def streams(stage: Stage) -> None:
    await stage.share(await stage.world.person("ada", admin=True))


async def test_publisher_names_hub_and_topic_in_link_headers(stage: Stage) -> None:
    await streams(stage)
    for format in ("atom", "rss", "json"):
        answer = await stage.stranger.get(f"/u/ada/shared.{format}")
        told = list(links(answer.headers["link"], BASE))
        assert [url for rel, url in told if rel == "hub"] == [HUB], format
        assert [url for rel, url in told if rel == "self"] == [f"{BASE}/u/ada/shared.{format}"], format


async def test_publisher_names_hub_and_topic_in_the_document(stage: Stage) -> None:
    await streams(stage)
    for format, judge in (("atom", judge_atom), ("rss", judge_rss)):
        root = judge((await stage.stranger.get(f"/u/ada/shared.{format}")).content)
        parent = root if format == "atom" else root.find("channel")
        named = [(link.get("rel"), link.get("href")) for link in parent.findall(f"{ATOM}link")]
        assert [href for rel, href in named if rel == "hub"] == [HUB]
        assert [href for rel, href in named if rel == "self"] == [f"{BASE}/u/ada/shared.{format}"]
    feed = judge_json_feed((await stage.stranger.get("/u/ada/shared.json")).content)
    assert feed["hubs"] == [{"type": "WebSub", "url": HUB}]
    assert feed["feed_url"] == f"{BASE}/u/ada/shared.json"


async def test_publisher_says_the_same_with_and_without_content(stage: Stage) -> None:
    """A HEAD request, and one whose answer is 304, tell the same links."""
    await streams(stage)
    full = await stage.stranger.get("/u/ada/shared.atom")
    head = await stage.stranger.head("/u/ada/shared.atom")
    same = await stage.stranger.get("/u/ada/shared.atom", headers={"If-None-Match": full.headers["etag"]})
    assert same.status_code == 304
    assert full.headers["link"] == head.headers["link"] == same.headers["link"]


async def test_publisher_names_topics_that_its_hub_takes(stage: Stage) -> None:
    await streams(stage)
    for format in ("atom", "rss", "json"):
        answer = await stage.stranger.get(f"/u/ada/shared.{format}")
        told = dict(links(answer.headers["link"], BASE))
        data = {"hub.mode": "subscribe", "hub.topic": told["self"], "hub.callback": stage.other.url + "/callback"}
        assert (await stage.stranger.post(told["hub"], data=data)).status_code == 202


async def test_publisher_names_no_hub_where_nothing_will_be_pushed(stage: Stage) -> None:
    """Archives do not change, and private streams are not given to hubs."""
    ada = await stage.world.person("ada", admin=True)
    await stage.share(ada, 120)
    archive = await stage.stranger.get("/u/ada/shared.atom?archive=1")
    assert archive.status_code == 200
    assert "hub" not in dict(links(archive.headers["link"], BASE))
    assert b'rel="hub"' not in archive.content
    await stage.world.container.services.people.edit_profile(ada.actor, private=True)
    own = await ada.http.get("/u/ada/shared.atom")
    assert own.status_code == 200
    assert "hub" not in dict(links(own.headers["link"], BASE))
    assert b'rel="hub"' not in own.content


async def test_publisher_tells_its_hub_by_itself(stage: Stage) -> None:
    """How is left open by the Recommendation (6); that it happens is not."""
    ada = await stage.world.person("ada", admin=True)
    await stage.share(ada)
    await stage.subscribe()
    await stage.share(ada)
    await stage.settle()
    assert len(stage.other.of("POST")) == 1


async def test_publishers_pages_lead_to_the_documents(stage: Stage) -> None:
    await streams(stage)
    for page in ("/u/ada/shared", "/u/ada"):
        root = html.fromstring((await stage.stranger.get(page)).content)
        found = {link.get("type"): link.get("href") for link in root.iter("link") if link.get("rel") == "alternate"}
        assert found == {
            "application/atom+xml": f"{BASE}/u/ada/shared.atom",
            "application/rss+xml": f"{BASE}/u/ada/shared.rss",
            "application/feed+json": f"{BASE}/u/ada/shared.json",
        }, page
