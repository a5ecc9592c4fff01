from __future__ import annotations

from collections.abc import Sequence

from reader.mappers import Mappers
from reader.mappers.feeds import FeedMeta
from reader.mappers.imports import Outcome
from reader.models.imports import ImportItem, ItemKind, Replacement
from tests.contract.mappers.make import FAR, add_feed, add_reader, add_user, fill, pull_result, take


def item(number: int, name: str = "", *, path: Sequence[str] = (), kind: ItemKind = "new") -> ImportItem:
    new = kind == "new"
    return ImportItem(
        number, number + 2, kind, new, "waiting" if new else "skipped", f"https://{name or f'f{number}'}.test/rss",
        f"Feed {number}", None, tuple(path),
    )  # fmt: skip


async def start(mappers: Mappers, user_id: int, items: Sequence[ImportItem]) -> int:
    job = await mappers.imports.create(user_id, "subs.opml", 10.0)
    await mappers.imports.add_items(job.id, items)
    assert await mappers.imports.switch(job.id, ["filling"], "preview", 11.0)
    assert await mappers.imports.switch(job.id, ["preview"], "running", 12.0)
    return job.id


async def plant(mappers: Mappers, import_id: int, limit: int = 100, now: float = 20.0) -> int:
    return await mappers.imports.plant(import_id, limit, unread=10, now=now, due_at=FAR)


async def pulled(mappers: Mappers, feed_id: int, *, error: str | None = None, title: str | None = None) -> None:
    token = await take(mappers, feed_id, 30.0)
    meta = FeedMeta(title=title)
    result = pull_result(feed_id, 30.0, error=error, state="failing" if error else "active", meta=meta)
    assert await mappers.feeds.record_pull(feed_id, token, result)


async def test_states_and_tally(mappers: Mappers) -> None:
    user = await add_user(mappers)
    job = await mappers.imports.create(user.id, "subs.opml", 10.0)
    assert (job.state, job.started_at) == ("filling", None)
    items = [item(1), item(2), item(3, kind="yours"), item(4, kind="twice"), item(5, kind="refused")]
    await mappers.imports.add_items(job.id, items)
    await mappers.imports.add_items(job.id, items[:2])
    assert await mappers.imports.of_user(user.id, 10) == []
    assert await mappers.imports.switch(job.id, ["filling"], "preview", 11.0)
    assert not await mappers.imports.switch(job.id, ["filling"], "preview", 11.0)
    tally = await mappers.imports.tally(job.id)
    assert (tally.found, tally.new, tally.yours, tally.twice, tally.refused) == (5, 2, 1, 1, 1)
    assert (tally.total, tally.waiting) == (2, 2)
    assert await mappers.imports.choose(job.id, [2, 3]) == 1
    assert (await mappers.imports.tally(job.id)).total == 1
    assert await mappers.imports.choose(job.id, [1, 2]) == 2
    assert await mappers.imports.running() == []
    assert await mappers.imports.switch(job.id, ["preview"], "running", 12.0)
    assert await mappers.imports.switch(job.id, ["running"], "paused", 13.0)
    assert await mappers.imports.switch(job.id, ["paused"], "running", 14.0)
    (found,) = await mappers.imports.running()
    assert (found.started_at, found.resumed_at, found.resumed_count) == (12.0, 14.0, 0)
    assert await mappers.imports.items(job.id, after=1, limit=2) == [items[1], items[2]]
    assert [each.number for each in await mappers.imports.items(job.id, states=["skipped"])] == [3, 4, 5]
    assert await mappers.imports.item(job.id, 4) == items[3]
    assert await mappers.imports.item(job.id, 6) is None
    assert await mappers.imports.get(job.id + 1) is None
    assert [each.id for each in await mappers.imports.of_user(user.id, 10)] == [job.id]
    assert not await mappers.imports.finish(job.id, 15.0)


