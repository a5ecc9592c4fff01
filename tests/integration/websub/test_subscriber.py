"""We as a subscriber, by the W3C Recommendation WebSub (23 January 2018). Numbers are those of its sections."""

from __future__ import annotations

import hashlib
import hmac
import json
from itertools import pairwise
from pathlib import Path

from aiohttp import web

from reader.gateways.websub import GRACE_SECONDS, WAITING_MOST
from tests.helpers.app import Person, open_world
from tests.integration.websub.stage import BASE, Stage, feed_of, open_stage, serving

DAY = 86_400.0


async def reader(stage: Stage) -> Person:
    return await stage.world.person("ada", admin=True)


async def named(stage: Stage, *titles: str) -> tuple[int, str]:
    """A feed with a hub that takes requests, read by somebody; (the feed, its address)."""
    hub = stage.other.on("/hub", lambda _: web.Response(status=202))
    url = stage.other.url + "/feed"
    stage.other.document("/feed", feed_of(url, *(titles or ("one",)), hub=hub, own=url))
    return await stage.follow(await reader(stage), url), url


async def active(stage: Stage, *titles: str) -> tuple[int, str]:
    feed_id, url = await named(stage, *titles)
    assert (await stage.verify(feed_id)).status_code == 200
    return feed_id, url


async def asked(stage: Stage) -> dict[str, str]:
    """The last request at the hub."""
    return stage.other.of("POST")[-1].form


# ---- 4 discovery


async def test_subscriber_finds_the_hub_in_link_headers_first(stage: Stage) -> None:
    right = stage.other.on("/right", lambda _: web.Response(status=202))
    url = stage.other.url + "/feed"
    stage.other.document(
        "/feed", feed_of(url, "one", hub=stage.other.url + "/wrong", own=stage.other.url + "/no"),
        Link=f'<{right}>; rel="hub", <{url}>; rel="self"',
    )  # fmt: skip
    feed_id = await stage.follow(await reader(stage), url)
    assert [(seen.path, seen.form["hub.topic"]) for seen in stage.other.of("POST")] == [("/right", url)]
    assert (await stage.lease(feed_id)).hub == right


async def test_subscriber_finds_the_hub_in_atom_rss_and_json(stage: Stage) -> None:
    ada = await reader(stage)
    hub = stage.other.on("/hub", lambda _: web.Response(status=202))
    base = stage.other.url
    rss = (
        '<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel><title>R</title>'
        f'<atom:link rel="hub" href="{hub}"/><atom:link rel="self" href="{base}/rss"/>'
        "<item><guid>1</guid><title>x</title></item></channel></rss>"
    )
    feed = {
        "version": "https://jsonfeed.org/version/1.1", "title": "J", "feed_url": f"{base}/json",
        "hubs": [{"type": "rssCloud", "url": f"{base}/other"}, {"type": "WebSub", "url": hub}],
        "items": [{"id": "1", "content_text": "x"}],
    }  # fmt: skip
    stage.other.document("/atom", feed_of(base, "one", hub=hub, own=f"{base}/atom"))
    stage.other.document("/rss", rss, "application/rss+xml")
    stage.other.document("/json", json.dumps(feed), "application/feed+json")
    for format in ("atom", "rss", "json"):
        await stage.follow(ada, f"{base}/{format}")
        assert (await asked(stage))["hub.topic"] == f"{base}/{format}"
    assert [seen.path for seen in stage.other.of("POST")] == ["/hub"] * 3


async def test_subscriber_takes_the_feeds_own_name_as_topic(stage: Stage) -> None:
    hub = stage.other.on("/hub", lambda _: web.Response(status=202))
    url = stage.other.url + "/feed"
    stage.other.document("/feed", feed_of(url, "one", hub=hub, own=stage.other.url + "/canonical"))
    await stage.follow(await reader(stage), url)
    assert (await asked(stage))["hub.topic"] == stage.other.url + "/canonical"
    bare = stage.other.url + "/bare"
    stage.other.document("/bare", feed_of(bare, "one", hub=hub))
    await stage.follow(await stage.world.person("bob"), bare)
    assert (await asked(stage))["hub.topic"] == bare


