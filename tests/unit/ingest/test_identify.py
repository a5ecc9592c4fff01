from __future__ import annotations

import pytest

from reader.ingest.identify import finish, identify, raw_digest
from reader.ingest.parse import ParsedEntry, ParsedFeed
from reader.models.entry import Enclosure, Known, NewEntry

FEED = "https://gazette.example/feed"
NOW = 1_790_000_000.0


def feed(*entries_: ParsedEntry) -> ParsedFeed:
    return ParsedFeed("rss 2.0", entries=list(entries_))


def uids(parsed: ParsedFeed) -> list[str]:
    return [one.uid for one in identify(parsed, feed_url=FEED, now=NOW).entries]


def ids(*entries_: ParsedEntry) -> list[str]:
    return uids(feed(*entries_))


def entries(parsed: ParsedFeed, known: dict[str, Known] | None = None) -> list[NewEntry]:
    return finish(identify(parsed, feed_url=FEED, now=NOW, known=known).changed, FEED)


def test_identity_is_guid_else_link_else_digest() -> None:
    good = [ParsedEntry(uid=str(n), url=f"https://x.example/{n}") for n in range(60)]
    found = ids(*good, ParsedEntry(url="https://x.example/b"), ParsedEntry(title="T", content_html="C"))
    assert found[1:3] == ["//x.example/b", "59"]
    assert found[0].startswith("digest:")
    assert found[0] == ids(*good, ParsedEntry(title="T", content_html="C", author="A"))[0]
    assert found[0] != ids(*good, ParsedEntry(title="U", content_html="C"))[0]


def test_doubled_guids() -> None:
    good = [ParsedEntry(uid=str(n), url=f"https://x.example/{n}") for n in range(60)]
    a = ParsedEntry(uid="g", url="https://x.example/a", title="A")
    b = ParsedEntry(uid="g", url="https://x.example/b", title="B")
    again = ParsedEntry(uid="g", url="https://x.example/a", title="A again")
    bare = ParsedEntry(uid="g", title="no link")
    assert ids(a, b, again, bare, b, *good)[-2:] == ["g|//x.example/b", "g"]
    assert identify(feed(a, again), feed_url=FEED, now=NOW).entries[0].entry.title == "A"


def test_the_same_document_gives_the_same_identities_ten_times() -> None:
    document = feed(*(ParsedEntry(uid=f"g{n % 3}", url=f"https://x.example/{n}", title=str(n)) for n in range(20)))
    first = uids(document)
    assert len(set(first)) == 20
    assert all(uids(document) == first for _ in range(10))


def test_order_is_oldest_first() -> None:
    assert ids(ParsedEntry(uid="new"), ParsedEntry(uid="old")) == ["old", "new"], "the document turned round"
    dated = [ParsedEntry(uid=str(n), published_at=NOW - n) for n in (5, 1, 9)]
    assert ids(*dated) == ["9", "5", "1"], "dates decide when all have one"
    assert ids(*dated, ParsedEntry(uid="undated")) == ["undated", "9", "1", "5"]
    same = [ParsedEntry(uid=str(n), published_at=NOW) for n in (3, 2, 1)]
    assert ids(*same) == ["1", "2", "3"]


def test_a_date_in_the_future_is_as_good_as_now() -> None:
    assert ids(
        ParsedEntry(uid="c", published_at=NOW),
        ParsedEntry(uid="b", published_at=NOW + 9e8),
        ParsedEntry(uid="a", published_at=1),
    ) == ["a", "b", "c"]


@pytest.mark.parametrize(
    "change",
    [{"title": "U"}, {"url": "https://x.example/2"}, {"author": "B"}, {"content_html": "D"}, {"summary_html": "S"},
     {"enclosures": (Enclosure("https://x.example/e", None, None),)}],
)  # fmt: skip
def test_the_digest_changes_with_what_a_reader_sees(change: dict[str, object]) -> None:
    base: dict[str, object] = {
        "uid": "g",
        "title": "T",
        "url": "https://x.example/1",
        "author": "A",
        "content_html": "C",
    }
    before, after = ParsedEntry(**base), ParsedEntry(**{**base, **change})  # type: ignore[arg-type]
    assert raw_digest(before) != raw_digest(after) and len(raw_digest(before)) == 16
    later = ParsedEntry(**base, published_at=5.0, tags=("x",))  # type: ignore[arg-type]
    assert raw_digest(before) == raw_digest(later), "a new date alone is no change"


def test_entries_are_cleaned_and_summed_up() -> None:
    (new,) = entries(
        feed(
            ParsedEntry(
                uid="g",
                url="https://x.example/a/1",
                base="https://x.example/a/1",
                content_html="<h1>Head</h1><p onclick=x>Long <a href='b'>text</a></p><script>1</script>",
                published_at=5.0,
                tags=("t",),
            )
        ),
    )
    assert new.content == '<h3>Head</h3><p>Long <a href="https://x.example/a/b" rel="noopener noreferrer">text</a></p>'
    assert new.summary == "Head Long text" and new.title == "Head Long text"
    assert (new.uid, new.published_at, new.tags) == ("g", 5.0, ("t",))


def test_titles_are_never_empty() -> None:
    made = entries(feed(ParsedEntry(uid="a"), ParsedEntry(uid="b", url="https://x.example/some-post/")))
    assert [one.title for one in made] == ["some-post", "Untitled"]


def test_rows_of_before_there_were_keys_are_found() -> None:
    url, other = "https://www.x.example/1/", "https://x.example/2"
    good = [ParsedEntry(uid=str(n), url=f"https://x.example/good/{n}") for n in range(60)]
    bare, doubled = ParsedEntry(url=url, title="A"), ParsedEntry(uid="0", url=other, title="B")
    stored = {str(n): Known(b"") for n in range(60)} | {url: Known(b""), f"0|{other}": Known(b"")}
    found = identify(feed(*good, bare, doubled), feed_url=FEED, now=NOW, known=stored)
    assert found.renewed == {"//x.example/1": url, "0|//x.example/2": f"0|{other}"}


def test_known_entries_are_left_out() -> None:
    document = feed(ParsedEntry(uid="a", title="A"), ParsedEntry(uid="b", title="B"))
    stored = {one.uid: Known(one.digest, one.keys) for one in entries(document)}
    assert entries(document, stored) == []
    document.entries[0].title = "changed"
    assert [(one.uid, one.changes) for one in entries(document, stored)] == [("a", 1)]
