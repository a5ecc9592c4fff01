"""What becomes of a story with several copies, step by step (decision 0013)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from reader.clock import Clock
from reader.errors import NotFound
from reader.gateways.reading import ReadingGateway
from reader.models.entry import FlagKind
from reader.models.reading import Scope
from reader.pubsub.memory import MemoryBus
from tests.integration.reading.stories import NOW, Told, told


@pytest.fixture
async def it(tmp_path: Path, store: str) -> AsyncIterator[Told]:
    async with told(tmp_path, store) as made:
        yield made


async def test_a_story_is_met_once_and_marked_everywhere(it: Told) -> None:
    for feed_id in (it.site, it.first[2], it.second[2]):
        await it.subscribe(feed_id)
    [entry] = await it.publish(it.site)
    one = await it.share(entry, it.first)
    two = await it.share(one, it.second)
    assert await it.unread() == {0: 1, it.site: 1, it.first[2]: 0, it.second[2]: 0}
    assert await it.shown() == [(entry, True, False)]
    assert (await it.page()).entries[0].copies == (one, two)
    assert await it.shown(Scope("feed", it.first[2])) == [(one, False, False)]
    ids, changes = await it.reading.mark(it.user, [two], True)
    assert ids == [two]
    assert (await it.unread())[0] == 0
    assert await it.shown(Scope("feed", it.first[2])) == [(one, False, True)]
    await it.reading.apply(it.user, [change.inverse() for change in changes])
    assert (await it.unread())[0] == 1
    assert await it.reading.mark(it.user, [entry, one], True) != ([], ())
    assert (await it.reading.mark(it.user, [two], True))[0] == []


async def test_marks_are_right_in_a_process_that_knows_no_copy_yet(it: Told) -> None:
    """What it remembers is older than the share, and than what another process wrote."""
    await it.subscribe(it.site)
    await it.subscribe(it.first[2])
    entry, other = await it.publish(it.site, 2)
    await it.page()
    one = await it.share(entry, it.first)
    elsewhere = ReadingGateway(it.store, MemoryBus(), Clock(now=lambda: NOW))
    await elsewhere.mark(it.user, [one, other], True)
    ids, _ = await it.reading.mark(it.user, [entry], False)
    assert ids == [entry]
    assert await it.shown() == [(entry, True, False), (other, False, True)]
    assert (await it.reading.mark(it.user, [other], False))[0] == [other]
    assert (await it.unread())[0] == 2


async def test_what_was_read_stays_read_when_its_first_copy_is_taken_back(it: Told) -> None:
    [entry] = await it.publish(it.site)
    await it.subscribe(it.first[2])
    await it.subscribe(it.second[2])
    one = await it.share(entry, it.first)
    await it.reading.mark(it.user, [one], True)
    two = await it.share(one, it.second)
    await it.take_back(one, it.first)
    assert await it.shown() == [(two, False, True)]
    assert await it.unread() == {0: 0, it.first[2]: 0, it.second[2]: 0}
    ids, _ = await it.reading.mark(it.user, [two], False)
    assert ids == [two]
    assert (await it.unread())[0] == 1


async def test_what_was_not_read_goes_on_in_the_next_copy(it: Told) -> None:
    [entry] = await it.publish(it.site)
    await it.subscribe(it.first[2])
    await it.subscribe(it.second[2])
    one = await it.share(entry, it.first)
    two = await it.share(one, it.second)
    assert await it.shown() == [(one, True, False)]
    await it.take_back(one, it.first)
    assert await it.shown() == [(two, True, False)]
    assert await it.shown(Scope("feed", it.first[2])) == []
    with pytest.raises(NotFound):
        await it.reading.entry(it.user, one)
    with pytest.raises(NotFound):
        await it.reading.mark(it.user, [one], True)
    assert (await it.reading.mark(it.user, [one, two], True))[0] == [two]
    assert await it.store.shares.restore(it.first[0], one, note="", noted_at=None)
    assert await it.shown() == [(one, False, True)]


async def test_stars_of_what_is_taken_back_are_out_of_sight(it: Told) -> None:
    [entry] = await it.publish(it.site)
    await it.subscribe(it.first[2])
    one = await it.share(entry, it.first)
    kinds: tuple[FlagKind, ...] = ("starred", "later")
    for kind in kinds:
        await it.reading.flag(it.user, one, kind, True)
    assert (await it.reading.sidebar(it.user)).starred == 1
    await it.take_back(one, it.first)
    for kind in kinds:
        assert (await it.page(Scope(kind))).entries == ()
    side = await it.reading.sidebar(it.user)
    assert (side.starred, side.later) == (0, 0)
    await it.subscribing.unsubscribe(it.user, [it.first[2]], "Gone")
    with pytest.raises(NotFound):
        await it.reading.entry(it.user, one)
    assert await it.store.shares.restore(it.first[0], one, note="", noted_at=None)
    assert [v.entry.id for v in (await it.page(Scope("starred"))).entries] == [one]
    assert (await it.reading.sidebar(it.user)).later == 1


async def test_a_muted_feed_counts_nothing_and_its_stories_go_on_elsewhere(it: Told) -> None:
    await it.subscribe(it.site)
    await it.subscribe(it.first[2])
    [entry, alone] = await it.publish(it.site, 2)
    one = await it.share(entry, it.first)
    assert await it.unread() == {0: 2, it.site: 2, it.first[2]: 0}
    undo = await it.subscribing.mute(it.user, it.site, True, "Muted")
    assert undo is not None
    assert await it.unread() == {0: 1, it.site: 0, it.first[2]: 1}
    assert await it.shown() == [(one, True, False)]
    assert await it.shown(Scope("feed", it.site)) == [(alone, False, False), (entry, False, False)]
    assert await it.subscribing.mute(it.user, it.site, True, "Muted") is None
    await it.reading.mark(it.user, [one], True)
    assert await it.shown(Scope("feed", it.site)) == [(alone, False, False), (entry, False, True)]
    await it.subscribing.take_back(it.user, undo.token)
    assert await it.unread() == {0: 1, it.site: 1, it.first[2]: 0}


async def test_the_next_marks_settle_what_was_met_before(it: Told) -> None:
    """A copy that came after the story was read is written down with the next mark, which no undo takes back."""
    await it.subscribe(it.site)
    await it.subscribe(it.first[2])
    entry, other = await it.publish(it.site, 2)
    await it.reading.mark(it.user, [entry], True)
    one = await it.share(entry, it.first)
    count, changes = await it.reading.mark_all(it.user, Scope("all"), one, None, None, None)
    assert count == 1
    await it.reading.apply(it.user, [change.inverse() for change in changes])
    assert await it.shown() == [(other, True, False), (entry, False, True)]
    await it.store.subscriptions.unsubscribe(it.user, [it.site])  # not as a person does it: nothing settles now
    assert await it.shown() == [(one, False, True)]


async def test_unsubscribing_settles(it: Told) -> None:
    await it.subscribe(it.site)
    await it.subscribe(it.first[2])
    [entry] = await it.publish(it.site)
    await it.reading.mark(it.user, [entry], True)
    one = await it.share(entry, it.first)
    undo = await it.subscribing.unsubscribe(it.user, [it.site], "Gone")
    assert undo is not None
    assert await it.shown() == [(one, False, True)]
    await it.subscribing.take_back(it.user, undo.token)
    assert await it.shown() == [(entry, False, True)]


async def test_a_backlog_hides_nothing_that_was_not_read(it: Told) -> None:
    await it.subscribe(it.site)
    entries = await it.publish(it.site, 3)
    shares = [await it.share(entry, it.first) for entry in entries]
    await it.reading.mark(it.user, [entries[1]], True)
    await it.subscribe(it.first[2], unread=1)
    assert await it.unread() == {0: 2, it.site: 2, it.first[2]: 0}
    await it.store.subscriptions.unsubscribe(it.user, [it.site, it.first[2]])
    await it.subscribe(it.first[2], unread=1)
    assert await it.shown() == [(shares[2], True, False), (shares[1], False, True), (shares[0], False, True)]
    await it.subscribe(it.site)  # new to the reader, but not what they have from the stream
    assert await it.unread() == {0: 1, it.first[2]: 0, it.site: 1}


async def test_marking_a_stream_marks_what_it_shows(it: Told) -> None:
    await it.subscribe(it.site)
    await it.subscribe(it.first[2])
    entry, _ = await it.publish(it.site, 2)
    one = await it.share(entry, it.first)
    count, changes = await it.reading.mark_all(it.user, Scope("feed", it.first[2]), one, None, None, None)
    assert count == 1
    assert await it.unread() == {0: 1, it.site: 1, it.first[2]: 0}
    await it.reading.apply(it.user, [change.inverse() for change in changes])
    assert (await it.unread())[0] == 2


async def test_a_folder_shows_a_story_once(it: Told) -> None:
    folder = (await it.store.subscriptions.add_folder(it.user, "People")).id
    await it.subscribe(it.site)
    await it.subscribe(it.first[2], folder=folder)
    await it.subscribe(it.second[2], folder=folder)
    [entry] = await it.publish(it.site)
    one = await it.share(entry, it.first)
    await it.share(entry, it.second)
    page = await it.page(Scope("folder", folder))
    assert [(v.entry.id, v.above, v.read) for v in page.entries] == [(one, False, False)]
    assert (page.unread, page.total) == (0, 1)


async def test_a_list_that_was_drawn_goes_on_as_it_was_read_then(it: Told) -> None:
    await it.subscribe(it.site)
    await it.subscribe(it.first[2])
    entries = await it.publish(it.site, 4)
    shares = [await it.share(entry, it.first) for entry in entries]
    first = await it.page(limit=1)
    stream = await it.page(Scope("feed", it.first[2]), limit=1)
    await it.reading.mark(it.user, [shares[0], entries[1]], True)
    await it.share(entries[2], it.second)
    await it.subscribe(it.second[2])
    rest = await it.page(after=first.next)
    assert [(v.entry.id, v.above, v.read) for v in rest.entries] == [
        (entries[2], True, False), (entries[1], True, True), (entries[0], True, True),
    ]  # fmt: skip
    more = await it.page(Scope("feed", it.first[2]), after=stream.next)
    assert [(v.entry.id, v.above) for v in more.entries] == [(shares[n], False) for n in (2, 1, 0)]


async def test_a_subscription_made_since_changes_no_list(it: Told) -> None:
    """Its copy is the older one, but the list was drawn without it."""
    entries = await it.publish(it.site, 2)
    await it.subscribe(it.first[2])
    shares = [await it.share(entry, it.first) for entry in entries]
    first = await it.page(limit=1)
    assert [v.entry.id for v in first.entries] == [shares[1]]
    await it.subscribe(it.site)
    rest = await it.page(after=first.next)
    assert [(v.entry.id, v.above) for v in rest.entries] == [(shares[0], True)]
    assert await it.shown() == [(entries[1], True, False), (entries[0], True, False)]


async def test_what_comes_as_a_copy_is_no_news(it: Told) -> None:
    await it.subscribe(it.site)
    await it.subscribe(it.first[2])
    [entry] = await it.publish(it.site)
    drawn = await it.page(limit=1)
    one = await it.share(entry, it.first)
    assert (await it.reading.fresh(it.user, Scope("all"), drawn.as_of, 50)).entries == ()
    [other] = await it.publish(it.site)
    await it.share(other, it.first)
    fresh = await it.reading.fresh(it.user, Scope("all"), drawn.as_of, 50)
    assert [v.entry.id for v in fresh.entries] == [other]
    assert one < other


async def test_many_copies_in_one_feed(it: Told) -> None:
    """Added at any place, grouped all at once."""
    await it.subscribe(it.site)
    await it.subscribe(it.first[2])
    entries = await it.publish(it.site, 40)
    for entry in (*entries[::2], *entries[1:20:2]):
        await it.share(entry, it.first)
        assert (await it.page()).total == 40
    other = [*entries[1::2][10:]]
    for entry in other:
        await it.share(entry, it.first)
    assert await it.unread() == {0: 40, it.site: 40, it.first[2]: 0}
    await it.store.entries.purge(it.site, 35, now=1.0)
    page = await it.page()
    assert (page.unread, page.total) == (40, 40)
