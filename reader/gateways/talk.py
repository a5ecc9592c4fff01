"""Rules of talk below shares: comments with one level of answers, and likes; who sees which of them."""

from __future__ import annotations

from collections.abc import Sequence

from reader.clock import Clock
from reader.events import PubSub, TalkChanged, feed_topic
from reader.gateways.notifications import NotificationGateway
from reader.mappers import Mappers
from reader.models.people import Comment, Standing
from reader.models.people_views import CommentView, TalkCounts
from reader.models.share import Share

COMMENTS_MOST = 500  # of one share that a page shows: the newest
LIKERS_LOOKED_AT, LIKERS_SHOWN = 30, 8


class TalkGateway:
    def __init__(self, mappers: Mappers, notifications: NotificationGateway, bus: PubSub, clock: Clock) -> None:
        self._talk = mappers.talk
        self._people = mappers.people
        self._shares = mappers.shares
        self._notifications = notifications
        self._bus = bus
        self._clock = clock

    async def comments(self, share: Share, viewer_id: int, *, moderates: bool) -> tuple[CommentView, ...]:
        """What is said below a share as the viewer (0: nobody) may see it, oldest first, answers below what they
        answer. ``moderates``: may delete all of it."""
        found = await self._talk.comments(share.id, COMMENTS_MOST)
        writers = list({each.user_id for each in found if each.user_id is not None})
        standings = await self._people.standings(viewer_id, writers) if writers else {}
        shown = [each for each in found if is_shown(each, standings, owner=viewer_id == share.user_id)]
        return threads(shown, standings, viewer_id, moderates=moderates or viewer_id == share.user_id)

    async def get(self, comment_id: int) -> Comment | None:
        """A comment that was not deleted."""
        found = (await self._talk.many([comment_id])).get(comment_id)
        return found if found is not None and found.removed_at is None else None

    async def counts(self, viewer_id: int, share_ids: Sequence[int]) -> dict[int, TalkCounts]:
        """For each of these shares as the viewer (0: nobody) may count; those without any are left out. One round
        trip."""
        return await self._talk.counts(viewer_id, share_ids) if share_ids else {}

    async def likers(self, share_id: int, viewer_id: int) -> list[Standing]:
        """The latest few who liked it and whom the viewer may see."""
        ids = await self._talk.likers(share_id, LIKERS_LOOKED_AT)
        standings = await self._people.standings(viewer_id, ids) if ids else {}
        shown = [standings[user_id] for user_id in ids if user_id in standings and standings[user_id].visible]
        return [each for each in shown if not each.muted][:LIKERS_SHOWN]

    async def owner_of(self, share_id: int) -> int | None:
        """Whose share it is, taken back or not."""
        share = await self._shares.get(share_id)
        return share.user_id if share is not None else None

    async def add(self, share: Share, user_id: int, text: str, parent: Comment | None) -> Comment:
        """Raises Conflict when ``parent`` was deleted meanwhile."""
        parent_id = parent.id if parent is not None else None
        made = await self._talk.add(share.id, user_id, parent_id, text, now=self._clock.now())
        answered = parent.user_id if parent is not None else None
        if answered is not None and await self._sees(answered, share):
            await self._notifications.tell(answered, "answer", user_id, share_id=share.id, comment_id=made.id)
        if share.user_id is not None and share.user_id != answered:
            await self._notifications.tell(share.user_id, "comment", user_id, share_id=share.id, comment_id=made.id)
        await self._changed(share)
        return made

    async def _sees(self, user_id: int, share: Share) -> bool:
        """Whether somebody who wrote below a share may see it still."""
        if share.user_id is None:
            return False
        standing = (await self._people.standings(user_id, [share.user_id])).get(share.user_id)
        return standing is not None and standing.visible

    async def remove(self, comment: Comment) -> bool:
        gone = await self._talk.remove(comment.id, now=self._clock.now())
        share = await self._shares.get(comment.share_id)
        if gone and share is not None:
            await self._changed(share)
        return gone

    async def like(self, share: Share, user_id: int, on: bool) -> bool:
        changed = await self._talk.like(share.id, user_id, on, now=self._clock.now())
        if not changed or share.user_id is None:
            return changed
        if on:
            await self._notifications.tell(share.user_id, "like", user_id, share_id=share.id)
        else:
            await self._notifications.forget(share.user_id, "like", user_id, share_id=share.id)
        await self._changed(share)
        return True

    async def _changed(self, share: Share) -> None:
        await self._bus.publish(feed_topic(share.feed_id), TalkChanged(share.feed_id, share.id))


def is_shown(comment: Comment, standings: dict[int, Standing], *, owner: bool) -> bool:
    """Whether a viewer may see a comment. Who shared sees what private people say to them: they answer for the page.

    One that was deleted, or whose writer is gone, says nothing; it stands for the sake of its answers.
    """
    standing = standings.get(comment.user_id) if comment.user_id is not None else None
    if standing is None or comment.removed_at is not None:
        return True
    if standing.muted or standing.blocks or standing.blocked:
        return False
    return standing.visible or owner


def threads(
    shown: Sequence[Comment], standings: dict[int, Standing], viewer_id: int, *, moderates: bool
) -> tuple[CommentView, ...]:
    """Answers go with what they answer: where that is not shown, they are not. What says nothing and has no answers
    is left out."""
    answers: dict[int, list[CommentView]] = {}
    views: list[CommentView] = []
    for each in reversed(shown):  # answers have higher ids than what they answer
        standing = standings.get(each.user_id) if each.user_id is not None else None
        silent = standing is None or each.removed_at is not None
        below = tuple(reversed(answers.pop(each.id, ())))
        if silent and not below:
            continue
        mine = each.user_id == viewer_id and not silent
        view = CommentView(
            each, None if standing is None else standing.shown, mine, (mine or moderates) and not silent, below
        )
        (views if each.parent_id is None else answers.setdefault(each.parent_id, [])).append(view)
    return tuple(reversed(views))