async def test_subscriber_asks_nobody_without_a_hub(stage: Stage) -> None:
    url = stage.other.document("/feed", feed_of("http://x.example", "one"))
    feed_id = await stage.follow(await reader(stage), url)
    assert stage.other.of("POST") == []
    assert await stage.world.container.mappers.pushes.get(feed_id) is None


async def test_subscriber_asks_for_no_feed_that_nobody_reads(stage: Stage) -> None:
    hub = stage.other.on("/hub", lambda _: web.Response(status=202))
    url = stage.other.url + "/feed"
    stage.other.document("/feed", feed_of(url, "one", hub=hub, own=url))
    feeds = stage.world.container.mappers.feeds
    feed, _ = await feeds.create(url, title="", site_url=None, description=None, now=stage.world.hands.now())
    await stage.pull(feed.id)
    await stage.settle()
    assert stage.other.of("POST") == []


async def test_subscriber_asks_nobody_when_it_cannot_be_called_back(tmp_path: Path, store: str) -> None:
    """Without a public address of its own."""
    async with open_stage(tmp_path, store=store, base_url="") as other:
        feed_id, _ = await named(other)
        assert other.other.of("POST") == []
        assert await other.world.container.mappers.pushes.get(feed_id) is None


# ---- 5.1 the request


async def test_subscriber_sends_callback_mode_and_topic(stage: Stage) -> None:
    feed_id, url = await named(stage)
    (sent,) = stage.other.of("POST")
    lease = await stage.lease(feed_id)
    assert sent.headers["content-type"] == "application/x-www-form-urlencoded"
    form = sent.form
    assert (form["hub.mode"], form["hub.topic"]) == ("subscribe", url)
    assert form["hub.callback"] == f"{BASE}/websub/{lease.token}"
    assert int(form["hub.lease_seconds"]) == 10 * DAY
    assert form["hub.secret"] == lease.secret
    assert 32 <= len(lease.secret) < 200


async def test_subscriber_has_a_secret_and_a_callback_for_each_feed(stage: Stage) -> None:
    first, _ = await named(stage)
    hub = stage.other.url + "/hub"
    url = stage.other.url + "/second"
    stage.other.document("/second", feed_of(url, "one", hub=hub, own=url))
    second = await stage.follow(await stage.world.person("bob"), url)
    one, two = await stage.lease(first), await stage.lease(second)
    assert len({one.secret, two.secret, one.token, two.token}) == 4
    assert len(one.token) >= 32


async def test_subscriber_follows_a_redirect_that_keeps_the_request(stage: Stage) -> None:
    moved = stage.other.on("/moved", lambda _: web.Response(status=202))
    stage.other.status("/hub", 307, Location=moved)
    url = stage.other.url + "/feed"
    stage.other.document("/feed", feed_of(url, "one", hub=stage.other.url + "/hub", own=url))
    await stage.follow(await reader(stage), url)
    first, second = stage.other.of("POST")
    assert (first.path, second.path) == ("/hub", "/moved")
    assert first.form == second.form


async def test_subscriber_tries_a_hub_again_that_fails(stage: Stage) -> None:
    stage.other.status("/hub", 503)
    url = stage.other.url + "/feed"
    stage.other.document("/feed", feed_of(url, "one", hub=stage.other.url + "/hub", own=url))
    feed_id = await stage.follow(await reader(stage), url)
    lease = await stage.lease(feed_id)
    assert (lease.state, lease.failures, lease.asked_at) == ("failed", 1, None)
    await stage.settle()
    assert len(stage.other.of("POST")) == 1
    stage.later(500)
    await stage.settle()
    assert len(stage.other.of("POST")) == 2
    stage.later(500)
    await stage.settle()
    assert len(stage.other.of("POST")) == 2, "the pause grows"


async def test_subscriber_asks_a_hub_that_never_asks_back_less_and_less(stage: Stage) -> None:
    feed_id, _ = await named(stage)
    times = []
    for _hour in range(48):
        asked_before = len(stage.other.of("POST"))
        stage.later(3600)
        await stage.settle()
        if len(stage.other.of("POST")) > asked_before:
            times.append(_hour)
    assert 3 <= len(times) <= 8
    gaps = [later - sooner for sooner, later in pairwise(times)]
    assert gaps == sorted(gaps)
    assert "did not ask back" in ((await stage.lease(feed_id)).error or "")
    assert (await stage.verify(feed_id)).status_code in (200, 404)


