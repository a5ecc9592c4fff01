"""Sharing: passing entries on, taking back, what is told beside entries, chains, public pages of streams."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from reader.errors import NotFound
from reader.gateways import share_views
from reader.gateways.share_views import Eyes
from reader.models.entry import Entry
from reader.models.reading import Done, EntryView
from reader.models.share import NOTE_MOST, Share, is_stream_url
from reader.models.sharing_views import ShareCard, SharedDone, StreamItem, StreamPage, Tree
from reader.models.user import Actor
from reader.services.streams import NO_STREAM, StreamService
from reader.services.words import clean_text

PAGE = 30
PAGE_MOST = 200
NO_SHARE = "There is no such share."


class SharingService(StreamService):
    # ---- sharing

    async def share(self, actor: Actor, entry_id: int, *, stream_id: int | None = None, note: str = "") -> SharedDone:
        """Passes an entry on into a stream of the actor's, the default one without ``stream_id``.

        Sharing a story again changes nothing; a note that comes along is set then. Raises NotFound for an entry that
        the actor may not see, or another's stream.
        """
        user_id = self._access.user(actor)
        text = clean_text(note, "note", "The note", limit=NOTE_MOST, least=0)
        own = None if stream_id is None else await self._own(actor, stream_id)
        stream = own or await self._sharing.default_stream(user_id)
        entry = await self._entry(actor, entry_id)
        share, made = await self._sharing.share(user_id, stream, entry, text)
        if not made:
            if text and text != share.note:
                share = await self._sharing.note(user_id, share.id, text) or share
            return SharedDone(f"Shared already in “{stream.title}”", None, share, stream, False)
        label = f"Shared in “{stream.title}”"
        undo = await self._sharing.journal_share(share, label)
        return SharedDone(label, undo.token, share, stream, True)

    async def _entry(self, actor: Actor, entry_id: int) -> Entry:
        """One that the actor reads, or a share that they may see on its stream's page."""
        try:
            return (await self._access.entry(actor, entry_id)).entry
        except NotFound:
            share = await self._sharing.get(entry_id)
            if share is None or not share.live or not await self._may_see(actor, share):
                raise
            entry = await self._sharing.first_entry([entry_id])
            if entry is None:
                raise
            return entry

    async def _may_see(self, actor: Actor, share: Share) -> bool:
        return share.user_id is not None and await self._access.may_see(actor, share.user_id)

    async def unshare(self, actor: Actor, share_id: int) -> Done:
        """Takes a share back, everywhere at once. Undo brings it back with its note, for 24 hours."""
        label = "Taken back"
        undo = await self._sharing.unshare(self._access.user(actor), share_id, label)
        if undo is None:
            raise NotFound(NO_SHARE)
        return Done(label, undo.token, 1)

    async def note(self, actor: Actor, share_id: int, text: str) -> Share:
        """Sets the note of the actor's own share; an empty one removes it."""
        clean = clean_text(text, "note", "The note", limit=NOTE_MOST, least=0)
        share = await self._sharing.note(self._access.user(actor), share_id, clean)
        if share is None:
            raise NotFound(NO_SHARE)
        return share

    async def get(self, actor: Actor, share_id: int) -> Share:
        """A live share that the actor may see, signed in or not."""
        share, _ = await self._access.share(actor, share_id)
        return share

    async def item(self, actor: Actor, share_id: int) -> StreamItem:
        """A live share that the actor may see, signed in or not, with its card."""
        share = await self.get(actor, share_id)
        entry = await self._sharing.first_entry([share_id])
        if entry is None:
            raise NotFound(NO_SHARE)
        return (await self._items(actor, [(share, entry)]))[0]

    # ---- what is told beside entries

    async def cards(self, actor: Actor, views: Sequence[EntryView]) -> dict[int, ShareCard]:
        """entry id → who passed it on, for those entries of which there is something to tell."""
        return await self._cards(actor, [view.entry for view in views])

    async def cards_of(self, actor: Actor, entry_ids: Sequence[int]) -> dict[int, ShareCard]:
        """The same by id. Entries that are in no feed that the actor reads are left out."""
        shelf = await self._reading.shelf(self._access.user(actor))
        entries = await self._sharing.entries(list(dict.fromkeys(entry_ids))[:PAGE_MOST])
        subs = shelf.subs
        return await self._cards(
            actor, [entry for entry in entries if entry.feed_id in subs and entry.seq <= subs[entry.feed_id].mark.seq]
        )

    async def _cards(self, actor: Actor, entries: Sequence[Entry]) -> dict[int, ShareCard]:
        viewer_id = actor.user_id if actor.signed_in else 0
        if not entries:
            return {}
        followed: list[int] = []
        if viewer_id:
            shelf = await self._reading.shelf(viewer_id)
            followed = [feed_id for feed_id, state in shelf.subs.items() if is_stream_url(state.mark.url)]
        related = await self._sharing.related(entries, followed, viewer_id)
        if not related.shares and not related.also and all(entry.chain is None for entry in entries):
            return {}
        eyes = await self._eyes(actor, [*related.shares.values(), *related.also], [entry.id for entry in entries])
        return share_views.cards(entries, related, eyes)

    async def _eyes(self, actor: Actor, shares: Sequence[Share], talked: Sequence[int] = ()) -> Eyes:
        """What the actor may see of these shares; ``talked``: those whose comments and likes are told."""
        viewer_id = actor.user_id if actor.signed_in else 0
        mine = {share.id for share in shares}
        standings, streams, talk = await asyncio.gather(
            self._access.standings(actor, share_views.owners(shares)),
            self._sharing.streams_of(shares),
            self._sharing.talk(viewer_id, [share_id for share_id in talked if share_id in mine]),
        )
        return Eyes(viewer_id, standings, streams, talk)

    # ---- chains

    async def tree(self, actor: Actor, share_id: int) -> Tree:
        """The whole chain of a share. Raises NotFound where the actor can see nothing of it."""
        share = await self._sharing.get(share_id)
        if share is None or (share.live and not await self._may_see(actor, share)):
            raise NotFound(NO_SHARE)
        shares, cut = await self._sharing.tree(share)
        eyes = await self._eyes(actor, shares)
        nodes = share_views.nodes(shares, share, eyes)
        live = [node.share_id for node in nodes if not node.withdrawn]
        if not live:
            raise NotFound(NO_SHARE)
        entry = await self._sharing.first_entry([share_id, *live] if share.live else live)
        before = entry.chain.links if entry is not None and entry.chain is not None else ()
        return Tree(share_id, entry, share.source, before, nodes, len(live), cut)

    # ---- public pages

    async def stream_page(
        self, actor: Actor, owner_name: str, stream_name: str, *, below: int | None = None, limit: int = PAGE
    ) -> StreamPage:
        """A page of a stream, newest first, for anybody who may see its owner, signed in or not. ``below`` is ``next``
        of the page before."""
        standing = await self._access.seen(actor, owner_name)
        if standing is None:
            raise NotFound(NO_STREAM)
        streams = await self._streams.of_user(standing.person.id)
        stream = next((each for each in streams if each.name == stream_name), None)
        if stream is None:
            raise NotFound(NO_STREAM)
        limit = max(1, min(limit, PAGE_MOST))
        found, facts = await asyncio.gather(
            self._streams.page(stream.feed_id, below, limit + 1), self._streams.facts(stream.feed_id)
        )
        items = await self._items(actor, found[:limit])
        updated_at = max([facts.shared_at or stream.created_at, *(item.share.noted_at or 0.0 for item in items)])
        return StreamPage(
            owner=standing.person, stream=stream, streams=tuple(streams), items=items,
            next=found[limit - 1][0].seq if len(found) > limit else None,
            total=facts.total, followers=facts.followers, following=await self._follows(actor, stream.feed_id),
            mine=standing.person.id == actor.user_id, updated_at=updated_at, rev=facts.rev,
        )  # fmt: skip

    async def _items(self, actor: Actor, found: Sequence[tuple[Share, Entry]]) -> tuple[StreamItem, ...]:
        cards = await self._cards(actor, [entry for _, entry in found])
        return tuple(
            StreamItem(entry, share, cards.get(entry.id) or ShareCard(entry.id, None, source=share.source))
            for share, entry in found
        )

    async def _follows(self, actor: Actor, feed_id: int) -> bool:
        return actor.signed_in and feed_id in (await self._reading.shelf(actor.user_id)).subs
