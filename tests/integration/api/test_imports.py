"""Imports and exports over HTTP."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from html import escape
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reader.ingest.opml import parse_opml
from tests.helpers.app import Person, World, open_world
from tests.helpers.site import Site
from tests.helpers.stores import NewStore
from web.app import create_app

TYPE = {"Content-Type": "text/x-opml"}
FIVE = "/api/v1/imports"


@pytest.fixture
def site() -> Iterator[Site]:
    with Site("127.0.0.6") as served:
        yield served


def outline(title: str, url: str) -> str:
    return f'<outline type="rss" text="{escape(title)}" xmlUrl="{escape(url)}"/>'


def opml(*inner: str) -> bytes:
    return f"<opml><body>{''.join(inner)}</body></opml>".encode()


async def upload(person: Person, body: bytes) -> dict[str, object]:
    answer = await person.http.post(f"{FIVE}?name=my.opml", content=body, headers=TYPE)
    assert answer.status_code == 201, answer.text
    document: dict[str, object] = answer.json()
    return document


async def drive(world: World) -> None:
    """The imports to their end, as far as feeds need no pull."""
    importing = world.container.gateways.importing
    for _ in range(200):
        jobs = await importing.running()
        if not jobs:
            return
        for job in jobs:
            await importing.step(job)
    raise AssertionError("an import does not end")


async def test_upload_choose_start_and_follow(world: World, ada: Person) -> None:
    feed = await world.feed("known")
    body = opml(
        outline("Known", "https://known.example/feed.xml"),
        outline("New", "https://new.example/f"),
        outline("x", "file:x"),
    )
    job = await upload(ada, body)
    assert (job["name"], job["state"]) == ("my.opml", "preview")
    path = f"{FIVE}/{job['id']}"
    items = (await ada.http.get(f"{path}/items?limit=2")).json()
    assert [item["number"] for item in items["items"]] == [1, 2] and items["next"] == 2
    rest = (await ada.http.get(f"{path}/items?after=2")).json()
    assert rest["next"] is None and rest["items"][0]["kind"] == "refused" and rest["items"][0]["reason"]
    chosen = await ada.http.post(f"{path}/choose", json={"items": [1]})
    assert chosen.json()["counts"]["total"] == 1
    started = await ada.http.post(f"{path}/start")
    assert started.status_code == 200 and started.json()["state"] == "running"
    assert (await ada.http.post(f"{path}/start")).status_code == 409
    await drive(world)
    done = (await ada.http.get(path)).json()
    assert (done["state"], done["percent"], done["counts"]["done"]) == ("done", 100.0, 1)
    listed = (await ada.http.get("/api/v1/subscriptions")).json()["subscriptions"]
    assert [row["feed_id"] for row in listed] == [feed]
    assert [one["id"] for one in (await ada.http.get(FIVE)).json()["imports"]] == [job["id"]]
    undone = await ada.http.post(f"{path}/undo")
    assert undone.json()["changed"] == 1
    assert (await ada.http.post(f"{path}/undo")).status_code == 409
    assert (await ada.http.get("/api/v1/subscriptions")).json()["subscriptions"] == []


async def test_pause_resume_cancel_retry_accept(world: World, ada: Person, bob: Person) -> None:
    job = await upload(ada, opml(outline("New", "https://new.example/f")))
    path = f"{FIVE}/{job['id']}"
    assert (await ada.http.post(f"{path}/pause")).status_code == 409
    await ada.http.post(f"{path}/start")
    assert (await ada.http.post(f"{path}/pause")).json()["state"] == "paused"
    assert (await ada.http.post(f"{path}/resume")).json()["state"] == "running"
    assert (await ada.http.post(f"{path}/items/1/retry")).status_code == 409
    assert (await ada.http.post(f"{path}/items/2/retry")).status_code == 404
    assert (await ada.http.post(f"{path}/items/1/accept", json={})).status_code == 422
    assert (await bob.http.get(path)).status_code == 404
    assert (await ada.http.post(f"{path}/cancel")).json()["state"] == "cancelled"
    assert (await ada.http.post(f"{path}/cancel")).status_code == 409


async def test_what_is_no_opml(ada: Person) -> None:
    answer = await ada.http.post(FIVE, content=b"PK\x03\x04", headers=TYPE)
    assert answer.status_code == 422 and "zip" in answer.json()["detail"]
    answer = await ada.http.post(FIVE, content=b"x" * 20_100_000, headers=TYPE)
    assert answer.status_code == 422 and "20 MB" in answer.json()["detail"]
    answer = await ada.http.post(FIVE, content=b"x" * 21_000_000, headers=TYPE)
    assert answer.status_code == 413
    answer = await ada.http.post(FIVE, data={"file": "text"}, files={"other": ("a.opml", b"x")})
    assert answer.status_code == 422 and answer.json()["fields"]


async def test_a_form_with_a_file(ada: Person) -> None:
    body = opml(outline("New", "https://new.example/f"))
    answer = await ada.http.post(FIVE, files={"file": ('a"\r\nb.opml', body, "text/xml; charset=utf-8")})
    assert answer.status_code == 201 and "\r" not in answer.json()["name"]


async def test_exports(world: World, ada: Person, bob: Person) -> None:
    feed = await world.feed(readers=[ada], entries=5)
    ids = await world.entry_ids(ada, f"feed/{feed}")
    for entry_id in ids[:2]:
        await ada.http.post(f"/api/v1/entries/{entry_id}/star", json={})
    found = await ada.http.get("/api/v1/export/opml")
    assert found.headers["content-disposition"] == 'attachment; filename="subscriptions.opml"'
    assert [each.xml_url for each in parse_opml(found.content).outlines] == ["https://gazette.example/feed.xml"]
    starred = (await ada.http.get("/api/v1/export/starred")).json()
    assert starred["version"] == "https://jsonfeed.org/version/1.1"
    assert all(item["id"] and item["content_html"] for item in starred["items"])
    later = (await ada.http.get("/api/v1/export/later")).json()
    assert later["items"] == []
    archive = zipfile.ZipFile(io.BytesIO((await ada.http.get("/api/v1/export")).content))
    assert archive.testzip() is None
    names = {"README.txt", "subscriptions.opml", "starred.json", "later.json", "reading.json", "settings.json"}
    social = {"profile.json", "comments.json", "likes.json", "people.json", "notifications.json"}
    assert set(archive.namelist()) == names | social
    assert b"gazette" not in (await bob.http.get("/api/v1/export/opml")).content


name = st.text(
    st.characters(blacklist_categories=("Cc", "Cs", "Cf", "Cn", "Co", "Zl", "Zp")), min_size=1, max_size=12
).map(str.strip)
names = name.filter(lambda text: bool(text) and "<" not in text and "&" not in text)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(st.lists(names, max_size=4), names, st.integers(0, 30)), min_size=1, max_size=25))
async def test_import_export_import_gives_the_same(
    tmp_path_factory: pytest.TempPathFactory, new_store: NewStore, places: list[tuple[list[str], str, int]]
) -> None:
    """Sets of feeds, folders and own names are the same after a way through a file, and nothing is there twice."""
    with new_store() as store:
        await goes_round(tmp_path_factory.mktemp("store"), store, places)


async def goes_round(folder: Path, store: str, places: list[tuple[list[str], str, int]]) -> None:
    async with open_world(folder, create_app, store=store) as world:
        ada, bob = await world.person("ada", admin=True), await world.person("bob")
        for number in {number for _, _, number in places}:
            await world.feed(f"feed{number}", entries=1)
        body = opml(*(wrapped(path, outline(title, f"https://feed{n}.example/feed.xml")) for path, title, n in places))
        await through(world, ada, body)
        exported = (await ada.http.get("/api/v1/export/opml")).content
        await through(world, bob, exported)
        assert await shape(world, bob) == await shape(world, ada)
        again = (await bob.http.get("/api/v1/export/opml")).content
        assert again.replace(b"bob", b"ada").split(b"<body>")[1] == exported.split(b"<body>")[1]
        repeated = await upload(ada, exported)
        assert repeated["counts"]["new"] == 0 and repeated["counts"]["twice"] == 0  # type: ignore[index]


def wrapped(path: list[str], inner: str) -> str:
    for title in reversed(path):
        inner = f'<outline text="{escape(title)}">{inner}</outline>'
    return inner


async def through(world: World, person: Person, body: bytes) -> None:
    job = await upload(person, body)
    answer = await person.http.post(f"{FIVE}/{job['id']}/start")
    assert answer.status_code == 200, answer.text
    await drive(world)


async def shape(world: World, person: Person) -> set[tuple[tuple[str, ...], str, str]]:
    shelf = await world.container.gateways.reading.shelf(person.user.id)
    rows = [(shelf.path(s.sub.folder_id), s.row().title, s.row().url) for s in shelf.subs.values()]
    assert len({url for _, _, url in rows}) == len(rows)
    return set(rows)