# ---- 5.3 confirming


async def test_subscriber_repeats_the_challenge_of_what_it_asked_for(stage: Stage) -> None:
    feed_id, _ = await named(stage)
    answer = await stage.verify(feed_id, challenge="<script>alert(1)</script> & ü")
    assert (answer.status_code, answer.text) == (200, "<script>alert(1)</script> & ü")
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert (await stage.lease(feed_id)).state == "active"


async def test_subscriber_confirms_nothing_else(stage: Stage) -> None:
    feed_id, url = await named(stage)
    for changes in (
        {"topic": url + "x"}, {"topic": "-"}, {"mode": "unsubscribe"}, {"mode": "publish"}, {"mode": "-"},
        {"token": "x" * 43}, {"token": "short"}, {"lease_seconds": "-"}, {"lease_seconds": "soon"},
        {"lease_seconds": "-1"},
    ):  # fmt: skip
        answer = await stage.verify(feed_id, **changes)
        assert answer.status_code == 404, changes
        assert "a challenge" not in answer.text, changes
        assert (await stage.lease(feed_id)).state == "asked"
    assert (await stage.verify(feed_id)).status_code == 200
    again = await stage.verify(feed_id)
    assert again.status_code == 404, "what is confirmed is not pending any more"


async def test_subscriber_believes_the_lease_that_the_hub_grants(stage: Stage) -> None:
    feed_id, _ = await named(stage)
    now = stage.world.hands.now()
    await stage.verify(feed_id, lease_seconds="7200")
    lease = await stage.lease(feed_id)
    assert abs(lease.until - now - 7200) < 30
    assert abs(lease.renew_at - now - 3600) < 30, "half of it"


async def test_subscriber_renews_at_half_of_the_lease(stage: Stage) -> None:
    feed_id, _ = await named(stage)
    await stage.verify(feed_id, lease_seconds="7200")
    stage.later(3500)
    await stage.settle()
    assert len(stage.other.of("POST")) == 1
    stage.later(200)
    await stage.settle()
    first, second = stage.other.of("POST")
    assert second.form == first.form, "the same callback and secret"
    lease = await stage.lease(feed_id)
    assert lease.state == "active", "it holds meanwhile"
    assert (await stage.verify(feed_id, lease_seconds="7200")).status_code == 200
    assert (await stage.lease(feed_id)).until > lease.until


async def test_subscriber_polls_again_when_a_lease_runs_out(stage: Stage) -> None:
    feed_id, _ = await named(stage)
    await stage.verify(feed_id, lease_seconds="7200")
    await stage.pull(feed_id)
    assert await pause(stage, feed_id) > 20 * 3600
    stage.other.status("/hub", 500)
    for _ in range(5):
        stage.later(2000)
        await stage.settle()
    lease = await stage.lease(feed_id)
    assert lease.state == "failed"
    await stage.pull(feed_id)
    assert await pause(stage, feed_id) < 7 * 3600


async def pause(stage: Stage, feed_id: int) -> float:
    """Seconds until the feed is pulled next."""
    schedule = await stage.world.container.mappers.feeds.schedule(feed_id)
    assert schedule is not None
    return schedule.next_pull_at - stage.world.hands.now()


# ---- 5.2 denied


async def test_subscriber_heeds_a_denial(stage: Stage) -> None:
    feed_id, _ = await named(stage)
    answer = await stage.verify(feed_id, mode="denied", reason="Too many of you.", lease_seconds="-", challenge="-")
    assert answer.status_code == 200
    lease = await stage.lease(feed_id)
    assert (lease.state, lease.error) == ("denied", "Too many of you.")
    assert (await stage.verify(feed_id)).status_code == 404
    await stage.settle()
    assert len(stage.other.of("POST")) == 1, "not asked again at once"
    stage.later(8 * DAY)
    await stage.settle()
    assert len(stage.other.of("POST")) == 2


async def test_subscriber_heeds_a_denial_of_what_was_confirmed(stage: Stage) -> None:
    feed_id, url = await active(stage)
    await stage.verify(feed_id, mode="denied")
    assert (await stage.lease(feed_id)).state == "denied"
    assert (await stage.push(feed_id, feed_of(url, "two"))).status_code == 202
    await stage.settle()
    assert await stage.titles(feed_id) == ["one"]
    await stage.pull(feed_id)
    assert await pause(stage, feed_id) < 7 * 3600


