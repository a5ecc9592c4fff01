"""Which entry is which: identity inside a feed, digests that tell a change, guids renewed all at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from urllib.parse import urlsplit

from reader.ingest.parse.model import ParsedEntry, ParsedFeed
from reader.ingest.text import clean_text
from reader.models.entry import NewEntry

SUMMARY = 300
_FUTURE = float("inf")


@dataclass(frozen=True, slots=True)
class Identified:
    """A parsed entry with its identity in the feed and the digest of what a reader sees of it."""

    uid: str
    digest: bytes
    entry: ParsedEntry


def entries(
    parsed: ParsedFeed, *, feed_url: str, now: float, known: Mapping[str, bytes] | None = None
) -> list[NewEntry]:
    """Entries of ``parsed`` that are new or changed, cleaned, oldest first.

    ``known`` maps uids to the digests that are stored: an entry whose digest is the same is left out before the
    costly cleaning. ``now`` serves the order only: a date in the future says nothing about it.
    """
    stored = known or {}
    return [
        finish(one, feed_url)
        for one in identify(parsed, feed_url=feed_url, now=now)
        if stored.get(one.uid) != one.digest
    ]


def uids(parsed: ParsedFeed, *, feed_url: str, now: float) -> list[str]:
    """The identities of all entries, oldest first."""
    return [one.uid for one in identify(parsed, feed_url=feed_url, now=now)]


def identify(parsed: ParsedFeed, *, feed_url: str, now: float) -> list[Identified]:
    """Give each entry its identity, oldest first: guid or id, else link, else a digest of the content.

    A guid that several entries with different links bear does not tell them apart: the first in the document keeps
    it, the others are known by guid and link together. Of entries that share both, the first counts.
    """
    seen: dict[str, str | None] = {}
    found: list[Identified] = []
    for entry in parsed.entries:
        uid = _uid(entry, feed_url)
        if uid in seen:
            if not entry.url or entry.url == seen[uid]:
                continue
            uid = f"{uid}|{entry.url}"
            if uid in seen:
                continue
        seen[uid] = entry.url
        found.append(Identified(uid, raw_digest(entry), entry))
    return _oldest_first(found, now)


def raw_digest(entry: ParsedEntry) -> bytes:
    """Digest (16 bytes) of title, url, author, content and enclosures as they were written."""
    parts: list[str] = [entry.title, entry.url or "", entry.author or "", entry.content_html or ""]
    parts.append(entry.summary_html or "")
    parts += [f"{file.url} {file.type} {file.length}" for file in entry.enclosures]
    return _digest(parts)


def finish(one: Identified, feed_url: str) -> NewEntry:
    """Clean an identified entry into what is stored."""
    from reader.ingest.clean import clean, summary_of  # heavy: only the CPU pool comes here

    entry = one.entry
    content = clean(entry.body_html, base=entry.base or entry.url or feed_url)
    summary = summary_of(entry.summary_html or "", SUMMARY) or summary_of(content, SUMMARY)
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
    )


def match_renewed(old: Sequence[tuple[str, str | None, str]], new: Sequence[NewEntry]) -> dict[str, str]:
    """Map new uids to the old uids of the same entries, after a feed renewed its guids.

    ``old`` holds (uid, url, title) of stored entries. Two are the same if link and title agree (http and https, www
    and a trailing slash apart), or if the path of the link and the title do after the site moved to another host.
    Only what is unique on both sides is matched; uids that are stored already are not touched.
    """
    stored = {uid for uid, _, _ in old}
    fresh = [(entry.uid, entry.url, entry.title) for entry in new if entry.uid not in stored]
    gone = [one for one in old if one[0] not in {entry.uid for entry in new}]
    matched: dict[str, str] = {}
    taken: set[str] = set()
    for with_host in (True, False):
        before, after = _by_key(gone, with_host), _by_key(fresh, with_host)
        for key, uid in after.items():
            previous = before.get(key)
            if previous and uid and uid not in matched and previous not in taken:
                matched[uid] = previous
                taken.add(previous)
    return matched


def _by_key(rows: Iterable[tuple[str, str | None, str]], with_host: bool) -> dict[tuple[str, str], str]:
    """Rows by link and title; an ambiguous key maps to ""."""
    keyed: dict[tuple[str, str], str] = {}
    for uid, url, title in rows:
        if url:
            key = (_link_key(url, with_host), title.casefold())
            keyed[key] = "" if key in keyed else uid
    return keyed


def _link_key(url: str, with_host: bool) -> str:
    parts = urlsplit(url)
    host = (parts.hostname or "").removeprefix("www.") if with_host else ""
    return f"{host}{parts.path.rstrip('/')}?{parts.query}"


def _uid(entry: ParsedEntry, feed_url: str) -> str:
    if entry.uid:
        return entry.uid
    if entry.url and entry.url.rstrip("/") != feed_url.rstrip("/"):
        return entry.url
    return "digest:" + _digest([entry.title, entry.body_html, *(file.url for file in entry.enclosures)]).hex()


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


def _digest(parts: Sequence[str]) -> bytes:
    digest = blake2b(digest_size=16)
    for part in parts:
        digest.update(part.encode("utf-8", "replace"))
        digest.update(b"\x00")
    return digest.digest()
