"""Which entry is which: identity inside a feed, and digests that tell a change. The rules are in decision 0005."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from reader.ingest import keys
from reader.ingest.criterion import Candidate, after_renewal, choose
from reader.ingest.parse.model import ParsedEntry, ParsedFeed
from reader.ingest.recognise import recognise
from reader.ingest.text import clean_text
from reader.models.entry import Known, NewEntry, SafeHtml
from reader.models.feed import Criterion, Identity

SUMMARY = 300
MOST_CHANGES = 24  # without a later "updated": content that swings back and forth is no news
MOST_DATED_CHANGES = 240
_FUTURE = float("inf")


@dataclass(frozen=True, slots=True)
class Identified:
    """A parsed entry with its identity in the feed. ``digest``: of what a reader sees of it; ``keys``, ``story``,
    ``changes``: see NewEntry."""

    uid: str
    digest: bytes
    entry: ParsedEntry
    keys: bytes = b""
    story: bytes = b""
    changes: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """The entries of a document, each once, oldest first. ``renewed`` maps uids to those under which the same entries
    are stored; ``same`` holds uids of those that are stored as they are; ``identity`` is how the feed's entries are
    told apart from now on."""

    entries: list[Identified]
    identity: Identity
    renewed: dict[str, str] = field(default_factory=dict)
    same: frozenset[str] = frozenset()

    @property
    def changed(self) -> list[Identified]:
        """What is to be stored: new, changed, or under another uid than before."""
        return [one for one in self.entries if one.uid not in self.same]


def identify(
    parsed: ParsedFeed,
    *,
    feed_url: str,
    now: float,
    known: Mapping[str, Known] | None = None,
    identity: Identity | None = None,
) -> Found:
    """Give each entry its identity. ``known`` are the stored entries by uid, ``identity`` what is known of the feed;
    ``now`` serves the order only: a date in the future says nothing about it."""
    stored = known or {}
    candidates = [_candidate(entry) for entry in parsed.entries]
    before = identity or Identity()
    chosen = choose(candidates, before)
    unique = _name(candidates, chosen.criterion, stored)
    renewed = recognise(unique, stored, chosen.criterion)
    if renewed and chosen == before:
        pairs = [(one, stored[renewed[one.uid]]) for one in unique if one.uid in renewed]
        chosen = after_renewal(unique, pairs, chosen)
        if chosen.criterion != before.criterion:
            unique = _name(candidates, chosen.criterion, stored)
            renewed = recognise(unique, stored, chosen.criterion)
    elif not renewed and stored and chosen.renewals:
        chosen = after_renewal(unique, [], chosen)
    entries = _oldest_first([_identified(one, feed_url, stored, renewed) for one in unique], now)
    same = frozenset(one.uid for one in entries if one.uid in stored and _is_settled(one, stored[one.uid]))
    return Found(entries, chosen, renewed, same)


def _candidate(entry: ParsedEntry) -> Candidate:
    link = keys.link_key(entry.url) if entry.url else ""
    content = keys.content_digest(entry)
    return Candidate(entry, link, content, keys.keys_of(entry, link, content), entry.dated_at)


def _name(candidates: Sequence[Candidate], criterion: Criterion, known: Mapping[str, Known]) -> list[Candidate]:
    """Give uids, and leave out what the document has twice.

    Entries that share a uid though their links (else dates, else texts) differ: the stored one keeps it, else the
    first in the document; each other one is known by uid and link together, once and for all.
    """
    groups: dict[str, list[Candidate]] = {}
    for one in candidates:
        groups.setdefault(_base(one, criterion), []).append(one)
    for base, group in groups.items():
        if len(group) == 1 and base not in known:
            group[0].uid = base
        else:
            _name_group(base, group, criterion, known)
    unique: dict[str, Candidate] = {}
    for one in candidates:
        unique.setdefault(one.uid, one)
    return list(unique.values())


def _name_group(base: str, group: Sequence[Candidate], criterion: Criterion, known: Mapping[str, Known]) -> None:
    parts = [_part(one, criterion) for one in group]
    distinct = list(dict.fromkeys(part for part in parts if part))
    names = {part: f"{base}|{part}" for part in distinct}
    owners = [part for part in distinct if names[part] not in known]
    if base in known:
        stored = known[base].keys
        mine = [one for one in group if _is_stored_part(one, criterion, stored)]
        owners = [_part(mine[0], criterion)] if mine else owners
    if owners:
        names[owners[0]] = base
    elif len(distinct) > 1 and base not in known:
        names[distinct[0]] = base
    for one, part in zip(group, parts, strict=True):
        one.uid = names[part] if part else base


def _is_stored_part(one: Candidate, criterion: Criterion, stored: bytes) -> bool:
    place = keys.LINK if criterion == "id" else keys.CONTENT
    return bool(stored) and one.keys[place] == stored[place] != keys.NOTHING


def _base(one: Candidate, criterion: Criterion) -> str:
    entry = one.entry
    if criterion == "id" and entry.uid:
        return entry.uid
    if criterion in ("id", "link") and one.link:
        return one.link
    if criterion == "link" and entry.uid:
        return entry.uid
    if criterion == "link_date" and one.link and one.date is not None:
        return f"{one.link}|{one.date:.0f}"
    files = (file.url for file in entry.enclosures) if not entry.title and not entry.body_html else ()
    return "digest:" + keys.digest((one.content.hex(), *files)).hex()


def _part(one: Candidate, criterion: Criterion) -> str:
    """What tells entries of one uid apart; "" when nothing may."""
    if criterion == "id" and one.entry.uid:
        return one.link
    if criterion in ("id", "link") and one.link:
        return f"{one.date:.0f}" if one.date is not None else one.content.hex()[:16]
    return one.content.hex()[:16] if criterion == "link_date" else ""


def _identified(one: Candidate, feed_url: str, known: Mapping[str, Known], renewed: Mapping[str, str]) -> Identified:
    before = known.get(renewed.get(one.uid, one.uid))
    digest = _digest(one)
    changes = before.changes + (before.digest != digest) if before else 0
    story = one.entry.story or keys.story_of(one.link, feed_url, one.uid)
    return Identified(one.uid, digest, one.entry, one.keys, story, changes)


def _is_settled(one: Identified, known: Known) -> bool:
    """Stored as it is, or changed so often that it is left alone."""
    if known.digest == one.digest:
        return True
    moved_on = (one.entry.updated_at or 0.0) > (known.updated_at or 0.0)
    return known.changes >= (MOST_DATED_CHANGES if moved_on else MOST_CHANGES)


def _digest(one: Candidate) -> bytes:
    entry = one.entry
    files = [f"{file.url} {file.type} {file.length}" for file in entry.enclosures]
    steps = [f"{link.id} {link.name} {link.note}" for link in entry.chain.links] if entry.chain else ()
    return keys.digest((one.content.hex(), entry.url or "", entry.author or "", *files, *steps))


def raw_digest(entry: ParsedEntry) -> bytes:
    """Digest (16 bytes) of title, url, author, content, enclosures and chain as they were written."""
    return _digest(_candidate(entry))


def finish(found: Sequence[Identified], feed_url: str) -> list[NewEntry]:
    """Clean identified entries into what is stored."""
    from reader.ingest.clean import clean_all  # heavy: only the CPU pool comes here

    cleaned = clean_all([(one.entry.body_html, one.entry.base or one.entry.url or feed_url) for one in found])
    return [_finished(one, content) for one, content in zip(found, cleaned, strict=True)]


def _finished(one: Identified, content: SafeHtml) -> NewEntry:
    from reader.ingest.clean import beginning_of, summary_of

    entry = one.entry
    summary = (summary_of(entry.summary_html, SUMMARY) if entry.summary_html else "") or beginning_of(content, SUMMARY)
    return NewEntry(
        uid=one.uid,
        digest=one.digest,
        url=entry.url,
        title=entry.title or _stand_in(entry, summary),
        author=entry.author,
        published_at=entry.dated_at,
        updated_at=entry.updated_at,
        summary=summary,
        content=content,
        tags=entry.tags,
        enclosures=entry.enclosures,
        comments_url=entry.comments_url,
        guid=entry.uid if entry.uid != one.uid else None,
        story=one.story or None,
        keys=one.keys,
        changes=one.changes,
        chain=entry.chain,
    )


def _oldest_first(found: list[Identified], now: float) -> list[Identified]:
    """Documents run newest first, so the order is reversed; where all entries are dated, the dates decide."""
    found.reverse()
    if all(one.entry.dated_at is not None for one in found):
        found.sort(key=lambda one: _order(one, now))  # stable: equal dates keep the reversed order
    return found


def _order(one: Identified, now: float) -> float:
    published = one.entry.dated_at
    return min(published, now) if published is not None else _FUTURE


def _stand_in(entry: ParsedEntry, summary: str) -> str:
    """A title for an entry that has none: its first words, else the end of its address."""
    if summary:
        return clean_text(summary, limit=80)
    path = urlsplit(entry.url or "").path.rstrip("/").rpartition("/")[2]
    return clean_text(path, limit=80) or "Untitled"
