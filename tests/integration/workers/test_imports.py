"""Imports from the file to the last entry, with the real program, store, CPU pool and a site on loopback."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from html import escape
from pathlib import Path

import pytest
import pytest_asyncio

from reader.errors import Conflict, Invalid, NotFound
from reader.events import ImportChanged, user_topic
from reader.models.imports import ImportItem, Progress
from reader.models.user import Actor, User
from tests.helpers.site import Site
from tests.integration.workers.conftest import settings_in
from workers.program import Program


def opml(*outlines: str) -> bytes:
    return f'<opml version="2.0"><body>{"".join(outlines)}</body></opml>'.encode()


def outline(title: str, url: str, html_url: str = "") -> str:
    return f'<outline type="rss" text="{escape(title)}" xmlUrl="{escape(url)}" htmlUrl="{escape(html_url)}"/>'


def folder(title: str, *outlines: str) -> str:
    return f'<outline text="{escape(title)}">{"".join(outlines)}</outline>'


class Running:
    """A program with one person."""

    def __init__(self, program: Program, user: User) -> None:
        self.program = program
        self.container = program.container
        self.imports = self.container.services.imports
        self.user = user
        self.actor = Actor(user.id)

    async def start(self, body: bytes, actor: Actor | None = None) -> int:
        preview = await self.imports.upload(actor or self.actor, "subs.opml", body)
        await self.imports.start(actor or self.actor, preview.job.id)
        return preview.job.id

    async def until(self, import_id: int, state: str = "done", seconds: float = 30.0) -> Progress:
        end = time.monotonic() + seconds
        seen = 0
        while True:
            progress = await self.imports.get(self.actor, import_id)
            tally = progress.tally
            assert tally.waiting + tally.running + tally.done + tally.need + tally.failed + tally.skipped == tally.total
            assert tally.settled >= seen, "the bar went back"
            seen = tally.settled
            if progress.job.state == state:
                return progress
            assert time.monotonic() < end, progress
            await asyncio.sleep(0.03)

    async def items(self, import_id: int) -> list[ImportItem]:
        return await self.imports.all_items(self.actor, import_id)

    async def tree(self) -> dict[str, tuple[str, ...]]:
        """Title of each feed → its folders."""
        shelf = await self.container.gateways.reading.shelf(self.user.id)
        return {s.row().title: shelf.path(s.sub.folder_id) for s in shelf.subs.values()}

    async def unread(self) -> int:
        return (await self.container.services.reading.sidebar(self.actor)).unread


@pytest_asyncio.fixture
async def running(tmp_path: Path, store: str) -> AsyncIterator[Running]:
    program = Program(settings_in(tmp_path, store=store, fetch_timeout=3))
    container = await program.open()
    user = await container.mappers.users.create("ada", "x", now=time.time(), admin_if_first=True)
    program.start()
    yield Running(program, user)
    await program.close()


@pytest.fixture
def other() -> Iterator[Site]:
    with Site("127.0.0.9") as opened:
        yield opened


async def test_from_the_file_to_the_entries(running: Running, site: Site, other: Site) -> None:
    for name in ("one", "two", "three"):
        site.feed(f"/{name}.xml", title=name.title()).publish("First")
    feed = other.feed("/new/feed.xml", title="Moved")
    feed.publish("Here")
    other.page("/", "/new/feed.xml")
    site.page("/page", "/one.xml")
    body = opml(
        folder("A", folder("B", outline("One", site.url("/one.xml")), outline("My two", site.url("/two.xml")))),
        outline("Three", site.url("/three.xml")),
        outline("One again", site.url("/one.xml")),
        outline("Local", "file:///etc/passwd"),
        outline("Old", site.url("/gone.xml"), other.url("/")),
        outline("Lost", site.url("/lost.xml"), site.url("/nothing")),
        outline("Page", site.url("/page")),
    )
    preview = await running.imports.upload(running.actor, "C:\\x\\subs.opml", body)
    assert preview.job.name == "subs.opml"
    tally = preview.tally
    assert (tally.found, tally.new, tally.yours, tally.twice, tally.refused) == (8, 6, 0, 1, 1)
    assert await running.tree() == {}
    await running.imports.start(running.actor, preview.job.id)
    progress = await running.until(preview.job.id)
    assert (progress.tally.done, progress.tally.need, progress.tally.failed) == (3, 2, 1)
    assert progress.percent == 100.0
    tree = await running.tree()
    assert {name: tree[name] for name in ("One", "My two", "Three")} == {
        "One": ("A", "B"), "My two": ("A", "B"), "Three": ()
    }  # fmt: skip
    assert await running.unread() == 3
    items = {item.title: item for item in await running.items(preview.job.id)}
    old = items["Old"]
    assert old.state == "need" and [each.url for each in old.found] == [feed_url := other.url("/new/feed.xml")]
    assert old.reason is not None and "(404)" in old.reason and "that works" in old.reason
    lost = items["Lost"]
    assert lost.state == "failed" and lost.reason is not None and "(404)" in lost.reason
    assert items["Page"].state == "need"
    # One press takes the replacement.
    with pytest.raises(Invalid):
        await running.imports.accept(running.actor, preview.job.id, old.number, "https://other.example/")
    await running.imports.accept(running.actor, preview.job.id, old.number)
    progress = await running.until(preview.job.id)
    assert progress.tally.done == 4
    item = (await running.items(preview.job.id))[old.number - 1]
    assert item.url == feed_url and item.state == "done"
    shelf = await running.container.gateways.reading.shelf(running.user.id)
    assert site.url("/gone.xml") not in {s.mark.url for s in shelf.subs.values()}
    # Trying again helps once the site is well.
    site.feed("/lost.xml", title="Lost").publish("Found")
    await running.imports.retry(running.actor, preview.job.id, lost.number)
    assert (await running.until(preview.job.id)).tally.failed == 0


async def test_what_is_there_already_is_not_fetched_again(running: Running, site: Site) -> None:
    site.feed("/one.xml", title="One").publish("First")
    first = await running.start(opml(outline("One", site.url("/one.xml"))))
    await running.until(first)
    bob = await running.container.mappers.users.create("bob", "x", now=time.time(), admin_if_first=False)
    before = len(site.seen("/one.xml"))
    preview = await running.imports.upload(running.actor, "x", opml(outline("One", site.url("/one.xml"))))
    assert (preview.tally.new, preview.tally.yours) == (0, 1)
    with pytest.raises(Invalid):
        await running.imports.start(running.actor, preview.job.id)
    theirs = await running.start(opml(outline("One", site.url("/one.xml"))), Actor(bob.id))
    with pytest.raises(NotFound):
        await running.imports.get(running.actor, theirs)
    running.actor = Actor(bob.id)
    await running.until(theirs)
    assert len(site.seen("/one.xml")) == before


async def test_pause_resume_and_cancel(running: Running, site: Site) -> None:
    for n in range(24):
        site.feed(f"/{n}.xml", title=f"Feed {n}", delay=0.3).publish("First")
    import_id = await running.start(opml(*(outline(f"Feed {n}", site.url(f"/{n}.xml")) for n in range(24))))
    await asyncio.sleep(0.4)
    assert (await running.imports.pause(running.actor, import_id)).job.state == "paused"
    with pytest.raises(Conflict):
        await running.imports.pause(running.actor, import_id)
    await asyncio.sleep(1.0)
    still = (await running.imports.get(running.actor, import_id)).tally
    await asyncio.sleep(0.5)
    assert (await running.imports.get(running.actor, import_id)).tally.waiting == still.waiting > 0
    await running.imports.resume(running.actor, import_id)
    await asyncio.sleep(0.1)
    progress = await running.imports.cancel(running.actor, import_id)
    assert progress.job.state == "cancelled" and progress.tally.waiting == 0
    tree = await running.tree()
    assert 0 < len(tree) < 24
    while (progress := await running.imports.get(running.actor, import_id)).tally.running:  # noqa: ASYNC110
        await asyncio.sleep(0.05)  # what was under way ends
    assert progress.tally.done == len(tree)
    with pytest.raises(Conflict):
        await running.imports.cancel(running.actor, import_id)


async def test_undo_takes_away_what_the_import_made(running: Running, site: Site) -> None:
    for n in range(4):
        site.feed(f"/{n}.xml", title=f"Feed {n}").publish("First")
    before = await running.tree()
    import_id = await running.start(
        opml(folder("A", folder("B", *(outline(f"F{n}", site.url(f"/{n}.xml")) for n in range(4)))))
    )
    await running.until(import_id)
    done = await running.imports.undo(running.actor, import_id)
    assert done.label == "Import undone: 4 feeds and 2 folders removed"
    assert await running.tree() == before
    assert (await running.container.services.reading.sidebar(running.actor)).folders == ()
    with pytest.raises(Conflict):
        await running.imports.undo(running.actor, import_id)


async def test_choose_and_events(running: Running, site: Site) -> None:
    for n in range(3):
        site.feed(f"/{n}.xml", title=f"Feed {n}").publish("First")
    preview = await running.imports.upload(
        running.actor, "x", opml(*(outline(f"F{n}", site.url(f"/{n}.xml")) for n in range(3)))
    )
    chosen = await running.imports.choose(running.actor, preview.job.id, [1, 3, 99])
    assert chosen.tally.total == 2
    async with running.container.bus.subscribe([user_topic(running.user.id)]) as channel:
        await running.imports.start(running.actor, preview.job.id)
        await running.until(preview.job.id)
        async for event in channel:
            if isinstance(event, ImportChanged):
                assert event.import_id == preview.job.id
                break
    assert set(await running.tree()) == {"F0", "F2"}
    with pytest.raises(Invalid):
        await running.imports.choose(running.actor, preview.job.id, [2])


async def test_a_person_does_not_wait_behind_ten_imports(running: Running, site: Site, other: Site) -> None:
    """Ten imports of feeds that take two seconds each; meanwhile one subscription by hand."""

    async def someone_imports(who: int) -> tuple[Actor, int]:
        user = await running.container.mappers.users.create(f"u{who}", "x", now=time.time(), admin_if_first=False)
        paths = [f"/{who}-{n}.xml" for n in range(8)]
        for path in paths:
            site.feed(path, title=path, delay=2.0).publish("First")
        body = opml(*(outline(path, site.url(path)) for path in paths))
        return Actor(user.id), await running.start(body, Actor(user.id))

    imports = await asyncio.gather(*(someone_imports(who) for who in range(10)))
    await asyncio.sleep(0.3)
    other.feed("/mine.xml", title="Mine").publish("First")
    feed, _ = await running.container.mappers.feeds.create(
        other.url("/mine.xml"), title="", site_url=None, description=None, now=time.time()
    )
    started = time.monotonic()
    await running.container.services.feeds.subscribe(running.actor, feed_id=feed.id)
    while not await running.unread():
        assert time.monotonic() - started < 3.0
        await asyncio.sleep(0.02)
    tallies = [(await running.imports.get(actor, one)).tally for actor, one in imports]
    assert all(tally.open for tally in tallies)


async def test_what_is_no_opml(running: Running) -> None:
    with pytest.raises(Invalid, match="zip"):
        await running.imports.upload(running.actor, "x.zip", b"PK\x03\x04")
    with pytest.raises(Invalid, match="names no feed"):
        await running.imports.upload(running.actor, "x", b"<opml><body/></opml>")
    assert await running.imports.recent(running.actor) == []
