"""By what the entries of a feed are told apart: ids where they are worth something, else what is (decision 0005)."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Literal

from reader.ingest import keys
from reader.ingest.parse.model import ParsedEntry
from reader.models.entry import Known
from reader.models.feed import Criterion, Identity

TOLERATED = 0.05
RENEWALS_TO_BELIEVE = 3
ORDER: tuple[Criterion, ...] = ("id", "link", "link_date", "content")
_BY: dict[Criterion, str] = {
    "id": "their ids",
    "link": "their links",
    "link_date": "link and date",
    "content": "title and text",
}
Fault = Literal["missing", "repeated", "changing"]
_FAULTS: dict[Fault, str] = {
    "missing": "are missing",
    "repeated": "repeat",
    "changing": "change with every check",
}


@dataclass(slots=True)
class Candidate:
    """An entry of a document with what it may be recognised by."""

    entry: ParsedEntry
    link: str  # link_key, "" without a link
    content: bytes  # content_digest
    keys: bytes
    date: float | None
    uid: str = ""

    def under(self, criterion: Criterion) -> Hashable | None:
        """What tells it from others under ``criterion``; None if it lacks that."""
        if criterion == "id":
            return self.entry.uid
        if criterion == "link":
            return self.link or None
        if criterion == "link_date":
            return (self.link, self.date) if self.link and self.date is not None else None
        return self.content


def choose(candidates: Sequence[Candidate], identity: Identity) -> Identity:
    """The criterion for a document of a feed that had ``identity`` before: it only ever gets weaker, so that it does
    not swing with each document."""
    if not candidates:
        return identity
    missing, repeated = _faults(candidates, identity.criterion)
    if missing + repeated <= TOLERATED * len(candidates):
        return identity
    weaker = ORDER[ORDER.index(identity.criterion) + 1 :]
    bad = {each: sum(_faults(candidates, each)) / len(candidates) for each in (identity.criterion, *weaker)}
    good = [each for each in weaker if bad[each] <= TOLERATED]
    best = good[0] if good else min((identity.criterion, *weaker), key=lambda each: bad[each])
    if best == "content" and not repeated and missing * 2 < len(candidates):
        return identity  # most have an id or a link that holds when the text changes; the others fall back singly
    return _weaker(identity, best, "missing" if missing >= repeated else "repeated")


def after_renewal(
    candidates: Sequence[Candidate], pairs: Sequence[tuple[Candidate, Known]], identity: Identity
) -> Identity:
    """The criterion once ``pairs`` were recognised though their uids had changed.

    Once is a site that moved. Three changed documents in a row are ids that change with every check: what held in all
    pairs takes their place.
    """
    if len(pairs) <= TOLERATED * len(candidates):
        return Identity(identity.criterion, identity.note) if identity.renewals else identity
    renewals = identity.renewals + 1
    if renewals >= RENEWALS_TO_BELIEVE:
        for criterion in ORDER[ORDER.index(identity.criterion) + 1 :]:
            missing, repeated = _faults(candidates, criterion)
            changed = sum(not same(one, known, criterion) for one, known in pairs)
            if missing + repeated <= TOLERATED * len(candidates) and changed <= TOLERATED * len(pairs):
                return _weaker(identity, criterion, "changing")
    return Identity(identity.criterion, identity.note, min(renewals, 1000))


def same(one: Candidate, known: Known, criterion: Criterion) -> bool:
    """Whether a stored entry is this one under ``criterion``."""
    if criterion == "link_date":
        return _equal(one, known, keys.LINK) and one.date is not None and one.date == known.published_at
    place = {"id": keys.ID, "link": keys.LINK, "content": keys.CONTENT}[criterion]
    return _equal(one, known, place)


def _equal(one: Candidate, known: Known, place: slice) -> bool:
    return one.keys[place] == known.keys[place] != keys.NOTHING


def _weaker(before: Identity, criterion: Criterion, fault: Fault) -> Identity:
    if criterion == before.criterion:
        return before
    what = {"id": "ids", "link": "links", "link_date": "links and dates", "content": "texts"}[before.criterion]
    note = f"The {what} of its entries {_FAULTS[fault]}, so Evantr tells them apart by {_BY[criterion]}."
    return Identity(criterion, note)


def _faults(candidates: Sequence[Candidate], criterion: Criterion) -> tuple[int, int]:
    """How many lack the criterion, and how many share it with another entry that is clearly another one."""
    groups: dict[Hashable, list[Candidate]] = {}
    missing = 0
    for one in candidates:
        value = one.under(criterion)
        if value is None:
            missing += 1
        else:
            groups.setdefault(value, []).append(one)
    return missing, sum(_others(group, criterion) for group in groups.values() if len(group) > 1)


def _others(group: Sequence[Candidate], criterion: Criterion) -> int:
    """How many of a group are other entries than its first. With one id and one link they are versions of one entry,
    unless they are many."""
    texts = len({one.content for one in group}) - 1
    if criterion in ("link", "link_date"):
        return texts
    links = len({one.link for one in group}) - 1
    return max(links, texts if texts > 1 else 0)
