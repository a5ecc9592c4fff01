"""Leaving: who leaves is gone at once, nothing they held stays, and what others built on it does."""

from __future__ import annotations

import asyncio
import io
import json
import sqlite3
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reader.errors import Conflict, NotFound
from reader.events import FeedChanged, ReadingChanged, feed_topic, user_topic
from reader.jobs import RemoveAccount, key_of
from reader.models.user import SYSTEM
from tests.helpers.app import HASH, PASSWORD, Person, World
from tests.helpers.wait import until_async
from tests.integration.sharing.society import follow, pass_on, share

NAME = "quentin"
ABOUT, NOTE, SAID, ALONE, TITLE = "zephyrous", "wistfully", "xylophonic", "yesteryear", "jabberwock"
WORDS = (NAME, ABOUT, NOTE, SAID, ALONE, TITLE)


@pytest.fixture
async def quentin(world: World, ada: Person, bob: Person) -> Person:
    return await world.person(NAME)


@pytest.fixture
async def full(world: World, ada: Person, bob: Person, quentin: Person) -> dict[str, int]:
    """quentin has one of everything, and others built on it."""
    root = await share(world, ada, "root")
    hers = await share(world, ada, "other")
    await follow(world, quentin, ada)
    await follow(world, bob, quentin)
    await quentin.http.patch("/api/v1/profile", json={"about": ABOUT})
    middle = await pass_on(world, quentin, root, NOTE)
    top = await pass_on(world, bob, middle, "From me")
    leaf = await share(world, quentin, TITLE)
    await world.container.gateways.sharing.recount(root)
    asked = await quentin.http.post(f"/api/v1/shares/{hers}/comments", json={"text": SAID})
    await ada.http.post(f"/api/v1/shares/{hers}/comments", json={"text": "So?", "parent_id": asked.json()["id"]})
    await quentin.http.post(f"/api/v1/shares/{hers}/comments", json={"text": ALONE})
    await quentin.http.put(f"/api/v1/shares/{hers}/like")
    await bob.http.put(f"/api/v1/entries/{leaf}/star")
    await bob.http.put("/api/v1/people/quentin/mute")
    await quentin.http.post("/api/v1/folders", json={"title": TITLE})
    await quentin.http.put(f"/api/v1/entries/{root}/star")
    await quentin.http.post("/api/v1/entries/mark", json={"ids": [root]})
    return {"root": root, "hers": hers, "middle": middle, "top": top, "leaf": leaf}


async def leave(world: World, person: Person) -> None:
    """Asks for it over HTTP; the job is run by who calls."""
    answer = await person.http.post("/api/v1/me/leave", json={"password": PASSWORD})
    assert answer.status_code == 204, answer.text


async def rows(world: World, target: Path) -> dict[str, list[dict[str, Any]]]:
    """Every row of the store by its table."""
    await world.container.mappers.backup(target)

    def read() -> dict[str, list[dict[str, Any]]]:
        con = sqlite3.connect(target)
        con.row_factory = sqlite3.Row
        try:
            names = con.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'entry_words%'")
            return {name: [dict(row) for row in con.execute(f'SELECT * FROM "{name}"')] for (name,) in names.fetchall()}
        finally:
            con.close()

    return await asyncio.to_thread(read)


def traces(store: dict[str, list[dict[str, Any]]], user_id: int) -> list[tuple[str, dict[str, Any]]]:
    """Rows in which one of the words stands, or whose they are."""
    people = ("user_id", "owner_id", "other_id", "actor_id", "created_by")
    return [
        (name, row)
        for name, found in store.items()
        for row in found
        if any(word in str(row.values()) for word in WORDS)
        or any(row.get(column) == user_id for column in people)
        or (name == "user" and row["id"] == user_id)
    ]


async def test_who_leaves_is_gone_at_once(world: World, ada: Person, bob: Person, quentin: Person) -> None:
    await share(world, quentin)
    await follow(world, bob, quentin)
    wrong = await quentin.http.post("/api/v1/me/leave", json={"password": "guess"})
    assert (wrong.status_code, wrong.json()["fields"]) == (422, {"password": "That is not your password."})
    await leave(world, quentin)
    assert (await quentin.http.get("/api/v1/me")).status_code == 401
    assert (await quentin.program.get("/api/v1/me")).status_code == 401
    async with world.client() as fresh:
        answer = await fresh.post("/api/v1/session", json={"name": NAME, "password": PASSWORD})
        assert answer.status_code == 401
    for person in (ada, bob):
        assert (await person.http.get(f"/api/v1/people/{NAME}")).status_code == 404
        assert NAME not in (await person.http.get("/api/v1/people/bob/following")).text
    with pytest.raises(Conflict):
        await world.container.mappers.users.create(NAME, HASH, now=1.0, admin_if_first=False)


