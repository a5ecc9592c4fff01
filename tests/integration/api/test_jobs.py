"""Jobs over HTTP: who may, what is seen, and the three ways to follow them; over real sockets where it matters."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import httpx
import orjson
import pytest
from structlog.testing import capture_logs

import api.stream
import api.v1.jobs_live
from api.stream import streams_of
from reader.jobs import Discover, key_of
from reader.services import jobs as job_service
from reader.tasks import end as end_tasks
from tests.helpers.app import Person, World
from tests.helpers.site import Site
from tests.integration.api.test_stream import serving
from workers.importer import importer


async def able(world: World, person: Person) -> str:
    """The secret of a token that may submit jobs."""
    _, secret = await world.container.gateways.accounts.add_token(person.user.id, "script", ["jobs"])
    return secret


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


async def submit(person: Person, kind: str, **args: object) -> dict[str, Any]:
    answer = await person.http.post("/api/v1/jobs", json={"kind": kind, "args": args})
    assert answer.status_code == 202, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def discovery(world: World, person: Person, number: int) -> str:
    """A discovery that waits; its key."""
    job = await submit(person, "discover", address=f"https://site{number}.example/")
    assert job["state"] == "waiting"
    return str(job["key"])


async def end(world: World, key: str, result: str | None = '{"feeds": []}') -> None:
    """Ends a job as a manager would, and tells who waits. Without a result it fails for good."""
    work, now = world.container.gateways.work, world.hands.now()
    row = await world.container.mappers.jobs.start(key, now, now + 60)
    assert row is not None
    if result is not None:
        assert await work.finish(row, result)
    else:
        assert await work.fail(row, "No such host.", None)


async def test_a_token_needs_the_right(world: World, ada: Person, bob: Person) -> None:
    body = {"kind": "discover", "args": {"address": "https://a.example/"}}
    answer = await bob.program.post("/api/v1/jobs", json=body)
    assert answer.status_code == 403
    assert "jobs" in answer.json()["detail"]
    for path in ("jobs", "jobs/x", "jobs/wait?keys=x", "jobs/events?keys=x"):
        assert (await bob.program.get(f"/api/v1/{path}")).status_code == 403, path
    assert (await ada.program.post("/api/v1/jobs", json=body)).status_code == 403  # an administrator's too
    async with world.client(headers=bearer(await able(world, bob))) as program:
        assert (await program.post("/api/v1/jobs", json=body)).status_code == 202
    assert (await bob.http.post("/api/v1/jobs", json=body)).status_code == 202  # a person's own session may


async def test_a_job_is_joined_not_doubled_and_each_sees_their_own(world: World, ada: Person, bob: Person) -> None:
    first = await submit(bob, "discover", address="https://a.example/")
    assert (await submit(bob, "discover", address="a.example"))["key"] == first["key"]
    path = f"/api/v1/jobs/{first['key']}"
    assert first["key"] == key_of(Discover("https://a.example/"))
    assert (await bob.http.get(path)).json()["state"] == "waiting"
    assert (await ada.http.get(path)).status_code == 404
    assert (await ada.http.delete(path)).status_code == 404
    assert (await ada.http.get(f"/api/v1/jobs/wait?keys={first['key']}&seconds=0")).status_code == 404
    assert [j["key"] for j in (await bob.http.get("/api/v1/jobs")).json()["jobs"]] == [first["key"]]
    assert (await ada.http.get("/api/v1/jobs")).json() == {"jobs": []}
    await submit(ada, "discover", address="https://a.example/")
    assert (await ada.http.get(path)).json()["state"] == "waiting"


@pytest.mark.parametrize(
    ("kind", "args", "field"),
    [
        ("upkeep", {}, "kind"),
        ("icon", {"feed_id": 1}, "kind"),
        ("pull", {}, "feed_id"),
        ("pull", {"feed_id": "1"}, "feed_id"),
        ("pull", {"feed_id": -1}, "feed_id"),
        ("discover", {"address": " "}, "address"),
        ("discover", {"address": "https://" + "x" * 5000}, "address"),
        ("discover", {"address": 7}, "address"),
        ("import", {}, "opml"),
        ("import", {"opml": 7}, "opml"),
        ("import", {"import_id": "x"}, "opml"),
        ("import", {"opml": "<html>no</html>"}, "file"),
    ],
)
async def test_what_cannot_be_submitted(bob: Person, kind: str, args: dict[str, object], field: str) -> None:
    answer = await bob.http.post("/api/v1/jobs", json={"kind": kind, "args": args})
    assert answer.status_code == 422
    assert field in answer.json()["fields"]


async def test_a_pull_is_for_feeds_one_reads(world: World, ada: Person, bob: Person) -> None:
    feed_id = await world.feed("gazette", readers=[ada])
    answer = await bob.http.post("/api/v1/jobs", json={"kind": "pull", "args": {"feed_id": feed_id}})
    assert answer.status_code == 404
    job = await submit(ada, "pull", feed_id=feed_id)
    assert (job["kind"], job["state"], job["args"]["feed_id"]) == ("pull", "waiting", feed_id)
    await world.publish(feed_id, 2)
    done = (await ada.http.get(f"/api/v1/jobs/{job['key']}")).json()
    assert (done["state"], done["result"]["new"]) == ("done", 2)


async def test_too_many_submissions_are_asked_to_wait(
    world: World, bob: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_service, "SUBMITTED_MOST", 3)
    for number in range(3):
        await discovery(world, bob, number)
    answer = await bob.http.post("/api/v1/jobs", json={"kind": "discover", "args": {"address": "x.example"}})
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0


async def test_a_job_is_cancelled(world: World, bob: Person) -> None:
    key = await discovery(world, bob, 1)
    assert (await bob.http.delete(f"/api/v1/jobs/{key}")).json() == {"cancelled": True}
    assert (await bob.http.get(f"/api/v1/jobs/{key}")).json()["state"] == "cancelled"
    assert (await bob.http.delete(f"/api/v1/jobs/{key}")).json() == {"cancelled": False}


async def test_long_polling_answers_when_one_ends(world: World, bob: Person) -> None:
    keys = [await discovery(world, bob, number) for number in range(3)]
    loop = asyncio.get_running_loop()
    nothing = await bob.http.get(f"/api/v1/jobs/wait?keys={','.join(keys)}&seconds=0.2")
    assert [job["state"] for job in nothing.json()["jobs"]] == ["waiting"] * 3
    began = loop.time()
    asking = asyncio.create_task(bob.http.post("/api/v1/jobs/wait", json={"keys": keys, "seconds": 20}))
    await asyncio.sleep(0.1)
    await end(world, keys[1])
    jobs = (await asking).json()["jobs"]
    assert loop.time() - began < 5
    assert [job["state"] for job in jobs] == ["waiting", "done", "waiting"]
    assert jobs[1]["result"] == {"feeds": []}
    again = await bob.http.get(f"/api/v1/jobs/wait?keys={keys[1]}&seconds=20")  # over already: no waiting
    assert again.json()["jobs"][0]["state"] == "done"
    assert (await bob.http.get("/api/v1/jobs/wait?keys=")).status_code == 422
    assert (await bob.http.get(f"/api/v1/jobs/wait?keys={keys[0]}&seconds=61")).status_code == 422


OPML = """<?xml version="1.0"?><opml version="2.0"><head/><body><outline text="News">
<outline type="rss" text="Gazette" xmlUrl="{url}"/></outline></body></opml>"""


async def test_an_import_is_a_job_that_can_be_followed(world: World, bob: Person) -> None:
    with Site("127.0.0.8") as site:
        site.feed("/feed.xml", "Gazette").publish_many(3)
        job = await submit(bob, "import", opml=OPML.format(url=site.url("/feed.xml")), name="mine.opml")
        assert (job["kind"], job["state"]) == ("import", "running")
        assert (job["result"]["total"], job["result"]["waiting"]) == (1, 1)
        assert (await submit(bob, "import", import_id=job["args"]["import_id"]))["key"] == job["key"]
        driving = asyncio.create_task(importer(world.container))
        try:
            async with world.working():
                waited = await bob.http.get(f"/api/v1/jobs/wait?keys={job['key']}&seconds=20")
        finally:
            await end_tasks([driving])
    [done] = waited.json()["jobs"]
    assert (done["state"], done["result"]["done"], done["result"]["failed"]) == ("done", 1, 0)
    sidebar = (await bob.http.get("/api/v1/sidebar")).json()
    assert [f["title"] for f in sidebar["folders"]] == ["News"]


async def test_an_import_is_cancelled_and_is_ones_own(world: World, ada: Person, bob: Person) -> None:
    job = await submit(bob, "import", opml=OPML.format(url="https://a.example/feed"))
    body = {"kind": "import", "args": {"import_id": job["args"]["import_id"]}}
    assert (await ada.http.post("/api/v1/jobs", json=body)).status_code == 404
    assert (await bob.http.delete(f"/api/v1/jobs/{job['key']}")).json() == {"cancelled": True}
    assert (await bob.http.get(f"/api/v1/jobs/{job['key']}")).json()["state"] == "cancelled"
    assert (await bob.http.delete(f"/api/v1/jobs/{job['key']}")).json() == {"cancelled": False}


async def events_of(answer: aiohttp.ClientResponse) -> AsyncIterator[tuple[str, Any]]:
    """Events of a stream until it ends."""
    fields: dict[str, str] = {}
    async with asyncio.timeout(90):
        async for raw in answer.content:
            name, _, value = raw.decode().rstrip("\n").partition(": ")
            if name:
                fields[name] = value
            elif "event" in fields:
                yield fields["event"], orjson.loads(fields["data"])
                fields = {}
            else:
                fields = {}


MANY = {False: 1000, True: 200}  # on MongoDB, whose stand-in takes its time for each


async def test_a_thousand_jobs_are_followed_by_events(world: World, store: str, bob: Person) -> None:
    """Some end before the stream begins, some while it does, some after: each is told once."""
    keys = [await discovery(world, bob, number) for number in range(MANY[bool(store)])]
    headers = bearer(await able(world, bob))
    early = len(keys) // 3
    for key in keys[:early]:
        await end(world, key)
    async with serving(world) as base, aiohttp.ClientSession(headers=headers) as session:

        async def finish() -> None:
            for key in keys[early:-10]:
                await end(world, key)
            for key in keys[-10:]:
                await end(world, key, result=None)

        ending = asyncio.create_task(finish())
        async with session.post(f"{base}/api/v1/jobs/events", json={"keys": keys}) as answer:
            assert answer.status == 200
            seen = [event async for event in events_of(answer)]
        await ending
    told = [data["key"] for name, data in seen if name == "job"]
    assert sorted(told) == sorted(keys)
    assert seen[-1] == ("end", {"jobs": len(keys)})
    states = {data["key"]: data["state"] for name, data in seen if name == "job"}
    assert {states[key] for key in keys[:-10]} == {"done"}
    assert {states[key] for key in keys[-10:]} == {"failed"}
    await forgotten(world)


async def forgotten(world: World) -> None:
    """Nobody waits any more."""
    for _ in range(200):
        if not world.container.gateways.controller.waited_for:
            return
        await asyncio.sleep(0.02)
    assert world.container.gateways.controller.waited_for == 0


async def test_events_of_others_jobs_are_refused_before_they_begin(world: World, ada: Person, bob: Person) -> None:
    key = await discovery(world, ada, 1)
    assert (await bob.http.get(f"/api/v1/jobs/events?keys={key}")).status_code == 404
    many = {"keys": [f"{n:032x}" for n in range(1001)]}
    assert (await bob.http.post("/api/v1/jobs/events", json=many)).status_code == 422


async def test_a_client_that_vanishes_is_forgotten(world: World, bob: Person) -> None:
    key = await discovery(world, bob, 1)
    async with serving(world) as base, aiohttp.ClientSession(headers=bearer(await able(world, bob))) as session:
        async with session.get(f"{base}/api/v1/jobs/events?keys={key}") as answer:
            assert answer.status == 200
            await asyncio.sleep(0.1)
            assert world.container.gateways.controller.waited_for == 1
        await forgotten(world)


@asynccontextmanager
async def socket_of(world: World, base: str, **headers: str) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.ws_connect(f"{base}/api/v1/jobs/socket", timeout=aiohttp.ClientWSTimeout(ws_close=5)) as socket,
    ):
        yield socket


async def hear(socket: aiohttp.ClientWebSocketResponse) -> dict[str, Any]:
    found: dict[str, Any] = await socket.receive_json(timeout=30)
    return found


async def test_a_socket_tells_of_a_thousand_jobs_as_they_end(world: World, store: str, bob: Person) -> None:
    keys = [await discovery(world, bob, number) for number in range(MANY[bool(store)])]
    half = len(keys) // 2
    async with (
        serving(world) as base,
        socket_of(world, base, **bearer(await able(world, bob))) as socket,
    ):
        await socket.send_json({"follow": keys[:half]})
        assert await hear(socket) == {"type": "following", "open": half}
        await socket.send_json({"follow": keys[half - 50 :]})  # those it follows already are not followed twice
        assert await hear(socket) == {"type": "following", "open": len(keys)}

        async def finish() -> None:
            for key in keys:
                await end(world, key)

        ending = asyncio.create_task(finish())
        told = [await hear(socket) for _ in keys]
        await ending
        assert {message["type"] for message in told} == {"job"}
        assert sorted(message["job"]["key"] for message in told) == sorted(keys)
        await socket.send_json({"follow": keys[:1]})  # over already
        assert sorted([(await hear(socket))["type"], (await hear(socket))["type"]]) == ["following", "job"]
    await forgotten(world)


async def test_a_socket_says_what_it_cannot_follow(world: World, ada: Person, bob: Person) -> None:
    hers = await discovery(world, ada, 1)
    his = await discovery(world, bob, 2)
    async with (
        serving(world) as base,
        socket_of(world, base, **bearer(await able(world, bob))) as socket,
    ):
        for text, status in (
            ('{"follow": ["' + hers + '"]}', 404),
            ("nonsense", 400),
            ("[]", 422),
            ('{"follow": "all"}', 422),
            ('{"follow": []}', 422),
            ('{"follow": ["a\\u0000"]}', 400),
            (orjson.dumps({"follow": [f"{n:032x}" for n in range(1001)]}).decode(), 422),
        ):
            await socket.send_str(text)
            message = await hear(socket)
            assert (message["type"], message["problem"]["status"]) == ("problem", status), text[:40]
        await socket.send_json({"follow": [his]})
        assert await hear(socket) == {"type": "following", "open": 1}


async def test_who_may_open_a_socket(world: World, ada: Person, bob: Person) -> None:
    async with serving(world) as base:
        cookie = f"evantr_session={bob.secret}"
        for headers, status in (
            ({}, 401),
            (bearer("nonsense-nonsense"), 401),
            (bearer(bob.token), 403),
            ({"Cookie": cookie}, 403),  # no word of where it comes from
            ({"Cookie": cookie, "Origin": "https://evil.example"}, 403),
        ):
            with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
                async with socket_of(world, base, **headers):
                    pass
            assert caught.value.status == status, headers
        async with socket_of(world, base, Cookie=cookie, Origin=base) as socket:
            await socket.send_json({"follow": [await discovery(world, bob, 1)]})
            assert (await hear(socket))["type"] == "following"


async def test_sockets_end_with_the_program_and_with_their_token(
    world: World, bob: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api.stream, "RECHECK", 0.05)
    key = await discovery(world, bob, 1)
    async with serving(world) as base:
        secret = await able(world, bob)
        async with socket_of(world, base, **bearer(secret)) as socket:
            await socket.send_json({"follow": [key]})
            await hear(socket)
            token = (await bob.http.get("/api/v1/tokens")).json()["tokens"][-1]
            await bob.http.delete(f"/api/v1/tokens/{token['id']}")
            message = await socket.receive(timeout=5)
            assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 1008)
        async with socket_of(world, base, **bearer(await able(world, bob))) as socket:
            streams_of(world.app).close()
            message = await socket.receive(timeout=5)
            assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 1012)
    await forgotten(world)


async def test_a_client_that_takes_nothing_is_let_go(
    world: World, bob: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api.v1.jobs_live, "SEND_TIMEOUT", 0.3)
    keys = [await discovery(world, bob, number) for number in range(60)]
    async with serving(world) as base, aiohttp.ClientSession() as session:
        socket = await session.ws_connect(
            f"{base}/api/v1/jobs/socket", headers=bearer(await able(world, bob)), max_msg_size=0
        )
        await socket.send_json({"follow": keys})
        await hear(socket)
        assert socket._conn is not None
        transport: Any = socket._conn.transport
        transport.pause_reading()
        big = orjson.dumps({"feeds": ["x" * 400_000]}).decode()
        with capture_logs() as lines:
            for key in keys:
                await end(world, key, big)
            await forgotten(world)
        assert [line["seconds"] for line in lines if line["event"] == "socket.slow_client"] == [0.3]
        transport.abort()


async def test_a_signed_out_submission(anyone: httpx.AsyncClient) -> None:
    assert (await anyone.post("/api/v1/jobs", json={"kind": "pull", "args": {}})).status_code == 401
