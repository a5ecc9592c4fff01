"""From a page of a stream to the document that goes out, and where that is kept."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

import orjson

from reader.cache import Cache
from reader.gateways.sharing import SharingGateway
from reader.ingest.publish import TYPES, Document, Format, Item, Pages, write
from reader.ingest.publish.model import share_urn, stream_urn
from reader.mappers import Mappers
from reader.models.share import DEFAULT_STREAM, Link, Source, Stream, is_stream_url, own_story, stream_path
from reader.models.sharing_views import Passer, StreamItem, StreamPage
from reader.models.user import User

PART = 50  # shares in an archive; the newest part has up to twice as many less one
KEPT_SECONDS = 60  # numbers of comments may be as old as that: they do not move the feed's rev
KEPT_MOST = 1_000_000  # bytes; what is larger memcached would refuse
KEY = re.compile(r"[1-9][0-9]{0,14}-[0-9a-f]{40}")
SECRET_NAME = re.compile(r"auth|token|secret|passw|signature|api_?key|^(?:key|sig|pw|private|access)$", re.IGNORECASE)
SECRET_VALUE = re.compile(r"(?=.*[0-9])[A-Za-z0-9_.=-]{24,}")


class Facts(NamedTuple):
    seq: int
    rev: int


@dataclass(frozen=True, slots=True)
class Rendered:
    """``people``: ids of those whose names and notes are in it, besides its owner; ``above``: of the shares that these
    notes are of, with ``told``, a digest of them. ``left_out_at``: when the newest of what the part holds and this
    document does not was shared or noted; 0 when it holds all."""

    body: bytes
    etag: str
    updated_at: float
    people: tuple[int, ...]
    above: tuple[int, ...] = ()
    told: str = ""
    left_out_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Place:
    """Which part of which stream, and in what format. ``seq``: the highest of its feed; ``newest``: only so many of the
    shares that changed last, for those who have the others."""

    base: str
    owner: str
    stream: Stream
    format: Format
    seq: int
    archive: int | None = None
    newest: int | None = None
    key: str = ""  # of who asks, where the stream is private: all addresses in the document hold it

    @property
    def type(self) -> str:
        return TYPES[self.format]

    @property
    def hub(self) -> str:
        return f"{self.base}/hub"

    @property
    def last_archive(self) -> int:
        """Archives are full parts, numbered from the oldest, without the last full one: so the newest part is never
        empty, and an archive never grows."""
        return max(0, self.seq // PART - 1)

    @property
    def seqs(self) -> tuple[int, int]:
        """The part is what is above the first and not above the second."""
        if self.archive is None:
            return self.last_archive * PART, max(self.seq, 1)
        return (self.archive - 1) * PART, self.archive * PART

    def address(self, archive: int | None) -> str:
        plain = f"{self.base}/u/{self.owner}/{self.stream.name}.{self.format}"
        told = [f"archive={archive}"] * (archive is not None) + [f"key={self.key}"] * bool(self.key)
        return "?".join([plain, *(["&".join(told)] if told else [])])

    def cache_key(self, rev: int) -> str:
        where = hashlib.blake2b(self.base.encode(), digest_size=8).hexdigest()
        return f"out:2:{where}:{self.stream.feed_id}:{self.format}:{self.archive or 0}:{self.newest or 0}:{rev}"

    def render(self, page: StreamPage, low: int, public: bool) -> Rendered:
        """The document of what is on ``page`` above seq ``low``. What is not ``public`` has no hub."""
        items = [item for item in page.items if item.share.seq > low]
        made = tuple(_item(item, self.base) for item in items)
        last = sorted((item.updated_at for item in made), reverse=True)
        left_out_at = last[self.newest] if self.newest is not None and len(last) > self.newest else 0.0
        document = Document(
            id=stream_urn(self.stream.id, self.stream.created_at),
            url=self.address(self.archive),
            page=f"{self.base}/u/{self.owner}/{self.stream.name}",
            title=f"{self.stream.title} by {self.owner}",
            description=self.stream.description,
            owner=self.owner,
            owner_url=f"{self.base}/u/{self.owner}",
            updated_at=max((item.updated_at for item in made), default=self.stream.created_at),
            pages=self._pages(older=low > 0),
            hub=self.hub if public and self.archive is None else None,
            items=tuple(item for item in made if item.updated_at > left_out_at),
        )
        body = write(self.format, document)
        way = [passer for item in items for passer in item.card.path]
        people = {passer.person.id for passer in way if passer.person is not None}
        notes = {passer.share_id: passer.note for passer in way if passer.share_id is not None}
        return Rendered(
            body,
            _etag(body),
            document.updated_at,
            tuple(sorted(people)),
            tuple(sorted(notes)),
            _told(notes),
            left_out_at,
        )

    def _pages(self, older: bool) -> Pages:
        current = self.address(None)
        if self.archive is None:
            return Pages(current, older=self.address(self.last_archive) if older else None)
        newer = self.address(self.archive + 1) if self.archive < self.last_archive else None
        return Pages(current, self.address(self.archive - 1) if older else None, newer, archive=True)


class PublishingGateway:
    def __init__(self, mappers: Mappers, sharing: SharingGateway, cache: Cache) -> None:
        self._streams = mappers.streams
        self._shares = mappers.shares
        self._sharing = sharing
        self._feeds = mappers.feeds
        self._users = mappers.users
        self._cache = cache

    async def stream(self, user_id: int, name: str) -> Stream | None:
        """The user's stream of that name. Who has none yet gets the default one when somebody first asks for it, so
        that people can be followed before they share anything."""
        found = await self._streams.by_name(user_id, name)
        if found is None and name == DEFAULT_STREAM and not await self._streams.of_users([user_id]):
            return await self._sharing.make_default(user_id)
        return found

    async def key(self, user_id: int, owner: str, stream: str) -> str:
        """What lets other programs read this stream of a private account in somebody's name, and do nothing else. It
        rests on their password's hash, so a new password ends it; "" for nobody."""
        user = await self._users.get(user_id)
        return f"{user.id}-{_proof(user, owner, stream)}" if user is not None else ""

    async def holder(self, key: str, owner: str, stream: str) -> int | None:
        """Whose key for this stream it is; it matches KEY."""
        number, _, proof = key.partition("-")
        user = await self._users.get(int(number))
        right = user is not None and hmac.compare_digest(proof, _proof(user, owner, stream))
        return user.id if user is not None and right else None

    async def facts(self, feed_id: int) -> Facts:
        (mark,) = await self._feeds.marks([feed_id])
        return Facts(mark.seq, mark.rev)

    async def kept(self, place: Place, rev: int) -> Rendered | None:
        stored = await self._cache.get(place.cache_key(rev))
        if stored is None:
            return None
        head, _, body = stored.partition(b"\n")
        etag, updated_at, people, above, told, left_out_at = orjson.loads(head)
        return Rendered(body, etag, updated_at, tuple(people), tuple(above), told, left_out_at)

    async def holds(self, rendered: Rendered) -> bool:
        """Whether what others said on the way still stands as it was rendered: they are other streams' shares, and do
        not move this feed's rev."""
        if not rendered.above:
            return True
        shares = await self._shares.many(rendered.above)
        return _told({share.id: share.note for share in shares.values() if share.live}) == rendered.told

    async def keep(self, place: Place, rev: int, rendered: Rendered) -> None:
        people, above = rendered.people, rendered.above
        head = orjson.dumps([rendered.etag, rendered.updated_at, people, above, rendered.told, rendered.left_out_at])
        if len(head) + len(rendered.body) < KEPT_MOST:
            await self._cache.set(place.cache_key(rev), head + b"\n" + rendered.body, KEPT_SECONDS)