async def test_subscriber_heeds_no_denial_of_what_it_did_not_ask(stage: Stage) -> None:
    feed_id, url = await active(stage)
    for changes in ({"topic": url + "x"}, {"token": "y" * 43}):
        assert (await stage.verify(feed_id, mode="denied", **changes)).status_code == 404
    assert (await stage.lease(feed_id)).state == "active"


# ---- leaving


async def test_subscriber_leaves_when_nobody_reads_any_more(stage: Stage) -> None:
    feed_id, url = await active(stage)
    ada = await stage.world.container.mappers.users.by_name("ada")
    assert ada is not None
    await stage.world.container.gateways.websub.leave_unread()
    assert len(stage.other.of("POST")) == 1, "somebody reads it"
    await stage.world.container.mappers.subscriptions.unsubscribe(ada.id, [feed_id])
    await stage.world.container.gateways.websub.leave_unread()
    await stage.settle()
    form = await asked(stage)
    assert (form["hub.mode"], form["hub.topic"]) == ("unsubscribe", url)
    assert form["hub.callback"] == stage.other.of("POST")[0].form["hub.callback"]
    assert (await stage.push(feed_id, feed_of(url, "two"))).status_code == 410
    assert (await stage.verify(feed_id)).status_code == 404, "we do not want it any more"
    answer = await stage.verify(feed_id, mode="unsubscribe", lease_seconds="-")
    assert (answer.status_code, answer.text) == (200, "a challenge & more")
    assert await stage.world.container.mappers.pushes.get(feed_id) is None


async def test_subscriber_confirms_no_unsubscription_that_it_did_not_ask(stage: Stage) -> None:
    feed_id, _ = await active(stage)
    assert (await stage.verify(feed_id, mode="unsubscribe")).status_code == 404
    assert (await stage.lease(feed_id)).state == "active"


# ---- 7 content, 8 signatures


async def test_subscriber_takes_in_what_is_signed(stage: Stage) -> None:
    feed_id, url = await active(stage)
    answer = await stage.push(feed_id, feed_of(url, "two", own=url))
    assert (answer.status_code, answer.content) == (202, b"")
    await stage.settle()
    assert await stage.titles(feed_id) == ["one", "two"]


async def test_subscriber_knows_all_four_digests(stage: Stage) -> None:
    feed_id, url = await active(stage)
    secret = (await stage.lease(feed_id)).secret
    for method in ("sha1", "sha256", "sha384", "sha512"):
        body = feed_of(url, f"by-{method}", own=url)
        right = hmac.new(secret.encode(), body.encode(), method).hexdigest()
        for written in (f"{method}={right}", f"{method.upper()}={right.upper()}"):
            assert (await stage.push(feed_id, body, signature=written)).status_code == 202
        await stage.settle()
    assert await stage.titles(feed_id) == ["one", "by-sha1", "by-sha256", "by-sha384", "by-sha512"]


async def test_subscriber_stores_nothing_on_a_bad_or_missing_signature(stage: Stage) -> None:
    """It answers with success all the same, and gives nothing away."""
    feed_id, url = await active(stage)
    lease = await stage.lease(feed_id)
    body = feed_of(url, "two", own=url)
    right = hmac.new(lease.secret.encode(), body.encode(), hashlib.sha256).hexdigest()
    md5 = hmac.new(lease.secret.encode(), body.encode(), hashlib.md5).hexdigest()
    for wrong in (
        None, "", "sha256", "sha256=", f"sha256={right[:-1]}", f"sha256={right}0", f"sha1={right}", right, f"md5={md5}",
        f"sha256={'0' * 64}", "none=", f"sha256={right[::-1]}", "sha256=ü", f"sha256 = {right}x",
        "sha256=" + hmac.new(b"", body.encode(), hashlib.sha256).hexdigest(),
        "sha256=" + hmac.new(lease.token.encode(), body.encode(), hashlib.sha256).hexdigest(),
        "sha256=" + hashlib.sha256(body.encode()).hexdigest(),
    ):  # fmt: skip
        answer = await stage.push(feed_id, body, signature=wrong)
        assert (answer.status_code, answer.content) == (202, b""), wrong
    other = await stage.push(feed_id, body + " ", signature=f"sha256={right}")
    assert other.status_code == 202, "of another body"
    assert (await stage.world.container.mappers.pushes.stats(0.0))["waiting"] == 0
    await stage.settle()
    assert await stage.titles(feed_id) == ["one"]


