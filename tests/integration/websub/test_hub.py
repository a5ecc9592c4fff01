"""Our hub, by the W3C Recommendation WebSub (23 January 2018). Numbers are those of its sections."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

import httpx
import pytest
from aiohttp import web

from reader.gateways import hub as gateway
from reader.gateways.hub import FAILURES_MOST, LEASE_DEFAULT, LEASE_LEAST, LEASE_MOST
from tests.helpers.app import PASSWORD, Person, open_world
from tests.helpers.formats import ATOM, judge_atom
from tests.integration.websub.stage import BASE, TOPIC, Seen, Stage, echo


async def ada_of(stage: Stage) -> Person:
    ada = await stage.world.person("ada", admin=True)
    await stage.share(ada)
    return ada


# ---- 5.1 what a subscriber sends


async def test_hub_accepts_a_request_with_callback_mode_and_topic(stage: Stage) -> None:
    await ada_of(stage)
    answer = await stage.ask()
    assert answer.status_code == 202, "5.2"
    assert answer.headers["content-type"].startswith("text/plain")


async def test_hub_ignores_parameters_that_it_does_not_know(stage: Stage) -> None:
    await ada_of(stage)
    assert (await stage.ask(verify="sync", other="ü")).status_code == 202


async def test_hub_refuses_what_lacks_a_parameter_in_words(stage: Stage) -> None:
    await ada_of(stage)
    for field in ("mode", "callback"):
        answer = await stage.ask(**{field: "-"})
        assert answer.status_code == 400, field
        assert answer.headers["content-type"].startswith("text/plain")
        assert f"hub.{field}" in answer.text
    assert (await stage.ask(topic="-")).status_code == 404
    assert (await stage.ask(mode="publish")).status_code == 400
    assert (await stage.stranger.post("/hub", json={"hub.mode": "subscribe"})).status_code == 400
    assert (await stage.stranger.post("/hub", content=b"\xff=%", headers=FORM)).status_code == 400
    assert (await stage.stranger.post("/hub", content=b"x" * 20_000, headers=FORM)).status_code == 400


FORM = {"Content-Type": "application/x-www-form-urlencoded"}


async def test_hub_accepts_a_secret_below_200_bytes_and_no_longer_one(stage: Stage) -> None:
    await ada_of(stage)
    assert (await stage.ask(secret="x" * 199)).status_code == 202
    for secret in ("x" * 200, "ü" * 100):
        answer = await stage.ask(secret=secret)
        assert (answer.status_code, "hub.secret" in answer.text) == (400, True)


async def test_hub_grants_leases_within_limits(stage: Stage) -> None:
    await ada_of(stage)
    for wished, granted in (
        ("-", LEASE_DEFAULT), ("7200", 7200), ("1", LEASE_LEAST), ("999999999", LEASE_MOST), ("0", LEASE_LEAST),
    ):  # fmt: skip
        now = stage.world.hands.now()
        subscription = await stage.subscribe(lease_seconds=wished)
        assert abs(subscription.until - now - granted) < 60, wished
        assert stage.other.of("GET")[-1].asked["hub.lease_seconds"] == str(granted)
    for wrong in ("-5", "1.5", "forever", "1" * 30):
        assert (await stage.ask(lease_seconds=wrong)).status_code == 400, wrong


async def test_hub_preserves_the_query_of_a_callback(stage: Stage) -> None:
    ada = await ada_of(stage)
    await stage.subscribe("/callback?id=7&hub.mode=mine&empty=")
    (asked,) = stage.other.of("GET")
    assert asked.query[:3] == [("id", "7"), ("hub.mode", "mine"), ("empty", "")], "what was there stays in front"
    assert ("hub.mode", "subscribe") in asked.query[3:]
    await stage.share(ada)
    await stage.settle()
    (sent,) = stage.other.of("POST")
    assert sent.query == [("id", "7"), ("hub.mode", "mine"), ("empty", "")]


async def test_hub_allows_renewal_and_the_last_confirmed_request_counts(stage: Stage) -> None:
    ada = await ada_of(stage)
    first = await stage.subscribe(secret="old", lease_seconds="7200")
    second = await stage.subscribe(secret="new", lease_seconds="86400")
    assert (second.id, second.secret) == (first.id, "new")
    assert second.until > first.until
    assert len(await stage.subscriptions()) == 1
    await stage.share(ada)
    await stage.settle()
    (sent,) = stage.other.of("POST")
    assert sent.headers["x-hub-signature"] == signature(sent.body, "new")


def signature(body: bytes, secret: str) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


async def test_hub_leaves_the_state_unchanged_when_a_renewal_is_not_confirmed(stage: Stage) -> None:
    await ada_of(stage)
    before = await stage.subscribe(secret="old")
    stage.other.status("/callback", 500)
    for mode in ("subscribe", "unsubscribe"):
        assert (await stage.ask(mode=mode, secret="new")).status_code == 202
        await stage.settle()
        assert await stage.subscriptions() == [before], mode


# ---- 5.2 denial


async def test_hub_refuses_topics_that_are_not_its_own(stage: Stage) -> None:
    ada = await ada_of(stage)
    for topic in (
        "https://elsewhere.example/feed", f"{BASE}/", f"{BASE}/u/ada", f"{BASE}/u/ada/none.atom",
        f"{BASE}/u/nobody/shared.atom", f"{TOPIC}?archive=1", "http://other.test/u/ada/shared.atom", "x" * 9999,
        f"{BASE}/u/ada/shared.atom/x", "",
    ):  # fmt: skip
        assert (await stage.ask(topic=topic)).status_code == 404, topic
    await stage.world.container.services.people.edit_profile(ada.actor, private=True)
    hidden, absent = await stage.ask(), await stage.ask(topic=f"{BASE}/u/nobody/shared.atom")
    assert (hidden.status_code, hidden.text) == (404, absent.text)
    await stage.settle()
    assert stage.other.seen == []


async def test_hub_tells_a_subscriber_that_is_denied_later(stage: Stage) -> None:
    """A stream that stops being public: before the confirmation, and after."""
    ada = await ada_of(stage)
    await stage.subscribe("/early")
    assert (await stage.ask(path="/late")).status_code == 202
    await stage.world.container.services.people.edit_profile(ada.actor, private=True)
    await stage.share(ada)
    await stage.settle()
    for path in ("/early", "/late"):
        told = stage.other.of("GET", path)[-1].asked
        assert (told["hub.mode"], told["hub.topic"]) == ("denied", TOPIC), path
        assert told["hub.reason"]
    assert stage.other.of("POST") == []
    assert await stage.subscriptions() == []


async def test_hub_ends_with_the_stream_and_with_the_account(stage: Stage) -> None:
    ada = await ada_of(stage)
    sharing = stage.world.container.services.sharing
    boats = await sharing.add_stream(ada.actor, "Boats", name="boats")
    topic = f"{BASE}/u/ada/boats.atom"
    stage.other.on("/boats", echo)
    assert (await stage.ask(path="/boats", topic=topic)).status_code == 202
    await stage.settle()
    await stage.subscribe("/shared")
    await sharing.remove_stream(ada.actor, boats.id)
    await stage.settle()
    told = stage.other.of("GET", "/boats")[-1].asked
    assert (told["hub.mode"], told["hub.topic"]) == ("denied", topic)
    assert len(await stage.subscriptions()) == 1
    container = stage.world.container
    await container.services.departure.leave(ada.actor, PASSWORD)
    await stage.settle()
    assert stage.other.of("GET", "/shared")[-1].asked["hub.mode"] == "denied"
    assert stage.other.of("POST") == []
    assert (await container.mappers.hub.stats(0.0))["subscriptions"] == 0


# ---- 5.3 verification of intent


async def test_hub_asks_the_callback_before_anything_counts(stage: Stage) -> None:
    await ada_of(stage)
    stage.other.on("/callback", echo)
    await stage.ask()
    assert await stage.subscriptions() == []
    await stage.settle()
    (asked,) = stage.other.of("GET")
    assert asked.asked["hub.mode"] == "subscribe"
    assert asked.asked["hub.topic"] == TOPIC
    assert int(asked.asked["hub.lease_seconds"]) > 0
    assert len(asked.asked["hub.challenge"]) >= 32
    assert len(await stage.subscriptions()) == 1


async def test_hub_never_uses_a_challenge_twice(stage: Stage) -> None:
    await ada_of(stage)
    for _ in range(3):
        await stage.subscribe()
    challenges = {seen.asked["hub.challenge"] for seen in stage.other.of("GET")}
    assert len(challenges) == 3


async def test_hub_takes_any_answer_but_success_for_a_failure(stage: Stage) -> None:
    await ada_of(stage)
    elsewhere = stage.other.on("/elsewhere", echo)

    def redirecting(seen: Seen) -> web.Response:
        query = "&".join(f"{name}={value}" for name, value in seen.query)
        return web.Response(status=302, headers={"Location": f"{elsewhere}?{query}"})

    def failing(status: int):  # type: ignore[no-untyped-def]
        return lambda seen: web.Response(status=status, text=seen.asked["hub.challenge"])

    for answer in (redirecting, *map(failing, (301, 404, 410, 500, 503))):
        stage.other.on("/callback", answer)
        await stage.ask()
        await stage.settle()
        assert await stage.subscriptions() == []
    assert stage.other.of("GET", "/elsewhere") == []


async def test_hub_takes_a_wrong_challenge_for_a_failure(stage: Stage) -> None:
    await ada_of(stage)
    for text in ("", "yes", "{}", "x" * 50_000):
        stage.other.document("/callback", text, "text/plain")
        await stage.ask()
        await stage.settle()
        assert await stage.subscriptions() == []


async def test_hub_verifies_unsubscription_too(stage: Stage) -> None:
    await ada_of(stage)
    kept = await stage.subscribe("/kept")
    await stage.subscribe()
    await stage.ask(mode="unsubscribe")
    assert len(await stage.subscriptions()) == 2, "not before it is confirmed"
    await stage.settle()
    asked = stage.other.of("GET", "/callback")[-1].asked
    assert (asked["hub.mode"], asked["hub.topic"]) == ("unsubscribe", TOPIC)
    assert [each.id for each in await stage.subscriptions()] == [kept.id]


async def test_hub_ends_leases(stage: Stage) -> None:
    ada = await ada_of(stage)
    await stage.subscribe(lease_seconds="7200")
    stage.later(7201)
    await stage.share(ada)
    await stage.settle()
    assert stage.other.of("POST") == []
    await stage.world.container.gateways.hub.trim()
    assert await stage.subscriptions() == []


# ---- 7 content distribution


async def test_hub_sends_the_topic_with_its_type_and_links(stage: Stage) -> None:
    ada = await ada_of(stage)
    await stage.subscribe()
    await stage.share(ada, note="Look!")
    await stage.settle()
    (sent,) = stage.other.of("POST")
    public = await stage.stranger.get("/u/ada/shared.atom")
    assert sent.headers["content-type"] == public.headers["content-type"]
    assert sent.body == public.content
    assert f'<{BASE}/hub>; rel="hub"' in sent.headers["link"]
    assert f'<{TOPIC}>; rel="self"' in sent.headers["link"]
    assert len(judge_atom(sent.body).findall(ATOM + "entry")) == 2


async def test_hub_sends_what_changed_and_no_more_than_it_must(stage: Stage) -> None:
    """The Recommendation lets a hub leave out what a subscriber has; nothing that it has not is ever left out."""
    ada = await ada_of(stage)
    first = await stage.share(ada, 30)
    stage.later(3600)
    await stage.subscribe()
    await stage.share(ada)
    await stage.settle()
    stage.later(3600)
    await stage.share(ada, 14)
    stage.later(100)
    await stage.settle()
    stage.later(3600)
    sharing = stage.world.container.services.sharing
    await sharing.note(ada.actor, first[0], "An old one, noted")
    await stage.settle()
    sent = [judge_atom(seen.body).findall(ATOM + "entry") for seen in stage.other.of("POST")]
    assert [len(entries) for entries in sent] == [10, 46, 10]
    assert b"An old one, noted" in stage.other.of("POST")[-1].body


async def test_hub_sends_each_format_as_it_was_subscribed_to(stage: Stage) -> None:
    ada = await ada_of(stage)
    for format in ("rss", "json"):
        await stage.subscribe(f"/{format}", topic=f"{BASE}/u/ada/shared.{format}")
    await stage.share(ada)
    await stage.settle()
    types = {sent.path: sent.headers["content-type"] for sent in stage.other.of("POST")}
    assert types == {
        "/rss": "application/rss+xml; charset=utf-8",
        "/json": "application/feed+json; charset=utf-8",
    }


async def test_hub_signs_with_the_secret(stage: Stage) -> None:
    ada = await ada_of(stage)
    await stage.subscribe("/signed", secret="sésame")
    await stage.subscribe("/plain")
    await stage.share(ada)
    await stage.settle()
    (signed,), (plain,) = stage.other.of("POST", "/signed"), stage.other.of("POST", "/plain")
    assert signed.headers["x-hub-signature"] == signature(signed.body, "sésame")
    assert "x-hub-signature" not in plain.headers


async def test_hub_tells_of_shares_notes_and_what_is_taken_back(stage: Stage) -> None:
    ada = await ada_of(stage)
    await stage.subscribe()
    sharing = stage.world.container.services.sharing
    (share_id,) = await stage.share(ada)
    await stage.settle()
    await sharing.note(ada.actor, share_id, "A note")
    await stage.settle()
    await sharing.unshare(ada.actor, share_id)
    await stage.settle()
    bodies = [sent.body for sent in stage.other.of("POST")]
    assert [len(judge_atom(body).findall(ATOM + "entry")) for body in bodies] == [2, 2, 1]
    assert [b"A note" in body for body in bodies] == [False, True, False]
    await stage.settle()
    assert len(stage.other.of("POST")) == 3, "nothing is told twice"


async def test_hub_says_nothing_of_what_was_there_before(stage: Stage) -> None:
    await ada_of(stage)
    await stage.subscribe()
    await stage.settle()
    assert stage.other.of("POST") == []


async def test_hub_tries_again_until_it_gets_through(stage: Stage) -> None:
    ada = await ada_of(stage)
    await stage.subscribe()
    stage.other.status("/callback", 500)
    await stage.share(ada)
    await stage.settle()
    await stage.settle()
    assert len(stage.other.of("POST")) == 1, "not at once"
    stage.later(80)
    await stage.settle()
    assert len(stage.other.of("POST")) == 2
    stage.later(80)
    await stage.settle()
    assert len(stage.other.of("POST")) == 2, "the pause grows"
    stage.other.on("/callback", echo)
    await stage.share(ada)
    stage.later(300)
    await stage.settle()
    sent = stage.other.of("POST")
    assert len(sent) == 3
    assert len(judge_atom(sent[-1].body).findall(ATOM + "entry")) == 3, "nothing is lost meanwhile"
    (subscription,) = await stage.subscriptions()
    assert (subscription.failures, subscription.due_at) == (0, None)


async def test_hub_takes_redirects_of_a_delivery_for_failures(stage: Stage) -> None:
    ada = await ada_of(stage)
    await stage.subscribe()
    elsewhere = stage.other.on("/elsewhere", echo)
    for status in (301, 302, 307, 308):
        stage.other.status("/callback", status, Location=elsewhere)
        await stage.share(ada)
        stage.later(7 * 3600)
        await stage.settle()
    assert stage.other.of("POST", "/elsewhere") == []
    assert (await stage.subscriptions())[0].failures == 4


async def test_hub_gives_up_after_many_failures(stage: Stage) -> None:
    ada = await ada_of(stage)
    await stage.subscribe()
    stage.other.status("/callback", 503)
    await stage.share(ada)
    for _ in range(FAILURES_MOST + 3):
        await stage.settle()
        stage.later(8 * 3600)
    assert len(stage.other.of("POST")) == FAILURES_MOST
    assert await stage.subscriptions() == []


async def test_hub_ends_a_subscription_that_answers_410(stage: Stage) -> None:
    ada = await ada_of(stage)
    await stage.subscribe()
    stage.other.status("/callback", 410)
    await stage.share(ada)
    await stage.settle()
    assert await stage.subscriptions() == []


# ---- 8 what strangers may not do


async def test_hub_speaks_to_no_inner_address(stage: Stage) -> None:
    await ada_of(stage)
    for callback in (
        "http://10.0.0.1/", "http://169.254.169.254/latest", "http://[::1]/",
        "ftp://a.example/", "javascript:alert(1)", "//a.example/", "https://a.example/#x", "http://user:pw@10.1.1.1/",
        "https://a.example/" + "x" * 3000, "a.example/callback",
    ):  # fmt: skip
        answer = await stage.ask(callback=callback)
        assert (answer.status_code, "hub.callback" in answer.text) == (400, True), callback


async def test_hub_limits_requests(stage: Stage) -> None:
    await ada_of(stage)
    answers = [await stage.ask(mode="x") for _ in range(70)]
    assert answers[0].status_code == 400
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) > 0


async def test_hub_limits_subscriptions_of_one_site(stage: Stage) -> None:
    await ada_of(stage)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gateway, "SITE_MOST", 2)
        stage.other.answers |= {"/1": echo, "/2": echo, "/3": echo}
        for path in ("/1", "/2"):
            await stage.subscribe(path)
        assert (await stage.ask(path="/3")).status_code == 429
        assert (await stage.ask(path="/1", mode="unsubscribe")).status_code == 202


async def test_hub_needs_no_origin_and_heeds_no_cookie(stage: Stage) -> None:
    ada = await ada_of(stage)
    async with stage.world.client(session=ada.secret) as browser:
        browser.headers["Origin"] = "https://evil.example"
        data = {"hub.mode": "subscribe", "hub.topic": TOPIC, "hub.callback": stage.other.url + "/callback"}
        answer: httpx.Response = await browser.post("/hub", data=data)
    assert answer.status_code == 202
    assert "set-cookie" not in answer.headers


async def test_hub_refuses_loopback_where_it_is_not_allowed(tmp_path: Path, store: str) -> None:
    """In an instance as it comes."""
    async with open_world(tmp_path, store=store, base_url=BASE, fetch_allow=()) as world:
        ada = await world.person("ada", admin=True)
        feed_id = await world.feed("gazette", entries=1, readers=[ada])
        (entry_id,) = await world.entry_ids(ada, f"feed/{feed_id}")
        await world.container.services.sharing.share(ada.actor, entry_id)
        async with world.client() as stranger:
            for host in ("127.0.0.1", "localhost", "0x7f000001", "[::ffff:127.0.0.1]"):
                data = {"hub.mode": "subscribe", "hub.topic": TOPIC, "hub.callback": f"http://{host}/callback"}
                answer = await stranger.post("/hub", data=data)
                assert answer.status_code == 400, host