async def test_plant_makes_feeds_folders_and_subscriptions_once(mappers: Mappers) -> None:
    reader = await add_reader(mappers)
    known = await add_feed(mappers, "known")
    await mappers.feeds.add_alias(known.id, "https://alias.test/rss")
    items = [
        item(1, path=["A", "B"]), item(2, path=["a"]), item(3, "alias", path=["A", "B", "C"]), item(4, "of-ann"),
    ]  # fmt: skip
    urls = [each.url for each in items]
    assert await mappers.imports.known(reader.user.id, urls) == {urls[2]: False, urls[3]: True}
    import_id = await start(mappers, reader.user.id, items)
    before = await mappers.subscriptions.rev(reader.user.id)
    assert await plant(mappers, import_id, 3) == 3
    assert await mappers.subscriptions.rev(reader.user.id) > before
    assert await plant(mappers, import_id) == 1
    assert await plant(mappers, import_id) == 0
    delta = await mappers.subscriptions.delta(reader.user.id, -1, -1)
    parents = {f.title: f.parent_id for f in delta.folders}
    ids = {f.title: f.id for f in delta.folders}
    assert parents == {"A": None, "B": ids["A"], "C": ids["B"]}
    stored = await mappers.imports.items(import_id)
    assert stored[2].feed_id == known.id
    places = {s.feed_id: s.folder_id for s in delta.subscriptions}
    assert [places[each.feed_id or 0] for each in stored] == [ids["B"], ids["A"], ids["C"], None]
    assert await mappers.imports.known(reader.user.id, urls) == dict.fromkeys(urls, True)
    feed = await mappers.feeds.by_url(urls[0])
    assert feed is not None and feed.title == "Feed 1"
    schedule = await mappers.feeds.schedule(feed.id)
    assert schedule is not None and schedule.next_pull_at == FAR


async def test_take_watch_and_settle(mappers: Mappers) -> None:
    reader = await add_reader(mappers, name="bob")
    well = await add_feed(mappers, "well")
    await fill(mappers, well.id, 2)
    await pulled(mappers, well.id)
    import_id = await start(mappers, reader.user.id, [item(1), item(2), item(3, "well")])
    await plant(mappers, import_id)
    waiting = await mappers.imports.waiting(import_id, 10)
    assert [each.number for each in waiting] == [1, 2, 3]
    numbers = [each.number for each in waiting]
    feeds = await mappers.imports.take(import_id, numbers, now=25.0, stale=0.0)
    assert feeds == [waiting[0].feed_id, waiting[1].feed_id]
    assert await mappers.imports.take(import_id, numbers, now=26.0, stale=0.0) == []
    schedule = await mappers.feeds.schedule(feeds[0])
    assert schedule is not None and schedule.next_pull_at == 25.0
    tally = await mappers.imports.tally(import_id)
    assert (tally.running, tally.done, tally.settled, tally.total) == (2, 1, 1, 3)
    assert [each.new for each in await mappers.imports.watch(import_id)] == [True, True]
    await pulled(mappers, feeds[0], title="Feed 1")
    await pulled(mappers, feeds[1], error="Broken.")
    one, two = await mappers.imports.watch(import_id)
    assert (one.known, one.new, one.error, one.status, one.next_pull_at) == (True, False, None, 200, 100.0)
    assert (two.error, two.item.since) == ("Broken.", 25.0)
    outcomes = [Outcome(1, "done"), Outcome(2, "running", looking="https://site.test/")]
    assert await mappers.imports.settle(import_id, outcomes) == 2
    assert [each.item.looking for each in await mappers.imports.watch(import_id)] == ["https://site.test/"]
    found = (Replacement("https://new.test/rss", "New"),)
    assert await mappers.imports.settle(import_id, [Outcome(2, "need", "Gone.", None, found)]) == 1
    assert await mappers.imports.settle(import_id, [Outcome(2, "done")]) == 0
    stored = await mappers.imports.item(import_id, 2)
    assert stored is not None and (stored.state, stored.reason, stored.found) == ("need", "Gone.", found)
    other = await mappers.subscriptions.get(reader.user.id, feeds[1])
    assert other is not None and other.title == "Feed 2"
    own = await mappers.subscriptions.get(reader.user.id, feeds[0])
    assert own is not None and own.title == "Feed 1"
    assert await mappers.imports.finish(import_id, 40.0)
    own = await mappers.subscriptions.get(reader.user.id, feeds[0])
    assert own is not None and own.title is None  # the publisher's name, so no own one
    job = await mappers.imports.get(import_id)
    assert job is not None and (job.state, job.finished_at) == ("done", 40.0)


