"""The index of words follows every write of an entry."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reader.errors import Invalid
from reader.mappers import Mappers
from reader.models.entry import NewEntry, SafeHtml
from reader.models.search import parse_query
from tests.contract.mappers.conftest import Count
from tests.contract.mappers.make import add_feed, append, new_entry, take


def entry(uid: str, text: str, *, title: str = "A title", digest: bytes = b"1") -> NewEntry:
    return replace(new_entry(uid, digest=digest, title=title), content=SafeHtml(text))


async def ids(mappers: Mappers, words: str, feeds: list[int], before: int | None = None, limit: int = 50) -> list[int]:
    return list((await mappers.search.find(parse_query(words), feeds, before=before, limit=limit)).ids)


async def test_words_of_new_entries_are_found_newest_first(mappers: Mappers) -> None:
    feed = await add_feed(mappers)
    new = await append(
        mappers,
        feed.id,
        [
            entry("a", "<p>The lathe <b>chuck</b> spins</p>"),
            entry("b", "<p>Nothing</p>", title="Lathe news"),
            entry("c", "<p>Caf&eacute; &amp; more &lt;lathes&gt;</p>"),
        ],
    )
    a, b, c = (position.id for position in new.new)
    assert await ids(mappers, "lathe", [feed.id]) == [b, a]
    assert await ids(mappers, "lathe*", [feed.id]) == [c, b, a]
    assert await ids(mappers, '"lathe chuck"', [feed.id]) == [a]
    assert await ids(mappers, "lathe -chuck", [feed.id]) == [b]
    assert await ids(mappers, "title:lathe", [feed.id]) == [b]
    assert await ids(mappers, "CAFE", [feed.id]) == [c], "neither case nor accents matter"
    assert await ids(mappers, "ann", [feed.id]) == [c, b, a], "authors count"
    assert await ids(mappers, "b", [feed.id]) == [], "the name of a tag is no word"


async def test_scripts_without_spaces_are_found_by_part(mappers: Mappers) -> None:
    feed = await add_feed(mappers)
    new = await append(mappers, feed.id, [entry("a", "<p>東京都の天気予報</p>"), entry("b", "<p>京東商城</p>")])
    assert await ids(mappers, "天気", [feed.id]) == [new.new[0].id]
    assert await ids(mappers, "東京", [feed.id]) == [new.new[0].id]


async def test_what_changes_is_found_by_its_new_words_only(mappers: Mappers) -> None:
    feed = await add_feed(mappers)
    await append(mappers, feed.id, [entry("a", "<p>walnut</p>")])
    await append(mappers, feed.id, [entry("a", "<p>maple</p>", title="Other", digest=b"2")])
    assert await ids(mappers, "walnut", [feed.id]) == []
    assert len(await ids(mappers, "maple", [feed.id])) == 1
    assert await ids(mappers, "title:title", [feed.id]) == []


async def test_purged_and_merged_entries_are_gone_from_the_index(mappers: Mappers) -> None:
    one, two = await add_feed(mappers, "one"), await add_feed(mappers, "two")
    await append(mappers, one.id, [entry(str(n), "<p>oak</p>") for n in range(5)])
    kept = await append(mappers, two.id, [entry("1", "<p>oak</p>")])
    await mappers.entries.purge(one.id, 2, now=9.0)
    assert len(await ids(mappers, "oak", [one.id, two.id])) == 3
    await mappers.feeds.move(one.id, await take(mappers, one.id, 2000.0), two.url, now=2000.0)
    assert await ids(mappers, "oak", [one.id, two.id]) == [kept.new[0].id]


async def test_only_the_feeds_asked_for_and_below_the_id(mappers: Mappers) -> None:
    one, two = await add_feed(mappers, "one"), await add_feed(mappers, "two")
    new = await append(mappers, one.id, [entry(str(n), "<p>elm</p>") for n in range(4)])
    await append(mappers, two.id, [entry("x", "<p>elm</p>")])
    first = await mappers.search.find(parse_query("elm"), [one.id], before=None, limit=3)
    assert list(first.ids) == [at.id for at in reversed(new.new[1:])]
    assert first.scanned_to is not None
    second = await mappers.search.find(parse_query("elm"), [one.id], before=first.scanned_to, limit=3)
    assert (list(second.ids), second.scanned_to) == ([new.new[0].id], None)


async def test_the_index_can_be_made_anew(mappers: Mappers) -> None:
    feed = await add_feed(mappers)
    new = await append(mappers, feed.id, [entry(str(n), "<p>birch</p>") for n in range(5)])
    await mappers.search.restart()
    assert await ids(mappers, "birch", [feed.id]) == []
    assert await mappers.search.fill(3) == 3
    # Meanwhile one that has its turn behind it and one that has it before it change, and new ones come.
    await append(mappers, feed.id, [entry("4", "<p>alder</p>", digest=b"2"), entry("0", "<p>alder</p>", digest=b"2")])
    later = await append(mappers, feed.id, [entry("9", "<p>birch</p>")])
    assert await mappers.search.fill(3) == 2
    assert await mappers.search.fill(3) == 0
    assert await ids(mappers, "birch", [feed.id]) == [later.new[0].id, *(new.new[n].id for n in (3, 2, 1))]
    assert await ids(mappers, "alder", [feed.id]) == [new.new[4].id, new.new[0].id]


@pytest.mark.parametrize(
    "words", ['a" OR b', "NEAR(a b)", "a AND", "title:", "*a", "a*b*", "{x}:y", "^a", "a\x00b", '"', "-a b"]
)
async def test_no_words_are_syntax(mappers: Mappers, words: str) -> None:
    try:
        query = parse_query(words)
    except Invalid as error:
        assert "word" in str(error)
        return
    assert (await mappers.search.find(query, [1], before=None, limit=5)).ids == ()


async def test_one_round_trip(mappers: Mappers, trips: Count) -> None:
    before = trips()
    await mappers.search.find(parse_query("elm"), list(range(1000)), before=None, limit=50)
    assert trips() - before == 1
