"""Rules of sharing: what a share is made of, whose it came from, what is told to whom (decision 0013).

Write, then enqueue, then publish.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from reader.clock import Clock
from reader.errors import NotFound
from reader.gateways.arrivals import Arrivals
from reader.gateways.notifications import NotificationGateway
from reader.gateways.subscriptions import SubscriptionGateway
from reader.gateways.work import WorkGateway
from reader.jobs import JobQueue, RecountChain
from reader.mappers import Mappers
from reader.mappers.shares import NewShare, Related
from reader.models.entry import Entry, NewEntry
from reader.models.feed import Feed
from reader.models.people_views import TalkCounts
from reader.models.share import DEFAULT_STREAM, DEFAULT_TITLE, Share, Source, Stream, stream_path
from reader.models.subscription import Undo

TREE_MOST = 1000
TURNS = 8
AT_ONCE = 200
ENTRIES_TRIED = 20


@dataclass(frozen=True, slots=True)
class _Origin:
    """Where a share comes from: the share above it, if any, and the entry that was shared first."""

    parent: Share | None
    source_id: int
    source: Source


class SharingGateway:
    def __init__(
        self, mappers: Mappers, work: WorkGateway, queue: JobQueue, clock: Clock,
        notifications: NotificationGateway, subscriptions: SubscriptionGateway, arrivals: Arrivals,
    ) -> None:  # fmt: skip
        self._shares = mappers.shares
        self._streams = mappers.streams
        self._entries = mappers.entries
        self._feeds = mappers.feeds
        self._people = mappers.people
        self._talk = mappers.talk
        self._work = work
        self._queue = queue
        self._clock = clock
        self._notifications = notifications
        self._subscriptions = subscriptions
        self._arrivals = arrivals
        subscriptions.takes_back("share", self._undo_share)
        subscriptions.takes_back("unshare", self._undo_unshare)

    # ---- sharing

    async def default_stream(self, user_id: int) -> Stream:
        """The first of the user's streams; made if there is none."""
        streams = await self._streams.of_users([user_id])
        return streams[0] if streams else await self.make_default(user_id)

    async def make_default(self, user_id: int) -> Stream:
        """The stream that everybody gets. Idempotent."""
        person = (await self._people.persons([user_id])).get(user_id)
        if person is None:
            raise NotFound("There is no such account.")
        stream, _ = await self._streams.add(
            user_id, DEFAULT_STREAM, title=DEFAULT_TITLE, description="",
            site_url=stream_path(person.name, DEFAULT_STREAM), now=self._clock.now(),
        )  # fmt: skip
        return stream

    async def share(self, user_id: int, stream: Stream, entry: Entry, note: str = "") -> tuple[Share, bool]:
        """Shares an entry into a stream of the user; (the share, True if it was made now).

        An entry of a stream is a share: what comes from it gets it as parent, or the one above it where it is the
        user's own. Raises NotFound for one that was taken back.
        """
        origin = await self._origin(user_id, entry)
        parent = origin.parent
        story = await self._shares.story(entry)
        share, made = await self._shares.add(
            NewShare(
                user_id, stream.id, _copy_of(entry), story, entry.id, origin.source_id, origin.source, note,
                parent_id=parent.id if parent else None,
                root_id=parent.root_id if parent else None,
                depth=parent.depth + 1 if parent else 0,
            ),
            now=self._clock.now(),
        )  # fmt: skip
        if made:
            await self._came(share)
            if parent is not None and parent.user_id is not None:
                await self._notifications.tell(parent.user_id, "reshare", user_id, share_id=share.id)
        return share, made

    async def _origin(self, user_id: int, entry: Entry) -> _Origin:
        met = await self._shares.get(entry.id)
        if met is None:
            feed = await self._feeds.get(entry.feed_id)
            if feed is not None and feed.kind == "stream":
                raise NotFound("There is no such entry.")
            return _Origin(None, entry.id, _source_of(entry, feed))
        if not met.live:
            raise NotFound("There is no such entry.")
        parent: Share | None = met
        while parent is not None and parent.user_id == user_id:  # one's own shares are no step of a chain
            parent = await self._shares.get(parent.parent_id) if parent.parent_id is not None else None
        return _Origin(parent, met.source_id, met.source)

    async def _came(self, share: Share) -> None:
        if share.parent_id is not None:
            await self.recount_later(share.root_id)
        if share.user_id is not None:
            await self._arrivals.shared(share.user_id, share.feed_id, share.id)

    async def recount_later(self, root_id: int) -> None:
        """A job that starts after now counts the tree anew. One that runs already may have read too early."""
        for turn in range(TURNS):
            job = RecountChain(root_id, turn)
            row, made = await self._work.submit(job)
            if made or row.state == "waiting":
                await self._queue.put(job)
                return

    async def journal_share(self, share: Share, label: str) -> Undo:
        return await self._subscriptions.journal(_user_of(share), "share", label, share.id)

    async def _undo_share(self, user_id: int, payload: Any) -> int:
        return int(await self._remove(user_id, int(payload)) is not None)

    # ---- taking back

    async def unshare(self, user_id: int, share_id: int, label: str) -> Undo | None:
        """None when it is not the user's live share."""
        before = await self._remove(user_id, share_id)
        if before is None:
            return None
        return await self._subscriptions.journal(user_id, "unshare", label, [share_id, before.note, before.noted_at])

    async def _remove(self, user_id: int, share_id: int) -> Share | None:
        before = await self._shares.remove(user_id, share_id, now=self._clock.now())
        if before is not None:
            await self._changed(before)
            await self._forget_notice(before)
        return before

    async def _changed(self, share: Share) -> None:
        if share.parent_id is not None:
            await self.recount_later(share.root_id)
        await self._arrivals.changed(share.feed_id)

    async def _forget_notice(self, share: Share) -> None:
        parent = await self._shares.get(share.parent_id) if share.parent_id is not None else None
        if parent is not None and parent.user_id is not None:
            await self._notifications.forget(parent.user_id, "reshare", _user_of(share), share_id=share.id)

    async def _undo_unshare(self, user_id: int, payload: Any) -> int:
        share_id, note, noted_at = payload
        if not await self._shares.restore(user_id, share_id, note=note, noted_at=noted_at):
            return 0
        share = await self._shares.get(share_id)
        if share is not None:
            await self._changed(share)
        return 1

    async def note(self, user_id: int, share_id: int, text: str) -> Share | None:
        share = await self._shares.note(user_id, share_id, text, now=self._clock.now())
        if share is not None:
            await self._arrivals.changed(share.feed_id)
        return share

    # ---- looking

    async def get(self, share_id: int) -> Share | None:
        return await self._shares.get(share_id)

    async def related(self, entries: Sequence[Entry], feed_ids: Sequence[int], user_id: int) -> Related:
        """What cards of these entries are made of. ``feed_ids``: the streams that the user follows."""
        return await self._shares.related([(e.id, e.feed_id, e.seq) for e in entries], feed_ids, user_id)

    async def streams_of(self, shares: Sequence[Share]) -> dict[int, Stream]:
        """feed_id → stream."""
        ids = list({share.feed_id for share in shares})
        return await self._streams.by_feeds(ids) if ids else {}

    async def talk(self, user_id: int, share_ids: Sequence[int]) -> dict[int, TalkCounts]:
        return await self._talk.counts(user_id, share_ids) if share_ids else {}

    async def tree(self, share: Share) -> tuple[list[Share], bool]:
        """All shares of its tree, parents before children; and whether the tree is larger than what is here."""
        shares = await self._shares.tree(share.root_id, TREE_MOST + 1)
        cut = len(shares) > TREE_MOST
        shares = shares[:TREE_MOST]
        if all(each.id != share.id for each in shares):
            known = {each.id for each in shares}
            related = await self._shares.related([(share.id, share.feed_id, share.seq)], [], 0)
            shares += [each for key, each in sorted(related.shares.items()) if key not in known]
        return shares, cut

    async def entries(self, entry_ids: Sequence[int]) -> list[Entry]:
        return await self._entries.many(entry_ids)

    async def first_entry(self, share_ids: Sequence[int]) -> Entry | None:
        """The first of these entries that is still there."""
        found = {entry.id: entry for entry in await self._entries.many(share_ids[:ENTRIES_TRIED])}
        return next((found[share_id] for share_id in share_ids if share_id in found), None)

    async def again(self, since: float) -> int:
        """What a crash between a share and its jobs may have left undone, since then; returns how many rows changed.

        Counting anew and telling again change nothing where all is well.
        """
        changed, after = 0, 0
        while shares := await self._shares.recent(since, after=after, limit=AT_ONCE):
            after = shares[-1].id
            for root_id in {share.root_id for share in shares}:
                changed += await self._shares.recount_credit(root_id)
            changed += await self._tell_again([share for share in shares if share.live])
        return changed

    async def _tell_again(self, shares: Sequence[Share]) -> int:
        parents = await self._shares.many([share.parent_id for share in shares if share.parent_id is not None])
        told = 0
        for share in shares:
            owner = parents[share.parent_id].user_id if share.parent_id in parents else None
            if owner is not None:
                told += await self._notifications.tell(owner, "reshare", _user_of(share), share_id=share.id)
        return told

    async def recount(self, root_id: int) -> int:
        return await self._shares.recount_credit(root_id)


def _user_of(share: Share) -> int:
    if share.user_id is None:
        raise ValueError("a share of a removed account does nothing")
    return share.user_id


def _source_of(entry: Entry, feed: Feed | None) -> Source:
    """Where an entry of a site's feed was first: as its chain tells, else here."""
    if entry.chain is not None and entry.chain.source is not None:
        return entry.chain.source
    return Source(feed.title or feed.url, feed.url, feed.site_url, feed.id) if feed else Source("", None, None, None)


def _copy_of(entry: Entry) -> NewEntry:
    """What a share keeps of an entry, so that it outlives its source."""
    return NewEntry(
        uid="", digest=entry.digest, url=entry.url, title=entry.title, author=entry.author,
        published_at=entry.published_at, updated_at=entry.updated_at, summary=entry.summary, content=entry.content,
        tags=entry.tags, enclosures=entry.enclosures, comments_url=entry.comments_url,
        guid=entry.guid or entry.uid, chain=entry.chain,
    )  # fmt: skip
