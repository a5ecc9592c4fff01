"""Streams as documents for other readers: what may go out to whom, and bytes that are rendered once."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from reader.errors import NotFound
from reader.gateways.publishing import KEY, Place, PublishingGateway, Rendered
from reader.ingest.publish import FORMATS, Format
from reader.models.people import Person
from reader.models.share import Stream
from reader.models.user import ANONYMOUS, Actor
from reader.services.access import Access
from reader.services.sharing import SharingService

NO_STREAM = "There is no such stream."


@dataclass(frozen=True, slots=True)
class Published:
    """A document. ``public``: anybody gets the same bytes; else they are for this actor alone. ``hub``: where one
    subscribes to it, if it can be subscribed to."""

    stream: Stream
    rendered: Rendered
    type: str
    address: str
    hub: str | None
    public: bool


class PublishingService:
    def __init__(self, access: Access, sharing: SharingService, publishing: PublishingGateway) -> None:
        self._access = access
        self._sharing = sharing
        self._publishing = publishing

    async def document(
        self,
        actor: Actor,
        owner_name: str,
        stream_name: str,
        format: Format,
        base: str,
        *,
        archive: int | None = None,
        newest: int | None = None,
        key: str = "",
    ) -> Published:
        """A part of a stream: the newest, or the ``archive`` of that number (RFC 5005). ``base`` is the address of this
        instance. Raises NotFound for a stream that the actor may not see, and an archive that there is not (yet).

        With ``newest`` only so many of the shares that changed last. A public stream goes out as anybody sees it,
        whoever asks; one of a private account as the actor sees it, or whose ``key`` it is (see addresses()).
        """
        if actor.signed_in or not KEY.fullmatch(key):
            key = ""
        elif (holder := await self._publishing.holder(key, owner_name, stream_name)) is not None:
            actor = Actor(holder, rights=())
        owner, stream = await self._stream(actor, owner_name, stream_name)
        public = not owner.private
        viewer = ANONYMOUS if public else actor
        facts = await self._publishing.facts(stream.feed_id)
        place = Place(base, owner.name, stream, format, facts.seq, archive, newest, key if not public else "")
        if archive is not None and not 1 <= archive <= place.last_archive:
            raise NotFound(NO_STREAM)
        rendered = await self._kept(place, facts.rev) if public else None
        if rendered is None:
            rendered = await self._render(viewer, place, public)
            if public:
                await self._publishing.keep(place, facts.rev, rendered)
        hub = place.hub if public and archive is None else None
        return Published(stream, rendered, place.type, place.address(archive), hub, public)

    async def addresses(self, actor: Actor, owner_name: str, stream_name: str, base: str) -> dict[Format, str]:
        """Where other readers find a stream. Those of a private account hold a key of the actor's own, for readers that
        cannot sign in: whoever has it reads that stream as they do. Raises NotFound as document()."""
        owner, stream = await self._stream(actor, owner_name, stream_name)
        key = await self._publishing.key(actor.user_id, owner.name, stream.name) if owner.private else ""
        places = [Place(base, owner.name, stream, format, 0, key=key) for format in FORMATS]
        return {place.format: place.address(None) for place in places}

    async def _stream(self, actor: Actor, owner_name: str, stream_name: str) -> tuple[Person, Stream]:
        standing = await self._access.seen(actor, owner_name)
        if standing is None:
            raise NotFound(NO_STREAM)
        stream = await self._publishing.stream(standing.person.id, stream_name.lower())
        if stream is None:
            raise NotFound(NO_STREAM)
        return standing.person, stream

    async def _kept(self, place: Place, rev: int) -> Rendered | None:
        """What was rendered before, if everybody who is named in it may still be seen, and still says so."""
        rendered = await self._publishing.kept(place, rev)
        if rendered is None:
            return None
        visible, holds = await asyncio.gather(
            self._access.visible_owners(ANONYMOUS, rendered.people), self._publishing.holds(rendered)
        )
        return rendered if holds and visible == set(rendered.people) else None

    async def _render(self, viewer: Actor, place: Place, public: bool) -> Rendered:
        low, high = place.seqs
        page = await self._sharing.stream_page(viewer, place.owner, place.stream.name, below=high + 1, limit=high - low)
        return await asyncio.to_thread(place.render, page, low, public)
