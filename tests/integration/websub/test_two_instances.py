"""Two whole instances on two loopback addresses, one following the other: live through the hub, without polling, with
the chain rebuilt, passed on, and back to the first."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest

from reader.ingest.parse import parse
from reader.models.share import Link
from tests.helpers.formats import judge_atom
from tests.helpers.site import Site, SiteFeed
from tests.helpers.victim import Victim, free_port

T = TypeVar("T")
PASSWORD = "correct horse battery"
PATIENCE = 30.0


class Instance:
    """An Evantr of its own: a process, its data, its people by their tokens."""

    def __init__(self, folder: Path, name: str, host: str) -> None:
        port = free_port()
        self.base = f"http://{host}:{port}"
        self.data = folder / name
        self.program = Victim(self.data, port, name=name, host=host, base_url=self.base, log_level="info")
        self.program.address = self.base
        self.people: dict[str, httpx.Client] = {}

    def add(self, *names: str) -> None:
        for name in names:
            self.program.command("user", "add", name, "--password", PASSWORD)
            token = self.program.command("token", "add", name).strip()
            headers = {"Authorization": f"Bearer {token}"}
            self.people[name] = httpx.Client(base_url=self.base + "/api/v1", headers=headers, timeout=20)

    def close(self) -> None:
        for client in self.people.values():
            client.close()
        self.program.kill()

    def get(self, name: str, path: str) -> Any:
        return _said(self.people[name].get(path))

    def post(self, name: str, path: str, **body: object) -> Any:
        return _said(self.people[name].post(path, json=body))

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        connection = sqlite3.connect(f"file:{self.data / 'evantr.sqlite'}?mode=ro", uri=True)
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()

    def requests(self, path: str) -> int:
        """How often a document of a stream was fetched."""
        return sum("GET" in line and f"path={path}" in line for line in self.program.log.splitlines())

    def subscribe(self, name: str, url: str) -> int:
        """Somebody types an address, and takes the first feed that is found."""

        def found() -> Any:
            return self.post(name, "/discover", url=url, wait=5).get("feeds")

        feeds = until(found)
        feed_id: int = self.post(name, "/subscriptions", url=feeds[0]["url"])["feed_id"]
        return feed_id

    def share(self, name: str, entry_id: int, note: str = "") -> int:
        share_id: int = self.post(name, "/shares", entry_id=entry_id, note=note)["id"]
        return share_id

    def entries(self, name: str, feed_id: int) -> dict[str, int]:
        """Title → id."""
        listed = self.get(name, f"/entries?scope=feed/{feed_id}&limit=50")["entries"]
        return {entry["title"]: entry["id"] for entry in listed}

    def entry(self, name: str, feed_id: int, title: str) -> int:
        """The id of the entry, as soon as it is there."""
        return until(lambda: self.entries(name, feed_id).get(title))

    def path(self, name: str, entry_id: int) -> list[tuple[str, str]]:
        """Who passed an entry on, as its reader is told: names and notes."""
        (card,) = self.get(name, f"/cards?ids={entry_id}")["cards"]
        steps = [*card["path"], *([card["by"]] if card["by"] else [])]
        return [(step["name"], step["note"]) for step in steps]

    def subscribers(self) -> int:
        return int(self.rows("SELECT count(*) FROM hub_subscription")[0][0])


def _said(answer: httpx.Response) -> Any:
    assert answer.status_code < 300, answer.text
    return answer.json()


def until(look: Callable[[], T | None], seconds: float = PATIENCE) -> T:
    """What ``look`` finds, as soon as it finds something."""
    end = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.05)
    return found


@pytest.fixture
def two(tmp_path: Path) -> Iterator[tuple[Instance, Instance]]:
    one, other = Instance(tmp_path, "one", "127.0.0.2"), Instance(tmp_path, "other", "127.0.0.3")
    try:
        for instance in (one, other):
            instance.program.start()
        one.add("ada", "carol")
        other.add("bob")
        yield one, other
    finally:
        one.close()
        other.close()


@pytest.fixture
def site() -> Iterator[SiteFeed]:
    with Site("127.0.0.6") as running:
        feed = running.feed("/letters.xml", title="Quiet Letters")
        feed.publish("First")
        yield feed


def test_a_stream_is_followed_from_another_instance_and_back(two: tuple[Instance, Instance], site: SiteFeed) -> None:
    one, other = two
    letters = one.subscribe("ada", site.url)
    one.share("ada", one.entry("ada", letters, "First"))

    # bob follows ada from another instance, carol follows bob from the first.
    adas = other.subscribe("bob", f"{one.base}/u/ada/shared.atom")
    first = other.entry("bob", adas, "First")
    assert other.path("bob", first) == [("ada", "")]
    other.share("bob", first, "Old, but good")
    bobs = one.subscribe("carol", f"{other.base}/u/bob")
    one.entry("carol", bobs, "First")
    until(lambda: one.subscribers() == other.subscribers() == 1)
    before = one.requests("/u/ada/shared.atom"), other.requests("/u/bob/shared.atom")

    # What ada shares now comes to bob through the hub, what bob shares on comes back to carol.
    site.publish("Second")
    one.people["ada"].post(f"/feeds/{letters}/check")
    shared = one.share("ada", one.entry("ada", letters, "Second"), "Look!")
    second = other.entry("bob", adas, "Second")
    assert other.path("bob", second) == [("ada", "Look!")]
    other.share("bob", second, "And this")
    back = one.entry("carol", bobs, "Second")
    assert one.path("carol", back) == [("ada", "Look!"), ("bob", "And this")]
    one.share("carol", back, "Home again")
    assert (one.requests("/u/ada/shared.atom"), other.requests("/u/bob/shared.atom")) == before, "nobody polled"

    # The whole chain goes out once more, under the same ids everywhere.
    told = {name: steps(instance, name, "Second") for instance, name in ((one, "ada"), (other, "bob"), (one, "carol"))}
    assert [(link.name, link.note) for link in told["carol"]] == [
        ("ada", "Look!"), ("bob", "And this"), ("carol", "Home again"),
    ]  # fmt: skip
    assert [link.id for link in told["carol"][:2]] == [link.id for link in told["bob"]]
    assert told["bob"][:1] == told["ada"]
    assert [link.url for link in told["carol"]] == [
        f"{one.base}/u/ada/shared", f"{other.base}/u/bob/shared", f"{one.base}/u/carol/shared",
    ]  # fmt: skip

    # A note that is changed is changed on the other instance too.
    one.people["ada"].patch(f"/shares/{shared}", json={"note": "Look again!"})
    until(lambda: other.path("bob", second) == [("ada", "Look again!")])
    assert one.requests("/u/ada/shared.atom") == before[0] + 1, "but for our own look"


def steps(instance: Instance, name: str, title: str) -> tuple[Link, ...]:
    """The chain of a share as its stream tells it to anybody."""
    body = httpx.get(f"{instance.base}/u/{name}/shared.atom").content
    judge_atom(body)
    feed = parse(body, url=instance.base)
    (entry,) = [entry for entry in feed.entries if entry.title == title]
    assert entry.chain is not None and entry.chain.source is not None
    assert entry.chain.source.title == "Quiet Letters"
    return entry.chain.links


def test_a_killed_instance_loses_nothing_of_what_is_pushed(two: tuple[Instance, Instance], site: SiteFeed) -> None:
    """kill -9 of the follower while the other shares on: the hub tries again."""
    one, other = two
    letters = one.subscribe("ada", site.url)
    adas = other.subscribe("bob", f"{one.base}/u/ada/shared.atom")
    until(lambda: one.subscribers() == 1)
    other.program.kill()
    shared = one.share("ada", one.entry("ada", letters, "First"))
    until(lambda: one.rows("SELECT 1 FROM hub_subscription WHERE failures > 0"))
    one.program.kill()
    for instance in (one, other):
        instance.program.start()
    # The pause is over: in a minute, or now by hand.
    connection = sqlite3.connect(one.data / "evantr.sqlite")
    with connection:
        connection.execute("UPDATE hub_subscription SET due_at = 1 WHERE due_at IS NOT NULL")
    connection.close()
    entry = other.entry("bob", adas, "First")
    assert other.path("bob", entry) == [("ada", "")]
    assert shared > 0