async def test_subscriber_stores_nothing_before_it_confirmed(stage: Stage) -> None:
    feed_id, url = await named(stage)
    assert (await stage.push(feed_id, feed_of(url, "two", own=url))).status_code == 202
    await stage.settle()
    assert await stage.titles(feed_id) == ["one"]


async def test_subscriber_says_410_to_who_knows_no_callback(stage: Stage) -> None:
    for token in ("x" * 43, "short", "%2e%2e"):
        assert (await stage.stranger.post(f"/websub/{token}", content=b"x")).status_code == 410


async def test_subscriber_takes_a_document_once(stage: Stage) -> None:
    feed_id, url = await active(stage)
    for _ in range(3):
        await stage.push(feed_id, feed_of(url, "two", own=url))
        await stage.settle()
    await stage.push(feed_id, feed_of(url, "three", "two", "one", own=url))
    await stage.settle()
    assert await stage.titles(feed_id) == ["one", "two", "three"]


async def test_subscriber_takes_changes_in_place(stage: Stage) -> None:
    feed_id, url = await active(stage)
    before = await stage.entries(feed_id)
    await stage.push(feed_id, feed_of(url, "one", own=url).replace("<content>one", "<content>changed"))
    await stage.settle()
    (after,) = await stage.entries(feed_id)
    assert (after.id, after.content) == (before[0].id, "<p>changed</p>")


async def test_subscriber_loses_nothing_while_a_pull_has_the_feed(stage: Stage) -> None:
    feed_id, url = await active(stage)
    feeds, now = stage.world.container.mappers.feeds, stage.world.hands.now()
    token = await feeds.lease(feed_id, now, now + 30)
    assert token is not None
    await stage.push(feed_id, feed_of(url, "two", own=url))
    await stage.settle()
    assert await stage.titles(feed_id) == ["one"]
    await feeds.release(feed_id, token)
    stage.later(5)
    await stage.settle()
    assert await stage.titles(feed_id) == ["one", "two"]


async def test_subscriber_takes_no_more_than_it_can_read(stage: Stage) -> None:
    feed_id, url = await active(stage)
    answers = [await stage.push(feed_id, feed_of(url, f"n{n}", own=url)) for n in range(WAITING_MOST + 2)]
    assert [answer.status_code for answer in answers] == [202] * WAITING_MOST + [503] * 2
    assert int(answers[-1].headers["retry-after"]) > 0
    await stage.settle()
    assert len(await stage.titles(feed_id)) == WAITING_MOST + 1
    large = await stage.push(feed_id, b"x" * 6_000_000)
    assert large.status_code == 413


async def test_subscriber_pulls_what_it_cannot_read(stage: Stage) -> None:
    feed_id, url = await active(stage)
    stage.other.document("/feed", feed_of(url, "two", "one", hub=stage.other.url + "/hub", own=url))
    await stage.push(feed_id, "no feed at all")
    await stage.settle()
    assert await pause(stage, feed_id) <= 0, "due at once"
    await stage.pull(feed_id)
    assert await stage.titles(feed_id) == ["one", "two"]
    assert (await stage.lease(feed_id)).missed_at is None, "the hub did tell"


async def test_subscriber_takes_a_hub_that_speaks_of_another_address_for_a_bell(stage: Stage) -> None:
    """A feed that names another one as itself: what is pushed is that other's."""
    hub = stage.other.on("/hub", lambda _: web.Response(status=202))
    url = stage.other.url + "/category"
    stage.other.document("/category", feed_of(url, "one", hub=hub, own=stage.other.url + "/all"))
    feed_id = await stage.follow(await reader(stage), url)
    await stage.verify(feed_id)
    await stage.push(feed_id, feed_of(stage.other.url, "foreign", own=stage.other.url + "/all"))
    await stage.settle()
    assert await stage.titles(feed_id) == ["one"]
    assert await pause(stage, feed_id) <= 0