def _proof(user: User, owner: str, stream: str) -> str:
    text = f"stream {owner.lower()}/{stream.lower()} {user.id}"
    return hmac.new(user.password_hash.encode(), text.encode(), hashlib.sha256).hexdigest()[:40]


def _told(notes: Mapping[int, str]) -> str:
    return hashlib.blake2b(orjson.dumps(sorted(notes.items())), digest_size=12).hexdigest()


def _etag(body: bytes) -> str:
    return hashlib.blake2b(body, digest_size=12).hexdigest()


def _item(item: StreamItem, base: str) -> Item:
    entry, share = item.entry, item.share
    by = item.card.by
    name = by.name if by is not None else ""
    url = _page_of(by, base) if by is not None else None
    updated_at = max(share.created_at, share.noted_at or 0.0)
    step = Link(share_urn(share.id, share.created_at), name, url, share.note, share.created_at)
    chain = entry.chain
    published = entry.published_at if chain is None or chain.published_at is None else chain.published_at
    return Item(
        step=step,
        page=f"{base}/share/{share.id}",
        url=entry.url,
        title=entry.title,
        author=entry.author,
        summary=entry.summary,
        content=entry.content,
        shared_at=share.created_at,
        updated_at=updated_at,
        published_at=published,
        tags=entry.tags,
        enclosures=entry.enclosures,
        before=_before(item, base),
        source=_public(share.source, base),
        comments=item.card.comments,
        story=share.story if entry.url is None and share.story != own_story(share.source_id) else None,
    )


def _before(item: StreamItem, base: str) -> tuple[Link, ...]:
    """Who passed it on before: first on other instances, as their feeds told it, then here."""
    elsewhere = item.entry.chain.links if item.entry.chain is not None else ()
    here = (_link(passer, base) for passer in item.card.path if passer.share_id is not None)
    return (*elsewhere, *here)


def _link(passer: Passer, base: str) -> Link:
    assert passer.share_id is not None and passer.at is not None
    urn = share_urn(passer.share_id, passer.at)
    return Link(urn, passer.name, _page_of(passer, base), passer.note, passer.at)


def _page_of(passer: Passer, base: str) -> str | None:
    """The stream that it was passed on in: who follows the link finds what they would follow."""
    path = stream_path(passer.name, passer.stream.name) if passer.stream is not None else passer.url
    return base + path if path else None


def _public(source: Source, base: str) -> Source | None:
    """What may be told of a source: a feed whose address holds somebody's own key goes out by its site alone."""
    url = source.url if source.url and not is_stream_url(source.url) and not holds_key(source.url) else None
    site = base + source.site_url if source.site_url and source.site_url.startswith("/") else source.site_url
    return replace(source, url=url, site_url=site) if source.title or url or site else None


def holds_key(url: str) -> bool:
    """Whether a feed's address looks like one that was given to a single reader: with a name and password, or with a
    parameter that is called like a secret or is as long as one."""
    parts = urlsplit(url)
    if "@" in parts.netloc:
        return True
    return any(SECRET_NAME.search(name) or SECRET_VALUE.fullmatch(value) for name, value in parse_qsl(parts.query))
