"""Stored entries found again under other ids: after a site's move to https or to other software, or with ids that are
made anew for every request. Only what is unique on both sides is believed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from reader.ingest import keys
from reader.ingest.criterion import Candidate
from reader.models.entry import Known
from reader.models.feed import Criterion

ZONES = 14 * 3600.0  # a date written without its zone may be off by as much
RENEWAL_LEAST = 2
RENEWAL_SHARE = 0.5
STILL_THERE = 0.2

Row = tuple[bytes, float | None]  # keys and date of either side
Mark = tuple[bytes, object] | None


def recognise(candidates: Sequence[Candidate], known: Mapping[str, Known], criterion: Criterion) -> dict[str, str]:
    """Maps uids of ``candidates`` that are not stored to the uids under which the same entries are.

    One at a time: what the feed's criterion says, the same id in another spelling, link and title with date or text,
    title with text and date. All together, when a document has hardly an entry that is stored while half of it looks
    as if it were: link and title, path and title, title and date, link and date, text (and, without ids, the
    link alone).
    """
    fresh = [one for one in candidates if one.uid not in known]
    if not fresh or not known:
        return {}
    search = _Search(candidates, known)
    search.match_without_keys(known)
    for mark in (_CRITERIA[criterion], _id, _link_title_text, _link_title_date, _title_text_date):
        search.match(mark)
    if criterion != "id":  # ids would tell a second edition from a corrected one
        search.match(_link_title, _near)
    if len(candidates) - len(fresh) <= STILL_THERE * len(candidates):
        sure = dict(search.matched)
        weak = (_link_title, _path_title, _title_date, _link_date, _text)
        for mark in weak if criterion == "id" else (*weak, _link):
            search.match(mark, _near)
        if len(search.matched) < max(RENEWAL_LEAST, RENEWAL_SHARE * len(fresh)):
            return sure
    return search.matched


class _Search:
    """What is still to be found, on both sides."""

    def __init__(self, candidates: Sequence[Candidate], known: Mapping[str, Known]) -> None:
        self.matched: dict[str, str] = {}
        self._candidates = candidates
        self._document: dict[str, Row] = {one.uid: (one.keys, one.date) for one in candidates}
        self._fresh = self._document.keys() - known.keys()
        self._store = _alike(known, [self._document[uid][0] for uid in self._fresh])
        self._gone = self._store.keys() - self._document.keys()

    def match(self, mark: Callable[[Row], Mark], agrees: Callable[[Row, Row], bool] = lambda one, other: True) -> None:
        """Pairs that bear the same mark, each alone on its side, those counted in that need no search."""
        if not self._fresh or not self._gone:
            return
        wanted = _unique(mark, self._document.items())
        found = _unique(mark, self._store.items(), wanted)
        for value, uid in wanted.items():
            stored = found.get(value)
            if uid not in self._fresh or not stored or stored not in self._gone:
                continue
            if agrees(self._document[uid], self._store[stored]):
                self.matched[uid] = stored
                self._fresh.discard(uid)
                self._gone.discard(stored)

    def match_without_keys(self, known: Mapping[str, Known]) -> None:
        """Rows of before there were keys: an entry without id was known by its link as written, one of a doubled id by
        both."""
        for one in self._candidates:
            for old in (one.entry.url or "", f"{one.entry.uid}|{one.entry.url}"):
                if one.uid in self._fresh and old in known and not known[old].keys and old not in self._document:
                    self.matched[one.uid] = old
                    self._fresh.discard(one.uid)


def _alike(known: Mapping[str, Known], wanted: Sequence[bytes]) -> dict[str, Row]:
    """Rows that share at least one key with what is looked for: of thousands, mostly none."""
    ids, links, titles, paths, texts = (
        {each[place] for each in wanted} - {keys.NOTHING}
        for place in (keys.ID, keys.LINK, keys.TITLE, keys.PATH, keys.CONTENT)
    )
    return {
        uid: (key, each.published_at)
        for uid, each in known.items()
        if (key := each.keys)
        and (
            key[keys.LINK] in links
            or key[keys.TITLE] in titles
            or key[keys.ID] in ids
            or key[keys.CONTENT] in texts
            or key[keys.PATH] in paths
        )
    }


def _unique(
    mark: Callable[[Row], Mark],
    rows: Iterable[tuple[str, Row]],
    among: Mapping[tuple[bytes, object], str] | None = None,
) -> dict[tuple[bytes, object], str]:
    """Rows by mark; "" for a mark that several bear."""
    out: dict[tuple[bytes, object], str] = {}
    for uid, row in rows:
        value = mark(row)
        if value is not None and (among is None or value in among):
            out[value] = "" if value in out else uid
    return out


def _near(one: Row, other: Row) -> bool:
    """Whether the dates allow that it is one entry: what has a later date is the next edition of the same column."""
    return one[1] is None or other[1] is None or abs(one[1] - other[1]) <= ZONES


def _together(row: Row, *places: slice) -> bytes | None:
    parts = [row[0][place] for place in places]
    return None if keys.NOTHING in parts else b"".join(parts)


def _of(*places: slice, dated: bool = False) -> Callable[[Row], Mark]:
    def mark(row: Row) -> Mark:
        value = _together(row, *places)
        if value is None or (dated and row[1] is None):
            return None
        return value, row[1] if dated else None

    return mark


_id = _of(keys.ID)
_link = _of(keys.LINK)
_link_title = _of(keys.LINK, keys.TITLE)
_link_title_text = _of(keys.LINK, keys.TITLE, keys.CONTENT)
_link_title_date = _of(keys.LINK, keys.TITLE, dated=True)
_title_text_date = _of(keys.TITLE, keys.CONTENT, dated=True)
_path_title = _of(keys.PATH, keys.TITLE)
_title_date = _of(keys.TITLE, dated=True)
_link_date = _of(keys.LINK, dated=True)
_text = _of(keys.CONTENT)
_CRITERIA: dict[Criterion, Callable[[Row], Mark]] = {
    "id": _id,
    "link": _link,
    "link_date": _link_date,
    "content": _text,
}