# ---- what it is good for


async def test_subscriber_polls_once_a_day(stage: Stage) -> None:
    feed_id, url = await active(stage)
    await stage.pull(feed_id)
    first = await pause(stage, feed_id)
    assert 0.85 * DAY < first < 1.15 * DAY
    for n in range(5):
        stage.later(3600)
        await stage.push(feed_id, feed_of(url, f"n{n}", own=url))
        await stage.settle()
    assert await pause(stage, feed_id) <= first - 5 * 3600 + 60, "pushes do not put it off for ever"


async def test_subscriber_notices_a_hub_that_keeps_news_to_itself(stage: Stage) -> None:
    feed_id, url = await active(stage)
    await stage.pull(feed_id)
    hub = stage.other.url + "/hub"
    stage.later(2 * DAY)
    published = stage.world.hands.now() - 3600
    stage.other.document("/feed", dated(feed_of(url, "two", "one", hub=hub, own=url), published))
    await stage.pull(feed_id)
    assert await stage.titles(feed_id) == ["one", "two"]
    assert (await stage.lease(feed_id)).missed_at is not None
    assert await pause(stage, feed_id) < 7 * 3600, "polled again"
    await stage.push(feed_id, feed_of(url, "three", own=url))
    await stage.settle()
    assert (await stage.lease(feed_id)).missed_at is None, "trusted again"
    await stage.pull(feed_id)
    assert await pause(stage, feed_id) > 0.85 * DAY


def dated(document: str, at: float) -> str:
    from datetime import UTC, datetime

    return document.replace("2026-01-01T00:00:00Z", datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))


async def test_subscriber_suspects_no_hub_that_may_be_about_to_tell(stage: Stage) -> None:
    feed_id, url = await active(stage)
    stage.later(2 * DAY)
    fresh = stage.world.hands.now() - GRACE_SECONDS / 2
    hub = stage.other.url + "/hub"
    stage.other.document("/feed", dated(feed_of(url, "two", "one", hub=hub, own=url), fresh))
    await stage.pull(feed_id)
    assert await stage.titles(feed_id) == ["one", "two"]
    assert (await stage.lease(feed_id)).missed_at is None


async def test_subscriber_suspects_no_hub_of_what_is_older_than_the_lease(stage: Stage) -> None:
    feed_id, url = await named(stage)
    stage.later(DAY)
    before = stage.world.hands.now() - 3600
    await stage.pull(feed_id)
    await stage.verify(feed_id)
    stage.later(3600)
    hub = stage.other.url + "/hub"
    stage.other.document("/feed", dated(feed_of(url, "two", "one", hub=hub, own=url), before))
    await stage.pull(feed_id)
    assert (await stage.lease(feed_id)).missed_at is None


async def test_subscriber_goes_on_with_the_hub_that_is_named_now(stage: Stage) -> None:
    feed_id, url = await active(stage)
    before = await stage.lease(feed_id)
    other = stage.other.on("/other", lambda _: web.Response(status=202))
    stage.other.document("/feed", feed_of(url, "two", "one", hub=other, own=url))
    await stage.pull(feed_id)
    await stage.settle()
    after = await stage.lease(feed_id)
    assert (after.hub, after.state) == (other, "asked")
    assert after.token != before.token and after.secret != before.secret
    assert (await stage.stranger.post(f"/websub/{before.token}", content=b"x")).status_code == 410


async def test_subscriber_asks_no_hub_inside_the_network(tmp_path: Path, store: str) -> None:
    """Of an instance as it comes: a feed may name any address as its hub."""
    async with serving() as hub, open_world(tmp_path, store=store, base_url=BASE, fetch_allow=()) as world:
        await world.container.fetcher.start()
        ada = await world.person("ada", admin=True)
        feed_id = await world.feed("gazette", entries=1, readers=[ada])
        websub, mappers = world.container.gateways.websub, world.container.mappers
        now = world.hands.now()
        inner = f"{hub.url}/hub"
        await mappers.pushes.want(feed_id, inner, "https://gazette.example/", token="t", secret="s", now=now)
        await websub.ask(feed_id)
        lease = await mappers.pushes.get(feed_id)
        assert lease is not None
        assert lease.state == "failed"
        assert hub.seen == []
