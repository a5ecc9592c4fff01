"""What operators see and steer over the API: shapes, refusals, effects, lines of the audit."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from reader.models.operations import DeadLetter, QueueFigures
from tests.helpers.app import Person, World

ROUTES = (
    ("GET", "overview"), ("GET", "queues"), ("GET", "managers"), ("GET", "jobs"), ("GET", "dead"), ("GET", "settings"),
    ("GET", "history"), ("GET", "audit"), ("GET", "feeds"), ("GET", "accounts"), ("POST", "dead/retry"),
    ("POST", "dead/drop"), ("POST", "dead/x/retry"), ("DELETE", "dead/x"), ("GET", "dead/x"),
    ("PATCH", "settings/pull/max_running"),
)  # fmt: skip


async def bury(world: World, name: str, args: str, number: int = 1, queue: str = "discovery") -> str:
    key = f"{number:032x}"
    letter = DeadLetter(key, name, args, queue, f"Too slow {number}.", ("It began.", "It ended."), 3, 1000.0 + number)
    await world.container.gateways.operations.bury(letter)
    return key


async def read(person: Person, path: str) -> Any:
    answer = await person.http.get(f"/api/v1/admin/{path}")
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_to_others_nothing_is_here(bob: Person, anyone: httpx.AsyncClient, method: str, path: str) -> None:
    body = {"json": {"value": 3}} if method == "PATCH" else {}
    for client in (bob.http, bob.program):
        answer = await client.request(method, f"/api/v1/admin/{path}", **body)  # type: ignore[arg-type]
        assert answer.status_code == 404, answer.text
        assert answer.json()["detail"] == "There is nothing at this address."
    signed_out = await anyone.request(method, f"/api/v1/admin/{path}", **body)  # type: ignore[arg-type]
    assert signed_out.status_code == 401


async def test_an_overview_of_an_idle_system(world: World, ada: Person) -> None:
    await world.feed("gazette", readers=[ada])
    seen = await read(ada, "overview")
    assert [q["name"] for q in seen["queues"]][:2] == ["pull", "discovery"]
    assert {q["priority"] for q in seen["queues"]} == {"user", "system"}
    assert seen["feeds"] == {"active": 1}
    assert seen["updater"]["holder"] is None
    assert seen["dead"] == 0
    assert (await read(ada, "queues"))["queues"] == seen["queues"]


async def test_a_setting_is_changed_shown_noted_and_taken_back(ada: Person) -> None:
    def of(document: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = next(
            s for s in document["settings"] if (s["queue"], s["name"]) == ("pull-sys", "max_running")
        )
        return found

    before = of(await read(ada, "settings"))
    assert before["source"] == "default"
    answer = await ada.program.patch("/api/v1/admin/settings/pull-sys/max_running", json={"value": 7})
    assert (answer.status_code, answer.json()["value"], answer.json()["source"]) == (200, 7, "store")
    assert of(await read(ada, "settings")) == answer.json()
    [queue] = [q for q in (await read(ada, "queues"))["queues"] if q["name"] == "pull-sys"]
    assert queue["settings"]["max_running"] == 7
    [line] = (await read(ada, "audit"))["audit"]
    assert (line["user"], line["user_id"], line["what"]) == ("ada", ada.user.id, "pull-sys: max_running")
    assert (line["before"], line["after"]) == (f"{before['value']:g} jobs", "7 jobs")
    back = await ada.http.patch("/api/v1/admin/settings/pull-sys/max_running", json={"value": None})
    assert back.json() == before
    assert len((await read(ada, "audit"))["audit"]) == 2


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("pull-sys/max_running", {"value": -1}, "goes from"),
        ("pull-sys/max_running", {"value": 2.5}, "whole number"),
        ("pull-sys/max_running", {"value": "many"}, "number"),
        ("pull-sys/max_running", {}, "missing"),
        ("pull-sys/colour", {"value": 3}, "no setting"),
        ("nonsense/max_running", {"value": 3}, "no queue"),
        ("cpu/memory_mb", {"value": 1}, "goes from"),
    ],
)
async def test_settings_that_will_not_do_are_refused_in_words(
    ada: Person, path: str, body: dict[str, object], words: str
) -> None:
    answer = await ada.http.patch(f"/api/v1/admin/settings/{path}", json=body)
    assert answer.status_code == 422
    assert words in answer.json()["detail"]
    assert (await read(ada, "audit"))["audit"] == []


async def test_dead_letters_are_listed_page_by_page_and_dropped(world: World, ada: Person) -> None:
    keys = [await bury(world, "discover", '{"address": "https://a.example/"}', n) for n in range(1, 6)]
    first = await read(ada, "dead?limit=2")
    assert [letter["key"] for letter in first["dead"]] == [keys[4], keys[3]]
    assert first["dead"][0]["args"] == {"address": "https://a.example/"}
    assert first["dead"][0]["story"] == ["It began.", "It ended."]
    second = await read(ada, f"dead?limit=2&before={first['next']}")
    third = await read(ada, f"dead?limit=2&before={second['next']}")
    assert [letter["key"] for letter in second["dead"] + third["dead"]] == [keys[2], keys[1], keys[0]]
    assert third["next"] is None
    assert (await ada.http.get("/api/v1/admin/dead?before=nonsense")).status_code == 422
    assert (await read(ada, f"dead/{keys[0]}"))["error"] == "Too slow 1."
    dropped = await ada.http.delete(f"/api/v1/admin/dead/{keys[0]}")
    assert (dropped.status_code, dropped.json()["key"]) == (200, keys[0])
    assert (await ada.http.delete(f"/api/v1/admin/dead/{keys[0]}")).status_code == 404
    assert (await ada.http.post("/api/v1/admin/dead/drop")).json() == {"changed": 4}
    assert (await read(ada, "dead"))["dead"] == []
    assert [line["what"] for line in (await read(ada, "audit"))["audit"]] == [
        "dead letters: drop all",
        "dead letter: drop",
    ]


async def test_a_letter_retried_waits_again(world: World, ada: Person) -> None:
    key = await bury(world, "discover", '{"address": "https://a.example/", "typed": "a.example"}')
    unknown = await bury(world, "no-such-kind", "{}", 2)
    answer = await ada.http.post(f"/api/v1/admin/dead/{key}/retry")
    assert answer.status_code == 200
    assert (await ada.http.post(f"/api/v1/admin/dead/{key}/retry")).status_code == 404
    refused = await ada.http.post(f"/api/v1/admin/dead/{unknown}/retry")
    assert refused.status_code == 422 and "no-such-kind" in refused.json()["detail"]
    [queue] = [q for q in (await read(ada, "queues"))["queues"] if q["name"] == "discovery"]
    assert (queue["waiting"], queue["dead"]) == (1, 1)
    assert [letter["key"] for letter in (await read(ada, "dead"))["dead"]] == [unknown]


async def test_feeds_by_health(world: World, ada: Person) -> None:
    well = await world.feed("gazette")
    found = (await read(ada, "feeds?state=active"))["feeds"]
    assert [(f["feed_id"], f["title"], f["state"], f["error"]) for f in found] == [(well, "Gazette", "active", None)]
    assert found[0]["sentence"].startswith("The next check")
    assert await read(ada, "feeds") == {"feeds": [], "next": None}
    assert (await ada.http.get("/api/v1/admin/feeds?state=sleepy")).status_code == 422


async def test_accounts_are_counted(world: World, ada: Person, bob: Person) -> None:
    await world.feed("gazette", readers=[ada, bob])
    await world.feed("letters", readers=[bob])
    rows = (await read(ada, "accounts"))["accounts"]
    assert [(r["name"], r["admin"], r["subscriptions"]) for r in rows] == [("ada", True, 1), ("bob", False, 2)]


async def test_history_is_of_the_last_day(world: World, ada: Person) -> None:
    operations, now = world.container.gateways.operations, world.hands.now()
    bucket = now // 300 * 300
    for holder in ("host:x/77/1", "host:x/78/1"):
        await operations.record(holder, bucket, {"pull": QueueFigures(2, 1, 3, 4)}, 1_000_000, 5.0)
    [point] = (await read(ada, "history"))["points"]
    assert point["queues"] == {"pull": {"done": 4, "failed": 2, "waiting": 6, "running": 8}}
    assert sum(point["memory"].values()) == 2_000_000
    assert (await read(ada, f"history?since={bucket + 1}"))["points"] == []
    assert (await ada.http.get("/api/v1/admin/history?since=-1")).status_code == 422


async def test_an_invitation_is_taken_back(world: World, ada: Person, bob: Person) -> None:
    code = (await ada.http.post("/api/v1/invitations")).json()["code"]
    assert (await bob.http.delete(f"/api/v1/invitations/{code}")).status_code == 404
    assert (await ada.http.delete(f"/api/v1/invitations/{code}")).status_code == 204
    assert (await ada.http.delete(f"/api/v1/invitations/{code}")).status_code == 404
    assert (await ada.http.get("/api/v1/invitations")).json() == {"invitations": []}


async def test_the_work_is_in_the_metrics(world: World, ada: Person, anyone: httpx.AsyncClient) -> None:
    from prometheus_client.parser import text_string_to_metric_families

    await world.feed("gazette", readers=[ada])
    await bury(world, "discover", "{}")
    await ada.http.patch("/api/v1/admin/settings/pull-sys/max_running", json={"value": 7})
    await ada.http.post("/api/v1/discover", json={"url": "https://a.example/", "wait": 0})
    text = (await anyone.get("/metrics")).text
    samples = {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }

    def of(name: str, **labels: str) -> float:
        return samples[f"evantr_{name}", tuple(sorted(labels.items()))]

    assert of("queue_waiting", queue="discovery", priority="user") == 1
    assert of("queue_max_running", queue="pull-sys", priority="system") == 7
    assert of("queue_dead_letters", queue="discovery", priority="user") == 1
    assert of("dead_letters") == 1
    assert of("feeds", state="active") == 1 and of("feeds", state="gone") == 0
    assert of("imports") == 0 and of("import_feeds", state="waiting") == 0
    assert of("updater_due") >= 0 and of("updater_late_seconds") >= 0
    assert ("evantr_queue_done_total", (("priority", "user"), ("queue", "pull"))) in samples
    assert of("store", what="users") == 1