async def test_nothing_that_it_held_stays(
    world: World, ada: Person, bob: Person, quentin: Person, full: dict[str, int], tmp_path: Path
) -> None:
    held = {name for name, _ in traces(await rows(world, tmp_path / "before"), quentin.user.id)}
    assert held >= {
        *("user", "session", "token", "stream", "share", "comment", "liking", "flag", "notification", "relation"),
        *("subscription", "folder", "read_journal", "undo", "feed"),
    }
    await leave(world, quentin)
    assert await world.container.gateways.departure.run(quentin.user.id) > 0
    store = await rows(world, tmp_path / "after")
    left = traces(store, quentin.user.id)
    # The feed that was read is the publisher's: here it bears one of the words, in order to be found.
    assert {name for name, _ in left} <= {"feed", "feed_words"}
    assert all(row["kind"] == "site" for name, row in left if name == "feed")
    assert [row["id"] for row in store["feed"] if row["url"].startswith(f"evantr:/u/{quentin.user.id}/")] == []
    assert len(store["reserved_name"]) == 1
    assert await world.container.gateways.departure.run(quentin.user.id) == 0, "again changes nothing"


async def test_what_others_built_on_it_stays(
    world: World, ada: Person, bob: Person, quentin: Person, full: dict[str, int]
) -> None:
    await leave(world, quentin)
    await world.container.gateways.departure.run(quentin.user.id)
    tree = await world.container.services.sharing.tree(ada.actor, full["top"])
    assert [(node.name, node.note, node.withdrawn) for node in tree.nodes] == [
        ("ada", "", False), ("a removed account", "", True), ("bob", "From me", False),
    ]  # fmt: skip
    assert [node.credit for node in tree.nodes if not node.withdrawn] == [1, 0], "counted anew"
    talk = (await ada.http.get(f"/api/v1/shares/{full['hers']}/comments")).json()
    [top] = talk["comments"]
    assert (top["person"], top["text"], [answer["text"] for answer in top["answers"]]) == (None, "", ["So?"])
    assert talk["likes"] == 0
    assert [person["name"] for person in (await ada.http.get("/api/v1/people/ada/followers")).json()["people"]] == []
    sidebar = (await bob.http.get("/api/v1/sidebar")).json()
    assert sidebar["feeds"] == [] and sidebar["starred"] == 0
    with pytest.raises(NotFound):
        await world.container.services.sharing.tree(ada.actor, full["leaf"])