async def test_again_and_put_back(mappers: Mappers) -> None:
    user = await add_user(mappers)
    import_id = await start(mappers, user.id, [item(1), item(2)])
    await plant(mappers, import_id)
    feeds = await mappers.imports.take(import_id, [1, 2], now=25.0, stale=0.0)
    await mappers.imports.again(import_id, [1], 5.0)
    schedule = await mappers.feeds.schedule(feeds[0])
    assert schedule is not None and schedule.next_pull_at == 5.0
    assert not await mappers.imports.put_back(import_id, 1, None)
    await mappers.imports.settle(import_id, [Outcome(1, "failed", "No."), Outcome(2, "need", "Moved.")])
    assert await mappers.imports.put_back(import_id, 1, None)
    assert await mappers.imports.put_back(import_id, 2, "https://other.test/rss")
    assert await mappers.subscriptions.get(user.id, feeds[1]) is None
    assert await mappers.subscriptions.get(user.id, feeds[0]) is not None
    tally = await mappers.imports.tally(import_id)
    assert (tally.waiting, tally.settled) == (2, 2)  # the bar does not go back
    assert await plant(mappers, import_id) == 1
    assert [each.url for each in await mappers.imports.waiting(import_id, 5)] == [item(1).url, "https://other.test/rss"]


async def test_take_back_leaves_what_the_person_did_since(mappers: Mappers) -> None:
    user = await add_user(mappers)
    mine = await mappers.subscriptions.add_folder(user.id, "Mine")
    items = [item(1, path=["A", "B"]), item(2, path=["C"]), item(3, path=["Mine"]), item(4, path=["D"])]
    import_id = await start(mappers, user.id, items)
    await plant(mappers, import_id)
    ids = [each.feed_id or 0 for each in await mappers.imports.items(import_id)]
    await mappers.subscriptions.unsubscribe(user.id, [ids[1]])
    delta = await mappers.subscriptions.delta(user.id, -1, -1)
    folder = {f.title: f.id for f in delta.folders}
    await mappers.subscriptions.subscribe(user.id, ids[1], folder_id=folder["C"], title=None, unread=1, now=50.0)
    own = await add_feed(mappers, "own")
    await mappers.subscriptions.subscribe(user.id, own.id, folder_id=folder["D"], title=None, unread=1, now=50.0)
    assert await mappers.imports.take_back(import_id) == (3, 2)
    delta = await mappers.subscriptions.delta(user.id, -1, -1)
    assert {s.feed_id for s in delta.subscriptions} == {ids[1], own.id}
    assert {f.id for f in delta.folders} == {mine.id, folder["C"], folder["D"]}
    assert await mappers.imports.take_back(import_id) == (0, 0)


async def test_take_back_of_what_waits(mappers: Mappers) -> None:
    user = await add_user(mappers)
    import_id = await start(mappers, user.id, [item(1), item(2)])
    await plant(mappers, import_id)
    await mappers.imports.take(import_id, [1], now=25.0, stale=0.0)
    assert await mappers.imports.take_back(import_id, waiting_only=True) == (1, 0)
    tally = await mappers.imports.tally(import_id)
    assert (tally.running, tally.skipped, tally.total) == (1, 1, 2)


async def test_a_paused_import_starts_nothing(mappers: Mappers) -> None:
    user = await add_user(mappers)
    import_id = await start(mappers, user.id, [item(1)])
    await mappers.imports.switch(import_id, ["running"], "paused", 13.0)
    assert await plant(mappers, import_id) == 0
    await mappers.imports.switch(import_id, ["paused"], "running", 14.0)
    await plant(mappers, import_id)
    await mappers.imports.switch(import_id, ["running"], "paused", 13.0)
    assert await mappers.imports.take(import_id, [1], now=25.0, stale=0.0) == []


async def test_trim(mappers: Mappers) -> None:
    user = await add_user(mappers)
    import_id = await start(mappers, user.id, [item(1)])
    preview = await mappers.imports.create(user.id, "x", 10.0)
    assert await mappers.imports.trim(11.0, 11.0) == 1
    assert await mappers.imports.get(preview.id) is None
    assert await mappers.imports.get(import_id) is not None
    await mappers.imports.switch(import_id, ["running"], "cancelled", 13.0)
    assert await mappers.imports.trim(9.0, 9.0) == 0
    assert await mappers.imports.trim(0.0, 11.0) == 1
