"""What an entry is recognised by besides its uid: digests of its id, link, title and content, each in one spelling."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

from reader.ingest.cleaning.links import without_tracking
from reader.ingest.parse.model import ParsedEntry

SIZE = 8
NOTHING = bytes(SIZE)
ID, LINK, TITLE, PATH, CONTENT = (slice(at, at + SIZE) for at in range(0, 5 * SIZE, SIZE))
"""Places in the keys of an entry; models.entry.twin knows LINK and TITLE too."""

_SESSIONS = ("phpsessid", "jsessionid", "sessionid", "session_id", "aspsessionid", "cfid", "cftoken", "oscsid")


def link_key(url: str) -> str:
    """One spelling for the links of one page: without scheme, user, ``www.``, default port, trailing slash, tracking
    parameters and session ids; the host in small letters. Query and fragment stay, for they may tell entries apart."""
    if "?" in url or "#" in url:
        url = _without_sessions(without_tracking(url))
    rest = url.partition("://")[2] or url
    end = min((at for at in (rest.find("/"), rest.find("?"), rest.find("#")) if at >= 0), default=len(rest))
    host = rest[:end].rpartition("@")[2].lower().removeprefix("www.").removesuffix(":443").removesuffix(":80")
    path = rest[end:]
    if ";" in path:
        path = path.partition(";jsessionid=")[0]
    if path.endswith("/"):
        path = path.rstrip("/")
    elif "/?" in path or "/#" in path:
        path = path.replace("/?", "?", 1).replace("/#", "#", 1)
    return f"//{host}{path}"


def _without_sessions(url: str) -> str:
    page, question, query = url.partition("?")
    if not question:
        return url
    query, mark, fragment = query.partition("#")
    kept = [part for part in query.split("&") if not part.partition("=")[0].lower().startswith(_SESSIONS)]
    return page + (question + "&".join(kept) if kept else "") + mark + fragment


def story_of(link: str, feed_url: str, uid: str) -> bytes:
    """Key of what an entry is about, the same in every feed that links to it: of its ``link`` (a link_key), else of its
    origin, the feed and the uid there. 16 bytes."""
    return blake2b((link or f"{feed_url} {uid}").encode("utf-8", "replace"), digest_size=16).digest()


def content_digest(entry: ParsedEntry) -> bytes:
    """Digest (16 bytes) of title and text as they were written."""
    return digest((entry.title, entry.content_html or "", entry.summary_html or "", entry.media_html or ""))


def keys_of(entry: ParsedEntry, link: str, content: bytes) -> bytes:
    """The keys of an entry with this link_key and content_digest, zeros for what it does not have."""
    path = link[2:].partition("/")[2] if link else ""
    has_text = entry.content_html or entry.summary_html or entry.media_html
    return b"".join(
        (
            short(_one_spelling(entry.uid)),
            short(link),
            short(entry.title.casefold()),
            short(path),
            content[:SIZE] if has_text else NOTHING,
        )
    )


def digest(parts: Iterable[str]) -> bytes:
    """Digest of 16 bytes."""
    return blake2b("\0".join(parts).encode("utf-8", "replace"), digest_size=16).digest()


def short(text: str | None) -> bytes:
    """Digest of SIZE bytes; NOTHING for nothing."""
    if not text:
        return NOTHING
    return blake2b(text.encode("utf-8", "replace"), digest_size=SIZE).digest()


def _one_spelling(uid: str | None) -> str | None:
    """An id that is an address is the same with https and http, with www. and without."""
    if not uid:
        return None
    plain = "".join(uid.split())
    if "://" not in plain[:10]:
        return plain
    return plain.partition("://")[2].removeprefix("www.").rstrip("/")