async def test_the_job_may_die_anywhere(
    world: World, ada: Person, bob: Person, quentin: Person, full: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    await leave(world, quentin)
    gateway = world.container.gateways.departure
    deaths = 0
    while True:
        with monkeypatch.context() as patch:
            alive = dying(patch, gateway, after=deaths)
            try:
                await gateway.run(quentin.user.id)
            except Died:
                deaths += 1
                continue
        assert alive() <= deaths
        break
    assert deaths >= 5
    assert not await world.container.mappers.departure.is_leaving(quentin.user.id)
    tree = await world.container.services.sharing.tree(ada.actor, full["top"])
    assert [node.credit for node in tree.nodes if not node.withdrawn] == [1, 0]
    assert (await bob.http.get("/api/v1/sidebar")).json()["feeds"] == []


class Died(Exception):
    """The process ended."""


def dying(patch: pytest.MonkeyPatch, gateway: Any, *, after: int) -> Callable[[], int]:
    """The gateway's mappers work for ``after`` calls, then the next one is done and its answer is lost."""
    made = [0]

    class Mortal:
        def __init__(self, target: Any) -> None:
            self.target = target

        def __getattr__(self, name: str) -> Any:
            method = getattr(self.target, name)

            async def call(*args: Any, **named: Any) -> Any:
                made[0] += 1
                answer = await method(*args, **named)
                if made[0] > after:
                    raise Died
                return answer

            return call

    for part in ("_departure", "_streams", "_shares", "_subscriptions"):
        patch.setattr(gateway, part, Mortal(getattr(gateway, part)))
    return lambda: made[0]


async def test_the_manager_does_it_and_upkeep_puts_it_back(world: World, ada: Person, quentin: Person) -> None:
    await share(world, quentin)
    await leave(world, quentin)
    row = await world.container.gateways.work.get(key_of(RemoveAccount(quentin.user.id)))
    assert row is not None and row.state == "waiting"
    assert (await world.container.gateways.upkeep.run())["departures"] == 1
    departure = world.container.mappers.departure

    async def gone() -> bool:
        return not await departure.is_leaving(quentin.user.id)

    async with world.working():
        await until_async(gone)
    assert (await world.container.gateways.upkeep.run())["departures"] == 0


async def test_open_pages_of_followers_hear_of_it(world: World, ada: Person, bob: Person, quentin: Person) -> None:
    feed_id = (await follow(world, bob, quentin)).feed_id or 0
    await leave(world, quentin)
    async with world.container.bus.subscribe([feed_topic(feed_id), user_topic(bob.user.id)]) as channel:
        await world.container.gateways.departure.run(quentin.user.id)
        events = aiter(channel)
        heard = [await anext(events) for _ in range(2)]
    assert heard[0] == FeedChanged(feed_id)
    assert isinstance(heard[1], ReadingChanged) and heard[1].user_id == bob.user.id


async def test_an_account_that_stays_is_left_alone(world: World, ada: Person, quentin: Person) -> None:
    share_id = await share(world, quentin)
    assert await world.container.gateways.departure.run(quentin.user.id) == 0
    assert await world.container.gateways.departure.run(999) == 0
    assert (await ada.http.get(f"/api/v1/shares/{share_id}/comments")).status_code == 200


# ---- administrators


async def test_administrators_remove_others(world: World, ada: Person, bob: Person, quentin: Person) -> None:
    for name in (NAME, "nobody"):
        assert (await bob.http.delete(f"/api/v1/admin/accounts/{name}")).status_code == 404
    assert (await ada.http.delete(f"/api/v1/admin/accounts/{NAME}")).status_code == 204
    assert (await quentin.http.get("/api/v1/me")).status_code == 401
    assert (await ada.http.delete("/api/v1/admin/accounts/nobody")).status_code == 404
    assert (await ada.http.delete("/api/v1/admin/accounts/ada")).status_code == 403
    [line] = await world.container.services.operations.audit(ada.actor)
    assert (line.user, line.what, line.before) == ("ada", "account removed", f"user {quentin.user.id}")
    names = [row["name"] for row in (await ada.http.get("/api/v1/admin/accounts")).json()["accounts"]]
    assert names == ["ada", "bob"]


async def test_the_only_administrator_cannot_leave_the_others_behind(world: World, ada: Person, bob: Person) -> None:
    answer = await ada.http.post("/api/v1/me/leave", json={"password": PASSWORD})
    assert answer.status_code == 409
    await leave(world, bob)
    await world.container.gateways.departure.run(bob.user.id)
    await leave(world, ada)
    await world.container.gateways.departure.run(ada.user.id)
    assert await world.container.services.accounts.first_needed(SYSTEM)


async def test_wrong_passwords_are_counted(ada: Person, quentin: Person) -> None:
    for _ in range(5):
        assert (await quentin.http.post("/api/v1/me/leave", json={"password": "guess"})).status_code == 422
    assert (await quentin.http.post("/api/v1/me/leave", json={"password": PASSWORD})).status_code == 429


async def test_a_name_can_be_given_back(world: World, ada: Person, quentin: Person) -> None:
    await leave(world, quentin)
    departure = world.container.services.departure
    assert await departure.free(SYSTEM, "Quentin")
    assert not await departure.free(SYSTEM, "Quentin")
    await departure.finish(SYSTEM, quentin.user.id)
    await world.person(NAME)


# ---- the archive


async def test_the_archive_holds_what_one_shared_and_said(
    world: World, ada: Person, bob: Person, quentin: Person, full: dict[str, int]
) -> None:
    archive = zipfile.ZipFile(io.BytesIO((await quentin.http.get("/api/v1/export")).content))
    assert archive.testzip() is None

    def read(name: str) -> Any:
        return json.loads(archive.read(name))

    stream = read("streams/shared.json")
    assert stream["version"] == "https://jsonfeed.org/version/1.1"
    assert [item["_evantr"]["note"] for item in stream["items"]] == [NOTE, ""]
    assert stream["items"][0]["id"] == str(full["middle"]) and stream["items"][0]["_evantr"]["passed_on"] == 1
    assert [comment["text"] for comment in read("comments.json")] == [SAID, ALONE]
    assert [like["share_id"] for like in read("likes.json")] == [full["hers"]]
    people = read("people.json")
    assert (people["following"], people["followers"]) == (["ada"], ["bob"])
    assert people["requests"] == people["blocked"] == people["muted"] == []
    assert (read("profile.json")["about"], read("profile.json")["private"]) == (ABOUT, False)
    told = [(each["kind"], each["by"]) for each in read("notifications.json")]
    assert told == [("answer", "ada"), ("reshare", "bob"), ("follow", "bob")]
    listed = [line.split()[0] for line in archive.read("README.txt").decode().splitlines()[2:] if line]
    present = {name if not name.startswith("streams/") else "streams/NAME.json" for name in archive.namelist()}
    assert set(listed) | {"README.txt"} == present
