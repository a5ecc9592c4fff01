"""Talk below shares: comments, answers, likes."""

from __future__ import annotations

import structlog

from reader.cache import Cache
from reader.errors import Forbidden, Limited, NotFound
from reader.gateways.talk import TalkGateway
from reader.models.people import COMMENT_MOST, Comment, Standing
from reader.models.people_views import NO_TALK, CommentView, TalkView
from reader.models.reading import Done
from reader.models.share import Share
from reader.models.user import Actor
from reader.services.access import Access
from reader.services.words import clean_text

log = structlog.get_logger()

LIMITS = ((10, 60, "a minute"), (100, 3600, "an hour"))  # comments of one person
LIKES_A_MINUTE = 60


class TalkService:
    def __init__(self, access: Access, talk: TalkGateway, cache: Cache) -> None:
        self._access = access
        self._talk = talk
        self._cache = cache

    async def comments(self, actor: Actor, share_id: int) -> TalkView:
        """Works for anybody who may see the share; raises NotFound for everybody else."""
        share, owner = await self._access.share(actor, share_id)
        viewer_id = owner.viewer_id
        comments = await self._talk.comments(share, viewer_id, moderates=actor.admin)
        counts = (await self._talk.counts(viewer_id, [share_id])).get(share_id, NO_TALK)
        likers = tuple(standing.person for standing in await self._talk.likers(share_id, viewer_id))
        why_not = _why_not(actor, owner)
        return TalkView(share_id, comments, counts, likers, why_not is None, why_not)

    async def comment(self, actor: Actor, share_id: int, text: str, parent_id: int | None = None) -> CommentView:
        """Plain text up to 2,000 characters. What answers an answer stands beside it. Raises Forbidden for who may not
        comment here, Conflict when what is answered was deleted, Limited after too many."""
        user_id = self._access.user(actor)
        share, owner = await self._access.share(actor, share_id)
        why_not = _why_not(actor, owner)
        if why_not is not None:
            raise Forbidden(why_not)
        clean = clean_text(text, "text", "The comment", limit=COMMENT_MOST)
        parent = await self._parent(actor, share, parent_id)
        await self._limit(user_id)
        made = await self._talk.add(share, user_id, clean, parent)
        log.info("talk.comment", user_id=user_id, share_id=share_id, comment_id=made.id)
        me = (await self._access.standings(actor, [user_id])).get(user_id)
        return CommentView(made, me.person if me is not None else None, True, True)

    async def _parent(self, actor: Actor, share: Share, parent_id: int | None) -> Comment | None:
        """The comment that an answer belongs to, as the actor sees it."""
        if parent_id is None:
            return None
        for thread in await self._talk.comments(share, actor.user_id, moderates=False):
            if parent_id == thread.comment.id or parent_id in [answer.comment.id for answer in thread.answers]:
                return thread.comment
        raise NotFound("There is no such comment.")

    async def _limit(self, user_id: int) -> None:
        for most, seconds, words in LIMITS:
            if await self._cache.increment(f"comment:1:{user_id}:{seconds}", seconds) > most:
                raise Limited(f"You may write {most} comments {words}. Wait a little.", seconds)

    async def delete_comment(self, actor: Actor, comment_id: int) -> Done:
        """For its writer, the owner of the share, and administrators; for others it does not exist."""
        user_id = self._access.user(actor)
        comment = await self._talk.get(comment_id)
        if comment is None or not (comment.user_id == user_id or actor.admin or await self._owns(user_id, comment)):
            raise NotFound("There is no such comment.")
        gone = await self._talk.remove(comment)
        log.info("talk.comment_deleted", user_id=user_id, comment_id=comment_id, writer_id=comment.user_id)
        return Done("Comment deleted", None, int(gone))

    async def _owns(self, user_id: int, comment: Comment) -> bool:
        return await self._talk.owner_of(comment.share_id) == user_id

    async def like(self, actor: Actor, share_id: int, on: bool) -> Done:
        user_id = self._access.user(actor)
        share, _ = await self._access.share(actor, share_id)
        if await self._cache.increment(f"like:1:{user_id}", 60) > LIKES_A_MINUTE:
            raise Limited("You like very fast. Wait a little.", 60)
        changed = await self._talk.like(share, user_id, on)
        return Done("Liked" if on else "Not liked any more", None, int(changed))


def _why_not(actor: Actor, owner: Standing) -> str | None:
    """Why the actor may not comment on what this person shares, in words; None when they may."""
    name = owner.person.name
    if not actor.signed_in:
        return "Sign in to comment."
    if owner.person.talk == "nobody":
        return f"{name} takes no comments."
    mine = owner.viewer_id == owner.person.id
    if owner.person.talk == "followers" and not (owner.follows or mine):
        return f"Only people who follow {name} can comment."
    return None
