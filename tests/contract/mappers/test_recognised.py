"""What recognises an entry under another uid: stored, carried over changes, remembered after a purge."""

from __future__ import annotations

from dataclasses import replace

from reader.mappers import Mappers
from reader.models.entry import Known, NewEntry, twin
from tests.contract.mappers.make import add_feed, add_user, append, change, new_entry, read_seqs, take

LINK, TITLE = b"linklink", b"titletit"
KEYS = b"idididid" + LINK + TITLE + b"pathpath" + b"contentc"


def known_by(entry: NewEntry, keys: bytes = KEYS, changes: int = 0) -> NewEntry:
    return replace(entry, keys=keys, changes=changes)


async def test_keys_guid_and_story_are_kept(mappers: Mappers) -> None:
    feed = await add_feed(mappers)
    entry = replace(known_by(new_entry("a", 5.0)), guid="as written", story=b"s" * 16, updated_at=6.0)
    appended = await append(mappers, feed.id, [entry, new_entry("b")])
    first, second = await mappers.entries.many([position.id for position in appended.new])
    assert (first.guid, first.story, second.guid, second.story) == ("as written", b"s" * 16, None, None)
    known = await mappers.entries.known(feed.id, 9)
    assert known == {"b": Known(b"1"), "a": Known(b"1", KEYS, 5.0, 6.0, 0)}
    assert list(known) == ["b", "a"]


async def test_a_change_in_place_brings_its_own(mappers: Mappers) -> None:
    feed = await add_feed(mappers)
    await append(mappers, feed.id, [known_by(new_entry("a"))])
    changed = replace(known_by(new_entry("a", digest=b"2"), keys=b"k" * 40, changes=3), guid="g", story=b"t")
    appended = await append(mappers, feed.id, [changed])
    (entry,) = await mappers.entries.many(appended.updated)
    assert (entry.guid, entry.story) == ("g", b"t")
    assert await mappers.entries.known(feed.id, 9) == {"a": Known(b"2", b"k" * 40, None, None, 3)}


async def test_link_and_title_of_a_purged_entry_do_not_come_back(mappers: Mappers) -> None:
    feed = await add_feed(mappers)
    entries = [known_by(new_entry("a", 10.0)), new_entry("b", 20.0), new_entry("c", 30.0)]
    await append(mappers, feed.id, entries)
    assert await mappers.entries.purge(feed.id, 1, now=50.0) == 2
    again = known_by(new_entry("renewed", 10.0))
    assert (await append(mappers, feed.id, [again])).new == ()
    undated = known_by(new_entry("undated"))
    assert (await append(mappers, feed.id, [undated])).new == ()
    other_title = known_by(new_entry("other", 10.0), keys=b"idididid" + LINK + b"anothert" + bytes(16))
    assert len((await append(mappers, feed.id, [other_title])).new) == 1
    later = known_by(new_entry("told again", 40.0))
    assert len((await append(mappers, feed.id, [later])).new) == 1


async def test_without_link_or_title_a_purged_entry_has_no_twin(mappers: Mappers) -> None:
    keys = b"idididid" + bytes(8) + TITLE + bytes(16)
    assert twin(keys) is None
    assert twin(b"") is None
    assert twin(KEYS) == LINK + TITLE
    feed = await add_feed(mappers)
    await append(mappers, feed.id, [known_by(new_entry("a", 10.0), keys), new_entry("b", 20.0)])
    await mappers.entries.purge(feed.id, 1, now=50.0)
    assert len((await append(mappers, feed.id, [known_by(new_entry("c", 10.0), keys)])).new) == 1


async def test_a_merge_carries_marks_by_link_and_title_too(mappers: Mappers) -> None:
    """Two addresses of one feed may give its entries different ids."""
    ann = await add_user(mappers)
    old, new = await add_feed(mappers, "old"), await add_feed(mappers, "new")
    other = b"idididid" + b"otherlnk" + TITLE + bytes(16)
    double = b"idididid" + b"doublelk" + TITLE + bytes(16)
    entries = [known_by(new_entry("b"), other), new_entry("same")]
    doubles = [known_by(new_entry("d"), double), known_by(new_entry("e"), double)]
    await append(mappers, old.id, [*entries, *doubles])
    await append(
        mappers, new.id, [new_entry("same"), known_by(new_entry("z"), other), known_by(new_entry("w"), double)]
    )
    await mappers.subscriptions.subscribe(ann.id, old.id, folder_id=None, title=None, unread=99, now=1.0)
    await mappers.subscriptions.mark(ann.id, [change(old.id, [1, 2, 3, 4])], now=2.0)
    token = await take(mappers, old.id, 1e6)
    assert await mappers.feeds.move(old.id, token, new.url, now=1e6) == new.id
    assert await read_seqs(mappers, ann.id, new.id) == [1, 2]  # "same" by uid, "b" is "z"; of two doubles neither
